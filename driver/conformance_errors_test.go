package driver_test

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/moneyclip/moneyclip/internal/fakedb"
)

func wrap(err error) error { return fmt.Errorf("around: %w", err) }

// driverErrors are what a driver may return from anything.
var driverErrors = map[string]error{
	"own":                  errFake,
	"own, wrapped":         wrap(errFake),
	"bad connection":       sqldriver.ErrBadConn,
	"bad conn, wrapped":    wrap(sqldriver.ErrBadConn),
	"skip":                 sqldriver.ErrSkip,
	"skip, wrapped":        wrap(sqldriver.ErrSkip),
	"remove argument":      sqldriver.ErrRemoveArgument,
	"end of file":          io.EOF,
	"end of file, wrapped": wrap(io.EOF),
}

// Every operation fails with every kind of error: the first time only, or each
// time. What the program sees, and how often the driver is asked again, is the
// same.
func TestEveryErrorOfEveryOperation(t *testing.T) {
	shortScript := func(p *program) {
		p.fail("ping", p.db.PingContext(p.ctx))
		p.query(p.db, selectAll)
		p.query(p.db, selectAll, 1)
		p.exec(p.db, update, "x", 1)
		p.query(p.db, returning, "n")
		p.exec(p.db, opaque)
		p.prepared(p.db, selectAll)
		p.prepared(p.db, update, "x", 1)
		p.begin(nil, func(tx *sql.Tx) {
			p.query(tx, selectAll)
			p.exec(tx, update, "x", 1)
			p.query(tx, returning, "n")
			p.fail("commit", tx.Commit())
		})
		p.begin(nil, func(tx *sql.Tx) {
			p.prepared(tx, update, "x", 1)
			p.fail("rollback", tx.Rollback())
		})
		p.conn(func(c *sql.Conn) {
			p.exec(c, update, "x", 1)
			p.query(c, selectAll)
		})
	}
	for role, cfg := range map[string]fakedb.Config{
		"bare":   {},
		"legacy": {Conn: fakedb.Queryer | fakedb.Execer, Stmt: fakedb.ColumnConverter},
		"all":    {Conn: fakedb.ModernConn, Stmt: fakedb.AllStmt, Rows: fakedb.AllRows, ConnectorCloser: true},
	} {
		for _, op := range []string{
			"Connector.Connect", "Connector.Close",
			"Conn.Prepare", "Conn.PrepareContext", "Conn.Begin", "Conn.BeginTx", "Conn.Close", "Conn.Ping",
			"Conn.Query", "Conn.QueryContext", "Conn.Exec", "Conn.ExecContext",
			"Conn.ResetSession", "Conn.IsValid", "Conn.CheckNamedValue",
			"Stmt.Query", "Stmt.QueryContext", "Stmt.Exec", "Stmt.ExecContext", "Stmt.Close",
			"Stmt.CheckNamedValue", "Stmt.ColumnConverter",
			"Rows.Next", "Rows.Close", "Rows.NextResultSet",
			"Tx.Commit", "Tx.Rollback",
		} {
			if !received(t, cfg, op, shortScript) {
				continue
			}
			for name, err := range driverErrors {
				for _, n := range []int{1, 0} {
					if n == 1 && !errors.Is(err, sqldriver.ErrBadConn) {
						continue // only a bad connection is tried again
					}
					if n == 1 && (op == "Connector.Connect" || op == "Conn.Close") {
						continue // the first is that of a connection that read the catalog again
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%d", role, op, name, n), func(t *testing.T) {
						s := script{fake: cfg, fail: failing(op, n, err), run: shortScript}
						s.fake.Replies = replies()
						// A transaction that may not be rolled back costs its
						// connection: what its texts did is not known.
						s.sees = op == "Tx.Rollback"
						// Arguments of a statement are shown to the one that is
						// there; that its session cannot be reset is seen later.
						s.unchecked = op == "Conn.ResetSession"
						s.compare(t)
					})
				}
			}
		}
	}
}

// received reports whether a driver of these roles receives an operation at
// all: another needs no run.
func received(t *testing.T, cfg fakedb.Config, op string, run func(*program)) bool {
	cfg.Replies = replies()
	got := false
	script{fake: cfg, run: run, fail: func(*program) func(fakedb.Call) error {
		return func(c fakedb.Call) error {
			got = got || c.Op == op
			return nil
		}
	}}.play(t, sqlDB)
	return got || op == "Connector.Connect"
}
