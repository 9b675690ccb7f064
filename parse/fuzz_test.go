package parse

import (
	"os"
	"path/filepath"
	"testing"
)

// Property: facts are never nil, never panic, and no text is a read in which
// the scanner sees a write.
func fuzzParse(f *testing.F, d Dialect) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "parse", d.String(), "*.txt"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, seed := range goldenTexts(string(text)) {
			f.Add(seed)
		}
	}
	for _, seed := range []string{"", ";", "'", "$$", "/*", "E'\\", "U&\"\\", "-- name: X :one", "[", "`", "$a$b$a", ":a::b(c)", "1e+", "\x00", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		facts := Parse(d, text)
		if facts == nil {
			t.Fatal("nil")
		}
		if facts.Panicked {
			t.Fatalf("the parser panicked on %q", text)
		}
		if facts.Kind == Read && len(text) <= maxText {
			if s := surveyText(d, text); s.writes || s.begins || len(facts.Writes) > 0 || facts.Schema || facts.Session {
				t.Fatalf("a write is called a read: %q: %s", text, brief(facts))
			}
		}
		if facts.Kind == Opaque && facts.Reason == "" {
			t.Fatalf("no reason: %q", text)
		}
		if facts.Kind == Read && (facts.Select == nil) == (facts.Reason == "") {
			t.Fatalf("a reason beside a Select, or neither: %q", text)
		}
	})
}

func FuzzParsePostgreSQL(f *testing.F) { fuzzParse(f, PostgreSQL) }
func FuzzParseSQLite(f *testing.F)     { fuzzParse(f, SQLite) }
