package driver_test

import (
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// never reads a few times through R: the reads must bypass, and be right.
func (g *trapRig) never(query string) {
	g.t.Helper()
	for range 3 {
		if got, want := g.mustBypass(query), g.ask(g.ctx, g.bare, query); got != want {
			g.t.Errorf("%s: R is served %q, the database has %q", query, got, want)
		}
		g.sync()
	}
}

func TestC20ViewsPartitionsAndInheritance(t *testing.T) {
	const throughView = "SELECT v FROM seen WHERE id = 1"
	t.Run("writable view", func(t *testing.T) {
		trap{not: parse.SQLite, schema: []string{trapTable, trapRows, "CREATE VIEW seen AS SELECT id, v FROM t WHERE id < 3"}}.run(t, func(t *testing.T, g *trapRig) {
			g.never(throughView)
			g.changes(func() { g.exec(g.W, "UPDATE seen SET v = 'through the view' WHERE id = 1") }, byID1)
			g.never(throughView)
			g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'under the view' WHERE id = 1") }, byID1)
			g.never(throughView)
		})
	})
	t.Run("view with a trigger", func(t *testing.T) {
		trap{only: parse.SQLite, schema: []string{trapTable, trapRows, "CREATE VIEW seen AS SELECT id, v FROM t",
			"CREATE TRIGGER through INSTEAD OF UPDATE ON seen BEGIN UPDATE t SET v = NEW.v WHERE id = NEW.id; END"}}.run(t, func(t *testing.T, g *trapRig) {
			g.never(throughView)
			g.changes(func() { g.exec(g.W, "UPDATE seen SET v = 'through the view' WHERE id = 1") }, byID1)
			g.never(throughView)
		})
	})
	t.Run("view with a rule", func(t *testing.T) {
		trap{only: parse.PostgreSQL, schema: []string{trapTable, trapRows, "CREATE VIEW seen AS SELECT id, v FROM t",
			"CREATE RULE through AS ON UPDATE TO seen DO INSTEAD UPDATE t SET v = NEW.v WHERE id <= OLD.id + 1"}}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "UPDATE seen SET v = 'by the rule' WHERE id = 1") }, byID1, byID2)
		})
	})
	t.Run("partition", func(t *testing.T) {
		trap{only: parse.PostgreSQL, schema: []string{
			"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT) PARTITION BY RANGE (id)",
			"CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (10)",
			"CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (10) TO (20)", trapRows}}.run(t, func(t *testing.T, g *trapRig) {
			const child = "SELECT id, v FROM t_low WHERE id = 1"
			for _, write := range []string{
				"UPDATE t SET v = 'through the parent' WHERE id = 1",
				"UPDATE t_low SET v = 'through the child' WHERE id = 1",
				"UPDATE t SET id = 11 WHERE id = 1",
				"INSERT INTO t_low VALUES (1, 'again')",
				"ALTER TABLE t DETACH PARTITION t_low",
				"UPDATE t_low SET v = 'detached' WHERE id = 1",
			} {
				g.exec(g.W, write)
				g.fresh(byID1)
				g.fresh(child)
			}
			if hits := g.r.Stats().Tables["public.t"].Hits; hits != 0 {
				t.Errorf("the partitioned table was served from the store %d times", hits)
			}
		})
	})
	t.Run("inheritance", func(t *testing.T) {
		trap{only: parse.PostgreSQL, schema: []string{trapTable, trapRows,
			"CREATE TABLE kid (PRIMARY KEY (id)) INHERITS (t)", "INSERT INTO kid VALUES (4, 'kid')"}}.run(t, func(t *testing.T, g *trapRig) {
			const parent, child = "SELECT v FROM t WHERE id = 4", "SELECT v FROM kid WHERE id = 4"
			g.never(parent)
			for _, write := range []string{
				"UPDATE t SET v = 'through the parent' WHERE id = 4",
				"UPDATE kid SET v = 'through the child' WHERE id = 4",
				"UPDATE ONLY t SET v = 'not the child' WHERE id = 4",
				"DELETE FROM t WHERE id = 4",
			} {
				g.exec(g.W, write)
				g.fresh(parent)
				g.fresh(child)
			}
		})
	})
}

func TestC21NamesAsTheyAreWritten(t *testing.T) {
	mixed := []string{
		`CREATE TABLE "Mixed Case" (id INTEGER PRIMARY KEY, v TEXT)`, `INSERT INTO "Mixed Case" VALUES (1, 'old')`,
		`CREATE TABLE "select" ("from" INTEGER PRIMARY KEY, "where" TEXT)`, `INSERT INTO "select" VALUES (1, 'old')`,
	}
	two := []string{trapTable, trapRows, "CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO u VALUES (1, 'u 1')"}
	const u1 = "SELECT v FROM u WHERE id = 1"
	schemas := []string{trapTable, trapRows, "CREATE SCHEMA IF NOT EXISTS other", "DROP TABLE IF EXISTS other.t",
		"CREATE TABLE other.t (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO other.t VALUES (1, 'other')"}
	testTrapWrites(t,
		trapWrite{name: "quoted", trap: trap{schema: mixed}, write: []string{`UPDATE "Mixed Case" SET v = 'new' WHERE id = 1`},
			changed: []string{`SELECT v FROM "Mixed Case" WHERE "id" = 1`}, code: policy.InvalidateRow},
		trapWrite{name: "keywords", trap: trap{schema: mixed}, write: []string{`UPDATE "select" SET "where" = 'new' WHERE "from" = 1`},
			changed: []string{`SELECT "where" FROM "select" WHERE "from" = 1`}, code: policy.InvalidateRow},
		// On a server whose lower_case_table_names is 0 there is no table T.
		trapWrite{name: "columns in another case", write: []string{"UPDATE t SET V = 'new' WHERE ID = 1"}, changed: []string{byID1, "SELECT V FROM t WHERE Id = 1"}, code: policy.InvalidateRow},
		trapWrite{name: "backticks with blanks", trap: trap{only: parse.MySQL, schema: []string{"CREATE TABLE `a``b .c` (`i d` INTEGER PRIMARY KEY, `v.w` TEXT)", "INSERT INTO `a``b .c` VALUES (1, 'old')"}},
			write: []string{"UPDATE `a``b .c` SET `a``b .c`.`v.w` = 'new' WHERE `i d` = 1"}, changed: []string{"SELECT `v.w` FROM `a``b .c` WHERE `i d` = 1"}, code: policy.InvalidateRow},
		trapWrite{name: "another case", trap: trap{not: parse.MySQL}, write: []string{"UPDATE T SET V = 'new' WHERE ID = 1"}, changed: []string{byID1}, code: policy.InvalidateRow},
		trapWrite{name: "schema", trap: trap{only: parse.PostgreSQL}, write: []string{`UPDATE "public"."t" SET v = 'new' WHERE id = 1`},
			changed: []string{byID1, "SELECT v FROM public.t WHERE id = 1"}, code: policy.InvalidateRow},
		trapWrite{name: "schema main", trap: trap{only: parse.SQLite}, write: []string{`UPDATE main.t SET v = 'new' WHERE id = 1`},
			changed: []string{byID1, "SELECT v FROM main.t WHERE id = 1"}, code: policy.InvalidateRow},
		trapWrite{name: "another schema", trap: trap{only: parse.PostgreSQL, schema: schemas}, write: []string{"UPDATE other.t SET v = 'new' WHERE id = 1"},
			changed: []string{"SELECT v FROM other.t WHERE id = 1"}, code: policy.InvalidateRow},
		trapWrite{name: "brackets and backticks", trap: trap{only: parse.SQLite}, write: []string{"UPDATE [t] SET `v` = 'new' WHERE [id] = 1"},
			changed: []string{byID1, "SELECT [v] FROM `t` WHERE id = 1"}, code: policy.InvalidateRow},
		trapWrite{name: "alias of another table", trap: trap{schema: two}, write: []string{"UPDATE t AS u SET v = 'new' WHERE u.id = 1"},
			changed: []string{byID1, "SELECT u.v FROM t AS u WHERE u.id = 1"}, code: policy.InvalidateRow},
		trapWrite{name: "CTE of a table's name", trap: trap{not: parse.MySQL, schema: two}, write: []string{"WITH t AS (SELECT 1 AS id) UPDATE u SET v = 'new' WHERE id IN (SELECT id FROM t)"},
			changed: []string{u1}, code: policy.InvalidateTable},
	)
	t.Run("after SET search_path", func(t *testing.T) {
		trap{only: parse.PostgreSQL, schema: schemas}.run(t, func(t *testing.T, g *trapRig) {
			c := g.conn(g.W)
			g.exec(c, "SET search_path TO other")
			g.changes(func() { g.exec(c, "UPDATE t SET v = 'new' WHERE id = 1") }, "SELECT v FROM other.t WHERE id = 1")
			if got := g.read(c, byID1); got != "id=1 v=new" {
				t.Errorf("the session with another search_path is served %q", got)
			}
			g.fresh(byID1)
		})
	})
}

func TestC22NoFalseMatch(t *testing.T) {
	schema := []string{
		"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, updated_at TEXT, delete_me TEXT)", "INSERT INTO t VALUES (1, 'old 1', 'then', 'no')",
		"CREATE TABLE t_old (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO t_old VALUES (1, 'older')",
		"CREATE TABLE tt (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO tt VALUES (1, 'tt')",
	}
	trap{schema: schema}.run(t, func(t *testing.T, g *trapRig) {
		reads := []string{
			"SELECT v, updated_at, delete_me FROM t WHERE id = 1",
			"SELECT v, 'delete from t' AS x FROM t WHERE id = 1",
			"SELECT v /* UPDATE t SET v = 1 */ FROM t WHERE id = 1 -- insert into t",
			"SELECT v FROM t_old WHERE id = 1",
		}
		for _, q := range reads {
			g.warm(q)
		}
		if n := g.r.Stats().Invalidations; len(n) != 0 {
			t.Errorf("a read was taken for a write: %v", n)
		}
		g.exec(g.W, "UPDATE tt SET v = 'update t set v = 1' WHERE id = 1")
		g.exec(g.W, "DELETE FROM tt")
		g.sync()
		for _, q := range reads {
			g.mustHit(q)
		}
		g.changes(func() { g.exec(g.W, "UPDATE t_old SET v = 'x' WHERE v = 'older'") }, reads[3])
		for _, q := range reads[:3] {
			g.mustHit(q)
		}
	})
}

func TestC23ForeignKeyActions(t *testing.T) {
	chain := func(action, fallback string) []string {
		return []string{trapTable, trapRows, "INSERT INTO t VALUES (0, 'nobody')",
			"CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INTEGER " + fallback + " REFERENCES t (id) " + action + ")", "INSERT INTO child VALUES (10, 1)",
			"CREATE TABLE grandchild (id INTEGER PRIMARY KEY, child_id INTEGER " + fallback + " REFERENCES child (id) ON DELETE CASCADE)", "INSERT INTO grandchild VALUES (100, 10)"}
	}
	const child, grandchild = "SELECT id, t_id FROM child WHERE id = 10", "SELECT child_id FROM grandchild WHERE id = 100"
	remove := []string{"DELETE FROM t WHERE id = 1"}
	testTrapWrites(t,
		trapWrite{name: "cascade over two levels", trap: trap{schema: chain("ON DELETE CASCADE", "")}, write: remove, changed: []string{byID1, child, grandchild}, code: policy.InvalidateAll},
		trapWrite{name: "set null", trap: trap{schema: chain("ON DELETE SET NULL", "")}, write: remove, changed: []string{byID1, child}, code: policy.InvalidateAll},
		trapWrite{name: "set default", trap: trap{not: parse.MySQL, schema: chain("ON DELETE SET DEFAULT", "DEFAULT 0")}, write: remove, changed: []string{byID1, child}, code: policy.InvalidateAll},
		trapWrite{name: "update cascade", trap: trap{schema: chain("ON UPDATE CASCADE", "")}, write: []string{"UPDATE t SET id = 7 WHERE id = 1"}, changed: []string{byID1, child}, code: policy.InvalidateAll},
		trapWrite{name: "update cascade over two levels", trap: trap{schema: []string{trapTable, trapRows,
			"CREATE TABLE child (id INTEGER PRIMARY KEY REFERENCES t (id) ON UPDATE CASCADE, v TEXT)", "INSERT INTO child VALUES (1, 'child')",
			"CREATE TABLE grandchild (id INTEGER PRIMARY KEY REFERENCES child (id) ON UPDATE CASCADE, v TEXT)", "INSERT INTO grandchild VALUES (1, 'grandchild')"}},
			write: []string{"UPDATE t SET id = 7 WHERE id = 1"}, changed: []string{byID1, "SELECT v FROM child WHERE id = 1", "SELECT v FROM grandchild WHERE id = 1"}, code: policy.InvalidateAll},
		trapWrite{name: "on duplicate key", trap: trap{only: parse.MySQL, schema: chain("ON UPDATE CASCADE", "")}, write: []string{"INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE id = 7"}, changed: []string{byID1, child}, code: policy.InvalidateAll},
		trapWrite{name: "delete of several tables", trap: trap{only: parse.MySQL, schema: chain("ON DELETE CASCADE", "")}, write: []string{"DELETE t FROM t JOIN child ON child.t_id = t.id"}, changed: []string{byID1, child, grandchild}, code: policy.InvalidateAll},
		trapWrite{name: "replace", trap: trap{not: parse.PostgreSQL, schema: chain("ON DELETE CASCADE", "")}, write: []string{"REPLACE INTO t VALUES (1, 'new')"}, changed: []string{byID1, child, grandchild}, code: policy.InvalidateAll},
	)
	t.Run("in a transaction", func(t *testing.T) {
		trap{schema: chain("ON DELETE CASCADE", "")}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() {
				tx := g.begin(g.W, nil)
				g.exec(tx, "DELETE FROM t WHERE id = ?", 1)
				g.commit(tx)
			}, byID1, child, grandchild)
		})
	})
}

// trapTrigger is a trigger on t that writes another table.
func trapTrigger(d parse.Dialect, when, constraint string) []string {
	if d == parse.SQLite {
		return []string{"CREATE TRIGGER audit AFTER UPDATE ON t BEGIN UPDATE log SET n = n + 1 WHERE id = 1; END"}
	}
	if d == parse.MySQL {
		return []string{"CREATE TRIGGER audit AFTER UPDATE ON t FOR EACH ROW UPDATE log SET n = n + 1 WHERE id = 1"}
	}
	return []string{
		"CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE log SET n = n + 1 WHERE id = 1; RETURN NEW; END $$",
		"CREATE " + constraint + " TRIGGER audit " + when + " FOR EACH ROW EXECUTE FUNCTION audit()",
	}
}

var trapLog = []string{trapTable, trapRows, "CREATE TABLE log (id INTEGER PRIMARY KEY, n INTEGER)", "INSERT INTO log VALUES (1, 0)"}

const logged = "SELECT n FROM log WHERE id = 1"

func TestC24TriggerWritesAnotherTable(t *testing.T) {
	for _, d := range []parse.Dialect{parse.SQLite, parse.PostgreSQL, parse.MySQL} {
		schema := append(append([]string{}, trapLog...), trapTrigger(d, "AFTER UPDATE ON t", "")...)
		t.Run(d.String(), func(t *testing.T) {
			testTrapWrites(t, trapWrite{name: "update", trap: trap{only: d, schema: schema}, write: []string{"UPDATE t SET v = 'new' WHERE id = 1"},
				changed: []string{byID1, logged}, code: policy.InvalidateAll})
		})
	}
}

func TestC31TriggerAddedByAnotherProcess(t *testing.T) {
	for _, d := range []parse.Dialect{parse.SQLite, parse.PostgreSQL, parse.MySQL} {
		t.Run(d.String(), func(t *testing.T) {
			trap{only: d, schema: trapLog}.run(t, func(t *testing.T, g *trapRig) {
				g.warmOn(g.W, g.w, logged) // W has its catalog
				g.changes(func() {
					for _, text := range trapTrigger(d, "AFTER UPDATE ON t", "") {
						g.exec(g.R, text)
					}
					g.warm(logged)
					g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1")
				}, logged, byID1)
				g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, logged, byID1)
			})
		})
	}
}

func TestC25SchemaChanges(t *testing.T) {
	const all = "SELECT * FROM t WHERE id = 1"
	t.Run("add column", func(t *testing.T) {
		trap{inline: true}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "ALTER TABLE t ADD COLUMN w TEXT DEFAULT 'added'") }, all)
			// R has the old catalog until it hears of the new one: its writes
			// must reach W all the same.
			g.warmOn(g.W, g.w, all)
			g.exec(g.R, "UPDATE t SET w = 'by R' WHERE id = 1")
			g.fresh(all)
			g.warm(all)
			g.exec(g.W, "UPDATE t SET w = 'by W' WHERE id = 1")
			g.fresh(all)
		})
	})
	t.Run("rename column", func(t *testing.T) {
		trap{inline: true}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "ALTER TABLE t RENAME COLUMN v TO w") }, all)
			g.fresh("SELECT v FROM t WHERE id = 1")
		})
	})
	two := []string{trapTable, trapRows, "CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO u VALUES (1, 'u 1')"}
	const other = "SELECT v FROM u WHERE id = 1"
	t.Run("rename table", func(t *testing.T) {
		trap{inline: true, schema: two}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "ALTER TABLE t RENAME TO moved") }, all)
			trapUntil(t, func() bool { // a read that asks the store hears of the change
				g.read(g.R, other)
				before := g.r.Stats().Hits
				g.read(g.R, "SELECT * FROM moved WHERE id = 1")
				return g.r.Stats().Hits > before
			}, func() string { return "the renamed table is never served" })
			g.changes(func() {
				g.exec(g.W, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
				g.exec(g.W, "UPDATE moved SET v = 'new' WHERE id = 1")
			}, "SELECT * FROM moved WHERE id = 1")
			g.fresh(all)
		})
	})
	t.Run("drop", func(t *testing.T) {
		trap{inline: true}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "DROP TABLE t") }, all)
		})
	})
	t.Run("in a transaction", func(t *testing.T) {
		trap{inline: true}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() {
				tx := g.begin(g.W, nil)
				g.exec(tx, "ALTER TABLE t ADD COLUMN w TEXT DEFAULT 'added'")
				g.exec(tx, "UPDATE t SET w = 'changed' WHERE id = 1")
				g.commit(tx)
			}, all)
		})
	})
	t.Run("another key in MySQL", func(t *testing.T) {
		schema := []string{"CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(50) COLLATE utf8mb4_bin NOT NULL)", trapRows}
		trap{only: parse.MySQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
			g.warm(all)
			g.exec(g.W, "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (v)")
			g.exec(g.W, "INSERT INTO t VALUES (1, 'a second row 1')")
			g.fresh(all)
			g.exec(g.R, "UPDATE t SET id = 5 WHERE id = 1")
			g.fresh(all)
			g.changes(func() { g.exec(g.W, "UPDATE t SET id = 6 WHERE id = 5") }, "SELECT * FROM t WHERE v = 'old 1'")
		})
	})
	t.Run("tables change their names", func(t *testing.T) {
		trap{only: parse.MySQL, schema: two}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "RENAME TABLE t TO x, u TO t, x TO u") }, all, "SELECT * FROM u WHERE id = 1")
			g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1") }, all)
		})
	})
	t.Run("another key", func(t *testing.T) {
		trap{inline: true, only: parse.PostgreSQL, schema: two}.run(t, func(t *testing.T, g *trapRig) {
			g.warm(all)
			g.exec(g.W, "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (v)")
			g.exec(g.W, "INSERT INTO t VALUES (1, 'a second row 1')")
			g.fresh(all)
			// W may know the new key or not: what R writes must reach it.
			g.exec(g.R, "UPDATE t SET id = 5 WHERE id = 1")
			g.fresh(all)
			g.changes(func() { g.exec(g.W, "UPDATE t SET id = 6 WHERE id = 5") }, "SELECT * FROM t WHERE v = 'old 1'")
		})
	})
}

// The lease is long, so that a reader which learns of a schema change only by
// and by is caught while it does not know.
func TestC25ReaderWithTheOldCatalog(t *testing.T) {
	for _, c := range []struct{ name, change, write string }{
		{"the key is gone", "DROP TABLE t; CREATE TABLE t AS SELECT 1 AS id, 'made' AS v", "UPDATE t SET v = 'more' WHERE id = 1"},
		{"another key", "DROP TABLE t; CREATE TABLE t (id INTEGER NOT NULL, v TEXT, k INTEGER PRIMARY KEY); INSERT INTO t VALUES (1, 'made', 77)", "UPDATE t SET v = 'more' WHERE k = 77"},
	} {
		t.Run(c.name, func(t *testing.T) {
			trap{inline: true, lease: 3 * time.Second}.run(t, func(t *testing.T, g *trapRig) {
				g.warm(byID1)
				g.exec(g.W, c.change)
				for range 3 {
					if got := g.read(g.R, byID1); got != "id=1 v=made" {
						t.Fatalf("after the schema change R is served %q", got)
					}
					g.sync()
				}
				g.exec(g.W, c.write)
				if got := g.fresh(byID1); got != "id=1 v=more" {
					t.Errorf("the database has %q", got)
				}
			})
		})
	}
}

func TestC26TableMadeByASelect(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		g.exec(g.W, "DROP TABLE t")
		g.exec(g.W, "CREATE TABLE t AS SELECT 1 AS id, 'made' AS v")
		if got := g.fresh(byID1); got != "id=1 v=made" {
			t.Errorf("the database has %q", got)
		}
		g.exec(g.W, "UPDATE t SET v = 'more' WHERE id = 1")
		g.fresh(byID1)
	})
	t.Run("select into", func(t *testing.T) {
		trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
			g.warm(byID1)
			g.exec(g.W, "SELECT id + 100 AS id, v INTO made FROM t")
			g.exec(g.W, "DROP TABLE t")
			g.exec(g.W, "SELECT id - 100 AS id, 'made' AS v INTO t FROM made")
			if got := g.fresh(byID1); got != "id=1 v=made" {
				t.Errorf("the database has %q", got)
			}
		})
	})
}

func TestC29WritesThatChangeAnotherRow(t *testing.T) {
	unique := []string{"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, email VARCHAR(50) UNIQUE)",
		"INSERT INTO t VALUES (1, 'old 1', 'a'), (2, 'old 2', 'b')"}
	clause := []string{"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, email TEXT UNIQUE ON CONFLICT REPLACE)",
		"INSERT INTO t VALUES (1, 'old 1', 'a'), (2, 'old 2', 'b')"}
	testTrapWrites(t,
		trapWrite{name: "upsert on a unique key", trap: trap{not: parse.MySQL, schema: unique},
			write: []string{"INSERT INTO t (id, v, email) VALUES (9, 'new', 'a') ON CONFLICT (email) DO UPDATE SET v = excluded.v"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "upsert that moves the key", trap: trap{not: parse.MySQL, schema: unique},
			write: []string{"INSERT INTO t (id, v, email) VALUES (1, 'new', 'z') ON CONFLICT (id) DO UPDATE SET id = 7"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "on duplicate key", trap: trap{only: parse.MySQL, schema: unique},
			write: []string{"INSERT INTO t VALUES (9, 'new', 'A') ON DUPLICATE KEY UPDATE v = VALUES(v)"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "on duplicate key that moves the key", trap: trap{only: parse.MySQL},
			write: []string{"INSERT INTO t VALUES (1, 'new') ON DUPLICATE KEY UPDATE id = 7"}, changed: []string{byID1}, code: policy.InvalidateTable},
		// Of a TEXT it is an index of hashes, over an invisible column.
		trapWrite{name: "replace by a long unique key", trap: trap{only: parse.MySQL, schema: []string{"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, email TEXT UNIQUE)", unique[1]}},
			write: []string{"REPLACE INTO t VALUES (9, 'new', 'a')"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "replace of two rows by one", trap: trap{only: parse.MySQL, schema: unique}, write: []string{"REPLACE INTO t VALUES (1, 'new', 'b')"}, changed: []string{byID1, byID2}, code: policy.InvalidateTable},
		trapWrite{name: "replace", trap: trap{not: parse.PostgreSQL, schema: unique}, write: []string{"REPLACE INTO t VALUES (9, 'new', 'a')"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "update or replace", trap: trap{only: parse.SQLite, schema: unique}, write: []string{"UPDATE OR REPLACE t SET email = 'b' WHERE id = 1"}, changed: []string{byID2}, code: policy.InvalidateTable},
		trapWrite{name: "update or replace of the key", trap: trap{only: parse.SQLite}, write: []string{"UPDATE OR REPLACE t SET id = 2 WHERE id = 1"}, changed: []string{byID1, byID2}, code: policy.InvalidateTable},
		trapWrite{name: "clause in the schema, insert", trap: trap{only: parse.SQLite, schema: clause}, write: []string{"INSERT INTO t VALUES (9, 'new', 'a')"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "clause in the schema, update", trap: trap{only: parse.SQLite, schema: clause}, write: []string{"UPDATE t SET email = 'b' WHERE id = 1"}, changed: []string{byID2}, code: policy.InvalidateTable},
	)
}

func TestC30TriggerStoresSomethingElse(t *testing.T) {
	moves := []string{trapTable, trapRows,
		"CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := OLD.id + 10; RETURN NEW; END $$",
		"CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moves()"}
	inserts := []string{trapTable, trapRows,
		"CREATE FUNCTION elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = NEW.v WHERE id = NEW.id - 100; RETURN NULL; END $$",
		"CREATE TRIGGER elsewhere BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION elsewhere()"}
	after := []string{trapTable, trapRows,
		"CREATE TRIGGER elsewhere AFTER INSERT ON t BEGIN UPDATE t SET v = NEW.v WHERE id = NEW.id - 100; END"}
	insert := []string{"INSERT INTO t VALUES (101, 'new')"}
	testTrapWrites(t,
		trapWrite{name: "another key", trap: trap{only: parse.PostgreSQL, schema: moves}, write: []string{"UPDATE t SET v = 'new' WHERE id = 1"}, changed: []string{byID1}, code: policy.InvalidateAll},
		trapWrite{name: "another key, MySQL", trap: trap{only: parse.MySQL, schema: []string{trapTable, trapRows, "CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW SET NEW.id = OLD.id + 10"}},
			write: []string{"UPDATE t SET v = 'new' WHERE id = 1"}, changed: []string{byID1}, code: policy.InvalidateAll},
		trapWrite{name: "another row, before", trap: trap{only: parse.PostgreSQL, schema: inserts}, write: insert, changed: []string{byID1}, code: policy.InvalidateAll},
		trapWrite{name: "another row, after", trap: trap{only: parse.SQLite, schema: after}, write: insert, changed: []string{byID1}, code: policy.InvalidateAll},
	)
}

func TestC32WritesAtCommit(t *testing.T) {
	schema := append(append([]string{}, trapLog...), trapTrigger(parse.PostgreSQL, "AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED", "CONSTRAINT")...)
	trap{only: parse.PostgreSQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
		g.changes(func() {
			tx := g.begin(g.W, nil)
			g.exec(tx, "UPDATE t SET v = 'new' WHERE id = 1")
			g.warm(logged) // nothing has been written to it yet
			g.commit(tx)
		}, byID1, logged)
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1, logged)
	})
}
