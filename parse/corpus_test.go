package parse

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// corpusModule holds the queries that sqlc itself generates code for. They
// are read where the go command keeps modules, and not copied.
const corpusModule = "github.com/sqlc-dev/sqlc@v1.30.0"

// corpusExceptions are the queries that are not understood, by name, with the
// reason. None is known.
var corpusExceptions = map[string]string{}

func TestSqlcExamplesAreUnderstood(t *testing.T) {
	root := corpusDir(t)
	engines := corpusEngines(t, filepath.Join(root, "examples"))
	counts := map[Dialect]map[Kind]int{PostgreSQL: {}, MySQL: {}, SQLite: {}}
	plain := map[Dialect]int{}
	for dir, d := range engines {
		for _, text := range corpusQueries(t, dir) {
			f := Parse(d, text)
			counts[d][f.Kind]++
			if f.Select != nil {
				plain[d]++
			}
			if f.Query == "" || f.Command == "" {
				t.Errorf("no name: %s", text)
			}
			if reason, ok := corpusExceptions[f.Query]; ok {
				t.Logf("%s: %s", f.Query, reason)
			} else if f.Kind == Opaque || f.Reason == reasonScanned {
				t.Errorf("%v: %v, %s: %s", d, f.Kind, f.Reason, text)
			}
			checkKindByFirstWord(t, f, text)
			if f.Disagreement != "" {
				t.Errorf("%v: %s: %s", d, f.Disagreement, text)
			}
		}
		for _, text := range corpusSchemas(t, dir) {
			if f := Parse(d, text); f.Kind != Schema {
				t.Errorf("%v: schema is %v, %s: %s", d, f.Kind, f.Reason, text)
			}
		}
	}
	for d, kinds := range counts {
		t.Logf("%v: %v, %d of them plain reads of one table", d, kinds, plain[d])
		if kinds[Read] == 0 || kinds[Write] == 0 || plain[d] == 0 {
			t.Errorf("%v: the corpus holds no reads, no writes or no plain reads", d)
		}
	}
}

// checkKindByFirstWord compares with what a person would say at a glance.
func checkKindByFirstWord(t *testing.T, f *Facts, text string) {
	t.Helper()
	_, statement, _ := strings.Cut(text, "\n")
	word, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	word, _, _ = strings.Cut(word, "\n")
	want := Write
	if strings.EqualFold(word, "SELECT") || strings.EqualFold(word, "WITH") {
		want = Read
	}
	if f.Kind != want {
		t.Errorf("%v, want %v: %s", f.Kind, want, text)
	}
}

// corpusDir returns the module's folder. Where it cannot be had the test is
// skipped, except where CI is set.
func corpusDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", corpusModule).Output()
	var module struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s cannot be had: %v", corpusModule, err)
		}
		t.Skipf("%s cannot be had: %v", corpusModule, err)
	}
	return module.Dir
}

// corpusEngines maps the folders of generated code to their dialects, as the
// configuration in each example says.
func corpusEngines(t *testing.T, examples string) map[string]Dialect {
	t.Helper()
	engines := map[string]Dialect{}
	add := func(example, path, engine string) {
		if d, err := ParseDialect(engine); err == nil {
			engines[filepath.Join(example, path)] = d
		}
	}
	files, err := filepath.Glob(filepath.Join(examples, "*", "sqlc.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sqlc configuration in %s: %v", examples, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(file) == ".json" {
			var config struct {
				Packages []struct{ Path, Engine string }
			}
			if err := json.Unmarshal(text, &config); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, p := range config.Packages {
				add(filepath.Dir(file), p.Path, p.Engine)
			}
			continue
		}
		// The one YAML file names an engine, and further down its folder.
		engine := ""
		for _, line := range strings.Split(string(text), "\n") {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			switch key {
			case "engine":
				engine = strings.TrimSpace(value)
			case "out":
				add(filepath.Dir(file), strings.TrimSpace(value), engine)
			}
		}
	}
	if len(engines) < 8 {
		t.Fatalf("only %d folders: %v", len(engines), engines)
	}
	return engines
}

// corpusQueries returns the constants of generated code that hold a query.
func corpusQueries(t *testing.T, dir string) []string {
	t.Helper()
	var texts []string
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(text, "-- name:") {
						texts = append(texts, text)
					}
				}
			}
			return true
		})
	}
	if len(texts) == 0 {
		t.Errorf("no query in %s", dir)
	}
	return texts
}

// corpusSchemas returns the schema files beside generated code.
func corpusSchemas(t *testing.T, dir string) []string {
	t.Helper()
	one, _ := filepath.Glob(filepath.Join(dir, "schema.sql"))
	many, _ := filepath.Glob(filepath.Join(dir, "schema", "*.sql"))
	var texts []string
	for _, file := range append(one, many...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}
