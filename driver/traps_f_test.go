package driver_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/driver"
)

// trapLogs counts what is logged, by level.
type trapLogs struct {
	slog.Handler
	warnings, others atomic.Int64
}

func (l *trapLogs) Enabled(context.Context, slog.Level) bool { return true }

func (l *trapLogs) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		l.warnings.Add(1)
	} else {
		l.others.Add(1)
	}
	return nil
}

var trapPrivate = []string{} // a private Redis without further arguments

// admin is a client beside the wrapper, to break the Redis with.
func (g *trapRig) admin() *redis.Client {
	g.t.Helper()
	o, err := redis.ParseURL(g.redisURL)
	if err != nil {
		g.t.Fatal(err)
	}
	c := redis.NewClient(o)
	g.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (g *trapRig) order(c *redis.Client, args ...any) {
	g.t.Helper()
	if err := c.Do(g.ctx, args...).Err(); err != nil {
		g.t.Fatalf("%v: %v", args, err)
	}
}

// right reads through a handle until it is a hit; every read on the way must
// be what the database has.
func (g *trapRig) right(db *sql.DB, h *driver.Handle, query string, args ...any) {
	g.t.Helper()
	want := g.read(g.bare, query, args...)
	trapUntil(g.t, func() bool {
		before := h.Stats().Hits
		if got := g.read(db, query, args...); got != want {
			g.t.Fatalf("%s: served is %q, the database has %q", query, got, want)
		}
		return h.Stats().Hits > before
	}, func() string { return "the store is never used again" })
}

func storeErrors(h *driver.Handle) (n uint64) {
	for _, of := range h.Stats().StoreErrors {
		n += of
	}
	return n
}

func TestF1RedisAbsentAtStart(t *testing.T) {
	trap{remote: true, private: trapPrivate, absent: true}.run(t, func(t *testing.T, g *trapRig) {
		logs := &trapLogs{}
		db, h, _ := g.openWrapped("", driver.WithLogger(slog.New(logs)))
		for i, v := range []string{"one", "two", "three"} {
			g.read(db, readV, 1)
			g.exec(db, "UPDATE t SET v = ? WHERE id = ?", v, 1)
			if got := g.read(db, readV, 1); got != "v="+v {
				t.Errorf("read %d gives %q", i, got)
			}
			tx := g.begin(db, nil)
			g.exec(tx, "UPDATE t SET v = ?", v+" for all")
			g.commit(tx)
			g.fresh(readV, 1)
		}
		if n := logs.warnings.Load(); n != 1 {
			t.Errorf("%d warnings, want exactly one", n)
		}
		if storeErrors(h) == 0 {
			t.Errorf("no error of the store was counted: %+v", h.Stats())
		}
		if s := h.Stats(); s.Hits != 0 || s.Journalled == 0 {
			t.Errorf("without a store: %+v", s)
		}
		g.server.Restart()
		g.right(db, h, readV, 1)
		g.right(g.R, g.r, readV, 1)
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'new'") }, byID1)
		if n := logs.warnings.Load(); n != 1 {
			t.Errorf("%d warnings after the store came, want exactly one", n)
		}
	})
}

// outage breaks the store, writes, and mends it.
func (g *trapRig) outage(breaks, mends func()) {
	g.t.Helper()
	for _, q := range []string{byID1, byID2, byID3} {
		g.warm(q)
		g.warmOn(g.W, g.w, q)
	}
	breaks()
	g.fresh(byID1)
	g.exec(g.W, "UPDATE t SET v = 'while it was away' WHERE id = 1")
	g.fresh(byID1)
	tx := g.begin(g.W, nil)
	g.exec(tx, "UPDATE t SET v = 'in a transaction' WHERE id > 1")
	g.commit(tx)
	g.fresh(byID2)
	mends()
}

func TestF2KilledAndRestartedEmpty(t *testing.T) {
	trap{remote: true, private: trapPrivate}.run(t, func(t *testing.T, g *trapRig) {
		g.outage(g.server.Kill, g.server.Restart)
		for _, q := range []string{byID1, byID2, byID3} {
			g.right(g.R, g.r, q)
			g.right(g.W, g.w, q)
		}
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'afterwards'") }, byID1, byID2)
	})
}

// A Redis that was frozen keeps what it had. Until the writer has told it what
// it changed, another process may be served that: the one exception to the
// promise in mode available.
func TestF2FrozenAndLetGoOn(t *testing.T) {
	trap{remote: true, private: trapPrivate}.run(t, func(t *testing.T, g *trapRig) {
		g.outage(g.server.Stop, g.server.Cont)
		for _, q := range []string{byID1, byID2, byID3} {
			g.right(g.W, g.w, q) // the writer itself never
		}
		for _, q := range []string{byID1, byID2, byID3} {
			g.right(g.R, g.r, q)
		}
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'afterwards'") }, byID1, byID2)
	})
}

func TestF8Flushed(t *testing.T) {
	t.Run("between two calls", func(t *testing.T) {
		trap{remote: true, private: trapPrivate}.run(t, func(t *testing.T, g *trapRig) {
			admin := g.admin()
			g.changes(func() {
				g.order(admin, "FLUSHALL")
				g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
			}, byID1)
			g.changes(func() {
				g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1")
				g.order(admin, "FLUSHALL")
			}, byID1)
			g.right(g.R, g.r, byID1)
		})
	})
	for _, write := range []string{"UPDATE t SET v = 'new' WHERE id = 1", "UPDATE t SET v = 'new'"} {
		t.Run("under a hold: "+write, func(t *testing.T) {
			trap{remote: true, private: trapPrivate}.run(t, func(t *testing.T, g *trapRig) {
				admin := g.admin()
				g.warm(byID1)
				held := g.stepsW.stopBefore(t, "exec", "UPDATE t")
				done := trapAsync(func() error { _, err := g.W.Exec(write); return err })
				held.wait(t)
				g.order(admin, "FLUSHALL")
				for range 5 {
					if got := g.read(g.R, byID1); got != "id=1 v=old 1" {
						t.Errorf("before the write R is served %q", got)
					}
					g.sync()
				}
				held.open()
				if err := trapAwait(t, "the write", done); err != nil {
					t.Fatal(err)
				}
				g.fresh(byID1)
				g.right(g.R, g.r, byID1)
			})
		})
	}
	t.Run("under a lease", func(t *testing.T) {
		trap{remote: true, private: trapPrivate}.run(t, func(t *testing.T, g *trapRig) {
			g.settle()
			read := g.stepsR.stopAfter(t, "rows closed", "SELECT v FROM t")
			late := g.readLate(g.ctx)
			read.wait(t)
			g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
			g.sync()
			g.order(g.admin(), "FLUSHALL")
			g.right(g.R, g.r, readV, 2) // the table has a generation again
			read.open()
			trapAwait(t, "the late read", late)
			g.fresh(readV, 1)
			g.right(g.R, g.r, readV, 1)
		})
	})
}

// What was on disk is from before the outage, and the writer dies with what it
// could not tell.
func TestF9RestartedWithWhatItHeld(t *testing.T) {
	trap{remote: true, private: []string{"--appendonly", "yes", "--appendfsync", "always"}}.run(t, func(t *testing.T, g *trapRig) {
		keys := g.admin()
		g.outage(g.server.Kill, func() {
			if err := g.W.Close(); err != nil {
				t.Fatal(err)
			}
			g.server.Restart()
		})
		if n, err := keys.DBSize(g.ctx).Result(); err != nil || n == 0 {
			t.Fatalf("the restarted Redis holds %d keys, %v: nothing to distrust", n, err)
		}
		for _, q := range []string{byID1, byID2, byID3} {
			g.right(g.R, g.r, q)
		}
	})
}

func TestF5WrongPassword(t *testing.T) {
	trap{remote: true, private: trapPrivate}.run(t, func(t *testing.T, g *trapRig) {
		admin := g.admin().Conn() // one connection, which was let in
		defer admin.Close()
		do := func(args ...any) {
			t.Helper()
			if err := admin.Do(g.ctx, args...).Err(); err != nil {
				t.Fatalf("%v: %v", args, err)
			}
		}
		do("PING")
		g.outage(func() {
			do("CONFIG", "SET", "requirepass", "another")
			do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
		}, func() { do("CONFIG", "SET", "requirepass", "") })
		if n := g.w.Stats().StoreErrors["auth"]; n == 0 {
			t.Errorf("the refusal was not counted as such: %+v", g.w.Stats().StoreErrors)
		}
		for _, q := range []string{byID1, byID2, byID3} {
			g.right(g.W, g.w, q)
		}
		for _, q := range []string{byID1, byID2, byID3} {
			g.right(g.R, g.r, q)
		}
	})
}

func TestF3StrictModeRefusesTheWrite(t *testing.T) {
	trap{remote: true, private: trapPrivate, params: "&moneyclip_mode=strict"}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 2")
		g.server.Stop()
		for _, what := range []struct {
			name  string
			write func() error
		}{
			{"autocommit", func() error { _, err := g.W.Exec("UPDATE t SET v = 'never' WHERE id = 1"); return err }},
			{"transaction", func() error {
				tx, err := g.W.BeginTx(g.ctx, nil)
				if err != nil {
					return err
				}
				defer tx.Rollback()
				if _, err := tx.Exec("UPDATE t SET v = 'never' WHERE id = 1"); err != nil {
					return err
				}
				return tx.Commit()
			}},
		} {
			if err := what.write(); !errors.Is(err, cache.ErrUnavailable) {
				t.Errorf("%s: %v, want ErrUnavailable", what.name, err)
			}
		}
		if got := g.fresh(byID1); got != "id=1 v=old 1" {
			t.Errorf("a refused write reached the database: %q", got)
		}
		g.server.Cont()
		g.right(g.R, g.r, byID1)
		g.right(g.W, g.w, byID1) // its store is back
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1") }, byID1)
	})
}

func TestF10ContextEndsAfterCommit(t *testing.T) {
	for _, c := range []struct {
		name, op string
		write    func(ctx context.Context, db *sql.DB) error
	}{
		{"transaction", "commit", func(ctx context.Context, db *sql.DB) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE t SET v = 'new' WHERE id = 1"); err != nil {
				return err
			}
			return tx.Commit()
		}},
		{"autocommit", "exec", func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, "UPDATE t SET v = 'new' WHERE id = 1")
			return err
		}},
		{"returning", "query", func(ctx context.Context, db *sql.DB) error {
			var id int
			return db.QueryRowContext(ctx, "UPDATE t SET v = 'new' WHERE id = 1 RETURNING id").Scan(&id)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			trap{}.run(t, func(t *testing.T, g *trapRig) {
				old := g.warm(byID1)
				ctx, cancel := context.WithCancel(g.ctx)
				defer cancel()
				g.stepsW.set(nil, func(step trapStep, err error) error {
					if step.op == c.op && (c.op == "commit" || step.ctx == ctx || step.query != "" && step.query[:6] == "UPDATE") {
						cancel()
					}
					return err
				})
				err := c.write(ctx, g.W)
				g.stepsW.set(nil, nil)
				if ctx.Err() == nil {
					t.Fatal("the context did not end")
				}
				now := g.fresh(byID1)
				// SQLite steps a query only as its rows are read: the end of
				// the context may have come first.
				if now == old && c.op != "query" {
					t.Errorf("nothing was written: %v", err)
				}
				g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1)
			})
		})
	}
}
