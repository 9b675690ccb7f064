package driver

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// forbidden imports of this package, each with its reason. Tests are free.
var forbidden = map[string]string{
	"github.com/lib/pq":                      "the program brings its own driver",
	"github.com/jackc/pgx":                   "the program brings its own driver",
	"github.com/mattn/go-sqlite3":            "the program brings its own driver, and may build without cgo",
	"github.com/go-sql-driver/mysql":         "the program brings its own driver",
	"github.com/DATA-DOG/go-sqlmock":         "the program brings its own driver",
	"github.com/sqlc-dev":                    "SQL is package parse's",
	"github.com/xwb1989/sqlparser":           "SQL is package parse's",
	"github.com/moneyclip/moneyclip/sqlcext": "sqlcext is built on this package",
}

func TestImportsKeepTheDirection(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for prefix, reason := range forbidden {
				if path == prefix || strings.HasPrefix(path, prefix+"/") {
					t.Errorf("%s imports %s: %s", name, path, reason)
				}
			}
		}
	}
}
