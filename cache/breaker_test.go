package cache

import (
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

func TestAnySuccessEndsARowOfFailures(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	w.lease = 5 * time.Second // no contact by chance: the vitals are good for longer than the test
	c := w.open()
	lease := vacant(t, c, alice)
	held := hold(t, c, rows(bob))
	steps := []struct {
		name string
		do   func()
	}{
		{"lookup", func() { wantOutcome(t, c, alice, Absent) }},
		{"fill", func() { put(t, c, alice, lease, "v") }},
		{"release", func() { release(t, held) }},
		{"hold", func() { held = hold(t, c, rows(bob)) }},
		{"epoch", func() {
			if _, err := c.Epoch(t.Context()); err != nil {
				t.Error(err)
			}
		}},
	}
	if err := c.contact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		// One less than opens the breaker, again and again. It is told past
		// the vitals, which a failure would make doubtful: a contact would
		// reset the count too.
		for range breakerThreshold - 1 {
			c.breaker.failed(c, classTimeout)
		}
		step.do()
		if n := c.breaker.failures.Load(); n != 0 || c.breaker.isOpen() {
			t.Fatalf("after a %s that succeeded: %d failures, open %v", step.name, n, c.breaker.isOpen())
		}
	}
	release(t, held)
	if n := c.Stats(); n.Journalled != 0 {
		t.Errorf("a write went unannounced: %+v", n)
	}
}
