package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

var (
	_ sqldriver.Conn               = (*conn)(nil)
	_ sqldriver.ConnPrepareContext = (*conn)(nil)
	_ sqldriver.ConnBeginTx        = (*conn)(nil)
	_ sqldriver.QueryerContext     = (*conn)(nil)
	_ sqldriver.ExecerContext      = (*conn)(nil)
	_ sqldriver.Pinger             = (*conn)(nil)
	_ sqldriver.NamedValueChecker  = (*conn)(nil)
	_ sqldriver.SessionResetter    = (*conn)(nil)
	_ sqldriver.Validator          = (*conn)(nil)
)

// conn is a connection of the pool. It dials the database at its first real
// use, so one that only ever served hits never does. Like every driver.Conn it
// is used by one goroutine at a time; only its link may be taken by another
// while it is parked.
type conn struct {
	cn    *connector
	link  *link
	tx    *tx
	stmts map[*stmt]struct{}

	open   int  // inner result sets that this connection has not closed (SQLite: a snapshot)
	out    bool // an inner result set left untouched since the pool gave us out
	worked bool // it has executed something since the pool gave us out: LAST_INSERT_ID and its like hang on the link
	bad    bool // to be discarded
	pooled bool // lies in the pool
	closed bool
	owned  bool // made by Driver.Open: closing it closes the connector
}

// use makes the link ready: dialled, and reset if the pool gave the connection
// out anew. A reset that fails costs a new link, not an error: database/sql
// would have taken another connection.
func (c *conn) use(ctx context.Context) (sqldriver.Conn, error) {
	c.cn.real.enter(c)
	if c.link == nil {
		l, err := c.cn.real.acquire(ctx)
		if err != nil {
			return nil, err
		}
		c.link = l
	}
	if l := c.link; l != nil && l.needReset {
		l.needReset = false
		if r, ok := l.inner.(sqldriver.SessionResetter); ok {
			if err := r.ResetSession(ctx); errors.Is(err, sqldriver.ErrBadConn) {
				c.hangUp()
				return c.use(ctx)
			}
		}
	}
	if c.link == nil {
		if err := c.dial(ctx); err != nil {
			c.cn.real.free()
			return nil, err
		}
	}
	return c.link.inner, nil
}

func (c *conn) dial(ctx context.Context) error {
	inner, session, err := c.cn.dial(ctx)
	if err != nil {
		return err
	}
	c.link = &link{inner: inner, session: session, textTx: session.Manual}
	return nil
}

// hangUp closes the link and forgets it.
func (c *conn) hangUp() error {
	if c.link == nil {
		return nil
	}
	l, stmts := c.detach()
	closeAll(stmts)
	err := l.inner.Close()
	for _, w := range l.waiting { // rolled back, or committed by now
		w.hold.Release()
	}
	c.cn.real.free()
	return err
}

// realm returns what is known of the database, dialling it if nothing is.
func (c *conn) realm(ctx context.Context) (*realm, error) {
	if r := c.cn.realm.Load(); r != nil {
		return r, nil
	}
	if _, err := c.use(ctx); err != nil {
		return nil, err
	}
	if r := c.cn.realm.Load(); r != nil {
		return r, nil
	}
	return nil, errors.New("moneyclip: the database is not known yet") // not reached: dialling learns it
}

// QueryContext serves a read or runs a query; see doc.go for the story.
func (c *conn) QueryContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	k, err := c.call(ctx, query, nil, args)
	if err != nil {
		return nil, err
	}
	return k.run(ctx)
}

// ExecContext runs a statement and invalidates what it touches.
func (c *conn) ExecContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	k, err := c.call(ctx, query, nil, args)
	if err != nil {
		return nil, err
	}
	return k.exec(ctx)
}

// CheckNamedValue lets every argument of a direct call through: it is checked
// by the inner connection once that is needed, with the same errors.
func (c *conn) CheckNamedValue(*sqldriver.NamedValue) error { return nil }

// Prepare is the old form of PrepareContext.
func (c *conn) Prepare(query string) (sqldriver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext prepares at once, so that the database's verdict on the text
// comes when the program expects it.
func (c *conn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	inner, err := c.use(ctx)
	if err != nil {
		return nil, err
	}
	return c.prepare(ctx, inner, query)
}

// Ping asks the database, as it would without a cache.
func (c *conn) Ping(ctx context.Context) error {
	inner, err := c.use(ctx)
	if err != nil {
		return err
	}
	if p, ok := inner.(sqldriver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

// Begin is the old form of BeginTx.
func (c *conn) Begin() (sqldriver.Tx, error) {
	return c.BeginTx(context.Background(), sqldriver.TxOptions{})
}

// ResetSession is called when the pool gives the connection out again. The
// inner one waits for the next real use: a hit needs none.
func (c *conn) ResetSession(context.Context) error {
	c.cn.real.enter(c)
	c.pooled = false
	if c.bad {
		return sqldriver.ErrBadConn
	}
	return nil
}

// IsValid is called when the connection goes back to the pool.
func (c *conn) IsValid() bool {
	c.cn.real.enter(c)
	if c.bad {
		return false
	}
	c.open, c.out, c.worked, c.pooled = 0, false, false, true
	if c.link == nil {
		return true
	}
	if v, ok := c.link.inner.(sqldriver.Validator); ok && !v.IsValid() {
		return false
	}
	c.link.needReset = true
	c.cn.real.park(c)
	return true
}

// Close ends the connection. What a transaction on it had pending is rolled
// back by the database and needs no invalidation.
func (c *conn) Close() error {
	c.cn.real.enter(c)
	c.pooled = false
	err := c.hangUp()
	if !c.closed {
		c.closed = true
		err = joined(err, c.cn.left())
	}
	if c.owned {
		err = joined(err, c.cn.Close())
	}
	return err
}

// joined returns the driver's error as it is, and ours beside it only if there
// are both.
func joined(theirs, ours error) error {
	if theirs == nil {
		return ours
	}
	if ours == nil {
		return theirs
	}
	return errors.Join(theirs, ours)
}

// bypass says why this connection's state forbids a lookup; Hit where it does
// not.
func (c *conn) bypass(ctx context.Context, r *realm) (policy.Code, string) {
	cfg := c.cn.cfg
	switch {
	case cfg.serving == off:
		return policy.BypassPolicy, "the cache is switched off"
	case !cfg.identified:
		return policy.BypassPolicy, "a wrapped connector without WithIdentity"
	case requestOf(ctx) == bypassing:
		return policy.BypassRequested, ""
	case c.inTx():
		return policy.BypassTransaction, ""
	case c.open > 0 && cfg.dialect == parse.SQLite:
		return policy.BypassTransaction, "an unfinished result holds a snapshot"
	case cfg.shared:
		return policy.BypassSession, "connections in SQLite's shared-cache mode may read uncommitted rows"
	case r.session.NoCache != "":
		return policy.BypassSession, r.session.NoCache
	case !r.degraded.IsZero():
		return policy.BypassPolicy, "the catalog could not be read"
	}
	return c.sessionBypass(r)
}

// sessionBypass is the part of bypass that depends on the link, asked again
// once a miss has dialled.
func (c *conn) sessionBypass(r *realm) (policy.Code, string) {
	l := c.link
	switch {
	case r.session.Replica:
		return policy.BypassReplica, ""
	case r.session.Manual:
		return policy.BypassTransaction, "autocommit is off"
	case l == nil:
		return policy.Hit, ""
	case l.dirty:
		return policy.BypassSession, "a statement changed the session"
	case l.unsure:
		return policy.BypassSession, "a statement may have changed the session"
	case l.session.NoCache != "":
		return policy.BypassSession, l.session.NoCache
	case l.session.Replica:
		return policy.BypassReplica, ""
	case l.session.Manual:
		return policy.BypassTransaction, "autocommit is off"
	case l.session.Namespace != r.session.Namespace, l.session.Fingerprint != r.session.Fingerprint:
		return policy.BypassSession, "the session's settings differ from the first connection's"
	}
	return policy.Hit, ""
}

// reassure asks a session that code hidden from us may have changed (a trigger,
// a function behind a view) whether it is as it was. Inside a transaction, or
// while rows are open, it stays unsure, which is as good as changed.
func (c *conn) reassure(ctx context.Context) {
	if l := c.link; l == nil || !l.unsure || l.dirty || c.inTx() || c.open > 0 || c.out {
		return
	}
	if _, err := c.use(ctx); err != nil {
		return // the statement will say what is wrong
	}
	l := c.link
	if !l.unsure {
		return // another link
	}
	if c.cn.cfg.mock {
		l.unsure = false // there is no session
		return
	}
	s, err := policy.Inspect(ctx, c.cn.cfg.dialect, queryer{l.inner})
	if err != nil {
		return
	}
	l.unsure = false
	l.dirty = s.Fingerprint != l.session.Fingerprint
}

func (c *conn) inTx() bool { return c.tx != nil || c.link != nil && c.link.textTx }
