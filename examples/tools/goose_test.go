package tools

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/moneyclip/moneyclip/driver"
)

// columnsOf reads one row as a program that selects every column: what it is
// like changes with the schema.
func columnsOf(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		return "error: " + err.Error()
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			fmt.Fprintf(&b, " %s=%s", name, values[i].(*sql.NullString).String)
		}
	}
	if err := rows.Err(); err != nil {
		return "error: " + err.Error()
	}
	return strings.TrimSpace(b.String())
}

// watcher reads a row of a table while somebody else migrates it.
type watcher struct {
	t     *testing.T
	db    *sql.DB
	h     *driver.Handle
	query string
}

func newWatcher(t *testing.T, b backend) *watcher {
	db := b.cached(t)
	return &watcher{t, db, handle(t, db), b.by("SELECT * FROM person WHERE id = ?", "SELECT * FROM person WHERE id = $1", "SELECT * FROM person WHERE id = ?")}
}

// sees expects the row to be want at once, and on every read until it is kept
// again: the reader's catalog is read anew in the background meanwhile.
func (w *watcher) sees(when, want string) {
	w.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		n := hits(w.t, w.h, func() {
			if got := columnsOf(w.t, w.db, w.query, 1); got != want {
				w.t.Fatalf("%s: %s, want %s", when, got, want)
			}
		})
		if n == 1 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			w.t.Fatalf("%s: the row is not kept again: %+v", when, w.h.Stats())
		}
	}
}

func TestGooseMigratesUnderReaders(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		if b.driver == "pgx" {
			// pgx keeps prepared statements, and "SELECT *" of one fails once
			// after its table was altered, with moneyclip and without.
			b.dsn = with(b.dsn, "default_query_exec_mode=exec")
		}
		dialect := goose.Dialect(b.by("sqlite3", "postgres", "mysql"))
		p, err := gooseProvider(b.cached(t), dialect)
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		w := newWatcher(t, b)
		for _, step := range []struct {
			name string
			run  func(context.Context) error
			want string
		}{
			{"up to 1", upTo(p, 1), "id=1 name=tom"},
			{"up to 2, with a new column", upTo(p, 2), "id=1 name=tom surname=haverford"},
			{"up to 3, every row, outside of a transaction", upTo(p, 3), "id=1 name=TOM surname=haverford"},
			{"up to 4, in Go", upTo(p, 4), "id=1 name=in Go surname=haverford"},
			{"down to 3", downTo(p, 3), "id=1 name=TOM surname=haverford"},
			{"down to 2", downTo(p, 2), "id=1 name=tom surname=haverford"},
			{"down to 1, without the column", downTo(p, 1), "id=1 name=tom"},
			{"up to 4 at once", upTo(p, 4), "id=1 name=in Go surname=haverford"},
		} {
			if err := step.run(ctx); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			w.sees(step.name, step.want)
		}
		if err := downTo(p, 0)(ctx); err != nil {
			t.Fatal(err)
		}
		if got := columnsOf(t, w.db, w.query, 1); !strings.HasPrefix(got, "error: ") {
			t.Errorf("a row of a table that was dropped: %s", got)
		}
	})
}

func upTo(p *goose.Provider, version int64) func(context.Context) error {
	return func(ctx context.Context) error { _, err := p.UpTo(ctx, version); return err }
}

func downTo(p *goose.Provider, version int64) func(context.Context) error {
	return func(ctx context.Context) error { _, err := p.DownTo(ctx, version); return err }
}
