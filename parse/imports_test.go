package parse

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// forbidden maps what the package must not import to the reason.
var forbidden = map[string]string{
	"github.com/moneyclip/":       "parse is the lowest layer: it knows nothing of the rest",
	"database/sql":                "facts are made without a database",
	"net":                         "parsing is pure: no network",
	"github.com/redis/":           "parsing is pure: no store",
	"os":                          "parsing is pure: no files, no environment",
	"time":                        "parsing is pure: no clock",
	"log":                         "the library does not print",
	"unsafe":                      "nothing here is worth it",
	"github.com/lib/pq":           "a user brings his own driver",
	"github.com/jackc/pgx":        "a user brings his own driver",
	"github.com/mattn/go-sqlite3": "a user brings his own driver",
}

func TestParseImportsNothingOfOursNorAnyIO(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for bad, reason := range forbidden {
				if path == bad || strings.HasPrefix(path, strings.TrimSuffix(bad, "/")+"/") {
					t.Errorf("%s imports %s: %s", e.Name(), path, reason)
				}
			}
		}
	}
	if files == 0 {
		t.Fatal("no file was looked at")
	}
}
