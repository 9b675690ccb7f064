package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

func TestB1RollbackLeavesTheCache(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		tx := g.begin(g.W, nil)
		g.exec(tx, "UPDATE t SET v = 'never' WHERE id = 1")
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		g.sync()
		if got := g.mustHit(byID1); got != "id=1 v=old 1" {
			t.Errorf("R is served %q", got)
		}
		g.changes(func() {
			tx := g.begin(g.W, nil)
			g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
			g.commit(tx)
		}, byID1)
	})
}

func TestB3Savepoints(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		for _, q := range []string{byID1, byID2, byID3} {
			g.warm(q)
		}
		tx := g.begin(g.W, nil)
		g.exec(tx, "SAVEPOINT s")
		g.exec(tx, "UPDATE t SET v = 'rolled back' WHERE id = 1")
		g.exec(tx, "ROLLBACK TO SAVEPOINT s")
		g.exec(tx, "UPDATE t SET v = 'kept' WHERE id = 2")
		g.exec(tx, "SAVEPOINT s2")
		g.exec(tx, "UPDATE t SET v = 'released' WHERE id = 3")
		g.exec(tx, "RELEASE SAVEPOINT s2")
		if got := g.read(g.R, byID3); got != "id=3 v=old 3" {
			t.Errorf("a released savepoint shows before the commit: %q", got)
		}
		g.commit(tx)
		for q, want := range map[string]string{byID1: "id=1 v=old 1", byID2: "id=2 v=kept", byID3: "id=3 v=released"} {
			if got := g.fresh(q); got != want {
				t.Errorf("the database has %q, want %q", got, want)
			}
		}
	})
	t.Run("the outermost one of SQLite", func(t *testing.T) {
		trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
			g.warm(byID2)
			c := g.conn(g.W)
			g.exec(c, "SAVEPOINT s") // begins a transaction
			g.changes(func() {
				g.exec(c, "UPDATE t SET v = 'new' WHERE id = 1")
				g.read(g.R, byID1)
				g.sync()
				g.exec(c, "RELEASE s") // commits it
			}, byID1)
		})
	})
}

func TestB4CommitAfterAFailedStatement(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		tx := g.begin(g.W, nil)
		g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
		if _, err := tx.Exec("INSERT INTO t (id, v) VALUES (2, 'there is one')"); err == nil {
			t.Fatal("a second row 2 was inserted")
		}
		err := tx.Commit() // PostgreSQL rolls back, SQLite keeps the rest
		if (g.dialect == parse.PostgreSQL) != (err != nil) {
			t.Fatalf("commit: %v", err)
		}
		want := "id=1 v=new"
		if g.dialect == parse.PostgreSQL {
			want = "id=1 v=old 1"
		}
		if got := g.fresh(byID1); got != want {
			t.Errorf("the database has %q, want %q", got, want)
		}
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1)
	})
}

// The COMMIT takes effect, whatever it answers.
func TestB5CommitWithoutAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(g *trapRig, cancel func(), step trapStep) error
	}{
		{"bad connection", func(*trapRig, func(), trapStep) error { return sqldriver.ErrBadConn }},
		{"an error of the network", func(*trapRig, func(), trapStep) error { return errors.New("connection reset by peer") }},
		{"the connection is gone", func(_ *trapRig, _ func(), step trapStep) error { step.conn.Close(); return sqldriver.ErrBadConn }},
		{"the context ends", func(_ *trapRig, cancel func(), step trapStep) error { cancel(); return context.Canceled }},
	} {
		t.Run(c.name, func(t *testing.T) {
			trap{}.run(t, func(t *testing.T, g *trapRig) {
				g.changes(func() {
					ctx, cancel := context.WithCancel(g.ctx)
					defer cancel()
					g.stepsW.set(nil, func(step trapStep, err error) error {
						if step.op == "commit" && err == nil {
							return c.spoil(g, cancel, step)
						}
						return err
					})
					tx, err := g.W.BeginTx(ctx, nil)
					if err != nil {
						t.Fatal(err)
					}
					g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
					if err := tx.Commit(); err == nil {
						t.Fatal("the commit was to fail")
					}
					g.stepsW.set(nil, nil)
				}, byID1)
				if got := g.warm(byID1); got != "id=1 v=new" { // the hold ends
					t.Errorf("kept is %q", got)
				}
			})
		})
	}
}

// The COMMIT takes effect after it has answered with an error: what is read
// meanwhile must not be kept.
func TestB5CommitThatTakesEffectLater(t *testing.T) {
	trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
		var late sqldriver.Conn
		silent := errors.New("no answer")
		g.stepsW.set(func(step trapStep) error {
			switch {
			case step.op == "commit":
				late = step.conn
				return silent
			case late != nil && step.conn == late: // the session does not answer either
				return silent
			}
			return nil
		}, nil)
		g.warm(byID1)
		c := g.conn(g.W)
		tx, err := c.BeginTx(g.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
		if err := tx.Commit(); !errors.Is(err, silent) {
			t.Fatalf("commit: %v", err)
		}
		before := g.r.Stats()
		for range 5 {
			if got := g.read(g.R, byID1); got != "id=1 v=old 1" {
				t.Fatalf("R is served %q", got)
			}
			g.sync()
		}
		if since := g.r.Stats().Sub(before); since.Hits+since.Misses != 0 {
			t.Errorf("the row was looked up while the commit's outcome was unknown: %+v", since)
		}
		if n := g.w.Stats().UnknownOutcomes; n != 1 {
			t.Errorf("%d unknown outcomes counted, want 1", n)
		}
		if _, err := late.(sqldriver.ExecerContext).ExecContext(g.ctx, "COMMIT", nil); err != nil {
			t.Fatal(err)
		}
		if got := g.fresh(byID1); got != "id=1 v=new" {
			t.Errorf("the database has %q", got)
		}
		if err := c.Raw(func(any) error { return sqldriver.ErrBadConn }); !errors.Is(err, sqldriver.ErrBadConn) {
			t.Fatal(err) // the session ends, and the hold with it
		}
		g.warm(byID1)
	})
}

func TestB7TransactionControlAsText(t *testing.T) {
	direct := func(g *trapRig, c *sql.Conn, text string) { g.t.Helper(); g.exec(c, text) }
	prepared := func(g *trapRig, c *sql.Conn, text string) {
		g.t.Helper()
		stmt, err := c.PrepareContext(g.ctx, g.bind(text))
		if err != nil {
			g.t.Fatal(err)
		}
		defer stmt.Close()
		if _, err := stmt.ExecContext(g.ctx); err != nil {
			g.t.Fatalf("%s: %v", text, err)
		}
	}
	for _, way := range []struct {
		name string
		do   func(*trapRig, *sql.Conn, string)
	}{{"direct", direct}, {"prepared", prepared}} {
		t.Run(way.name, func(t *testing.T) {
			trap{}.run(t, func(t *testing.T, g *trapRig) {
				c := g.conn(g.W)
				g.changes(func() {
					way.do(g, c, "BEGIN")
					way.do(g, c, "UPDATE t SET v = 'new' WHERE id = 1")
					if got := g.read(c, byID1); got != "id=1 v=new" {
						t.Errorf("the transaction itself is served %q", got)
					}
					for range 3 {
						if got := g.read(g.R, byID1); got != "id=1 v=old 1" {
							t.Errorf("before the commit R is served %q", got)
						}
						g.sync()
					}
					way.do(g, c, "COMMIT")
				}, byID1)
				g.warm(byID2)
				way.do(g, c, "BEGIN")
				way.do(g, c, "UPDATE t SET v = 'never' WHERE id = 2")
				if got := g.read(c, byID2); got != "id=2 v=never" {
					t.Errorf("the transaction itself is served %q", got)
				}
				way.do(g, c, "ROLLBACK")
				if got := g.fresh(byID2); got != "id=2 v=old 2" {
					t.Errorf("the database has %q", got)
				}
				// Autocommit again, on the same connection.
				g.changes(func() { way.do(g, c, "UPDATE t SET v = 'newer' WHERE id = 2") }, byID2)
				ends := []string{"END", "COMMIT TRANSACTION"}
				if g.dialect == parse.MySQL {
					ends = []string{"COMMIT WORK", "COMMIT AND NO CHAIN NO RELEASE", "BEGIN", "CREATE TABLE made (id INTEGER)"}
				}
				for _, end := range ends {
					g.changes(func() {
						way.do(g, c, "BEGIN")
						way.do(g, c, "UPDATE t SET v = v || ' more' WHERE id = 1")
						g.read(g.R, byID1)
						g.sync()
						way.do(g, c, end)
					}, byID1)
				}
			})
		})
	}
}

func TestB8UpdateThatChangesNothingFirst(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.changes(func() {
			tx := g.begin(g.W, nil)
			g.exec(tx, "UPDATE t SET v = 'old 1' WHERE id = 1")
			g.exec(tx, "UPDATE t SET v = 'x' WHERE id = 999")
			g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
			g.commit(tx)
		}, byID1)
	})
}

func TestB9TransactionLeftOpenInThePool(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.W.SetMaxOpenConns(1)
		g.warm(byID1)
		c := g.conn(g.W)
		g.exec(c, "BEGIN")
		g.exec(c, "UPDATE t SET v = 'new' WHERE id = 1")
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		g.read(g.R, byID1)
		g.sync()
		// The driver may have thrown the connection away: then this ends nothing.
		if _, err := g.W.Exec("COMMIT"); err != nil && g.dialect == parse.PostgreSQL {
			t.Fatal(err)
		}
		g.fresh(byID1)
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1)
	})
}

func TestB10TransactionOnAnotherConnection(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		g.warm(byID2)
		tx := g.begin(g.R, nil)
		g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 2")
		c := g.conn(g.R)
		g.exec(c, "BEGIN")
		g.mustHit(byID1)
		before := g.r.Stats()
		g.read(tx, byID1)
		g.read(c, byID1)
		if since := g.r.Stats().Sub(before); since.Bypasses[policy.BypassTransaction] != 2 {
			t.Errorf("reads in transactions: %+v", since)
		}
		g.mustHit(byID1)
		g.exec(c, "ROLLBACK")
		g.commit(tx)
		g.mustHit(byID1)
		g.fresh(byID2)
	})
}

func TestB11PreparedTransaction(t *testing.T) {
	trap{only: parse.PostgreSQL, server: []string{"max_prepared_transactions=4"}}.run(t, func(t *testing.T, g *trapRig) {
		prepare := func(name string) {
			t.Helper()
			c := g.conn(g.W)
			g.exec(c, "BEGIN")
			g.exec(c, "UPDATE t SET v = v || ' "+name+"' WHERE id = 1")
			g.exec(c, "PREPARE TRANSACTION '"+name+"'")
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if got := g.read(g.R, byID1); strings.Contains(got, name) {
					t.Errorf("before its commit R is served %q", got)
				}
				g.sync()
			}
		}
		// Whoever ends it need not be who began it.
		for name, end := range map[string]*sql.DB{"by W": g.W, "by R": g.R} {
			g.warm(byID1)
			prepare(name)
			g.changes(func() { g.exec(end, "COMMIT PREPARED '"+name+"'") }, byID1)
		}
		g.warm(byID1)
		prepare("never")
		g.exec(g.W, "ROLLBACK PREPARED 'never'")
		g.fresh(byID1)
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'last' WHERE id = 1") }, byID1)
	})
}

func TestB13OldSnapshot(t *testing.T) {
	for _, level := range []sql.IsolationLevel{sql.LevelRepeatableRead, sql.LevelSerializable} {
		t.Run(level.String(), func(t *testing.T) {
			trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) { g.oldSnapshot(&sql.TxOptions{Isolation: level}) })
		})
	}
	t.Run("SQLite", func(t *testing.T) {
		trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) { g.oldSnapshot(nil) })
	})
	t.Run("MySQL", func(t *testing.T) { // where a SERIALIZABLE reader locks instead
		trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) { g.oldSnapshot(nil) })
	})
}

func (g *trapRig) oldSnapshot(opts *sql.TxOptions) {
	g.t.Helper()
	g.warm(byID1)
	g.warm(byID2)
	tx := g.begin(g.R, opts)
	if got := g.read(tx, byID2); got != "id=2 v=old 2" { // takes the snapshot
		g.t.Fatal(got)
	}
	g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
	g.sync()
	before := g.r.Stats()
	for range 3 {
		if got := g.read(tx, byID1); got != "id=1 v=old 1" {
			g.t.Errorf("the snapshot shows %q", got)
		}
		g.sync()
	}
	if since := g.r.Stats().Sub(before); since.Hits+since.Misses+since.Fills != 0 {
		g.t.Errorf("the snapshot's reader hit or filled: %+v", since)
	}
	g.fresh(byID1)
	g.warm(byID1)
	if got := g.read(tx, byID1); got != "id=1 v=old 1" {
		g.t.Errorf("the snapshot shows %q", got)
	}
	g.commit(tx)
	if got := g.fresh(byID1); got != "id=1 v=new" {
		g.t.Errorf("the database has %q", got)
	}
}

func TestB15ReadOnlyTransaction(t *testing.T) {
	trap{not: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		tx := g.begin(g.R, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelReadCommitted})
		g.sync() // a fill of the warming may still be under way
		before := g.r.Stats()
		g.read(tx, byID1)
		g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
		if got := g.read(tx, byID1); got != "id=1 v=new" {
			t.Errorf("READ COMMITTED shows %q", got)
		}
		if since := g.r.Stats().Sub(before); since.Hits+since.Misses+since.Fills != 0 {
			t.Errorf("a reader in a transaction hit or filled: %+v", since)
		}
		if _, err := tx.Exec("UPDATE t SET v = 'never' WHERE id = 1"); err == nil {
			t.Error("a read-only transaction wrote")
		}
		_ = tx.Commit()
		g.fresh(byID1)
		g.warm(byID1)
	})
}

func TestB16ReturningIsOverAtTheEndOfItsRows(t *testing.T) {
	for _, end := range []string{"close", "last row"} {
		t.Run(end, func(t *testing.T) {
			trap{}.run(t, func(t *testing.T, g *trapRig) {
				both := []string{byID1, byID2}
				for _, q := range both {
					g.warm(q)
				}
				elsewhere := func(when string) {
					t.Helper()
					for range 2 {
						for _, q := range both {
							// Old or new: the write is not over. But nothing
							// may be kept.
							before := g.r.Stats()
							g.read(g.R, q)
							g.sync()
							if since := g.r.Stats().Sub(before); since.Hits+since.Fills != 0 {
								t.Errorf("%s another session's read hit or filled: %+v", when, since)
							}
						}
					}
				}
				text := "UPDATE t SET v = 'new' WHERE id IN (1, 2) RETURNING id"
				if g.dialect == parse.MySQL { // MariaDB's UPDATE returns nothing
					text = "REPLACE INTO t VALUES (1, 'new'), (2, 'new') RETURNING id"
				}
				rows, err := g.W.Query(text)
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				elsewhere("after QueryContext")
				if !rows.Next() {
					t.Fatal(rows.Err())
				}
				elsewhere("after one Next")
				if end == "close" {
					if err := rows.Close(); err != nil {
						t.Fatal(err)
					}
				} else {
					for rows.Next() {
					}
					if err := rows.Err(); err != nil {
						t.Fatal(err)
					}
				}
				for _, q := range both {
					if got := g.fresh(q); !strings.Contains(got, "new") {
						t.Errorf("after its end the database has %q", got)
					}
				}
			})
		})
	}
}

// G12: at the level of the handle, an Invalidate within a transaction does not
// stand for the one at its commit.
func TestG12InvalidateWithinATransaction(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		tx := g.begin(g.W, nil)
		g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
		if err := g.w.Invalidate(g.ctx, "t", 1); err != nil {
			t.Fatal(err)
		}
		if got := g.warm(byID1); got != "id=1 v=old 1" { // filled again
			t.Fatalf("before the commit R is served %q", got)
		}
		g.commit(tx)
		if got := g.fresh(byID1); got != "id=1 v=new" {
			t.Errorf("the database has %q", got)
		}
	})
}
