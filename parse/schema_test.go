package parse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// linesOf shows what a script declares: line and kind.
func linesOf(s *Script) (lines []string) {
	for _, st := range s.Statements {
		lines = append(lines, fmt.Sprintf("%d %s", st.Line, strings.TrimPrefix(fmt.Sprintf("%T", st.Declares), "*parse.")))
	}
	for _, m := range s.Mistakes {
		problem, _, _ := strings.Cut(m.Problem, ",")
		problem, _, _ = strings.Cut(problem, ":")
		lines = append(lines, fmt.Sprintf("%d mistake %s", m.Line, problem))
	}
	return lines
}

func TestScriptsAreCutWhereStatementsEnd(t *testing.T) {
	for _, c := range []struct {
		dialect Dialect
		text    string
		want    []string
	}{
		{PostgreSQL, "", nil},
		{PostgreSQL, ";;\n -- x;\n", nil},
		{PostgreSQL, "CREATE TABLE a (v text DEFAULT ';');\n\nCREATE FUNCTION f() RETURNS int AS $x$\nSELECT 1; $$;\n$x$ LANGUAGE sql; CREATE TABLE b (id int)",
			[]string{"1 CreateTable", "3 CreateFunction", "5 CreateTable"}},
		{PostgreSQL, "CREATE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 END;\n SELECT 2;\nEND;\nCREATE TABLE a (id int);",
			[]string{"1 CreateFunction", "6 CreateTable"}},
		{PostgreSQL, "CREATE RULE r AS ON UPDATE TO a DO ALSO (DELETE FROM b; DELETE FROM c);\nCREATE TABLE d (id int);", []string{"1 CreateRule", "2 CreateTable"}},
		{PostgreSQL, "\\restrict abc\n\nCOPY public.a (b, c, d, e, f, g, h) FROM stdin;\n1;\t'x\n\\N\t\"\n\\.\n\nCREATE TABLE b (id int);\n\\unrestrict abc\n", []string{"8 CreateTable"}},
		{PostgreSQL, "DO $$ BEGIN\n CREATE TYPE m AS ENUM ('a;b');\n CREATE ROLE r;\nEXCEPTION WHEN duplicate_object THEN NULL;\nEND $$;\nDO $x$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname IN ('d')) THEN CREATE DOMAIN d AS int; END IF; END; $x$",
			[]string{"1 CreateType", "6 CreateType"}},
		{PostgreSQL, "DO $$ BEGIN CREATE ROLE r; EXCEPTION WHEN duplicate_object THEN null; END $$;", nil},
		{PostgreSQL, "DO $$ BEGIN CREATE TABLE a (id int); END $$;\nDO $$ BEGIN CREATE TYPE a AS (b int); EXCEPTION WHEN others THEN DROP TABLE x; END $$;\n" +
			"DO $$ BEGIN IF f() THEN CREATE TYPE a AS (b int); END IF; END $$;\nDO $$ DECLARE x int; BEGIN EXECUTE 'x'; END $$;\nDO $$ BEGIN PERFORM f(); END $$;\nDO LANGUAGE plperl 'x';\nDO 'BEGIN END';",
			[]string{"1 mistake a statement that runs code which is not known", "2 mistake a statement that runs code which is not known", "3 mistake a statement that runs code which is not known",
				"4 mistake a statement that runs code which is not known", "5 mistake a statement that runs code which is not known", "6 mistake a statement that runs code which is not known",
				"7 mistake a statement that runs code which is not known"}},
		{PostgreSQL, "\\connect other\nCREATE TABLE b (id int);", []string{"2 CreateTable", "1 mistake a command of psql that reads"}},
		{PostgreSQL, "\\if :x\nDROP TABLE a;\n\\endif\n\\echo here \\i\tother.sql\n\\set x 1\n\\q\nDROP TABLE b;", []string{"2 DropObject", "7 DropObject",
			"1 mistake a command of psql that reads", "3 mistake a command of psql that reads",
			"4 mistake a command of psql that reads", "6 mistake a command of psql that reads"}},
		{PostgreSQL, "CREATE TABLE a (id int);\n--+goose Down\nDROP TABLE a;\n--migrate:up\n-- migrate:downgrade is not a mark\nCREATE TABLE b (id int);\n--  Down Migration --\n-- Down Migration\nDROP TABLE b;",
			[]string{"1 CreateTable", "6 CreateTable", "9 DropObject", "8 mistake a comment that looks like the mark of a migration's way down"}},
		{MySQL, "SET default_storage_engine = MEMORY", []string{"1 mistake SET default_storage_engine"}},
		{PostgreSQL, "CREATE TABLE a (id int);\n/* open", []string{"1 CreateTable"}},
		{PostgreSQL, "CREATE TABLE a (id int);\nCREATE TABLE b (v text DEFAULT 'open);\nCREATE", []string{"1 CreateTable", "2 mistake unterminated quote or comment"}},
		{SQLite, "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT CASE WHEN 1 THEN 2 END;\n DELETE FROM b;\nEND;\nCREATE TABLE c (id);", []string{"1 CreateTrigger", "5 CreateTable"}},
		{SQLite, "BEGIN;\nCREATE TABLE [a;b] (`c;` TEXT);\nEND;", []string{"2 CreateTable"}},
		{MySQL, "DELIMITER ;;\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN\n IF 1 THEN SET @a = 1; END IF;\nEND;;\nDELIMITER ;\nCREATE TABLE b (id INT);", []string{"2 CreateTrigger", "6 CreateTable"}},
		{MySQL, "delimiter $$\nCREATE FUNCTION f() RETURNS INT BEGIN RETURN 1; END$$\ndelimiter ;\nCREATE TABLE b (id INT);", []string{"2 CreateFunction", "4 CreateTable"}},
		{MySQL, "CREATE DEFINER=`a`@`%` TRIGGER `x`.`t` BEFORE INSERT ON `on` FOR EACH ROW BEGIN\n CASE 1 WHEN 1 THEN SET @a = CASE 1 WHEN 1 THEN 2 END; END CASE;\n WHILE 0 DO SET @a = 1; END WHILE;\nEND;\nCREATE TABLE b (id INT);",
			[]string{"1 CreateTrigger", "5 CreateTable"}},
		{MySQL, "/*M!999999\\- enable the sandbox mode */\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE a (id INT /*!50606 STORAGE DISK */, v INT /* plain */);\n/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`h`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @x = '/*' */;",
			[]string{"3 CreateTable", "4 CreateTrigger"}},
		{MySQL, "SET sql_mode = 'ANSI_QUOTES';\nCALL p();\nUSE x;\nALTER TABLE a DISCARD TABLESPACE;", []string{"3 SetPath", "1 mistake SET sql_mode with ANSI_QUOTES or NO_BACKSLASH_ESCAPES", "2 mistake a statement that runs code which is not known",
			"4 mistake a form of ALTER TABLE that is not understood"}},
		{UnknownDialect, "x", []string{"1 mistake dialect not supported"}},
		{SQLite, "a\x00b", []string{"1 mistake NUL byte in the text"}},
		{SQLite, "a\xff", []string{"1 mistake text is not UTF-8"}},
	} {
		if diff := cmp.Diff(c.want, linesOf(Declare(c.dialect, c.text))); diff != "" {
			t.Errorf("%v: %s\n%s", c.dialect, c.text, diff)
		}
	}
}

// Mistakes do not hide those behind them, and are not without end.
func TestMistakesAreBounded(t *testing.T) {
	s := Declare(SQLite, strings.Repeat("NONSENSE;\n", 5000))
	if n := len(s.Mistakes); n != mostMistakes+1 || s.Mistakes[5].Line != 6 {
		t.Errorf("%d mistakes, %+v", n, s.Mistakes[5])
	}
	for _, text := range []string{
		"CREATE TABLE a (id int DEFAULT " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000) + ");\nCREATE TABLE b (id int);",
		"CREATE TABLE a (v text DEFAULT '" + strings.Repeat("x", maxText) + "');\nCREATE TABLE b (id int);",
	} {
		for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
			if s := Declare(d, text); len(s.Mistakes) != 1 || len(s.Statements) != 1 {
				t.Errorf("%v: %d statements, %d mistakes", d, len(s.Statements), len(s.Mistakes))
			}
		}
	}
}

// Long schemas of many statements are read in about linear time.
func TestLongSchemasAreRead(t *testing.T) {
	text := strings.Repeat("CREATE TABLE IF NOT EXISTS a (id int PRIMARY KEY, v varchar(10));\n", 40000)
	if s := Declare(SQLite, text); len(s.Statements) != 40000 || s.Statements[39999].Line != 40000 {
		t.Errorf("%d statements, %d mistakes", len(s.Statements), len(s.Mistakes))
	}
}

// FuzzDeclare: no text makes Declare panic, and every line it names is one of
// the text's.
func FuzzDeclare(f *testing.F) {
	for _, text := range []string{
		"CREATE TABLE a (id int PRIMARY KEY REFERENCES b ON DELETE CASCADE, v varchar(5) COLLATE \"C\" UNIQUE, CHECK (id > 1));",
		"-- +goose Up\nALTER TABLE a ADD COLUMN b int, DROP CONSTRAINT c;\n-- +goose Down\nDROP TABLE a;",
		"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END; DROP TRIGGER t ON a; COPY a FROM stdin;\n1\n\\.\n",
		"DELIMITER ;;\n/*!50003 CREATE */ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN END */;;\nDELIMITER ;",
		"CREATE FUNCTION f(a int DEFAULT 1, VARIADIC b int[]) RETURNS TABLE (c int) LANGUAGE sql BEGIN ATOMIC SELECT 1; END;",
		"CREATE DOMAIN d AS text CHECK (VALUE <> ''); CREATE TYPE r AS RANGE (subtype = int); CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 f(int, int);",
		"DROP TABLE a, b CASCADE; DROP TRIGGER t ON a.b; DROP CAST (int AS text); DROP OPERATOR +(int, NONE); ALTER FUNCTION f(int) STABLE; ALTER TABLE a RENAME TO b;",
	} {
		f.Add(uint8(PostgreSQL), text)
		f.Add(uint8(MySQL), text)
		f.Add(uint8(SQLite), text)
	}
	f.Fuzz(func(t *testing.T, d uint8, text string) {
		s := Declare(Dialect(d%4), text)
		most := 1 + strings.Count(text, "\n")
		for _, st := range s.Statements {
			if st.Line < 1 || st.Line > most || st.Declares == nil {
				t.Errorf("%+v of %d lines", st, most)
			}
		}
		for _, m := range s.Mistakes {
			if m.Line < 1 || m.Line > most || m.Problem == "" {
				t.Errorf("%+v of %d lines", m, most)
			}
		}
	})
}

// Messages end up in logs: a password, or a row's value, is in none of them.
func TestMistakesRepeatNoStrings(t *testing.T) {
	for dialect, texts := range map[Dialect][]string{
		MySQL: {
			"CREATE USER x IDENTIFIED VIA ed25519 USING PASSWORD('hunter2')", "CREATE OR REPLACE USER x IDENTIFIED BY 'hunter2'", "CALL set_password('hunter2')",
			`FOO "hunter2" BAR`, `CALL p("hunter2")`, "CREATE USER x IDENTIFIED BY 'hunter2", "CREATE NONSENSE 'it''s hunter2'", `CREATE NONSENSE 'it\'s hunter2'`,
		},
		PostgreSQL: {
			"CALL f('hunter2')", "INSERT INTO t VALUES ('x' 'hunter2')", "DO $$ BEGIN CREATE USER x PASSWORD 'hunter2'; PERFORM 1; END $$", `\connect 'password=hunter2'`,
			"CREATE USER x WITH FOO PASSWORD 'hunter2'",
		},
		SQLite: {"ATTACH 'x' AS y KEY 'hunter2'", "INSERT INTO t VALUES ('x' 'hunter2')", "CREATE NONSENSE 'hunter2'", "SELECT 'hunter2"},
	} {
		for _, text := range texts {
			s := Declare(dialect, text)
			if len(s.Mistakes) == 0 {
				t.Errorf("%s: no mistake", text)
			}
			for _, m := range s.Mistakes {
				if strings.Contains(m.Problem, "hunter2") {
					t.Errorf("%s: %s", text, m.Problem)
				}
			}
		}
	}
}
