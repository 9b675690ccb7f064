package cache

import (
	"context"
	"sync"
	"time"
)

// workSet is the background work of a cache: everything that Close waits for,
// and of it the fills and releases that Sync waits for. It may be used
// concurrently.
type workSet struct {
	wg sync.WaitGroup

	mu     sync.Mutex
	closed bool
	next   uint64
	open   map[uint64]chan struct{}
}

// spawn runs f in a goroutine that close waits for; after close it does not.
func (w *workSet) spawn(f func()) bool {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	w.wg.Add(1)
	w.mu.Unlock()
	go func() {
		defer w.wg.Done()
		f()
	}()
	return true
}

// after is spawn at a later time. A timer that fires after close does nothing.
func (w *workSet) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		w.mu.Lock()
		if w.closed {
			w.mu.Unlock()
			return
		}
		w.wg.Add(1)
		w.mu.Unlock()
		defer w.wg.Done()
		f()
	})
}

// begin notes a fill or a release; the function it returns notes its end.
func (w *workSet) begin() (done func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = make(map[uint64]chan struct{})
	}
	id, ended := w.next, make(chan struct{})
	w.next++
	w.open[id] = ended
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.open, id)
		close(ended)
	}
}

// settle waits for what has begun before it.
func (w *workSet) settle(ctx context.Context) error {
	w.mu.Lock()
	waits := make([]chan struct{}, 0, len(w.open))
	for _, ended := range w.open {
		waits = append(waits, ended)
	}
	w.mu.Unlock()
	for _, ended := range waits {
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *workSet) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.wg.Wait()
}
