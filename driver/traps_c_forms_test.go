package driver_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// trapForm is one way to write what changes rows of t, in the dialects that
// have it. The statements run on one connection.
type trapForm struct {
	only parse.Dialect
	text []string
	args []any // of the last statement
}

func everywhere(texts ...string) []trapForm { return forms(parse.UnknownDialect, texts...) }

func forms(only parse.Dialect, texts ...string) (list []trapForm) {
	for _, text := range texts {
		list = append(list, trapForm{only: only, text: []string{text}})
	}
	return list
}

// notMySQL are forms that both others have.
func notMySQL(texts ...string) []trapForm {
	return append(forms(parse.SQLite, texts...), forms(parse.PostgreSQL, texts...)...)
}

// tryForms runs every form against fresh rows that are served from the store, and
// fails unless what is served afterwards is what the database has, and that
// is something new.
func tryForms(t *testing.T, all []trapForm) {
	t.Helper()
	schema := []string{trapTable, trapRows, "CREATE TABLE s (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO s VALUES (1, 's')"}
	trap{schema: schema}.run(t, func(t *testing.T, g *trapRig) {
		watched := []string{byID1, byID2, byID3, "SELECT v FROM t WHERE id = 9"}
		for _, form := range all {
			if form.only != parse.UnknownDialect && form.only != g.dialect {
				continue
			}
			g.exec(g.W, "DELETE FROM t")
			g.exec(g.W, trapRows)
			var old []string
			for i, q := range watched {
				if i < 3 {
					g.warm(q)
				}
				old = append(old, g.read(g.R, q))
			}
			c := g.conn(g.W)
			for i, text := range form.text {
				var args []any
				if i == len(form.text)-1 {
					args = form.args
				}
				g.exec(c, text, args...)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			changed := false
			for i, q := range watched {
				want := g.read(g.bare, q)
				changed = changed || want != old[i]
				for range 2 {
					if got := g.read(g.R, q); got != want {
						t.Errorf("after %v %v: %s serves %q, the database has %q", form.text, form.args, q, got, want)
					}
					g.sync()
				}
			}
			if !changed {
				t.Errorf("%v %v changes nothing", form.text, form.args)
			}
		}
	})
}

func TestC1FormsOfWhere(t *testing.T) {
	var all []trapForm
	for _, where := range []string{
		"id = 1", "1 = id", "t.id = 1", "(id = 1)", "id = (1)", "((id)) = 1", "id = 1 + 0", "id = - -1", "id = +1", "+id = 1", "id = '1'", "id = 1.0",
		"id BETWEEN 1 AND 1", "id <= 1", "NOT id <> 1", "id IN (1)", "id IN (1, 1, 5)", "id IN (SELECT 1)", "(id, v) = (1, 'old 1')", "(id, v) IN ((1, 'old 1'))",
		"id = 1 AND v = 'old 1'", "v = 'old 1' AND 1 = 1 AND id = 1", "id = 1 OR id = 2", "id = 1 OR v = 'x'", "id = 1 AND id = 1", "id IN (1, 2) AND id IN (2, 3)",
		"id = CAST('1' AS INTEGER)", "id = CASE WHEN v = 'old 2' THEN 2 ELSE 5 END", "id = length('a')", "id = (SELECT min(id) FROM s)", "id = abs(-1)", "EXISTS (SELECT 1 FROM s WHERE s.id = t.id)",
		"v = 'old 1' -- id = 2", "v = 'old 1' /* AND id = 2 */", "\n id\t=\n1", "id IS NOT NULL", "coalesce(id, 2) = 1", "id = 1 AND NOT (v = 'new')",
	} {
		all = append(all, everywhere("UPDATE t SET v = 'new' WHERE "+where)...)
	}
	for _, where := range []string{"rowid = 1", "_rowid_ = 1", "oid = 1", "t.rowid = 1", "id = 0x1", "id IS 1", "id == 1", "id = TRUE", "id = '1' COLLATE NOCASE", "id GLOB '1'", "\"id\" = \"1\"", "id = x'31' OR id = 1", "`id` = 1", "[id] = 1", "id = 1e0"} {
		all = append(all, forms(parse.SQLite, "UPDATE t SET v = 'new' WHERE "+where)...)
	}
	for _, where := range []string{"id = 1::bigint", "id = '1'::int", "id::text = '1'", "id = ANY (ARRAY[1])", "id = ANY ('{1,2}')", "id = SOME (ARRAY[1])", "id OPERATOR(pg_catalog.=) 1", "id = E'1'", "id = U&'\\0031'", "id = $$1$$", "id IS NOT DISTINCT FROM 1", "ROW(id) = ROW(1)", "(t).id = 1", "id = '1'::text::int", "public.t.id = 1", "ctid = (SELECT ctid FROM t WHERE id = 1)", "id = int '1'"} {
		all = append(all, forms(parse.PostgreSQL, "UPDATE t SET v = 'new' WHERE "+where)...)
	}
	for _, where := range []string{
		"id = 0x1", "id <=> 1", "id = b'1'", "id = TRUE", "id = x'31'", "id = 1e0", "id = '1 '", "id = ' 1'", "id = 1.0e0", "id = _utf8mb4'1'", "id = N'1'", "`id` = 1", "t . id = 1", "id=1",
		"id = 1 && v = 'old 1'", "id = 1 || id = 2", "id = 1 XOR id = 2", "! (id <> 1)", "id = 1 /*! OR id = 2 */", "id = 1 /*M! OR id = 2 */", "id = 1 /*!999999 OR id = 2 */", "id = 1 # OR id = 2", "id = 1 --\tOR id = 2",
		"id = 2 /*!50000 - 1 */", "id = 1 LIMIT 1", "id > 0 ORDER BY id LIMIT 1", "id = 3 DIV 2", "id = (@x := 1)", "id = '1' COLLATE utf8mb4_bin", "BINARY id = 1", "CONVERT(id, CHAR) = '1'", "v = 'OLD 1'", "v = 'old 1   '", "v LIKE 'OLD 1'",
		"v REGEXP '^old 1$'", "v SOUNDS LIKE 'old 1' AND id = 1", "id = 1 IS TRUE", "id MOD 7 = 1", "id = LAST_INSERT_ID(1)", "v = 'old' ' ' '1'", "v = 'old\\ 1'", "v = 'old 1' OR v = 'x\\' OR id = 2 -- '", "(id) IN ((1), (7))", "id IN (1, '1', 1.0)",
		"id REGEXP '^1$'", "id = CAST('1' AS SIGNED)", "id = -(-1)", "id = ~~1", "id = 1 COLLATE utf8mb4_bin", "id = (SELECT 1 FROM DUAL)", "id = ANY (SELECT 1)", "INTERVAL(id, 1, 2) = 1",
	} {
		all = append(all, forms(parse.MySQL, "UPDATE t SET v = 'new' WHERE "+where)...)
	}
	tryForms(t, all)
}

func TestC10FormsOfSet(t *testing.T) {
	all := everywhere(
		"UPDATE t SET id = 9 WHERE id = 1", "UPDATE t SET id = 8 + 1 WHERE id = 1", "UPDATE t SET v = 'x', id = 9 WHERE id = 1", "UPDATE t SET id = '9' WHERE id = 1",
		"UPDATE t SET id = id + 8 WHERE id = 1",
		"UPDATE t SET id = CASE id WHEN 1 THEN 9 ELSE id END", "UPDATE t SET id = (SELECT 9) WHERE id IN (1)", "UPDATE t AS x SET id = 9 WHERE x.id = 1",
		"INSERT INTO t VALUES (9, 'x'), (10, 'y')", "INSERT INTO t (v, id) VALUES ('x', 9)",
		"INSERT INTO t (id, v) SELECT id + 8, v FROM t WHERE id = 1",
	)
	all = append(all, notMySQL(
		"UPDATE t SET (id, v) = (9, 'x') WHERE id = 1", "UPDATE t SET (v, id) = (SELECT 'x', 9) WHERE id = 1", "INSERT INTO t (id, v) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET id = 9",
		"INSERT INTO t (id, v) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET v = t.v || excluded.v WHERE t.id = 1",
	)...)
	all = append(all, forms(parse.MySQL,
		"INSERT INTO t SET id = 9, v = 'x'", "INSERT t VALUE (9, 'x')", "INSERT HIGH_PRIORITY INTO t (id, v) VALUES (9, 'x')", "INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE id = 9",
		"INSERT INTO t SET id = 1, v = 'x' ON DUPLICATE KEY UPDATE id = 9, v = 'y'", "INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE v = CONCAT(t.v, VALUES(v))", "INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE v = VALUE(v), id = id + 8",
		"INSERT IGNORE INTO t VALUES (1, 'x'), (9, 'y')", "INSERT IGNORE INTO t SELECT id + 8, v FROM t", "INSERT INTO t (id, v) VALUES ('9', 'x')", "INSERT INTO t VALUES (9.4, 'x')", "INSERT INTO t VALUES (4 + 5, 'x')", "INSERT INTO t (t.id, v) VALUES (9, 'x')",
		"REPLACE INTO t SET id = 1, v = 'x'", "REPLACE t VALUES (1, 'x')", "REPLACE LOW_PRIORITY INTO t (v, id) VALUES ('x', 1), ('y', 2)", "REPLACE INTO t SELECT 1, 'x'", "REPLACE INTO t VALUES ('1', 'x')", "REPLACE INTO t VALUES (1, 'x') RETURNING id",
		"INSERT INTO t VALUES (9, 'x') RETURNING id, v", "DELETE FROM t WHERE id = 1 RETURNING v",
		"UPDATE IGNORE t SET id = 9 WHERE id = 1", "UPDATE LOW_PRIORITY t SET t.v = 'x' WHERE t.id = 1", "UPDATE t SET v = 'x', v = 'y' WHERE id = 1", "UPDATE t SET t.id = 9, t.v = 'x' WHERE id = 1", "UPDATE t AS x SET x.id = 9 WHERE x.id = 1",
		"UPDATE t, s SET t.id = 9 WHERE t.id = s.id", "UPDATE s JOIN t USING (id) SET t.v = 'x'", "UPDATE t NATURAL JOIN (SELECT 1 AS id) AS one SET v = 'x'", "UPDATE s AS t, t AS s SET s.v = 'x' WHERE s.id = t.id", "UPDATE t SET v = (SELECT v FROM s WHERE s.id = t.id) WHERE id = 1",
		"DELETE QUICK FROM t WHERE id = 1", "DELETE LOW_PRIORITY IGNORE FROM t ORDER BY id LIMIT 1", "DELETE t FROM t, s WHERE t.id = s.id", "DELETE x.* FROM t AS x JOIN s ON x.id = s.id", "DELETE FROM s, t USING t JOIN s ON t.id = s.id", "DELETE FROM x USING t AS x WHERE x.id = 1",
		"TRUNCATE t", "ANALYZE FORMAT=JSON DELETE FROM t WHERE id = 1", "SET STATEMENT max_statement_time = 100 FOR UPDATE t SET v = 'x' WHERE id = 1", "EXECUTE IMMEDIATE 'DELETE FROM t WHERE id = 1'",
		"BEGIN NOT ATOMIC DELETE FROM t WHERE id = 1; END", "IF (SELECT count(*) FROM t) THEN DELETE FROM t WHERE id = 1; END IF", "/*! DELETE FROM t WHERE id = 1 */", "/*!50000 UPDATE t SET v = 'x' */ WHERE id = 1", "DELETE /*!99999 nothing */ FROM t WHERE id = 1",
		"UPDATE t SET v = 'x\\' WHERE id = 2 -- ' WHERE id = 1", "UPDATE t SET v = 'it''s' WHERE id = 1", "UPDATE t SET v = 'a' 'b' WHERE id = 1", "DO (SELECT 1); DELETE FROM t WHERE id = 1", "(SELECT 1) UNION (SELECT 2); DELETE FROM t WHERE id = 1",
		"UPDATE t SET v = 'x' WHERE id = 1;", "DELETE a FROM t AS a LEFT JOIN s ON a.id = s.id WHERE s.id IS NOT NULL", "LOCK TABLES t WRITE; DELETE FROM t WHERE id = 1; UNLOCK TABLES", "WITH one AS (SELECT 1 AS id) SELECT * FROM one; DELETE FROM t WHERE id = 1",
		"INSERT INTO t WITH one AS (SELECT 9 AS id, 'x' AS v) SELECT * FROM one", "DELETE FROM t WHERE id IN (WITH one AS (SELECT 1 AS id) SELECT id FROM one)", "SET @k = 1; DELETE FROM t WHERE id = @k",
	)...)
	all = append(all, forms(parse.SQLite,
		"UPDATE t SET rowid = 9 WHERE id = 1", "INSERT INTO t (rowid, v) VALUES (9, 'x')", "REPLACE INTO t (rowid, v) VALUES (1, 'x')", "UPDATE OR REPLACE t SET rowid = 2 WHERE id = 1",
		"INSERT OR REPLACE INTO t (id, v) SELECT 1, 'x'", "UPDATE OR IGNORE t SET id = 9 WHERE id = 1", "INSERT INTO t VALUES (1.0, 'x') ON CONFLICT DO UPDATE SET v = 'y'", "REPLACE INTO t VALUES ('1', 'x')",
		"UPDATE t SET [id] = 9 WHERE `id` = 1", "REPLACE INTO t VALUES (1, 'x'), (2, 'y')",
	)...)
	all = append(all, forms(parse.PostgreSQL,
		"UPDATE ONLY t SET id = 9 WHERE id = 1", "UPDATE t SET (id) = ROW(9) WHERE id = 1",
		"WITH t AS (UPDATE t SET v = 'x' WHERE id = 1 RETURNING *) SELECT * FROM t", "WITH x AS (SELECT 1 AS id) DELETE FROM t USING x WHERE t.id = x.id",
		"MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET id = 9", "MERGE INTO t AS s USING s AS t ON t.id = s.id WHEN MATCHED THEN DELETE",
		"EXPLAIN (ANALYZE, COSTS off) DELETE FROM t WHERE id = 1", "DO 'BEGIN DELETE FROM t WHERE id = 1; END'", "TRUNCATE TABLE ONLY t",
	)...)
	tryForms(t, all)
}

func TestC15FormsOverSeveralStatements(t *testing.T) {
	all := []trapForm{
		{only: parse.PostgreSQL, text: []string{"PREPARE p AS UPDATE t SET v = 'new' WHERE id = 1", "EXECUTE p", "DEALLOCATE p"}},
		{only: parse.PostgreSQL, text: []string{"BEGIN", "DECLARE c CURSOR FOR SELECT * FROM t WHERE id = 1 FOR UPDATE", "FETCH NEXT FROM c", "UPDATE t SET v = 'new' WHERE CURRENT OF c", "COMMIT"}},
		{only: parse.PostgreSQL, text: []string{"BEGIN", "SAVEPOINT a", "UPDATE t SET v = 'no' WHERE id = 1", "ROLLBACK TO a", "UPDATE t SET v = 'new' WHERE id = 2", "END"}},
		{only: parse.PostgreSQL, text: []string{"BEGIN", "UPDATE t SET v = 'new' WHERE id = 1", "COMMIT AND CHAIN", "UPDATE t SET v = 'new' WHERE id = 2", "COMMIT"}},
		{only: parse.PostgreSQL, text: []string{"BEGIN", "UPDATE t SET v = 'no' WHERE id = 1", "ROLLBACK AND CHAIN", "UPDATE t SET v = 'new' WHERE id = 2", "COMMIT"}},
		{only: parse.PostgreSQL, text: []string{"CREATE TEMP VIEW tv AS SELECT * FROM t", "UPDATE tv SET v = 'new' WHERE id = 1", "DROP VIEW tv"}},
		{only: parse.PostgreSQL, text: []string{"SET search_path TO pg_catalog", "UPDATE public.t SET v = 'new' WHERE id = 1", "RESET search_path"}},
		{only: parse.PostgreSQL, text: []string{"SET standard_conforming_strings TO off", `UPDATE t SET v = 'x\' WHERE id = 3 --' WHERE id = 1`, "RESET standard_conforming_strings"}},
		{only: parse.MySQL, text: []string{"PREPARE p FROM 'UPDATE t SET v = ''new'' WHERE id = 1'", "EXECUTE p", "DEALLOCATE PREPARE p"}},
		{only: parse.MySQL, text: []string{"SET @k = 1, @v = 'new'", "PREPARE p FROM 'UPDATE t SET v = ? WHERE id = ?'", "EXECUTE p USING @v, @k", "DROP PREPARE p"}},
		{only: parse.MySQL, text: []string{"SET autocommit = 0", "UPDATE t SET v = 'new' WHERE id = 1", "COMMIT", "SET autocommit = 1"}},
		{only: parse.MySQL, text: []string{"SET @@session.autocommit = OFF", "UPDATE t SET v = 'new' WHERE id = 1", "SET autocommit = ON"}},
		{only: parse.MySQL, text: []string{"START TRANSACTION WITH CONSISTENT SNAPSHOT", "UPDATE t SET v = 'new' WHERE id = 1", "COMMIT WORK AND CHAIN", "UPDATE t SET v = 'new' WHERE id = 2", "COMMIT"}},
		{only: parse.MySQL, text: []string{"BEGIN WORK", "UPDATE t SET v = 'no' WHERE id = 1", "ROLLBACK AND CHAIN NO RELEASE", "UPDATE t SET v = 'new' WHERE id = 2", "COMMIT AND NO CHAIN"}},
		{only: parse.MySQL, text: []string{"BEGIN", "UPDATE t SET v = 'new' WHERE id = 1", "BEGIN", "ROLLBACK"}},
		{only: parse.MySQL, text: []string{"BEGIN", "UPDATE t SET v = 'new' WHERE id = 1", "CREATE TABLE made (id INTEGER)", "DROP TABLE made", "ROLLBACK"}},
		{only: parse.MySQL, text: []string{"BEGIN", "UPDATE t SET v = 'new' WHERE id = 1", "TRUNCATE TABLE s", "ROLLBACK", "INSERT INTO s VALUES (1, 's')"}},
		{only: parse.MySQL, text: []string{"BEGIN", "UPDATE t SET v = 'new' WHERE id = 1", "LOCK TABLES s READ", "UNLOCK TABLES", "ROLLBACK"}},
		{only: parse.MySQL, text: []string{"SET completion_type = 'CHAIN'", "BEGIN", "UPDATE t SET v = 'new' WHERE id = 1", "COMMIT", "UPDATE t SET v = 'new' WHERE id = 2", "COMMIT", "SET completion_type = DEFAULT", "ROLLBACK"}},
		{only: parse.MySQL, text: []string{"XA START 'x'", "UPDATE t SET v = 'new' WHERE id = 1", "XA END 'x'", "XA COMMIT 'x' ONE PHASE"}},
		{only: parse.MySQL, text: []string{"XA START 'x'", "UPDATE t SET v = 'new' WHERE id = 1", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"}},
		{only: parse.MySQL, text: []string{"LOCK TABLES t WRITE, s READ", "UPDATE t SET v = 'new' WHERE id = 1", "UNLOCK TABLES"}},
		{only: parse.MySQL, text: []string{"LOCK TABLES t AS x WRITE", "UPDATE t AS x SET v = 'new' WHERE x.id = 1", "UNLOCK TABLES"}},
		{only: parse.MySQL, text: []string{"SET sql_mode = 'NO_BACKSLASH_ESCAPES'", `UPDATE t SET v = 'x\' WHERE id = 1 -- ' WHERE id = 3`, "SET sql_mode = DEFAULT"}},
		{only: parse.MySQL, text: []string{"SET sql_mode = 'NO_BACKSLASH_ESCAPES'", `DELETE FROM s WHERE v = 'x\'; DELETE FROM t WHERE v <> '' -- '`, "SET sql_mode = DEFAULT"}},
		{only: parse.MySQL, text: []string{"SET sql_mode = 'PIPES_AS_CONCAT'", "UPDATE t SET v = 'new' WHERE id = '' || 1", "SET sql_mode = DEFAULT"}},
		{only: parse.MySQL, text: []string{"SET sql_mode = 'HIGH_NOT_PRECEDENCE'", "UPDATE t SET v = 'new' WHERE NOT id BETWEEN -5 AND 0", "SET sql_mode = DEFAULT"}},
		{only: parse.MySQL, text: []string{"SET NAMES gbk", "UPDATE t SET v = 'new' WHERE id = 1", "SET NAMES utf8mb4"}},
		{only: parse.MySQL, text: []string{"CREATE TEMPORARY TABLE s (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO s VALUES (1, 'x')", "UPDATE t, s SET t.v = s.v WHERE t.id = s.id", "DROP TEMPORARY TABLE s"}},
		{only: parse.MySQL, text: []string{"CREATE TEMPORARY TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "UPDATE t SET v = 'mine'", "DROP TEMPORARY TABLE t", "UPDATE t SET v = 'new' WHERE id = 1"}},
		{only: parse.MySQL, text: []string{"UPDATE t SET v = ? WHERE id = ?"}, args: []any{"new", 1}},
		{only: parse.MySQL, text: []string{"INSERT INTO t (v, id) VALUES (?, ?)"}, args: []any{"new", 9}},
		{only: parse.MySQL, text: []string{"UPDATE t SET v = 'x?' /* ? */ WHERE id = ? -- ?"}, args: []any{1}},
		{only: parse.MySQL, text: []string{"DELETE FROM t WHERE ? = id"}, args: []any{1}},
		{only: parse.MySQL, text: []string{"REPLACE INTO t SET v = ?, id = ?"}, args: []any{"new", 1}},
		{only: parse.MySQL, text: []string{"INSERT INTO t VALUES (?, ?) ON DUPLICATE KEY UPDATE id = ?, v = ?"}, args: []any{1, "x", 9, "new"}},
		{only: parse.MySQL, text: []string{"UPDATE t SET v = 'new' WHERE id = ? LIMIT ?"}, args: []any{1, 1}},
		{only: parse.SQLite, text: []string{"BEGIN IMMEDIATE", "UPDATE t SET v = 'new' WHERE id = 1", "END TRANSACTION"}},
		{only: parse.SQLite, text: []string{"BEGIN EXCLUSIVE", "DELETE FROM t WHERE id = 1", "COMMIT TRANSACTION"}},
		{only: parse.SQLite, text: []string{"SAVEPOINT a", "SAVEPOINT b", "UPDATE t SET v = 'new' WHERE id = 1", "RELEASE b", "RELEASE SAVEPOINT a"}},
		{only: parse.SQLite, text: []string{"CREATE TEMP TRIGGER tr AFTER UPDATE ON main.s BEGIN UPDATE t SET v = 'by a trigger' WHERE id = 1; END", "UPDATE s SET v = 'x'", "DROP TRIGGER tr"}},
		{only: parse.SQLite, text: []string{"CREATE TEMP TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO t VALUES (9, 'x')", "UPDATE main.t SET v = 'new' WHERE id = 1", "DROP TABLE temp.t"}},
		{only: parse.SQLite, text: []string{"UPDATE t SET v = @v WHERE id = @id"}, args: []any{sql.Named("id", 1), sql.Named("v", "new")}},
		{only: parse.SQLite, text: []string{"UPDATE t SET v = ?2 WHERE id = ?1"}, args: []any{1, "new"}},
		{only: parse.SQLite, text: []string{"UPDATE t SET v = :v WHERE id = $id"}, args: []any{sql.Named("v", "new"), sql.Named("id", 1)}},
		{only: parse.PostgreSQL, text: []string{"UPDATE t SET v = $2 WHERE id = $1"}, args: []any{1, "new"}},
		{only: parse.PostgreSQL, text: []string{"UPDATE t SET v = $1 WHERE id = $2::text::int"}, args: []any{"new", "1"}},
	}
	tryForms(t, all)
}

func TestC1FormsOfArguments(t *testing.T) {
	one := 1
	var all []trapForm
	for _, arg := range []any{1, int8(1), int16(1), int32(1), int64(1), uint8(1), uint16(1), uint32(1), uint64(1), &one, sql.NullInt64{Int64: 1, Valid: true}, sql.NullInt32{Int32: 1, Valid: true}, trapID(1)} {
		all = append(all, trapForm{text: []string{"UPDATE t SET v = 'new' WHERE id = ?"}, args: []any{arg}},
			trapForm{text: []string{"DELETE FROM t WHERE id IN (?, 7)"}, args: []any{arg}})
	}
	for _, arg := range []any{"1", 1.0, true, "1.0"} { // SQLite's column makes an integer of them
		all = append(all, trapForm{only: parse.SQLite, text: []string{"UPDATE t SET v = 'new' WHERE id = ?"}, args: []any{arg}})
	}
	all = append(all, trapForm{only: parse.PostgreSQL, text: []string{"UPDATE t SET v = 'new' WHERE id = ?"}, args: []any{"1"}})
	for _, arg := range []any{"1", "01", " 1", "1.0", "1e0", 1.0, true, []byte("1"), uint64(1)} {
		all = append(all, trapForm{only: parse.MySQL, text: []string{"UPDATE t SET v = 'new' WHERE id = ?"}, args: []any{arg}})
	}
	for _, arg := range []any{"9", "09", 9.4, []byte("9"), uint64(9)} {
		all = append(all, trapForm{only: parse.MySQL, text: []string{"INSERT INTO t (id, v) VALUES (?, 'x')"}, args: []any{arg}},
			trapForm{only: parse.MySQL, text: []string{"UPDATE t SET id = ? WHERE id = 1"}, args: []any{arg}})
	}
	tryForms(t, all)
}

// trapID is a key as programs make it.
type trapID int64

// A context that ends while the statement waits for a row lock: the server may
// still carry it out.
func TestB17ContextEndsWhileAWriteWaitsForALock(t *testing.T) {
	trap{only: parse.PostgreSQL}.run(t, func(t *testing.T, g *trapRig) {
		g.warm(byID1)
		lock := g.begin(g.bare, nil)
		g.read(lock, "SELECT id FROM t WHERE id = 1 FOR UPDATE")
		ctx, cancel := context.WithCancel(g.ctx)
		defer cancel()
		done := trapAsync(func() error { _, err := g.W.ExecContext(ctx, "UPDATE t SET v = 'new' WHERE id = 1"); return err })
		trapUntil(t, func() bool {
			return strings.HasPrefix(g.read(g.bare, "SELECT count(*) FROM pg_locks WHERE NOT granted"), "count=1")
		}, func() string { return "the write never waits for the lock" })
		cancel()
		if err := trapAwait(t, "the cancelled write", done); err == nil {
			t.Error("the cancelled write succeeded")
		}
		g.read(g.R, byID1)
		g.sync()
		if err := lock.Rollback(); err != nil {
			t.Fatal(err)
		}
		g.fresh(byID1)
		g.warm(byID1)
		g.fresh(byID1)
		g.changes(func() { g.exec(g.W, "UPDATE t SET v = 'newer' WHERE id = 1") }, byID1)
	})
}
