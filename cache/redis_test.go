package cache

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/internal/pause"
	"github.com/moneyclip/moneyclip/internal/testenv"
)

func TestA10ClocksOfClientsDoNotMatter(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	skewed := func(d time.Duration) *Cache {
		return w.open(func(o *Options) { o.now = func() time.Time { return time.Now().Add(d) } })
	}
	reader, writer := skewed(-5*time.Minute), skewed(5*time.Minute)
	put(t, reader, alice, vacant(t, reader, alice), "old")
	h := hold(t, writer, rows(alice))
	wantOutcome(t, reader, alice, Held)
	release(t, h)
	lease := wantOutcome(t, reader, alice, Absent).Lease
	died := time.Now()
	die(hold(t, writer, rows(alice)))
	vacant(t, reader, alice)
	if d := time.Since(died); d < w.lease*9/10 {
		t.Fatalf("a hold of %v ran out after %v", w.lease, d)
	}
	put(t, reader, alice, lease, "old")
	wantOutcome(t, reader, alice, Absent)
}

func TestA12LateReleaseIsDoneWhenItReturns(t *testing.T) {
	w := redisWorld(t, testenv.Redis(t))
	w.lease = 20 * time.Second // no renewal in this test
	var ahead atomic.Int64
	c := w.open(func(o *Options) { o.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
	gate := make(chan struct{})
	pause.Set(func(point string) {
		if point == "settle" {
			<-gate
		}
	})
	t.Cleanup(func() { pause.Set(nil) })

	early := hold(t, c, rows(alice))
	early.Release() // returns though RELEASE has not been sent
	late := hold(t, c, rows(bob))
	ahead.Store(int64(w.lease/2 + time.Second))
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		late.Release()
	}()
	until(t, "both releases", func() bool {
		c.work.mu.Lock()
		defer c.work.mu.Unlock()
		return len(c.work.open) == 2
	})
	select {
	case <-returned:
		t.Fatal("a release returned before it was sent, later than half a lease after the hold")
	default:
	}
	close(gate)
	<-returned
	settle(t, c)
	if n := c.Stats().Releases; n != 2 {
		t.Fatalf("releases = %d, want 2", n)
	}
}

// commands counts what a client sends.
type commands struct{ trips, commands atomic.Int64 }

func (c *commands) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.trips.Add(1)
		c.commands.Add(1)
		return next(ctx, cmd)
	}
}

func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.trips.Add(1)
		c.commands.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// counted is a process whose commands are counted; it does not contact the
// store by itself during the test.
func counted(t *testing.T, w *world) (*Cache, *commands) {
	t.Helper()
	o, err := redis.ParseURL(w.url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	n := &commands{}
	client.AddHook(n)
	c, err := NewRedis(client, Options{Namespace: w.namespace, Lease: time.Minute, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, n
}

// open60 ends the quarantine of a long lease by hand.
func endQuarantine(t *testing.T, w *world, tables ...string) {
	t.Helper()
	l := layout{w.namespace, 1}
	for _, table := range tables {
		if err := w.redis.HSet(t.Context(), l.control(table, 0), "q", "1").Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHitIsOneRoundTripOfTwoCommands(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	c, n := counted(t, w)
	if err := c.Register(t.Context(), []string{"users"}); err != nil {
		t.Fatal(err)
	}
	endQuarantine(t, w, "users")
	put(t, c, alice, vacant(t, c, alice), "v")
	trips, commands := n.trips.Load(), n.commands.Load()
	wantFound(t, c, alice, "v")
	if trips, commands = n.trips.Load()-trips, n.commands.Load()-commands; trips != 1 || commands != 2 {
		t.Fatalf("a hit took %d round trips of %d commands", trips, commands)
	}
}

func TestBulkWriteSendsTheSameForTenRowsAndAMillion(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	c, n := counted(t, w)
	if err := c.Register(t.Context(), []string{"users"}); err != nil {
		t.Fatal(err)
	}
	endQuarantine(t, w, "users")
	cost := func(keys Keys) int64 {
		before := n.commands.Load()
		release(t, hold(t, c, keys))
		return n.commands.Load() - before
	}
	cost(tables("users")) // teaches the scripts
	for _, size := range []int{1, 10, maxRows, 1_000_000} {
		keys := Keys{Rows: make([]Row, size)}
		for i := range keys.Rows {
			keys.Rows[i] = Row{"users", strconv.Itoa(i)}
		}
		if n := cost(keys); n != 4 { // the epoch and one script, twice
			t.Fatalf("a write of %d rows sent %d commands", size, n)
		}
	}
}

func TestF11KeysInRedisAreBounded(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	c := w.open(func(o *Options) { o.Buckets = 4 })
	vacant(t, c, alice)
	const n = 3000
	for i := range n {
		r := Row{"users", strconv.Itoa(i)}
		put(t, c, r, vacant(t, c, r), "v")
		if i%3 == 0 {
			release(t, hold(t, c, rows(r)))
		}
	}
	control, fields := 0, int64(0)
	it := w.redis.Scan(t.Context(), 0, "*", 1000).Iterator()
	for it.Next(t.Context()) {
		key := it.Val()
		ttl := w.redis.PTTL(t.Context(), key).Val()
		switch {
		case strings.HasSuffix(key, "}:c"):
			control++
			fields += w.redis.HLen(t.Context(), key).Val()
			if ttl != -1 {
				t.Errorf("control key %q has a TTL of %v", key, ttl)
			}
		case key == metaKey(w.namespace):
		case ttl <= 0:
			t.Errorf("key %q has no TTL", key)
		}
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	if control != 4 {
		t.Errorf("%d control keys for one table of 4 buckets", control)
	}
	if limit := int64(4 * (2*stripes + 8)); fields > limit {
		t.Errorf("%d fields in control keys, want at most %d", fields, limit)
	}
}

func TestBucketsShareTheWorkAndTheRules(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	many := func(o *Options) { o.Buckets = 16 }
	reader, writer := w.open(many), w.open(many)
	for i := range 40 {
		r := Row{"users", strconv.Itoa(i)}
		put(t, reader, r, vacant(t, reader, r), "v")
	}
	for name, keys := range map[string]Keys{"table": tables("users"), "everything": {All: true}} {
		h := hold(t, writer, keys)
		for i := range 40 {
			wantOutcome(t, reader, Row{"users", strconv.Itoa(i)}, Held)
		}
		release(t, h)
		for i := range 40 {
			r := Row{"users", strconv.Itoa(i)}
			put(t, reader, r, wantOutcome(t, reader, r, Absent).Lease, name)
		}
	}
}

func TestE11OtherBucketsAndVersionAreRefused(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	first := w.open()
	put(t, first, alice, vacant(t, first, alice), "v")

	second := w.open(func(o *Options) { o.Buckets = 3 })
	err := second.Register(t.Context(), []string{"users"})
	if !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), "1 buckets there, 3 here") {
		t.Fatalf("another bucket count: %v", err)
	}
	if l := second.Lookup(t.Context(), alice, query); l.Outcome != Away {
		t.Fatalf("a process of other settings served %+v", l)
	}
	// Its writes reach the control keys of the others all the same.
	h := hold(t, second, rows(alice))
	wantOutcome(t, first, alice, Held)
	release(t, h)
	wantOutcome(t, first, alice, Absent)

	if err := w.redis.HSet(t.Context(), metaKey(w.namespace), "v", "7").Err(); err != nil {
		t.Fatal(err)
	}
	third := w.open(func(o *Options) { o.Mode = Strict })
	err = third.Register(t.Context(), []string{"users"})
	if !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), `"7"`) || !strings.Contains(err.Error(), `"1"`) {
		t.Fatalf("another protocol version: %v", err)
	}
	if l := third.Lookup(t.Context(), alice, query); l.Outcome != Away {
		t.Fatalf("a process of another version served %+v", l)
	}
	if _, err := third.Hold(t.Context(), rows(alice)); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a strict write of another version: %v", err)
	}
	until(t, "the first process to notice", func() bool {
		return first.Lookup(context.Background(), alice, query).Outcome == Away
	})
}

func TestScriptsDeclareTheirKeys(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t, "--cluster-enabled", "yes")
	w := redisWorld(t, server.URL())
	if err := w.redis.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	until(t, "the cluster", func() bool {
		return strings.Contains(w.redis.ClusterInfo(context.Background()).Val(), "cluster_state:ok")
	})
	// In cluster mode a script with a #! line may not touch a key that it did
	// not declare, nor keys of two slots.
	c := w.open(func(o *Options) { o.Buckets = 3 })
	for i := range 20 {
		r := Row{"users", strconv.Itoa(i)}
		put(t, c, r, vacant(t, c, r), "v")
		wantFound(t, c, r, "v")
	}
	for _, keys := range []Keys{rows(Row{"users", "1"}, Row{"users", "2"}, Row{"posts", "3"}), tables("users"), {All: true}, {Absent: []string{"users"}}} {
		release(t, hold(t, c, keys))
	}
	if n := c.Stats(); len(n.Errors) != 0 || n.Releases != 4 {
		t.Fatalf("in cluster mode: %+v", n)
	}
}

func TestUserWithTheDocumentedCommandsIsEnough(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	args := []any{"ACL", "SETUSER", "moneyclip", "on", ">secret", "~" + w.namespace + ":*", "resetchannels"}
	for _, c := range strings.Fields(aclCommands) {
		args = append(args, c)
	}
	if err := w.redis.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	w.url = "redis://moneyclip:secret@" + server.Addr()
	c := w.open()
	put(t, c, alice, vacant(t, c, alice), "v")
	wantFound(t, c, alice, "v")
	for _, keys := range []Keys{rows(alice), tables("users"), {All: true}, {Absent: []string{"users"}}} {
		release(t, hold(t, c, keys))
	}
	if err := c.BumpEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := c.Stats(); len(n.Errors) != 0 {
		t.Fatalf("errors with the documented commands only: %v", n.Errors)
	}
}

func TestRefusedScriptsRemoveTheControlKey(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	reader := w.open()
	put(t, reader, alice, vacant(t, reader, alice), "old")
	if err := w.redis.Do(t.Context(), "ACL", "SETUSER", "noscript", "on", ">x", "~*", "+@all", "-@scripting").Err(); err != nil {
		t.Fatal(err)
	}
	w.url = "redis://noscript:x@" + server.Addr()
	writer := w.open(func(o *Options) { o.Mode = Strict })
	writer.tables.under = "known" // as if the right had been taken away later
	h, err := writer.Hold(t.Context(), rows(alice))
	if err != nil {
		t.Fatal(err)
	}
	l := look(t, reader, alice)
	if l.Outcome != Quarantined {
		t.Fatalf("lookup beside a writer that may not run scripts: %+v", l)
	}
	h.Release()
	settle(t, writer)
	wantOutcome(t, reader, alice, Quarantined)
}

func TestURLErrorsDoNotShowThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis://user:hunter2@host:port:port/0", "http://user:hunter2@host", "hunter2", "redis://:hunter2@host/zero",
		"redis://:hunter2@host?no_such=1", "unix://:hunter2@", "redis://:hunter2@ho st", "redis://:hun%zzter2@host", "rediss://a:hunter2@h/1/2",
		"redis://:hunter2@host?dial_timeout=hunter2",
	} {
		_, err := NewRedisURL(url, Options{Namespace: "n"})
		if err == nil {
			t.Errorf("%q was taken", url)
		} else if strings.Contains(err.Error(), "hunter2") || !strings.HasPrefix(err.Error(), "moneyclip: ") {
			t.Errorf("%q gives the error %q", url, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"no namespace": {}, "brace": {Namespace: "a{b"}, "lease": {Namespace: "n", Lease: 99 * time.Millisecond},
		"buckets": {Namespace: "n", Buckets: -1}, "timeout": {Namespace: "n", Timeout: -1}, "mode": {Namespace: "n", Mode: 2},
	} {
		if c, err := NewMemory(o); err == nil {
			_ = c.Close()
			t.Errorf("%s: no error", name)
		}
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	defer client.Close()
	if _, err := NewRedis(client, Options{Namespace: "n"}); err == nil {
		t.Error("a cluster client was taken, whose nodes' identities are not known yet")
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/redis.sock"
	_ = testenv.StartRedis(t, "--unixsocket", path)
	if conn, err := net.Dial("unix", path); err != nil {
		t.Skipf("no unix socket: %v", err)
	} else {
		_ = conn.Close()
	}
	w := redisWorld(t, "unix://"+path)
	c := w.open()
	put(t, c, alice, vacant(t, c, alice), "v")
	wantFound(t, c, alice, "v")
}

func TestManyLookupsAtOnce(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	c := w.open()
	put(t, c, alice, vacant(t, c, alice), "v")
	errs := make(chan error)
	const readers = 64
	for range readers {
		go func() {
			for range 50 {
				if l := c.Lookup(context.Background(), alice, query); l.Outcome == Found && string(l.Entry) != "v" {
					errs <- fmt.Errorf("lookup = %+v", l)
					return
				}
			}
			errs <- nil
		}()
	}
	for range readers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantFound(t, c, alice, "v")
	if n := c.Stats().Errors; len(n) != 0 {
		t.Errorf("errors: %v", n)
	}
}
