package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// This file answers for an inner driver's missing interfaces exactly as
// database/sql's own ctxutil.go and convert.go do, errors included.

func connPrepare(ctx context.Context, ci sqldriver.Conn, query string) (sqldriver.Stmt, error) {
	if cc, ok := ci.(sqldriver.ConnPrepareContext); ok {
		return cc.PrepareContext(ctx, query)
	}
	si, err := ci.Prepare(query)
	if err == nil {
		select {
		default:
		case <-ctx.Done():
			si.Close()
			return nil, ctx.Err()
		}
	}
	return si, err
}

// connQuery returns ErrSkip where the connection cannot query directly.
func connQuery(ctx context.Context, ci sqldriver.Conn, query string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	if qc, ok := ci.(sqldriver.QueryerContext); ok {
		return qc.QueryContext(ctx, query, args)
	}
	q, ok := ci.(sqldriver.Queryer) //nolint:staticcheck // drivers without the context form exist
	if !ok {
		return nil, sqldriver.ErrSkip
	}
	values, err := positional(args)
	if err != nil {
		return nil, err
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return q.Query(query, values)
}

// connExec returns ErrSkip where the connection cannot execute directly.
func connExec(ctx context.Context, ci sqldriver.Conn, query string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	if ec, ok := ci.(sqldriver.ExecerContext); ok {
		return ec.ExecContext(ctx, query, args)
	}
	e, ok := ci.(sqldriver.Execer) //nolint:staticcheck // drivers without the context form exist
	if !ok {
		return nil, sqldriver.ErrSkip
	}
	values, err := positional(args)
	if err != nil {
		return nil, err
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return e.Exec(query, values)
}

// takes reports whether a connection queries, or executes, directly.
func takes(ci sqldriver.Conn, query bool) bool {
	if query {
		_, old := ci.(sqldriver.Queryer) //nolint:staticcheck // drivers without the context form exist
		_, now := ci.(sqldriver.QueryerContext)
		return old || now
	}
	_, old := ci.(sqldriver.Execer) //nolint:staticcheck // drivers without the context form exist
	_, now := ci.(sqldriver.ExecerContext)
	return old || now
}

func stmtExec(ctx context.Context, si sqldriver.Stmt, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	if sc, ok := si.(sqldriver.StmtExecContext); ok {
		return sc.ExecContext(ctx, args)
	}
	values, err := positional(args)
	if err != nil {
		return nil, err
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return si.Exec(values) //nolint:staticcheck // drivers without the context form exist
}

func stmtQuery(ctx context.Context, si sqldriver.Stmt, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	if sc, ok := si.(sqldriver.StmtQueryContext); ok {
		return sc.QueryContext(ctx, args)
	}
	values, err := positional(args)
	if err != nil {
		return nil, err
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return si.Query(values) //nolint:staticcheck // drivers without the context form exist
}

func connBegin(ctx context.Context, ci sqldriver.Conn, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	if cb, ok := ci.(sqldriver.ConnBeginTx); ok {
		return cb.BeginTx(ctx, opts)
	}
	if opts.Isolation != 0 {
		return nil, errors.New("sql: driver does not support non-default isolation level")
	}
	if opts.ReadOnly {
		return nil, errors.New("sql: driver does not support read-only transactions")
	}
	if ctx.Done() == nil {
		return ci.Begin() //nolint:staticcheck // drivers without the context form exist
	}
	tx, err := ci.Begin() //nolint:staticcheck // drivers without the context form exist
	if err == nil {
		select {
		default:
		case <-ctx.Done():
			tx.Rollback()
			return nil, ctx.Err()
		}
	}
	return tx, err
}

func ended(ctx context.Context) error {
	select {
	default:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func positional(named []sqldriver.NamedValue) ([]sqldriver.Value, error) {
	values := make([]sqldriver.Value, len(named))
	for n, nv := range named {
		if nv.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		values[n] = nv.Value
	}
	return values, nil
}

// checkArgs converts arguments that our own CheckNamedValue let through,
// because the inner connection was not dialled, or the inner statement not
// prepared, at that time. si is nil for a direct call.
func checkArgs(ci sqldriver.Conn, si sqldriver.Stmt, raw []sqldriver.NamedValue) ([]sqldriver.NamedValue, error) {
	checker, ok := si.(sqldriver.NamedValueChecker)
	if !ok {
		checker, _ = ci.(sqldriver.NamedValueChecker)
	}
	columns, _ := si.(sqldriver.ColumnConverter) //nolint:staticcheck // drivers without NamedValueChecker exist
	want := -1
	if si != nil {
		want = si.NumInput()
	}
	args := make([]sqldriver.NamedValue, 0, len(raw))
	for _, nv := range raw {
		nv.Ordinal = len(args) + 1
		err := sqldriver.ErrSkip
		if checker != nil {
			err = checker.CheckNamedValue(&nv)
		}
		if err == sqldriver.ErrSkip && columns != nil { //nolint:errorlint // database/sql compares with ==
			err = checkColumn(columns, &nv, want)
		}
		if err == sqldriver.ErrSkip { //nolint:errorlint // database/sql compares with ==
			nv.Value, err = sqldriver.DefaultParameterConverter.ConvertValue(nv.Value)
		}
		switch err { //nolint:errorlint // database/sql compares with ==
		case nil:
			args = append(args, nv)
		case sqldriver.ErrRemoveArgument:
		default:
			return nil, fmt.Errorf("sql: converting argument %s type: %w", describe(nv), err)
		}
	}
	if want != -1 && len(args) != want {
		return nil, fmt.Errorf("sql: expected %d arguments, got %d", want, len(args))
	}
	return args, nil
}

// checkColumn is database/sql's use of a ColumnConverter.
func checkColumn(columns sqldriver.ColumnConverter, nv *sqldriver.NamedValue, want int) error { //nolint:staticcheck // see checkArgs
	index := nv.Ordinal - 1
	if want <= index {
		return nil
	}
	if _, ok := nv.Value.(sqldriver.Valuer); ok {
		// DefaultParameterConverter knows a nil pointer; its own verdict on a
		// value that is none is worded differently.
		v, err := callValuer(nv.Value)
		if err != nil {
			return err
		}
		if !sqldriver.IsValue(v) {
			return fmt.Errorf("non-subset type %T returned from Value", v)
		}
		nv.Value = v
	}
	arg := nv.Value
	var err error
	if nv.Value, err = columns.ColumnConverter(index).ConvertValue(arg); err != nil {
		return err
	}
	if !sqldriver.IsValue(nv.Value) {
		return fmt.Errorf("driver ColumnConverter error converted %T to unsupported type %T", arg, nv.Value)
	}
	return nil
}

// callValuer calls Value, but answers nil for a nil pointer whose method is the
// value's, as database/sql does.
func callValuer(v any) (any, error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer && rv.IsNil() && rv.Type().Elem().Implements(reflect.TypeFor[sqldriver.Valuer]()) {
		return nil, nil
	}
	return v.(sqldriver.Valuer).Value()
}

func describe(nv sqldriver.NamedValue) string {
	if nv.Name == "" {
		return fmt.Sprintf("$%d", nv.Ordinal)
	}
	return fmt.Sprintf("with name %q", nv.Name)
}

// queryer asks one inner connection, for the catalog.
type queryer struct{ conn sqldriver.Conn }

// Query reads a whole result.
func (q queryer) Query(ctx context.Context, query string) ([][]any, error) {
	rows, err := connQuery(ctx, q.conn, query, nil)
	if err == sqldriver.ErrSkip { //nolint:errorlint // database/sql compares with ==
		stmt, perr := connPrepare(ctx, q.conn, query)
		if perr != nil {
			return nil, perr
		}
		defer stmt.Close()
		rows, err = stmtQuery(ctx, stmt, nil)
	}
	if err != nil {
		return nil, err
	}
	var all [][]any
	width := len(rows.Columns())
	dest := make([]sqldriver.Value, width)
	for {
		err := rows.Next(dest)
		if err == io.EOF { //nolint:errorlint // database/sql compares with ==
			break
		}
		if err != nil {
			rows.Close()
			return nil, err
		}
		row := make([]any, width)
		for i, v := range dest {
			row[i] = cloned(v)
		}
		all = append(all, row)
	}
	return all, rows.Close()
}

// cloned copies a value whose memory the driver may use again.
func cloned(v sqldriver.Value) sqldriver.Value {
	if b, ok := v.([]byte); ok && b != nil {
		return append(make([]byte, 0, len(b)), b...)
	}
	return v
}
