package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/moneyclip/moneyclip/internal/fakedb"
)

// program does what programs do with a database, and notes all that it sees.
type program struct {
	t     *testing.T
	ctx   context.Context
	db    *sql.DB
	fake  *fakedb.DB
	begun atomic.Bool
	seen  []string

	// Of the context that cancellable gives.
	cancel context.CancelFunc
}

func (p *program) note(format string, args ...any) {
	p.seen = append(p.seen, fmt.Sprintf(format, args...))
}

// errFake is the driver's own error: it is to arrive as it is.
var errFake = &fakeError{"fake error"}

type fakeError struct{ text string }

func (e *fakeError) Error() string { return e.text }

// fail notes an error, with what a program finds out about it.
func (p *program) fail(what string, err error) {
	if err == nil {
		p.note("%s: no error", what)
		return
	}
	var is []string
	for _, target := range []error{
		errFake, sqldriver.ErrBadConn, sqldriver.ErrSkip, sqldriver.ErrRemoveArgument, io.EOF,
		sql.ErrNoRows, sql.ErrTxDone, sql.ErrConnDone, context.Canceled, context.DeadlineExceeded,
	} {
		if err == target {
			is = append(is, "== "+target.Error())
		} else if errors.Is(err, target) {
			is = append(is, "wraps "+target.Error())
		}
	}
	p.note("%s: %T %q %q", what, err, err, is)
}

// querier is a database, a connection or a transaction.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
}

func (p *program) query(q querier, query string, args ...any) {
	rows, err := q.QueryContext(p.ctx, query, args...)
	p.rows("query "+query, rows, err)
}

// rows reads all there is to read.
func (p *program) rows(what string, rows *sql.Rows, err error) {
	p.fail(what, err)
	if err != nil {
		return
	}
	for set := 0; ; set++ {
		p.columns(rows)
		for rows.Next() {
			p.scan(rows)
		}
		p.fail("end of set", rows.Err())
		if !rows.NextResultSet() {
			break
		}
	}
	p.fail("end of rows", rows.Err())
	p.fail("close rows", rows.Close())
	p.fail("after close", rows.Err())
}

func (p *program) columns(rows *sql.Rows) {
	names, err := rows.Columns()
	p.fail("columns", err)
	p.note("%q", names)
	types, err := rows.ColumnTypes()
	p.fail("column types", err)
	for _, c := range types {
		length, hasLength := c.Length()
		precision, scale, hasDecimal := c.DecimalSize()
		nullable, hasNullable := c.Nullable()
		p.note("column %q %q %v, length %d %v, decimal %d %d %v, nullable %v %v", c.Name(), c.DatabaseTypeName(), c.ScanType(),
			length, hasLength, precision, scale, hasDecimal, nullable, hasNullable)
	}
}

func (p *program) scan(rows *sql.Rows) {
	names, err := rows.Columns()
	if err != nil {
		p.fail("columns", err)
		return
	}
	values := make([]any, len(names))
	raw := make([]sql.RawBytes, len(names))
	into, intoRaw := make([]any, len(names)), make([]any, len(names))
	for i := range names {
		into[i], intoRaw[i] = &values[i], &raw[i]
	}
	p.fail("scan", rows.Scan(into...))
	for _, v := range values {
		p.note("value %T %#v", v, v)
	}
	p.fail("scan raw", rows.Scan(intoRaw...))
	for _, v := range raw {
		p.note("raw %q", v)
	}
}

func (p *program) queryRow(q querier, query string, args ...any) {
	var v any
	p.fail("query row "+query, q.QueryRowContext(p.ctx, query, args...).Scan(&v))
	p.note("%T %#v", v, v)
}

func (p *program) exec(q querier, query string, args ...any) {
	r, err := q.ExecContext(p.ctx, query, args...)
	p.result("exec "+query, r, err)
}

func (p *program) result(what string, r sql.Result, err error) {
	p.fail(what, err)
	if err != nil {
		return
	}
	n, err := r.RowsAffected()
	p.fail(fmt.Sprintf("%d rows", n), err)
	n, err = r.LastInsertId()
	p.fail(fmt.Sprintf("id %d", n), err)
}

// prepared runs a text twice as a statement: rows, then an effect.
func (p *program) prepared(q querier, query string, args ...any) {
	stmt, err := q.PrepareContext(p.ctx, query)
	p.fail("prepare "+query, err)
	if err != nil {
		return
	}
	rows, err := stmt.QueryContext(p.ctx, args...)
	p.rows("prepared query", rows, err)
	r, err := stmt.ExecContext(p.ctx, args...)
	p.result("prepared exec", r, err)
	p.fail("close statement", stmt.Close())
}

// begin runs f in a transaction.
func (p *program) begin(opts *sql.TxOptions, f func(*sql.Tx)) {
	tx, err := p.db.BeginTx(p.ctx, opts)
	p.fail("begin", err)
	if err == nil {
		f(tx)
	}
}

func (p *program) conn(f func(*sql.Conn)) {
	c, err := p.db.Conn(p.ctx)
	p.fail("conn", err)
	if err == nil {
		f(c)
		p.fail("close conn", c.Close())
	}
}

// marked runs f with a context that the driver's transcript shows.
func (p *program) marked(mark string, f func()) {
	outer := p.ctx
	p.ctx = fakedb.WithMark(outer, mark)
	f()
	p.ctx = outer
}

// cancellable runs f with a context of its own.
func (p *program) cancellable(f func()) {
	outer := p.ctx
	p.ctx, p.cancel = context.WithCancel(outer)
	f()
	p.cancel()
	p.ctx, p.cancel = outer, nil
}
