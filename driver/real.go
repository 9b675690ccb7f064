package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"slices"
	"sync"

	"github.com/moneyclip/moneyclip/policy"
)

// link is a real connection to the database with all that hangs on its
// session. It belongs to one conn at a time.
type link struct {
	inner   sqldriver.Conn
	session policy.Session
	dirty   bool // a statement changed what it answers: reads bypass
	unsure  bool // code that no text shows may have changed it: to be asked
	textTx  bool // a transaction may have been opened by text
	pending keySet
	// loose says that the transaction begun through the driver API may have
	// ended in the database: what follows may be visible at once.
	loose bool

	// SQLite commits when the last of several open writes ends. openWrites
	// counts those whose rows are not at their end; over waits for them.
	openWrites int
	waiting    []*writing
	needReset  bool // the inner ResetSession waits for the next real use
}

// realConns limits the real connections below the pool's own limit, which
// counts connections that may never have been dialled. A connection that lies
// in the pool, or waits for another's result, lends its link to one that needs
// it. Safe for concurrent use; without a limit it does nothing.
type realConns struct {
	limit int

	mu      sync.Mutex // guards what follows, and conn.link of parked conns
	used    int
	parked  []*conn
	waiters []chan *link
}

func newRealConns(limit int) *realConns { return &realConns{limit: limit} }

// acquire returns a link taken over from an idle connection, or nil and the
// right to dial one, which ends with free.
func (r *realConns) acquire(ctx context.Context) (*link, error) {
	if r.limit == 0 {
		return nil, nil
	}
	r.mu.Lock()
	if n := len(r.parked); n > 0 && r.used >= r.limit {
		victim := r.parked[n-1]
		r.parked = r.parked[:n-1]
		l, stmts := victim.detach()
		r.mu.Unlock()
		closeAll(stmts)
		return l, nil
	}
	if r.used < r.limit {
		r.used++
		r.mu.Unlock()
		return nil, nil
	}
	w := make(chan *link, 1)
	r.waiters = append(r.waiters, w)
	r.mu.Unlock()
	select {
	case l := <-w:
		return l, nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	i := slices.Index(r.waiters, w)
	if i >= 0 {
		r.waiters = slices.Delete(r.waiters, i, i+1)
	}
	r.mu.Unlock()
	if i < 0 { // granted in the same moment
		if l := <-w; l != nil {
			l.inner.Close()
		}
		r.free()
	}
	return nil, ctx.Err()
}

// free gives back the place of a link that is closed, or was never dialled.
func (r *realConns) free() {
	if r.limit == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiters) > 0 {
		r.waiters[0] <- nil // has room for one
		r.waiters = r.waiters[1:]
		return
	}
	r.used--
}

// park offers the link of a connection that is not in use. The connection
// calls enter before it touches the link again.
func (r *realConns) park(c *conn) {
	if r.limit == 0 || c.link == nil {
		return
	}
	r.mu.Lock()
	if len(r.waiters) == 0 {
		if !slices.Contains(r.parked, c) {
			r.parked = append(r.parked, c)
		}
		r.mu.Unlock()
		return
	}
	w := r.waiters[0]
	r.waiters = r.waiters[1:]
	l, stmts := c.detach()
	r.mu.Unlock()
	closeAll(stmts)
	w <- l
}

// enter takes the connection's link out of the offer, if it is still there.
func (r *realConns) enter(c *conn) {
	if r.limit == 0 {
		return
	}
	r.mu.Lock()
	if i := slices.Index(r.parked, c); i >= 0 {
		r.parked = slices.Delete(r.parked, i, i+1)
	}
	r.mu.Unlock()
}

// detach takes the link and the inner statements that live on it.
func (c *conn) detach() (*link, []sqldriver.Stmt) {
	l := c.link
	c.link = nil
	var stmts []sqldriver.Stmt
	for s := range c.stmts {
		if s.inner != nil && s.link == l {
			stmts = append(stmts, s.inner)
			s.inner = nil
		}
	}
	return l, stmts
}

func closeAll(stmts []sqldriver.Stmt) {
	for _, s := range stmts {
		s.Close()
	}
}
