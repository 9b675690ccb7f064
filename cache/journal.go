package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// maxJournalTables bounds the journal: more tables than these are everything.
const maxJournalTables = 1000

// journal keeps what this process changed while the store could not be told.
// Nothing is served from the tables concerned until it has been replayed. It
// may be used concurrently.
type journal struct {
	busy atomic.Bool // there is something in it: the one word a lookup reads

	mu       sync.Mutex
	open     map[*Hold]struct{} // writes still in flight, to be held at replay
	finished Keys               // writes that are over, to be invalidated
	version  int                // of finished
	basis    int64              // the epoch that the finished writes' catalog was of
	pursued  bool               // a replay is arranged
}

// begin notes a write that goes through unannounced.
func (j *journal) begin(h *Hold) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.open == nil {
		j.open = make(map[*Hold]struct{})
	}
	j.open[h] = struct{}{}
	j.busy.Store(true)
}

// end notes that the store knows of the write.
func (j *journal) end(h *Hold) {
	if !j.busy.Load() {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.open, h)
	j.settleLocked()
}

// finish notes a write that is over and could not be released.
func (j *journal) finish(h *Hold, keys Keys, basis int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.finished.empty() {
		j.basis = basis
	} else if j.basis != basis {
		j.basis = 0 // of no single one
	}
	delete(j.open, h)
	j.finished = join(j.finished, keys)
	if len(j.finished.Tables)+len(j.finished.Absent) > maxJournalTables {
		j.finished = Keys{All: true}
	}
	j.version++
	j.busy.Store(true)
}

func (j *journal) settleLocked() {
	j.busy.Store(len(j.open) > 0 || !j.finished.empty())
}

// blocks reports whether a table's rows must not be served.
func (j *journal) blocks(table string) bool {
	if !j.busy.Load() {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if concerns(j.finished, table) {
		return true
	}
	for h := range j.open {
		h.mu.Lock()
		keys := h.keys
		h.mu.Unlock()
		if concerns(keys, table) {
			return true
		}
	}
	return false
}

func concerns(k Keys, table string) bool {
	if k.All {
		return true
	}
	for _, t := range k.Tables {
		if t == table {
			return true
		}
	}
	for _, r := range k.Rows {
		if r.Table == table {
			return true
		}
	}
	for _, t := range k.Absent {
		if t == table {
			return true
		}
	}
	return false
}

// pursue sees to it that the journal is replayed though no lookup asks for a
// contact. While the breaker is open its own contacts do that.
func (c *Cache) pursue() {
	j := &c.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.pursued || !j.busy.Load() || c.closed.Load() {
		return
	}
	j.pursued = true
	c.work.after(min(c.o.Lease/6, time.Second), func() {
		if !c.breaker.isOpen() {
			_ = c.contact(c.base)
		}
		j.mu.Lock()
		j.pursued = false
		j.mu.Unlock()
		c.pursue()
	})
}

// handIn replays the journal before the process goes, which alone knows what is
// in it: nothing was held for these writes, so that what others keep of them
// would otherwise be served until its TTL. It gives up when ctx ends, and sooner
// where the store is not there at all.
func (c *Cache) handIn(ctx context.Context) {
	begun := c.ticks()
	for wait := 10 * time.Millisecond; c.journal.busy.Load(); wait = min(2*wait, 200*time.Millisecond) {
		c.trust.hurry()
		err := c.contact(ctx)
		if !c.journal.busy.Load() {
			return
		}
		if errors.Is(err, ErrMismatch) {
			return
		}
		if err != nil {
			if class, _ := classify(err); class == classRefused && c.ticks()-begun+wait > c.o.Retry {
				return
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// replay tells the store what is in the journal: writes in flight are held,
// writes that are over are released. Whoever is at work on a hold himself is
// not waited for; his success takes it out of the journal.
func (c *Cache) replay(ctx context.Context) error {
	j := &c.journal
	if !j.busy.Load() {
		return nil
	}
	j.mu.Lock()
	open := make([]*Hold, 0, len(j.open))
	for h := range j.open {
		open = append(open, h)
	}
	finished, version, basis := j.finished, j.version, j.basis
	j.mu.Unlock()
	for _, h := range open {
		select {
		case h.turn <- struct{}{}:
		default:
			continue
		}
		err := c.replayHold(ctx, h)
		<-h.turn
		if err != nil {
			return err
		}
	}
	if finished.empty() {
		return nil
	}
	r, err := c.st.write(ctx, c.writing(nonce(), finished, true))
	if err == nil && !finished.All && (!r.known || r.epoch != basis) {
		_, err = c.st.write(ctx, c.writing(nonce(), Keys{All: true}, true))
	}
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.version == version {
		j.finished = Keys{}
	}
	j.settleLocked()
	return nil
}

// replayHold announces a write in flight. It does not go through Hold.send,
// which may wait for the contact that this is part of.
func (c *Cache) replayHold(ctx context.Context, h *Hold) error {
	h.mu.Lock()
	keys, over := h.keys, !h.journalled
	h.mu.Unlock()
	if over {
		return nil
	}
	sent := c.ticks()
	r, err := c.st.write(ctx, c.writing(h.token, keys, false))
	if err != nil {
		return err
	}
	c.count.quarantines.Add(uint64(r.started))
	h.mu.Lock()
	h.sent, h.held, h.journalled = sent, true, false
	h.mu.Unlock()
	c.journal.end(h)
	return nil
}
