package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"testing"

	"github.com/moneyclip/moneyclip/internal/fakedb"
)

// marker is a type of argument that only a driver's own checker knows: its
// text says what becomes of it.
type marker string

func checkMarker(nv *sqldriver.NamedValue) error {
	m, ok := nv.Value.(marker)
	if !ok {
		return sqldriver.ErrSkip
	}
	switch m {
	case "remove":
		return sqldriver.ErrRemoveArgument
	case "remove, wrapped":
		return wrap(sqldriver.ErrRemoveArgument)
	case "skip, wrapped":
		return wrap(sqldriver.ErrSkip)
	case "error":
		return errFake
	case "bad connection":
		return sqldriver.ErrBadConn
	case "replace":
		nv.Value = "replaced"
	case "replace and skip":
		nv.Value = 17
		return sqldriver.ErrSkip
	case "rename":
		nv.Name, nv.Value = "renamed", int64(1)
	case "ordinal":
		nv.Value = int64(nv.Ordinal)
	case "skip":
		return sqldriver.ErrSkip
	}
	return nil // as it is, though it is no driver.Value
}

type converterFunc func(any) (sqldriver.Value, error)

func (f converterFunc) ConvertValue(v any) (sqldriver.Value, error) { return f(v) }

// convertMarker converts by place, and what checkMarker left.
func convertMarker(index int) sqldriver.ValueConverter {
	return converterFunc(func(v any) (sqldriver.Value, error) {
		switch v {
		case marker("skip"):
			return fmt.Sprint("converted at ", index), nil
		case "no value":
			return struct{}{}, nil
		case "error":
			return nil, errFake
		case "skip":
			return nil, sqldriver.ErrSkip
		case "remove":
			return nil, sqldriver.ErrRemoveArgument
		}
		return sqldriver.DefaultParameterConverter.ConvertValue(v)
	})
}

func TestArgumentsTakeTheDriversOwnWay(t *testing.T) {
	lists := [][]any{
		{marker("remove")},
		{marker("remove"), "x", 1},
		{"x", marker("remove"), 1},
		{"x", 1, marker("remove")},
		{marker("remove"), marker("remove")},
		{marker("remove"), marker("ordinal"), marker("ordinal")},
		{marker("ordinal"), marker("remove"), marker("ordinal")},
		{marker("remove, wrapped"), 1},
		{marker("skip"), 1},
		{marker("skip, wrapped"), 1},
		{1, marker("error")},
		{1, marker("bad connection")},
		{marker("replace"), marker("replace and skip")},
		{marker("rename"), 1},
		{marker("keep"), 1},
		{sql.Named("n", marker("ordinal")), sql.Named("m", marker("remove"))},
		{sql.Named("n", marker("error")), 1},
		{"no value", 1},
		{"error", 1},
		{"skip", 1},
		{"remove", 1},
		{sql.Named("n", "error"), 1},
		{struct{}{}, 1},
	}
	run := func(p *program) {
		for _, args := range lists {
			p.note("arguments %v", args)
			p.exec(p.db, update, args...)
			p.query(p.db, update, args...)
			p.query(p.db, selectAll, args...)
			stmt, err := p.db.PrepareContext(p.ctx, update)
			p.fail("prepare", err)
			if err != nil {
				continue
			}
			r, err := stmt.ExecContext(p.ctx, args...)
			p.result("prepared exec", r, err)
			rows, err := stmt.QueryContext(p.ctx, args...)
			p.rows("prepared query", rows, err)
			p.begin(nil, func(tx *sql.Tx) {
				r, err := tx.StmtContext(p.ctx, stmt).ExecContext(p.ctx, args...)
				p.result("exec in a transaction", r, err)
				p.fail("rollback", tx.Rollback())
			})
			p.fail("close statement", stmt.Close())
		}
	}
	reads := func(p *program) {
		for _, args := range lists {
			p.note("arguments %v", args)
			for range 2 {
				p.query(p.db, selectOne, args[1:]...)
				p.query(p.db, selectOne, args[:len(args)-1]...)
				p.prepared(p.db, selectOne, args[1:]...)
				p.settle()
			}
		}
	}
	const direct = fakedb.QueryerContext | fakedb.ExecerContext
	for _, conn := range []fakedb.ConnRole{
		0, fakedb.ConnNamedValueChecker, direct, direct | fakedb.ConnNamedValueChecker, fakedb.Queryer | fakedb.Execer,
		fakedb.Queryer | fakedb.Execer | fakedb.ConnNamedValueChecker, fakedb.Queryer | fakedb.ConnNamedValueChecker,
		fakedb.ExecerContext | fakedb.ConnNamedValueChecker,
	} {
		stmts := fakedb.StmtRoles()
		if conn&^fakedb.ConnNamedValueChecker != 0 {
			// The direct way is the same for all statements but where it skips.
			stmts = []fakedb.StmtRole{0, fakedb.ColumnConverter, fakedb.StmtNamedValueChecker, fakedb.AllStmt}
		}
		for i, stmt := range stmts {
			for _, inputs := range []int{-1, 2}[:1+i%2] {
				t.Run(fmt.Sprintf("%010b/%04b/%d", conn, stmt, inputs), func(t *testing.T) {
					s := script{
						fake: fakedb.Config{
							Conn: conn, Stmt: stmt, Replies: replies(),
							Check: checkMarker, Converter: convertMarker,
							NumInput: func(query string) int {
								switch query {
								case warmUp:
									return 0
								case selectOne:
									return min(inputs, 1)
								}
								return inputs
							},
						},
						run: run,
					}
					s.compare(t)
					if stmt == 0 || stmt == fakedb.AllStmt {
						s.run, s.reads, s.mayHit = reads, true, true
						s.compare(t)
					}
				})
			}
		}
	}
}

// What a Valuer answers is what the driver receives, and its error is what the
// program sees.
func TestValuersAreAskedByTheDriversRules(t *testing.T) {
	for _, conn := range []fakedb.ConnRole{0, fakedb.ModernConn, fakedb.Queryer | fakedb.Execer} {
		t.Run(fmt.Sprintf("%010b", conn), func(t *testing.T) {
			script{
				fake: fakedb.Config{Conn: conn, Replies: replies()},
				run: func(p *program) {
					for _, v := range []any{valuer{"x"}, &valuer{"x"}, (*valuer)(nil), valuer{}} {
						p.exec(p.db, update, v, 1)
						p.query(p.db, returning, v)
						p.query(p.db, selectAll, v)
					}
				},
			}.compare(t)
		})
	}
}

// A driver whose fast path is not for arguments answers ErrSkip, as MySQL's
// does by default.
func TestSkippedDirectCallsArePrepared(t *testing.T) {
	skip := func(*program) func(fakedb.Call) error {
		return func(c fakedb.Call) error {
			switch c.Op {
			case "Conn.Query", "Conn.QueryContext", "Conn.Exec", "Conn.ExecContext":
				if len(c.Args) > 0 {
					return sqldriver.ErrSkip
				}
			}
			return nil
		}
	}
	for _, conn := range []fakedb.ConnRole{fakedb.ModernConn, fakedb.Queryer | fakedb.Execer} {
		t.Run(fmt.Sprintf("%010b", conn), func(t *testing.T) {
			script{
				fake: fakedb.Config{Conn: conn, Stmt: fakedb.ModernStmt, Rows: fakedb.AllRows, Replies: replies()},
				fail: skip,
				run:  everything,
			}.compare(t)
			t.Run("reads", func(t *testing.T) {
				script{
					fake:  fakedb.Config{Conn: conn, Stmt: fakedb.ModernStmt, Rows: fakedb.AllRows, Replies: replies()},
					fail:  skip,
					reads: true,
					run: func(p *program) {
						for range 3 {
							p.query(p.db, selectOne, 1)
							p.queryRow(p.db, selectOne, 1)
							p.settle()
							p.prepared(p.db, selectOne, 1)
						}
					},
				}.compare(t)
			})
		})
	}
}

// The driver is given the very context of the program, and what it returns
// when that ends reaches the program.
func TestEndedContextsReachTheDriver(t *testing.T) {
	waiting := func(p *program) map[string]fakedb.Reply {
		wait := func(ctx context.Context) error {
			p.cancel()
			<-ctx.Done()
			return ctx.Err()
		}
		all := replies()
		for query, r := range all {
			r.Do = wait
			all[query] = r
		}
		return all
	}
	for _, stmt := range []fakedb.StmtRole{fakedb.ModernStmt, fakedb.AllStmt} {
		for name, do := range map[string]func(*program){
			"query":          func(p *program) { p.query(p.db, selectAll) },
			"query by key":   func(p *program) { p.query(p.db, selectOne, 1) },
			"row by key":     func(p *program) { p.queryRow(p.db, selectOne, 1) },
			"exec":           func(p *program) { p.exec(p.db, update, "x", 1) },
			"write of rows":  func(p *program) { p.query(p.db, returning, "n") },
			"opaque":         func(p *program) { p.exec(p.db, opaque) },
			"prepared query": func(p *program) { stmtOf(p, selectOne).query(1) },
			"prepared exec":  func(p *program) { stmtOf(p, update).exec("x", 1) },
		} {
			t.Run(fmt.Sprintf("%04b/%s", stmt, name), func(t *testing.T) {
				script{
					fake:    fakedb.Config{Conn: fakedb.ModernConn, Stmt: stmt, Rows: fakedb.AllRows},
					replies: waiting,
					run: func(p *program) {
						p.cancellable(func() { do(p) })
						p.fail("ping", p.db.PingContext(p.ctx))
					},
					mayHit: true,
				}.compare(t)
			})
		}
	}
}

// stmtOf returns how to run a prepared statement once.
func stmtOf(p *program, query string) (s struct{ query, exec func(...any) }) {
	stmt, err := p.db.PrepareContext(p.ctx, query)
	p.fail("prepare", err)
	s.query = func(args ...any) {
		rows, err := stmt.QueryContext(p.ctx, args...)
		p.rows("prepared query", rows, err)
		p.fail("close statement", stmt.Close())
	}
	s.exec = func(args ...any) {
		r, err := stmt.ExecContext(p.ctx, args...)
		p.result("prepared exec", r, err)
		p.fail("close statement", stmt.Close())
	}
	return s
}

// A driver without the interfaces that take a context is not asked once it has
// ended, and what it has just made is undone.
func TestContextsThatEndBetweenTwoCalls(t *testing.T) {
	for _, conn := range []fakedb.ConnRole{0, fakedb.ConnNamedValueChecker, fakedb.Queryer | fakedb.Execer, fakedb.Queryer | fakedb.Execer | fakedb.ConnNamedValueChecker} {
		for _, stmt := range []fakedb.StmtRole{0, fakedb.ColumnConverter, fakedb.StmtNamedValueChecker} {
			for _, op := range []string{"Conn.Prepare", "Conn.Begin", "Conn.CheckNamedValue", "Stmt.CheckNamedValue", "Stmt.ColumnConverter"} {
				t.Run(fmt.Sprintf("%010b/%04b/%s", conn, stmt, op), func(t *testing.T) {
					script{
						fake: fakedb.Config{Conn: conn, Stmt: stmt, Replies: replies()},
						fail: cancelling(op),
						run: func(p *program) {
							for _, do := range []func(){
								func() { p.exec(p.db, update, "x", 1) },
								func() { p.query(p.db, update, "x", 1) },
								func() { p.prepared(p.db, update, "x", 1) },
								func() { p.begin(nil, func(tx *sql.Tx) { p.fail("rollback", tx.Rollback()) }) },
							} {
								// Where the operation is not part of it, nothing ends.
								p.cancellable(do)
							}
						},
					}.compare(t)
				})
			}
		}
	}
}
