package cache

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// This package knows keys, leases and bytes. What it must not import, and why.
var forbidden = map[string]string{
	"database/sql":                           "the cache does not know SQL; the driver puts the two together",
	"github.com/moneyclip/moneyclip/driver":  "the driver imports the cache",
	"github.com/moneyclip/moneyclip/parse":   "keys come in, not statements",
	"github.com/moneyclip/moneyclip/policy":  "what is cached was decided before",
	"github.com/moneyclip/moneyclip/sqlcext": "it sits above the driver",
}

// isEntryFile tells the entry codec, which names the types of values and
// columns that database/sql and its drivers have, from the protocol.
func isEntryFile(name string) bool {
	return strings.HasPrefix(name, "entry") || strings.HasPrefix(name, "codec")
}

func TestImportsPointDownwards(t *testing.T) {
	const ours = "github.com/moneyclip/moneyclip/"
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			seen++
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(path, "database/sql") && isEntryFile(f.Name()) {
				continue
			}
			for bad, reason := range forbidden {
				if path == bad || strings.HasPrefix(path, bad+"/") {
					t.Errorf("%s imports %s: %s", f.Name(), path, reason)
				}
			}
			if strings.HasPrefix(path, ours) && path != ours+"internal/pause" {
				t.Errorf("%s imports %s: of ours, the cache needs pause points only", f.Name(), path)
			}
		}
	}
	if seen == 0 {
		t.Fatal("no imports seen")
	}
}
