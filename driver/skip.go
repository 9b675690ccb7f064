package driver

import (
	"context"
	sqldriver "database/sql/driver"
)

// A connection that answers driver.ErrSkip to a direct call leaves it to a
// statement: database/sql prepares one, uses it once and closes it (sql.go,
// queryDC and execDC). By then the call has cost a lookup or a hold, so it is
// done here, in the same steps; only a call that has cost nothing is handed
// back, and its rows stay the inner driver's own.

// expected is the identity under which the call's result will be kept, as far
// as that can be told before the database was asked.
func (k *call) expected() identity {
	if k.stmt != nil {
		return k.t.prepared
	}
	way := k.t.way.Load()
	if way == wayUnknown {
		way = k.c.cn.way.Load()
	}
	if way == wayPrepared && len(k.args) > 0 {
		return k.t.prepared
	}
	return k.t.direct
}

// identity is the one under which the result is kept: by the way it came.
func (k *call) identity() identity {
	if k.stmt != nil || k.skipped {
		return k.t.prepared
	}
	return k.t.direct
}

// skips notes how the inner connection took a direct call, and reports whether
// the call goes on here by a statement.
func (k *call) skips(err error) bool {
	skipped := err == sqldriver.ErrSkip //nolint:errorlint // database/sql compares with ==
	switch {
	case len(k.args) == 0:
	case skipped:
		k.t.went(k.c.cn, wayPrepared)
	case err == nil:
		k.t.went(k.c.cn, wayDirect)
	}
	return skipped && k.owed
}

// prepareSkipped prepares the text and converts the arguments by the statement.
// A write whose arguments thereby mean something else than what is held is
// handed back.
func (k *call) prepareSkipped(ctx context.Context) (sqldriver.Stmt, []sqldriver.NamedValue, error) {
	inner := k.c.link.inner
	si, err := connPrepare(ctx, inner, k.query)
	if err != nil {
		return nil, nil, err
	}
	args, err := checkArgs(inner, si, k.args)
	if err != nil {
		return nil, nil, closing(si, err)
	}
	values := agree(k.values, args, k.r.passes)
	if k.acts && !untouched(values, k.values) {
		return nil, nil, closing(si, sqldriver.ErrSkip)
	}
	k.values, k.skipped = values, true
	return si, args, nil
}

// untouched reports whether agree left the meanings as they were.
func untouched(now, before []sqldriver.NamedValue) bool {
	return len(now) == len(before) && (len(now) == 0 || &now[0] == &before[0])
}

// closing closes a statement that is not used. database/sql looks at nothing
// but the first error.
func closing(si sqldriver.Stmt, err error) error {
	si.Close()
	return err
}

func (k *call) querySkipped(ctx context.Context) (sqldriver.Rows, error) {
	si, args, err := k.prepareSkipped(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := stmtQuery(ctx, si, args)
	if err != nil {
		return nil, closing(si, err)
	}
	return &stmtRows{prefixRows: prefixRows{Rows: rows}, stmt: si}, nil
}

func (k *call) execSkipped(ctx context.Context) (sqldriver.Result, error) {
	si, args, err := k.prepareSkipped(ctx)
	if err != nil {
		return nil, err
	}
	defer si.Close()
	return stmtExec(ctx, si, args)
}

// stmtRows are the rows of a statement that is used once: it ends with them.
type stmtRows struct {
	prefixRows
	stmt sqldriver.Stmt
}

// Close closes the rows and then the statement, and returns the rows' error,
// as database/sql does.
func (r *stmtRows) Close() error {
	err := r.prefixRows.Close()
	if r.stmt != nil {
		r.stmt.Close()
		r.stmt = nil
	}
	return err
}

// told returns the rows that tell of their columns: the inner driver's own.
func told(rows sqldriver.Rows) sqldriver.Rows {
	if r, ok := rows.(*stmtRows); ok {
		return r.Rows
	}
	return rows
}
