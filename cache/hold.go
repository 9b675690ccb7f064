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
	renewal    *time.Timer
}

// Hold announces a write: from its return until Release, no reader keeps or
// is served what the write may change. It is renewed until it is released.
// The error is not nil only in mode Strict, when ctx ends, or after Close:
// nothing is held then and the write must not be sent.
func (c *Cache) Hold(ctx context.Context, keys Keys) (*Hold, error) {
	keys = compact(keys)
	h := &Hold{c: c, token: nonce(), turn: make(chan struct{}, 1)}
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
		if c.breaker.isOpen() {
			break
		}
		var sent bool
		err := c.ready(ctx)
		if err == nil {
			sent, err = true, h.send(ctx, keys)
			sentAny = sentAny || sent
		}
		if err == nil {
			h.schedule()
			return nil
		}
		if ctx.Err() != nil {
			h.withdraw(sentAny)
			return ctx.Err()
		}
		if sent {
			c.failed(ctx, err)
		}
		if errors.Is(err, ErrMismatch) || c.breaker.isOpen() || c.ticks()+wait > limit {
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
	h.journalled = true
	h.mu.Unlock()
	c.journal.begin(h)
	c.pursue()
	h.schedule()
	return nil
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
func (h *Hold) send(ctx context.Context, keys Keys) error {
	c := h.c
	for range 3 {
		bounded, cancel := context.WithTimeout(ctx, c.o.Timeout)
		pause.At("hold")
		sent := c.ticks()
		r, err := c.st.write(bounded, c.writing(h.token, keys, false))
		cancel()
		if err != nil {
			return err
		}
		pause.At("held")
		c.count.quarantines.Add(uint64(r.started))
		if !c.local && !r.forced && (!r.known || r.id != c.tables.record()) {
			c.trust.doubt()
			c.trust.hurry()
			err := c.contact(ctx)
			if err == nil {
				continue
			}
			if _, away := classify(err); away || ctx.Err() != nil {
				return err
			}
			// Out of memory, say: a new record cannot be made, so that nobody
			// is served under it; under the lost one the hold is in place.
		}
		h.mu.Lock()
		h.sent, h.held, h.journalled = sent, true, false
		h.epoch, h.known = r.epoch, r.known
		h.mu.Unlock()
		c.journal.end(h)
		return nil
	}
	return errVersion
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
		if err := h.send(h.c.base, keys); err != nil {
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

// end marks the hold as ended, once.
func (h *Hold) end() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return false
	}
	h.ended = true
	return true
}

// Release ends the hold when the write is over, and invalidates what it held.
// It works in the background while no hit is possible before it arrives, and
// otherwise before it returns. It does not depend on any caller's context.
func (h *Hold) Release() {
	if h.c == nil || !h.end() {
		return
	}
	h.release()
}

func (h *Hold) release() {
	c := h.c
	pause.At("release")
	h.mu.Lock()
	h.released = true
	if h.renewal != nil {
		h.renewal.Stop()
		h.renewal = nil
	}
	left := h.sent + c.o.Lease/2 - c.ticks()
	background := !c.local && h.held && !h.journalled && left > 0
	nothing := h.keys.empty()
	h.mu.Unlock()
	if nothing {
		return
	}
	done := c.work.begin()
	if background && c.work.spawn(func() { defer done(); h.settle(c.o.Lease) }) {
		return
	}
	defer done()
	h.settle(c.o.Retry)
}

// settle sends RELEASE until it is acknowledged or the limit has passed; the
// journal keeps it then.
func (h *Hold) settle(limit time.Duration) {
	c := h.c
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	pause.At("settle")
	h.mu.Lock()
	keys := h.keys
	epoch, known, counted := h.epoch, h.known, h.journalled
	h.mu.Unlock()
	end := c.ticks() + limit
	for wait := 10 * time.Millisecond; !c.breaker.isOpen(); wait *= 2 {
		r, err := c.releaseKeys(h.token, keys)
		if err == nil {
			c.count.releases.Add(1)
			c.journal.end(h)
			if known && (!r.known || r.epoch != epoch) && !keys.All {
				// The write may have touched more than its catalog knew.
				if !c.local && r.id != c.tables.record() {
					c.trust.hurry()
					_ = c.contact(c.base) // the layout may be another one
				}
				if _, err = c.releaseKeys(nonce(), Keys{All: true}); err == nil {
					return
				}
				keys = Keys{All: true}
			} else {
				return
			}
		}
		c.failed(c.base, err)
		if errors.Is(err, ErrMismatch) || c.base.Err() != nil || c.ticks()+wait > end {
			break
		}
		select {
		case <-time.After(wait):
		case <-c.base.Done():
		}
	}
	if !counted {
		c.count.journalled.Add(uint64(keys.count()))
	}
	c.journal.finish(h, keys)
	c.pursue()
}

// releaseKeys is one RELEASE.
func (c *Cache) releaseKeys(token string, keys Keys) (receipt, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.base), c.o.Timeout)
	defer cancel()
	return c.st.write(ctx, c.writing(token, keys, true))
}

func (c *Cache) writing(token string, keys Keys, release bool) write {
	w := write{token: token, keys: keys, release: release}
	if keys.All {
		w.own = c.tables.names()
	}
	return w
}

// Unresolved says that nobody knows whether the write took effect. The hold is
// renewed until over reports true (asked every third of a lease; nil: never
// known) or limit has passed, and is then released. It returns at once.
func (h *Hold) Unresolved(over func(ctx context.Context) (bool, error), limit time.Duration) {
	if h.c == nil || !h.end() {
		return
	}
	h.watch(over, h.c.ticks()+limit)
}

func (h *Hold) watch(over func(ctx context.Context) (bool, error), limit time.Duration) {
	c := h.c
	pause := min(c.o.Lease/3, max(0, limit-c.ticks()))
	c.work.after(pause, func() {
		if over != nil {
			ctx, cancel := context.WithTimeout(c.base, c.o.Lease/3)
			known, err := over(ctx)
			cancel()
			if err == nil && known {
				h.release()
				return
			}
		}
		if c.ticks() >= limit {
			h.release()
			return
		}
		h.watch(over, limit)
	})
}
