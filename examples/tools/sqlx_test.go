package tools

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/moneyclip/moneyclip/driver"
)

type person struct {
	ID   int64          `db:"id"`
	Name string         `db:"name"`
	City sql.NullString `db:"city"`
}

// people opens a database with three people through sqlx, as a program does:
// only the driver's name and the data source name are other than before.
func people(t *testing.T, b backend) (*sqlx.DB, *driver.Handle) {
	t.Helper()
	exec(t, b.plain(t), b.by(
		"CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT)",
		"CREATE TABLE person (id bigint PRIMARY KEY, name text NOT NULL, city text)",
		"CREATE TABLE person (id bigint PRIMARY KEY, name varchar(100) NOT NULL, city varchar(100))"))
	db, err := sqlx.Connect("moneyclip+"+b.driver, with(b.dsn, "moneyclip_store=memory"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	// One struct for each row: sqlx writes one INSERT with three rows.
	_, err = db.NamedExecContext(t.Context(), "INSERT INTO person (id, name, city) VALUES (:id, :name, :city)", []person{
		{1, "tom", sql.NullString{String: "Pawnee", Valid: true}}, {2, "ann", sql.NullString{}}, {3, "leslie", sql.NullString{String: "Pawnee", Valid: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, handle(t, db.DB)
}

func TestSQLxReadsByKeyAreHits(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		db, h := people(t, b)
		ctx := t.Context()
		for name, read := range map[string]func() (person, error){
			"Get": func() (p person, err error) {
				return p, db.GetContext(ctx, &p, db.Rebind("SELECT * FROM person WHERE id = ?"), 1)
			},
			"Select": func() (p person, err error) {
				var all []person
				if err = db.SelectContext(ctx, &all, db.Rebind("SELECT id, name, city FROM person WHERE id = ?"), 1); err == nil && len(all) == 1 {
					p = all[0]
				}
				return p, err
			},
			"QueryRowx": func() (p person, err error) {
				return p, db.QueryRowxContext(ctx, db.Rebind("SELECT name, id, city FROM person WHERE id = ?"), 1).StructScan(&p)
			},
			"NamedQuery": func() (p person, err error) {
				rows, err := db.NamedQueryContext(ctx, "SELECT id, city, name FROM person WHERE id = :id", person{ID: 1})
				if err != nil {
					return p, err
				}
				defer rows.Close()
				if !rows.Next() {
					return p, errors.Join(sql.ErrNoRows, rows.Err())
				}
				return p, rows.StructScan(&p)
			},
			"PrepareNamed": func() (p person, err error) {
				stmt, err := db.PrepareNamedContext(ctx, "SELECT * FROM person AS p WHERE id = :id")
				if err != nil {
					return p, err
				}
				defer stmt.Close()
				return p, stmt.GetContext(ctx, &p, map[string]any{"id": 1})
			},
			"Preparex": func() (p person, err error) {
				stmt, err := db.PreparexContext(ctx, db.Rebind("SELECT p.* FROM person AS p WHERE id = ?"))
				if err != nil {
					return p, err
				}
				defer stmt.Close()
				return p, stmt.GetContext(ctx, &p, 1)
			},
		} {
			t.Run(name, func(t *testing.T) {
				want := person{1, "tom", sql.NullString{String: "Pawnee", Valid: true}}
				for pass, hit := range []uint64{0, 1, 1} {
					n := hits(t, h, func() {
						if got, err := read(); err != nil || got != want {
							t.Errorf("%+v, %v", got, err)
						}
					})
					if n != hit {
						t.Errorf("read %d: %d hits, want %d", pass+1, n, hit)
					}
				}
			})
		}
	})
}

func TestSQLxWritesInvalidate(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		db, h := people(t, b)
		ctx := t.Context()
		get := func(id int64) (p person) {
			t.Helper()
			if err := db.GetContext(ctx, &p, db.Rebind("SELECT * FROM person WHERE id = ?"), id); err != nil && !errors.Is(err, sql.ErrNoRows) {
				t.Fatal(err)
			}
			return p
		}
		warm := func() {
			t.Helper()
			for id := range int64(3) {
				get(id + 1)
			}
			if n := hits(t, h, func() { get(1); get(3) }); n != 2 {
				t.Fatalf("%d hits of 2 reads of kept rows", n)
			}
		}
		warm()
		if _, err := db.NamedExecContext(ctx, "UPDATE person SET name = :name WHERE id = :id", person{ID: 1, Name: "tom haverford"}); err != nil {
			t.Fatal(err)
		}
		if p := get(1); p.Name != "tom haverford" {
			t.Errorf("stale after NamedExec: %+v", p)
		}

		warm()
		tx, err := db.BeginTxx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		tx.MustExecContext(ctx, tx.Rebind("UPDATE person SET city = ? WHERE id = ?"), "Eagleton", 1)
		var inside person
		if err := tx.GetContext(ctx, &inside, tx.Rebind("SELECT * FROM person WHERE id = ?"), 1); err != nil || inside.City.String != "Eagleton" {
			t.Errorf("inside of the transaction: %+v, %v", inside, err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if p := get(1); p.City.String != "Eagleton" {
			t.Errorf("stale after Commit: %+v", p)
		}

		warm()
		query, args, err := sqlx.In("DELETE FROM person WHERE id IN (?)", []int64{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		exec(t, db, db.Rebind(query), args...)
		if n := hits(t, h, func() {
			if p := get(1); p.ID != 0 {
				t.Errorf("stale after a DELETE of two: %+v", p)
			}
			get(3) // was not among them
		}); n != 1 {
			t.Errorf("%d hits, want the one row that was not deleted", n)
		}
	})
}

// What sqlx.In expands is not answered by the cache, and still right.
func TestSQLxInIsAskedOfTheDatabase(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		db, h := people(t, b)
		query, args, err := sqlx.In("SELECT * FROM person WHERE id IN (?) ORDER BY id", []int64{1, 3})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var found []person
			if err := db.SelectContext(t.Context(), &found, db.Rebind(query), args...); err != nil || len(found) != 2 || found[1].Name != "leslie" {
				t.Errorf("%+v, %v", found, err)
			}
		}
		if s := h.Stats(); s.Hits != 0 {
			t.Errorf("%d hits", s.Hits)
		}
	})
}

func TestSQLxDoesNotKnowANameThatItWasNotTold(t *testing.T) {
	for name, want := range map[string]int{
		"moneyclip+postgres": sqlx.DOLLAR, "moneyclip+pgx": sqlx.DOLLAR, "moneyclip+mysql": sqlx.QUESTION,
		"moneyclip+sqlite3": sqlx.QUESTION, "moneyclip+shop": sqlx.UNKNOWN,
	} {
		if got := sqlx.BindType(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
