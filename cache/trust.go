package cache

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/internal/pause"
)

// vitals is what a contact has learnt: which server answers, that it takes
// writes, and which record the namespace has.
type vitals struct {
	identity string
	record   string
	sent     time.Duration // when the contact was begun, on the process's clock
	mark     uint64        // of trust when the contact was begun
}

// trust holds the last vitals, as long as nothing has happened that makes them
// doubtful. It may be used concurrently.
type trust struct {
	// mark moves with every new connection and every error. Vitals are good
	// only while it stands where it stood before they were asked for: the
	// server behind a new connection may be another one, restarted from a
	// dump whose control keys carry the former's identity.
	mark atomic.Uint64
	last atomic.Pointer[vitals]

	dials atomic.Uint64 // connections opened, or tried to open

	epoch atomic.Pointer[int64] // as last learnt; nil before the first time

	mu       sync.Mutex
	flight   chan struct{} // of the contact under way; closed at its end
	err      error         // of the last contact
	notUntil time.Duration // do not contact again before
	beating  bool          // the heartbeat runs

	used    atomic.Bool           // a lookup since the last heartbeat
	refused atomic.Bool           // the last contact was refused
	differs atomic.Pointer[error] // of the record from the options
}

// current returns the vitals if they may be relied on.
func (t *trust) current(now, limit time.Duration) *vitals {
	v := t.last.Load()
	if v == nil || v.mark != t.mark.Load() || now-v.sent > limit {
		return nil
	}
	return v
}

// identity is the server's as last learnt, which a hold may tell a script.
func (t *trust) identity() string {
	if v := t.last.Load(); v != nil {
		return v.identity
	}
	return ""
}

func (t *trust) doubt() { t.mark.Add(1) }

func (t *trust) mismatch() error {
	if e := t.differs.Load(); e != nil {
		return *e
	}
	return nil
}

// dialHook makes new connections known. It runs before the connection carries
// its first command.
type dialHook struct{ trust *trust }

var _ redis.Hook = dialHook{}

func (h dialHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		h.trust.dials.Add(1)
		h.trust.doubt()
		return conn, err
	}
}

func (dialHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (dialHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

var errBackingOff = errors.New("moneyclip: the last contact failed a moment ago")

// vitals returns vitals to rely on, contacting the store where there are none.
func (c *Cache) vitals(ctx context.Context) *vitals {
	if !c.trust.used.Load() {
		c.trust.used.Store(true)
		c.beat()
	}
	if v := c.trust.current(c.ticks(), c.o.Lease/3); v != nil {
		return v
	}
	if c.breaker.isOpen() || c.contact(ctx) != nil {
		return nil
	}
	return c.trust.current(c.ticks(), c.o.Lease/3)
}

// contact asks the store for its vitals, in one flight for all who wait.
func (c *Cache) contact(ctx context.Context) error {
	flight, err := c.launch()
	if err != nil {
		return err
	}
	t := &c.trust
	limit := time.NewTimer(c.o.Timeout)
	defer limit.Stop()
	select {
	case <-flight:
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.err
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return context.DeadlineExceeded
	}
}

// launch begins a contact unless one is under way, and does not wait for it.
func (c *Cache) launch() (flight chan struct{}, err error) {
	t := &c.trust
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.flight != nil {
		return t.flight, nil
	}
	if c.ticks() < t.notUntil {
		return nil, errBackingOff
	}
	flight = make(chan struct{})
	if !c.work.spawn(func() { c.land(flight) }) {
		return nil, ErrClosed
	}
	t.flight = flight
	return flight, nil
}

// maxDropped bounds how many connections of the pool one contact uses up.
const maxDropped = 64

// land does what a flight was begun for. Where connections have ended, those
// of the pool fail one after the other; only a new one tells whether the store
// is away.
func (c *Cache) land(flight chan struct{}) {
	ctx, cancel := context.WithTimeout(c.base, 2*c.o.Timeout)
	defer cancel()
	var err error
	for range maxDropped {
		dials := c.trust.dials.Load()
		if err = c.examine(ctx); err == nil || !dropped(err) || c.trust.dials.Load() != dials {
			break
		}
	}
	if err != nil {
		if class, away := c.noteFailure(c.base, err); away {
			c.breaker.failed(c, class)
		}
		if class, away := classify(err); !away && c.base.Err() == nil && !c.trust.refused.Swap(true) {
			c.o.Logger.Warn("moneyclip: the store refuses what trusting it needs; reads ask the database", "class", class)
		}
	} else {
		c.trust.refused.Store(false)
		c.breaker.close(c)
	}
	t := &c.trust
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
	if err != nil {
		t.notUntil = c.ticks() + min(c.o.Timeout, c.o.Lease/6)
	}
	t.flight = nil
	close(flight)
}

// examine learns the vitals, registers what the record lacks and replays the
// journal before anything can be served. A connection opened meanwhile makes
// it ask again.
func (c *Cache) examine(ctx context.Context) error {
	var err error
	for range 4 {
		v := &vitals{mark: c.trust.mark.Load(), sent: c.ticks()}
		pause.At("contact")
		pending, revision := c.tables.pending()
		var r record
		r, err = c.st.meta(ctx, metaChange{buckets: c.o.Buckets, lease: c.o.Lease, tables: pending})
		if err != nil {
			return err
		}
		c.count.quarantines.Add(uint64(r.started))
		c.differ(mismatch(c.o, r))
		if r.version != protocolVersion {
			return errVersion
		}
		if !c.tables.registered(r.id, pending, revision) {
			continue // the record is another one: it needs all tables
		}
		if err = c.replay(ctx); err != nil {
			return err
		}
		v.identity, v.record = r.identity, r.id
		c.trust.epoch.Store(&r.epoch)
		c.trust.last.Store(v)
		if v.mark == c.trust.mark.Load() {
			return nil
		}
	}
	return nil
}

// differ notes whether the record is of other settings, and says so once.
func (c *Cache) differ(err error) {
	if err == nil {
		c.trust.differs.Store(nil)
		return
	}
	if c.trust.differs.Swap(&err) == nil {
		c.o.Logger.Error("moneyclip: nothing is cached by this process", "error", err)
	}
}

// beat keeps the vitals fresh while lookups arrive.
func (c *Cache) beat() {
	if c.local {
		return
	}
	t := &c.trust
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.beating {
		return
	}
	t.beating = true
	c.work.after(c.o.Lease/6, c.heartbeat)
}

func (c *Cache) heartbeat() {
	t := &c.trust
	t.mu.Lock()
	t.beating = false
	t.mu.Unlock()
	if !t.used.Swap(false) || c.breaker.isOpen() {
		return // idle: the next lookup asks first
	}
	_ = c.contact(c.base)
	c.beat()
}

// failed notes an error of the store; ctx is the caller's, whose own end says
// nothing of the store.
func (c *Cache) failed(ctx context.Context, err error) {
	class, away := c.noteFailure(ctx, err)
	switch {
	case !away:
	case !dropped(err):
		c.breaker.failed(c, class)
	case !c.breaker.isOpen():
		// A contact is to say whether the store is away; its failure counts.
		c.trust.hurry()
		_, _ = c.launch()
	}
}

// noteFailure counts an error, unless it is the caller's own doing.
func (c *Cache) noteFailure(ctx context.Context, err error) (class string, away bool) {
	if endedByCaller(ctx, err) || errors.Is(err, context.Canceled) || errors.Is(err, ErrMismatch) {
		return "", false
	}
	class, away = classify(err)
	c.count.failed(class)
	c.trust.doubt()
	return class, away
}

// hurry lets the next contact be made at once.
func (t *trust) hurry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notUntil = 0
}
