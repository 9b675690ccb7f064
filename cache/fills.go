package cache

import (
	"context"
	"sync"
	"time"

	"github.com/moneyclip/moneyclip/internal/pause"
)

const (
	fillWorkers  = 4
	maxFillQueue = 1024
)

// Fill keeps a result that was read from the database after the lookup that
// gave the lease. It works in the background, bounded, and never waits: where
// too many fills are waiting, this one is dropped and counted. The entry must
// not be changed afterwards.
func (c *Cache) Fill(row Row, lease Lease, fp Fingerprint, entry []byte, ttl time.Duration) {
	if lease.generation == "" || ttl <= 0 || c.closed.Load() {
		return
	}
	f := fill{row: row, lease: lease, fp: fp, entry: entry, ttl: ttl}
	if c.local {
		c.fill(f)
		return
	}
	c.fills.add(c, f)
}

func (c *Cache) fill(f fill) {
	pause.At("fill")
	ctx, cancel := context.WithTimeout(c.base, c.o.Timeout)
	defer cancel()
	kept, err := c.st.fill(ctx, f)
	if err != nil {
		c.failed(c.base, err)
		return
	}
	c.breaker.succeeded()
	if kept {
		c.count.fills.Add(1)
	} else {
		c.count.refusedFills.Add(1)
	}
}

// fillQueue starts workers as they are needed; a worker that finds the queue
// empty ends. It may be used concurrently.
type fillQueue struct {
	mu      sync.Mutex
	waiting []queuedFill
	workers int
}

type queuedFill struct {
	fill
	done func()
}

func (q *fillQueue) add(c *Cache, f fill) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= maxFillQueue || c.breaker.isOpen() {
		c.count.droppedFills.Add(1)
		return
	}
	if q.workers < fillWorkers && c.work.spawn(func() { q.drain(c) }) {
		q.workers++
	}
	if q.workers == 0 { // closed
		c.count.droppedFills.Add(1)
		return
	}
	q.waiting = append(q.waiting, queuedFill{f, c.work.begin()})
}

func (q *fillQueue) drain(c *Cache) {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.workers--
			q.waiting = nil
			q.mu.Unlock()
			return
		}
		f := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		if c.base.Err() == nil {
			c.fill(f.fill)
		}
		f.done()
	}
}
