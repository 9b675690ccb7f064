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
	tryForms(t, all)
}

func TestC10FormsOfSet(t *testing.T) {
	all := everywhere(
		"UPDATE t SET id = 9 WHERE id = 1", "UPDATE t SET id = 8 + 1 WHERE id = 1", "UPDATE t SET v = 'x', id = 9 WHERE id = 1", "UPDATE t SET id = '9' WHERE id = 1",
		"UPDATE t SET (id, v) = (9, 'x') WHERE id = 1", "UPDATE t SET (v, id) = (SELECT 'x', 9) WHERE id = 1", "UPDATE t SET id = id + 8 WHERE id = 1",
		"UPDATE t SET id = CASE id WHEN 1 THEN 9 ELSE id END", "UPDATE t SET id = (SELECT 9) WHERE id IN (1)", "UPDATE t AS x SET id = 9 WHERE x.id = 1",
		"INSERT INTO t VALUES (9, 'x'), (10, 'y')", "INSERT INTO t (v, id) VALUES ('x', 9)", "INSERT INTO t (id, v) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET id = 9",
		"INSERT INTO t (id, v) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET v = t.v || excluded.v WHERE t.id = 1",
		"INSERT INTO t (id, v) SELECT id + 8, v FROM t WHERE id = 1",
	)
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
