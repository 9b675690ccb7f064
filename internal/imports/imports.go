// Package imports checks the direction of a package's dependencies.
package imports

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/moneyclip/moneyclip"

// Rules says what a package must not import. Its tests are free.
type Rules struct {
	// Forbidden maps an import path, itself and all below it, to the reason.
	Forbidden map[string]string

	// Ours lists the packages of this module that are allowed, below its root.
	// What is not listed is not allowed.
	Ours []string

	// Except allows a path in a file all the same; nil for no exceptions.
	Except func(file, path string) bool
}

// Check fails the test for every import of the package in the working folder
// that the rules do not allow.
func (r Rules) Check(t testing.TB) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		checked++
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if r.Except == nil || !r.Except(name, path) {
				r.check(t, name, path)
			}
		}
	}
	if checked == 0 {
		t.Fatal("no file was looked at")
	}
}

func (r Rules) check(t testing.TB, file, path string) {
	t.Helper()
	for prefix, reason := range r.Forbidden {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			t.Errorf("%s imports %s: %s", file, path, reason)
		}
	}
	below, found := strings.CutPrefix(path, module+"/")
	if !found && path != module {
		return
	}
	for _, allowed := range r.Ours {
		if below == allowed {
			return
		}
	}
	t.Errorf("%s imports %s: of this module only %q is allowed here", file, path, r.Ours)
}
