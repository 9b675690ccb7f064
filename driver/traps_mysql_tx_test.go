package driver_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// oldElsewhere reads a row through R a few times while its change is not
// committed: what R is served is what was before, and nothing new.
func (g *trapRig) oldElsewhere(query, want string) {
	g.t.Helper()
	for range 3 {
		if got := g.read(g.R, query); got != want {
			g.t.Errorf("before the commit R is served %q, not %q", got, want)
		}
		g.sync()
	}
}

func TestB7AutocommitSwitchedOff(t *testing.T) {
	for name, off := range map[string][2]string{
		"session":     {"SET autocommit = 0", "SET autocommit = 1"},
		"long name":   {"SET SESSION sql_mode = @@sql_mode, @@SESSION.autocommit = 'off'", "SET @@autocommit = ON"},
		"by an XA":    {"XA START 'a'", "XA END 'a'; XA COMMIT 'a' ONE PHASE"},
		"in one text": {"SET @x = 1; SET LOCAL autocommit = FALSE", "SET autocommit = DEFAULT"},
	} {
		t.Run(name, func(t *testing.T) {
			trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
				c := g.conn(g.W)
				g.changes(func() {
					g.exec(c, off[0])
					g.exec(c, "UPDATE t SET v = ? WHERE id = ?", "new", 1)
					if got := g.read(c, byID1); got != "id=1 v=new" {
						t.Errorf("the session itself is served %q", got)
					}
					g.oldElsewhere(byID1, "id=1 v=old 1")
					if name == "by an XA" {
						g.exec(c, off[1])
					} else {
						g.exec(c, "COMMIT")
					}
				}, byID1)
				if name == "by an XA" {
					return
				}
				// The next one begins by itself, and ends by switching it on.
				g.changes(func() {
					g.exec(c, "UPDATE t SET v = 'newer' WHERE id = 1")
					g.oldElsewhere(byID1, "id=1 v=new")
					g.exec(c, off[1])
				}, byID1)
				g.changes(func() { g.exec(c, "UPDATE t SET v = 'newest' WHERE id = 1") }, byID1)
			})
		})
	}
}

// With autocommit=0 in the DSN every session is so from its first statement.
func TestB7AutocommitOffInTheDSN(t *testing.T) {
	trap{only: parse.MySQL, mysql: "&autocommit=0"}.run(t, func(t *testing.T, g *trapRig) {
		g.exec(g.bare, "COMMIT") // the rows of the trap
		db, err := sql.Open(g.inner, strings.Replace(g.dsn, "autocommit=0", "autocommit=1", 1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		committed := func() string { return g.read(db, byID1) }

		c, other := g.conn(g.W), g.conn(g.R)
		g.exec(c, "UPDATE t SET v = 'new' WHERE id = 1")
		for range 3 {
			if got := g.read(other, byID1); got != "id=1 v=old 1" {
				t.Errorf("before the commit R is served %q", got)
			}
			g.exec(other, "COMMIT") // its snapshot
			g.sync()
		}
		g.exec(c, "COMMIT")
		if got := g.read(other, byID1); got != "id=1 v=new" || committed() != got {
			t.Errorf("after the commit R is served %q, the database has %q", got, committed())
		}
		g.exec(other, "COMMIT")
		tx, err := c.BeginTx(g.ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		g.exec(tx, "UPDATE t SET v = ? WHERE id = ?", "newer", 1)
		g.commit(tx)
		if got := g.read(other, byID1); got != "id=1 v=newer" {
			t.Errorf("after the API's commit R is served %q", got)
		}
		if s := g.r.Stats(); s.Hits+s.Fills != 0 || s.Bypasses[policy.BypassTransaction] == 0 {
			t.Errorf("a session that is always in a transaction hit or filled: %+v", s)
		}
	})
}

// implicit are statements that commit what went before them.
var implicit = []string{
	"CREATE TABLE made (id INTEGER)", "ALTER TABLE s ADD COLUMN w TEXT", "DROP TABLE s", "TRUNCATE TABLE s", "RENAME TABLE s TO s2", "CREATE INDEX i ON s (id)", "CREATE VIEW seen AS SELECT * FROM s",
	"ANALYZE TABLE s", "LOCK TABLES s READ; UNLOCK TABLES", "BEGIN", "START TRANSACTION READ ONLY", "SET autocommit = 1", "CREATE TRIGGER tr BEFORE INSERT ON s FOR EACH ROW SET NEW.v = ''", "FLUSH TABLES", "CREATE TABLE s (id INTEGER)",
}

// A statement that commits by itself, within a transaction begun by the API and
// by text: what was written before it is visible, and what comes after it is
// committed at once.
func TestB7ImplicitCommit(t *testing.T) {
	schema := []string{trapTable, trapRows, "CREATE TABLE s (id INTEGER PRIMARY KEY, v TEXT)"}
	for _, text := range implicit {
		run := func(name string, f func(t *testing.T, g *trapRig)) {
			t.Run(name+" "+text, func(t *testing.T) {
				t.Parallel()
				trap{only: parse.MySQL, schema: schema}.run(t, f)
			})
		}
		do := func(g *trapRig, q trapQuerier) {
			// The last of them fails, and has committed all the same.
			if _, err := q.ExecContext(g.ctx, text); (err != nil) != (text == "CREATE TABLE s (id INTEGER)") && text != "SET autocommit = 1" {
				g.t.Fatalf("%s: %v", text, err)
			}
		}
		if text != "SET autocommit = 1" { // which commits only where it was off
			for name, end := range apiEnds {
				run("API, then "+name, func(t *testing.T, g *trapRig) {
					g.changes(func() {
						tx := g.begin(g.W, nil)
						g.exec(tx, "UPDATE t SET v = 'before' WHERE id = 1")
						g.oldElsewhere(byID1, "id=1 v=old 1")
						do(g, tx)
						g.fresh(byID1)
						if !strings.HasSuffix(text, "READ ONLY") {
							g.exec(tx, "UPDATE t SET v = 'after' WHERE id = 2")
							g.fresh(byID2)
						}
						_ = end(tx)
						g.fresh(byID2)
					}, byID1)
				})
			}
		}
		run("text", func(t *testing.T, g *trapRig) {
			c := g.conn(g.W)
			if text == "SET autocommit = 1" {
				g.exec(c, "SET autocommit = 0")
			}
			g.changes(func() {
				g.exec(c, "BEGIN")
				g.exec(c, "UPDATE t SET v = 'before' WHERE id = 1")
				g.oldElsewhere(byID1, "id=1 v=old 1")
				do(g, c)
				g.fresh(byID1)
				if _, err := c.ExecContext(g.ctx, "ROLLBACK"); err != nil {
					t.Fatal(err)
				}
			}, byID1)
		})
	}
}

// The API's BEGIN is a commit too, where a text has left a transaction open.
//
//	W: "BEGIN", UPDATE 1       (by text)
//	R: SELECT 1                (old: kept again)
//	W: BeginTx                 (commits)
//	R: SELECT 1                (must be new, before tx has ended)
//	W: tx.Rollback
//	R: SELECT 1                (must be new)
func TestB7BeginByTheAPICommitsWhatATextBegan(t *testing.T) {
	for _, begin := range []string{"BEGIN", "SET autocommit = 0"} {
		for name, end := range apiEnds {
			t.Run(begin+", then "+name, func(t *testing.T) {
				trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
					c := g.conn(g.W)
					g.changes(func() {
						g.exec(c, begin)
						g.exec(c, "UPDATE t SET v = 'new' WHERE id = 1")
						if got := g.warm(byID1); got != "id=1 v=old 1" {
							t.Fatalf("before the commit R is served %q", got)
						}
						tx, err := c.BeginTx(g.ctx, nil)
						if err != nil {
							t.Fatal(err)
						}
						if got := g.fresh(byID1); got != "id=1 v=new" {
							t.Fatalf("the database has %q: the trap is none", got)
						}
						if err := end(tx); err != nil {
							t.Fatal(err)
						}
					}, byID1)
				})
			})
		}
	}
}

// The server ends a transaction by itself to break a deadlock. The API still
// has it; what follows is in autocommit.
//
//	W: BeginTx, UPDATE 1            another: BEGIN, UPDATE 3 (twice)
//	another: UPDATE 1 (waits)
//	W: UPDATE 3                     (deadlock: rolled back)
//	W: UPDATE 2                     (visible now)
//	R: SELECT 2
//	W: tx.Commit or tx.Rollback     (nothing of it is undone)
func TestWriteAfterADeadlockEndedTheTransaction(t *testing.T) {
	for name, end := range apiEnds {
		t.Run(name, func(t *testing.T) {
			schema := []string{trapTable, trapRows, "CREATE TABLE heavy (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO heavy SELECT seq, '' FROM seq_1_to_100"}
			trap{only: parse.MySQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
				g.changes(func() {
					tx := g.begin(g.W, nil)
					g.exec(tx, "UPDATE t SET v = 'undone' WHERE id = 1")
					another := g.begin(g.bare, nil)
					g.exec(another, "UPDATE heavy SET v = 'x'") // the one that has written less is the victim
					g.exec(another, "UPDATE t SET v = 'another' WHERE id = 3")
					waits := trapAsync(func() error {
						_, err := another.ExecContext(g.ctx, "UPDATE t SET v = 'another' WHERE id = 1")
						return err
					})
					g.waitsForLock(1)
					if _, err := tx.ExecContext(g.ctx, "UPDATE t SET v = 'undone' WHERE id = 3"); err == nil || !strings.Contains(err.Error(), "1213") {
						t.Fatalf("a deadlock was to end the transaction: %v", err)
					}
					if err := trapAwait(t, "the other transaction", waits); err != nil {
						t.Fatal(err)
					}
					if err := another.Rollback(); err != nil {
						t.Fatal(err)
					}
					g.exec(tx, "UPDATE t SET v = 'after' WHERE id = 2")
					g.fresh(byID2)
					g.warm(byID2)
					_ = end(tx)
				}, byID2)
				g.fresh(byID1)
				g.fresh(byID3)
			})
		})
	}
}

// waitsForLock returns once so many writes of the database are under way: they
// wait for a lock. What InnoDB itself tells of that it does not renew for those
// who ask again and again.
func (g *trapRig) waitsForLock(n int) {
	g.t.Helper()
	want := map[bool]string{true: "n=1", false: "n=0"}[n == 1]
	trapUntil(g.t, func() bool {
		return g.read(g.bare, "SELECT count(*) AS n FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND (INFO LIKE 'UPDATE t %' OR INFO LIKE 'REPLACE %')") == want
	}, func() string { return "the number of writes that wait for a lock never is " + want })
}

// A context that ends while an UPDATE waits for a row lock: the server goes on
// waiting, and would change the row long after the caller has gone. The session
// is killed before the hold ends.
func TestB17AbandonedUpdateNeverChangesTheRow(t *testing.T) {
	for name, write := range map[string]func(ctx context.Context, g *trapRig) error{
		"exec": func(ctx context.Context, g *trapRig) error {
			_, err := g.W.ExecContext(ctx, "UPDATE t SET v = 'late' WHERE id = 1")
			return err
		},
		"prepared": func(ctx context.Context, g *trapRig) error {
			_, err := g.W.ExecContext(ctx, "UPDATE t SET v = ? WHERE id = ?", "late", 1)
			return err
		},
		"returning": func(ctx context.Context, g *trapRig) error {
			return g.W.QueryRowContext(ctx, "REPLACE INTO t (id, v) VALUES (?, 'late') RETURNING id", 1).Scan(new(int))
		},
		"transaction": func(ctx context.Context, g *trapRig) error {
			tx, err := g.W.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "UPDATE t SET v = 'late' WHERE id = 1")
			_ = tx.Rollback()
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
				g.exec(g.W, "UPDATE t SET v = v WHERE id = 2") // the catalog is read
				g.warm(byID1)
				lock := g.begin(g.bare, nil)
				g.read(lock, "SELECT id FROM t WHERE id = 1 FOR UPDATE")
				ctx, cancel := context.WithCancel(g.ctx)
				defer cancel()
				done := trapAsync(func() error { return write(ctx, g) })
				g.waitsForLock(1)
				cancel()
				if err := trapAwait(t, "the cancelled write", done); err == nil {
					t.Error("the cancelled write succeeded")
				}
				if name != "transaction" { // there the loss of the session rolls back
					if n := g.w.Stats().UnknownOutcomes; n != 1 {
						t.Errorf("%d unknown outcomes counted, want 1", n)
					}
					g.waitsForLock(0) // the session is killed, not let go on
				}
				if got := g.read(g.R, byID1); got != "id=1 v=old 1" {
					t.Errorf("R is served %q", got)
				}
				g.sync()
				if err := lock.Rollback(); err != nil {
					t.Fatal(err)
				}
				if name == "transaction" {
					// Its UPDATE may still get the lock, and is rolled back.
					g.exec(g.bare, "SELECT id FROM t WHERE id = 1 FOR UPDATE")
				}
				began := time.Now()
				if got := g.warm(byID1); got != "id=1 v=old 1" { // the hold ends
					t.Errorf("kept is %q", got)
				}
				if took := time.Since(began); took > 10*g.lease {
					t.Errorf("the hold went on for %v", took)
				}
				g.fresh(byID1)
				g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1)
			})
		})
	}
}

// The session is killed while its COMMIT is under way, before or after it takes
// effect.
func TestB5SessionKilledAtCommit(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(map[bool]string{false: "before", true: "after"}[after], func(t *testing.T) {
			trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
				g.warm(byID1)
				c := g.conn(g.W)
				id := strings.TrimPrefix(g.read(c, "SELECT connection_id() AS id"), "id=")
				kill := func() { g.exec(g.bare, "KILL CONNECTION "+id) }
				g.stepsW.set(func(step trapStep) error {
					if step.op == "commit" && !after {
						kill()
					}
					return nil
				}, func(step trapStep, err error) error {
					if step.op == "commit" && after {
						kill()
						return sql.ErrConnDone
					}
					return err
				})
				tx, err := c.BeginTx(g.ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
				if err := tx.Commit(); err == nil {
					t.Fatal("the commit was to fail")
				}
				g.stepsW.set(nil, nil)
				want := map[bool]string{false: "id=1 v=old 1", true: "id=1 v=new"}[after]
				if got := g.fresh(byID1); got != want {
					t.Errorf("the database has %q, want %q", got, want)
				}
				if got := g.warm(byID1); got != want { // the hold ends
					t.Errorf("kept is %q, want %q", got, want)
				}
			})
		})
	}
}

func TestB11XATransaction(t *testing.T) {
	trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
		prepare := func(name string) {
			t.Helper()
			c := g.conn(g.W)
			g.exec(c, "XA START '"+name+"'")
			g.exec(c, "UPDATE t SET v = CONCAT(v, ' "+name+"') WHERE id = 1")
			g.exec(c, "XA END '"+name+"'")
			g.exec(c, "XA PREPARE '"+name+"'")
			lose(c) // the session ends, and leaves the transaction behind
			for range 3 {
				if got := g.read(g.R, byID1); strings.Contains(got, name) {
					t.Errorf("before its commit R is served %q", got)
				}
				g.sync()
			}
		}
		for name, end := range map[string]*sql.DB{g.t.Name() + "W": g.W, g.t.Name() + "R": g.R} {
			name = name[len(name)-12:]
			g.warm(byID1)
			prepare(name)
			g.changes(func() {
				c := g.conn(end)
				defer lose(c)              // whether it is in a transaction now is not known
				trapUntil(t, func() bool { // MariaDB hands it over once its session has ended
					_, err := c.ExecContext(g.ctx, "XA COMMIT '"+name+"'")
					return err == nil
				}, func() string { return "nobody may commit it" })
			}, byID1)
		}
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'last' WHERE id = 1") }, byID1)
	})
}
