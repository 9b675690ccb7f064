package sqlcext_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/policy"
	"github.com/moneyclip/moneyclip/sqlcext"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestUncachedAsksTheDatabaseAndItsWritesInvalidate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "u.db")
	db, err := sql.Open("moneyclip+sqlite3", file+"?moneyclip_store=memory")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	bare, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	ctx := t.Context()
	plain := sqlcext.Uncached(db)
	for _, q := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, 'one')"} {
		if _, err := plain.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	read := func(q sqlcext.DBTX) (name string) {
		t.Helper()
		if err := q.QueryRowContext(ctx, "SELECT name FROM items WHERE id = ?", 1).Scan(&name); err != nil {
			t.Fatal(err)
		}
		return name
	}
	read(db)
	if _, err := bare.Exec("UPDATE items SET name = 'behind'"); err != nil {
		t.Fatal(err)
	}
	if got := read(db); got != "one" {
		t.Fatalf("the cached read gave %q", got)
	}
	if got := read(plain); got != "behind" {
		t.Errorf("the plain read gave %q", got)
	}
	rows, err := plain.QueryContext(ctx, "SELECT name FROM items WHERE id = ?", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	if n := h.Stats().Bypasses[policy.BypassRequested]; n != 2 {
		t.Errorf("%d requested bypasses, want 2", n)
	}
	if _, err := plain.ExecContext(ctx, "UPDATE items SET name = 'new' WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	if got := read(db); got != "new" {
		t.Errorf("after a write of the plain one the cached read gave %q", got)
	}
}
