package main

import (
	"bytes"
	"database/sql"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/policy"
)

var update = flag.Bool("update", false, "write testdata again")

func TestMain(m *testing.M) { testenv.Main(m) }

// short is a lease that spares the tests a wait: a Redis that is new to a table
// keeps nothing of it for one lease.
const short = 300 * time.Millisecond

// eachBackend runs f on every database and store that the program runs on.
func eachBackend(t *testing.T, f func(t *testing.T, o options)) {
	t.Run("sqlite3+memory", func(t *testing.T) { f(t, options{db: "sqlite3"}) })
	t.Run("sqlite3+redis", func(t *testing.T) {
		f(t, options{db: "sqlite3", redis: testenv.Redis(t), lease: short})
	})
	for _, db := range []string{"postgres", "pgx"} {
		t.Run(db+"+redis", func(t *testing.T) {
			f(t, options{db: db, dsn: testenv.Postgres(t), redis: testenv.Redis(t), lease: short})
		})
	}
	t.Run("mysql+memory", func(t *testing.T) { f(t, options{db: "mysql", dsn: testenv.MariaDB(t)}) })
	t.Run("mysql+redis", func(t *testing.T) {
		f(t, options{db: "mysql", dsn: testenv.MariaDB(t), redis: testenv.Redis(t), lease: short})
	})
}

// stage is a site with the story's people, and the codes of what was done to
// it by the cached queries.
type stage struct {
	people
	cached, plain sqlitedb.Querier

	mu    sync.Mutex
	codes map[policy.Code]int
}

func newStage(t *testing.T, o options) *stage {
	t.Helper()
	ctx := t.Context()
	s, err := openSite(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	h, err := driver.Of(s.cached)
	if err != nil {
		t.Fatal(err)
	}
	if err := awaitStore(ctx, s, h, o.lease, &teller{w: io.Discard}); err != nil {
		t.Fatal(err)
	}
	st := &stage{cached: s.bind(s.cached), plain: s.bind(s.plain), codes: map[policy.Code]int{}}
	t.Cleanup(h.Observe(func(e driver.Event) {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.codes[e.Code]++
	}))
	if st.people, err = settle(ctx, st.cached); err != nil {
		t.Fatal(err)
	}
	return st
}

// untilHit repeats f until the cache has answered one of its reads. On Redis a
// row is kept in the background, so the second read need not be a hit yet.
func (s *stage) untilHit(t *testing.T, f func()) {
	t.Helper()
	hits := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.codes[policy.Hit]
	}
	before := hits()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		f()
		if hits() > before || t.Failed() {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("the cache answers nothing: %v", s.codes)
		}
	}
}

func (s *stage) account(t *testing.T, q sqlitedb.Querier, id int64) sqlitedb.Account {
	t.Helper()
	a, err := q.GetAccount(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// author follows the tweet's foreign key.
func (s *stage) author(t *testing.T, q sqlitedb.Querier) sqlitedb.Account {
	t.Helper()
	tweet, err := q.GetTweet(t.Context(), s.tweet.ID)
	if err != nil {
		t.Fatal(err)
	}
	return s.account(t, q, tweet.AuthorID)
}

// same compares field by field: two equal times may point to two equal zones.
func same(t *testing.T, got, want sqlitedb.Account) {
	t.Helper()
	if !got.JoinedAt.Equal(want.JoinedAt) || got.JoinedAt.String() != want.JoinedAt.String() {
		t.Errorf("account %d joined at %v, want %v", want.ID, got.JoinedAt, want.JoinedAt)
	}
	got.JoinedAt = want.JoinedAt
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCachedAccessReturnsTheSameObjectAsPlainAccess(t *testing.T) {
	eachBackend(t, func(t *testing.T, o options) {
		s := newStage(t, o)
		for _, id := range []int64{s.tom.ID, s.andy.ID, s.ann.ID, s.leslie.ID} {
			want := s.account(t, s.plain, id)
			s.untilHit(t, func() { same(t, s.account(t, s.cached, id), want) })
		}
	})
}

func TestForeignKeyLeadsToTheSameObject(t *testing.T) {
	eachBackend(t, func(t *testing.T, o options) {
		s := newStage(t, o)
		want := s.author(t, s.plain)
		if want.Username != "tom" {
			t.Fatalf("the tweet is by %q", want.Username)
		}
		s.untilHit(t, func() { same(t, s.author(t, s.cached), want) })
	})
}

func TestForeignKeyLeadsToTheChangedObjectAfterSave(t *testing.T) {
	eachBackend(t, func(t *testing.T, o options) {
		s := newStage(t, o)
		s.untilHit(t, func() { s.account(t, s.cached, s.tom.ID) })
		if err := s.cached.RenameAccount(t.Context(), sqlitedb.RenameAccountParams{Username: "tom haverford", ID: s.tom.ID}); err != nil {
			t.Fatal(err)
		}
		s.untilHit(t, func() {
			if a := s.author(t, s.cached); a.Username != "tom haverford" {
				t.Errorf("after the change the author is %q", a.Username)
			}
		})
	})
}

func TestFollowerCountIsCorrect(t *testing.T) {
	eachBackend(t, func(t *testing.T, o options) {
		s := newStage(t, o)
		for name, want := range map[int64]int64{s.leslie.ID: 1, s.tom.ID: 0} {
			if n, err := s.cached.CountFollowers(t.Context(), name); err != nil || n != want {
				t.Errorf("account %d has %d followers (%v), want %d", name, n, err, want)
			}
		}
	})
}

func TestFollowerCountChangesWithTheFollowers(t *testing.T) {
	eachBackend(t, func(t *testing.T, o options) {
		s := newStage(t, o)
		expect := func(want int64) {
			t.Helper()
			if n, err := s.cached.CountFollowers(t.Context(), s.leslie.ID); err != nil || n != want {
				t.Fatalf("Leslie has %d followers (%v), want %d", n, err, want)
			}
		}
		expect(1)
		if err := s.cached.Follow(t.Context(), sqlitedb.FollowParams{AccountID: s.leslie.ID, FollowerID: s.andy.ID}); err != nil {
			t.Fatal(err)
		}
		expect(2)
		if err := s.cached.Unfollow(t.Context(), sqlitedb.UnfollowParams{AccountID: s.leslie.ID, FollowerID: s.tom.ID}); err != nil {
			t.Fatal(err)
		}
		expect(1)
	})
}

// masked replaces what differs from run to run: durations.
func masked(out string) string {
	return regexp.MustCompile(` *[0-9]+ µs`).ReplaceAllString(out, " # µs")
}

func TestOutputOnSQLite(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, options{db: "sqlite3"}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	const golden = "testdata/sqlite3.golden"
	got := masked(out.String())
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("output differs from %s (-update writes it again):\n%s", golden, got)
	}
}

// On servers the story is the same, and leaves nothing behind.
func TestServersTellTheSameStoryAndAreLeftClean(t *testing.T) {
	golden, err := os.ReadFile("testdata/sqlite3.golden")
	if err != nil {
		t.Fatal(err)
	}
	for db, server := range map[string]struct {
		dsn  func(testing.TB) string
		left string // counts the schemas
	}{
		"postgres": {testenv.Postgres, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tweeter%'"},
		"pgx":      {testenv.Postgres, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tweeter%'"},
		"mysql":    {testenv.MariaDB, "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 'tweeter%'"},
	} {
		t.Run(db, func(t *testing.T) {
			// Long enough that a slow machine finds its last write recent.
			o := options{db: db, dsn: server.dsn(t), redis: testenv.Redis(t), lease: 3 * time.Second}
			var out bytes.Buffer
			if err := run(t.Context(), &out, o); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			if got, want := decisions(out.String()), decisions(string(golden)); got != want {
				t.Errorf("decided\n%s\non SQLite\n%s", got, want)
			}
			if n := keysIn(t, o.redis); n != 0 {
				t.Errorf("%d keys are left in Redis", n)
			}
			conn, err := sql.Open(db, o.dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var schemas int
			if err := conn.QueryRow(server.left).Scan(&schemas); err != nil || schemas != 0 {
				t.Errorf("%d schemas are left on the server (%v)", schemas, err)
			}
		})
	}
}

// decisions are the query names and codes of an output, in order.
func decisions(out string) string {
	story, _, _ := strings.Cut(out, "Summary")
	var b strings.Builder
	for line := range strings.Lines(story) {
		if f := strings.Fields(line); strings.HasPrefix(line, "  ") && len(f) > 1 {
			b.WriteString(f[0] + " " + f[1] + "\n")
		}
	}
	return b.String()
}

func keysIn(t *testing.T, url string) int64 {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	defer c.Close()
	n, err := c.DBSize(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestKeepLeavesTheTables(t *testing.T) {
	var out bytes.Buffer
	t.Setenv("TMPDIR", t.TempDir())
	if err := run(t.Context(), &out, options{db: "sqlite3", keep: true}); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(out.String(), "SQLite in ")
	file, _, _ := strings.Cut(rest, ",")
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		t.Errorf("no database in %q: %v", file, err)
	}
}

func TestUnreachableRedisIsSaidAndNothingIsLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	err := run(t.Context(), io.Discard, options{db: "sqlite3", redis: "redis://:secret@127.0.0.1:1"})
	if err == nil || !strings.Contains(err.Error(), "-redis: the server does not answer") || strings.Contains(err.Error(), "secret") {
		t.Errorf("want an error that names -redis, and no password: %v", err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestFlagMistakesSayWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct {
		args, want string
	}{
		{"-db oracle", "want sqlite3, postgres, pgx or mysql"},
		{"-db mysql", "me:password@tcp(localhost:3306)/"},
		{"-db pgx", "needs -dsn"},
		{"-dsn postgres://localhost/test", "-db postgres, pgx or mysql"},
		{"-db pgx -dsn postgres://localhost/test?moneyclip_ttl=1s", "leave the moneyclip_ parameters out"},
		{"-redis localhost:6379", "redis://localhost:6379/0"},
		{"-keep yes", `"yes" is no flag`},
		{"-dbs pgx", "not defined"},
	} {
		_, err := parseOptions(strings.Fields(c.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.args, err, c.want)
		}
	}
	if _, err := parseOptions([]string{"-redis", "redis://:secret@h:x"}, io.Discard); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error quotes the password: %v", err)
	}
}

func TestParametersAreAddedInEveryGrammar(t *testing.T) {
	for _, c := range []struct{ dsn, want string }{
		{"postgres://h/d", "postgres://h/d?a=1&b=x%20y"},
		{"postgres://h/d?c=2", "postgres://h/d?c=2&a=1&b=x%20y"},
		{"file:t.db", "file:t.db?a=1&b=x%20y"},
		{"me@tcp(h:1)/d", "me@tcp(h:1)/d?a=1&b=x%20y"},
		{"me@tcp(h:1)/d?c=2", "me@tcp(h:1)/d?c=2&a=1&b=x%20y"},
		{"host=h dbname=d", "host=h dbname=d a='1' b='x y'"},
	} {
		if got := withParameters(c.dsn, "a=1", "b=x y"); got != c.want {
			t.Errorf("%s: %s, want %s", c.dsn, got, c.want)
		}
	}
}

func TestColoursOnlyForATerminal(t *testing.T) {
	for colour, want := range map[bool]string{true: "\x1b[1mtitle\x1b[0m", false: "title"} {
		if got := (&teller{colour: colour}).paint(bold, "title"); got != want {
			t.Errorf("colour %v: %q, want %q", colour, got, want)
		}
	}
}
