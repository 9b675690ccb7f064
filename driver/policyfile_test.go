package driver_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// policyRig is a trap whose W and R read one policy file.
type policyRig struct {
	*trapRig
	file string
}

func runPolicy(t *testing.T, s trap, text string, f func(t *testing.T, g *policyRig)) {
	t.Helper()
	s.run(t, func(t *testing.T, rig *trapRig) {
		g := &policyRig{trapRig: rig, file: filepath.Join(trapFolder(t), "policy.yaml")}
		g.write(text)
		g.W, g.w, g.stepsW = g.openWrapped("&moneyclip_policy=" + g.file)
		g.R, g.r, g.stepsR = g.openWrapped("&moneyclip_policy=" + g.file)
		f(t, g)
	})
}

// write replaces the file as a careful program does.
func (g *policyRig) write(text string) {
	g.t.Helper()
	if err := os.WriteFile(g.file+".new", []byte("version: 1\n"+text), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Rename(g.file+".new", g.file); err != nil {
		g.t.Fatal(err)
	}
}

func (g *policyRig) reload(text string) {
	g.t.Helper()
	g.write(text)
	if err := g.w.ReloadPolicy(g.ctx); err != nil {
		g.t.Fatalf("reload: %v", err)
	}
}

// explained waits until a handle would do with the query what is wanted. In
// between it reads, so that it learns what the store has to tell.
func (g *policyRig) explained(db *sql.DB, h *driver.Handle, query string, want func(driver.Decision) bool) {
	g.t.Helper()
	var d driver.Decision
	trapUntil(g.t, func() bool {
		g.read(db, query)
		var err error
		if d, err = h.Explain(g.ctx, query); err != nil {
			g.t.Fatal(err)
		}
		return want(d)
	}, func() string { return fmt.Sprintf("%s: still %+v", query, d) })
}

func (g *policyRig) now(h *driver.Handle, query string) driver.Decision {
	g.t.Helper()
	d, err := h.Explain(g.ctx, query)
	if err != nil {
		g.t.Fatal(err)
	}
	return d
}

func TestReloadedPolicyReachesEveryProcess(t *testing.T) {
	runPolicy(t, trap{}, "defaults: {ttl: 1h}\n", func(t *testing.T, g *policyRig) {
		g.warm(byID1)
		g.warmOn(g.W, g.w, byID1)
		if d := g.now(g.r, byID1); d.TTL != time.Hour {
			t.Errorf("before: %+v", d)
		}

		// Shorter: nothing that was kept for longer is served.
		g.reload("defaults: {ttl: 1m}\n")
		if d := g.now(g.w, byID1); d.TTL != time.Minute {
			t.Errorf("W: %+v", d)
		}
		before := g.r.Stats()
		g.read(g.R, byID1)
		if since := g.r.Stats().Sub(before); since.Hits != 0 {
			t.Errorf("R is served what was kept by the old policy: %+v", since)
		}
		g.explained(g.R, g.r, byID1, func(d driver.Decision) bool { return d.TTL == time.Minute })
		g.warm(byID1)

		// No longer cached, but its writes still invalidate.
		g.reload("tables:\n  t: {cache: false}\n")
		if d := g.now(g.w, byID1); d.Code != policy.BypassPolicy {
			t.Errorf("W: %+v", d)
		}
		g.explained(g.R, g.r, byID1, func(d driver.Decision) bool { return d.Code == policy.BypassPolicy })
		g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
		g.fresh(byID1)

		// Cached again.
		g.reload("")
		g.explained(g.R, g.r, byID1, func(d driver.Decision) bool { return d.Code == policy.Miss })
		if got := g.warm(byID1); got != "id=1 v=new" {
			t.Errorf("R is served %q", got)
		}
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1)
	})
}

// The triggers of t write u; the policy says so, then falsely that they do not,
// then so again, or nothing at all.
func TestReloadedEffectsDropWhatTheOldOnesLeftBehind(t *testing.T) {
	const byU = "SELECT id, v FROM u WHERE id = 1"
	u := []string{trapTable, trapRows, "CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT NOT NULL)", "INSERT INTO u (id, v) VALUES (1, 'u 1')"}
	schemas := map[parse.Dialect][]string{
		parse.SQLite: append(u[:4:4], "CREATE TRIGGER copy AFTER UPDATE ON t BEGIN UPDATE u SET v = NEW.v WHERE id = NEW.id; END"),
		parse.PostgreSQL: append(u[:4:4], "CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE u SET v = NEW.v WHERE id = NEW.id; RETURN NEW; END'",
			"CREATE TRIGGER copy AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION copy()"),
	}
	for dialect, schema := range schemas {
		runPolicy(t, trap{only: dialect, schema: schema}, "effects: {triggers: {t.copy: {writes: [u]}}}\n", func(t *testing.T, g *policyRig) {
			g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'declared' WHERE id = 1") }, byID1, byU)
			if d := g.now(g.w, "DELETE FROM t"); d.Code != policy.InvalidateTable || len(d.Tables) != 2 {
				t.Errorf("W: %+v", d)
			}
			g.reload("effects: {triggers: {t.copy: {writes: []}}}\n")
			g.explained(g.R, g.r, byU, func(driver.Decision) bool { return len(g.now(g.r, "DELETE FROM t").Tables) == 1 })
			g.warm(byU)
			g.exec(g.W, "UPDATE t SET v = 'unseen' WHERE id = 1")
			if got := g.mustHit(byU); got != "id=1 v=declared" {
				t.Errorf("a false declaration is believed: R is served %q", got)
			}

			// What the false one left behind is gone at once, everywhere.
			g.reload("")
			g.fresh(byU)
			// R writes before it has learnt of the reload, or just after.
			g.reload("effects: {triggers: {t.copy: {writes: []}}}\n")
			g.explained(g.R, g.r, byU, func(driver.Decision) bool { return len(g.now(g.r, "DELETE FROM t").Tables) == 1 })
			g.warm(byU)
			g.reload("")
			g.exec(g.R, "UPDATE t SET v = 'by the old policy' WHERE id = 1")
			g.fresh(byU)
			g.warm(byU)
			g.fresh(byU)
			if d := g.now(g.w, "DELETE FROM t"); d.Code != policy.InvalidateAll {
				t.Errorf("W: %+v", d)
			}
		})
	}
}

func TestWrongPolicyFileLeavesTheOldInForce(t *testing.T) {
	runPolicy(t, trap{}, "defaults: {ttl: 1h}\n", func(t *testing.T, g *policyRig) {
		g.warm(byID1)
		for text, want := range map[string]string{
			"defaults: {tll: 1m}\n":            ":2:12: defaults: unknown key tll: did you mean ttl?",
			"defaults: {ttl: 1m\n":             "not YAML",
			"tables: {tt: {}, t: {ttl: 1m}}\n": ":2:10: table tt does not exist: did you mean t?",
		} {
			g.write(text)
			if err := g.w.ReloadPolicy(g.ctx); err == nil || !strings.Contains(err.Error(), g.file+want) && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", text, err)
			}
			if d := g.now(g.w, byID1); d.TTL != time.Hour {
				t.Errorf("%s: %+v", text, d)
			}
			g.mustHit(byID1) // nothing was dropped either
		}
		// A schema change reads it again, and goes on with the old one.
		g.exec(g.W, "CREATE TABLE another (id INTEGER PRIMARY KEY)")
		if d := g.now(g.w, byID1); d.TTL != time.Hour {
			t.Errorf("after a schema change: %+v", d)
		}
		g.warm(byID1)
		if err := os.Remove(g.file); err != nil {
			t.Fatal(err)
		}
		if err := g.w.ReloadPolicy(g.ctx); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no file: %v", err)
		}
		// A schema change puts a file that is right again into force.
		g.write("defaults: {ttl: 2h}\n")
		g.exec(g.W, "CREATE TABLE yet_another (id INTEGER PRIMARY KEY)")
		if d := g.now(g.w, byID1); d.TTL != 2*time.Hour {
			t.Errorf("after another schema change: %+v", d)
		}
	})
}

func TestPolicyFileIsCheckedAgainstTheCatalogAtFirstUse(t *testing.T) {
	runPolicy(t, trap{inner: "sqlite3"}, "tables:\n  tt: {ttl: 1m}\n  uu:\n", func(t *testing.T, g *policyRig) {
		_, err := g.R.QueryContext(g.ctx, byID1)
		for _, want := range []string{g.file + ":3:3: table tt does not exist: did you mean t?", g.file + ":4:3: table uu does not exist"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in: %v", want, err)
			}
		}
		g.write("tables:\n  t: {ttl: 1m}\n")
		if err := g.r.ReloadPolicy(g.ctx); err != nil {
			t.Errorf("after it was put right: %v", err)
		}
		if d := g.now(g.r, byID1); d.TTL != time.Minute {
			t.Errorf("%+v", d)
		}
	})
}

// A migration by another program, and a policy for what it made.
func TestReloadKnowsTablesMadeElsewhere(t *testing.T) {
	runPolicy(t, trap{}, "", func(t *testing.T, g *policyRig) {
		g.warm(byID1)
		g.exec(g.W, "UPDATE t SET v = 'learnt' WHERE id = 1")
		g.exec(g.bare, "CREATE TABLE made (id INTEGER PRIMARY KEY, v TEXT)")
		g.reload("tables: {made: {ttl: 3m}}\n")
		const query = "SELECT v FROM made WHERE id = 1"
		if d := g.now(g.w, query); d.TTL != 3*time.Minute {
			t.Errorf("%+v", d)
		}
		g.explained(g.R, g.r, query, func(d driver.Decision) bool { return d.TTL == 3*time.Minute })
	})
}

func TestPolicyInGoCannotBeReloaded(t *testing.T) {
	trap{inner: "sqlite3", options: []driver.Option{driver.WithPolicy(policy.Policy{})}}.run(t, func(t *testing.T, g *trapRig) {
		if err := g.w.ReloadPolicy(g.ctx); err == nil || !strings.Contains(err.Error(), "WithPolicyFile or moneyclip_policy") {
			t.Error(err)
		}
	})
}

// The DSN's TTL is the default of a file that sets none.
func TestPolicyFileWithoutTTLTakesTheParameters(t *testing.T) {
	runPolicy(t, trap{inner: "sqlite3", params: "&moneyclip_ttl=7m"}, "tables:\n  u: {}\n", func(t *testing.T, g *policyRig) {
		g.write("defaults: {max_entry: 1KiB}\n")
		_, h, _ := g.openWrapped("&moneyclip_ttl=7m&moneyclip_policy=" + g.file)
		if d := g.now(h, byID1); d.TTL != 7*time.Minute {
			t.Errorf("%+v", d)
		}
		g.write("defaults: {ttl: 8m}\n")
		if err := h.ReloadPolicy(g.ctx); err != nil {
			t.Fatal(err)
		}
		if d := g.now(h, byID1); d.TTL != 8*time.Minute {
			t.Errorf("%+v", d)
		}
	})
}

func TestFieldsThatAreNotActedOnAreOneWarning(t *testing.T) {
	runPolicy(t, trap{inner: "sqlite3"}, "defaults: {near: 1s, refresh_ahead: 1s}\n", func(t *testing.T, g *policyRig) {
		var out lockedBuffer
		db, h, _ := g.openWrapped("&moneyclip_policy="+g.file, driver.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
		g.read(db, byID1)
		for range 2 {
			if err := h.ReloadPolicy(g.ctx); err != nil {
				t.Fatal(err)
			}
		}
		got := out.String()
		if strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, g.file+":2:12: near is read but not acted on by this version; "+g.file+":2:22: refresh_ahead is") {
			t.Errorf("logged:\n%s", got)
		}
	})
}

// lockedBuffer is a log that may be written concurrently.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// No read that begins after a write has returned sees what was before it,
// whatever policy is being put into force meanwhile.
func TestNoStaleReadWhileThePolicyIsReloaded(t *testing.T) {
	policies := []string{"", "defaults: {cache: false}\n", "defaults: {ttl: 1m}\n", "tables: {t: {cache: false}}\n", "tables: {t: {ttl: 2m}}\n"}
	runPolicy(t, trap{}, "", func(t *testing.T, g *policyRig) {
		g.exec(g.W, "UPDATE t SET v = '0' WHERE id = 1")
		var committed atomic.Int64
		var workers sync.WaitGroup
		done := make(chan struct{})
		running := func() bool {
			select {
			case <-done:
				return false
			default:
				return !t.Failed()
			}
		}
		workers.Go(func() {
			for n := int64(1); running(); n++ {
				db := g.W
				if n%3 == 0 {
					db = g.R
				}
				if _, err := db.ExecContext(g.ctx, g.bind("UPDATE t SET v = ? WHERE id = 1"), strconv.FormatInt(n, 10)); err != nil {
					t.Errorf("write: %v", err)
					return
				}
				committed.Store(n)
			}
		})
		for _, db := range []*sql.DB{g.W, g.R, g.R} {
			workers.Go(func() {
				for running() {
					least := committed.Load()
					var v string
					if err := db.QueryRowContext(g.ctx, "SELECT v FROM t WHERE id = 1").Scan(&v); err != nil {
						t.Errorf("read: %v", err)
						return
					}
					if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < least {
						t.Errorf("read %q after %d was written", v, least)
					}
				}
			})
		}
		for i := range 12 {
			g.write(policies[i%len(policies)])
			h := g.w
			if i%2 == 1 {
				h = g.r
			}
			if err := h.ReloadPolicy(g.ctx); err != nil {
				t.Errorf("reload: %v", err)
			}
			seen := committed.Load()
			trapUntil(t, func() bool { return committed.Load() > seen || t.Failed() }, func() string { return "nothing is written" })
		}
		close(done)
		workers.Wait()
		g.sync()
		g.write("")
		if err := g.r.ReloadPolicy(g.ctx); err != nil {
			t.Fatal(err)
		}
		g.warm(byID1)
		g.fresh(byID1)
	})
}
