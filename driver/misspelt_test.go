package driver_test

import (
	"database/sql"
	"testing"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
)

func TestATextThatTheServerRefusesLeavesItsConnectionServing(t *testing.T) {
	dsn := testenv.Postgres(t)
	for _, name := range []string{"postgres", "pgx"} {
		t.Run(name, func(t *testing.T) {
			db, err := sql.Open("moneyclip+"+name, dsn+"&moneyclip_store=memory")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			execItems(t, db, "DROP TABLE IF EXISTS items")
			execItems(t, db, "CREATE TABLE items (id bigint PRIMARY KEY, name text)")
			execItems(t, db, "INSERT INTO items VALUES (1, 'one')")
			h, err := driver.Of(db)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []string{"SELEC 1", "UPDATE items SET", "SELECT * FROM items WHERE"} {
				if _, err := db.Exec(q); err == nil {
					t.Fatalf("%q is no error", q)
				}
			}
			read := func() (name string) {
				if err := db.QueryRow("SELECT name FROM items WHERE id = $1", 1).Scan(&name); err != nil {
					t.Fatal(err)
				}
				return name
			}
			before := h.Stats()
			read()
			read()
			if s := h.Stats().Sub(before); s.Misses != 1 || s.Hits != 1 {
				t.Errorf("the connection bypasses: %+v", s)
			}

			// One that may have left something behind does not.
			if _, err := db.Exec("BEGIN; SELEC 1"); err == nil {
				t.Fatal("no error")
			}
			before = h.Stats()
			read()
			if s := h.Stats().Sub(before); s.Hits != 0 {
				t.Errorf("served after a text that may have begun a transaction: %+v", s)
			}
		})
	}
}
