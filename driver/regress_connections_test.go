package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

// wrapConnector wraps a connector of the program's own, on the rig's store.
func (g *trapRig) wrapConnector(inner sqldriver.Connector) sqldriver.Connector {
	g.t.Helper()
	opts := []driver.Option{driver.WithIdentity("regress"), driver.WithNamespace("regress"), driver.WithLease(g.lease), driver.WithLogger(slog.New(slog.DiscardHandler))}
	if g.redis {
		opts = append(opts, driver.WithRedisURL(g.redisURL))
	} else {
		opts = append(opts, driver.WithStore("memory"))
	}
	connector, err := driver.Wrap(inner, g.dialect, opts...)
	if err != nil {
		g.t.Fatal(err)
	}
	return connector
}

func (g *trapRig) openConnector(connector sqldriver.Connector) (*sql.DB, *driver.Handle) {
	g.t.Helper()
	db := sql.OpenDB(connector)
	g.t.Cleanup(func() { _ = db.Close() })
	h, err := driver.Of(db)
	if err != nil {
		g.t.Fatal(err)
	}
	return db, h
}

// movingConnector dials whatever database is behind its address now.
type movingConnector struct {
	trapConnector
	dsn *atomic.Value
}

func (c movingConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	c.trapConnector.dsn = c.dsn.Load().(string)
	return c.trapConnector.Connect(ctx)
}

// A writer that knows the former server dials, and finds another. What it holds
// must be that one's rows, which others keep already.
//
//	W, R: read from the first server
//	      (the address now leads to the second; all connections are gone)
//	R: SELECT 1              (dials the second, and keeps its row)
//	W: UPDATE 1              (dials the second)
//	R: SELECT 1              (new)
func TestWriteWhoseDialFindsAnotherDatabase(t *testing.T) {
	const update = "UPDATE t SET v = 'new' WHERE id = 1"
	for name, write := range map[string]func(g *trapRig, db *sql.DB){
		"exec":        func(g *trapRig, db *sql.DB) { g.exec(db, update) },
		"returning":   func(g *trapRig, db *sql.DB) { g.read(db, update+" RETURNING id") },
		"transaction": func(g *trapRig, db *sql.DB) { tx := g.begin(db, nil); g.exec(tx, update); g.commit(tx) },
	} {
		t.Run(name, func(t *testing.T) {
			trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
				second := testenv.Postgres(t)
				other, err := sql.Open(g.inner, second)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = other.Close() })
				g.exec(other, trapTable)
				g.exec(other, trapRows)

				var behind atomic.Value
				behind.Store(g.dsn)
				moving := movingConnector{trapConnector{g.driver, "", &trapSteps{}}, &behind}
				W, _ := g.openConnector(g.wrapConnector(moving))
				R, r := g.openConnector(g.wrapConnector(moving))
				W.SetMaxIdleConns(0) // the old server's connections are lost with it
				R.SetMaxIdleConns(0)
				g.read(W, byID1)
				g.read(R, byID1)
				behind.Store(second)
				g.exec(R, "SELECT 1")
				g.warmOn(R, r, byID1)
				write(g, W)
				for range 2 {
					if got := g.read(R, byID1); got != "id=1 v=new" {
						t.Errorf("R is served %q", got)
					}
				}
			})
		})
	}
}

// With max_conns the reader that fetches for others may wait for a link that
// one of these others has: who cannot lend it must not wait for that reader.
//
//	R, connection 1: has the only link, and an unread end of rows on it
//	R, connection 2: SELECT 1      (fetches: waits for a link)
//	R, connection 1: SELECT 1      (asks by itself; would wait for connection 2)
func TestFetchUnderMaxConnsWithAConnectionKept(t *testing.T) {
	trap{only: parse.PostgreSQL, serial: true, params: "&moneyclip_max_conns=1"}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID2)
		g.sync()
		ctx, cancel := context.WithTimeout(g.ctx, trapPatience/3)
		defer cancel()
		c := g.conn(g.R)
		g.read(c, "SELECT count(*) FROM t")
		leader := trapAsync(func() string { return g.ask(g.ctx, g.R, byID1) })
		trapUntil(t, func() bool { return trapWaiting("(*realConns).acquire", "select") },
			func() string { return "nobody waits for a link" })
		if got := g.ask(ctx, c, byID1); got != "id=1 v=old 1" {
			t.Errorf("who has the link is told %q", got)
		}
		_ = c.Close()
		if got := trapAwait(t, "the leader's read", leader); got != "id=1 v=old 1" {
			t.Errorf("the leader is told %q", got)
		}
	})
}

// A program that keeps a connection may ask its session for what it did there:
// LAST_INSERT_ID(), a user variable. Its link is not lent to another reader.
//
//	R, connection 1: UPDATE        (has the only link)
//	R, connection 2: SELECT 1      (fetches: waits for a link)
//	R, connection 1: SELECT 1      (asks by itself, and keeps its link)
func TestLinkOfAConnectionThatHasWrittenIsNotLent(t *testing.T) {
	trap{only: parse.MySQL, serial: true, params: "&moneyclip_max_conns=1"}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID2)
		g.sync()
		ctx, cancel := context.WithTimeout(g.ctx, trapPatience/3)
		defer cancel()
		c := g.conn(g.R)
		if _, err := c.ExecContext(ctx, "UPDATE t SET v = 'mine' WHERE id = 2"); err != nil {
			t.Fatal(err)
		}
		leader := trapAsync(func() string { return g.ask(g.ctx, g.R, byID1) })
		waits := func() bool { return trapWaiting("(*realConns).acquire", "select") }
		trapUntil(t, waits, func() string { return "nobody waits for a link" })
		if got := g.ask(ctx, c, byID1); got != "id=1 v=old 1" {
			t.Errorf("who has the link is told %q", got)
		}
		if !waits() {
			t.Error("the link was lent")
		}
		_ = c.Close()
		if got := trapAwait(t, "the leader's read", leader); got != "id=1 v=old 1" {
			t.Errorf("the leader is told %q", got)
		}
	})
}

// panics calls f, which is to panic.
func panics(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

// An inner driver panics in a write and the program recovers, as net/http does:
// the row is neither served old nor held for ever.
func TestInnerDriverPanicsInAWrite(t *testing.T) {
	const update = "UPDATE t SET v = 'new' WHERE id = 1"
	for name, run := range map[string]func(g *trapRig){
		"exec":  func(g *trapRig) { _, _ = g.W.ExecContext(g.ctx, update) },
		"query": func(g *trapRig) { g.ask(g.ctx, g.W, update+" RETURNING id") },
	} {
		for _, taken := range []bool{false, true} {
			if taken && name == "query" {
				// The rows that nobody got stay open, and the write with them:
				// it is held as long as its session lives.
				continue
			}
			t.Run(fmt.Sprintf("%s taken %t", name, taken), func(t *testing.T) {
				trap{}.run(t, func(t *testing.T, g *trapRig) {
					g.warm(byID1)
					stop := func(s trapStep) {
						if s.op == name && strings.HasPrefix(s.query, update) {
							if name == "query" {
								// database/sql never gives this connection back.
								t.Cleanup(func() { _ = s.conn.Close() })
							}
							panic("inner driver")
						}
					}
					if taken {
						g.stepsW.set(nil, func(s trapStep, err error) error { stop(s); return err })
					} else {
						g.stepsW.set(func(s trapStep) error { stop(s); return nil }, nil)
					}
					panics(t, func() { run(g) })
					g.stepsW.set(nil, nil)
					for range 2 {
						if got, want := g.read(g.R, byID1), g.read(g.bare, byID1); got != want {
							t.Errorf("R is served %q, the database has %q", got, want)
						}
						g.sync()
					}
					if got, want := g.warm(byID1), g.read(g.bare, byID1); got != want {
						t.Errorf("R is served %q, the database has %q", got, want)
					}
				})
			})
		}
	}
}

// A connector may be given to sql.OpenDB twice; the first Close of such a
// database is not the other's end.
func TestOneConnectorInTwoDatabases(t *testing.T) {
	for _, used := range []bool{false, true} {
		t.Run(fmt.Sprintf("second in use %t", used), func(t *testing.T) {
			trap{}.run(t, func(t *testing.T, g *trapRig) {
				connector := g.wrapConnector(trapConnector{g.driver, g.dsn, &trapSteps{}})
				first, _ := g.openConnector(connector)
				second, h := g.openConnector(connector)
				g.read(first, byID1)
				if used {
					g.read(second, byID1)
				}
				if err := first.Close(); err != nil {
					t.Fatal(err)
				}
				for i := range 2 {
					v := fmt.Sprint("new ", i)
					g.exec(second, "UPDATE t SET v = ? WHERE id = 1", v)
					if got, want := g.warmOn(second, h, byID1), "id=1 v="+v; got != want {
						t.Errorf("the second database is served %q, not %q", got, want)
					}
				}
				if err := second.Close(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// A function given to Raw fails in a transaction that it leaves open, as a
// failed import does. The session answers, in its way: the hold ends.
func TestRawThatLeavesAnAbortedTransaction(t *testing.T) {
	trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		c := g.conn(g.W)
		failed := errors.New("the import failed")
		err := driver.Raw(g.ctx, c, func(dc any) error {
			inner := dc.(sqldriver.ExecerContext)
			if _, err := inner.ExecContext(g.ctx, "BEGIN", nil); err != nil {
				t.Error(err)
			}
			if _, err := inner.ExecContext(g.ctx, "INSERT INTO t (id, v) VALUES (1, 'again')", nil); err == nil {
				t.Error("the key was to be there")
			}
			return failed
		})
		if !errors.Is(err, failed) {
			t.Errorf("Raw returns %v", err)
		}
		g.fresh(byID1)
		g.warm(byID1)
	})
}

// Strict mode refuses writes while the store is away. A ROLLBACK writes nothing:
// refused, it would leave the transaction open, and its locks held.
func TestStrictModeRunsARollbackWithoutAStore(t *testing.T) {
	trap{remote: true, private: []string{"--save", ""}, params: "&moneyclip_mode=strict"}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		c := g.conn(g.W)
		g.exec(c, "BEGIN")
		g.exec(c, "UPDATE t SET v = 'undone' WHERE id = 1")
		g.server.Kill()
		g.exec(c, "ROLLBACK")
		ctx, cancel := context.WithTimeout(g.ctx, trapPatience/3)
		defer cancel()
		if _, err := g.bare.ExecContext(ctx, "UPDATE t SET v = 'by another' WHERE id = 1"); err != nil {
			t.Errorf("the row is locked: %v", err)
		}
		if _, err := c.ExecContext(g.ctx, "UPDATE t SET v = 'refused' WHERE id = 1"); err == nil {
			t.Error("a write was not refused")
		}
		if got := g.read(g.bare, byID1); got != "id=1 v=by another" {
			t.Errorf("the database has %q", got)
		}
	})
}

// A schema change whose session dies is looked after in the background, while
// the program goes on with the connection: the two must not meet in its fields.
// This is for the race detector.
func TestSchemaChangeOfUnknownOutcomeBesideItsConnection(t *testing.T) {
	for name, commits := range map[string]string{"committed": "COMMIT; ", "rolled back": ""} {
		t.Run(name, func(t *testing.T) { unknownSchemaChange(t, commits) })
	}
}

func unknownSchemaChange(t *testing.T, commits string) {
	trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		c := g.conn(g.W)
		change := trapAsync(func() error {
			_, err := c.ExecContext(g.ctx, "CREATE TABLE made (id INTEGER PRIMARY KEY); "+commits+"SELECT pg_sleep(600)")
			return err
		})
		const sleeping = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
		trapUntil(t, func() bool { return g.read(g.bare, "SELECT count(*) AS n "+sleeping) == "n=1" },
			func() string { return "the schema change did not begin" })
		g.read(g.bare, "SELECT pg_terminate_backend(pid) "+sleeping)
		if err := trapAwait(t, "the schema change", change); err == nil {
			t.Fatal("the session was to be terminated")
		}
		before := g.r.Stats().Hits
		trapUntil(t, func() bool {
			_ = c.PingContext(g.ctx)
			g.read(g.W, byID1)
			g.read(g.R, byID1)
			return g.r.Stats().Hits > before
		}, func() string { return fmt.Sprintf("no hit again: %+v", g.r.Stats()) })
		_ = c.Close()
		g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
		g.fresh(byID1)
	})
}
