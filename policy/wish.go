package policy

import (
	"math"
	"time"
)

// wish is what may be said for all tables and for one of them.
type wish struct {
	ttl        time.Duration
	jitter     float64
	noJitter   bool
	maxEntry   int
	negative   time.Duration
	noNegative bool
	repopulate *bool
	ahead      time.Duration
	noAhead    bool
	near       time.Duration
	noNear     bool
}

func (d Defaults) wish() wish {
	return wish{
		ttl: d.TTL, jitter: d.Jitter, noJitter: d.NoJitter, maxEntry: d.MaxEntry,
		negative: d.NegativeTTL, noNegative: d.NoNegative, repopulate: d.Repopulate, ahead: d.RefreshAhead, near: d.Near,
	}
}

func (t TableRule) wish() wish {
	return wish{
		ttl: t.TTL, jitter: t.Jitter, noJitter: t.NoJitter, maxEntry: t.MaxEntry,
		negative: t.NegativeTTL, noNegative: t.NoNegative, repopulate: t.Repopulate,
		ahead: t.RefreshAhead, noAhead: t.NoRefreshAhead, near: t.Near, noNear: t.NoNear,
	}
}

// check says what is wrong with a wish by itself. at finds the place of one of
// the file's fields.
func (w wish) check(m *mistakes, where string, at func(field string) place) {
	mistake := func(field, format string, args ...any) {
		m.add(at(field), where+": "+format, args...)
	}
	both := func(field string, set, unset bool, no string) {
		if set && unset {
			mistake(field, "%s together with %s: want one of them", field, no)
		}
	}
	if w.ttl != 0 && w.ttl < leastTTL {
		mistake("ttl", "ttl %v: want at least %v", w.ttl, leastTTL)
	}
	if w.maxEntry < 0 || w.maxEntry > mostMaxEntry {
		mistake("max_entry", "max_entry %d: want 1 to %d bytes", w.maxEntry, mostMaxEntry)
	}
	if math.IsNaN(w.jitter) || w.jitter < 0 || w.jitter >= 1 {
		mistake("jitter", "jitter %v: want a share of the ttl, at least 0 and below 1", w.jitter)
	} else {
		both("jitter", w.jitter != 0, w.noJitter, "NoJitter")
	}
	if w.negative != 0 && w.negative < leastTTL {
		mistake("negative_ttl", "negative_ttl %v: want at least %v", w.negative, leastTTL)
	}
	both("negative_ttl", w.negative != 0, w.noNegative, "NoNegative")
	if w.ahead < 0 {
		mistake("refresh_ahead", "refresh_ahead %v: want 0 or more", w.ahead)
	}
	both("refresh_ahead", w.ahead != 0, w.noAhead, "NoRefreshAhead")
	if w.near < 0 {
		mistake("near", "near %v: want 0 or more", w.near)
	}
	both("near", w.near != 0, w.noNear, "NoNear")
}

// rule is what holds for one table once the defaults are in.
type rule struct {
	off        bool
	ttl        time.Duration
	jitter     float64
	maxEntry   int
	negative   time.Duration // 0: "no such row" is not kept
	repopulate bool
	ahead      time.Duration
	near       time.Duration
	tenant     string
}

// defaultRule holds where nothing is said.
var defaultRule = rule{
	ttl: defaultTTL, jitter: defaultJitter, maxEntry: defaultMaxEntry, negative: defaultNegative, repopulate: true,
}

// with returns the rule with what is wished for on top.
func (r rule) with(w wish) rule {
	over(&r.ttl, w.ttl, false)
	over(&r.jitter, w.jitter, w.noJitter)
	over(&r.maxEntry, w.maxEntry, false)
	over(&r.negative, w.negative, w.noNegative)
	over(&r.ahead, w.ahead, w.noAhead)
	over(&r.near, w.near, w.noNear)
	if w.repopulate != nil {
		r.repopulate = *w.repopulate
	}
	return r
}

// over sets to where something is said.
func over[T comparable](to *T, said T, none bool) {
	var zero T
	if said != zero || none {
		*to = said
	}
}
