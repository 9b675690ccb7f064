package cache

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

// logLines is a log that may be read while it is written.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logLines) count(level string) int { return strings.Count(l.String(), "level="+level) }

func logged(l *logLines) func(*Options) {
	return func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(l, nil)) }
}

func strict(o *Options) { o.Mode = Strict }

func TestF1AbsentAtStartIsOutOfReachUntilItIsThere(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	server.Kill()
	log := &logLines{}
	c, s := w.open(logged(log)), w.open(strict)
	if err := c.Register(t.Context(), []string{"users"}); err != nil {
		t.Fatalf("register: %v", err)
	}
	for range 50 {
		if l := c.Lookup(t.Context(), alice, query); l.Outcome != Away {
			t.Fatalf("lookup without a Redis: %+v", l)
		}
	}
	h := hold(t, c, rows(alice)) // the write goes through
	if _, known := h.Epoch(); known {
		t.Error("an epoch without a Redis")
	}
	h.Release()
	if _, err := s.Hold(t.Context(), rows(alice)); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a strict write without a Redis: %v", err)
	}
	n := c.Stats()
	if n.Journalled != 1 || n.Errors[classRefused] == 0 {
		t.Errorf("statistics without a Redis: %+v", n)
	}
	server.Restart()
	put(t, c, alice, vacant(t, c, alice), "v")
	wantFound(t, c, alice, "v")
	if log.count("WARN") != 1 {
		t.Errorf("want one warning, got:\n%s", log)
	}
	if strings.Contains(log.String(), server.Addr()) || strings.Contains(log.String(), "alice") {
		t.Errorf("the log names the server or a key:\n%s", log)
	}
	release(t, hold(t, s, rows(alice)))
	wantOutcome(t, c, alice, Absent)
}

func TestF2FrozenServerIsWaitedForOnlyShortly(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	c := w.open(func(o *Options) { o.Timeout, o.Retry = 50*time.Millisecond, 200*time.Millisecond })
	put(t, c, alice, vacant(t, c, alice), "v")
	server.Stop()
	until(t, "the breaker", func() bool {
		if l := c.Lookup(context.Background(), alice, query); l.Outcome == Found {
			t.Fatal("a frozen server served")
		}
		return c.breaker.isOpen()
	})
	begun := time.Now()
	for range 1000 {
		c.Lookup(context.Background(), alice, query)
	}
	h := hold(t, c, rows(alice))
	h.Release()
	if d := time.Since(begun); d > 500*time.Millisecond {
		t.Errorf("1000 lookups and a write behind an open breaker took %v", d)
	}
	server.Cont()
	until(t, "the breaker to close", func() bool { return !c.breaker.isOpen() })
	until(t, "the journal to be replayed", func() bool {
		return c.Lookup(context.Background(), alice, query).Outcome == Absent
	})
}

func TestJournalIsReplayedBeforeAnythingIsServed(t *testing.T) {
	t.Parallel()
	for width, keys := range widths {
		t.Run(width, func(t *testing.T) {
			t.Parallel()
			server := testenv.StartRedis(t)
			w := redisWorld(t, server.URL())
			c := w.open(func(o *Options) { o.Timeout, o.Retry = 50*time.Millisecond, 100*time.Millisecond })
			put(t, c, alice, vacant(t, c, alice), "old")
			server.Stop()
			inFlight := hold(t, c, keys)
			hold(t, c, keys).Release()
			server.Cont() // the same server, with the old row
			until(t, "an answer", func() bool {
				l := c.Lookup(context.Background(), alice, query)
				if l.Outcome == Found || l.Outcome == Absent {
					t.Fatalf("beside a write in flight, after an outage: %+v", l)
				}
				return l.Outcome == Held
			})
			release(t, inFlight)
			until(t, "the row", func() bool {
				l := c.Lookup(context.Background(), alice, query)
				if l.Outcome == Found {
					t.Fatalf("what was changed during an outage was served: %q", l.Entry)
				}
				return l.Outcome == Absent
			})
			if c.journal.busy.Load() {
				t.Error("the journal is not empty")
			}
		})
	}
}

func TestJournalIsReplayedWithoutLookups(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	c, other := w.open(func(o *Options) { o.Timeout, o.Retry = 50*time.Millisecond, 100*time.Millisecond }), w.open()
	put(t, other, alice, vacant(t, other, alice), "old")
	release(t, hold(t, c, rows(bob)))
	server.Stop()
	hold(t, c, rows(alice)).Release()
	server.Cont()
	until(t, "the replay", func() bool { return look(t, other, alice).Outcome == Absent })
}

func TestJournalIsReplayedAtClose(t *testing.T) {
	t.Parallel()
	c, other, _, r := relayed(t, func(o *Options) { o.Timeout, o.Retry = 200*time.Millisecond, 100*time.Millisecond })
	r.refuse(true)
	hold(t, c, rows(alice)).Release()
	if n := c.Stats(); n.Journalled != 1 || !c.journal.busy.Load() {
		t.Fatalf("the premise fails: %+v", n)
	}
	wantFound(t, other, alice, "old")
	r.refuse(false)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, other, alice, Absent)
}

func TestCloseDoesNotWaitLongForAStoreThatIsNotThere(t *testing.T) {
	t.Parallel()
	c, _, server, r := relayed(t, func(o *Options) { o.Timeout, o.Retry = 200*time.Millisecond, 100*time.Millisecond })
	server.Kill()
	if err := r.listener.Close(); err != nil { // connections are refused now
		t.Fatal(err)
	}
	hold(t, c, rows(alice)).Release()
	begun := time.Now()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(begun); d > c.o.Lease/2 {
		t.Errorf("Close took %v of a lease of %v", d, c.o.Lease)
	}
	if !c.journal.busy.Load() {
		t.Error("the premise fails: there is nothing in the journal")
	}
}

func TestFailedReleaseGoesToTheJournal(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	c := w.open(func(o *Options) { o.Timeout, o.Retry = 50*time.Millisecond, 100*time.Millisecond })
	vacant(t, c, alice)
	h := hold(t, c, rows(alice))
	server.Stop()
	h.Release()
	settle(t, c)
	if n := c.Stats(); n.Releases != 0 || n.Journalled != 1 {
		t.Fatalf("after a release that could not be sent: %+v", n)
	}
	server.Cont()
	vacant(t, c, alice)
}

func TestJournalledWriteUnderAnOldCatalogEndsEverything(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	c, other := w.open(func(o *Options) { o.Timeout, o.Retry = 50*time.Millisecond, 100*time.Millisecond }), w.open()
	release(t, hold(t, c, rows(bob))) // the catalog is of this epoch
	audit := Row{"audit", "1"}
	put(t, other, audit, vacant(t, other, audit), "old")
	if err := other.BumpEpoch(t.Context()); err != nil { // a trigger on users that writes audit
		t.Fatal(err)
	}
	server.Stop()
	hold(t, c, rows(alice)).Release()
	server.Cont()
	until(t, "the replay", func() bool { return look(t, other, audit).Outcome == Absent })
}

func TestF5OutOfMemoryStillInvalidates(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t, "--maxmemory-policy", "noeviction")
	w := redisWorld(t, server.URL())
	reader, writer := w.open(), w.open(strict)
	lease := vacant(t, reader, alice)
	put(t, reader, alice, lease, "v")
	vacant(t, writer, bob)
	set := func(max string) {
		if err := w.redis.ConfigSet(t.Context(), "maxmemory", max).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("1")
	for width, keys := range widths {
		h, err := writer.Hold(t.Context(), keys)
		if err != nil {
			t.Fatalf("%s: a hold out of memory: %v", width, err)
		}
		release(t, h)
	}
	// F12: it can be read but not written, so it is not trusted.
	until(t, "the reader to notice", func() bool {
		l := reader.Lookup(context.Background(), alice, query)
		if l.Outcome == Found {
			t.Fatal("the hold did not invalidate")
		}
		return l.Outcome == Away
	})
	reader.Fill(alice, lease, query, []byte("v"), time.Minute)
	settle(t, reader)
	if n := reader.Stats(); n.Errors[classOOM] == 0 {
		t.Errorf("errors: %v", n.Errors)
	}
	if reader.breaker.isOpen() {
		t.Error("the breaker is open, though holds go through")
	}
	set("0")
	put(t, reader, alice, vacant(t, reader, alice), "new")
	wantFound(t, reader, alice, "new")
}

func TestF12ReadableButNotWritableServesNothing(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t, "--maxmemory-policy", "noeviction")
	w := redisWorld(t, server.URL())
	c := w.open()
	put(t, c, alice, vacant(t, c, alice), "v")
	wantFound(t, c, alice, "v")
	begun := time.Now()
	if err := w.redis.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of trust", func() bool {
		before := time.Since(begun)
		l := c.Lookup(context.Background(), alice, query)
		if l.Outcome == Found && before > w.lease/3+50*time.Millisecond {
			t.Fatalf("a hit %v after writes were refused", before)
		}
		return l.Outcome == Away
	})
}

func TestF5ReadOnlyReplicaIsNeitherServedNorWritten(t *testing.T) {
	t.Parallel()
	master, server := testenv.StartRedis(t), testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	log := &logLines{}
	c, s := w.open(logged(log)), w.open(strict)
	put(t, c, alice, vacant(t, c, alice), "v")
	vacant(t, s, bob)
	host, port, _ := strings.Cut(master.Addr(), ":")
	if err := w.redis.SlaveOf(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of trust", func() bool {
		return c.Lookup(context.Background(), alice, query).Outcome == Away
	})
	if _, err := s.Hold(t.Context(), rows(alice)); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a strict write to a replica: %v", err)
	}
	hold(t, c, rows(alice)).Release()
	if n := c.Stats(); n.Journalled != 1 {
		t.Errorf("statistics on a replica: %+v", n)
	}
	until(t, "the class", func() bool { return c.Stats().Errors[classReadOnly] > 0 })
	if err := w.redis.SlaveOf(t.Context(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	put(t, c, alice, vacant(t, c, alice), "new")
	wantFound(t, c, alice, "new")
}

func TestF5WrongPasswordIsNamed(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t, "--requirepass", "right")
	for name, url := range map[string]string{"wrong": "redis://:hunter2@" + server.Addr(), "none": server.URL()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := redisWorld(t, url)
			log := &logLines{}
			c := w.open(logged(log))
			if err := c.Register(t.Context(), []string{"users"}); err != nil {
				t.Fatal(err)
			}
			until(t, "the breaker", func() bool {
				if l := c.Lookup(context.Background(), alice, query); l.Outcome != Away {
					t.Fatalf("lookup: %+v", l)
				}
				return c.breaker.isOpen()
			})
			hold(t, c, rows(alice)).Release()
			if c.Stats().Errors[classAuth] == 0 {
				t.Errorf("errors: %v", c.Stats().Errors)
			}
			if strings.Contains(log.String(), "hunter2") || log.count("WARN") != 1 {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

func TestF5ForgottenScriptsAreTaughtAgain(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	c := w.open(strict)
	flush := func() {
		if err := w.redis.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	lease := vacant(t, c, alice)
	flush()
	put(t, c, alice, lease, "v")
	wantFound(t, c, alice, "v")
	flush()
	h := hold(t, c, rows(alice))
	wantOutcome(t, c, alice, Held)
	flush()
	release(t, h)
	wantOutcome(t, c, alice, Absent)
	if n := c.Stats().Errors; len(n) != 0 {
		t.Errorf("errors: %v", n)
	}
}

func TestF7EvictionOfAnyKeyServesNothingStale(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	l := layout{w.namespace, 1}
	control, row, _ := l.locate(alice)
	for _, evicted := range [][]string{{row}, {control}, {metaKey(w.namespace)}, {row, control}, {control, metaKey(w.namespace)}} {
		reader, writer := w.open(), w.open()
		release(t, hold(t, writer, rows(alice)))
		lease := vacant(t, reader, alice)
		put(t, reader, alice, lease, "old")
		h := hold(t, writer, rows(alice))
		if err := w.redis.Del(t.Context(), evicted...).Err(); err != nil {
			t.Fatal(err)
		}
		reader.Fill(alice, lease, query, []byte("old"), time.Minute)
		settle(t, reader)
		if l := reader.Lookup(t.Context(), alice, query); l.Outcome == Found || l.Outcome == Absent {
			t.Fatalf("evicted %v: beside a write in flight: %+v", evicted, l)
		}
		release(t, h)
		reader.Fill(alice, lease, query, []byte("old"), time.Minute)
		settle(t, reader)
		lease = vacant(t, reader, alice)
		put(t, reader, alice, lease, "new")
		wantFound(t, reader, alice, "new")
	}
}

func TestF7LostRecordDoesNotHideTablesFromEverything(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	reader := w.open()
	put(t, reader, alice, vacant(t, reader, alice), "old")
	epoch, err := reader.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.redis.Del(t.Context(), metaKey(w.namespace)).Err(); err != nil {
		t.Fatal(err)
	}
	writer := w.open() // a process that has never heard of users
	h := hold(t, writer, Keys{All: true})
	if l := reader.Lookup(t.Context(), alice, query); l.Outcome == Found {
		t.Fatal("a write that invalidates everything missed a table")
	}
	if e, known := h.Epoch(); !known || e == epoch {
		t.Fatalf("the epoch of a lost record reads %d %v, as before", e, known)
	}
	release(t, h)
	put(t, reader, alice, vacant(t, reader, alice), "new")
	release(t, hold(t, writer, Keys{All: true}))
	wantOutcome(t, reader, alice, Absent)
}

func TestF8FlushAllWhileHeld(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	reader, writer := w.open(), w.open()
	lease := vacant(t, reader, alice)
	put(t, reader, alice, lease, "old")
	h := hold(t, writer, rows(alice))
	if err := w.redis.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	flushed := time.Now()
	reader.Fill(alice, lease, query, []byte("old"), time.Minute)
	settle(t, reader)
	until(t, "the row, or a renewal", func() bool {
		switch l := reader.Lookup(context.Background(), alice, query); l.Outcome {
		case Found:
			t.Fatalf("found %q after FLUSHALL", l.Entry)
		case Absent:
			t.Fatalf("a lease beside a write in flight, %v after FLUSHALL", time.Since(flushed))
		}
		return writer.Stats().Renewals >= 4
	})
	release(t, h)
	put(t, reader, alice, vacant(t, reader, alice), "new")
	wantFound(t, reader, alice, "new")
}

func TestF8HoldAfterLossFencesForHoldsThatWereLost(t *testing.T) {
	t.Parallel()
	w := redisWorld(t, testenv.Redis(t))
	reader, one, two := w.open(), w.open(), w.open()
	vacant(t, reader, alice)
	h := hold(t, one, rows(alice))
	die(h) // it does not renew during the test
	control, _, _ := layout{w.namespace, 1}.locate(alice)
	if err := w.redis.Del(t.Context(), control).Err(); err != nil {
		t.Fatal(err)
	}
	lost := time.Now()
	release(t, hold(t, two, rows(bob)))
	vacant(t, reader, alice)
	if d := time.Since(lost); d < w.lease*9/10 {
		t.Fatalf("a lease beside a write in flight, %v after its hold was lost", d)
	}
}

func TestF9RestartEmptyServesNothingStale(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	reader, writer := w.open(), w.open()
	lease := vacant(t, reader, alice)
	put(t, reader, alice, lease, "old")
	h := hold(t, writer, rows(alice))
	server.Restart()
	if l := look(t, reader, alice); l.Outcome != Quarantined && l.Outcome != Held {
		t.Fatalf("after a restart beside a write in flight: %+v", l)
	}
	h.Release()
	put(t, reader, alice, lease, "old")
	put(t, reader, alice, vacant(t, reader, alice), "new")
	wantFound(t, reader, alice, "new")
}

// restarted is a server that comes back from a dump in which alice is old and
// not held, though she was written since.
func restarted(t *testing.T, client func(url string) (*Cache, error), beforeKill func(c *Cache)) (*Cache, *world) {
	t.Helper()
	server := testenv.StartRedis(t)
	w := redisWorld(t, server.URL())
	w.lease = 3 * time.Second // vitals are good for a second: the restart is faster
	writer := w.open()
	c, err := client(w.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	put(t, c, alice, vacant(t, c, alice), "old")
	if err := w.redis.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	release(t, hold(t, writer, rows(alice)))
	wantOutcome(t, c, alice, Absent)
	beforeKill(c)
	server.Restart()
	return c, w
}

func TestF9RestartFromOldDumpServesNothingStale(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(url string) (*Cache, error){
		"own client": func(url string) (*Cache, error) {
			return NewRedisURL(url, Options{Namespace: "mc", Lease: 3 * time.Second, Logger: slog.New(slog.DiscardHandler)})
		},
		"given client": func(url string) (*Cache, error) {
			o, err := redis.ParseURL(url)
			if err != nil {
				return nil, err
			}
			client := redis.NewClient(o)
			t.Cleanup(func() { _ = client.Close() })
			return NewRedis(client, Options{Namespace: "mc", Lease: 3 * time.Second, Logger: slog.New(slog.DiscardHandler)})
		},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var learnt *vitals
			c, w := restarted(t, kind, func(c *Cache) {
				until(t, "fresh vitals", func() bool {
					_ = c.contact(context.Background())
					learnt = c.trust.current(c.ticks(), c.o.Lease/3)
					return learnt != nil
				})
			})
			control, row, _ := layout{w.namespace, 1}.locate(alice)
			// The premise: the dump holds a row that passes for current.
			if v, err := w.redis.HGet(t.Context(), row, string(query[:])).Result(); err != nil || v != "old" {
				t.Fatalf("the dump's row: %q %v", v, err)
			}
			if rid := w.redis.HGet(t.Context(), control, "rid").Val(); rid != learnt.identity {
				t.Fatalf("the dump's identity is %q, learnt was %q", rid, learnt.identity)
			}
			until(t, "a quarantine", func() bool {
				l := c.Lookup(context.Background(), alice, query)
				if l.Outcome == Found {
					t.Fatalf("a row from an old dump was served: %q", l.Entry)
				}
				return l.Outcome == Quarantined
			})
			if d := c.ticks() - learnt.sent; d > w.lease/3 {
				t.Logf("the machine was slow: %v since the vitals were learnt, so the connection was not what gave it away", d)
			}
			put(t, c, alice, vacant(t, c, alice), "new")
			wantFound(t, c, alice, "new")
		})
	}
}

func TestHoldOnOldDumpStartsAQuarantine(t *testing.T) {
	t.Parallel()
	c, w := restarted(t, func(url string) (*Cache, error) {
		return NewRedisURL(url, Options{Namespace: "mc", Lease: 3 * time.Second, Logger: slog.New(slog.DiscardHandler)})
	}, func(*Cache) {})
	fresh := w.open()
	h := hold(t, fresh, rows(bob)) // a writer that has not known the former server
	if l := look(t, c, alice); l.Outcome != Quarantined {
		t.Fatalf("lookup on an old dump after a hold: %+v", l)
	}
	release(t, h)
}

func TestF5RepliesAreNamed(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"ERR max number of clients reached":                        classMaxClients,
		"LOADING Redis is loading the dataset in memory":           classLoading,
		"MISCONF Redis is configured to save RDB snapshots":        classMisconf,
		"NOPERM this user has no permissions":                      classAuth,
		"CLUSTERDOWN The cluster is down":                          classOther,
		"MOVED 1 127.0.0.1:1":                                      classOther,
		"ERR unknown command 'EVALSHA', with args beginning with:": classOther,
	} {
		t.Run(reply, func(t *testing.T) {
			t.Parallel()
			w := redisWorld(t, "redis://"+answering(t, "-"+reply+"\r\n"))
			c, s := w.open(), w.open(strict)
			until(t, "the class", func() bool {
				if l := c.Lookup(context.Background(), alice, query); l.Outcome != Away {
					t.Fatalf("lookup: %+v", l)
				}
				return c.Stats().Errors[want] > 0
			})
			if _, err := s.Hold(t.Context(), rows(alice)); !errors.Is(err, ErrUnavailable) {
				t.Fatalf("a strict write: %v", err)
			}
		})
	}
}

// answering is a server that gives one reply to everything.
func answering(t *testing.T, reply string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				stop := context.AfterFunc(t.Context(), func() { _ = conn.Close() })
				defer stop()
				buf := make([]byte, 1<<16)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					for range bytes.Count(buf[:n], []byte("\r\n*")) + 1 {
						if _, err := conn.Write([]byte(reply)); err != nil {
							return
						}
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		conns.Wait()
	})
	return l.Addr().String()
}

func TestF5FailedSaveIsNamed(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t, "--enable-protected-configs", "yes")
	w := redisWorld(t, server.URL())
	reader, s := w.open(), w.open(strict)
	put(t, reader, alice, vacant(t, reader, alice), "v")
	vacant(t, s, bob)
	for _, kv := range [][2]string{{"save", "1 1"}, {"dbfilename", "no-such-name.rdb"}, {"rdb-key-save-delay", "0"}} {
		if err := w.redis.ConfigSet(t.Context(), kv[0], kv[1]).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeUnwritable(server.Dir()); err != nil {
		t.Skipf("cannot make a dump fail here: %v", err)
	}
	until(t, "a dump that fails", func() bool {
		_ = w.redis.BgSave(context.Background()).Err()
		return strings.Contains(w.redis.Info(context.Background(), "persistence").Val(), "rdb_last_bgsave_status:err")
	})
	until(t, "the end of trust", func() bool {
		return reader.Lookup(context.Background(), alice, query).Outcome == Away
	})
	if _, err := s.Hold(t.Context(), rows(alice)); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a strict write where writes are refused: %v", err)
	}
	if n := reader.Stats().Errors[classMisconf]; n == 0 {
		t.Errorf("errors: %v", reader.Stats().Errors)
	}
}

// makeUnwritable puts a folder where the dump's temporary file is to be
// renamed to: that fails for root too.
func makeUnwritable(dir string) error {
	return os.MkdirAll(dir+"/no-such-name.rdb/x", 0o700)
}
