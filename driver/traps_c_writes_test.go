package driver_test

import (
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

const (
	byID1 = "SELECT id, v FROM t WHERE id = 1"
	byID2 = "SELECT id, v FROM t WHERE id = 2"
	byID3 = "SELECT id, v FROM t WHERE id = 3"
)

// trapWrite is a trap of one statement: the rows that it changes are served
// from the store before it, and as the database has them after it.
type trapWrite struct {
	name string
	trap
	write   []string // sent one after the other by W
	changed []string // by primary key; each served from the store before
	code    policy.Code
}

func (s trapWrite) test(t *testing.T, shared *trapDatabases) {
	t.Helper()
	s.shared = shared
	t.Run(s.name, func(t *testing.T) {
		s.run(t, func(t *testing.T, g *trapRig) {
			before := g.w.Stats()
			g.changes(func() {
				for _, text := range s.write {
					g.exec(g.W, text)
				}
			}, s.changed...)
			if n := g.w.Stats().Sub(before).Invalidations[s.code]; n == 0 {
				t.Errorf("no write was counted as %s: %+v", s.code, g.w.Stats())
			}
		})
	})
}

func testTrapWrites(t *testing.T, writes ...trapWrite) {
	t.Helper()
	shared := &trapDatabases{t: t}
	for _, w := range writes {
		w.test(t, shared)
	}
}

func TestC1UpdateByAnotherColumn(t *testing.T) {
	testTrapWrites(t,
		trapWrite{name: "update", write: []string{"UPDATE t SET v = 'new' WHERE v = 'old 1'"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "delete", write: []string{"DELETE FROM t WHERE v LIKE 'old%'"}, changed: []string{byID1, byID3}, code: policy.InvalidateTable},
		trapWrite{name: "key and more", write: []string{"UPDATE t SET v = 'new' WHERE id = 1 AND v = 'old 1'"}, changed: []string{byID1}, code: policy.InvalidateRow},
		trapWrite{name: "key or more", write: []string{"UPDATE t SET v = 'new' WHERE id = 1 OR v = 'old 2'"}, changed: []string{byID1, byID2}, code: policy.InvalidateTable},
		trapWrite{name: "list of keys", write: []string{"UPDATE t SET v = 'new' WHERE id IN (1, 2)"}, changed: []string{byID1, byID2}, code: policy.InvalidateRow},
	)
}

func TestC2UpdateWithoutWhere(t *testing.T) {
	testTrapWrites(t, trapWrite{name: "update", write: []string{"UPDATE t SET v = 'new'"}, changed: []string{byID1, byID2, byID3}, code: policy.InvalidateTable})
}

func TestC3DeleteWithoutWhere(t *testing.T) {
	testTrapWrites(t, trapWrite{name: "delete", write: []string{"DELETE FROM t"}, changed: []string{byID1, byID3}, code: policy.InvalidateTable})
}

func TestC4Truncate(t *testing.T) {
	referenced := []string{trapTable, trapRows,
		"CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL REFERENCES t (id))", "INSERT INTO child VALUES (10, 1)"}
	testTrapWrites(t,
		trapWrite{name: "alone", trap: trap{only: parse.PostgreSQL}, write: []string{"TRUNCATE t"}, changed: []string{byID1, byID3}, code: policy.InvalidateTable},
		trapWrite{name: "table", trap: trap{only: parse.MySQL}, write: []string{"TRUNCATE TABLE t"}, changed: []string{byID1, byID3}, code: policy.InvalidateTable},
		trapWrite{name: "cascade", trap: trap{only: parse.PostgreSQL, schema: referenced}, write: []string{"TRUNCATE t CASCADE"},
			changed: []string{byID1, "SELECT t_id FROM child WHERE id = 10"}, code: policy.InvalidateAll},
	)
}

func TestC5UpsertReplaceMerge(t *testing.T) {
	testTrapWrites(t,
		trapWrite{name: "upsert", trap: trap{not: parse.MySQL}, write: []string{"INSERT INTO t (id, v) VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET v = excluded.v"},
			changed: []string{byID1}, code: policy.InvalidateRow},
		trapWrite{name: "on duplicate key", trap: trap{only: parse.MySQL}, write: []string{"INSERT INTO t (id, v) VALUES (1, 'new') ON DUPLICATE KEY UPDATE v = VALUES(v)"},
			changed: []string{byID1}, code: policy.InvalidateRow},
		trapWrite{name: "on duplicate key, several rows", trap: trap{only: parse.MySQL}, write: []string{"INSERT INTO t (id, v) VALUES (9, 'x'), (1, 'new'), (2, 'newer') ON DUPLICATE KEY UPDATE v = CONCAT(v, VALUES(v))"},
			changed: []string{byID1, byID2}, code: policy.InvalidateRow},
		trapWrite{name: "replace", trap: trap{not: parse.PostgreSQL}, write: []string{"REPLACE INTO t (id, v) VALUES (1, 'new')"},
			changed: []string{byID1}, code: policy.InvalidateRow},
		trapWrite{name: "insert or replace", trap: trap{only: parse.SQLite}, write: []string{"INSERT OR REPLACE INTO t VALUES (2, 'new')"},
			changed: []string{byID2}, code: policy.InvalidateRow},
		trapWrite{name: "merge", trap: trap{only: parse.PostgreSQL},
			write:   []string{"MERGE INTO t USING (VALUES (1, 'new'), (3, 'x')) AS s (id, v) ON t.id = s.id WHEN MATCHED AND s.id = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET v = s.v"},
			changed: []string{byID1, byID3}, code: policy.InvalidateTable},
	)
}

func TestC6WritingCTE(t *testing.T) {
	testTrapWrites(t,
		trapWrite{name: "update", trap: trap{only: parse.PostgreSQL},
			write: []string{"WITH x AS (UPDATE t SET v = 'new' WHERE id = 1 RETURNING id) SELECT id FROM x"}, changed: []string{byID1}, code: policy.InvalidateRow},
		trapWrite{name: "delete, moved", trap: trap{only: parse.PostgreSQL, schema: []string{trapTable, trapRows, "CREATE TABLE kept (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO kept VALUES (3, 'kept')"}},
			write:   []string{"WITH x AS (DELETE FROM t WHERE id < 3 RETURNING id, v), y AS (UPDATE kept SET v = 'new' WHERE id = 3) INSERT INTO kept SELECT id, v FROM x"},
			changed: []string{byID1, byID2, "SELECT v FROM kept WHERE id = 3"}, code: policy.InvalidateTable},
	)
	t.Run("through Query", func(t *testing.T) {
		trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() {
				if got := g.read(g.W, "WITH x AS (UPDATE t SET v = 'new' WHERE id = 1 RETURNING v) SELECT v FROM x"); got != "v=new" {
					t.Errorf("the write returns %q", got)
				}
			}, byID1)
		})
	})
}

func TestC7FunctionsThatWrite(t *testing.T) {
	schema := []string{trapTable, trapRows,
		"CREATE FUNCTION set_v(k INTEGER, n TEXT) RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = n WHERE id = k; RETURN k; END $$",
		"CREATE PROCEDURE set_all(n TEXT) LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = n; END $$"}
	at := func(text string) trapWrite {
		return trapWrite{name: strings.Fields(text)[0], trap: trap{only: parse.PostgreSQL, schema: schema}, write: []string{text}, changed: []string{byID1}, code: policy.InvalidateAll}
	}
	testTrapWrites(t, at("SELECT set_v(1, 'new')"), at("CALL set_all('new')"), at("DO $$ BEGIN UPDATE t SET v = 'new' WHERE id = 1; END $$"),
		trapWrite{name: "within an insert", trap: trap{only: parse.PostgreSQL, schema: schema},
			write: []string{"INSERT INTO t (id, v) VALUES (set_v(1, 'new') + 100, 'x')"}, changed: []string{byID1}, code: policy.InvalidateAll})
	t.Run("through Query", func(t *testing.T) {
		trap{only: parse.PostgreSQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.read(g.W, "SELECT set_v(?, ?)", 1, "new") }, byID1)
		})
	})
}

func TestC9WritesFromOtherTables(t *testing.T) {
	schema := []string{trapTable, trapRows, "CREATE TABLE s (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO s VALUES (1, 'from s'), (4, 'from s')"}
	testTrapWrites(t,
		trapWrite{name: "update from", trap: trap{not: parse.MySQL, schema: schema}, write: []string{"UPDATE t SET v = s.v FROM s WHERE t.id = s.id"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "delete using", trap: trap{only: parse.PostgreSQL, schema: schema}, write: []string{"DELETE FROM t USING s WHERE t.id = s.id"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "delete with a sub-select", trap: trap{schema: schema}, write: []string{"DELETE FROM t WHERE id = (SELECT min(id) FROM s)"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "update of two tables", trap: trap{only: parse.MySQL, schema: schema}, write: []string{"UPDATE t, s SET t.v = s.v, s.v = 'to t' WHERE t.id = s.id"},
			changed: []string{byID1, "SELECT v FROM s WHERE id = 1"}, code: policy.InvalidateTable},
		trapWrite{name: "update with a join", trap: trap{only: parse.MySQL, schema: schema}, write: []string{"UPDATE t AS a LEFT JOIN s AS t ON a.id = t.id SET a.v = 'joined' WHERE a.id = 1"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "update of unqualified columns", trap: trap{only: parse.MySQL, schema: append(append([]string{}, schema...), "CREATE TABLE o (oid INTEGER PRIMARY KEY, w TEXT)", "INSERT INTO o VALUES (1, 'old')")},
			write: []string{"UPDATE t JOIN o ON id = oid SET v = 'joined', w = 'joined' WHERE id = 1"}, changed: []string{byID1, "SELECT w FROM o WHERE oid = 1"}, code: policy.InvalidateTable},
		trapWrite{name: "delete of two tables", trap: trap{only: parse.MySQL, schema: schema}, write: []string{"DELETE t, s FROM t JOIN s ON t.id = s.id"},
			changed: []string{byID1, "SELECT v FROM s WHERE id = 1"}, code: policy.InvalidateTable},
		trapWrite{name: "delete using a join", trap: trap{only: parse.MySQL, schema: schema}, write: []string{"DELETE FROM a USING t AS a JOIN s AS t ON a.id = t.id"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "replace of a select", trap: trap{only: parse.MySQL, schema: schema}, write: []string{"REPLACE INTO t SELECT id, v FROM s"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "on duplicate key of a select", trap: trap{only: parse.MySQL, schema: schema}, write: []string{"INSERT INTO t (id, v) SELECT id, v FROM s ON DUPLICATE KEY UPDATE v = VALUES(v)"}, changed: []string{byID1}, code: policy.InvalidateTable},
		trapWrite{name: "upsert of a select", trap: trap{not: parse.MySQL, schema: schema},
			write:   []string{"INSERT INTO t (id, v) SELECT id, v FROM s WHERE true ON CONFLICT (id) DO UPDATE SET v = excluded.v"},
			changed: []string{byID1}, code: policy.InvalidateTable},
	)
	t.Run("insert of a select", func(t *testing.T) {
		trap{schema: schema}.run(t, func(t *testing.T, g *trapRig) {
			const absent = "SELECT id, v FROM t WHERE id = 4"
			if got := g.read(g.R, absent); got != "no row" {
				t.Fatalf("row 4 is there already: %s", got)
			}
			g.sync()
			g.exec(g.W, "INSERT INTO t (id, v) SELECT id, v FROM s WHERE id = 4")
			if got := g.fresh(absent); got != "id=4 v=from s" {
				t.Errorf("the database has %q", got)
			}
		})
	})
}

func TestC10PrimaryKeyChanged(t *testing.T) {
	testTrapWrites(t,
		trapWrite{name: "old and new", write: []string{"DELETE FROM t WHERE id = 2", "UPDATE t SET id = 2 WHERE id = 1"}, changed: []string{byID1, byID2}, code: policy.InvalidateRow},
		trapWrite{name: "by an expression", write: []string{"DELETE FROM t WHERE id = 2", "UPDATE t SET id = id + 1 WHERE id = 1"}, changed: []string{byID1, byID2}, code: policy.InvalidateTable},
	)
	t.Run("in one transaction", func(t *testing.T) {
		trap{}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() {
				tx := g.begin(g.W, nil)
				g.exec(tx, "UPDATE t SET id = ? WHERE id = ?", 9, 1)
				g.exec(tx, "UPDATE t SET id = ? WHERE id = ?", 1, 2)
				g.commit(tx)
			}, byID1, byID2)
			g.fresh("SELECT id, v FROM t WHERE id = 9")
		})
	})
}

func TestC14ExplainAnalyze(t *testing.T) {
	testTrapWrites(t, trapWrite{name: "analyze", trap: trap{only: parse.PostgreSQL},
		write: []string{"EXPLAIN ANALYZE UPDATE t SET v = 'new' WHERE id = 1"}, changed: []string{byID1}, code: policy.InvalidateRow})
	testTrapWrites(t, trapWrite{name: "MariaDB's analyze", trap: trap{only: parse.MySQL},
		write: []string{"ANALYZE UPDATE t SET v = 'new' WHERE id = 1"}, changed: []string{byID1}, code: policy.InvalidateAll})
	t.Run("explain alone", func(t *testing.T) {
		trap{}.run(t, func(t *testing.T, g *trapRig) {
			g.warm(byID1)
			g.read(g.W, "EXPLAIN UPDATE t SET v = 'new' WHERE id = 1")
			g.fresh(byID1)
		})
	})
}

func TestC15SeveralStatementsInOneText(t *testing.T) {
	testTrapWrites(t,
		trapWrite{name: "two updates", write: []string{"UPDATE t SET v = 'new' WHERE id = 1; UPDATE t SET v = 'newer' WHERE id = 2"}, changed: []string{byID1, byID2}, code: policy.InvalidateRow},
		trapWrite{name: "a read first", write: []string{"SELECT 1; DELETE FROM t WHERE id = 2"}, changed: []string{byID2}, code: policy.InvalidateRow},
		trapWrite{name: "a comment with a statement's end", write: []string{"UPDATE t SET v = 'n;w' /* ; */ WHERE id = 1 -- ;\n; DELETE FROM t WHERE id = 2"}, changed: []string{byID1, byID2}, code: policy.InvalidateRow},
	)
	t.Run("a whole transaction", func(t *testing.T) {
		trap{}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() { g.exec(g.W, "BEGIN; UPDATE t SET v = 'new' WHERE id = 1; COMMIT") }, byID1)
		})
	})
}

func TestC16TextThatDoesNotParse(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		before := g.w.Stats()
		// Valid SQL, but longer than what is given to the parser.
		g.changes(func() {
			g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1 /*"+strings.Repeat(" long", 1<<18)+"*/")
		}, byID1)
		since := g.w.Stats().Sub(before)
		if since.Unparsed == 0 || since.Invalidations[policy.InvalidateAll] == 0 {
			t.Errorf("not counted as everything: %+v", since)
		}
	})
}

func TestC17NoRowAffected(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		result, err := g.W.Exec("UPDATE t SET v = 'new' WHERE id = 1 AND v = 'never'")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := result.RowsAffected(); n != 0 || err != nil {
			t.Fatalf("%d rows affected, %v", n, err)
		}
		g.fresh(byID1)
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'new' WHERE id = 1 AND v = 'old 1'") }, byID1)
	})
}

func TestC18ReturningReadInPart(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		g.changes(func() {
			text := "UPDATE t SET v = 'new' RETURNING id"
			if g.dialect == parse.MySQL { // MariaDB's UPDATE returns nothing
				text = "DELETE FROM t RETURNING id"
			}
			rows, err := g.W.Query(text)
			if err != nil {
				t.Fatal(err)
			}
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}, byID1, byID3)
	})
	t.Run("QueryRow", func(t *testing.T) {
		trap{}.run(t, func(t *testing.T, g *trapRig) {
			g.changes(func() {
				var id int
				if err := g.W.QueryRow("DELETE FROM t WHERE id = 1 RETURNING id").Scan(&id); err != nil {
					t.Fatal(err)
				}
			}, byID1)
		})
	})
}

func TestC27PreparedWriteExecutedTwice(t *testing.T) {
	trap{}.run(t, func(t *testing.T, g *trapRig) {
		stmt, err := g.W.Prepare(g.bind("UPDATE t SET v = ? WHERE id = ?"))
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		read, err := g.R.Prepare(g.bind("SELECT v FROM t WHERE id = ?"))
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		served := func() (v string, hit bool) {
			before := g.r.Stats().Hits
			if err := read.QueryRow(1).Scan(&v); err != nil {
				t.Fatal(err)
			}
			return v, g.r.Stats().Hits > before
		}
		for _, want := range []string{"first", "second", "third"} {
			trapUntil(t, func() bool { _, hit := served(); return hit }, func() string { return "the prepared read never hits" })
			if _, err := stmt.Exec(want, 1); err != nil {
				t.Fatal(err)
			}
			if v, _ := served(); v != want {
				t.Errorf("the prepared read gives %q after %q was written", v, want)
			}
			if got := g.read(g.R, "SELECT v FROM t WHERE id = ?", 1); got != "v="+want {
				t.Errorf("the direct read gives %q after %q was written", got, want)
			}
		}
		if _, err := g.W.Prepare("UPDATE nowhere SET v = 1"); err == nil && g.dialect == parse.PostgreSQL {
			t.Error("a statement on a table that is not there was prepared")
		}
		tx := g.begin(g.W, nil)
		if _, err := tx.Stmt(stmt).Exec("in a transaction", 1); err != nil {
			t.Fatal(err)
		}
		g.commit(tx)
		g.fresh(byID1)
	})
}
