package policy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moneyclip/moneyclip/parse"
)

const sqlcModule = "github.com/sqlc-dev/sqlc@v1.30.0"

// sqlcExamples returns the examples' folder of sqlc's module. Where it cannot
// be had the test is skipped, except where CI is set.
func sqlcExamples(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", sqlcModule).Output()
	var module struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s cannot be had: %v", sqlcModule, err)
		}
		t.Skipf("%s cannot be had: %v", sqlcModule, err)
	}
	return filepath.Join(module.Dir, "examples")
}

// The schemas of sqlc's examples and of our own.
func TestLiveAndDeclaredAgreeOnExamples(t *testing.T) {
	sqlc := sqlcExamples(t)
	for d, paths := range map[parse.Dialect][]string{
		parse.PostgreSQL: {
			filepath.Join(sqlc, "authors", "postgresql", "schema.sql"), filepath.Join(sqlc, "booktest", "postgresql", "schema.sql"),
			filepath.Join(sqlc, "jets", "postgresql", "schema.sql"), filepath.Join(sqlc, "batch", "postgresql", "schema.sql"),
			filepath.Join(sqlc, "ondeck", "postgresql", "schema"), filepath.Join("..", "examples", "tweeter", "postgresdb", "schema.sql"),
		},
		parse.SQLite: {
			filepath.Join(sqlc, "authors", "sqlite", "schema.sql"), filepath.Join(sqlc, "booktest", "sqlite", "schema.sql"),
			filepath.Join(sqlc, "ondeck", "sqlite", "schema"), filepath.Join("..", "examples", "tweeter", "sqlitedb", "schema.sql"),
		},
	} {
		for _, path := range paths {
			t.Run(d.String()+" "+strings.TrimPrefix(path, sqlc), func(t *testing.T) {
				files, err := ReadSchema(path)
				if err != nil {
					t.Fatal(err)
				}
				db := sqlite
				if d == parse.PostgreSQL {
					db = postgres
				}
				live := db(t)
				for _, f := range files {
					live.exec(t, f.Text)
				}
				c, err := Declare(d, "", files...)
				if err != nil {
					t.Fatal(err)
				}
				declared, err := Bind(Policy{}, c)
				if err != nil {
					t.Fatal(err)
				}
				checkAgreement(t, live.rules(t, Policy{}), declared)
			})
		}
	}
}

// dumpOf returns what pg_dump writes of a database; it declares that database.
func dumpOf(t *testing.T, db database, arguments ...string) string {
	t.Helper()
	dump, err := exec.LookPath("pg_dump")
	if err != nil {
		t.Skip("pg_dump is not installed: it is in the package postgresql-client")
	}
	out, err := exec.Command(dump, append(arguments, "--dbname", db.dsn)...).Output()
	if err != nil {
		t.Skipf("pg_dump: %v: is it of the server's version?", err)
	}
	return string(out)
}

func TestLiveAndDeclaredAgreeOnADumpWithItsRows(t *testing.T) {
	live := postgres(t, `CREATE TABLE a (id serial PRIMARY KEY, "b;c" text, t timestamptz DEFAULT now()); INSERT INTO a ("b;c") VALUES ('it''s; \.'), (E'a\\b\nc'); CREATE TABLE b (id int PRIMARY KEY REFERENCES a ON DELETE CASCADE)`)
	for _, arguments := range [][]string{nil, {"--inserts"}, {"--column-inserts", "--no-owner"}} {
		checkAgreement(t, live.rules(t, Policy{}), declaredRules(t, parse.PostgreSQL, dumpOf(t, live, arguments...)))
	}
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadSchemaTakesFilesFoldersAndPatterns(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"m/0002_b.up.sql": "b", "m/0001_a.up.sql": "\ufeffa", "m/0001_a.down.sql": "x", "m/.hidden.sql": "x", "m/readme.md": "x", "m/deeper/c.sql": "x",
		"one.sql": "one", "schema.ddl": "named", "p1/z.sql": "z", "p2/y.sql": "y",
	})
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{"m"}, "a b"},
		{[]string{"one.sql", "m", "schema.ddl"}, "one a b named"},
		{[]string{"p*"}, "z y"},
		{[]string{"p*/*.sql", "one.sql"}, "z y one"},
		{[]string{"*.sql"}, "one"},
	} {
		var paths, got []string
		for _, p := range c.paths {
			paths = append(paths, filepath.Join(dir, p))
		}
		files, err := ReadSchema(paths...)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasPrefix(f.Name, dir) {
				t.Errorf("name %s", f.Name)
			}
			got = append(got, f.Text)
		}
		if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" {
			t.Errorf("%v: %s", c.paths, diff)
		}
	}
}

// goose and golang-migrate run 2 before 10, dbmate and the names' order do not.
func TestReadSchemaRefusesAnUnclearOrder(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"a/1_a.sql": "x", "a/2_b.sql": "x", "a/10_c.sql": "x", "b/V1__a.sql": "x", "b/V2__b.sql": "x", "b/V10__c.sql": "x",
		"good/0001_a.sql": "x", "good/0002_b.sql": "x", "good/20240101_c.sql": "x", "good/z.sql": "x",
	})
	for path, want := range map[string]string{"a": "10_c.sql and 1_a.sql", "a/*.sql": "10_c.sql and 1_a.sql", "b": "V10__c.sql and V1__a.sql", "good": ""} {
		_, err := ReadSchema(filepath.Join(dir, path))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if _, err := ReadSchema(filepath.Join(dir, "a", "2_b.sql"), filepath.Join(dir, "a", "10_c.sql")); err != nil {
		t.Errorf("files in an order that is said: %v", err)
	}
}

func TestReadSchemaNamesEveryPathThatFails(t *testing.T) {
	dir := writeFiles(t, map[string]string{"empty/readme.md": "x"})
	_, err := ReadSchema(filepath.Join(dir, "missing.sql"), filepath.Join(dir, "empty"), filepath.Join(dir, "no*"), filepath.Join(dir, "[x"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"missing.sql", "empty", "no*", "[x"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not name %s", err, want)
		}
	}
	if _, err := ReadSchema(); err == nil {
		t.Error("no path: no error")
	}
}

func TestMigrationsDeclareTheWayUp(t *testing.T) {
	for name, texts := range map[string][]string{
		"goose": {
			"-- +goose Up\nCREATE TABLE a (id int PRIMARY KEY);\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS trigger AS $$\nBEGIN\n  RETURN NEW;\nEND;\n$$ LANGUAGE plpgsql;\n-- +goose StatementEnd\n-- +goose Down\nDROP FUNCTION f();\nDROP TABLE a;\n",
			"-- +goose NO TRANSACTION\n-- +goose up\nALTER TABLE a ADD COLUMN v text UNIQUE;\n\n-- +goose down\nALTER TABLE a DROP COLUMN v; -- +goose StatementBegin\n",
		},
		"dbmate":      {"-- migrate:up\nCREATE TABLE a (id int PRIMARY KEY, v text UNIQUE);\n\n-- migrate:down\nDROP TABLE a;\n"},
		"sql-migrate": {"-- +migrate Up\nCREATE TABLE a (id int PRIMARY KEY, v text UNIQUE);\n-- +migrate Down\nDROP TABLE a;\n"},
		"tern":        {"CREATE TABLE a (id int PRIMARY KEY, v text UNIQUE);\n---- create above / drop below ----\nDROP TABLE a;\n"},
		"down first":  {"-- +goose Down\nDROP TABLE a;\n-- +goose Up\nCREATE TABLE a (id int PRIMARY KEY, v text UNIQUE);\n"},
	} {
		a := declaredRules(t, parse.PostgreSQL, texts...).catalog.resolve(parse.Table{Name: "a"})
		if a == nil || len(a.columns) != 2 || a.uniques != 1 || !a.cacheable() {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// Every mistake is named, with its file and the line of its statement.
func TestEveryMistakeOfASchemaIsNamed(t *testing.T) {
	for _, c := range []struct {
		dialect parse.Dialect
		texts   []string
		want    []string
	}{
		{parse.PostgreSQL, []string{
			"-- first\n\nCREATE TABLE a (id int PRIMARY KEY);\n/* here\n*/ CREATE TABEL b ();\nCREATE TABLE c (id int);\nDO $$\nBEGIN\nEND $$;\nSELECT audit.attach('a');\n",
			"ALTER TABLE nowhere ADD COLUMN x int;\n\\i other.sql\nCREATE TABLE a (id int);\nCREATE EXTENSION nosuch;\nROLLBACK;\nALTER TABLE a DROP CONSTRAINT what;",
			"CREATE TABLE d (id int, PRIMARY KEY (missing));\nIMPORT FOREIGN SCHEMA x FROM SERVER s INTO y;\nSELECT 'open",
		}, []string{
			`file1.sql:5: syntax error`, `file1.sql:7: a statement that runs code`, `file1.sql:10: a statement that calls attach`,
			`file2.sql:1: table nowhere is not declared before`, `file2.sql:2: a command of psql`, `file2.sql:3: relation public.a is declared twice`,
			`file2.sql:4: the extension nosuch is not known here`, `file2.sql:5: ROLLBACK in a schema`, `file2.sql:6: constraint what of a is not declared`,
			`file3.sql:1: column d.missing is not declared`, `file3.sql:2: IMPORT FOREIGN SCHEMA`, `file3.sql:3: unterminated quote`,
		}},
		{parse.SQLite, []string{
			"CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE TABLE a (id INTEGER PRIMARY KEY);\nATTACH 'x' AS y;\nCREATE TABLE y.b (id INTEGER);\nPRAGMA writable_schema = ON;\nDROP TABLE z;\nSELEC 1;\nCREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;\nCREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;\nCREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; END;",
		}, []string{
			`file1.sql:2: table a is declared twice`, `file1.sql:3: ATTACH`, `file1.sql:4: y.b is in another database`, `file1.sql:5: the schema is written by hand`,
			`file1.sql:6: table z is not declared before`, `file1.sql:7: syntax error`,
			`file1.sql:9: the trigger t is there twice, temporary and not`, `file1.sql:10: trigger t is declared twice`,
		}},
		{parse.PostgreSQL, []string{
			"CREATE TABLE a (id int REFERENCES nowhere);\nCREATE TEMP TABLE t (id int);\nCREATE TABLE t (id int);\nCREATE TABLE b (id int PRIMARY KEY, v int PRIMARY KEY);\nDROP OWNED BY x;\nALTER DATABASE x SET search_path = y;\nCREATE TEMP TABLE b (id int);",
		}, []string{
			`file1.sql:1: table nowhere is not declared`, `file1.sql:3: t is a temporary table`, `file1.sql:4: a second primary key of b`, `file1.sql:5: DROP OWNED`, `file1.sql:6: ALTER DATABASE`,
			`file1.sql:7: a temporary table with the name of one that stays, b`,
		}},
		{parse.MySQL, []string{
			"CREATE TABLE a (id INT PRIMARY KEY, KEY (missing));\nCREATE TABLE b (id INT);\nCREATE TABLE b (id INT);\nCREATE TABLE c (id UUID);\nALTER TABLE b DROP PRIMARY KEY;\nALTER TABLE b DROP COLUMN x;\nCREATE TRIGGER t BEFORE INSERT ON d FOR EACH ROW SET @a = 1;\nCALL p();\nDROP TABLE z;\nCREATE TEMPORARY TABLE b (id INT);",
		}, []string{
			`file1.sql:1: column a.missing is not declared`, `file1.sql:3: table b is declared twice`, `file1.sql:4: syntax error`, `file1.sql:5: index b.PRIMARY is not declared`,
			`file1.sql:6: column b.x is not declared`, `file1.sql:7: table d is not declared`, `file1.sql:8: a statement that runs code`, `file1.sql:9: table z is not declared`,
			`file1.sql:10: a temporary table with the name of one that stays, b`,
		}},
		{parse.UnknownDialect, []string{""}, []string{"no schema files for the dialect unknown"}},
	} {
		var files []SchemaFile
		for i, text := range c.texts {
			files = append(files, SchemaFile{Name: "file" + string(rune('1'+i)) + ".sql", Text: text})
		}
		catalog, err := Declare(c.dialect, "", files...)
		if err == nil || catalog != nil {
			t.Errorf("%v: no error", c.dialect)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		for _, want := range c.want {
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, want) }) {
				t.Errorf("%v: want a line with %q in\n%v", c.dialect, want, err)
			}
		}
		if len(lines) != len(c.want) {
			t.Errorf("%v: %d lines, want %d:\n%v", c.dialect, len(lines), len(c.want), err)
		}
	}
}

func TestDigestOfADeclaredCatalogFollowsTheSchema(t *testing.T) {
	for d, texts := range map[parse.Dialect][]string{
		parse.PostgreSQL: {
			"CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE a (id bigint PRIMARY KEY)", "CREATE TABLE a (id int PRIMARY KEY, v text)", "CREATE TABLE a (id int PRIMARY KEY, v varchar(5))",
			"CREATE TABLE b (id int PRIMARY KEY)", "CREATE TABLE a (id int UNIQUE)", "CREATE TABLE a (id int PRIMARY KEY); CREATE VIEW v AS SELECT 1",
			"CREATE TABLE a (id int PRIMARY KEY REFERENCES a ON DELETE CASCADE)", "CREATE TABLE a (id int PRIMARY KEY); CREATE EXTENSION citext",
			"CREATE TABLE a (id int PRIMARY KEY); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE TABLE a (id int PRIMARY KEY); CREATE DOMAIN d AS int",
		},
		parse.SQLite: {
			"CREATE TABLE a (id INTEGER PRIMARY KEY)", "CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE a (id INTEGER PRIMARY KEY, v)", "CREATE TABLE b (id INTEGER PRIMARY KEY)",
			"CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT 1", "CREATE TABLE a (id INTEGER PRIMARY KEY REFERENCES a ON DELETE CASCADE)",
		},
	} {
		seen := map[[16]byte]string{}
		for _, text := range texts {
			digest := declaredRules(t, d, text).catalog.Digest()
			if digest != declaredRules(t, d, "-- a comment\n"+text+";\n").catalog.Digest() && d == parse.PostgreSQL {
				t.Errorf("%s: another digest with a comment", text)
			}
			if other, known := seen[digest]; known {
				t.Errorf("%s and %s have one digest", text, other)
			}
			seen[digest] = text
		}
	}
}
