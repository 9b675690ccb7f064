package parse

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// mysqlReads are the words that a read may begin with.
var mysqlReads = regexp.MustCompile(`(?i)^[\s(;]*(select|with|values|table|show|explain|describe|desc|do|help|set\s+@[^@]|$)`)

// commentsBefore are what stands before the first word.
var commentsBefore = regexp.MustCompile(`^([\s;(]|#[^\n]*(\n|$)|--\s[^\n]*(\n|$)|--$|(?s:/\*.*?\*/))+`)

// corpusCount is what a corpus comes to.
type corpusCount struct {
	all, first, both, compared, agreed, panicked int
	kinds                                        map[string]int
	causes                                       map[string]int
}

// TestMySQLCorpus measures the two parsers over a file of texts, one JSON
// string a line, that a real server accepts:
//
//	MONEYCLIP_CORPUS=file.jsonl go test ./parse -run TestMySQLCorpus -v
func TestMySQLCorpus(t *testing.T) {
	path := os.Getenv("MONEYCLIP_CORPUS")
	if path == "" {
		t.Skip("MONEYCLIP_CORPUS names no file of texts")
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	known := disagreements(t)
	n := corpusCount{kinds: map[string]int{}, causes: map[string]int{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			t.Fatal(err)
		}
		n.add(t, text, known)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	share := func(part, whole int) float64 { return 100 * float64(part) / float64(max(whole, 1)) }
	t.Logf("%d texts", n.all)
	t.Logf("marino parses %d (%.1f %%), and panics on %d", n.first, share(n.first, n.all), n.panicked)
	t.Logf("both parse %d (%.1f %%)", n.both, share(n.both, n.all))
	t.Logf("sqlparser has an opinion on %d of those, and agrees on %d (%.3f %%)", n.compared, n.agreed, share(n.agreed, n.compared))
	for cause, count := range n.causes {
		t.Logf("%d: %s", count, cause)
	}
	for kind, count := range n.kinds {
		t.Logf("%6d %s", count, kind)
	}
}

func (n *corpusCount) add(t *testing.T, text string, known []disagreement) {
	f := Parse(MySQL, text)
	n.all++
	n.kinds[strings.TrimSpace(f.Kind.String()+" "+f.Reason)]++
	if f.Panicked {
		n.panicked++
		if !longNumber.MatchString(text) {
			t.Errorf("panic: %.300q", text)
		}
		return
	}
	if f.Kind == Read && !mysqlReads.MatchString(commentsBefore.ReplaceAllString(text, "")) {
		t.Errorf("called a read: %.300q", text)
	}
	if f.Kind == Read && (len(f.Writes) > 0 || f.Schema || f.Session) {
		t.Errorf("a read that writes: %.300q", text)
	}
	first, err := marinoFacts(text)
	if err != nil {
		return
	}
	n.first++
	if len(text) > maxSecond {
		return
	}
	second := secondParse(text)
	if second == nil {
		return
	}
	n.both++
	if second.unsure || first.Kind == Opaque {
		return
	}
	n.compared++
	if second.disagreement(first) == "" {
		n.agreed++
		return
	}
	if f.Kind == Opaque && f.Disagreement == "" {
		n.causes["refused by the surveyor: "+f.Reason]++
		return
	}
	checkDecidedSafely(t, text, first, second, f)
	for _, d := range known {
		if d.known.MatchString(text) {
			n.causes[d.cause]++
			return
		}
	}
	t.Errorf("a disagreement that is not explained: %.300q: %v and %v", text, first.Tables, second.tables.list)
}
