package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The contract of a store. The letters are those of the list of traps.

func TestContract01A1LateFillIsRefused(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		put(t, reader, alice, vacant(t, reader, alice), "old")
		h := hold(t, writer, rows(alice))
		release(t, h)
		lease := wantOutcome(t, reader, alice, Absent).Lease
		h = hold(t, writer, rows(alice)) // the reader has read the old row by now
		release(t, h)
		put(t, reader, alice, lease, "old")
		wantOutcome(t, reader, alice, Absent)
		if n := reader.Stats().RefusedFills; n != 1 {
			t.Fatalf("refused fills = %d, want 1", n)
		}
	})
}

func TestContract02A2LateFillIsRefusedWhereNothingWasKept(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		lease := vacant(t, reader, alice)
		release(t, hold(t, writer, rows(alice)))
		put(t, reader, alice, lease, "old")
		wantOutcome(t, reader, alice, Absent)
	})
}

func TestContract03A3SlowFillDoesNotReplaceLaterOne(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		slow, quick, writer := w.open(), w.open(), w.open()
		first := vacant(t, slow, alice)
		release(t, hold(t, writer, rows(alice)))
		second := vacant(t, quick, alice)
		if first == second {
			t.Fatal("lookups before and after a write gave the same lease")
		}
		put(t, quick, alice, second, "new")
		put(t, slow, alice, first, "old")
		wantFound(t, slow, alice, "new")
	})
}

func TestContract04A5FirstOfTwoWritersDoesNotOpenTheGate(t *testing.T) {
	t.Parallel()
	for width, keys := range widths {
		t.Run(width, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				reader, one, two := w.open(), w.open(), w.open()
				vacant(t, reader, alice)
				for _, firstOut := range []int{0, 1} {
					h := []*Hold{hold(t, one, keys), hold(t, two, keys)}
					release(t, h[firstOut])
					wantOutcome(t, reader, alice, Held)
					release(t, h[1-firstOut])
					put(t, reader, alice, wantOutcome(t, reader, alice, Absent).Lease, "new")
					wantFound(t, reader, alice, "new")
				}
			})
		})
	}
}

func TestContract05A6RepopulationFromBeforeWriteIsRefused(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		one, two := w.open(), w.open()
		vacant(t, one, alice)
		release(t, hold(t, one, rows(alice)))
		first := wantOutcome(t, one, alice, Absent).Lease
		release(t, hold(t, two, rows(alice)))
		second := wantOutcome(t, two, alice, Absent).Lease
		put(t, two, alice, second, "2") // in reverse order
		put(t, one, alice, first, "1")
		wantFound(t, one, alice, "2")
	})
}

func TestContract06A11HeldRowGivesNoLease(t *testing.T) {
	t.Parallel()
	for width, keys := range widths {
		t.Run(width, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				reader, writer := w.open(), w.open()
				before := vacant(t, reader, alice)
				put(t, reader, alice, before, "old")
				h := hold(t, writer, keys)
				l := wantOutcome(t, reader, alice, Held)
				if l.Lease != (Lease{}) || l.Entry != nil {
					t.Fatalf("a held row gave %+v", l)
				}
				put(t, reader, alice, before, "old")
				wantOutcome(t, reader, alice, Held)
				release(t, h)
				wantOutcome(t, reader, alice, Absent)
			})
		})
	}
}

func TestContract07B6HoldOfDeadWriterRunsOut(t *testing.T) {
	t.Parallel()
	for width, keys := range widths {
		t.Run(width, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				reader, writer := w.open(), w.open()
				before := vacant(t, reader, alice)
				put(t, reader, alice, before, "old")
				die(hold(t, writer, keys))
				w.lapse()
				after := vacant(t, reader, alice)
				put(t, reader, alice, before, "old")
				wantOutcome(t, reader, alice, Absent)
				put(t, reader, alice, after, "new")
				wantFound(t, reader, alice, "new")
			})
		})
	}
}

func TestContract08LeaseReadUnderExpiredHoldIsVoid(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		vacant(t, reader, alice)
		h := hold(t, writer, rows(alice))
		die(h)
		w.lapse()
		lease := vacant(t, reader, alice) // the reader reads the row before the late COMMIT
		h.settle(time.Second)             // RELEASE of the hold that ran out
		put(t, reader, alice, lease, "old")
		wantOutcome(t, reader, alice, Absent)
	})
}

func TestContract09ReleaseWipesAlsoWhereHoldIsGone(t *testing.T) {
	t.Parallel()
	for width, keys := range widths {
		t.Run(width, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				reader, writer := w.open(), w.open()
				vacant(t, reader, alice)
				h := hold(t, writer, keys)
				die(h)
				w.lapse()
				put(t, reader, alice, vacant(t, reader, alice), "old")
				wantFound(t, reader, alice, "old")
				h.settle(time.Second)
				wantOutcome(t, reader, alice, Absent)
			})
		})
	}
}

func TestContract10TableEndsAllItsRowsAndNoOthers(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		other := Row{"posts", "1"}
		for _, r := range []Row{alice, bob, other} {
			put(t, reader, r, vacant(t, reader, r), "v")
		}
		release(t, hold(t, writer, tables("users")))
		wantOutcome(t, reader, alice, Absent)
		wantOutcome(t, reader, bob, Absent)
		wantFound(t, reader, other, "v")
	})
}

func TestContract11RowEndsNoOtherRow(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		for _, r := range []Row{alice, bob} {
			put(t, reader, r, vacant(t, reader, r), "v")
		}
		release(t, hold(t, writer, rows(alice)))
		wantOutcome(t, reader, alice, Absent)
		wantFound(t, reader, bob, "v")
	})
}

func TestContract12EverythingReachesTablesOfOtherProcesses(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		other := Row{"posts", "1"}
		for _, r := range []Row{alice, other} {
			put(t, reader, r, vacant(t, reader, r), "v")
		}
		h := hold(t, writer, Keys{All: true}) // this process has registered nothing
		wantOutcome(t, reader, alice, Held)
		wantOutcome(t, reader, other, Held)
		release(t, h)
		wantOutcome(t, reader, alice, Absent)
		wantOutcome(t, reader, other, Absent)
	})
}

func TestContract13HoldIsRenewedUntilReleased(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		quick := func(o *Options) { o.Lease = 300 * time.Millisecond }
		if w.clock != nil {
			w.clock = nil // the renewal's timer is the real one
		}
		w.lease = 300 * time.Millisecond
		reader, writer := w.open(quick), w.open(quick)
		vacant(t, reader, alice)
		h := hold(t, writer, rows(alice))
		until(t, "renewals over two leases", func() bool {
			if l := reader.Lookup(context.Background(), alice, query); l.Outcome != Held && l.Outcome != Away {
				t.Fatalf("a renewed hold let a lookup through: %v", l.Outcome)
			}
			return writer.Stats().Renewals >= 7
		})
		release(t, h)
		wantOutcome(t, reader, alice, Absent)
	})
}

func TestContract14UnresolvedHoldLastsUntilOver(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.clock, w.lease = nil, 300*time.Millisecond
		reader, writer := w.open(), w.open()
		vacant(t, reader, alice)
		h := hold(t, writer, rows(alice))
		answers := make(chan bool)
		h.Unresolved(func(ctx context.Context) (bool, error) {
			select {
			case a := <-answers:
				return a, nil
			case <-ctx.Done():
				return false, ctx.Err()
			}
		}, time.Hour)
		h.Release() // does nothing: the hold is ended
		for range 4 {
			answers <- false
		}
		wantOutcome(t, reader, alice, Held)
		answers <- true
		until(t, "the release", func() bool {
			return reader.Lookup(context.Background(), alice, query).Outcome == Absent
		})
	})
}

func TestContract15UnresolvedHoldEndsAtItsLimit(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.clock, w.lease = nil, 300*time.Millisecond
		reader, writer := w.open(), w.open()
		vacant(t, reader, alice)
		hold(t, writer, rows(alice)).Unresolved(nil, 10*time.Millisecond)
		until(t, "the release", func() bool { return writer.Stats().Releases == 1 })
		until(t, "the row", func() bool { return look(t, reader, alice).Outcome == Absent })
	})
}

func TestContract16E2NamespacesAreApart(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		here, there := w.open(), w.open(func(o *Options) { o.Namespace += "2" })
		put(t, here, alice, vacant(t, here, alice), "here")
		put(t, there, alice, vacant(t, there, alice), "there")
		release(t, hold(t, there, Keys{All: true}))
		wantFound(t, here, alice, "here")
		wantOutcome(t, there, alice, Absent)
	})
}

func TestContract17E4KeysEqualToMarkersDoNotMeet(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		long := strings.Repeat("x", shortKey+1)
		awkward := []Row{
			{"t", ""}, {"t", "g"}, {"t", "c"}, {"t", "0}:c"}, {"t", "0}:r:g"}, {"t", "h:"}, {"t", long}, {"t", long + "x"},
			{"t", "\x00\xff\r\n"}, {"t.0", ""}, {"t.0", "0"}, {"t.0}:r:", "c"}, {"{t}", ""}, {"%7Bt%7D", ""}, {"t:", ""}, {"", "t"}, {"T", ""},
			{"t", "*"}, {"t", "k0"}, {"meta", "v"}, {":meta", "v"}, {"t", strings.Repeat("x", shortKey)},
		}
		values := []string{"", "g", "\x00", "0", "x=1;", "nil"}
		for i, r := range awkward {
			put(t, c, r, vacant(t, c, r), values[i%len(values)]+fmt.Sprint(i))
		}
		for i, r := range awkward {
			wantFound(t, c, r, values[i%len(values)]+fmt.Sprint(i))
		}
		for i, r := range awkward {
			release(t, hold(t, c, rows(r)))
			wantOutcome(t, c, r, Absent)
			for _, later := range awkward[i+1:] {
				if l := look(t, c, later); l.Outcome != Found && hash(later.Key)%stripes != hash(r.Key)%stripes {
					t.Fatalf("a write to %q ended %q", r, later)
				}
			}
		}
		put(t, c, alice, vacant(t, c, alice), "")
		wantFound(t, c, alice, "") // an empty entry is an entry
	})
}

func TestContract18E6EntryIsReplaced(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		lease := vacant(t, c, alice)
		put(t, c, alice, lease, "\xffdamaged")
		wantFound(t, c, alice, "\xffdamaged")
		put(t, c, alice, lease, "good")
		wantFound(t, c, alice, "good")
	})
}

func TestContract19ResultsOfOneRowAreApart(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		lease := vacant(t, c, alice)
		other := Fingerprint{2}
		c.Fill(alice, lease, other, []byte("other"), time.Minute)
		put(t, c, alice, lease, "one")
		wantFound(t, c, alice, "one")
		if l := c.Lookup(t.Context(), alice, other); string(l.Entry) != "other" {
			t.Fatalf("the other result = %+v", l)
		}
		release(t, hold(t, c, rows(alice)))
		wantOutcome(t, c, alice, Absent)
		if l := c.Lookup(t.Context(), alice, other); l.Outcome != Absent {
			t.Fatalf("a write left a result of its row: %+v", l)
		}
	})
}

func TestContract20E11OtherLeaseIsRefused(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		first := w.open()
		vacant(t, first, alice)
		c, err := w.tryOpen(func(o *Options) { o.Lease = 2 * w.lease })
		if err == nil {
			err = c.Register(t.Context(), []string{"users"})
		}
		if err == nil || !strings.Contains(err.Error(), w.lease.String()) || !strings.Contains(err.Error(), (2*w.lease).String()) {
			t.Fatalf("error %v, want one that names both leases", err)
		}
	})
}

func TestContract21ManyRowsAreTheTable(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		for _, r := range []Row{alice, bob} {
			put(t, reader, r, vacant(t, reader, r), "v")
		}
		many := Keys{Rows: make([]Row, maxRows+1)}
		for i := range many.Rows {
			many.Rows[i] = Row{"users", fmt.Sprint(i)}
		}
		h := hold(t, writer, many)
		wantOutcome(t, reader, bob, Held)
		release(t, h)
		wantOutcome(t, reader, alice, Absent)
	})
}

func TestContract22EveryRowOfOneWriteIsHeld(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		keys := Keys{Rows: make([]Row, maxRows)}
		for i := range keys.Rows {
			keys.Rows[i] = Row{"users", fmt.Sprint(i)}
		}
		probe := []Row{keys.Rows[0], keys.Rows[maxRows/2], keys.Rows[maxRows-1]}
		for _, r := range probe {
			put(t, reader, r, vacant(t, reader, r), "v")
		}
		h := hold(t, writer, keys)
		for _, r := range probe {
			wantOutcome(t, reader, r, Held)
		}
		release(t, h)
		for _, r := range probe {
			wantOutcome(t, reader, r, Absent)
		}
	})
}

func TestContract23NegativeHoldLeavesRowsAlone(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		put(t, c, alice, vacant(t, c, alice), "v")
		h := hold(t, c, Keys{Absent: []string{"users"}})
		wantFound(t, c, alice, "v")
		release(t, h)
		wantFound(t, c, alice, "v")
	})
}

func TestContract24ExtendHoldsMore(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		vacant(t, reader, alice)
		vacant(t, reader, bob)
		h := hold(t, writer, Keys{})
		wantOutcome(t, reader, alice, Absent)
		for _, r := range []Row{alice, bob} {
			if err := h.Extend(t.Context(), rows(r)); err != nil {
				t.Fatal(err)
			}
			wantOutcome(t, reader, r, Held)
		}
		wantOutcome(t, reader, alice, Held)
		release(t, h)
		wantOutcome(t, reader, alice, Absent)
		wantOutcome(t, reader, bob, Absent)
	})
}

func TestContract25EpochChangeIsSeenByHolds(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		one, two := w.open(), w.open()
		before, err := one.Epoch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h := hold(t, two, rows(alice))
		if e, known := h.Epoch(); !known || e != before {
			t.Fatalf("epoch of a hold = %d %v, want %d", e, known, before)
		}
		release(t, h)
		if err := one.BumpEpoch(t.Context()); err != nil {
			t.Fatal(err)
		}
		h = hold(t, two, rows(alice))
		if e, known := h.Epoch(); !known || e == before {
			t.Fatalf("epoch of a hold = %d %v after it was bumped", e, known)
		}
		release(t, h)
	})
}

func TestContract26EpochChangedAtReleaseEndsEverything(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		one, two := w.open(), w.open()
		other := Row{"audit", "1"}
		put(t, one, other, vacant(t, one, other), "v")
		h := hold(t, two, rows(alice))
		if err := one.BumpEpoch(t.Context()); err != nil { // a trigger on users that writes audit
			t.Fatal(err)
		}
		wantFound(t, one, other, "v")
		if err := h.announce(t.Context(), Keys{}); err != nil { // as before a late COMMIT
			t.Fatal(err)
		}
		release(t, h)
		wantOutcome(t, one, other, Absent)
	})
}

func TestContract27EndedContextHoldsNothing(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		vacant(t, c, alice)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if w.redis != nil {
			if _, err := c.Hold(ctx, rows(alice)); !errors.Is(err, context.Canceled) {
				t.Fatalf("hold under an ended context: %v", err)
			}
			settle(t, c)
			if l := c.Lookup(ctx, alice, query); l.Outcome == Found {
				t.Fatalf("lookup under an ended context: %+v", l)
			}
		}
		wantOutcome(t, c, alice, Absent)
		if n := c.Stats().Errors; len(n) != 0 {
			t.Fatalf("a caller's own context was counted against the store: %v", n)
		}
	})
}

func TestContract28CloseIsFinal(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		put(t, c, alice, vacant(t, c, alice), "v")
		h := hold(t, c, rows(bob))
		for range 2 {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if l := c.Lookup(t.Context(), alice, query); l.Outcome != Away {
			t.Fatalf("lookup after Close: %+v", l)
		}
		if _, err := c.Hold(t.Context(), rows(alice)); !errors.Is(err, ErrClosed) {
			t.Fatalf("hold after Close: %v", err)
		}
		c.Fill(alice, Lease{"g", "0"}, query, nil, time.Minute)
		h.Release()
	})
}

func TestContract29EndingAHoldTwiceDoesNothing(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		vacant(t, c, alice)
		h := hold(t, c, rows(alice))
		release(t, h)
		put(t, c, alice, wantOutcome(t, c, alice, Absent).Lease, "new")
		h.Release()
		h.Unresolved(nil, 0)
		settle(t, c)
		wantFound(t, c, alice, "new")
	})
}

func TestContract30EntryLivesForItsTTL(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		c := w.open()
		lease := vacant(t, c, alice)
		long, short := Fingerprint{2}, Fingerprint{3}
		c.Fill(alice, lease, short, []byte("short"), 100*time.Millisecond) // below a second is honoured
		settle(t, c)
		c.Fill(alice, lease, long, []byte("long"), time.Hour) // must not lengthen the other's life
		settle(t, c)
		if w.clock != nil {
			w.clock.advance(101 * time.Millisecond)
		}
		until(t, "the end of the entry", func() bool {
			l := c.Lookup(context.Background(), alice, short)
			return l.Outcome == Absent
		})
	})
}

func TestContract31FillIsRefusedWhileHeldWhateverItsLease(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		vacant(t, reader, alice)
		h := hold(t, writer, rows(alice))
		v, err := reader.st.lookup(t.Context(), alice, query) // what a lookup keeps to itself
		if err != nil || !v.held || v.lease.generation == "" {
			t.Fatalf("view of a held row: %+v, %v", v, err)
		}
		put(t, reader, alice, v.lease, "old")
		wantOutcome(t, reader, alice, Held)
		die(h)
		w.lapse()
		vacant(t, reader, alice) // notices that the hold ran out
		put(t, reader, alice, v.lease, "old")
		wantOutcome(t, reader, alice, Absent)
	})
}

func TestContract32FillThatNoticesAnExpiredHoldIsRefused(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		reader, writer := w.open(), w.open()
		vacant(t, reader, alice)
		die(hold(t, writer, rows(alice)))
		v, err := reader.st.lookup(t.Context(), alice, query)
		if err != nil {
			t.Fatal(err)
		}
		w.lapse()
		until(t, "the hold to run out", func() bool { // seen by fills alone: the first to notice is refused too
			put(t, reader, alice, v.lease, "old")
			now, err := reader.st.lookup(t.Context(), alice, query)
			if err != nil || now.current {
				t.Fatalf("after a fill with a lease from under a hold: %+v, %v", now, err)
			}
			return !now.held
		})
		put(t, reader, alice, v.lease, "old")
		wantOutcome(t, reader, alice, Absent)
	})
}
