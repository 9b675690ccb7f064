package parse

import (
	"hash/maphash"
	"strings"
	"sync"
)

// The bounds of Plans. What a plan weighs is not known; it grows with its
// text, and is reckoned as planBase bytes and planShare bytes for each byte
// of text.
const (
	maxPlans     = 4096
	maxPlanBytes = 16 << 20
	maxPlanText  = 16 << 10
	planBase     = 1 << 10
	planShare    = 8
	planShards   = 8
)

// Plans keeps what was made of each text, by the exact text. It is bounded by
// entries and bytes (4096 and 16 MiB, a plan reckoned at 1 KiB and eight
// bytes for each byte of its text); a text of more than 16 KiB is made anew
// each time. It may be used concurrently; it has no goroutine of its own and
// needs no closing.
type Plans[V any] struct {
	build  func(text string) V
	seed   maphash.Seed
	shards [planShards]planShard[V]
}

// planShard holds its plans in two generations. A plan of the old one that is
// asked for becomes young again; when the young one is full it becomes the
// old one, and the old one is dropped. So a plan in use stays, without a list
// to be kept in order at each hit.
type planShard[V any] struct {
	mu         sync.RWMutex
	young, old map[string]V
	bytes      int // of young

	_ [64]byte // shards are not to share a cache line
}

// NewPlans returns an empty cache that calls build for a text it does not
// hold. build may be called more than once for one text.
func NewPlans[V any](build func(text string) V) *Plans[V] {
	return &Plans[V]{build: build, seed: maphash.MakeSeed()}
}

// Of returns the plan of a text.
func (p *Plans[V]) Of(text string) V {
	if len(text) > maxPlanText {
		return p.build(text)
	}
	s := &p.shards[maphash.String(p.seed, text)%planShards]
	s.mu.RLock()
	v, ok := s.young[text]
	if ok {
		s.mu.RUnlock()
		return v
	}
	v, ok = s.old[text]
	s.mu.RUnlock()
	if !ok {
		// The caller's text may be a part of something large, and a plan may
		// hold parts of its text.
		text = strings.Clone(text)
		v = p.build(text)
	}
	return s.keep(text, v)
}

// keep makes a plan young, and returns the one that is kept: another call may
// have been first.
func (s *planShard[V]) keep(text string, v V) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.young[text]; ok {
		return first
	}
	weight := planBase + planShare*len(text)
	if len(s.young) >= maxPlans/planShards/2 || s.bytes+weight > maxPlanBytes/planShards/2 {
		s.old, s.young, s.bytes = s.young, nil, 0
	}
	if s.young == nil {
		s.young = make(map[string]V)
	}
	s.young[text] = v
	s.bytes += weight
	return v
}
