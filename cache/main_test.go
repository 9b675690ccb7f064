package cache

import (
	"context"
	"flag"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

// The cases wait for servers' clocks, not for a processor.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	testenv.Main(m)
}

var (
	alice = Row{"users", "alice"}
	bob   = Row{"users", "bob"}
	query = Fingerprint{1}

	widths = map[string]Keys{"row": rows(alice), "table": tables("users"), "everything": {All: true}}
)

// world is one store and one namespace, seen by as many processes as a test
// opens.
type world struct {
	t         *testing.T
	namespace string
	lease     time.Duration
	url       string        // of Redis
	redis     *redis.Client // beside the caches; nil over the in-process store
	clock     *fakeClock    // of the in-process store
}

// both runs a case over both stores.
func both(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		f(t, memoryWorld(t))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		f(t, redisWorld(t, testenv.Redis(t)))
	})
}

func memoryWorld(t *testing.T) *world {
	return &world{t: t, namespace: t.Name(), lease: 10 * time.Second, clock: &fakeClock{now: time.Unix(1_000_000, 0)}}
}

func redisWorld(t *testing.T, url string) *world {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.MaxRetries = -1
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return &world{t: t, namespace: "mc", lease: 600 * time.Millisecond, url: url, redis: client}
}

// open starts a process. Close is left to the end of the test.
func (w *world) open(change ...func(*Options)) *Cache {
	w.t.Helper()
	c, err := w.tryOpen(change...)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) tryOpen(change ...func(*Options)) (*Cache, error) {
	o := Options{
		Namespace: w.namespace, Lease: w.lease, Logger: slog.New(slog.DiscardHandler),
		Timeout: 10 * time.Second, Retry: 20 * time.Second, // the machine may be busy
	}
	if w.clock != nil {
		o.now = w.clock.Now
	}
	for _, f := range change {
		f(&o)
	}
	var c *Cache
	var err error
	if w.redis == nil {
		c, err = NewMemory(o)
	} else {
		c, err = NewRedisURL(w.url, o)
	}
	if err == nil {
		w.t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// lapse lets holds run out: the in-process store's clock is moved, Redis' own
// is waited for by whoever looks.
func (w *world) lapse() {
	if w.clock != nil {
		w.clock.advance(w.lease + time.Millisecond)
	}
}

type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// until polls for what only a server's clock brings about.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("still waiting: %s", what)
		}
	}
}

// look is a lookup that is not Away: being away is allowed at any time.
func look(t *testing.T, c *Cache, row Row) Lookup {
	t.Helper()
	var l Lookup
	until(t, "an answer from the store", func() bool {
		l = c.Lookup(context.Background(), row, query)
		return l.Outcome != Away
	})
	return l
}

// vacant waits out quarantine and holds, and returns the lease.
func vacant(t *testing.T, c *Cache, row Row) Lease {
	t.Helper()
	var l Lookup
	until(t, "a lease", func() bool {
		l = c.Lookup(context.Background(), row, query)
		if l.Outcome == Found {
			t.Fatalf("found %q where there should be nothing", l.Entry)
		}
		return l.Outcome == Absent
	})
	return l.Lease
}

func put(t *testing.T, c *Cache, row Row, lease Lease, value string) {
	t.Helper()
	c.Fill(row, lease, query, []byte(value), time.Minute)
	settle(t, c)
}

func settle(t *testing.T, c *Cache) {
	t.Helper()
	if err := c.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantFound(t *testing.T, c *Cache, row Row, value string) {
	t.Helper()
	if l := look(t, c, row); l.Outcome != Found || string(l.Entry) != value {
		t.Fatalf("lookup of %v = %v %q, want %q; %+v", row, l.Outcome, l.Entry, value, c.Stats())
	}
}

func wantOutcome(t *testing.T, c *Cache, row Row, want Outcome) Lookup {
	t.Helper()
	l := look(t, c, row)
	if l.Outcome != want {
		t.Fatalf("lookup of %v = %v %q, want %v; %+v", row, l.Outcome, l.Entry, want, c.Stats())
	}
	return l
}

func hold(t *testing.T, c *Cache, keys Keys) *Hold {
	t.Helper()
	h, err := c.Hold(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func rows(r ...Row) Keys      { return Keys{Rows: r} }
func tables(t ...string) Keys { return Keys{Tables: t} }
func release(t *testing.T, h *Hold) {
	t.Helper()
	h.Release()
	settle(t, h.c)
}

// die is what a killed process does for its hold: nothing any more.
func die(h *Hold) {
	h.turn <- struct{}{} // a renewal under way ends first
	defer func() { <-h.turn }()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended, h.released = true, true
	if h.renewal != nil {
		h.renewal.Stop()
	}
}
