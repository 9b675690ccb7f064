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
		if v.held && c.waits.waiting(row, c.ticks()) || v.lease.generation == "" && c.waits.waiting(Row{Table: row.Table}, c.ticks()) {
			return Lookup{Outcome: c.waits.reason(row)}, false
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
	until map[Row]wait
}

type wait struct {
	until   time.Duration
	outcome Outcome
}

const maxWaits = 10_000

func (w *waitList) waiting(row Row, now time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.until[row]
	if ok && e.until <= now {
		delete(w.until, row)
		return false
	}
	return ok
}

func (w *waitList) reason(row Row) Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e, ok := w.until[row]; ok {
		return e.outcome
	}
	if e, ok := w.until[Row{Table: row.Table}]; ok {
		return e.outcome
	}
	return Held
}

func (w *waitList) note(row Row, v view, now time.Duration) {
	if v.wait <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until == nil || len(w.until) >= maxWaits {
		w.until = make(map[Row]wait)
	}
	e := wait{now + v.wait, Held}
	if v.fenced {
		e.outcome = Quarantined
	}
	if v.lease.generation == "" {
		row = Row{Table: row.Table}
	}
	w.until[row] = e
}
