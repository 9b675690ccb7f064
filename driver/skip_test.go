package driver_test

import (
	"testing"

	"github.com/moneyclip/moneyclip/policy"
)

// A driver that leaves direct calls to statements keeps their results where
// those of statements are: a process that has not called it yet looks there.
func TestARowThatAnotherProcessKeptIsFoundByTheFirstRead(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		s.open(t).warm(t, s.q(byID), 1)
		other := s.open(t)
		for {
			switch got := other.ask(t, s.q(byID), 1); got.code {
			case policy.Hit:
				return
			case policy.BypassStore: // the store is not known to this process yet
				other.sync(t)
			default:
				t.Fatalf("%v (%s), want a hit", got.code, got.why)
			}
		}
	})
}

// The same text, prepared by the program and left to a statement by the driver,
// is kept once; over the text protocol it is kept apart.
func TestDirectAndPreparedCallsShareWhatTheDriverPrepares(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		r := s.open(t)
		r.warm(t, s.q(byID), 1)
		stmt, err := r.Prepare(s.q(byID))
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		before := r.Stats()
		var id int64
		var name string
		if err := stmt.QueryRow(1).Scan(&id, &name); err != nil || name != "ann" {
			t.Fatal(name, err)
		}
		since := r.Stats().Sub(before)
		if shared := since.Hits == 1; shared != (s.way == "mysql") {
			t.Errorf("%+v", since)
		}
	})
}
