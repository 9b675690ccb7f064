package driver

import (
	"context"
	sqldriver "database/sql/driver"

	"github.com/moneyclip/moneyclip/parse"
)

var (
	_ sqldriver.Stmt              = (*stmt)(nil)
	_ sqldriver.StmtQueryContext  = (*stmt)(nil)
	_ sqldriver.StmtExecContext   = (*stmt)(nil)
	_ sqldriver.NamedValueChecker = (*stmt)(nil)
	_ sqldriver.ColumnConverter   = (*convertingStmt)(nil)
)

// stmt is a prepared statement. It prepares again where the link it was
// prepared on is gone.
type stmt struct {
	c        *conn
	query    string
	inner    sqldriver.Stmt // nil after the link was taken
	link     *link
	numInput int
	// unchecked says that the arguments of the execution at hand were let
	// through without the inner statement.
	unchecked bool
	load      *writing // of COPY: held until the statement is closed
}

// convertingStmt is a statement whose inner one has a ColumnConverter: its
// presence changes what database/sql does with arguments.
type convertingStmt struct{ *stmt }

// prepare makes the statement on the link that the caller has just used.
func (c *conn) prepare(ctx context.Context, inner sqldriver.Conn, query string) (sqldriver.Stmt, error) {
	s := &stmt{c: c, query: query, link: c.link}
	r, err := c.realm(ctx)
	if err != nil {
		return nil, err
	}
	if loads(r.texts.Of(query).Facts) {
		if err := s.announce(ctx, r); err != nil {
			return nil, err
		}
	}
	s.inner, err = connPrepare(ctx, inner, query)
	if err != nil {
		if s.load != nil {
			s.load.over(err)
		}
		return nil, err
	}
	s.numInput = s.inner.NumInput()
	if c.stmts == nil {
		c.stmts = map[*stmt]struct{}{}
	}
	c.stmts[s] = struct{}{}
	if _, ok := s.inner.(sqldriver.ColumnConverter); ok { //nolint:staticcheck // drivers without NamedValueChecker exist
		return convertingStmt{s}, nil
	}
	return s, nil
}

// loads reports whether a text takes rows from its statement's executions until
// it is closed (COPY … FROM STDIN).
func loads(f *parse.Facts) bool {
	for _, w := range f.Writes {
		if w.Op == parse.Copy {
			return true
		}
	}
	return false
}

// announce holds the table that rows will be copied into, or leaves it to the
// transaction.
func (s *stmt) announce(ctx context.Context, r *realm) error {
	effects := r.texts.Of(s.query).effects(r, s.c.link, nil)
	if s.c.inTx() {
		s.c.link.pending.add(effects, r)
		if s.c.tx != nil {
			return nil
		}
	}
	var keys keySet
	keys.add(effects, r)
	w, err := s.c.hold(ctx, r, &keys)
	s.load = w
	return err
}

// use makes the link and the inner statement ready.
func (s *stmt) use(ctx context.Context) (sqldriver.Stmt, error) {
	inner, err := s.c.use(ctx)
	if err != nil {
		return nil, err
	}
	if s.inner != nil && s.link == s.c.link {
		return s.inner, nil
	}
	if s.inner, err = connPrepare(ctx, inner, s.query); err != nil {
		return nil, err
	}
	s.link = s.c.link
	return s.inner, nil
}

// Close ends the statement, and a COPY with it.
func (s *stmt) Close() error {
	s.c.cn.real.enter(s.c)
	delete(s.c.stmts, s)
	var err error
	if s.inner != nil && s.link == s.c.link {
		err = s.inner.Close()
	}
	s.inner = nil
	if s.c.pooled {
		s.c.cn.real.park(s.c)
	}
	if s.load != nil {
		s.load.over(err)
		s.load = nil
	}
	return err
}

// forget closes the inner statement; the next use prepares it again.
func (s *stmt) forget() {
	if s.inner != nil {
		s.inner.Close()
		s.inner = nil
	}
}

// NumInput is the inner statement's; unknown while that is checked later.
func (s *stmt) NumInput() int {
	s.c.cn.real.enter(s.c)
	if s.inner == nil || s.link != s.c.link {
		return -1
	}
	return s.numInput
}

// Exec is the old form of ExecContext.
func (s *stmt) Exec(args []sqldriver.Value) (sqldriver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query is the old form of QueryContext.
func (s *stmt) Query(args []sqldriver.Value) (sqldriver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(args []sqldriver.Value) []sqldriver.NamedValue {
	out := make([]sqldriver.NamedValue, len(args))
	for i, v := range args {
		out[i] = sqldriver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}

// ExecContext takes the same way as a direct call.
func (s *stmt) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	k, err := s.c.call(ctx, s.query, s, args)
	if err != nil {
		return nil, err
	}
	return k.exec(ctx)
}

// QueryContext takes the same way as a direct call.
func (s *stmt) QueryContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	k, err := s.c.call(ctx, s.query, s, args)
	if err != nil {
		return nil, err
	}
	return k.run(ctx)
}

// CheckNamedValue asks the inner statement, then the inner connection, and
// leaves the rest to database/sql. Where the link was taken it lets every
// argument through: they are checked once there is another.
func (s *stmt) CheckNamedValue(nv *sqldriver.NamedValue) error {
	s.c.cn.real.enter(s.c)
	s.unchecked = s.inner == nil || s.link != s.c.link
	if s.unchecked {
		return nil
	}
	if c, ok := s.inner.(sqldriver.NamedValueChecker); ok {
		return c.CheckNamedValue(nv)
	}
	if c, ok := s.link.inner.(sqldriver.NamedValueChecker); ok {
		return c.CheckNamedValue(nv)
	}
	return sqldriver.ErrSkip
}

// ColumnConverter is the inner statement's.
func (s convertingStmt) ColumnConverter(i int) sqldriver.ValueConverter {
	return s.inner.(sqldriver.ColumnConverter).ColumnConverter(i) //nolint:staticcheck // drivers without NamedValueChecker exist
}
