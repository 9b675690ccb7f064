package parse

import (
	"slices"
	"strings"
	"testing"
)

// factsCase is a text and the brief of its facts.
type factsCase struct{ text, want string }

func checkBriefs(t *testing.T, d Dialect, cases []factsCase) {
	t.Helper()
	for _, c := range cases {
		if got := brief(Parse(d, c.text)); got != c.want {
			t.Errorf("%v: %s\n got %s\nwant %s", d, c.text, got, c.want)
		}
	}
}

// checkBoth checks texts that both dialects read the same way.
func checkBoth(t *testing.T, cases []factsCase) {
	t.Helper()
	checkBriefs(t, PostgreSQL, cases)
	checkBriefs(t, SQLite, cases)
}

func TestC1C2C3BulkWritesNameTheirTable(t *testing.T) {
	checkBoth(t, []factsCase{
		{"UPDATE authors SET bio = 'x' WHERE name > 'a'", "write; update: authors rest set bio='x'"},
		{"UPDATE authors SET bio = ''", "write; update: authors set bio=''"},
		{"DELETE FROM authors WHERE name > 'a'", "write; delete: authors rest"},
		{"DELETE FROM authors", "write; delete: authors"},
		{"DELETE FROM authors WHERE id = 1", "write; delete: authors where id=1"},
	})
}

func TestC5UpsertsSayWhichRowsTheyMayChange(t *testing.T) {
	checkBoth(t, []factsCase{
		{"INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = 2", "write; insert: a(id) row(1) on conflict(id) do-update set n=2"},
		{"INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO NOTHING", "write; insert: a(id) row(1) on conflict(id) do-nothing"},
	})
	checkBriefs(t, PostgreSQL, []factsCase{
		{"MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", "write; merge: a rest"},
	})
	checkBriefs(t, SQLite, []factsCase{
		{"REPLACE INTO a (id) VALUES (1)", "write; insert: a(id) row(1) on conflict replaces"},
		{"INSERT OR REPLACE INTO a (id) VALUES (1)", "write; insert: a(id) row(1) on conflict replaces"},
	})
}

func TestC6DataModifyingCTEIsAWrite(t *testing.T) {
	checkBriefs(t, PostgreSQL, []factsCase{
		{"WITH x AS (UPDATE a SET n = 1 RETURNING *) SELECT * FROM x", "write; update: a set n=1 returning"},
	})
}

func TestC8CopyFromIsAWriteAndCopyToARead(t *testing.T) {
	checkBriefs(t, PostgreSQL, []factsCase{
		{`COPY "authors" ("id", "name") FROM STDIN`, "write; copy: authors(id, name)"},
		{"COPY authors TO STDOUT", "read; reason: not a SELECT"},
		{"COPY (INSERT INTO a VALUES (1) RETURNING *) TO STDOUT", "write; insert: a row(1) returning"},
	})
}

func TestC9WritesWithOtherTablesFixNoRows(t *testing.T) {
	checkBoth(t, []factsCase{
		{"INSERT INTO a SELECT * FROM b", "write; insert: a"},
		{"UPDATE a SET n = b.n FROM b WHERE a.id = 1", "write; update: a rest set n=<expression>"},
	})
	checkBriefs(t, PostgreSQL, []factsCase{
		{"DELETE FROM a USING b WHERE a.id = 1", "write; delete: a rest"},
	})
}

func TestC14ExplainAnalyzeOfAWriteIsAWrite(t *testing.T) {
	checkBriefs(t, PostgreSQL, []factsCase{
		{"EXPLAIN ANALYZE INSERT INTO a VALUES (1)", "write; insert: a row(1)"},
		{"EXPLAIN (VERBOSE) INSERT INTO a VALUES (1)", "read; reason: EXPLAIN"},
		{"EXPLAIN VERBOSE INSERT INTO a VALUES (1)", "read; reason: EXPLAIN"},
	})
}

func TestC15SeveralStatementsAreTheirUnion(t *testing.T) {
	checkBoth(t, []factsCase{
		{"SELECT 1; DELETE FROM a; ;", "write; statements: 2; delete: a"},
		{"BEGIN; DELETE FROM a; COMMIT", "transaction; statements: 3; delete: a; tx: several"},
		{"BEGIN; DELETE FROM a", "transaction; statements: 2; delete: a; tx: begin"},
		{"DROP TABLE a; DELETE FROM b", "schema; statements: 2; create: a; delete: b; schema"},
		{" -- nothing\n ; /* at all */", "read; reason: empty text; statements: 0"},
		{"", "read; reason: empty text; statements: 0"},
	})
}

func TestC16TextThatDoesNotParseIsOpaque(t *testing.T) {
	checkBoth(t, []factsCase{
		{"UPDAET authors SET n = 1", "opaque; reason: syntax error; statements: 0; session"},
		{"UPDATE authors SETT n = 1", "opaque; reason: syntax error; statements: 0"},
		{"SELECT 1; UPDATE authors SETT n = 1", "opaque; reason: syntax error; statements: 0"},
		{"SELECT 'x", "opaque; reason: unterminated quote or comment; statements: 0; session; tx: several"},
		{"SELECT 1\x00; DELETE FROM a", "opaque; reason: NUL byte in the text; statements: 0; session; tx: several"},
		{"SELECT x y z", "read; reason: not parsed; read by the scanner"},
		{"BEGIN FROB", "opaque; reason: syntax error; statements: 0; session; tx: several"},
	})
	for _, d := range []Dialect{UnknownDialect, 99} {
		if f := Parse(d, "SELECT 1"); f.Kind != Opaque || f.Reason != reasonDialect {
			t.Errorf("%v: %s", d, brief(f))
		}
	}
}

func TestC16UnparsedReadListsWhatItMayCall(t *testing.T) {
	f := Parse(PostgreSQL, `SELECT Nope(1), s."Wipe All"(2), count (*) FROM a WHERE (x IN (1)) AND y +~ 3 FROM`)
	want := "read\nreason: not parsed; read by the scanner\nfunctions: nope, s.Wipe All, count\noperators: * +~\n"
	if got := describe(f); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestC18ReturningIsStillAWrite(t *testing.T) {
	checkBoth(t, []factsCase{
		{"UPDATE a SET n = 1 WHERE id = 2 RETURNING *", "write; update: a where id=2 set n=1 returning"},
	})
}

func TestC21NamesAreResolvedAsTheDialectDoes(t *testing.T) {
	checkBriefs(t, PostgreSQL, []factsCase{
		{`UPDATE Public."Authors" SET Name = 'x' WHERE ID = 1`, "write; update: public.Authors where id=1 set name='x'"},
		{`SELECT books.id FROM authors AS books WHERE books.id = 1`, "read; select: authors as books where books.id=1"},
		{`SELECT authors.id FROM authors AS books WHERE books.id = 1`, "read; reason: qualifier that is not the table"},
		{`DELETE FROM authors AS books WHERE books.id = 1`, "write; delete: authors as books where books.id=1"},
	})
	checkBriefs(t, SQLite, []factsCase{
		{"UPDATE main.[Authors] SET Name = 'x' WHERE AUTHORS.ID = 1", "write; update: main.Authors where AUTHORS.ID=1 set Name='x'"},
		{"SELECT books.id FROM `authors` AS Books WHERE books.id = 1", "read; select: authors as Books where books.id=1"},
	})
}

func TestC22WordsInLiteralsAndNamesAreNotWrites(t *testing.T) {
	checkBoth(t, []factsCase{
		{"SELECT updated_at FROM t WHERE id = 1", "read; select: t where id=1"},
		{"SELECT 'delete from t' FROM t WHERE id = 1", "read; select: t where id=1"},
		{"SELECT id /* ; DELETE FROM t */ FROM t -- ; DROP TABLE t", "read; select: t"},
		{`SELECT "insert", "update" FROM "delete" WHERE id = 1`, "read; select: delete where id=1"},
		{"DELETE FROM authors_old WHERE id = 1", "write; delete: authors_old where id=1"},
	})
	checkBriefs(t, PostgreSQL, []factsCase{
		{"SELECT update, t.delete, insert FROM t WHERE update = 1", "read; select: t where update=1"},
		{"SELECT (update), count(delete) FROM t WHERE (insert) > 1", "read; select: t rest; functions: count"},
		{"SELECT $$ ; DELETE FROM t $$, $a$ $$ INSERT INTO $a$, E'\\'; DELETE FROM t' FROM t", "read; select: t"},
		{"SELECT id /* /* nested */ ; DELETE FROM t */ FROM t", "read; select: t"},
		{"SELECT id FROM t ORDER BY replace(a, 'into', 'set')", "read; select: t; functions: replace"},
	})
	checkBriefs(t, SQLite, []factsCase{
		{"SELECT [delete from t], `insert into` FROM t", "read; select: t"},
		{"SELECT replace(a, 'b', 'c') FROM t", "read; select: t; functions: replace"},
		{`SELECT '\' FROM t WHERE x = '; DELETE FROM t'`, "read; select: t where x='; DELETE FROM t'"},
	})
}

func TestC26QueriesThatMakeTables(t *testing.T) {
	checkBriefs(t, PostgreSQL, []factsCase{
		{"SELECT * INTO b FROM a", "schema; create: b; schema"},
		{"CREATE TABLE b AS SELECT * FROM a", "schema; create: b; schema"},
		{"SELECT * INTO TEMPORARY b FROM a", "schema; create: b; schema; session"},
	})
	checkBriefs(t, SQLite, []factsCase{
		{"CREATE TABLE b AS SELECT * FROM a", "schema; create: b; schema"},
		{"CREATE TEMP TABLE b AS SELECT * FROM a", "schema; create: b; schema; session"},
	})
}

func TestD1LocksAreSeenAnywhere(t *testing.T) {
	for _, lock := range []string{"UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE", "UPDATE SKIP LOCKED", "SHARE NOWAIT", "UPDATE OF a"} {
		for _, text := range []string{
			"SELECT * FROM a WHERE id = 1 FOR " + lock,
			"SELECT * FROM (SELECT * FROM a FOR " + lock + ") AS a",
			"WITH x AS (SELECT * FROM a FOR " + lock + ") SELECT * FROM x",
		} {
			if f := Parse(PostgreSQL, text); f.Kind != Read || !f.Locks {
				t.Errorf("%s: %s", text, brief(f))
			}
		}
	}
	if Parse(PostgreSQL, "SELECT 'for update' FROM a -- FOR UPDATE").Locks {
		t.Error("a literal locks")
	}
}

func TestD2FunctionsAreNamed(t *testing.T) {
	for d, cases := range map[Dialect]map[string]string{
		PostgreSQL: {
			"now()": "now", "random()": "random", "nextval('s')": "nextval", "pg_catalog.pg_advisory_lock(1)": "pg_catalog.pg_advisory_lock",
			"CURRENT_TIMESTAMP": "current_timestamp", "current_timestamp(3)": "current_timestamp", "CURRENT_USER": "current_user",
			"LOCALTIME": "localtime", "session_user": "session_user", "USER": "user", "current_schema": "current_schema",
			"current_catalog": "current_catalog", "current_role": "current_role", "current_date": "current_date", "localtimestamp": "localtimestamp",
			"COALESCE(1, greatest(f(), 2))": "f",
		},
		SQLite: {
			"CURRENT_TIME": "current_time", "current_date": "current_date", "RANDOM()": "random", "last_insert_rowid()": "last_insert_rowid",
			"changes()": "changes", "datetime('now')": "datetime",
		},
	} {
		for call, want := range cases {
			f := Parse(d, "SELECT "+call+" FROM a WHERE id = 1")
			if got := list(f.Functions, func(f Function) string { return tableText(Table(f)) }); got != want {
				t.Errorf("%v: %s calls %q, want %q", d, call, got, want)
			}
		}
	}
}

func TestD9OtherConditionsAreTheRest(t *testing.T) {
	checkBoth(t, []factsCase{
		{"SELECT * FROM a WHERE id = 1 AND tenant = 2", "read; select: a where id=1, tenant=2"},
		{"SELECT * FROM a WHERE id = 1 AND (tenant = 2 OR ok)", "read; select: a where id=1 rest"},
		{"SELECT * FROM a WHERE id = 1 OR id = 2", "read; select: a rest"},
		{"SELECT * FROM a WHERE NOT id = 1", "read; select: a rest"},
		{"SELECT * FROM a WHERE id BETWEEN 1 AND 2", "read; select: a rest"},
		{"SELECT * FROM a JOIN b ON a.id = b.id WHERE a.id = 1", "read; reason: not exactly one plain table in FROM"},
	})
}

func TestD11LimitAndOffset(t *testing.T) {
	checkBoth(t, []factsCase{
		{"SELECT * FROM a WHERE id = 1 ORDER BY id LIMIT 1", "read; select: a where id=1 limit at-least-1"},
		{"SELECT * FROM a WHERE id = 1 LIMIT 0", "read; select: a where id=1 limit other"},
		{"SELECT * FROM a WHERE id = 1 LIMIT 1 OFFSET 1", "read; select: a where id=1 limit at-least-1 offset"},
		{"SELECT * FROM a WHERE id = 1 LIMIT 1 + 1", "read; select: a where id=1 limit other"},
	})
}

func TestD14EqualitiesEitherWayRoundWithCasts(t *testing.T) {
	checkBriefs(t, PostgreSQL, []factsCase{
		{"SELECT * FROM a WHERE $1 = id", "read; select: a where id=$1"},
		{"SELECT * FROM a WHERE id = $1::uuid", "read; select: a where id=$1::uuid"},
		{"SELECT * FROM a WHERE id = '1' -- not id = 2", "read; select: a where id='1'"},
		{"SELECT * FROM a WHERE id::text = $1", "read; select: a rest"},
	})
	checkBriefs(t, SQLite, []factsCase{
		{"SELECT * FROM a WHERE ?1 == id", "read; select: a where id=$1"},
		{"SELECT * FROM a WHERE CAST(id AS TEXT) = ?", "read; select: a rest"},
	})
}

func TestD17ColumnsAreWholeNames(t *testing.T) {
	checkBoth(t, []factsCase{
		{"SELECT paid FROM a WHERE paid = 1 AND video = 2 AND account_id = 3", "read; select: a where paid=1, video=2, account_id=3"},
	})
}

func TestD21SubSelectsAndWholeRowsAreNotPlain(t *testing.T) {
	checkBoth(t, []factsCase{
		{"SELECT *, (SELECT count(*) FROM t) FROM t WHERE id = 1", "read; reason: sub-select; functions: count"},
	})
	checkBriefs(t, PostgreSQL, []factsCase{
		{"SELECT a FROM authors a WHERE id = 1", "read; reason: whole-row reference"},
		{"SELECT authors FROM authors WHERE id = 1", "read; reason: whole-row reference"},
		{"SELECT a.full_name FROM authors a WHERE id = 1", "read; select: authors as a where id=1"},
	})
}

func TestBackslashBeforeAQuoteIsOpaqueInPostgreSQL(t *testing.T) {
	for text, want := range map[string]Kind{
		`SELECT '\' FROM t WHERE x = '; DELETE FROM t; --'`: Opaque,
		`SELECT 'a\'' FROM t`:                               Opaque,
		`SELECT 'a\\' FROM t`:                               Read,
		`SELECT 'a\b' FROM t`:                               Read,
		`SELECT E'a\'b' FROM t`:                             Read,
		`SELECT e'\\' FROM t`:                               Read,
		"SELECT E'a'\n'b\\'' x":                             Opaque,
		`SELECT "a\" FROM t`:                                Read,
		`SELECT $$a\'$$ FROM t`:                             Read,
		`SELECT U&'\0061\' FROM t`:                          Opaque,
	} {
		if f := Parse(PostgreSQL, text); f.Kind != want {
			t.Errorf("%s: %s", text, brief(f))
		}
	}
}

func TestPostgresCatalogChangedByHandIsSchema(t *testing.T) {
	checkBriefs(t, PostgreSQL, []factsCase{
		{"DELETE FROM pg_catalog.pg_class", "schema; delete: pg_catalog.pg_class; schema; session"},
	})
}

func TestNamesAfterADotAreReported(t *testing.T) {
	f := Parse(PostgreSQL, `UPDATE o SET v = (x).a WHERE o.b = (f(o.*)).c[1].d AND s.o.e > plain RETURNING (o.g).*`)
	want := []Attribute{{"a", true}, {"b", false}, {"c", true}, {"d", true}, {"o", true}, {"e", true}, {"g", false}}
	for _, a := range want {
		if !slices.Contains(f.Attributes, a) {
			t.Errorf("%+v is missing in %+v", a, f.Attributes)
		}
	}
	if len(f.Attributes) != len(want) {
		t.Errorf("%+v, want %+v", f.Attributes, want)
	}
}

func TestQueryNameIsReadFromTheLeadingComment(t *testing.T) {
	for text, want := range map[string]string{
		"-- name: GetAuthor :one\nSELECT 1":                   "GetAuthor :one",
		"/* name: GetAuthor :many */ SELECT 1":                "GetAuthor :many",
		"/* name: GetAuthor :one\n */ SELECT 1":               "GetAuthor :one",
		"# name: GetAuthor :exec\nSELECT 1":                   "GetAuthor :exec",
		"-- a remark\n\n  --name: GetAuthor :one\r\nSELECT 1": "GetAuthor :one",
		"SELECT 1 -- name: GetAuthor :one":                    " ",
		"-- name: GetAuthor\nSELECT 1":                        " ",
		"-- names: GetAuthor :one\nSELECT 1":                  " ",
		"-- name: GetAuthor :one":                             "GetAuthor :one",
		"/* name: GetAuthor :one":                             "GetAuthor :one",
		"":                                                    " ",
	} {
		f := Parse(PostgreSQL, text)
		if got := f.Query + " " + f.Command; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestManyNamesAreEachListedOnce(t *testing.T) {
	f := Parse(SQLite, "SELECT "+strings.Repeat("f(1),g(2),", 40)+strings.Repeat("h(1),", 5)+"a(1),b(1),c(1),d(1),e(1),i(1),j(1),k(1),l(1),m(1),n(1),o(1),p(1),q(1),r(1),r(1)")
	if len(f.Functions) != 18 {
		t.Errorf("%d functions: %v", len(f.Functions), f.Functions)
	}
}
