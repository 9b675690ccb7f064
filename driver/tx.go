package driver

import (
	"context"
	sqldriver "database/sql/driver"

	"github.com/moneyclip/moneyclip/parse"
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
	itx, err := c.begin(ctx, inner, opts)
	if err != nil {
		return nil, err
	}
	c.tx = &tx{c: c, inner: itx, ctx: ctx}
	return c.tx, nil
}

// begin begins the inner transaction. In MySQL that commits what a text has
// left open.
func (c *conn) begin(ctx context.Context, inner sqldriver.Conn, opts sqldriver.TxOptions) (sqldriver.Tx, error) {
	l := c.link
	if c.cn.cfg.dialect != parse.MySQL || l.pending.empty() && !l.pending.reload {
		return connBegin(ctx, inner, opts)
	}
	w, err := c.hold(ctx, c.cn.realm.Load(), &l.pending)
	if err != nil {
		return nil, err
	}
	defer w.unlessDone()
	itx, err := connBegin(ctx, inner, opts)
	if err == nil {
		l.pending = keySet{}
	}
	w.over(err)
	return itx, err
}

// Commit holds what was written, commits, and releases.
func (t *tx) Commit() error {
	l := t.c.link
	if l.pending.empty() && !l.pending.reload {
		t.end()
		return t.inner.Commit()
	}
	w, err := t.hold()
	if err != nil {
		t.end()
		t.inner.Rollback() // nothing was committed; the error says why
		l.pending = keySet{}
		return err
	}
	defer w.unlessDone()
	t.end()
	err = t.inner.Commit()
	l.pending = keySet{}
	w.over(err)
	return err
}

// hold holds all that the transaction has written. It has a time limit of its
// own; the caller's context may end between a commit that was sent and its
// answer, but not undo it.
func (t *tx) hold() (*writing, error) {
	return t.c.hold(context.WithoutCancel(t.ctx), t.c.cn.realm.Load(), &t.c.link.pending)
}

// Rollback drops what was written, unless some of it may have been committed by
// a text, or by the database itself.
func (t *tx) Rollback() error {
	l, loose := t.c.link, t.c.link.loose
	t.end()
	err := t.inner.Rollback()
	if err != nil {
		t.c.bad = true // in what state it is, nobody knows
	}
	if (loose || err != nil) && (!l.pending.empty() || l.pending.reload) {
		if w, herr := t.hold(); herr == nil {
			w.over(nil)
		}
	}
	l.pending = keySet{}
	return err
}

// end takes the transaction off its connection. Drivers without SessionResetter
// or Validator lose a connection whose transaction's context ended: database/sql
// asks the outermost connection, which has both.
func (t *tx) end() {
	c := t.c
	c.tx, c.link.loose = nil, false
	inner := c.link.inner
	_, resets := inner.(sqldriver.SessionResetter)
	_, validates := inner.(sqldriver.Validator)
	if t.ctx.Err() != nil && !(resets && validates) {
		c.bad = true
	}
}
