package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// simulation is a database of one row and processes that take turns in random
// order, each step of a read and of a write being a turn of its own. Whatever
// the order, a hit must be what the database holds.
type simulation struct {
	t       *testing.T
	w       *world
	r       *rand.Rand
	caches  []*Cache
	value   int
	reads   []pendingRead
	writes  []pendingWrite
	history []string
	hits    int
	fills   int
}

type pendingRead struct {
	c     *Cache
	lease Lease
	value string
}

type pendingWrite struct {
	h         *Hold
	committed bool
}

func (s *simulation) note(format string, args ...any) {
	s.history = append(s.history, fmt.Sprintf(format, args...))
}

func (s *simulation) cache() *Cache { return s.caches[s.r.IntN(len(s.caches))] }

func (s *simulation) lookup() {
	c := s.cache()
	l := c.Lookup(context.Background(), alice, query)
	s.note("lookup: %v %q", l.Outcome, l.Entry)
	switch l.Outcome {
	case Found:
		s.hits++
		if string(l.Entry) != strconv.Itoa(s.value) {
			s.t.Fatalf("hit %q, the database holds %d; the last steps:\n%q", l.Entry, s.value, s.history[max(0, len(s.history)-40):])
		}
	case Absent:
		s.reads = append(s.reads, pendingRead{c, l.Lease, strconv.Itoa(s.value)})
	}
}

func (s *simulation) fill() {
	if len(s.reads) == 0 {
		return
	}
	i := s.r.IntN(len(s.reads))
	p := s.reads[i]
	if s.r.IntN(4) > 0 || len(s.reads) > 8 { // sometimes the same lease is used again, much later
		s.reads = slices.Delete(s.reads, i, i+1)
	}
	put(s.t, p.c, alice, p.lease, p.value)
	s.fills++
	s.note("fill %s", p.value)
}

func (s *simulation) hold() {
	if len(s.writes) >= 3 {
		return
	}
	widths := []Keys{rows(alice), rows(alice, bob), tables("users"), {All: true}}
	keys := widths[s.r.IntN(len(widths))]
	s.writes = append(s.writes, pendingWrite{h: hold(s.t, s.cache(), keys)})
	s.note("hold %+v", keys)
}

func (s *simulation) finish() {
	if len(s.writes) == 0 {
		return
	}
	i := s.r.IntN(len(s.writes))
	p := &s.writes[i]
	if !p.committed && s.r.IntN(5) > 0 {
		if err := p.h.Extend(context.Background(), Keys{}); err != nil { // as before a late COMMIT
			s.t.Fatal(err)
		}
		s.value++
		p.committed = true
		s.note("commit %d", s.value)
		return
	}
	h := p.h
	s.writes = slices.Delete(s.writes, i, i+1)
	if s.w.clock != nil && s.r.IntN(6) == 0 {
		die(h)
		s.note("a writer dies")
		return
	}
	release(s.t, h)
	s.note("release")
}

// disturb moves the clock of the in-process store, or evicts from Redis.
func (s *simulation) disturb() {
	if s.w.clock != nil {
		d := time.Duration(s.r.Int64N(int64(s.w.lease / 3)))
		s.w.clock.advance(d)
		s.note("%v pass", d)
		for _, p := range s.writes { // the renewals that would have run
			if !p.committed {
				if err := p.h.announce(context.Background(), Keys{}); err != nil {
					s.t.Fatal(err)
				}
			}
		}
		return
	}
	control, row, _ := layout{s.w.namespace, 1}.locate(alice)
	key := []string{row, control, metaKey(s.w.namespace)}[s.r.IntN(3)]
	if err := s.w.redis.Del(context.Background(), key).Err(); err != nil {
		s.t.Fatal(err)
	}
	s.note("evict %s", key)
}

func TestRandomStepsServeNothingStale(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		rounds, steps := 40, 250
		if w.redis != nil {
			rounds, steps, w.lease = 8, 150, 300*time.Millisecond
		}
		hits, fills := 0, 0
		for seed := range uint64(rounds) {
			s := &simulation{t: t, w: w, r: rand.New(rand.NewPCG(seed, 1))}
			for range 3 {
				s.caches = append(s.caches, w.open())
			}
			release(t, hold(t, s.caches[0], Keys{All: true})) // of what the last round left
			s.value = int(seed) * 1_000_000
			put(t, s.caches[0], alice, vacant(t, s.caches[0], alice), strconv.Itoa(s.value))
			for step := range steps {
				switch n := s.r.IntN(20); {
				case n < 8:
					s.lookup()
				case n < 12:
					s.fill()
				case n < 13:
					s.hold()
				case n < 19:
					s.finish()
				case w.clock != nil || step%75 == 74:
					s.disturb()
				}
			}
			for _, p := range s.writes {
				release(t, p.h)
			}
			if w.clock != nil {
				w.lapse()
			}
			hits, fills = hits+s.hits, fills+s.fills
			for _, c := range s.caches {
				_ = c.Close()
			}
		}
		if hits < 10*rounds || fills < 5*rounds {
			t.Errorf("%d hits and %d fills in %d rounds: too little was tried", hits, fills, rounds)
		}
		t.Logf("%d hits, %d fills", hits, fills)
	})
}
