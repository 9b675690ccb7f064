package cache

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats is a snapshot of the counters since the cache was made.
type Stats struct {
	Fills, RefusedFills, DroppedFills uint64
	Holds, Releases, Renewals         uint64
	Errors                            map[string]uint64 // by class: timeout, refused, oom, readonly, loading, noscript, auth, maxclients, misconf, other
	Journalled                        uint64            // keys that a write could not hold
	Quarantines                       uint64
}

// Stats returns the counters.
func (c *Cache) Stats() Stats {
	n := &c.count
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Stats{
		Fills: n.fills.Load(), RefusedFills: n.refusedFills.Load(), DroppedFills: n.droppedFills.Load(),
		Holds: n.holds.Load(), Releases: n.releases.Load(), Renewals: n.renewals.Load(),
		Errors:     maps.Clone(n.errors),
		Journalled: n.journalled.Load(), Quarantines: n.quarantines.Load(),
	}
	if s.Errors == nil {
		s.Errors = make(map[string]uint64)
	}
	return s
}

// counters may be used concurrently.
type counters struct {
	fills, refusedFills, droppedFills atomic.Uint64
	holds, releases, renewals         atomic.Uint64
	journalled, quarantines           atomic.Uint64

	mu     sync.Mutex
	errors map[string]uint64
}

func (n *counters) failed(class string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.errors == nil {
		n.errors = make(map[string]uint64)
	}
	n.errors[class]++
}
