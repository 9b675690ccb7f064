package cache

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

func TestAnySuccessEndsARowOfFailures(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	w.lease = 5 * time.Second // no contact by chance: the vitals are good for longer than the test
	c := w.open()
	lease := vacant(t, c, alice)
	held := hold(t, c, rows(bob))
	steps := []struct {
		name string
		do   func()
	}{
		{"lookup", func() { wantOutcome(t, c, alice, Absent) }},
		{"fill", func() { put(t, c, alice, lease, "v") }},
		{"release", func() { release(t, held) }},
		{"hold", func() { held = hold(t, c, rows(bob)) }},
		{"epoch", func() {
			if _, err := c.Epoch(t.Context()); err != nil {
				t.Error(err)
			}
		}},
	}
	if err := c.contact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		// One less than opens the breaker, again and again. It is told past
		// the vitals, which a failure would make doubtful: a contact would
		// reset the count too.
		for range breakerThreshold - 1 {
			c.breaker.failed(c, classTimeout)
		}
		step.do()
		if n := c.breaker.failures.Load(); n != 0 || c.breaker.isOpen() {
			t.Fatalf("after a %s that succeeded: %d failures, open %v", step.name, n, c.breaker.isOpen())
		}
	}
	release(t, held)
	if n := c.Stats(); n.Journalled != 0 {
		t.Errorf("a write went unannounced: %+v", n)
	}
}

// busy opens n connections of the client, by writes that the frozen server
// keeps waiting, and returns with the writes still waiting.
func busy(t *testing.T, c *Cache, server *testenv.Server, r *relay, n int) (writes *sync.WaitGroup) {
	t.Helper()
	server.Stop()
	writes = &sync.WaitGroup{}
	for range n {
		writes.Go(func() {
			h, err := c.Hold(context.Background(), rows(bob))
			if err != nil {
				t.Error(err)
				return
			}
			h.Release()
		})
	}
	until(t, "the writes' connections", func() bool { return r.count() >= n })
	return writes
}

// relayed is a writer behind a relay, and another process beside it that has
// alice.
func relayed(t *testing.T, change ...func(*Options)) (c, other *Cache, server *testenv.Server, r *relay) {
	t.Helper()
	server = testenv.StartRedis(t)
	r = startRelay(t, server.Addr())
	w := redisWorld(t, server.URL())
	w.lease = 3 * time.Second // vitals are good for a second
	other = w.open()
	w.url = r.url()
	c = w.open(append([]func(*Options){func(o *Options) { o.Timeout, o.Retry = 10*time.Second, 20*time.Second }}, change...)...)
	put(t, other, alice, vacant(t, other, alice), "old")
	wantFound(t, c, alice, "old")
	return c, other, server, r
}

func wantAnnounced(t *testing.T, c, other *Cache) {
	t.Helper()
	h := hold(t, c, rows(alice))
	if l := look(t, other, alice); l.Outcome != Held {
		t.Errorf("another process beside the write: %+v; the writer: %+v", l, c.Stats())
	}
	release(t, h)
	if n := c.Stats(); n.Journalled != 0 || c.breaker.isOpen() {
		t.Errorf("breaker open %v, %+v", c.breaker.isOpen(), n)
	}
}

func TestConnectionsThatEndTogetherDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	c, other, server, r := relayed(t)
	writes := busy(t, c, server, r, 4*breakerThreshold)
	r.cut() // CLIENT KILL, a proxy restarted: the server is there
	server.Cont()
	writes.Wait()
	if n := c.Stats().Errors[classOther]; n < breakerThreshold {
		t.Fatalf("the premise: %d errors of connections", n)
	}
	wantAnnounced(t, c, other)
}

func TestStaleConnectionsOfThePoolDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	c, other, server, r := relayed(t)
	writes := busy(t, c, server, r, 4*breakerThreshold)
	server.Cont()
	writes.Wait()
	settle(t, c)
	// As over TLS, where the client cannot look whether one has ended.
	r.doom()
	wantAnnounced(t, c, other)
	if c.Stats().Errors[classOther] == 0 {
		t.Error("the premise fails: no connection was stale")
	}
}

func TestHoldIsTriedBesideABreakerThatHasJustOpened(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	c := w.open(func(o *Options) { o.Timeout, o.Retry = 200*time.Millisecond, 20*time.Second })
	release(t, hold(t, c, rows(bob)))
	for range breakerThreshold {
		c.breaker.failed(c, classReadOnly) // a failover that is over by now
	}
	if !c.breaker.isOpen() {
		t.Fatal("the premise: the breaker is closed")
	}
	h := hold(t, c, rows(alice))
	if _, known := h.Epoch(); !known || c.Stats().Journalled != 0 {
		t.Errorf("the write went unannounced: %+v", c.Stats())
	}
	release(t, h)
	until(t, "the breaker to close", func() bool { return !c.breaker.isOpen() })

	// The same where the server does not answer: one attempt in all.
	server.Stop()
	for range breakerThreshold {
		c.breaker.failed(c, classReadOnly)
	}
	hold(t, c, rows(alice)).Release()
	if admitted, _ := c.breaker.admits(c); admitted {
		t.Error("a store that did not answer gets another attempt")
	}
	begun := time.Now()
	for range 100 {
		hold(t, c, rows(alice)).Release()
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("100 writes beside a frozen server took %v", d)
	}
	server.Cont()
}

func TestStoreThatEndsEveryConnectionIsAway(t *testing.T) {
	t.Parallel()
	c, _, _, r := relayed(t, strict)
	r.refuse(true)
	begun := time.Now()
	if _, err := c.Hold(t.Context(), rows(alice)); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a strict write: %v", err)
	}
	if d := time.Since(begun); d > c.o.Retry/2 || !c.breaker.isOpen() {
		t.Errorf("a write beside a store that ends every connection took %v; breaker open %v", d, c.breaker.isOpen())
	}
	r.refuse(false)
	until(t, "the breaker to close", func() bool { return !c.breaker.isOpen() })
	release(t, hold(t, c, rows(alice)))
}

// tardy is a context whose deadline connections see, and which does not come
// to report its end: between the two lies the time that a timer needs.
type tardy struct {
	context.Context
	deadline time.Time
}

func (c tardy) Deadline() (time.Time, bool) { return c.deadline, true }

func soon() tardy { return tardy{context.Background(), time.Now().Add(50 * time.Millisecond)} }

func TestDeadlineOfTheCallerIsNoFailureOfTheStore(t *testing.T) {
	t.Parallel()
	c, _, server, _ := relayed(t)
	if err := c.contact(t.Context()); err != nil {
		t.Fatal(err)
	}
	mark := c.trust.mark.Load()
	c.failed(tardy{context.Background(), time.Now()}, os.ErrDeadlineExceeded)
	if c.trust.mark.Load() != mark {
		t.Error("the vitals are doubted")
	}
	server.Stop()
	if l := c.Lookup(soon(), alice, query); l.Outcome != Away {
		t.Fatalf("lookup beside a frozen server: %+v", l)
	}
	if _, err := c.Hold(soon(), rows(alice)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write whose context has ended: %v", err)
	}
	if _, err := c.Epoch(soon()); !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an epoch call whose context has ended: %v", err)
	}
	if n := c.Stats(); len(n.Errors) != 0 || n.Journalled != 0 || c.breaker.failures.Load() != 0 {
		t.Errorf("%d failures, %+v", c.breaker.failures.Load(), n)
	}
	server.Cont()
	settle(t, c) // what the write may have left is taken back

	// A deadline that is far from its end excuses nothing.
	far := tardy{context.Background(), time.Now().Add(time.Hour)}
	c.failed(far, context.DeadlineExceeded)
	if n := c.Stats().Errors[classTimeout]; n != 1 {
		t.Errorf("%d timeouts of the store, want 1", n)
	}
}
