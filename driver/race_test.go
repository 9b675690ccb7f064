package driver_test

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

// raceTime is how long the processes race: MONEYCLIP_RACE, else 5 seconds.
func raceTime(t *testing.T) time.Duration {
	t.Helper()
	given := os.Getenv("MONEYCLIP_RACE")
	if given == "" {
		return 5 * time.Second
	}
	d, err := time.ParseDuration(given)
	if err != nil || d <= 0 {
		t.Fatalf("MONEYCLIP_RACE=%s: want a duration such as 60s", given)
	}
	return d
}

// Times are of the machine's clock, since raceOrder.Start. A version is
// announced after the call that committed it has returned.
type (
	raceCommit struct {
		Done    time.Duration
		Version int64
	}
	raceRead struct {
		Start   time.Duration
		Version int64
	}
	// raceHistory is what one process has seen and done.
	raceHistory struct {
		Commits, Bulk, Rollbacks              []raceCommit // Bulk is among Commits, Rollbacks is not
		Reads                                 []raceRead
		Hits, Misses, Fills, Refused, Journal uint64
		Bypasses, Unknown, Renewals           uint64
		Step                                  time.Duration // by which the clock was set meanwhile
		Errors                                []string
	}
)

// raceOrder is what a process is told to do.
type raceOrder struct {
	Writer, Bulky bool
	Bare          bool // without the wrapper: the mistake that must be found
	Inner, DSN    string
	Dialect       parse.Dialect
	Params        string
	Lease         time.Duration
	Start         time.Time // of all: what the file Go holds once they are ready
	Go            string
	Time          time.Duration
	Seed          uint64
	Result        string
}

// raceReady ends the name of the file by which a process says that it is ready.
const raceReady = ".ready"

const raceEnv = "MONEYCLIP_RACE_ORDER"

// stale returns the reads that began after a commit had returned and saw a
// version from before it.
func stale(commits []raceCommit, reads []raceRead) []raceRead {
	commits = slices.Clone(commits)
	slices.SortFunc(commits, func(a, b raceCommit) int { return int(a.Done - b.Done) })
	newest := make([]int64, len(commits)+1) // after the first n commits
	for i, c := range commits {
		newest[i+1] = max(newest[i], c.Version)
	}
	var found []raceRead
	for _, r := range reads {
		// Commits that returned before the read began; a tie proves nothing.
		n, _ := slices.BinarySearchFunc(commits, r.Start, func(c raceCommit, at time.Duration) int {
			if c.Done < at {
				return -1
			}
			return 1
		})
		if r.Version < newest[n] {
			found = append(found, r)
		}
	}
	return found
}

func TestRaceCheckerFindsStaleReads(t *testing.T) {
	commits := []raceCommit{{Done: 30, Version: 3}, {Done: 10, Version: 1}, {Done: 20, Version: 4}, {Done: 40, Version: 5}}
	for _, c := range []struct {
		read raceRead
		want bool
	}{
		{raceRead{5, 0}, false},
		{raceRead{10, 0}, false}, // at the same moment
		{raceRead{11, 0}, true},
		{raceRead{11, 1}, false},
		{raceRead{11, 5}, false}, // newer than what was announced
		{raceRead{25, 3}, true},
		{raceRead{35, 3}, true}, // 4 was announced before 3
		{raceRead{35, 4}, false},
		{raceRead{41, 4}, true},
		{raceRead{41, 5}, false},
	} {
		if got := len(stale(commits, []raceRead{c.read})) == 1; got != c.want {
			t.Errorf("%+v: stale = %v, want %v", c.read, got, c.want)
		}
	}
}

// TestRaceOfProcesses has two writers and three readers, each a process, at
// one hot row, with pauses between the steps of the protocol.
func TestRaceOfProcesses(t *testing.T) {
	for _, inner := range []string{"postgres", "pgx", "mysql"} {
		if !wanted(inner) {
			continue
		}
		t.Run(inner, func(t *testing.T) {
			commits, reads := race(t, inner, raceTime(t)/2, false)
			if found := stale(commits, reads); len(found) > 0 {
				t.Fatalf("%d of %d reads were stale, the first: %+v", len(found), len(reads), found[0])
			}
		})
	}
}

// A writer beside the wrapper makes readers stale: if that is not found, the
// race proves nothing.
func TestRaceFindsAWriterBesideTheWrapper(t *testing.T) {
	commits, reads := race(t, "pgx", 2*time.Second, true)
	found := stale(commits, reads)
	if len(found) == 0 {
		t.Fatalf("%d commits, half of them beside the wrapper, and none of %d reads was stale", len(commits), len(reads))
	}
	t.Logf("%d of %d reads were stale, as they should be", len(found), len(reads))
}

// race runs the processes and brings their histories together.
func race(t *testing.T, inner string, length time.Duration, beside bool) ([]raceCommit, []raceRead) {
	t.Helper()
	if testing.Short() {
		t.Skip("several processes race for seconds")
	}
	order := raceOrder{
		Inner: inner, Dialect: parse.PostgreSQL, Lease: time.Second,
		Seed: uint64(time.Now().UnixNano()),
	}
	rows := "INSERT INTO hot SELECT n, 0, repeat('x', 100) FROM generate_series(1, 20) AS n"
	if inner == "mysql" {
		order.Dialect, order.DSN = parse.MySQL, testenv.MariaDB(t)
		rows = "INSERT INTO hot SELECT seq, 0, repeat('x', 100) FROM seq_1_to_20"
	} else {
		order.DSN = testenv.Postgres(t)
	}
	if given, err := strconv.ParseUint(os.Getenv("MONEYCLIP_RACE_SEED"), 10, 64); err == nil {
		order.Seed = given
	}
	// Readers bypass for the first lease; the binary takes a moment to start.
	order.Time = order.Lease + 500*time.Millisecond + length
	order.Params = "&moneyclip_redis=" + testenv.Redis(t)
	order.Start = time.Now().Round(0) // the servers run
	t.Logf("seed %d (MONEYCLIP_RACE_SEED)", order.Seed)
	g := &trapRig{t: t, ctx: t.Context(), trapBase: trapBase{inner: inner}, dsn: order.DSN}
	db := g.openBare()
	g.exec(db, "CREATE TABLE hot (id INTEGER PRIMARY KEY, version BIGINT NOT NULL, pad TEXT)")
	g.exec(db, rows)

	dir := t.TempDir()
	order.Go = filepath.Join(dir, "go")
	const writers, processes = 2, 5
	var children []*exec.Cmd
	for i := range processes {
		o := order
		o.Writer, o.Bulky, o.Bare = i < writers, i == 0, beside && i == 1
		o.Seed += uint64(i)
		o.Result = filepath.Join(dir, strconv.Itoa(i))
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		child := exec.Command(os.Args[0], "-test.run=^TestRaceProcess$")
		child.Env = append(os.Environ(), raceEnv+"="+string(text))
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
	}
	trapUntil(t, func() bool {
		ready, err := filepath.Glob(filepath.Join(dir, "*"+raceReady))
		return err == nil && len(ready) == processes
	}, func() string { return "the processes are not ready" })
	begin, err := time.Now().Round(0).MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	// Named only once it is whole.
	if err := errors.Join(os.WriteFile(order.Go+".tmp", begin, 0o600), os.Rename(order.Go+".tmp", order.Go)); err != nil {
		t.Fatal(err)
	}
	for i, child := range children {
		if err := child.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
	var all raceHistory
	for i := range children {
		h := readHistory(t, filepath.Join(dir, strconv.Itoa(i)))
		for _, e := range h.Errors {
			t.Errorf("process %d: %s", i, e)
		}
		if h.Step > time.Millisecond || h.Step < -time.Millisecond {
			t.Skipf("the machine's clock was set by %v meanwhile", h.Step)
		}
		all.Commits = append(all.Commits, h.Commits...)
		all.Bulk = append(all.Bulk, h.Bulk...)
		all.Rollbacks = append(all.Rollbacks, h.Rollbacks...)
		all.Reads = append(all.Reads, h.Reads...)
		all.Hits += h.Hits
		all.Misses += h.Misses
		all.Bypasses += h.Bypasses
		all.Fills += h.Fills
		all.Refused += h.Refused
		all.Renewals += h.Renewals
		all.Journal += h.Journal
		all.Unknown += h.Unknown
	}
	t.Logf("%d reads (%d hits, %d misses, %d bypasses), %d commits (%d of them bulk), %d rollbacks, %d fills, %d refused, %d renewals, %d keys journalled, %d unknown outcomes",
		len(all.Reads), all.Hits, all.Misses, all.Bypasses, len(all.Commits), len(all.Bulk), len(all.Rollbacks), all.Fills, all.Refused, all.Renewals, all.Journal, all.Unknown)
	for what, n := range map[string]int{"hits": int(all.Hits), "commits": len(all.Commits), "bulk commits": len(all.Bulk), "rollbacks": len(all.Rollbacks)} {
		if n == 0 {
			t.Errorf("no %s: the race was none", what)
		}
	}
	var last int64
	if err := db.QueryRow("SELECT version FROM hot WHERE id = 1").Scan(&last); err != nil {
		t.Fatal(err)
	}
	if last != int64(len(all.Commits)) {
		t.Errorf("the row has version %d after %d commits", last, len(all.Commits))
	}
	return all.Commits, all.Reads
}

func readHistory(t *testing.T, path string) (h raceHistory) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := gob.NewDecoder(f).Decode(&h); err != nil {
		t.Fatal(err)
	}
	return h
}
