package fakedb

import (
	"context"
	"database/sql/driver"
	"sync/atomic"
)

// stmt is what every statement has.
type stmt struct {
	c      *conn
	query  string
	closed atomic.Bool
}

func (s *stmt) use(op string) (end func()) {
	if s.closed.Load() {
		s.c.db.violation("%s on closed statement %q", op, s.query)
	}
	return s.c.use(op)
}

func (s *stmt) Close() error {
	end := s.c.use("Stmt.Close")
	defer end()
	if !s.closed.Swap(true) {
		s.c.db.count("stmt", -1)
	}
	return s.c.record(context.Background(), Call{Op: "Stmt.Close", Query: s.query})
}

func (s *stmt) NumInput() int { return s.c.db.cfg.NumInput(s.query) }

func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	s.use("Stmt.Query")()
	return s.c.query(context.Background(), "Stmt.Query", s.query, named(args))
}

func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	s.use("Stmt.Exec")()
	return s.c.exec(context.Background(), "Stmt.Exec", s.query, named(args))
}

// The optional interfaces of a statement, one type each.
type (
	stmtQueryContext struct{ s *stmt }
	stmtExecContext  struct{ s *stmt }
	columnConverter  struct{ s *stmt }
	stmtChecker      struct{ s *stmt }
)

func (f stmtQueryContext) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	f.s.use("Stmt.QueryContext")()
	return f.s.c.query(ctx, "Stmt.QueryContext", f.s.query, args)
}

func (f stmtExecContext) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	f.s.use("Stmt.ExecContext")()
	return f.s.c.exec(ctx, "Stmt.ExecContext", f.s.query, args)
}

func (f columnConverter) ColumnConverter(index int) driver.ValueConverter {
	f.s.use("Stmt.ColumnConverter")()
	return converter{f.s, index}
}

// converter writes down the values that it is asked to convert.
type converter struct {
	s     *stmt
	index int
}

func (v converter) ConvertValue(value any) (driver.Value, error) {
	call := Call{Op: "Stmt.ColumnConverter", Query: v.s.query, Args: []driver.NamedValue{{Ordinal: v.index + 1, Value: value}}}
	if err := v.s.c.record(context.Background(), call); err != nil {
		return nil, err
	}
	return v.s.c.db.cfg.Converter(v.index).ConvertValue(value)
}

func (f stmtChecker) CheckNamedValue(nv *driver.NamedValue) error {
	f.s.use("Stmt.CheckNamedValue")()
	return f.s.c.check("Stmt.CheckNamedValue", f.s.query, nv)
}
