package cache

import (
	"context"
	"sync"
	"time"

	"github.com/moneyclip/moneyclip/internal/pause"
)

// Lookup asks for one result of a row: one round trip. It never fails: what
// keeps it from an answer is in the outcome and in the statistics.
func (c *Cache) Lookup(ctx context.Context, row Row, fp Fingerprint) Lookup {
	if c.closed.Load() {
		return Lookup{}
	}
	if c.local {
		v, _ := c.st.lookup(ctx, row, fp)
		return v.outcome()
	}
	for range 2 {
		answer, again := c.lookup(ctx, row, fp)
		if !again {
			return answer
		}
	}
	return Lookup{}
}

// lookup is one attempt; again is true where a new connection was opened
// meanwhile, which says nothing against the store.
func (c *Cache) lookup(ctx context.Context, row Row, fp Fingerprint) (answer Lookup, again bool) {
	if c.breaker.isOpen() || c.journal.blocks(row.Table) {
		return Lookup{}, false
	}
	trusted := c.vitals(ctx)
	if trusted == nil || c.trust.mismatch() != nil {
		return Lookup{}, false
	}
	if !c.tables.holds(row.Table, trusted.record) {
		c.tables.want([]string{row.Table})
		if c.contact(ctx) != nil {
			return Lookup{}, false
		}
		if trusted = c.vitals(ctx); trusted == nil || !c.tables.holds(row.Table, trusted.record) {
			return Lookup{}, false
		}
	}
	bounded, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	pause.At("lookup")
	v, err := c.st.lookup(bounded, row, fp)
	if err == nil && (v.held || v.lease.generation == "" || v.identity != trusted.identity) {
		if outcome, ok := c.waits.outcome(row, v, c.ticks()); ok {
			return Lookup{Outcome: outcome}, false
		}
		if v, err = c.st.begin(bounded, row); err == nil {
			c.waits.note(row, v, c.ticks())
			if v.started {
				c.count.quarantines.Add(1)
			}
			if v.identity != trusted.identity {
				c.trust.doubt()
			}
		}
	}
	if err != nil {
		c.failed(ctx, err)
		return Lookup{}, false
	}
	c.breaker.succeeded()
	// The answer counts only if nothing has made the vitals doubtful until
	// now: a connection opened since may have led to another server.
	if c.trust.current(c.ticks(), c.o.Lease/3) == nil || v.identity != trusted.identity || c.journal.blocks(row.Table) {
		return Lookup{}, !c.breaker.isOpen()
	}
	return v.outcome(), false
}

func (v view) outcome() Lookup {
	switch {
	case v.current:
		return Lookup{Outcome: Found, Entry: v.entry}
	case v.fenced:
		return Lookup{Outcome: Quarantined}
	case v.held || v.lease.generation == "":
		return Lookup{Outcome: Held}
	}
	return Lookup{Outcome: Absent, Lease: v.lease}
}

// waitList remembers until when asking the store again about a held row or a
// table in quarantine cannot help. It only saves scripts: the store's clock
// decides. It may be used concurrently.
type waitList struct {
	mu    sync.Mutex
	until map[subject]wait
}

// subject is a row, or a table whole.
type subject struct {
	row   Row
	table string
}

type wait struct {
	until   time.Duration
	outcome Outcome
}

const maxWaits = 10_000

func (v view) subject(row Row) subject {
	if v.lease.generation == "" {
		return subject{table: row.Table}
	}
	return subject{row: row}
}

// outcome returns what is known to last.
func (w *waitList) outcome(row Row, v view, now time.Duration) (Outcome, bool) {
	if v.lease.generation != "" && !v.held {
		return Away, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	key := v.subject(row)
	e, ok := w.until[key]
	if ok && e.until <= now {
		delete(w.until, key)
		return Away, false
	}
	return e.outcome, ok
}

// note keeps what INIT has answered.
func (w *waitList) note(row Row, v view, now time.Duration) {
	if v.wait <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until == nil || len(w.until) >= maxWaits {
		w.until = make(map[subject]wait)
	}
	e := wait{now + v.wait, Held}
	if v.fenced {
		e.outcome = Quarantined
	}
	w.until[v.subject(row)] = e
}
