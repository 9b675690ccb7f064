package cache

import (
	"container/list"
	"time"
)

// rowList is a least-recently-used list of rows bounded by bytes. It is
// guarded by its store's mutex: a row must be judged together with its control
// state, so a concurrent cache library would only add a second lock (and its
// eviction, which works in the background, would make tests wait).
type rowList struct {
	max, used int
	order     *list.List // of *keptRow; the most recently used first
	byRow     map[Row]*list.Element
}

// keptRow is the results kept of one row, all of one generation.
type keptRow struct {
	row        Row
	generation generation
	results    map[Fingerprint]result
	bytes      int
}

type result struct {
	entry   []byte
	expires time.Time
}

// Rough sizes of the maps' and the list's own records, so that many tiny rows
// are bounded too.
const (
	rowOverhead    = 256
	resultOverhead = 96
)

func newRowList(max int) rowList {
	return rowList{max: max, order: list.New(), byRow: make(map[Row]*list.Element)}
}

func (l *rowList) raise(max int) {
	if max > l.max {
		l.max = max
	}
}

func (l *rowList) find(row Row, g generation, fp Fingerprint, now time.Time) ([]byte, bool) {
	e := l.byRow[row]
	if e == nil {
		return nil, false
	}
	kept := e.Value.(*keptRow)
	if kept.generation != g {
		l.remove(e)
		return nil, false
	}
	r, ok := kept.results[fp]
	if !ok {
		return nil, false
	}
	if !r.expires.After(now) {
		l.forget(e, fp)
		return nil, false
	}
	l.order.MoveToFront(e)
	return r.entry, true
}

func (l *rowList) keep(f fill, g generation, now time.Time) {
	cost := len(f.entry) + resultOverhead
	if cost+len(f.row.Table)+len(f.row.Key)+rowOverhead > l.max {
		l.drop(f.row) // too big to be kept at all
		return
	}
	e := l.byRow[f.row]
	if e != nil && e.Value.(*keptRow).generation != g {
		l.remove(e)
		e = nil
	}
	if e == nil {
		kept := &keptRow{
			row: f.row, generation: g, results: make(map[Fingerprint]result),
			bytes: len(f.row.Table) + len(f.row.Key) + rowOverhead,
		}
		e = l.order.PushFront(kept)
		l.byRow[f.row] = e
		l.used += kept.bytes
	} else {
		l.order.MoveToFront(e)
	}
	kept := e.Value.(*keptRow)
	if old, ok := kept.results[f.fp]; ok {
		l.charge(kept, -len(old.entry)-resultOverhead)
	}
	kept.results[f.fp] = result{entry: f.entry, expires: now.Add(f.ttl)}
	l.charge(kept, cost)
	for l.used > l.max && l.order.Len() > 1 {
		l.remove(l.order.Back())
	}
	if l.used > l.max { // one row with many results
		l.remove(e)
	}
}

func (l *rowList) charge(kept *keptRow, bytes int) {
	kept.bytes += bytes
	l.used += bytes
}

func (l *rowList) forget(e *list.Element, fp Fingerprint) {
	kept := e.Value.(*keptRow)
	l.charge(kept, -len(kept.results[fp].entry)-resultOverhead)
	delete(kept.results, fp)
	if len(kept.results) == 0 {
		l.remove(e)
	}
}

func (l *rowList) drop(row Row) {
	if e := l.byRow[row]; e != nil {
		l.remove(e)
	}
}

func (l *rowList) remove(e *list.Element) {
	kept := e.Value.(*keptRow)
	l.order.Remove(e)
	delete(l.byRow, kept.row)
	l.used -= kept.bytes
}
