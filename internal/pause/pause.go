// Package pause lets a test stop a process between two steps of the
// coherence protocol, which is where its mistakes would show: without pauses
// even a naive cache passes a linearizability check for minutes.
//
// A program that sets nothing pays one atomic load per point.
package pause

import "sync/atomic"

var hook atomic.Pointer[func(point string)]

// At is called by the code at the point of that name. It runs the function
// that was set, on the caller's goroutine, and does nothing without one.
func At(point string) {
	if f := hook.Load(); f != nil {
		(*f)(point)
	}
}

// Set installs f for the whole process, and removes it with nil. It may be
// called at any time; a call of At under way may still run the former one.
func Set(f func(point string)) {
	if f == nil {
		hook.Store(nil)
		return
	}
	hook.Store(&f)
}
