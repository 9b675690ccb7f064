package parse

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenFacts compares the facts of every text under testdata/parse. A
// file holds cases, each a text, a line "----", its facts and an empty line.
func TestGoldenFacts(t *testing.T) {
	for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
		for _, file := range goldenFiles(t, d) {
			t.Run(d.String()+"/"+strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				before, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				after := regenerated(d, string(before))
				if *update {
					if err := os.WriteFile(file, []byte(after), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				if diff := cmp.Diff(string(before), after); diff != "" {
					t.Errorf("facts changed; run with -update and read the diff:\n%s", diff)
				}
			})
		}
	}
}

// goldenFiles lists the golden files of a dialect.
func goldenFiles(t testing.TB, d Dialect) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "parse", d.String(), "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files of %v: %v", d, err)
	}
	return slices.DeleteFunc(files, func(file string) bool { return filepath.Base(file) == "disagreements.txt" })
}

// regenerated replaces the facts of every case in a golden file.
func regenerated(d Dialect, file string) string {
	var out strings.Builder
	for _, text := range goldenTexts(file) {
		out.WriteString(text + "\n----\n" + describe(Parse(d, text)) + "\n")
	}
	return out.String()
}

// goldenTexts returns the texts of a golden file. A case without facts, as a
// person adds it, ends at an empty line, too.
func goldenTexts(file string) []string {
	var texts []string
	for _, block := range strings.Split(file, "\n\n") {
		text, _, _ := strings.Cut(block, "\n----\n")
		if text = strings.Trim(text, "\n"); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}
