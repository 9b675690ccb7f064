package cache

import (
	"sync"
	"sync/atomic"
	"time"
)

const breakerThreshold = 3 // failures in a row

// breaker stops all traffic to a store that does not answer, for lookups and
// holds alike: else a transaction would keep its row locks for the time of
// each attempt. It opens after a few failures in a row, at once where the
// connection is refused, and a contact in the background closes it. It may be
// used concurrently.
type breaker struct {
	open     atomic.Bool
	failures atomic.Int32 // since the last success of any command

	mu     sync.Mutex
	pause  time.Duration
	opened time.Duration // when, on the process's clock
	dead   bool          // it was a refused or a timed-out attempt, at opening or since
}

func (b *breaker) isOpen() bool { return b.open.Load() }

// succeeded ends a row of failures. It does not close the breaker: a read that
// was answered does not prove that the store takes writes.
func (b *breaker) succeeded() {
	if b.failures.Load() != 0 { // else every hit would write a shared word
		b.failures.Store(0)
	}
}

func (b *breaker) failed(c *Cache, class string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.failures.Add(1)
	dead := class == classRefused || class == classTimeout
	if b.open.Load() {
		b.dead = b.dead || dead
		return
	}
	if n < breakerThreshold && class != classRefused {
		return
	}
	b.opened, b.dead = c.ticks(), dead
	b.open.Store(true)
	b.pause = 0
	c.o.Logger.Warn("moneyclip: the store is out of reach; reads ask the database", "class", class)
	b.probeLocked(c)
}

// admits reports whether a hold may make an attempt. Beside an open breaker it
// may make one while a hold could be trying since it opened, if what opened it
// came back at once: the store may be there again before the next contact, and
// the attempt costs no more than what is given to a write anyway. A store that
// refuses connections or does not answer gets none.
func (b *breaker) admits(c *Cache) (admitted, last bool) {
	if !b.isOpen() {
		return true, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.dead && c.ticks()-b.opened <= c.o.Retry, true
}

// probeLocked arranges the next contact.
func (b *breaker) probeLocked(c *Cache) {
	b.pause = min(max(2*b.pause, 50*time.Millisecond), time.Second, c.o.Lease/3)
	c.work.after(b.pause, func() {
		if c.closed.Load() || !b.isOpen() {
			return
		}
		c.trust.hurry()
		_ = c.contact(c.base)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.open.Load() {
			b.probeLocked(c)
		}
	})
}

func (b *breaker) close(c *Cache) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures.Store(0)
	if b.open.Load() {
		b.open.Store(false)
		c.o.Logger.Info("moneyclip: the store is back")
	}
}
