package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/parse"
)

// ways to end a transaction begun through the API.
var apiEnds = map[string]func(*sql.Tx) error{
	"commit":   (*sql.Tx).Commit,
	"rollback": (*sql.Tx).Rollback,
}

// A text ends the transaction in the database, and the API does not know: what
// follows it is committed at once, and a rollback undoes nothing.
//
//	W: BeginTx, UPDATE 3, "COMMIT" or "ROLLBACK" as text
//	W: UPDATE 2                      (autocommit: visible now)
//	R: SELECT 2                      (must be new, before tx has ended)
//	W: tx.Commit or tx.Rollback      (nothing of the UPDATE is undone)
//	R: SELECT 2                      (must be new)
func TestWriteAfterATextEndedTheAPITransaction(t *testing.T) {
	for _, text := range []string{"COMMIT", "ROLLBACK"} {
		for name, end := range apiEnds {
			t.Run(text+" then "+name, func(t *testing.T) {
				trap{}.run(t, func(t *testing.T, g *trapRig) {
					g.changes(func() {
						tx := g.begin(g.W, nil)
						g.exec(tx, "UPDATE t SET v = 'before' WHERE id = 3")
						g.exec(tx, text)
						g.exec(tx, "UPDATE t SET v = 'after' WHERE id = 2")
						g.fresh(byID2)
						g.fresh(byID3)
						_ = end(tx) // some drivers notice, and say so
					}, byID2)
					g.fresh(byID3)
				})
			})
		}
	}
}

// COMMIT AND CHAIN commits and begins the next one, which the API's commit then
// ends.
func TestWritesOfAChainedTransaction(t *testing.T) {
	trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
		g.changes(func() {
			tx := g.begin(g.W, nil)
			g.exec(tx, "UPDATE t SET v = 'first' WHERE id = 1")
			g.exec(tx, "COMMIT AND CHAIN")
			g.fresh(byID1)
			g.exec(tx, "UPDATE t SET v = 'second' WHERE id = 2")
			g.fresh(byID2) // not committed
			g.commit(tx)
		}, byID1, byID2)
	})
}

// What one text writes behind its own COMMIT AND CHAIN is committed by the next
// COMMIT, long after the text is over and the row was read again.
func TestWriteBehindAChainInOneText(t *testing.T) {
	trap{only: parse.PostgreSQL, inline: true}.run(t, func(t *testing.T, g *trapRig) {
		c := g.conn(g.W)
		g.changes(func() {
			g.exec(c, "BEGIN")
			g.exec(c, "COMMIT AND CHAIN; UPDATE t SET v = 'behind' WHERE id = 1")
			g.warm(byID1) // not committed: what was before may be kept
			g.exec(c, "COMMIT")
		}, byID1)
	})
}

// PREPARE TRANSACTION takes the transaction away from the session: what follows
// is in autocommit, and what went before is committed by whoever comes.
func TestWriteAfterPrepareTransactionInTheAPITransaction(t *testing.T) {
	for name, end := range apiEnds {
		t.Run(name, func(t *testing.T) {
			trap{only: parse.PostgreSQL, server: []string{"max_prepared_transactions=5"}}.run(t, func(t *testing.T, g *trapRig) {
				g.changes(func() {
					tx := g.begin(g.W, nil)
					g.exec(tx, "UPDATE t SET v = 'prepared' WHERE id = 1")
					g.exec(tx, "PREPARE TRANSACTION 'away'")
					g.exec(tx, "UPDATE t SET v = 'after' WHERE id = 2")
					g.fresh(byID2)
					_ = end(tx)
				}, byID2)
				g.changes(func() { g.exec(g.W, "COMMIT PREPARED 'away'") }, byID1)
			})
		})
	}
}

// SQLite ends a transaction by itself where a conflict clause says so. The API
// still has it; what follows is in autocommit.
//
//	W: BeginTx, INSERT OR ROLLBACK a key that is there (rolls back)
//	W: UPDATE 2                                        (visible now)
//	R: SELECT 2
func TestWriteAfterSQLiteRolledBackByConflict(t *testing.T) {
	for name, end := range apiEnds {
		t.Run(name, func(t *testing.T) {
			trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
				g.changes(func() {
					tx := g.begin(g.W, nil)
					g.exec(tx, "UPDATE t SET v = 'undone' WHERE id = 3")
					if _, err := tx.Exec("INSERT OR ROLLBACK INTO t (id, v) VALUES (1, 'again')"); err == nil {
						t.Fatal("the key was to be there")
					}
					g.exec(tx, "UPDATE t SET v = 'after' WHERE id = 2")
					g.fresh(byID2)
					_ = end(tx) // there is none
				}, byID2)
				g.fresh(byID3)
			})
		})
	}
}

// SQLite also rolls back when a write is interrupted. The statement itself has
// its context ended, by a function in it, so that it is surely under way.
func TestWriteAfterSQLiteRolledBackByInterrupt(t *testing.T) {
	trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
		ctx, cancel := context.WithCancel(g.ctx)
		defer cancel()
		g.stepsW.set(func(step trapStep) error {
			if step.op != "begin" {
				return nil
			}
			return step.conn.(*sqlite3.SQLiteConn).RegisterFunc("ends_context", func(i int64) int64 { cancel(); return i }, false)
		}, nil)
		g.changes(func() {
			tx := g.begin(g.W, nil)
			g.exec(tx, "UPDATE t SET v = 'undone' WHERE id = 3")
			_, err := tx.ExecContext(ctx, `WITH RECURSIVE c(x) AS (SELECT 10 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000000)
INSERT INTO t (id, v) SELECT ends_context(x), 'undone' FROM c`)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("the write was to be interrupted: %v", err)
			}
			g.exec(tx, "UPDATE t SET v = 'after' WHERE id = 2")
			g.fresh(byID2)
			_ = tx.Rollback() // there is none
		}, byID2)
		g.fresh(byID3)
	})
}

// returning runs a write whose first row is read and whose end is not.
func (g *trapRig) returning(c *sql.Conn, query string) *sql.Rows {
	g.t.Helper()
	rows, err := c.QueryContext(g.ctx, query)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = rows.Close() })
	if !rows.Next() {
		g.t.Fatalf("%s: no row: %v", query, rows.Err())
	}
	return rows
}

func (g *trapRig) closeRows(rows *sql.Rows) {
	g.t.Helper()
	if err := rows.Close(); err != nil {
		g.t.Fatal(err)
	}
}

// SQLite commits with the last of several writes that are open on a connection:
// the first one's end does not make its rows visible, so that a reader in
// between would keep the old ones.
//
//	W: UPDATE 1 RETURNING, UPDATE 2 RETURNING  (both open)
//	W: closes one
//	R: SELECT 1, SELECT 2                      (old: must not stay)
//	W: closes the other                        (commit)
//	R: SELECT 1, SELECT 2                      (new)
func TestTwoOpenReturningOnOneSQLiteConnection(t *testing.T) {
	for _, firstFirst := range []bool{true, false} {
		name := "second closed first"
		if firstFirst {
			name = "first closed first"
		}
		t.Run(name, func(t *testing.T) {
			trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
				c := g.conn(g.W)
				g.changes(func() {
					a := g.returning(c, "UPDATE t SET v = 'new' WHERE id = 1 RETURNING id")
					b := g.returning(c, "UPDATE t SET v = 'new' WHERE id = 2 RETURNING id")
					if !firstFirst {
						a, b = b, a
					}
					g.closeRows(a)
					g.fresh(byID1)
					g.fresh(byID2)
					g.closeRows(b)
				}, byID1, byID2)
			})
		})
	}
}

// An Exec beside an open RETURNING is over when it returns, and committed when
// the other is.
func TestExecDuringAnOpenReturningOnSQLite(t *testing.T) {
	trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
		c := g.conn(g.W)
		g.changes(func() {
			rows := g.returning(c, "UPDATE t SET v = 'new' WHERE id = 1 RETURNING id")
			g.exec(c, "UPDATE t SET v = 'new' WHERE id = 2")
			g.fresh(byID1)
			g.fresh(byID2)
			g.closeRows(rows)
		}, byID1, byID2)
	})
}

// A connection that is thrown away with a write open has rolled it back, and an
// Exec beside it too: neither may hold up its rows for ever.
func TestConnectionLostDuringAnOpenReturningOnSQLite(t *testing.T) {
	trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		g.warm(byID2)
		c := g.conn(g.W)
		rows := g.returning(c, "UPDATE t SET v = 'new' WHERE id = 1 RETURNING id")
		g.exec(c, "UPDATE t SET v = 'new' WHERE id = 2")
		g.closeRows(rows)
		_ = c.Raw(func(any) error { return sqldriver.ErrBadConn })
		g.fresh(byID1)
		g.fresh(byID2)
		g.warm(byID1)
		g.warm(byID2)
	})
}

// SQLite's driver takes one step of a prepared text that returns rows, and
// leaves it open: Exec has returned, and nothing is committed.
//
//	W: stmt.Exec UPDATE 1 RETURNING
//	R: SELECT 1                     (must be what is committed)
//	W: stmt.Close
//	R: SELECT 1                     (new)
func TestPreparedExecOfReturningIsCommittedOnSQLite(t *testing.T) {
	trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
		stmt, err := g.W.Prepare("UPDATE t SET v = ? WHERE id = 1 RETURNING id")
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		for _, v := range []string{"new", "newer"} {
			g.changes(func() {
				if _, err := stmt.Exec(v); err != nil {
					t.Fatal(err)
				}
			}, byID1)
		}
		if err := stmt.Close(); err != nil {
			t.Fatal(err)
		}
		if got := g.fresh(byID1); got != "id=1 v=newer" {
			t.Errorf("the database has %q", got)
		}
	})
}

// In the same way the Exec of a prepared SELECT leaves a snapshot open, in which
// the next read of that connection would find old rows, and keep them for all.
func TestPreparedExecOfSelectKeepsNoSnapshotOnSQLite(t *testing.T) {
	trap{only: parse.SQLite}.run(t, func(t *testing.T, g *trapRig) {
		g.R.SetMaxOpenConns(1)
		stmt, err := g.R.Prepare("SELECT id, v FROM t")
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		g.changes(func() {
			if _, err := stmt.Exec(); err != nil {
				t.Fatal(err)
			}
			g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
		}, byID1)
	})
}
