package main

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestExplainPrintsTheDecision(t *testing.T) {
	file := filepath.Join(t.TempDir(), "explain.db")
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT)"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"SELECT * FROM authors WHERE id = ?", "42"}, []string{"miss", "main.authors", "10m0s"}},
		{[]string{"SELECT * FROM authors WHERE id = ?", "text:42"}, []string{"bypass:key-type"}},
		{[]string{"SELECT * FROM authors"}, []string{"bypass:not-primary-key"}},
		{[]string{"UPDATE authors SET name = ''"}, []string{"invalidate:table", "main.authors"}},
		{[]string{"DELETE FROM authors WHERE id = ?", "int:1"}, []string{"invalidate:row", "rows      1"}},
	} {
		code, out, errs := call(t, append([]string{"explain", "-db", "sqlite3", "-dsn", file}, c.args...)...)
		if code != 0 || errs != "" {
			t.Errorf("%q: exit %d: %s", c.args, code, errs)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%q: no %q in\n%s", c.args, w, out)
			}
		}
	}
}

func TestExplainAsksPostgreSQL(t *testing.T) {
	dsn := testenv.Postgres(t)
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE authors (id uuid PRIMARY KEY, name text)"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "pgx"} {
		code, out, errs := call(t, "explain", "-db", name, "-dsn", dsn, "SELECT name FROM authors WHERE id = $1", "0d3f60ba-1b1f-4f6c-8b23-4e6f4a4d9d50")
		if code != 0 || !strings.Contains(out, "public.authors") {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
	}
}

func TestExplainAsksMariaDB(t *testing.T) {
	dsn := testenv.MariaDB(t)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE authors (id VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, name TEXT)"); err != nil {
		t.Fatal(err)
	}
	for statement, want := range map[string]string{
		"SELECT name FROM authors WHERE id = ?":      "miss",
		"DELETE QUICK FROM authors WHERE id = 'ann'": "invalidate:all",
	} {
		args := []string{"explain", "-db", "mysql", "-dsn", dsn, statement}
		if strings.Contains(statement, "?") {
			args = append(args, "ann")
		}
		if code, out, errs := call(t, args...); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d: %s%s", statement, code, out, errs)
		}
	}
}

func TestACallThatCannotBeUnderstoodSaysSo(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "usage"},
		{[]string{"explode"}, 2, "unknown command"},
		{[]string{"explain"}, 2, "needs a statement"},
		{[]string{"explain", "SELECT 1"}, 2, "needs -dsn"},
		{[]string{"explain", "-db", "oracle", "-dsn", "x", "SELECT 1"}, 2, "unknown -db"},
		{[]string{"explain", "-db", "sqlite3", "-dsn", "x", "SELECT ?", "int:one"}, 2, "not an integer"},
		{[]string{"explain", "-db", "postgres", "-dsn", "postgres://u:secret@127.0.0.1:1/x?connect_timeout=1", "SELECT 1"}, 1, "refused"},
	} {
		code, _, errs := call(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Contains(errs, "secret") {
			t.Errorf("%q: exit %d, want %d: %s", c.args, code, c.code, errs)
		}
	}
	if code, out, _ := call(t, "help"); code != 0 || !strings.Contains(out, "explain") {
		t.Errorf("help: exit %d: %s", code, out)
	}
}

func TestWithMemoryFollowsTheGrammar(t *testing.T) {
	for dsn, want := range map[string]string{
		"a.db":                            "a.db?moneyclip_store=memory",
		"a.db?_loc=auto":                  "a.db?_loc=auto&moneyclip_store=memory",
		"postgres://h/db":                 "postgres://h/db?moneyclip_store=memory",
		"host=h dbname=d":                 "host=h dbname=d moneyclip_store=memory",
		"host=h moneyclip_redis=redis://": "host=h moneyclip_redis=redis://",
	} {
		if got := withMemory("postgres", dsn); got != want {
			t.Errorf("%q: %q, want %q", dsn, got, want)
		}
	}
	if got := withMemory("mysql", "u:a=b@tcp(h)/db"); got != "u:a=b@tcp(h)/db?moneyclip_store=memory" {
		t.Errorf("MySQL: %q", got)
	}
}
