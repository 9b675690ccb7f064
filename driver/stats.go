package driver

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// Stats is a snapshot of what a database's handle has counted since it was
// opened. Hits, misses, negatives and bypasses together are the reads.
type Stats struct {
	Hits, Misses  uint64
	Bypasses      map[policy.Code]uint64 // by reason
	Invalidations map[policy.Code]uint64 // writes by the widest thing they invalidate
	Unkept        uint64                 // results that no entry could hold: too large, or a Go type that would not come back the same

	Fills, RefusedFills, DroppedFills uint64 // kept; refused because something was written meanwhile; not tried because too many were waiting
	Holds, Releases, Renewals         uint64
	UnknownOutcomes                   uint64            // writes of which nobody knew whether they took effect
	StoreErrors                       map[string]uint64 // by class: timeout, refused, oom, readonly, …
	Journalled                        uint64            // keys that a write could not hold because the store was out of reach

	Unparsed     uint64 // texts that were not understood
	ParserPanics uint64 // of these: by a panic of the parser, recovered
	// Disagreements counts texts of MySQL on whose kind or tables the two parsers
	// disagree: such a read bypasses, such a write invalidates what either found.
	Disagreements uint64
	Compared      uint64 // mode observe: reads compared with what would have been served
	Mismatches    uint64 // mode observe: of these, the ones that differed

	Tables  map[string]Counts // by the table's canonical name
	Queries map[string]Counts // by sqlc's name of the query
}

// Counts is the share of one table or one named query.
type Counts struct {
	Hits, Misses, Bypasses, Invalidations uint64
}

// Sub returns what was counted since an earlier snapshot.
func (s Stats) Sub(earlier Stats) Stats {
	s.Hits -= earlier.Hits
	s.Misses -= earlier.Misses
	s.Bypasses = minus(s.Bypasses, earlier.Bypasses)
	s.Invalidations = minus(s.Invalidations, earlier.Invalidations)
	s.Unkept -= earlier.Unkept
	s.Fills -= earlier.Fills
	s.RefusedFills -= earlier.RefusedFills
	s.DroppedFills -= earlier.DroppedFills
	s.Holds -= earlier.Holds
	s.Releases -= earlier.Releases
	s.Renewals -= earlier.Renewals
	s.UnknownOutcomes -= earlier.UnknownOutcomes
	s.StoreErrors = minus(s.StoreErrors, earlier.StoreErrors)
	s.Journalled -= earlier.Journalled
	s.Unparsed -= earlier.Unparsed
	s.ParserPanics -= earlier.ParserPanics
	s.Disagreements -= earlier.Disagreements
	s.Compared -= earlier.Compared
	s.Mismatches -= earlier.Mismatches
	s.Tables = minusCounts(s.Tables, earlier.Tables)
	s.Queries = minusCounts(s.Queries, earlier.Queries)
	return s
}

func minus[K comparable](now, earlier map[K]uint64) map[K]uint64 {
	out := maps.Clone(now)
	for k, n := range earlier {
		if out[k] -= n; out[k] == 0 {
			delete(out, k)
		}
	}
	return out
}

func minusCounts(now, earlier map[string]Counts) map[string]Counts {
	out := make(map[string]Counts, len(now))
	for k, n := range now {
		e := earlier[k]
		d := Counts{n.Hits - e.Hits, n.Misses - e.Misses, n.Bypasses - e.Bypasses, n.Invalidations - e.Invalidations}
		if d != (Counts{}) {
			out[k] = d
		}
	}
	return out
}

// counters is what Stats is a snapshot of. Safe for concurrent use; counting
// takes no lock.
type counters struct {
	codes                                 [64]atomic.Uint64 // by policy.Code
	unkept, unknown                       atomic.Uint64
	unparsed, panics, compares, different atomic.Uint64
	disagreements                         atomic.Uint64

	mu      sync.Mutex // guards the maps, not the tallies in them
	tables  map[string]*tally
	queries map[string]*tally
}

// tally counts for one table or one query.
type tally struct{ hits, misses, bypasses, invalidations atomic.Uint64 }

func newCounters() *counters {
	return &counters{tables: map[string]*tally{}, queries: map[string]*tally{}}
}

// maxTallies bounds the names counted: a program that makes up query names
// must not fill memory.
const maxTallies = 10_000

func (c *counters) table(name string) *tally { return c.tally(c.tables, name) }
func (c *counters) query(name string) *tally { return c.tally(c.queries, name) }

func (c *counters) tally(m map[string]*tally, name string) *tally {
	if name == "" {
		return &tally{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := m[name]
	if t == nil {
		t = &tally{}
		if len(m) < maxTallies {
			m[name] = t
		}
	}
	return t
}

func (c *counters) read(code policy.Code, t *text) {
	c.codes[code].Add(1)
	for _, n := range [...]*tally{t.table, t.query} {
		switch code {
		case policy.Hit:
			n.hits.Add(1)
		case policy.Miss:
			n.misses.Add(1)
		default:
			n.bypasses.Add(1)
		}
	}
}

func (c *counters) write(e policy.Effects, t *text) {
	c.codes[e.Code].Add(1)
	if e.Code == policy.InvalidateNothing {
		return
	}
	t.table.invalidations.Add(1)
	t.query.invalidations.Add(1)
}

func (c *counters) parsed(f *parse.Facts) {
	if f.Kind == parse.Opaque {
		c.unparsed.Add(1)
	}
	if f.Panicked {
		c.panics.Add(1)
	}
	if f.Disagreement != "" {
		c.disagreements.Add(1)
	}
}

// compared counts a comparison of what the database answered with what the
// store would have.
func (c *counters) compared(entry []byte, would *cache.Result) {
	c.compares.Add(1)
	if e, ok := cache.Encode(would); !ok || string(e) != string(entry) {
		c.different.Add(1)
	}
}

func (c *counters) snapshot() Stats {
	s := Stats{
		Hits:          c.codes[policy.Hit].Load(),
		Misses:        c.codes[policy.Miss].Load(),
		Bypasses:      map[policy.Code]uint64{},
		Invalidations: map[policy.Code]uint64{},
		StoreErrors:   map[string]uint64{},
		Tables:        map[string]Counts{},
		Queries:       map[string]Counts{},
		Unkept:        c.unkept.Load(), UnknownOutcomes: c.unknown.Load(),
		Unparsed: c.unparsed.Load(), ParserPanics: c.panics.Load(), Disagreements: c.disagreements.Load(),
		Compared: c.compares.Load(), Mismatches: c.different.Load(),
	}
	for _, code := range policy.Codes() {
		n := c.codes[code].Load()
		switch {
		case n == 0 || code == policy.Hit || code == policy.Miss:
		case code.Bypass():
			s.Bypasses[code] = n
		default:
			s.Invalidations[code] = n
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, t := range c.tables {
		s.Tables[name] = t.counts()
	}
	for name, t := range c.queries {
		s.Queries[name] = t.counts()
	}
	return s
}

func (t *tally) counts() Counts {
	return Counts{t.hits.Load(), t.misses.Load(), t.bypasses.Load(), t.invalidations.Load()}
}

// addCache adds what the store's side counted.
func (s *Stats) addCache(c cache.Stats) {
	s.Fills += c.Fills
	s.RefusedFills += c.RefusedFills
	s.DroppedFills += c.DroppedFills
	s.Holds += c.Holds
	s.Releases += c.Releases
	s.Renewals += c.Renewals
	s.Journalled += c.Journalled
	for class, n := range c.Errors {
		s.StoreErrors[class] += n
	}
}
