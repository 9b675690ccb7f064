package driver_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/policy"
)

// playing is one way in which a script is played behind moneyclip.
type playing struct {
	name string
	warm bool
	none bool // nothing is kept
	open func(t *testing.T, s *site, steps int) (w *watched, between func(done int))
}

var playings = []playing{
	{name: "cold", open: func(t *testing.T, s *site, _ int) (*watched, func(int)) {
		return s.open(t), nil
	}},
	{name: "warm", warm: true, open: func(t *testing.T, s *site, _ int) (*watched, func(int)) {
		return s.open(t), nil
	}},
	{name: "redis is dead", none: true, open: func(t *testing.T, s *site, _ int) (*watched, func(int)) {
		s.store = strings.ReplaceAll(s.store, s.redis(), "redis://"+deadAddress(t))
		return s.open(t), nil
	}},
	{name: "redis dies", open: func(t *testing.T, s *site, steps int) (*watched, func(int)) {
		private := testenv.StartRedis(t)
		s.store = strings.ReplaceAll(s.store, s.redis(), private.URL())
		var dead bool
		return s.open(t), func(done int) {
			if done >= steps/2 && !dead {
				dead = true
				private.Kill()
			}
		}
	}},
	{name: "one byte", warm: true, none: true, open: func(t *testing.T, s *site, _ int) (*watched, func(int)) {
		return watch(t, openUntilEnd(t, "moneyclip+"+oneByte(t, s), withParameters(s.dsn, s.store))), nil
	}},
	{name: "in the process", warm: true, open: func(t *testing.T, s *site, _ int) (*watched, func(int)) {
		s.store = strings.ReplaceAll(s.store, "moneyclip_redis="+s.redis(), "moneyclip_store=memory")
		return s.open(t), nil
	}},
}

// A program sees the same whatever happens to the cache: rows, their Go types,
// what is said of the columns, errors, rows affected.
func TestAProgramSeesWhatTheBareDriverShows(t *testing.T) {
	files, err := filepath.Glob("../testdata/transcript/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		steps := readScript(t, file)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			for _, inner := range []string{"sqlite3", "postgres", "pgx", "mysql", "mysqltext"} {
				if hasSteps(steps, inner) && wanted(inner) {
					t.Run(inner, func(t *testing.T) {
						t.Parallel()
						playAll(t, inner, steps)
					})
				}
			}
		})
	}
}

func hasSteps(steps []step, inner string) bool {
	for i := range steps {
		if steps[i].verb != "setup" && steps[i].runsOn(inner) {
			return true
		}
	}
	return false
}

func playAll(t *testing.T, inner string, steps []step) {
	alone := prepared(t, inner, steps)
	want := newPlayer(t, alone, alone.bare(t)).play(steps, nil)
	expected := 0
	for i := range steps {
		if steps[i].runsOn(inner) && steps[i].flag("hit") {
			expected++
		}
	}
	for _, way := range playings {
		if inner == "mysqltext" && way.name != "cold" && way.name != "warm" {
			continue // the other protocol of the same driver: what comes out of the store is of interest
		}
		t.Run(way.name, func(t *testing.T) {
			s := prepared(t, inner, steps)
			w, between := way.open(t, s, len(steps))
			p := newPlayer(t, s, w.DB)
			p.w, p.warm, p.none = w, way.warm, way.none
			got := p.play(steps, between)
			compareTranscripts(t, want, got)
			stats := w.Stats()
			switch {
			case way.none && stats.Hits > 0:
				t.Errorf("%d hits, want none", stats.Hits)
			case way.warm && !way.none && p.hits < expected:
				t.Errorf("%d hits, want %d at least", p.hits, expected)
			}
		})
	}
}

// prepared makes a database of its own, with what the script wants in it.
func prepared(t *testing.T, inner string, steps []step) *site {
	t.Helper()
	s := newSite(t, inner, testenv.Redis(t))
	db := s.bare(t)
	for i := range steps {
		if steps[i].verb == "setup" && steps[i].runsOn(inner) {
			for _, args := range steps[i].args {
				mustExec(t, db, s.q(steps[i].text), s.bind(steps[i].text, scriptArgs(t, steps[i].line, args))...)
			}
		}
	}
	return s
}

func compareTranscripts(t *testing.T, want, got []seen) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d steps, want %d", len(got), len(want))
	}
	for i := range want {
		if diff := cmp.Diff(want[i].lines, got[i].lines); diff != "" {
			t.Errorf("%s (- bare, + moneyclip):\n%s", want[i].head, diff)
		}
	}
}

// redis is the store's URL.
func (s *site) redis() string {
	_, url, _ := strings.Cut(s.store, "moneyclip_redis=")
	return url
}

// deadAddress is one at which nothing listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var oneByteDrivers sync.Map

// oneByte is a driver that may keep one byte per entry.
func oneByte(t *testing.T, s *site) string {
	t.Helper()
	register := sync.OnceValue(func() error {
		return driver.Register("onebyte-"+s.inner, s.inner, s.dialect, driver.WithPolicy(policy.Policy{Defaults: policy.Defaults{MaxEntry: 1}}))
	})
	once, _ := oneByteDrivers.LoadOrStore(s.inner, register)
	if err := once.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return "onebyte-" + s.inner
}

func driverBypass() context.Context { return driver.WithBypass(context.Background()) }
