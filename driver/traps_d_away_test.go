package driver_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

func TestD15AKeptRowIsServedWithTheDatabaseStopped(t *testing.T) {
	for _, inner := range []string{"postgres", "pgx", "mysql"} {
		if !wanted(inner) {
			continue
		}
		t.Run(inner, func(t *testing.T) {
			s := newSite(t, "sqlite3", testenv.Redis(t))
			s.inner, s.dialect = inner, parse.PostgreSQL
			var server interface{ Stop() }
			if inner == "mysql" {
				own := testenv.StartMariaDB(t)
				server, s.dialect, s.dsn = own, parse.MySQL, own.DSN()
				s.setup(t, "CREATE DATABASE away")
				s.dsn += "away"
			} else {
				own := testenv.StartPostgres(t)
				server, s.dsn = own, own.URL()
			}
			s.setup(t, authorsAt(s)...)
			r := s.open(t)
			query := s.q(byID)
			r.warm(t, query, 1)
			hold, err := r.Conn(context.Background()) // the connection that has dialled
			if err != nil {
				t.Fatal(err)
			}
			defer hold.Close()
			server.Stop()

			for range 3 {
				got := r.ask(t, query, 1)
				if got.code != policy.Hit {
					t.Errorf("%v (%s), want a hit", got.code, got.why)
				}
				equalRows(t, "with the database stopped", [][]any{{int64(1), s.text("ann")}}, got.rows)
			}
			var name string
			if err := r.QueryRow(s.q("SELECT name FROM authors WHERE id = $1"), 1).Scan(&name); err == nil {
				t.Error("a row that was not kept is served with the database stopped")
			}
			if err := r.Ping(); err == nil {
				t.Error("Ping does not ask the database")
			}
		})
	}
}

func TestD15AKeptRowIsServedWithThePoolFullOfSlowQueries(t *testing.T) {
	for _, inner := range []string{"postgres", "pgx", "mysql"} {
		if !wanted(inner) {
			continue
		}
		t.Run(inner, func(t *testing.T) {
			s := newSite(t, inner, testenv.Redis(t))
			s.setup(t, authorsAt(s)...)
			r := s.open(t, "moneyclip_max_conns=2")
			r.SetMaxOpenConns(8)
			query := s.q(byID)
			r.warm(t, query, 1)
			sleep := "SELECT pg_sleep(60)"
			asleep := "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(60)'"
			if s.dialect == parse.MySQL {
				sleep = "SELECT sleep(60)"
				asleep = "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE '%sleep(60)'"
			}

			ctx, cancel := context.WithCancel(context.Background())
			var slow errgroup.Group
			for range 5 {
				slow.Go(func() error {
					_, err := r.ExecContext(ctx, sleep)
					return err
				})
			}
			bare := s.bare(t)
			sleeping := func() (n int) {
				t.Helper()
				if err := bare.QueryRow(asleep).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			for end := time.Now().Add(patience); sleeping() < 2 || r.DB.Stats().InUse < 5; {
				if time.Now().After(end) {
					t.Fatalf("%d queries sleep, %d connections are in use", sleeping(), r.DB.Stats().InUse)
				}
			}
			mark := r.mark()
			for range 3 {
				rows, err := valuesOf(context.Background(), r.DB, query, 1)
				if err != nil {
					t.Fatal(err)
				}
				equalRows(t, "with the pool full", [][]any{{int64(1), s.text("ann")}}, rows)
			}
			events, _ := r.since(mark)
			for _, e := range events {
				if e.Query == query && e.Code != policy.Hit {
					t.Errorf("%v (%s), want a hit", e.Code, e.Reason)
				}
			}
			if n := sleeping(); n != 2 {
				t.Errorf("%d real connections sleep, want the 2 of moneyclip_max_conns", n)
			}
			// What needs the database waits for its turn under its own context.
			short, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer stop()
			if _, err := valuesOf(short, r.DB, s.q("SELECT name FROM authors WHERE id = $1"), 2); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a read beyond the limit: %v, want the deadline", err)
			}
			cancel()
			if err := slow.Wait(); err == nil {
				t.Error("the slow queries were not cancelled")
			}
			equalRows(t, "afterwards", [][]any{{int64(2), s.text("bob")}}, r.warm(t, query, 2))
		})
	}
}

func TestD17ColumnsWhoseNamesEndInIDAreNotTheKey(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, "CREATE TABLE films (id INTEGER PRIMARY KEY, paid INTEGER, video INTEGER, account_id INTEGER, id2 INTEGER, idx INTEGER)",
			"INSERT INTO films VALUES (1, 2, 2, 2, 2, 2), (2, 1, 1, 1, 1, 1)")
		w, r := s.open(t), s.open(t)
		first := r.warm(t, s.q("SELECT * FROM films WHERE id = $1"), 1)
		for _, column := range []string{"paid", "video", "account_id", "id2", "idx"} {
			query := s.q("SELECT * FROM films WHERE " + column + " = $1")
			r.neverHit(t, policy.BypassNotPrimaryKey, query, 1)
			equalRows(t, column, [][]any{{int64(2), int64(1), int64(1), int64(1), int64(1), int64(1)}}, r.ask(t, query, 1).rows)
		}
		equalRows(t, "id", first, r.warm(t, s.q("SELECT * FROM films WHERE id = $1"), 1))
		// As a predicate of a write it is no key either: row 1 is changed by it.
		mustExec(t, w, s.q("UPDATE films SET idx = 7 WHERE account_id = $1"), 2)
		fresh(t, s, r, s.bare(t), "SELECT * FROM films WHERE id = $1", 1)
	})
}

func TestD18PreparedStatementsHitToo(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		w, r, bare := s.open(t), s.open(t), s.bare(t)
		prepare := func() *sql.Stmt {
			t.Helper()
			stmt, err := r.Prepare(s.q(byID))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stmt.Close() })
			return stmt
		}
		before := prepare()
		r.warmBy(t, statement{before}, "", 1)
		after := prepare()
		for what, stmt := range map[string]*sql.Stmt{"before the fill": before, "after the fill": after} {
			if got := r.askBy(t, context.Background(), statement{stmt}, "", 1); got.code != policy.Hit {
				t.Errorf("prepared %s: %v (%s), want a hit", what, got.code, got.why)
			}
		}
		mustExec(t, w, s.q("UPDATE authors SET name = 'changed' WHERE id = $1"), 1)
		want, err := valuesOf(context.Background(), bare, s.q(byID), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, stmt := range []*sql.Stmt{before, after} {
			equalRows(t, "after a write", want, r.askBy(t, context.Background(), statement{stmt}, "", 1).rows)
		}
		equalRows(t, "at last", want, r.warmBy(t, statement{after}, "", 1))
		equalRows(t, "another argument", [][]any{{int64(2), s.text("bob")}}, r.warmBy(t, statement{after}, "", 2))
	})
}

// statement asks by a prepared statement, whatever the text.
type statement struct{ *sql.Stmt }

func (s statement) QueryContext(ctx context.Context, _ string, args ...any) (*sql.Rows, error) {
	return s.Stmt.QueryContext(ctx, args...)
}

func TestD19QueryRowAloneFills(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		r := s.open(t)
		r.warm(t, s.q(byID), 2) // past the quarantine
		before := r.Stats()
		for range 2 {
			var id int
			var name string
			if err := r.QueryRow(s.q(byID), 1).Scan(&id, &name); err != nil || id != 1 || name != "ann" {
				t.Fatal(id, name, err)
			}
			r.sync(t)
		}
		if got := r.Stats().Sub(before); got.Hits != 1 || got.Misses != 1 || got.Fills != 1 {
			t.Errorf("%d misses, %d fills, %d hits, want one of each", got.Misses, got.Fills, got.Hits)
		}
	})
}

func TestD20AConnectionWithOpenRowsNeitherHitsNorFills(t *testing.T) {
	for _, store := range []string{"memory", "redis"} {
		t.Run(store, func(t *testing.T) {
			url := ""
			if store == "redis" {
				url = testenv.Redis(t)
			}
			s := newSite(t, "sqlite3", url)
			s.setup(t, authorsAt(s)...)
			w, r := s.open(t), s.open(t)
			r.warm(t, s.q(byID), 1)

			c, err := r.Conn(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			open, err := c.QueryContext(context.Background(), "SELECT id FROM authors ORDER BY id")
			if err != nil || !open.Next() {
				t.Fatal("no open rows", err)
			}
			mustExec(t, w, s.q("UPDATE authors SET name = 'new' WHERE id < $1"), 9)
			before := r.Stats()
			for id := 1; id <= 2; id++ { // row 1 was kept, row 2 never
				old, err := valuesOf(context.Background(), c, s.q(byID), id)
				if err != nil {
					t.Fatal(err)
				}
				if old[0][1] == "new" {
					t.Fatal("the connection reads no snapshot: the trap is none")
				}
				r.sync(t)
			}
			got := r.Stats().Sub(before)
			if got.Hits != 0 || got.Fills != 0 || got.Bypasses[policy.BypassTransaction] != 2 {
				t.Errorf("%d hits, %d fills, bypasses %v: want two bypasses by the snapshot", got.Hits, got.Fills, got.Bypasses)
			}
			for id := 1; id <= 2; id++ { // for all others it is new
				if got := r.ask(t, s.q(byID), id); got.rows[0][1] != "new" {
					t.Errorf("row %d: %v (%v)", id, got.rows, got.code)
				}
			}
			if err := errors.Join(open.Err(), open.Close()); err != nil {
				t.Fatal(err)
			}
			equalRows(t, "after the rows were closed", [][]any{{int64(1), s.text("new")}}, r.warmBy(t, c, s.q(byID), 1))
		})
	}
}
