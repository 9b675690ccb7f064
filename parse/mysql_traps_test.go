package parse

import (
	"strings"
	"testing"
)

func TestMySQLC1C2C3BulkWritesNameTheirTable(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"UPDATE authors SET bio = 'x' WHERE name > 'a'", "write; update: authors rest set bio='x'"},
		{"UPDATE authors SET bio = ''", "write; update: authors set bio=''"},
		{"DELETE FROM authors WHERE name > 'a'", "write; delete: authors rest"},
		{"DELETE FROM authors", "write; delete: authors"},
		{"DELETE FROM authors WHERE id = 1", "write; delete: authors where id=1"},
	})
}

func TestMySQLC4TruncateIsAWriteThatCommits(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"TRUNCATE TABLE a.b", "write; truncate: a.b; commits"},
		{"truncate b", "write; truncate: b; commits"},
	})
}

func TestMySQLC5UpsertsSayWhichRowsTheyMayChange(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"INSERT INTO a (id) VALUES (1) ON DUPLICATE KEY UPDATE n = VALUES(id), m = 2", "write; insert: a(id) row(1) on conflict update-on-key set n=<expression>, m=2"},
		{"INSERT IGNORE INTO a (id) VALUES (1) ON DUPLICATE KEY UPDATE n = 1", "write; insert: a(id) row(1) on conflict update-on-key set n=1"},
		{"INSERT IGNORE a (id) VALUES (1)", "write; insert: a(id) row(1) on conflict do-nothing"},
		{"REPLACE a (id) VALUES (1)", "write; insert: a(id) row(1) on conflict replaces"},
		{"REPLACE LOW_PRIORITY INTO a SELECT * FROM b", "write; insert: a on conflict replaces"},
		{"UPDATE IGNORE a SET x = 1", "write; update: a set x=1 on conflict do-nothing"},
	})
}

func TestMySQLC7ProceduresAndPreparedTextsAreOpaque(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"CALL p()", "opaque; reason: procedure call; statements: 0; session; tx: several"},
		{"EXECUTE p", "opaque; reason: prepared statement run by name; statements: 0; session; tx: several"},
		{"EXECUTE IMMEDIATE 'DELETE FROM a'", "opaque; reason: syntax error; statements: 0; session; tx: several"},
		{"DO f(1)", "read; reason: not a SELECT; functions: f"},
	})
}

func TestMySQLC8LoadDataIsAWrite(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"LOAD DATA LOCAL INFILE 'f' INTO TABLE a", "write; copy: a on conflict do-nothing"},
		{"LOAD DATA INFILE 'f' REPLACE INTO TABLE a.b (x, y)", "write; copy: a.b(x, y) on conflict replaces"},
	})
}

func TestMySQLC9WritesOverSeveralTablesResolveTheirTargets(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"DELETE x FROM a AS x, b AS y WHERE x.id = 1", "write; delete: a as x rest"},
		{"DELETE a FROM b AS a, a AS b", "write; delete: b as a rest"},
		{"DELETE X.* FROM s.a AS x", "write; delete: s.a as x rest"},
		{"DELETE FROM x, b USING a AS x JOIN b", "write; delete: a as x rest; delete: b rest"},
		{"DELETE s.a FROM s.a, t.a", "write; delete: s.a rest"},
		{"DELETE a FROM s.a, t.a", "write; delete: s.a rest; delete: t.a rest"},
		{"UPDATE a AS x, b SET x.n = 1, m = 2", "write; update: a as x rest set n=1, m=2; update: b rest set m=2"},
		{"UPDATE (a JOIN b USING (id)) LEFT JOIN c ON c.x = a.x SET b.n = 1", "write; update: b rest set n=1"},
		{"WITH a AS (SELECT 1 AS n) UPDATE a, b SET n = 1", "write; update: b rest set n=1"},
		{"WITH a AS (SELECT 1 AS n) DELETE b FROM a, b", "write; delete: b rest"},
		{"WITH a AS (SELECT 1 AS n) UPDATE a SET n = 1", "opaque; reason: syntax that is not understood; statements: 0"},
		{"INSERT INTO a SELECT * FROM b", "write; insert: a"},
		{"INSERT INTO a WITH c AS (SELECT * FROM b) SELECT * FROM c", "write; insert: a"},
	})
}

func TestMySQLC14AnalyzeRunsWhatItExplains(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"EXPLAIN ANALYZE DELETE a FROM a JOIN b", "write; delete: a rest"},
		{"ANALYZE DELETE FROM a", "opaque; reason: syntax error; statements: 0; session; tx: several"},
		{"ANALYZE FORMAT=JSON UPDATE a SET x = 1", "opaque; reason: syntax error; statements: 0; session; tx: several"},
		{"EXPLAIN EXTENDED DELETE FROM a", "read; reason: not parsed; read by the scanner"},
		{"EXPLAIN PARTITIONS SELECT f(1) FROM a", "read; reason: not parsed; read by the scanner; functions: f"},
		{"EXPLAIN SELECT f(1) FROM a", "read; reason: EXPLAIN; functions: f"},
		{"SET STATEMENT max_statement_time = 1 FOR DELETE FROM a", "opaque; reason: syntax error; statements: 0; session; tx: several"},
	})
}

func TestMySQLC15SeveralStatementsAreTheirUnion(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"SELECT 1; DELETE FROM a; ;", "write; statements: 2; delete: a"},
		{"BEGIN; DELETE FROM a; COMMIT", "transaction; statements: 3; delete: a; tx: several; commits"},
		{"DROP TABLE a; DELETE FROM b", "schema; statements: 2; create: a; delete: b; schema; commits"},
		{"", "read; reason: empty text; statements: 0"},
		{"UPDATE a SET x = ? WHERE id = ?; UPDATE a SET x = ? WHERE id = 1", "write; statements: 2; update: a rest set x=<expression>; update: a where id=1 set x=<expression>"},
	})
}

func TestMySQLC16TextThatDoesNotParseIsOpaqueUnlessItReads(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"UPDAET a SET n = 1", "opaque; reason: syntax error; statements: 0; session; tx: several"},
		{"UPDATE a SETT n = 1", "opaque; reason: syntax error; statements: 0"},
		{"SELECT x y z", "read; reason: not parsed; read by the scanner"},
		{"VALUES (1), (2)", "read; reason: not parsed; read by the scanner"},
		{"(SELECT a b c)", "opaque; reason: syntax error; statements: 0"},
		{"WITH a AS (SELECT 1) SELECT x y z", "read; reason: not parsed; read by the scanner"},
		{"SELECT x y z FOR UPDATE", "opaque; reason: syntax error; statements: 0"},
		{"SELECT x y z LOCK IN SHARE MODE", "opaque; reason: syntax error; statements: 0"},
		{"SELECT x y z INTO OUTFILE 'f'", "opaque; reason: syntax error; statements: 0"},
		{"SELECT REPLACE(a, 1, 2), INSERT(a, 1, 2, 3), LEFT(a, 1) y z", "read; reason: not parsed; read by the scanner; functions: replace"},
		{"SELECT x y z; REPLACE a VALUES (1)", "opaque; reason: syntax error; statements: 0"},
		{"SELECT COLUMN_GET(a, 'b' AS INT), NEXT VALUE FOR s FROM t", "opaque; reason: syntax error; statements: 0"},
		{"SELECT COLUMN_GET(a, 'b' AS INT), @x, F (1) FROM t", "read; reason: not parsed; read by the scanner; functions: column_get, @x, f"},
	})
}

func TestMySQLC21NamesAreKeptAsWritten(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"UPDATE `Main`.`Au``thors` SET Name = 'x' WHERE ID = 1", "write; update: Main.Au`thors where ID=1 set Name='x'"},
		{"SELECT books.id FROM `authors` AS books WHERE books.id = 1", "read; select: authors as books where books.id=1"},
		{"SELECT authors.id FROM authors AS books WHERE books.id = 1", "read; reason: qualifier that is not the table"},
		{"SELECT main.authors.id FROM main.authors WHERE main.authors.id = 1", "read; select: main.authors where authors.id=1"},
	})
}

func TestMySQLC22WordsInLiteralsAndNamesAreNotWrites(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"SELECT updated_at FROM t WHERE id = 1", "read; select: t where id=1"},
		{"SELECT 'delete from t', \"; insert into t\" FROM t WHERE id = 1", "read; select: t where id=1; by mode"},
		{"SELECT id /* ; DELETE FROM t */ FROM t -- ; DROP TABLE t", "read; select: t"},
		{"SELECT id FROM t # ; DELETE FROM t\n WHERE id = 1", "read; select: t where id=1"},
		{"SELECT `insert`, t.update, `into` FROM `delete` t WHERE id = 1", "read; select: delete as t where id=1"},
		{"SELECT @delete, @`into`, @'set' FROM t", "read; select: t; functions: @delete, @into, @set"},
		{"SELECT 'it\\'s; DELETE FROM t' FROM t", "read; select: t; by mode"},
		{"SELECT 'a\\\\'; DELETE FROM t", "write; statements: 2; delete: t; by mode"},
		{"SELECT 'a''; DELETE FROM t'", "read; reason: not exactly one plain table in FROM"},
		{"SELECT `a\\`; DELETE FROM t", "write; statements: 2; delete: t"},
		{"SELECT N'; DELETE FROM t', _utf8'; DELETE FROM t' FROM t", "read; select: t"},
		{"DELETE FROM authors_old WHERE id = 1", "write; delete: authors_old where id=1"},
	})
}

func TestMySQLC26QueriesThatMakeTablesOrFiles(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"CREATE TABLE b AS SELECT * FROM a", "schema; create: b; schema; commits"},
		{"CREATE TABLE b SELECT * FROM a", "schema; create: b; schema; commits"},
		{"CREATE TEMPORARY TABLE b LIKE a", "schema; create: b; schema; session; commits"},
		{"SELECT * FROM a INTO OUTFILE 'f'", "opaque; reason: SELECT INTO a file; statements: 0"},
		{"SELECT * INTO DUMPFILE 'f' FROM a", "opaque; reason: SELECT INTO a file; statements: 0"},
		{"SELECT x INTO @x FROM a", "read; reason: SELECT INTO; functions: @x"},
	})
}

func TestMySQLB7TransactionsAndImplicitCommits(t *testing.T) {
	for text, want := range map[string]string{
		"START TRANSACTION": "transaction; tx: begin; commits", "BEGIN WORK": "transaction; tx: begin; commits",
		"COMMIT WORK": "transaction; tx: commit", "ROLLBACK": "transaction; tx: rollback",
		"COMMIT AND NO CHAIN": "transaction; tx: commit", "COMMIT AND CHAIN": "transaction; tx: several",
		"ROLLBACK TO s": "transaction; tx: savepoint", "SAVEPOINT s": "transaction; tx: savepoint",
		"SET autocommit=0": "session; session; tx: several; commits", "SET SESSION autocommit = 1": "session; session; tx: several; commits",
		"SET @@autocommit = 1": "session; session; tx: several; commits", "SET @a = 1, @@local.autocommit = 1": "session; session; tx: several; commits",
		"LOCK TABLES a READ": "session; session; commits", "UNLOCK TABLES": "session; session; commits",
		"XA START 'x'":    "opaque; reason: syntax that is not understood; statements: 0; session; tx: several",
		"ALTER TABLE a x": "opaque; reason: syntax error; statements: 0; session; tx: several",
	} {
		checkBriefs(t, MySQL, []factsCase{{text, want}})
	}
}

func TestMySQLD1LocksAreSeenAnywhere(t *testing.T) {
	for _, lock := range []string{"FOR UPDATE", "FOR SHARE", "LOCK IN SHARE MODE", "FOR UPDATE NOWAIT", "FOR UPDATE SKIP LOCKED", "FOR SHARE OF a"} {
		for _, text := range []string{
			"SELECT * FROM a WHERE id = 1 " + lock,
			"SELECT * FROM (SELECT * FROM a " + lock + ") AS a",
			"SELECT 1 UNION (SELECT id FROM a " + lock + ")",
		} {
			if f := Parse(MySQL, text); f.Kind != Read || !f.Locks {
				t.Errorf("%s: %s", text, brief(f))
			}
		}
	}
	for _, text := range []string{"SELECT 'for update' FROM a -- FOR UPDATE", "SELECT share FROM a WHERE share = 1"} {
		if Parse(MySQL, text).Locks {
			t.Errorf("locks: %s", text)
		}
	}
}

func TestMySQLD2FunctionsAndVariablesAreNamed(t *testing.T) {
	for call, want := range map[string]string{
		"NOW()": "now", "RAND()": "rand", "CURRENT_TIMESTAMP": "current_timestamp", "current_timestamp(3)": "current_timestamp",
		"CURRENT_USER": "current_user", "LOCALTIME": "localtime", "UTC_DATE": "utc_date", "SYSDATE()": "sysdate",
		"LAST_INSERT_ID()": "last_insert_id", "Found_Rows()": "found_rows", "NEXTVAL(s)": "nextval", "NEXT VALUE FOR s": "nextval",
		"s.My_F(1)": "s.my_f", "@Var": "@var", "@@Global.Time_Zone": "@@time_zone", "@a := 1": "@a", "SLEEP(1)": "sleep",
		"COALESCE(1, greatest(f(), 2))": "coalesce, greatest, f", "max(a) OVER ()": "max",
	} {
		f := Parse(MySQL, "SELECT "+call+" FROM a WHERE id = 1")
		if got := list(f.Functions, func(f Function) string { return tableText(Table(f)) }); got != want {
			t.Errorf("%s calls %q, want %q", call, got, want)
		}
	}
}

func TestMySQLD9OtherConditionsAreTheRest(t *testing.T) {
	checkBriefs(t, MySQL, []factsCase{
		{"SELECT * FROM a WHERE id = 1 AND (tenant = 2 OR ok)", "read; select: a where id=1 rest"},
		{"SELECT * FROM a WHERE id = 1 && tenant = 2", "read; select: a where id=1, tenant=2"},
		{"SELECT * FROM a WHERE id = 1 XOR id = 2", "read; select: a rest"},
		{"SELECT * FROM a WHERE NOT id = 1", "read; select: a rest"},
		{"SELECT * FROM a WHERE id <=> 1", "read; select: a rest"},
		{"SELECT * FROM a WHERE id = 1 = 2", "read; select: a rest"},
		{"SELECT * FROM a WHERE id NOT IN (1)", "read; select: a rest"},
		{"SELECT * FROM a WHERE id = +1", "read; select: a rest"},
		{"SELECT * FROM a WHERE id = @x", "read; select: a rest; functions: @x"},
		{"SELECT * FROM a JOIN b ON a.id = b.id WHERE a.id = 1", "read; reason: not exactly one plain table in FROM"},
	})
}

func TestMySQLTextThatDependsOnSQLModeIsMarked(t *testing.T) {
	for text, want := range map[string]bool{
		`SELECT "a" FROM t`: true, `SELECT 'a\'b' FROM t`: true, `SELECT 'a\\' FROM t`: true, `SELECT a || b FROM t`: true,
		`SELECT @"x" FROM t`: true, `INSERT INTO t VALUES ("x")`: true, `SELECT "x`: true, `FROB "x"`: true, `SELECT x y "z"`: true,
		`/*! x */ SELECT "a"`: true,
		`SELECT 'a' FROM t`:   false, "SELECT `a\\b\"` FROM t": false, `SELECT 1 /* "x" \' */ FROM t -- "x"`: false, `SELECT a | b FROM t # "`: false,
	} {
		if f := Parse(MySQL, text); f.ByMode != want {
			t.Errorf("%s: %v, want %v: %s", text, f.ByMode, want, brief(f))
		}
	}
}

func TestMySQLExecutableCommentsAndHintsAreOpaqueAnywhere(t *testing.T) {
	for _, text := range []string{
		"/*!50000 SELECT */ 1", "SELECT 1 /*! , 2 */", "SELECT 1 /*!*/", "/*M!100100 DELETE FROM a */", "SELECT /*m! 1, */ 2", "SELECT 1 /*T! x */",
		"/*T![auto_id_cache] x */ SELECT 1", "SELECT 1 /* /*! x */", "DELETE FROM a /*! WHERE id = 1 */", "SELECT 1; /*! DROP TABLE a */",
		"SELECT /*+ SET_VAR(sort_buffer_size = 1) */ 1", "select /*+ QB_NAME(x) set_Var(a=1) */ 1", "INSERT /*+ SET_VAR(a=1) */ INTO t VALUES (1)",
	} {
		f := Parse(MySQL, text)
		if f.Kind != Opaque || !f.Session || f.Reason != reasonExecutable && f.Reason != reasonSetVar {
			t.Errorf("%s: %s", text, brief(f))
		}
	}
	for _, text := range []string{
		"SELECT '/*! x */' FROM t", "SELECT `/*!` FROM t", "SELECT 1 -- /*! x */", "SELECT 1 # /*! x */\n", "SELECT \"/*M! x */\"",
		"SELECT /*+ NO_RANGE_OPTIMIZATION(t) */ a FROM t", "SELECT 1 /* ! x */", "SELECT /* M! */ 1", "SELECT 'SET_VAR' /* set_var */",
	} {
		if f := Parse(MySQL, text); f.Kind != Read {
			t.Errorf("%s: %s", text, brief(f))
		}
	}
}

func TestMySQLTextThatIsNotUTF8OutsideOfStringsIsOpaque(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT '\xff'": "", "INSERT INTO t VALUES (_binary'\xa0\xff')": "", "SELECT \"\x85\"": "",
		"SELECT \xff": reasonEncoding, "SELECT\xa01": reasonEncoding, "SELECT `\xff`": reasonEncoding, "SELECT 1 --\xa0x": reasonEncoding,
		"SELECT @\xff": reasonEncoding, "SELECT 1 /* \xff */ FROM t": reasonEncoding,
	} {
		f := Parse(MySQL, text)
		if f.Reason == reasonEncoding != (want != "") {
			t.Errorf("%q: %s", text, brief(f))
		}
	}
}

func TestMySQLPlaceholdersAreNumberedAsTheDriverSendsThem(t *testing.T) {
	f := Parse(MySQL, "SELECT '?', `?`, \"?\", ? /* ? */ FROM t WHERE a = ? -- ?\n AND b IN (?, ?) # ?\n LIMIT ?")
	want := "$1, $2, $3, $4, $5"
	if f.Select == nil || list(f.Select.Params, valueText) != want {
		t.Errorf("%s", describe(f))
	}
	f = Parse(MySQL, "INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE KEY UPDATE a = ?, b = ?")
	if got := changeText(f.Writes[0]); got != "t(a, b) row($1, $2) on conflict update-on-key set a=$3, b=$4" {
		t.Error(got)
	}
	f = Parse(MySQL, "DELETE FROM t WHERE a = ? RETURNING ?, (SELECT 1 FROM u WHERE x = ?)")
	if got := changeText(f.Writes[0]); got != "t where a=$1 returning" {
		t.Error(got)
	}
}

func TestMySQLLongNumberPanicsInTheParserAndIsReported(t *testing.T) {
	f := Parse(MySQL, "SELECT "+strings.Repeat("9", 90)+" FROM t")
	if f.Kind != Opaque || !f.Panicked || !f.Session {
		t.Error(brief(f))
	}
	// The parser that panicked is not used again.
	if f := Parse(MySQL, "SELECT 1 FROM t"); f.Select == nil {
		t.Error(brief(f))
	}
}

func TestMySQLVetoOfTheScanner(t *testing.T) {
	for _, text := range []string{
		"DELETE a FROM a, b", "WITH x AS (SELECT 1) DELETE a FROM a", "WITH x AS (SELECT 1) UPDATE a SET x = 1", "REPLACE a VALUES (1)",
		"SELECT 1 INTO OUTFILE 'x'", "SELECT 1 INTO x", "INSERT a VALUES (1)", "SET @a = 1, b = 2", "SET b = 2", "SET @@b = 1", "HANDLER a OPEN",
		"EXPLAIN ANALYZE DELETE FROM a", "XA START 'x'", "KILL 1", "FLUSH TABLES", "ANALYZE SELECT 1",
	} {
		if f := vetoed(&Facts{Kind: Read, Statements: 1, Select: &Select{}}, surveyText(MySQL, text)); f.Kind != Opaque {
			t.Errorf("%s: %s", text, brief(f))
		}
	}
	for _, text := range []string{
		"SELECT 1 INTO @x", "SELECT INSERT(a, 1, 2, 3), REPLACE (a, b, c) FROM t", "SELECT a.delete, a.update, a.into FROM a", "SET @a = 1, @b = f(1, 2)",
		"DO f()", "SELECT 1 FOR UPDATE", "EXPLAIN DELETE FROM a", "DESC UPDATE a SET x = 1", "DESCRIBE a", "SHOW TABLES", "TABLE a", "VALUES ROW(1)", "HELP 'x'",
	} {
		if f := vetoed(&Facts{Kind: Read, Statements: 1, Select: &Select{}}, surveyText(MySQL, text)); f.Kind != Read {
			t.Errorf("%s: %s", text, brief(f))
		}
	}
}
