package driver_test

import (
	"context"
	"strings"
	"testing"
)

const readV = "SELECT v FROM t WHERE id = ?"

// readLate begins a read through R and returns what it gives in the end.
func (g *trapRig) readLate(ctx context.Context) <-chan string {
	return trapAsync(func() string { return g.ask(ctx, g.R, readV, 1) })
}

// settle reads another row until it is served from the store: quarantines are
// over, and the row of the trap is not kept yet.
func (g *trapRig) settle() {
	g.t.Helper()
	g.warm(readV, 2)
}

func TestA1LateFill(t *testing.T) {
	trap{serial: true}.run(t, func(t *testing.T, g *trapRig) {
		g.settle()
		g.warm("SELECT id, v FROM t WHERE id = ?", 1) // another result of the same row
		fill := stopAtPause(t, "fill")
		late := g.readLate(g.ctx)
		fill.wait(t)
		g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
		before := g.r.Stats().RefusedFills
		fill.open()
		if got := trapAwait(t, "the late read", late); got != "v=old 1" {
			t.Errorf("the late read gives %q", got)
		}
		if got := g.fresh(readV, 1); got != "v=new" {
			t.Errorf("the database has %q", got)
		}
		g.fresh("SELECT id, v FROM t WHERE id = ?", 1)
		if n := g.r.Stats().RefusedFills - before; n != 1 {
			t.Errorf("%d late fills were refused, want 1", n)
		}
	})
}

func TestA2LateFillOfARowThatWasNeverKept(t *testing.T) {
	for _, write := range []string{"UPDATE t SET v = 'new' WHERE id = 1", "UPDATE t SET v = 'new'", "DELETE FROM t WHERE id = 1"} {
		t.Run(strings.ReplaceAll(write, " ", "_"), func(t *testing.T) {
			trap{}.run(t, func(t *testing.T, g *trapRig) {
				g.settle()
				read := g.stepsR.stopAfter(t, "rows closed", "SELECT v FROM t")
				late := g.readLate(g.ctx)
				read.wait(t) // with the old row in hand
				g.exec(g.W, write)
				g.sync()
				read.open()
				if got := trapAwait(t, "the late read", late); got != "v=old 1" {
					t.Errorf("the late read gives %q", got)
				}
				g.fresh(readV, 1)
				if n := g.r.Stats().RefusedFills; n == 0 {
					t.Error("the late fill was not refused")
				}
			})
		})
	}
}

func TestA4ReadBetweenUpdateAndCommit(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		for _, query := range []string{readV, "SELECT id, v FROM t WHERE id = ?"} {
			g.warm(query, 1)
		}
		tx := g.begin(g.W, nil)
		g.exec(tx, "UPDATE t SET v = ? WHERE id = ?", "new", 1)
		g.exec(tx, "UPDATE t SET v = v || ' and new' WHERE id > ?", 1)
		if got := g.read(tx, readV, 1); got != "v=new" {
			t.Errorf("the transaction itself is served %q", got)
		}
		for range 3 { // kept before, or filled now
			for _, query := range []string{readV, "SELECT id, v FROM t WHERE id = ?", "SELECT v, id FROM t WHERE id = ?"} {
				for id := 1; id <= 3; id++ {
					if got := g.read(g.R, query, id); !strings.Contains(got, "old") || strings.Contains(got, "new") {
						t.Fatalf("before the commit R is served %q", got)
					}
				}
			}
			g.sync()
		}
		g.commit(tx)
		for _, query := range []string{readV, "SELECT id, v FROM t WHERE id = ?", "SELECT v, id FROM t WHERE id = ?"} {
			for id := 1; id <= 3; id++ {
				if got := g.fresh(query, id); !strings.Contains(got, "new") {
					t.Errorf("the database has %q", got)
				}
			}
		}
	})
}

func TestA5TwoWritersOfOneRow(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.settle()
		second, _, steps := g.openWrapped("")
		g.exec(second, "UPDATE t SET v = 'x' WHERE id = 3") // its catalog is read
		g.warm(readV, 1)

		held := steps.stopBefore(t, "exec", "second")
		done := trapAsync(func() error { _, err := second.Exec("UPDATE t SET v = 'second' WHERE id = 1"); return err })
		held.wait(t) // holds, and has not written
		g.exec(g.W, "UPDATE t SET v = 'first' WHERE id = 1")
		g.sync()
		before := g.r.Stats()
		for range 3 {
			if got := g.read(g.R, readV, 1); got != "v=first" {
				t.Errorf("R is served %q after the first write", got)
			}
			g.sync()
		}
		if since := g.r.Stats().Sub(before); since.Hits+since.Misses != 0 {
			t.Errorf("the first to finish opened the gate for the second: %+v", since)
		}
		held.open()
		if err := trapAwait(t, "the second write", done); err != nil {
			t.Fatal(err)
		}
		if got := g.fresh(readV, 1); got != "v=second" {
			t.Errorf("the database has %q", got)
		}
	})
}

func TestA7FlightFromBeforeTheCommit(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.settle()
		read := g.stepsR.stopAfter(t, "rows closed", "SELECT v FROM t")
		leader := g.readLate(g.ctx)
		read.wait(t) // in flight, with the old row in hand
		g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
		follower := g.readLate(g.ctx) // begins after the commit
		if got := trapAwait(t, "a read begun after the commit", follower); got != "v=new" {
			t.Errorf("a read begun after the commit gives %q", got)
		}
		read.open()
		trapAwait(t, "the leader", leader)
		g.fresh(readV, 1)
	})
}

func TestA9LeaderIsCancelled(t *testing.T) {
	trap{serial: true}.run(t, func(t *testing.T, g *trapRig) {
		g.settle()
		arrived := make(chan struct{}, 1)
		g.stepsR.set(func(step trapStep) error {
			if step.op != "query" || !strings.Contains(step.query, "SELECT v FROM t") {
				return nil
			}
			select {
			case arrived <- struct{}{}: // the leader: it asks until it is cancelled
				<-step.ctx.Done()
				return step.ctx.Err()
			default:
				return nil
			}
		}, nil)
		ctx, cancel := context.WithCancel(g.ctx)
		defer cancel()
		leader := g.readLate(ctx)
		trapUntil(t, func() bool { return len(arrived) == 1 }, func() string { return "the leader never asks" })
		follower := g.readLate(g.ctx)
		// It has joined once it waits in the flight.
		trapUntil(t, func() bool { return trapWaiting("(*fetch).rows", "select") }, func() string { return "no follower joins" })
		cancel()
		if got := trapAwait(t, "the leader", leader); got != "error: "+context.Canceled.Error() {
			t.Errorf("the cancelled leader gives %q", got)
		}
		if got := trapAwait(t, "the follower", follower); got != "v=old 1" {
			t.Errorf("the follower gives %q", got)
		}
		if got := g.warm(readV, 1); got != "v=old 1" {
			t.Errorf("kept is %q", got)
		}
	})
}

func TestA11LookupThatSeesAHolder(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.settle()
		asked := g.stepsR.stopBefore(t, "query", "SELECT v FROM t")
		leader := g.readLate(g.ctx)
		asked.wait(t) // a flight is under way
		held := g.stepsW.stopBefore(t, "exec", "UPDATE t")
		write := trapAsync(func() error { _, err := g.W.Exec("UPDATE t SET v = 'new' WHERE id = 1"); return err })
		held.wait(t)
		before := g.r.Stats()
		if got := trapAwait(t, "a read that sees a holder", g.readLate(g.ctx)); got != "v=old 1" {
			t.Errorf("R is served %q", got)
		}
		if since := g.r.Stats().Sub(before); since.Hits+since.Misses != 0 {
			t.Errorf("a read that sees a holder did more than ask the database: %+v", since)
		}
		held.open()
		if err := trapAwait(t, "the write", write); err != nil {
			t.Fatal(err)
		}
		asked.open()
		trapAwait(t, "the leader", leader)
		g.fresh(readV, 1)
	})
}
