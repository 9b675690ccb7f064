package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/pause"
	"github.com/moneyclip/moneyclip/parse"
)

// trapStep is one call of an inner driver.
type trapStep struct {
	ctx   context.Context
	op    string // query, exec, prepare, begin, commit, rollback, rows closed
	query string // of query, exec, prepare and rows closed
	conn  sqldriver.Conn
}

// trapSteps stands between a wrapped handle and the real driver: a test may
// stop a step, have it fail, or change its answer. It may be used concurrently.
type trapSteps struct {
	mu     sync.Mutex
	before func(trapStep) error        // an error: the step is not taken
	after  func(trapStep, error) error // the step's answer
}

func (s *trapSteps) set(before func(trapStep) error, after func(trapStep, error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *trapSteps) take(step trapStep, do func() error) error {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		if err := before(step); err != nil {
			return err
		}
	}
	err := do()
	if after != nil {
		err = after(step, err)
	}
	return err
}

// stopBefore stops the first step of this kind whose query contains text,
// before it is taken.
func (s *trapSteps) stopBefore(t *testing.T, op, text string) *trapGate {
	gate := newTrapGate(t)
	s.set(func(step trapStep) error {
		if step.op == op && strings.Contains(step.query, text) {
			gate.stop()
		}
		return nil
	}, nil)
	return gate
}

// stopAfter stops it once it is taken.
func (s *trapSteps) stopAfter(t *testing.T, op, text string) *trapGate {
	gate := newTrapGate(t)
	s.set(nil, func(step trapStep, err error) error {
		if step.op == op && strings.Contains(step.query, text) {
			gate.stop()
		}
		return err
	})
	return gate
}

// trapGate stops the first who comes, and lets everybody else through.
type trapGate struct {
	taken   atomic.Bool
	reached chan struct{}
	opened  chan struct{}
	once    sync.Once
}

func newTrapGate(t *testing.T) *trapGate {
	g := &trapGate{reached: make(chan struct{}), opened: make(chan struct{})}
	t.Cleanup(g.open) // a test that fails must not hang
	return g
}

func (g *trapGate) stop() {
	if g.taken.Swap(true) {
		return
	}
	close(g.reached)
	<-g.opened
}

func (g *trapGate) open() { g.once.Do(func() { close(g.opened) }) }

// wait returns when somebody is stopped.
func (g *trapGate) wait(t *testing.T) {
	t.Helper()
	trapAwait(t, "the way to the gate", g.reached)
}

// stopAtPause stops the first who comes to a pause point of the protocol. The
// points are the process's: a test that uses it runs alone.
func stopAtPause(t *testing.T, point string) *trapGate {
	gate := newTrapGate(t)
	pause.Set(func(at string) {
		if at == point {
			gate.stop()
		}
	})
	t.Cleanup(func() { pause.Set(nil) })
	return gate
}

var trapRegistrations atomic.Int64

// trapDriver is the real driver with steps that can be stopped, under a name
// that all handles of one rig share: the name is part of what their results
// are kept under.
type trapDriver struct {
	real sqldriver.Driver
	name string
	next *trapSteps // of the connector that is opened next
}

var _ sqldriver.DriverContext = (*trapDriver)(nil)

func newTrapDriver(t *testing.T, inner string) *trapDriver {
	t.Helper()
	db, err := sql.Open(inner, "")
	if err != nil {
		t.Fatal(err)
	}
	d := &trapDriver{real: db.Driver(), name: fmt.Sprintf("trap-%s-%d", inner, trapRegistrations.Add(1))}
	_ = db.Close() // nothing was dialled
	sql.Register(d.name, d)
	return d
}

// register makes moneyclip's driver over this one and returns its name.
func (d *trapDriver) register(t *testing.T, dialect parse.Dialect, steps *trapSteps, opts ...driver.Option) string {
	t.Helper()
	d.next = steps
	name := fmt.Sprintf("%s-%d", d.name, trapRegistrations.Add(1))
	if err := driver.Register(name, d.name, dialect, opts...); err != nil {
		t.Fatal(err)
	}
	return "moneyclip+" + name
}

func (d *trapDriver) Open(dsn string) (sqldriver.Conn, error) {
	return trapConnector{d, dsn, d.next}.Connect(context.Background())
}

func (d *trapDriver) OpenConnector(dsn string) (sqldriver.Connector, error) {
	return trapConnector{d, dsn, d.next}, nil
}

type trapConnector struct {
	driver *trapDriver
	dsn    string
	steps  *trapSteps
}

func (c trapConnector) Driver() sqldriver.Driver { return c.driver }

func (c trapConnector) Connect(context.Context) (sqldriver.Conn, error) {
	conn, err := c.driver.real.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	tc := trapConn{Conn: conn, steps: c.steps}
	if _, ok := conn.(sqldriver.NamedValueChecker); ok {
		return trapCheckingConn{tc}, nil
	}
	return tc, nil
}

// trapConn forwards what the three drivers of the traps have.
type trapConn struct {
	sqldriver.Conn
	steps *trapSteps
}

// Raw is what otelsql and its like have, so that driver.Raw reaches the
// driver's own connection.
func (c trapConn) Raw() sqldriver.Conn { return c.Conn }

func (c trapConn) QueryContext(ctx context.Context, query string, args []sqldriver.NamedValue) (rows sqldriver.Rows, err error) {
	step := trapStep{ctx, "query", query, c.Conn}
	err = c.steps.take(step, func() (err error) {
		rows, err = c.Conn.(sqldriver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	return trapRowsOver{rows, c.steps, step}, nil
}

func (c trapConn) ExecContext(ctx context.Context, query string, args []sqldriver.NamedValue) (result sqldriver.Result, err error) {
	err = c.steps.take(trapStep{ctx, "exec", query, c.Conn}, func() (err error) {
		result, err = c.Conn.(sqldriver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

func (c trapConn) PrepareContext(ctx context.Context, query string) (stmt sqldriver.Stmt, err error) {
	err = c.steps.take(trapStep{ctx, "prepare", query, c.Conn}, func() (err error) {
		if p, ok := c.Conn.(sqldriver.ConnPrepareContext); ok {
			stmt, err = p.PrepareContext(ctx, query)
		} else {
			stmt, err = c.Conn.Prepare(query)
		}
		return err
	})
	if _, mysql := stmt.(sqldriver.NamedValueChecker); err == nil && mysql {
		// To its direct calls this driver answers ErrSkip: what it does is done
		// by statements.
		return trapStmt{stmt, c, query}, nil
	}
	return stmt, err
}

// trapStmt is a statement of MySQL's driver, whose executions are steps as
// direct ones are.
type trapStmt struct {
	sqldriver.Stmt
	conn  trapConn
	query string
}

func (s trapStmt) CheckNamedValue(nv *sqldriver.NamedValue) error {
	return s.Stmt.(sqldriver.NamedValueChecker).CheckNamedValue(nv)
}

func (s trapStmt) QueryContext(ctx context.Context, args []sqldriver.NamedValue) (rows sqldriver.Rows, err error) {
	step := trapStep{ctx, "query", s.query, s.conn.Conn}
	err = s.conn.steps.take(step, func() (err error) {
		rows, err = s.Stmt.(sqldriver.StmtQueryContext).QueryContext(ctx, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	return trapRowsOver{rows, s.conn.steps, step}, nil
}

func (s trapStmt) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (result sqldriver.Result, err error) {
	err = s.conn.steps.take(trapStep{ctx, "exec", s.query, s.conn.Conn}, func() (err error) {
		result, err = s.Stmt.(sqldriver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
	return result, err
}

func (c trapConn) BeginTx(ctx context.Context, opts sqldriver.TxOptions) (tx sqldriver.Tx, err error) {
	err = c.steps.take(trapStep{ctx, "begin", "", c.Conn}, func() (err error) {
		tx, err = c.Conn.(sqldriver.ConnBeginTx).BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return trapTx{tx, c.steps, trapStep{ctx: ctx, conn: c.Conn}}, nil
}

func (c trapConn) Ping(ctx context.Context) error {
	if p, ok := c.Conn.(sqldriver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

func (c trapConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(sqldriver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c trapConn) IsValid() bool {
	v, ok := c.Conn.(sqldriver.Validator)
	return !ok || v.IsValid()
}

// trapCheckingConn is a connection whose driver checks arguments itself.
type trapCheckingConn struct{ trapConn }

func (c trapCheckingConn) CheckNamedValue(nv *sqldriver.NamedValue) error {
	return c.Conn.(sqldriver.NamedValueChecker).CheckNamedValue(nv)
}

type trapTx struct {
	sqldriver.Tx
	steps *trapSteps
	step  trapStep
}

func (tx trapTx) Commit() error {
	tx.step.op = "commit"
	return tx.steps.take(tx.step, tx.Tx.Commit)
}

func (tx trapTx) Rollback() error {
	tx.step.op = "rollback"
	return tx.steps.take(tx.step, tx.Tx.Rollback)
}

// trapRowsOver tells when rows have been read and closed.
type trapRowsOver struct {
	sqldriver.Rows
	steps *trapSteps
	step  trapStep
}

func (r trapRowsOver) Close() error {
	r.step.op = "rows closed"
	return r.steps.take(r.step, r.Rows.Close)
}

func (r trapRowsOver) HasNextResultSet() bool {
	n, ok := r.Rows.(sqldriver.RowsNextResultSet)
	return ok && n.HasNextResultSet()
}

func (r trapRowsOver) NextResultSet() error {
	if n, ok := r.Rows.(sqldriver.RowsNextResultSet); ok {
		return n.NextResultSet()
	}
	return io.EOF
}
