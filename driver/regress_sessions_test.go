package driver_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/moneyclip/moneyclip/parse"
)

const secondByID1 = "SELECT id, v FROM s2.t WHERE id = 1"

// twoSchemas has a table t in public and another in s2, and a table d whose
// inserts run code that no text shows.
func twoSchemas(hidden string) []string {
	return []string{trapTable, trapRows,
		"CREATE SCHEMA s2", "CREATE TABLE s2.t (id INTEGER PRIMARY KEY, v TEXT NOT NULL)", "INSERT INTO s2.t VALUES (1, 'old s2')",
		"CREATE TABLE d (id INTEGER PRIMARY KEY)",
		"CREATE FUNCTION hidden() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " + hidden + "; RETURN NEW; END$$",
		"CREATE TRIGGER hidden BEFORE INSERT ON d FOR EACH ROW EXECUTE FUNCTION hidden()"}
}

const (
	hiddenPath = "PERFORM set_config('search_path', 's2', false)"
	hiddenTemp = "CREATE TEMP TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO pg_temp.t VALUES (1, 'temporary')"
)

// One text changes where its own next statement looks: when it arrives the
// session is as it was, and t in it means another table.
func TestTextThatChangesTheSessionAndThenWrites(t *testing.T) {
	for _, text := range []string{
		"SET search_path = s2; UPDATE t SET v = 'new' WHERE id = 1",
		"SET LOCAL search_path = s2; UPDATE t SET v = 'new' WHERE id = 1",
		"SELECT set_config('search_path', 's2', false); UPDATE t SET v = 'new' WHERE id = 1",
		"UPDATE pg_settings SET setting = 's2' WHERE name = 'search_path'; UPDATE t SET v = 'new' WHERE id = 1",
		"BEGIN; SET LOCAL search_path = s2; UPDATE t SET v = 'new' WHERE id = 1; COMMIT",
	} {
		t.Run(text[:strings.IndexAny(text, "(=;")], func(t *testing.T) {
			trap{only: parse.PostgreSQL, inline: true, schema: twoSchemas(hiddenPath)}.run(t, func(t *testing.T, g *trapRig) {
				c := g.conn(g.W)
				g.changes(func() { g.exec(c, text) }, secondByID1)
				g.fresh(byID1)
			})
		})
	}
}

// A trigger changes search_path: the next write of that session is in another
// table than its text says.
//
//	W: INSERT INTO d           (the trigger: search_path = s2)
//	R: SELECT s2.t 1           (kept again)
//	W: UPDATE t                (s2.t)
//	R: SELECT s2.t 1           (new)
func TestWriteAfterATriggerChangedThePath(t *testing.T) {
	rig := trap{only: parse.PostgreSQL, inline: true, schema: twoSchemas(hiddenPath)}
	const insert, update = "INSERT INTO d VALUES (1)", "UPDATE t SET v = 'new' WHERE id = 1"
	t.Run("statements", func(t *testing.T) {
		rig.run(t, func(t *testing.T, g *trapRig) {
			c := g.conn(g.W)
			g.warm(secondByID1)
			g.exec(c, insert)
			g.changes(func() { g.exec(c, update) }, secondByID1)
			g.fresh(byID1)
		})
	})
	t.Run("one transaction", func(t *testing.T) {
		rig.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() {
				tx := g.begin(g.W, nil)
				g.exec(tx, insert)
				g.fresh(secondByID1)
				g.exec(tx, update)
				g.fresh(secondByID1)
				g.commit(tx)
			}, secondByID1)
		})
	})
	t.Run("transaction after it", func(t *testing.T) {
		rig.run(t, func(t *testing.T, g *trapRig) {
			c := g.conn(g.W)
			g.exec(c, insert)
			g.changes(func() {
				tx, err := c.BeginTx(g.ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				g.exec(tx, update)
				g.fresh(secondByID1)
				g.commit(tx)
			}, secondByID1)
		})
	})
	t.Run("prepared before it", func(t *testing.T) {
		rig.run(t, func(t *testing.T, g *trapRig) {
			c := g.conn(g.W)
			stmt, err := c.PrepareContext(g.ctx, update)
			if err != nil {
				t.Fatal(err)
			}
			defer stmt.Close()
			g.exec(c, insert)
			g.changes(func() {
				if _, err := stmt.ExecContext(g.ctx); err != nil {
					t.Fatal(err)
				}
			}, secondByID1)
		})
	})
}

// The same by a read: a view whose expression changes the path.
func TestWriteAfterAViewChangedThePath(t *testing.T) {
	schema := append(twoSchemas(hiddenPath), "CREATE VIEW moves AS SELECT set_config('search_path', 's2', false) AS path")
	trap{only: parse.PostgreSQL, inline: true, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
		c := g.conn(g.W)
		g.read(c, "SELECT path FROM moves")
		g.changes(func() { g.exec(c, "UPDATE t SET v = 'new' WHERE id = 1") }, secondByID1)
	})
}

// A trigger makes a temporary table of the name: what this session then reads is
// its own row, which nobody else may be served, nor this one the others' row.
func TestReadAfterATriggerMadeATemporaryTable(t *testing.T) {
	trap{only: parse.PostgreSQL, inline: true, schema: twoSchemas(hiddenTemp)}.run(t, func(t *testing.T, g *trapRig) {
		c := g.conn(g.W)
		g.read(c, byID1)
		g.exec(c, "INSERT INTO d VALUES (1)")
		for range 3 {
			if got := g.read(c, byID1); got != "id=1 v=temporary" {
				t.Errorf("the session with the temporary table is served %q", got)
			}
			g.sync()
			g.fresh(byID1) // others, who keep their row again
		}
		g.warm(byID1)
		if got := g.read(c, byID1); got != "id=1 v=temporary" {
			t.Errorf("the session with the temporary table is served %q", got)
		}
		g.fresh(byID1)
	})
}

// A schema change is made by the session whose path a trigger has changed: the
// catalog that is then read again is every session's, and must not be read by
// that path.
//
//	W, session 1: INSERT INTO d   (the trigger: search_path = s2)
//	W, session 1: CREATE TABLE    (the catalog is read again)
//	W, session 2: UPDATE t        (public.t)
//	R: SELECT t 1                 (new)
func TestSchemaChangeByASessionWithAnotherPath(t *testing.T) {
	for name, hidden := range map[string]string{"path": hiddenPath, "temporary table": hiddenTemp} {
		t.Run(name, func(t *testing.T) {
			trap{only: parse.PostgreSQL, inline: true, schema: twoSchemas(hidden)}.run(t, func(t *testing.T, g *trapRig) {
				c, other := g.conn(g.W), g.conn(g.W)
				g.exec(c, "INSERT INTO d VALUES (1)")
				g.exec(c, "CREATE TABLE made (id INTEGER PRIMARY KEY)")
				g.changes(func() { g.exec(other, "UPDATE t SET v = 'new' WHERE id = 1") }, byID1)
				g.changes(func() { g.exec(other, "UPDATE s2.t SET v = 'new' WHERE id = 1") }, secondByID1)
			})
		})
	}
}

// nextID is a number to database/sql, and the one after it to pgx, which asks a
// type for Int64Value before anything else.
type nextID int64

func (n nextID) Int64Value() (pgtype.Int8, error) {
	return pgtype.Int8{Int64: int64(n) + 1, Valid: true}, nil
}

func TestArgumentThatPgxReadsByItsOwnMethod(t *testing.T) {
	t.Run("write", func(t *testing.T) {
		trap{inner: "pgx"}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = ?", nextID(1)) }, byID2)
			g.fresh(byID1)
		})
	})
	t.Run("prepared write", func(t *testing.T) {
		trap{inner: "pgx"}.run(t, func(t *testing.T, g *trapRig) {
			stmt, err := g.W.Prepare(g.bind("UPDATE t SET v = 'new' WHERE id = ?"))
			if err != nil {
				t.Fatal(err)
			}
			defer stmt.Close()
			g.changes(func() {
				if _, err := stmt.Exec(nextID(1)); err != nil {
					t.Fatal(err)
				}
			}, byID2)
			g.fresh(byID1)
		})
	})
	t.Run("read", func(t *testing.T) {
		trap{inner: "pgx"}.run(t, func(t *testing.T, g *trapRig) {
			const byID = "SELECT id, v FROM t WHERE id = ?"
			for range 3 {
				if got, want := g.read(g.R, byID, nextID(1)), g.read(g.bare, byID, nextID(1)); got != want {
					t.Errorf("R is served %q, the database has %q", got, want)
				}
				g.sync()
				if got := g.read(g.R, byID, 1); got != "id=1 v=old 1" {
					t.Errorf("the row of id 1 is %q", got)
				}
				g.sync()
			}
		})
	})
}
