package driver_test

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// trapUntil asks again and again until what must happen has happened.
func trapUntil(t *testing.T, happened func() bool, why func() string) {
	t.Helper()
	again := time.NewTicker(3 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(trapPatience); !happened(); {
		if time.Now().After(end) {
			t.Fatal(why())
		}
		<-again.C
	}
}

// trapWaiting reports whether some goroutine is inside the function, blocked
// in a way that the runtime names so ("select", "chan receive").
func trapWaiting(function, state string) bool {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for _, g := range strings.Split(string(buf), "\n\n") {
		head, stack, _ := strings.Cut(g, "\n")
		if strings.Contains(head, "["+state) && strings.Contains(stack, function) {
			return true
		}
	}
	return false
}

// trapAsync runs f beside the test; the channel gives its answer.
func trapAsync[T any](f func() T) <-chan T {
	c := make(chan T, 1)
	go func() { c <- f() }()
	return c
}

func trapAwait[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(trapPatience):
		t.Fatalf("%s did not end", what)
		panic("not reached")
	}
}
