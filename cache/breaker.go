package cache

import (
	"sync"
	"sync/atomic"
	"time"
)

const breakerThreshold = 3 // failures in a row

// breaker stops all traffic to a store that does not answer, for lookups and
// holds alike: else a transaction would keep its row locks for the time of
// each attempt. It opens after a few failures, at once where the connection is
// refused, and a contact in the background closes it. It may be used
// concurrently.
type breaker struct {
	open atomic.Bool

	mu       sync.Mutex
	failures int
	pause    time.Duration
}

func (b *breaker) isOpen() bool { return b.open.Load() }

func (b *breaker) failed(c *Cache, class string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if b.open.Load() || b.failures < breakerThreshold && class != classRefused {
		return
	}
	b.open.Store(true)
	b.pause = 0
	c.o.Logger.Warn("moneyclip: the store is out of reach; reads ask the database", "class", class)
	b.probeLocked(c)
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
	b.failures = 0
	if b.open.Load() {
		b.open.Store(false)
		c.o.Logger.Info("moneyclip: the store is back")
	}
}
