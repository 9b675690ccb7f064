package cache

import (
	"context"
	"errors"
	"time"

	"github.com/moneyclip/moneyclip/internal/pause"
)

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
	basis, counted := h.basis, h.journalled
	h.mu.Unlock()
	end := c.ticks() + limit
	for wait := 10 * time.Millisecond; !c.breaker.isOpen(); wait *= 2 {
		r, err := c.releaseKeys(h.token, keys)
		if err == nil {
			c.count.releases.Add(1)
			c.journal.end(h)
			if (!r.known || r.epoch != basis) && !keys.All {
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
	c.journal.finish(h, keys, basis)
	c.pursue()
}

// releaseKeys is one RELEASE.
func (c *Cache) releaseKeys(token string, keys Keys) (receipt, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.base), c.o.Timeout)
	defer cancel()
	r, err := c.st.write(ctx, c.writing(token, keys, true))
	if err == nil {
		c.breaker.succeeded()
	}
	return r, err
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

// leastAsk is how long the question whether a write is over may take: it opens
// a connection to the database. The hold is renewed meanwhile.
const leastAsk = time.Second

func (h *Hold) watch(over func(ctx context.Context) (bool, error), limit time.Duration) {
	c := h.c
	pause := min(c.o.Lease/3, max(0, limit-c.ticks()))
	c.work.after(pause, func() {
		if over != nil {
			ctx, cancel := context.WithTimeout(c.base, max(c.o.Lease/3, leastAsk))
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
