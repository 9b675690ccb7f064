package cache

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Row is one row of one table; Key is any bytes, unique within the table.
type Row struct {
	Table string
	Key   string
}

// Fingerprint identifies one result of one row: query text, arguments,
// session, driver and catalog. Collisions are excluded by its length.
type Fingerprint [16]byte

// Keys is what a write holds. The zero value is nothing.
type Keys struct {
	All    bool     // every table known to any process
	Tables []string // whole tables
	Rows   []Row
	Absent []string // tables whose negative entries end
}

// Outcome is what a lookup found. The zero value is a bypass.
type Outcome uint8

// The outcomes.
const (
	Away        Outcome = iota // the store could not be asked, or not trusted: the breaker is open, an error, no recent proof of a write
	Held                       // a writer holds the row or its table: neither lead nor join a flight
	Quarantined                // control state was lost or is new: wait out one lease
	Found                      // Entry is current
	Absent                     // nothing kept: Lease allows one fill
)

// Lease is the right to fill a row once, and only if nothing was written
// since. It is comparable: two lookups with an equal lease saw the same state.
type Lease struct {
	generation string
	sequence   string
}

// Lookup is the answer of [Cache.Lookup].
type Lookup struct {
	Outcome Outcome
	Entry   []byte // of Found; shared, must not be changed
	Lease   Lease  // of Absent
}

// Cache is one process's side of the coherence protocol over one store and
// one namespace. It may be used concurrently.
type Cache struct {
	o     Options
	st    store
	local bool   // the store is in the process: nothing to distrust, nothing in the background
	give  func() // gives the store back; nil where it is the caller's

	trust   trust
	breaker breaker
	tables  tableSet
	journal journal
	fills   fillQueue
	waits   waitList
	work    workSet
	count   counters

	handed  atomic.Int64 // the last epoch that the caller was told
	closed  atomic.Bool
	closing sync.Once
	base    context.Context // ends with Close: background work only
	stop    context.CancelFunc
	started time.Time
}

func newCache(o Options, st store, local bool, give func()) *Cache {
	c := &Cache{o: o, st: st, local: local, give: give, started: o.now()}
	c.base, c.stop = context.WithCancel(context.Background())
	return c
}

// ticks is the process's own clock, for decisions that need no other's.
func (c *Cache) ticks() time.Duration { return c.o.now().Sub(c.started) }

// Register makes tables known to every process of the namespace, so that a
// write that invalidates everything reaches them, and starts their control
// state. Load the catalog after Epoch, register after loading.
//
// A store that cannot be reached is not an error: registration is repeated at
// the next contact, and nothing is served before. An error says that the
// namespace is in use with another lease, bucket count or protocol version;
// nothing is served then, and holds follow what the namespace says.
func (c *Cache) Register(ctx context.Context, tables []string) error {
	missing := c.tables.want(tables)
	if c.local || !missing && c.trust.current(c.ticks(), c.o.Lease/3) != nil {
		return c.trust.mismatch()
	}
	err := c.contact(ctx)
	if m := c.trust.mismatch(); m != nil {
		return m
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("moneyclip: register: %w", ctx.Err())
	}
	return nil
}

// Epoch reads the namespace's epoch. It changes with [Cache.BumpEpoch] of any
// process, and where the namespace's record was lost.
func (c *Cache) Epoch(ctx context.Context) (int64, error) {
	return c.changeEpoch(ctx, false)
}

// Lease is how long a hold lives unrenewed.
func (c *Cache) Lease() time.Duration { return c.o.Lease }

// SeenEpoch is the epoch as this process has last seen it, without asking: at
// most a third of a lease old while lookups are served. known is false before
// the store was reached.
func (c *Cache) SeenEpoch() (epoch int64, known bool) {
	if c.local {
		r, err := c.st.meta(context.Background(), metaChange{})
		return r.epoch, err == nil
	}
	if e := c.trust.epoch.Load(); e != nil {
		return *e, true
	}
	return 0, false
}

// BumpEpoch tells every process that catalog, policy or registrations have
// changed. It is called under a hold of what they concern.
func (c *Cache) BumpEpoch(ctx context.Context) error {
	_, err := c.changeEpoch(ctx, true)
	return err
}

func (c *Cache) changeEpoch(ctx context.Context, bump bool) (int64, error) {
	if c.closed.Load() {
		return 0, fmt.Errorf("moneyclip: epoch: %w", ErrClosed)
	}
	bounded, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	r, err := c.st.meta(bounded, metaChange{buckets: c.o.Buckets, lease: c.o.Lease, bump: bump})
	if err != nil {
		c.failed(ctx, err)
		return 0, fmt.Errorf("moneyclip: epoch: %w", err)
	}
	c.breaker.succeeded()
	if m := mismatch(c.o, r); m != nil {
		return 0, m
	}
	c.trust.epoch.Store(&r.epoch)
	if !bump {
		c.handed.Store(r.epoch)
	}
	return r.epoch, nil
}

// Sync waits until all fills and releases begun before it are done.
func (c *Cache) Sync(ctx context.Context) error {
	return c.work.settle(ctx)
}

// Close waits for the releases under way and replays the journal, within the
// time limit of one lease, and stops every goroutine. It does not wait longer
// than Options.Retry for a store that refuses connections. It is idempotent.
// Nothing is served afterwards, and a hold is refused.
func (c *Cache) Close() error {
	c.closing.Do(func() {
		c.closed.Store(true)
		ctx, cancel := context.WithTimeout(context.Background(), c.o.Lease)
		defer cancel()
		_ = c.work.settle(ctx) // what is left runs out by itself
		c.handIn(ctx)
		c.stop()
		c.work.close()
		if c.give != nil {
			c.give()
		}
	})
	return nil
}
