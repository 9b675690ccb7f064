package testenv

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

// Main is what a TestMain calls. It runs the tests, stops the servers that
// they started, and, where all tests passed, fails the run if a goroutine is
// left over. It does not return.
func Main(m *testing.M, opts ...goleak.Option) {
	inMain.Store(true)
	code := m.Run()
	stopShared()
	if code == 0 {
		if err := goleak.Find(opts...); err != nil {
			fmt.Fprintf(os.Stderr, "testenv: goroutines left over by the tests: %v\n", err)
			code = 1
		}
	}
	os.Exit(code)
}

// inMain says that Main runs the tests, and will stop what they start.
var inMain atomic.Bool

// shared is what Main stops: in reverse order, the launcher after all.
var shared struct {
	mu    sync.Mutex
	stops []func()
}

// onExit has Main call stop once the tests are over.
func onExit(stop func()) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.stops = append(shared.stops, stop)
}

func stopShared() {
	shared.mu.Lock()
	stops := shared.stops
	shared.stops = nil
	shared.mu.Unlock()
	for i := len(stops) - 1; i >= 0; i-- {
		stops[i]()
	}
	stopLauncher()
}

// needMain fails a test whose package would leave servers behind.
func needMain(t testing.TB) {
	t.Helper()
	if !inMain.Load() {
		t.Fatal("testenv: TestMain of this package must call testenv.Main")
	}
}

// missing skips the test, or fails it where CI=true: what cannot run, and the
// Debian package that would let it.
func missing(t testing.TB, binary, pkg string) {
	t.Helper()
	const line = "testenv: no %s found: tests on a real server are left out; apt-get install %s (or the like) to run them"
	if os.Getenv("CI") == "true" {
		t.Fatalf(line, binary, pkg)
		return // for a testing.TB that goes on
	}
	t.Skipf(line, binary, pkg)
}
