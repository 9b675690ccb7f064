package tools

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/policy"
)

func modernc(t *testing.T) backend {
	t.Helper()
	if err := registerModernc(); err != nil {
		t.Fatal(err)
	}
	return backend{"sqlite", "file:" + filepath.Join(t.TempDir(), "tools.db") +
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate&_time_format=sqlite"}
}

// notes opens a table through the cache, with row 1 kept.
func notes(t *testing.T, b backend) (db *sql.DB, note func(id int64) string) {
	t.Helper()
	exec(t, b.plain(t), "CREATE TABLE note (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO note VALUES (1, 'one'), (2, 'two'), (3, 'three')")
	db = b.cached(t)
	note = func(id int64) (v string) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), "SELECT v FROM note WHERE id = ?", id).Scan(&v); err != nil && !errors.Is(err, sql.ErrNoRows) {
			t.Error(err)
		}
		return v
	}
	keeps(t, db, note, 1, "one")
	return db, note
}

// keeps expects a row to be read once, and then to be answered by the cache.
func keeps(t *testing.T, db *sql.DB, note func(int64) string, id int64, want string) {
	t.Helper()
	if got := note(id); got != want {
		t.Errorf("row %d: %q, want %q", id, got, want)
	}
	if n := hits(t, handle(t, db), func() {
		if got := note(id); got != want {
			t.Errorf("row %d, kept: %q, want %q", id, got, want)
		}
	}); n != 1 {
		t.Errorf("row %d is not kept: %+v", id, handle(t, db).Stats())
	}
}

func TestModerncWritesInvalidateWhatTheyTouch(t *testing.T) {
	b := modernc(t)
	db, note := notes(t, b)
	ctx := t.Context()
	exec(t, db, "UPDATE note SET v = 'uno' WHERE id = ?", 1)
	keeps(t, db, note, 1, "uno")
	exec(t, db, "UPDATE note SET v = v || '!'")
	keeps(t, db, note, 1, "uno!")
	exec(t, db, "INSERT INTO note VALUES (1, 'again') ON CONFLICT (id) DO UPDATE SET v = excluded.v")
	keeps(t, db, note, 1, "again")
	exec(t, db, "DELETE FROM note WHERE id IN (1, 2); INSERT INTO note VALUES (1, 'new')")
	keeps(t, db, note, 1, "new")

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "UPDATE note SET v = 'mine' WHERE id = 1")
	if got := note(1); got != "new" {
		t.Errorf("before the commit others read %q", got)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	keeps(t, db, note, 1, "mine")

	// By its own text, in another pool: a connection that began a transaction
	// by text asks the database from then on.
	conn, err := b.cached(t).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"BEGIN IMMEDIATE", "UPDATE note SET v = 'by text' WHERE id = 1", "COMMIT"} {
		exec(t, conn, text)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	keeps(t, db, note, 1, "by text")

	stmt, err := db.PrepareContext(ctx, "UPDATE note SET v = ? WHERE id = ?")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for _, v := range []string{"first", "second"} {
		if _, err := stmt.ExecContext(ctx, v, 1); err != nil {
			t.Fatal(err)
		}
		keeps(t, db, note, 1, v)
	}
}

// A write that returns rows commits when they are read to their end or closed:
// until then readers see the row as it was, and keep nothing.
func TestModerncReturningCommitsWithItsRows(t *testing.T) {
	db, note := notes(t, modernc(t))
	for _, end := range []struct {
		name string
		f    func(*sql.Rows)
	}{
		{"closed early", func(rows *sql.Rows) { rows.Next() }},
		{"read to its end", func(rows *sql.Rows) {
			for rows.Next() { // to the end
			}
		}},
		{"closed at once", func(*sql.Rows) {}},
	} {
		before := note(1)
		rows, err := db.QueryContext(t.Context(), "UPDATE note SET v = ? WHERE id < 3 RETURNING id, v", end.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := note(1); got != before {
			t.Errorf("%s: before its end others read %q", end.name, got)
		}
		end.f(rows)
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		keeps(t, db, note, 1, end.name)
	}
	var v string
	if err := db.QueryRowContext(t.Context(), "INSERT INTO note (v) VALUES ('made') RETURNING v").Scan(&v); err != nil || v != "made" {
		t.Errorf("%q, %v", v, err)
	}
	keeps(t, db, note, 4, "made")
}

// look is all that a program can see of a row.
func look(t *testing.T, db *sql.DB, query string, args ...any) (seen []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range types {
		length, hasLength := c.Length()
		nullable, hasNullable := c.Nullable()
		precision, scale, hasDecimal := c.DecimalSize()
		seen = append(seen, fmt.Sprint(c.Name(), c.DatabaseTypeName(), c.ScanType(), length, hasLength, nullable, hasNullable, precision, scale, hasDecimal))
	}
	for rows.Next() {
		values := make([]any, len(types))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			seen = append(seen, fmt.Sprintf("%T %#v", *v.(*any), *v.(*any)))
			if at, ok := (*v.(*any)).(time.Time); ok {
				seen = append(seen, at.String())
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestModerncRowsLookTheSameFromTheCache(t *testing.T) {
	for _, parameters := range []string{"", "_texttotime=1", "_inttotime=1", "_timezone=Europe/Berlin", "_time_integer_format=unix_milli"} {
		t.Run("with "+parameters, func(t *testing.T) {
			b := modernc(t)
			if parameters != "" {
				b.dsn += "&" + parameters
			}
			plain := b.plain(t)
			exec(t, plain, `CREATE TABLE kinds (id INTEGER PRIMARY KEY, i INT, r REAL, s TEXT, b BLOB, n, yes BOOLEAN, at DATETIME, ts TIMESTAMP, d DATE, num NUMERIC, any ANY)`)
			zone := time.FixedZone("", 5400)
			for id, row := range [][]any{
				{int64(math.MaxInt64), 1.5, "text", []byte("bytes"), nil, true, time.Date(2026, 2, 3, 4, 5, 6, 789000000, time.UTC), time.Date(2026, 2, 3, 4, 5, 6, 0, zone), "2026-02-03", "12.50", "x"},
				{int64(math.MinInt64), math.Inf(1), "", []byte{}, nil, false, "not a time", int64(1700000000), int64(20000), 3, []byte{0, 255}},
				{nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil},
				{"a text", "1e400", "nul \x00 in it", "text in a blob", 1, 7, 1.5, "2026-02-03T04:05:06Z", "x", math.Copysign(0, -1), 1e300},
			} {
				exec(t, plain, "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", append([]any{id}, row...)...)
			}
			db := b.cached(t)
			for id := range 4 {
				want := look(t, plain, "SELECT * FROM kinds WHERE id = ?", id)
				for pass := range 3 {
					n := hits(t, handle(t, db), func() {
						if got := look(t, db, "SELECT * FROM kinds WHERE id = ?", id); !reflect.DeepEqual(got, want) {
							t.Errorf("row %d, pass %d:\n%q\nthe driver says\n%q", id, pass, got, want)
						}
					})
					if pass > 0 && n != 1 {
						t.Errorf("row %d is not kept", id)
					}
				}
			}
			want := look(t, plain, "SELECT * FROM kinds WHERE id = ?", 99)
			if got := look(t, db, "SELECT * FROM kinds WHERE id = ?", 99); !reflect.DeepEqual(got, want) {
				t.Errorf("no row: %q, the driver says %q", got, want)
			}
		})
	}
}

// The driver takes $2 for the second argument, where mattn's takes it for a
// name. Whatever it binds, the cache answers with the same row.
func TestModerncParametersMeanWhatTheDriverBinds(t *testing.T) {
	b := modernc(t)
	plain := b.plain(t)
	exec(t, plain, "CREATE TABLE pair (id INTEGER PRIMARY KEY, other INTEGER, v TEXT); INSERT INTO pair VALUES (1, 2, 'a'), (2, 1, 'b')")
	db := b.cached(t)
	for _, c := range []struct {
		query string
		args  []any
		keeps bool
	}{
		{"SELECT v FROM pair WHERE id = ?", []any{2}, true},
		{"SELECT v FROM pair WHERE id = ?1", []any{2}, true},
		{"SELECT v FROM pair WHERE id = $1", []any{2}, true},
		{"SELECT v FROM pair WHERE id = :id", []any{sql.Named("id", 2)}, true},
		{"SELECT v FROM pair WHERE id = @id", []any{sql.Named("id", 2)}, true},
		{"SELECT v FROM pair WHERE id = $id", []any{sql.Named("id", 2)}, true},
		{"SELECT v, ?2 FROM pair WHERE id = ?1", []any{2, "x"}, true},
		{"SELECT v, :x FROM pair WHERE id = :id", []any{sql.Named("id", 2), sql.Named("x", 1)}, true},
		{"SELECT v, $2 FROM pair WHERE id = $1", []any{1, 2}, false},
		{"SELECT v, $1 FROM pair WHERE id = $2", []any{1, 2}, true},
	} {
		for change := range 3 {
			want := look(t, plain, c.query, c.args...)
			for range 2 {
				if got := look(t, db, c.query, c.args...); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %q, the driver says %q", c.query, got, want)
				}
			}
			n := hits(t, handle(t, db), func() { look(t, db, c.query, c.args...) })
			if (n == 1) != c.keeps {
				t.Errorf("%s: %d hits", c.query, n)
			}
			exec(t, db, "UPDATE pair SET v = v || ? WHERE id = ?", change, 1)
			exec(t, db, "UPDATE pair SET v = v || $2 WHERE id = $1", 2, "z")
		}
	}
}

func TestModerncInterruptedWritesLeaveNothingStale(t *testing.T) {
	db, note := notes(t, modernc(t))
	const slow = "UPDATE note SET v = (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n) WHERE id = 1"
	for name, run := range map[string]func(context.Context) error{
		"alone": func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, slow)
			return err
		},
		"with rows": func(ctx context.Context) error {
			rows, err := db.QueryContext(ctx, slow+" RETURNING v")
			if err == nil {
				rows.Next()
				err = errors.Join(rows.Err(), rows.Close())
			}
			return err
		},
		"in a transaction": func(ctx context.Context) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			if _, err := tx.ExecContext(ctx, "UPDATE note SET v = 'lost' WHERE id = 1"); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, slow); err != nil {
				return err
			}
			return tx.Commit()
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		keeps(t, db, note, 1, "one")
	}
	if s := handle(t, db).Stats(); s.UnknownOutcomes != 0 {
		t.Errorf("%d writes of an unknown outcome: in one process there are none", s.UnknownOutcomes)
	}
	// A write that comes through although its context ends behind it.
	ctx, cancel := context.WithCancel(t.Context())
	exec(t, db, "UPDATE note SET v = 'done' WHERE id = 1")
	if _, err := db.ExecContext(ctx, "UPDATE note SET v = 'done twice' WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	cancel()
	keeps(t, db, note, 1, "done twice")
}

func TestModerncDatabasesInMemoryAreNotCached(t *testing.T) {
	if err := registerModernc(); err != nil {
		t.Fatal(err)
	}
	for _, dsn := range []string{":memory:", "file::memory:?cache=shared", "file:/shelf?vfs=memdb", "file:m?mode=memory"} {
		db := open(t, "moneyclip+sqlite", with(dsn, "moneyclip_store=memory"))
		db.SetMaxOpenConns(1)
		exec(t, db, "CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, v TEXT)")
		d, err := handle(t, db).Explain(t.Context(), "SELECT v FROM note WHERE id = 1")
		if err != nil || d.Code != policy.BypassSession {
			t.Errorf("%s: %+v, %v", dsn, d, err)
		}
	}
}

// A plain file name is a data source name of this driver, too.
func TestModerncTakesAPlainFileName(t *testing.T) {
	b := modernc(t)
	b.dsn = filepath.Join(t.TempDir(), "plain.db")
	db, note := notes(t, b)
	exec(t, db, "UPDATE note SET v = 'changed' WHERE id = 1")
	keeps(t, db, note, 1, "changed")
}
