package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/moneyclip/moneyclip/internal/pause"
)

// Hold is a write in flight. Exactly one of Release and Unresolved ends it;
// further calls do nothing. It may be used concurrently.
type Hold struct {
	c     *Cache // nil: nothing is held
	token string

	// turn is held while something of this hold is on its way, so that a
	// renewal cannot arrive after the release.
	turn chan struct{}

	mu         sync.Mutex
	keys       Keys
	sent       time.Duration // when the last acknowledged HOLD was sent
	held       bool          // such a HOLD is known
	journalled bool          // the mode let the write go through without
	ended      bool
	released   bool
	epoch      int64
	known      bool
	basis      int64 // the epoch that the caller's catalog is of; 0: not known
	based      bool  // basis is settled: the hold was announced
	renewal    *time.Timer
}

// Hold announces a write: from its return until Release, no reader keeps or
// is served what the write may change. It is renewed until it is released.
// The error is not nil only in mode Strict, when ctx ends, or after Close:
// nothing is held then and the write must not be sent.
func (c *Cache) Hold(ctx context.Context, keys Keys) (*Hold, error) {
	keys = compact(keys)
	h := &Hold{c: c, token: nonce(), turn: make(chan struct{}, 1), basis: c.handed.Load()}
	if keys.empty() {
		return h, nil // holds nothing until it is extended
	}
	if err := h.announce(ctx, keys); err != nil {
		return nil, fmt.Errorf("moneyclip: hold: %w", err)
	}
	c.count.holds.Add(1)
	return h, nil
}

// Epoch is the epoch as the store answered it with the hold; known is false
// where the store could not be asked.
func (h *Hold) Epoch() (epoch int64, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.epoch, h.known
}

// Extend adds keys before the write is sent (the catalog was reloaded). Where
// half a lease has passed since the hold was last sent, it is sent again even
// with no keys to add: call it so before a late COMMIT. An error is as of
// [Cache.Hold]; what was held before stays held until Release.
func (h *Hold) Extend(ctx context.Context, keys Keys) error {
	if h.c == nil {
		return fmt.Errorf("moneyclip: hold: %w", errNoCache)
	}
	h.mu.Lock()
	union := join(h.keys, keys)
	fresh := union.empty() || h.held && h.c.ticks()-h.sent < h.c.o.Lease/2 && union.count() == h.keys.count() && union.All == h.keys.All
	h.mu.Unlock()
	if fresh {
		return nil
	}
	if err := h.announce(ctx, union); err != nil {
		return fmt.Errorf("moneyclip: hold: %w", err)
	}
	return nil
}

// announce sends HOLD until it is acknowledged or the mode decides.
func (h *Hold) announce(ctx context.Context, keys Keys) error {
	c := h.c
	if c.closed.Load() {
		return ErrClosed
	}
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.turn }()
	h.mu.Lock()
	h.keys = join(h.keys, keys)
	keys = h.keys
	h.mu.Unlock()

	sentAny := false
	limit := c.ticks() + c.o.Retry
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		admitted, last := c.breaker.admits(c)
		if !admitted {
			break
		}
		var sent bool
		var r receipt
		err := c.ready(ctx)
		if err == nil {
			sent, sentAny = true, true
			r, err = h.send(ctx, keys)
		}
		if err == nil {
			h.answered(r)
			h.schedule()
			return nil
		}
		if endedByCaller(ctx, err) {
			h.withdraw(sentAny)
			return ended(ctx)
		}
		if sent {
			c.failed(ctx, err)
		}
		if admitted, _ = c.breaker.admits(c); !admitted || last || errors.Is(err, ErrMismatch) || c.ticks()+wait > limit {
			break
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			h.withdraw(sentAny)
			return ctx.Err()
		}
	}
	if c.o.Mode == Strict {
		h.withdraw(sentAny)
		return ErrUnavailable
	}
	c.count.journalled.Add(uint64(keys.count()))
	h.mu.Lock()
	h.journalled, h.based = true, true
	h.known = false
	h.mu.Unlock()
	c.journal.begin(h)
	c.pursue()
	h.schedule()
	return nil
}

// ended is why the caller's context has ended, or is about to.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.DeadlineExceeded
}

// answered keeps the epoch that the caller is going to see. What the release
// compares with stays the first: a renewal, or an extension after the write was
// sent, must not hide that the epoch has changed since.
func (h *Hold) answered(r receipt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.epoch, h.known = r.epoch, r.known
	if r.known {
		h.c.handed.Store(r.epoch)
		if !h.based {
			h.basis = r.epoch
		}
	}
	h.based = true
}

// ready makes a first contact: the layout of the control keys is the record's,
// not the options'.
func (c *Cache) ready(ctx context.Context) error {
	if c.local || c.tables.record() != "" {
		return nil
	}
	err := c.contact(ctx)
	if err == nil && c.tables.record() == "" {
		return errVersion
	}
	return err
}

// send is one HOLD. A record that is lost or another one is registered with
// anew, and the HOLD repeated: control keys may be named otherwise now.
func (h *Hold) send(ctx context.Context, keys Keys) (receipt, error) {
	c := h.c
	for range 3 {
		bounded, cancel := context.WithTimeout(ctx, c.o.Timeout)
		pause.At("hold")
		sent := c.ticks()
		r, err := c.st.write(bounded, c.writing(h.token, keys, false))
		cancel()
		if err != nil {
			return receipt{}, err
		}
		c.breaker.succeeded()
		pause.At("held")
		c.count.quarantines.Add(uint64(r.started))
		if !c.local && !r.forced && (!r.known || r.id != c.tables.record()) {
			c.trust.doubt()
			c.trust.hurry()
			err := c.contact(ctx)
			if err == nil {
				continue
			}
			if _, away := classify(err); away || endedByCaller(ctx, err) {
				return receipt{}, err
			}
			// Out of memory, say: a new record cannot be made, so that nobody
			// is served under it; under the lost one the hold is in place.
		}
		h.mu.Lock()
		h.sent, h.held, h.journalled = sent, true, false
		h.mu.Unlock()
		c.journal.end(h)
		return r, nil
	}
	return receipt{}, errVersion
}

// schedule arranges the next renewal.
func (h *Hold) schedule() { h.scheduleIn(h.c.o.Lease / 3) }

func (h *Hold) scheduleIn(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released || h.renewal != nil {
		return
	}
	h.renewal = h.c.work.after(d, h.renew)
}

// renew repeats HOLD with the same token.
func (h *Hold) renew() {
	h.mu.Lock()
	h.renewal = nil
	over := h.released
	keys := h.keys
	h.mu.Unlock()
	if over {
		return
	}
	h.turn <- struct{}{}
	h.mu.Lock()
	over = h.released
	h.mu.Unlock()
	next := h.c.o.Lease / 12 // soon again, unless it arrives
	if !over && !h.c.breaker.isOpen() {
		if _, err := h.send(h.c.base, keys); err != nil {
			h.c.failed(h.c.base, err)
		} else {
			h.c.count.renewals.Add(1)
			next = h.c.o.Lease / 3
		}
	}
	<-h.turn
	h.scheduleIn(next)
}

// withdraw takes back what a failed announcement may have left.
func (h *Hold) withdraw(sent bool) {
	h.mu.Lock()
	held := h.held
	h.mu.Unlock()
	if !sent || held {
		return // nothing was sent, or Release will do it
	}
	h.end()
	done := h.c.work.begin()
	if !h.c.work.spawn(func() { defer done(); h.settle(h.c.o.Lease) }) {
		done()
	}
}
