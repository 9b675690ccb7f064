package policy

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// forbidden maps what this package may not import to the reason.
var forbidden = map[string]string{
	"github.com/moneyclip/moneyclip/driver":  "policy asks a small Queryer; it never sees a connection",
	"github.com/moneyclip/moneyclip/cache":   "where entries are kept is not decided here",
	"github.com/moneyclip/moneyclip/sqlcext": "sqlcext stands on driver, which stands on policy",
	"github.com/redis":                       "policy never knows Redis",
	"github.com/maypok86":                    "policy never knows a store",
	"github.com/lib/pq":                      "a user brings his own driver",
	"github.com/jackc":                       "a user brings his own driver",
	"github.com/mattn":                       "a user brings his own driver",
	"github.com/sqlc-dev":                    "texts are read in parse",
	"database/sql":                           "only its driver's value types are known here",
}

// ours lists the packages of this module that policy stands on.
var ours = map[string]bool{
	"github.com/moneyclip/moneyclip/parse":            true,
	"github.com/moneyclip/moneyclip/internal/nearest": true,
}

func TestImports(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		checked++
		for _, i := range file.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for prefix, reason := range forbidden {
				if path == prefix || strings.HasPrefix(path, prefix+"/") && path != "database/sql/driver" {
					t.Errorf("%s imports %s: %s", f.Name(), path, reason)
				}
			}
			if strings.HasPrefix(path, "github.com/moneyclip/") && !ours[path] {
				t.Errorf("%s imports %s: policy stands on parse alone", f.Name(), path)
			}
		}
	}
	if checked == 0 {
		t.Fatal("no files")
	}
}
