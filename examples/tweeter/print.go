package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/policy"
)

// The colours of a terminal.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	green  = "32"
	yellow = "33"
)

// teller prints what happens, and counts it for the summary. The story is told
// by one goroutine; observe may be called by others.
type teller struct {
	w      io.Writer
	colour bool

	mu     sync.Mutex // guards what follows, and w
	err    error      // the first of w
	counts []*tally
}

// tally is what happened to one query.
type tally struct {
	query                        string
	hits, misses, bypass, writes int
	hit, asked                   time.Duration // spent in all: on hits, and on reads of the database
}

func (t *teller) printf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.printfLocked(format, args...)
}

func (t *teller) printfLocked(format string, args ...any) {
	if _, err := fmt.Fprintf(t.w, format, args...); err != nil && t.err == nil {
		t.err = err
	}
}

func (t *teller) chapter(title string) { t.printf("\n%s\n", t.paint(bold, title)) }

// observe prints one query: its name, what was decided, how long it took, and
// why or which tables it concerns.
func (t *teller) observe(e driver.Event) {
	took := micros(e.Duration)
	why := e.Reason
	if why == "" {
		why = strings.Join(e.Tables, ", ")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if why != "" {
		why = "   " + t.paint(dim, why)
	}
	t.printfLocked("  %-21s %s %9s%s\n", e.Name, t.paint(colourOf(e.Code), fmt.Sprintf("%-22s", e.Code)), took, why)
	t.countLocked(e)
}

func (t *teller) countLocked(e driver.Event) {
	i := slices.IndexFunc(t.counts, func(c *tally) bool { return c.query == e.Name })
	if i < 0 {
		i = len(t.counts)
		t.counts = append(t.counts, &tally{query: e.Name})
	}
	c := t.counts[i]
	switch {
	case e.Code == policy.Hit || e.Code == policy.Negative:
		c.hits++
		c.hit += e.Duration
	case e.Code == policy.Miss:
		c.misses++
		c.asked += e.Duration
	case e.Code.Bypass():
		c.bypass++
		c.asked += e.Duration
	default:
		c.writes++
	}
}

// summary prints one line for each query, and what the cache did for all.
func (t *teller) summary() {
	t.chapter("Summary")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.printfLocked("  %-21s %6s %6s %7s %7s   %12s %12s\n", "query", "hits", "misses", "bypass", "writes", "mean hit", "mean asked")
	var all tally
	slices.SortFunc(t.counts, func(a, b *tally) int { return cmp.Compare(a.query, b.query) })
	for _, c := range t.counts {
		t.lineLocked(c)
		all.hits, all.misses, all.bypass, all.writes = all.hits+c.hits, all.misses+c.misses, all.bypass+c.bypass, all.writes+c.writes
		all.hit, all.asked = all.hit+c.hit, all.asked+c.asked
	}
	all.query = "all"
	t.lineLocked(&all)
	t.printfLocked("\n%d of %d reads by primary key came from the cache.\n", all.hits, all.hits+all.misses)
}

func (t *teller) lineLocked(c *tally) {
	t.printfLocked("  %-21s %s %s %s %s   %12s %12s\n", c.query,
		number(c.hits, 6), number(c.misses, 6), number(c.bypass, 7), number(c.writes, 7),
		mean(c.hit, c.hits), mean(c.asked, c.misses+c.bypass))
}

// number is a count, right-aligned; a dot stands for none.
func number(n, width int) string {
	if n == 0 {
		return fmt.Sprintf("%*s", width, ".")
	}
	return fmt.Sprintf("%*d", width, n)
}

func mean(all time.Duration, n int) string {
	if n == 0 {
		return "."
	}
	return micros(all / time.Duration(n))
}

func micros(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }

func colourOf(c policy.Code) string {
	switch {
	case c == policy.Hit || c == policy.Negative:
		return green
	case c == policy.Miss:
		return plain
	case c.Bypass():
		return dim
	}
	return yellow
}

// paint colours text, where a person looks at it.
func (t *teller) paint(colour, text string) string {
	if !t.colour || colour == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
