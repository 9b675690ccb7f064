package parse

import (
	"flag"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
)

var mutations = flag.Int("mutations", 3000, "texts that TestMutatedTextsKeepTheProperty makes up for each dialect")

// longNumber is what marino is known to panic on.
var longNumber = regexp.MustCompile(`[0-9][0-9.eE]{70}`)

// checkProperty: facts are never nil, no parser panics, and no text is a read
// in which the scanner sees a write.
func checkProperty(t *testing.T, d Dialect, text string) {
	t.Helper()
	facts := Parse(d, text)
	if facts == nil {
		t.Fatal("nil")
	}
	if facts.Panicked && !(d == MySQL && longNumber.MatchString(text)) {
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
}

// propertySeeds are the texts of the goldens and what lexers stumble over.
func propertySeeds(t testing.TB, d Dialect) []string {
	t.Helper()
	seeds := []string{"", ";", "'", "$$", "/*", "E'\\", "U&\"\\", "-- name: X :one", "[", "`", "$a$b$a", ":a::b(c)", "1e+", "\x00", "\xff"}
	for _, file := range goldenFiles(t, d) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, goldenTexts(string(text))...)
	}
	return seeds
}

// TestMutatedTextsKeepTheProperty cuts the seeds at blanks and splices them,
// which reaches further into the parsers than random bytes do, and needs no
// instrumented build as the fuzz targets do.
func TestMutatedTextsKeepTheProperty(t *testing.T) {
	for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
		seeds := propertySeeds(t, d)
		r := rand.New(rand.NewPCG(1, uint64(d)))
		words := strings.Fields(strings.Join(seeds, " "))
		for range *mutations {
			text := strings.Fields(seeds[r.IntN(len(seeds))])
			for range 1 + r.IntN(3) {
				i := r.IntN(len(text) + 1)
				switch r.IntN(4) {
				case 0:
					text = append(text[:i:i], append([]string{words[r.IntN(len(words))]}, text[i:]...)...)
				case 1:
					text = text[:i]
				case 2:
					other := strings.Fields(seeds[r.IntN(len(seeds))])
					text = append(text[:i:i], other[r.IntN(len(other)+1):]...)
				case 3:
					if i < len(text) {
						text[i] = words[r.IntN(len(words))]
					}
				}
			}
			checkProperty(t, d, strings.Join(text, " "))
		}
	}
}

func fuzzParse(f *testing.F, d Dialect) {
	for _, seed := range propertySeeds(f, d) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { checkProperty(t, d, text) })
}

func FuzzParsePostgreSQL(f *testing.F) { fuzzParse(f, PostgreSQL) }
func FuzzParseMySQL(f *testing.F)      { fuzzParse(f, MySQL) }
func FuzzParseSQLite(f *testing.F)     { fuzzParse(f, SQLite) }
