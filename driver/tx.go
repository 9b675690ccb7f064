package driver

import (
	"context"
	sqldriver "database/sql/driver"
)

var _ sqldriver.Tx = (*tx)(nil)

// tx is a transaction begun through the driver API. It keeps the context of
// BeginTx, because Commit and Rollback have none: database/sql does the same.
type tx struct {
	c     *conn
	inner sqldriver.Tx
	ctx   context.Context
}

// BeginTx begins a transaction. Reads in it go to the database; what it writes
// is gathered and held at its commit.
func (c *conn) BeginTx(ctx context.Context, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	c.reassure(ctx)
	inner, err := c.use(ctx)
	if err != nil {
		return nil, err
	}
	itx, err := connBegin(ctx, inner, opts)
	if err != nil {
		return nil, err
	}
	c.tx = &tx{c: c, inner: itx, ctx: ctx}
	return c.tx, nil
}

// Commit holds what was written, commits, and releases.
func (t *tx) Commit() error {
	c, l := t.c, t.c.link
	if l.pending.empty() && !l.pending.reload {
		t.end()
		return t.inner.Commit()
	}
	// The hold has a time limit of its own; the caller's context may end
	// between a commit that was sent and its answer, but not undo it.
	w, err := c.hold(context.WithoutCancel(t.ctx), c.cn.realm.Load(), &l.pending)
	if err != nil {
		t.end()
		t.inner.Rollback() // nothing was committed; the error says why
		l.pending = keySet{}
		return err
	}
	t.end()
	err = t.inner.Commit()
	l.pending = keySet{}
	w.over(err)
	return err
}

// Rollback drops what was written.
func (t *tx) Rollback() error {
	t.end()
	err := t.inner.Rollback()
	if err != nil {
		// Whether a text in it committed is not known: it was held then.
		t.c.bad = true
	}
	t.c.link.pending = keySet{}
	return err
}

// end takes the transaction off its connection. Drivers without SessionResetter
// or Validator lose a connection whose transaction's context ended: database/sql
// asks the outermost connection, which has both.
func (t *tx) end() {
	c := t.c
	c.tx = nil
	inner := c.link.inner
	_, resets := inner.(sqldriver.SessionResetter)
	_, validates := inner.(sqldriver.Validator)
	if t.ctx.Err() != nil && !(resets && validates) {
		c.bad = true
	}
}
