package driver_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// absent reads a row that is not there, until that may be kept.
func (g *trapRig) absent(query string) {
	g.t.Helper()
	for range 2 {
		if got := g.read(g.R, query); got != "no row" {
			g.t.Fatalf("%s: %s is there already", query, got)
		}
		g.sync()
	}
}

// C8: the rows come from the program, by a reader that it has registered.
func TestC8LoadData(t *testing.T) {
	const absent = "SELECT id, v FROM t WHERE id = 4"
	load := func(g *trapRig, q trapQuerier, how, rows string) {
		g.t.Helper()
		name := fmt.Sprint("trap-", trapRegistrations.Add(1))
		mysql.RegisterReaderHandler(name, func() io.Reader { return strings.NewReader(rows) })
		g.t.Cleanup(func() { mysql.DeregisterReaderHandler(name) })
		g.exec(q, "LOAD DATA LOCAL INFILE 'Reader::"+name+"' "+how+" INTO TABLE t FIELDS TERMINATED BY ',' LINES TERMINATED BY ';' (id, v)")
	}
	for _, c := range []struct{ how, row1 string }{{"REPLACE", "id=1 v=loaded"}, {"IGNORE", "id=1 v=old 1"}, {"", "id=1 v=old 1"}} { // LOCAL ignores too
		t.Run("local "+c.how, func(t *testing.T) {
			trap{only: parse.MySQL}.run(t, func(t *testing.T, g *trapRig) {
				g.warm(byID1)
				g.absent(absent)
				load(g, g.W, c.how, "1,loaded;4,loaded;")
				if got := g.fresh(byID1); got != c.row1 {
					t.Errorf("the database has %q, want %q", got, c.row1)
				}
				if got := g.fresh(absent); got != "id=4 v=loaded" {
					t.Errorf("the database has %q", got)
				}
				g.changes(func() {
					tx := g.begin(g.W, nil)
					load(g, tx, "REPLACE", "2,in a transaction;")
					g.oldElsewhere(byID2, "id=2 v=old 2")
					g.commit(tx)
				}, byID2)
			})
		})
	}
}

// C19, C30: a key that the database makes. 0 and NULL ask for one, too.
func TestC30AutoIncrement(t *testing.T) {
	schema := []string{"CREATE TABLE t (id INTEGER AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50) NOT NULL UNIQUE)", trapRows}
	next := func(id int) string { return fmt.Sprint("SELECT id, v FROM t WHERE id = ", id) }
	for _, c := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO t (v) VALUES ('new')", nil},
		{"INSERT INTO t (id, v) VALUES (0, 'new')", nil},
		{"INSERT INTO t VALUES (NULL, 'new')", nil},
		{"INSERT INTO t VALUES (DEFAULT, 'new')", nil},
		{"INSERT INTO t VALUES ('0', 'new')", nil},
		{"INSERT INTO t VALUES (1 - 1, 'new')", nil},
		{"INSERT INTO t SET v = 'new'", nil},
		{"INSERT INTO t SELECT 0, 'new'", nil},
		{"INSERT INTO t VALUES (?, ?)", []any{0, "new"}},
		{"INSERT INTO t VALUES (?, ?)", []any{nil, "new"}},
		{"INSERT INTO t VALUES (?, ?)", []any{"0", "new"}},
		{"REPLACE INTO t VALUES (0, 'new')", nil},
		{"REPLACE INTO t VALUES (?, 'new') RETURNING id", []any{0}},
		{"INSERT INTO t VALUES (0, 'new') ON DUPLICATE KEY UPDATE v = 'x'", nil},
		{"INSERT IGNORE INTO t VALUES (0, 'old 1'), (0, 'new')", nil},
		{"INSERT INTO t VALUES (0, 'old 1') ON DUPLICATE KEY UPDATE v = 'changed'", nil},
		{"INSERT INTO t VALUES (0, 'old 1') ON DUPLICATE KEY UPDATE id = 4", nil},
		{"REPLACE INTO t (v) VALUES ('old 1')", nil},
		{"UPDATE t SET id = 0 WHERE id = 1", nil},
		{"INSERT INTO t (id, v) VALUES (-1, 'new')", nil},
	} {
		t.Run(fmt.Sprint(c.text, c.args), func(t *testing.T) {
			t.Parallel()
			trap{only: parse.MySQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
				g.warm(byID1)
				ids := []int{-1, 0, 4, 5, 6}
				for _, id := range ids {
					g.absent(next(id))
				}
				g.exec(g.W, c.text, c.args...)
				changed := g.fresh(byID1) != "id=1 v=old 1"
				for _, id := range ids {
					changed = g.fresh(next(id)) != "no row" || changed
				}
				if !changed {
					t.Error("nothing changed: the trap is none")
				}
			})
		})
	}
	t.Run("LastInsertId after an ignored insert", func(t *testing.T) {
		trap{only: parse.MySQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
			g.exec(g.W, "INSERT INTO t (v) VALUES ('new')")
			g.warm(next(4))
			for _, text := range []string{"INSERT IGNORE INTO t (v) VALUES ('new')", "INSERT INTO t (v) VALUES ('new') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)"} {
				want, err := g.bare.Exec(text)
				if err != nil {
					t.Fatal(err)
				}
				got, err := g.W.Exec(text)
				if err != nil {
					t.Fatal(err)
				}
				a, _ := want.LastInsertId()
				b, _ := got.LastInsertId()
				if a != b {
					t.Errorf("%s: LastInsertId %d, want %d", text, b, a)
				}
				g.fresh(next(4))
				g.fresh(next(int(b)))
			}
		})
	})
	t.Run("NO_AUTO_VALUE_ON_ZERO", func(t *testing.T) {
		trap{only: parse.MySQL, schema: schema, mysql: "&sql_mode=%27NO_AUTO_VALUE_ON_ZERO%27"}.run(t, func(t *testing.T, g *trapRig) {
			g.absent(next(0))
			g.absent(next(4))
			g.exec(g.W, "INSERT INTO t VALUES (0, 'zero')")
			if got := g.fresh(next(0)); got != "id=0 v=zero" {
				t.Errorf("the database has %q", got)
			}
			g.fresh(next(4))
		})
	})
	t.Run("a trigger sets the key", func(t *testing.T) {
		schema := []string{trapTable, trapRows, "CREATE TRIGGER moves BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id - 100"}
		trap{only: parse.MySQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
			g.absent(next(4))
			g.absent(next(104))
			g.exec(g.W, "INSERT INTO t VALUES (104, 'new')")
			if got := g.fresh(next(4)); got != "id=4 v=new" {
				t.Errorf("the database has %q", got)
			}
			g.fresh(next(104))
		})
	})
}

// C7, C24, C20: what runs code that the text does not show.
func TestC7RoutinesOfMySQL(t *testing.T) {
	schema := []string{trapTable, trapRows, "CREATE TABLE s (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO s VALUES (1, 's')",
		"CREATE FUNCTION set_v(k INTEGER, n TEXT) RETURNS INTEGER MODIFIES SQL DATA BEGIN UPDATE t SET v = n WHERE id = k; RETURN k; END",
		"CREATE PROCEDURE set_all(n TEXT) BEGIN UPDATE t SET v = n; SELECT 1; END",
		"CREATE PROCEDURE commits(n TEXT) BEGIN START TRANSACTION; UPDATE t SET v = n WHERE id = 1; COMMIT; END",
		"CREATE PROCEDURE opens(n TEXT) BEGIN START TRANSACTION; UPDATE t SET v = n WHERE id = 1; END",
		"CREATE VIEW writes AS SELECT id, set_v(id, 'by a view') AS k FROM s", "CREATE VIEW above AS SELECT * FROM writes",
		"CREATE TRIGGER tr AFTER UPDATE ON s FOR EACH ROW UPDATE t SET v = 'by a trigger' WHERE id = NEW.id",
		"CREATE TRIGGER del AFTER DELETE ON s FOR EACH ROW DELETE FROM t WHERE id = OLD.id"}
	run := func(name string, f func(t *testing.T, g *trapRig)) {
		t.Run(name, func(t *testing.T) { trap{only: parse.MySQL, schema: schema}.run(t, f) })
	}
	texts := []string{
		"SELECT set_v(1, 'new')", "CALL set_all('new')", "CALL commits('new')", "DO set_v(1, 'new')", "SET @r = set_v(1, 'new')", "INSERT INTO s (id, v) VALUES (set_v(1, 'new') + 100, 'x')", "SELECT k FROM writes", "SELECT k FROM above",
		"SELECT v FROM s WHERE id = set_v(1, 'new')", "UPDATE s SET v = 'x'", "DELETE FROM s", "UPDATE s SET v = set_v(1, 'new')", "REPLACE INTO s VALUES (1, 'x')", "INSERT INTO s VALUES (1, 'x') ON DUPLICATE KEY UPDATE v = 'x'",
		"SELECT v INTO @v FROM s WHERE set_v(1, 'new')", "SELECT /*! set_v(1, 'new') */", "BEGIN NOT ATOMIC CALL set_all('new'); END", "SELECT `set_v`(1, 'new')", "EXECUTE IMMEDIATE 'CALL set_all(?)' USING 'new'",
		"DELETE s FROM s JOIN (SELECT 1 AS id) AS one USING (id)", "SELECT (SELECT set_v(1, 'new'))", "SELECT 1 UNION SELECT set_v(1, 'new')", "SELECT v FROM s ORDER BY set_v(1, 'new'), rand()", "CREATE TABLE made AS SELECT set_v(1, 'new') AS x",
	}
	run("by a text", func(t *testing.T, g *trapRig) {
		for _, text := range texts {
			for _, query := range []bool{false, true} {
				g.exec(g.bare, "DROP TABLE IF EXISTS made")
				g.exec(g.bare, "DELETE FROM s")
				g.exec(g.bare, "INSERT INTO s VALUES (1, 's')")
				g.exec(g.W, "DELETE FROM t")
				g.exec(g.W, trapRows)
				c := g.conn(g.W)
				g.changes(func() {
					if !query {
						g.exec(c, text)
						return
					}
					rows, err := c.QueryContext(g.ctx, text)
					if err != nil {
						t.Fatalf("%s: %v", text, err)
					}
					for rows.Next() {
					}
					if err := rows.Close(); err != nil {
						t.Fatal(err)
					}
				}, byID1)
				if t.Failed() {
					t.Fatalf("by Query %t: %s", query, text)
				}
				lose(c) // what it is in now is not known
			}
		}
	})
	run("with arguments", func(t *testing.T, g *trapRig) {
		g.changes(func() { g.read(g.W, "SELECT set_v(?, ?)", 1, "new") }, byID1)
		g.changes(func() { g.exec(g.W, "CALL set_all(?)", "newer") }, byID1, byID2)
	})
	run("a procedure that leaves a transaction open", func(t *testing.T, g *trapRig) {
		c := g.conn(g.W)
		g.changes(func() {
			g.exec(c, "CALL opens('new')")
			g.oldElsewhere(byID1, "id=1 v=old 1")
			g.exec(c, "UPDATE t SET v = 'new' WHERE id = 2")
			g.oldElsewhere(byID2, "id=2 v=old 2")
			g.exec(c, "COMMIT")
		}, byID1, byID2)
	})
	run("in a transaction", func(t *testing.T, g *trapRig) {
		g.changes(func() {
			tx := g.begin(g.W, nil)
			g.exec(tx, "UPDATE t SET v = 'before' WHERE id = 2")
			g.exec(tx, "CALL commits('new')")
			g.fresh(byID1)
			g.fresh(byID2)
			_ = tx.Rollback()
		}, byID1, byID2)
	})
}

// A table whose engine knows no transaction: what is written to it stays, also
// when the transaction around it is rolled back. Nothing of it is kept.
func TestRowsOfAnEngineWithoutTransactions(t *testing.T) {
	for _, engine := range []string{"MyISAM", "Aria", "MEMORY"} {
		t.Run(engine, func(t *testing.T) {
			schema := []string{"CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(50)) ENGINE=" + engine, trapRows,
				"CREATE TABLE i (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO i VALUES (1, 'old')"}
			trap{only: parse.MySQL, schema: schema}.run(t, func(t *testing.T, g *trapRig) {
				const inno = "SELECT id, v FROM i WHERE id = 1"
				g.warm(inno)
				g.never(byID1)
				tx := g.begin(g.W, nil)
				g.exec(tx, "UPDATE t SET v = 'stays' WHERE id = 1")
				g.exec(tx, "UPDATE t, i SET t.v = 'stays', i.v = 'undone' WHERE t.id = i.id")
				g.fresh(byID1)
				if err := tx.Rollback(); err != nil {
					t.Fatal(err)
				}
				if got := g.fresh(byID1); got != "id=1 v=stays" {
					t.Errorf("the database has %q", got)
				}
				if got := g.fresh(inno); got != "id=1 v=old" {
					t.Errorf("the database has %q", got)
				}
				if n := g.r.Stats().Bypasses[policy.BypassNotBaseTable]; n == 0 {
					t.Error("no read of it was told as one of no base table")
				}
			})
		})
	}
}
