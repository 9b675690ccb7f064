package driver_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// openModes opens a SQLite database with one table and two rows, on the
// in-process store.
func openModes(t *testing.T, params string) (*sql.DB, *driver.Handle) {
	t.Helper()
	return openFile(t, filepath.Join(t.TempDir(), "modes.db"), params)
}

func openFile(t *testing.T, file, params string) (*sql.DB, *driver.Handle) {
	t.Helper()
	db, err := sql.Open("moneyclip+sqlite3", file+"?moneyclip_store=memory"+params)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	execItems(t, db, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
	execItems(t, db, "INSERT INTO items VALUES (1, 'one'), (2, 'two')")
	return db, h
}

// openBare opens a file without a cache: a writer that the wrapper cannot see.
func openBare(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execItems(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func itemName(ctx context.Context, t *testing.T, db *sql.DB, id int) string {
	t.Helper()
	var name string
	if err := db.QueryRowContext(ctx, "-- name: GetItem :one\nSELECT name FROM items WHERE id = ?", id).Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSwitchedOffAsksTheDatabaseAndStillInvalidates(t *testing.T) {
	db, h := openModes(t, "&moneyclip_cache=off")
	ctx := t.Context()
	itemName(ctx, t, db, 1)
	itemName(ctx, t, db, 1)
	execItems(t, db, "UPDATE items SET name = 'x' WHERE id = 1")
	s := h.Stats()
	if s.Hits != 0 || s.Fills != 0 || s.Bypasses[policy.BypassPolicy] != 2 {
		t.Errorf("%+v", s)
	}
	if s.Invalidations[policy.InvalidateRow] == 0 || s.Holds == 0 || s.Holds != s.Releases {
		t.Errorf("writes do not invalidate: %+v", s)
	}
}

func TestObserveComparesAndServesTheDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "observe.db")
	db, h := openFile(t, file, "&moneyclip_cache=observe")
	ctx := t.Context()
	for range 3 {
		itemName(ctx, t, db, 1)
	}
	if s := h.Stats(); s.Hits != 0 || s.Compared != 2 || s.Mismatches != 0 || s.Misses != 3 {
		t.Errorf("%+v", s)
	}
	bare := openBare(t, file)
	execItems(t, bare, "UPDATE items SET name = 'behind' WHERE id = 1")
	if got := itemName(ctx, t, db, 1); got != "behind" {
		t.Errorf("observe served %q", got)
	}
	if s := h.Stats(); s.Compared != 3 || s.Mismatches != 1 {
		t.Errorf("the difference was not counted: %+v", s)
	}
}

func TestFillOffServesAndNeverFills(t *testing.T) {
	db, h := openModes(t, "&moneyclip_fill=off")
	for range 2 {
		itemName(t.Context(), t, db, 1)
	}
	if s := h.Stats(); s.Fills != 0 || s.Misses != 2 {
		t.Errorf("%+v", s)
	}
}

func TestContextAsksForABypassOrARefresh(t *testing.T) {
	file := filepath.Join(t.TempDir(), "behind.db")
	db, h := openFile(t, file, "")
	ctx := t.Context()
	bare := openBare(t, file)
	itemName(ctx, t, db, 1)
	execItems(t, bare, "UPDATE items SET name = 'behind' WHERE id = 1")
	if got := itemName(ctx, t, db, 1); got != "one" {
		t.Fatalf("not served from the cache: %q", got)
	}
	if got := itemName(driver.WithBypass(ctx), t, db, 1); got != "behind" {
		t.Errorf("bypass read %q", got)
	}
	if got := itemName(ctx, t, db, 1); got != "one" {
		t.Errorf("a bypass kept its result: %q", got)
	}
	if got := itemName(driver.WithRefresh(ctx), t, db, 1); got != "behind" {
		t.Errorf("refresh read %q", got)
	}
	if got := itemName(ctx, t, db, 1); got != "behind" {
		t.Errorf("a refresh kept nothing: %q", got)
	}
	if s := h.Stats(); s.Bypasses[policy.BypassRequested] != 1 || s.Hits != 3 {
		t.Errorf("%+v", s)
	}
}

func TestHandleInvalidates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "behind.db")
	db, h := openFile(t, file, "")
	ctx := t.Context()
	bare := openBare(t, file)
	for i, drop := range []func() error{
		func() error { return h.Invalidate(ctx, "items", 1) },
		func() error { return h.Invalidate(ctx, "items", "no key") }, // no exact pair: the table
		func() error { return h.InvalidateTable(ctx, "main.items") },
		func() error { return h.InvalidateAll(ctx) },
	} {
		before := itemName(ctx, t, db, 1)
		execItems(t, bare, "UPDATE items SET name = name || '.' WHERE id = 1")
		if got := itemName(ctx, t, db, 1); got != before {
			t.Fatalf("%d: not served from the cache: %q", i, got)
		}
		if err := drop(); err != nil {
			t.Fatal(err)
		}
		if got := itemName(ctx, t, db, 1); got != before+"." {
			t.Errorf("%d: %q after the invalidation", i, got)
		}
	}
	if err := h.InvalidateTable(ctx, "itmes"); err == nil {
		t.Error("an unknown table is no error")
	}
}

func TestExplainSaysWhatWouldBeDoneWithoutDoingIt(t *testing.T) {
	db, h := openModes(t, "")
	for _, c := range []struct {
		query string
		args  []any
		code  policy.Code
	}{
		{"SELECT * FROM items WHERE id = ?", []any{1}, policy.Miss},
		{"SELECT * FROM items WHERE id = ?", []any{"1"}, policy.BypassKeyType},
		{"SELECT * FROM items WHERE name = ?", []any{"one"}, policy.BypassNotPrimaryKey},
		{"SELECT random() FROM items WHERE id = ?", []any{1}, policy.BypassVolatile},
		{"DELETE FROM items WHERE id = ?", []any{1}, policy.InvalidateRow},
		{"DELETE FROM items", nil, policy.InvalidateTable},
		{"not SQL", nil, policy.InvalidateAll},
	} {
		d, err := h.Explain(t.Context(), c.query, c.args...)
		if err != nil {
			t.Fatal(err)
		}
		if d.Code != c.code {
			t.Errorf("%s: %v (%s), want %v", c.query, d.Code, d.Reason, c.code)
		}
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM items").Scan(&n); err != nil || n != 2 {
		t.Errorf("explaining changed the database: %d rows, %v", n, err)
	}
}

func TestG13EveryReadIsCountedOnce(t *testing.T) {
	db, h := openModes(t, "")
	ctx := t.Context()
	before := h.Stats()
	reads := uint64(0)
	for range 3 {
		itemName(ctx, t, db, 1)
		itemName(driver.WithBypass(ctx), t, db, 2)
		var n int
		if err := db.QueryRow("SELECT count(*) FROM items").Scan(&n); err != nil {
			t.Fatal(err)
		}
		reads += 3
	}
	stmt, err := db.Prepare("SELECT name FROM items WHERE id = ?")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for range 2 {
		var name string
		if err := stmt.QueryRow(2).Scan(&name); err != nil {
			t.Fatal(err)
		}
		reads++
	}
	s := h.Stats().Sub(before)
	counted := s.Hits + s.Misses
	for _, n := range s.Bypasses {
		counted += n
	}
	if counted != reads {
		t.Errorf("%d reads, %d counted: %+v", reads, counted, s)
	}
	if q := s.Queries["GetItem"]; q != (driver.Counts{Hits: 2, Misses: 1, Bypasses: 3}) {
		t.Errorf("GetItem: %+v", q)
	}
}

func TestMaxConnsLimitsRealConnectionsBelowThePool(t *testing.T) {
	db, _ := openModes(t, "&moneyclip_max_conns=2&_busy_timeout=5000")
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			stmt, err := db.PrepareContext(ctx, "SELECT name FROM items WHERE id = ?")
			if err != nil {
				t.Error(err)
				return
			}
			defer stmt.Close()
			for i := range 20 {
				var name string
				if err := stmt.QueryRowContext(ctx, 1+(worker+i)%2).Scan(&name); err != nil {
					t.Error(err)
					return
				}
				if err := db.QueryRowContext(ctx, "SELECT upper(name) FROM items WHERE id = ?", 1+i%2).Scan(&name); err != nil {
					t.Error(err)
					return
				}
				if i%5 == 0 {
					if _, err := db.ExecContext(ctx, "UPDATE items SET name = name WHERE id = ?", 1+i%2); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestMaxConnsWaitsUnderTheCallersContext(t *testing.T) {
	db, _ := openModes(t, "&moneyclip_max_conns=1")
	ctx := t.Context()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := db.ExecContext(short, "UPDATE items SET name = 'x'"); err == nil {
		t.Fatal("a second real connection was opened")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	execItems(t, db, "UPDATE items SET name = 'x'")
}

func TestRegisterAddsADriverOverARegisteredOne(t *testing.T) {
	if err := driver.Register("modes", "sqlite3", parse.SQLite, driver.WithStore("memory")); err != nil {
		t.Fatal(err)
	}
	if err := driver.Register("modes", "sqlite3", parse.SQLite); err == nil {
		t.Error("a name can be registered twice")
	}
	db, err := sql.Open("moneyclip+modes", filepath.Join(t.TempDir(), "r.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	execItems(t, db, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
	execItems(t, db, "INSERT INTO items VALUES (1, 'one')")
	itemName(t.Context(), t, db, 1)
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	itemName(t.Context(), t, db, 1)
	if h.Stats().Hits != 1 {
		t.Errorf("%+v", h.Stats())
	}
	if err := driver.Register("nothing", "no such driver", parse.SQLite, driver.WithStore("memory")); err != nil {
		t.Fatal(err)
	}
	if _, err := sql.Open("moneyclip+nothing", "x"); err == nil {
		t.Error("an unregistered inner driver is no error")
	}
}

func TestObserversSeeEachDecision(t *testing.T) {
	db, h := openModes(t, "")
	var mu sync.Mutex
	var codes []string
	stop := h.Observe(func(e driver.Event) {
		mu.Lock()
		defer mu.Unlock()
		codes = append(codes, e.Name+" "+e.Code.String())
	})
	itemName(t.Context(), t, db, 1)
	itemName(t.Context(), t, db, 1)
	execItems(t, db, "-- name: Clear :exec\nUPDATE items SET name = ''")
	stop()
	itemName(t.Context(), t, db, 1)
	mu.Lock()
	defer mu.Unlock()
	want := []string{"GetItem miss", "GetItem hit", "Clear invalidate:table"}
	if len(codes) != 3 || codes[0] != want[0] || codes[1] != want[1] || codes[2] != want[2] {
		t.Errorf("%q, want %q", codes, want)
	}
}
