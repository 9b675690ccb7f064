package driver

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moneyclip/moneyclip/policy"
)

// Event is one decision, told to the observers once it was carried out; where
// rows follow, when the first can be read. It holds no argument and no value.
type Event struct {
	Name     string        // sqlc's name of the query, empty without one
	Query    string        // the text
	Code     policy.Code   // hit, miss, bypass:… or invalidate:…
	Reason   string        // for people, often empty
	Tables   []string      // of a write: the tables it touches
	Duration time.Duration // of the call
}

// watchers are the observers of one database. Safe for concurrent use; without
// any it costs one atomic load.
type watchers struct {
	mu   sync.Mutex // serialises changes of list
	list atomic.Pointer[[]*func(Event)]
}

func (w *watchers) any() bool {
	l := w.list.Load()
	return l != nil && len(*l) > 0
}

func (w *watchers) add(f func(Event)) (remove func()) {
	p := &f
	w.change(func(l []*func(Event)) []*func(Event) { return append(l, p) })
	return func() {
		w.change(func(l []*func(Event)) []*func(Event) {
			return slices.DeleteFunc(l, func(q *func(Event)) bool { return q == p })
		})
	}
}

func (w *watchers) change(f func([]*func(Event)) []*func(Event)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var now []*func(Event)
	if l := w.list.Load(); l != nil {
		now = slices.Clone(*l)
	}
	now = f(now)
	w.list.Store(&now)
}

func (w *watchers) tell(e Event) {
	if l := w.list.Load(); l != nil {
		for _, f := range *l {
			(*f)(e)
		}
	}
}
