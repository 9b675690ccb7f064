package parse

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// disagreement is one cause for which the two parsers of MySQL disagree.
type disagreement struct {
	cause, text, marino, sqlparser, right, we string
	known                                     *regexp.Regexp
}

// disagreements reads testdata/parse/mysql/disagreements.txt.
func disagreements(t *testing.T) []disagreement {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "testdata", "parse", "mysql", "disagreements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, blocks, _ := strings.Cut(string(file), "\n\n")
	var all []disagreement
	for _, block := range strings.Split(blocks, "\n\n") {
		fields := map[string]string{}
		for _, line := range strings.Split(strings.TrimSpace(block), "\n") {
			name, value, _ := strings.Cut(line, ":")
			fields[name] = strings.TrimSpace(value)
		}
		d := disagreement{
			cause: fields["cause"], text: fields["text"], marino: fields["marino"], sqlparser: fields["sqlparser"],
			right: fields["right"], we: fields["we"], known: regexp.MustCompile(fields["known by"]),
		}
		if d.cause == "" || d.text == "" || d.right == "" || fields["known by"] == "" {
			t.Fatalf("a field is missing: %q", block)
		}
		all = append(all, d)
	}
	return all
}

func TestKnownDisagreementsStillOccurAndAreDecidedSafely(t *testing.T) {
	for _, d := range disagreements(t) {
		if !d.known.MatchString(d.text) {
			t.Errorf("%s: is not known by its pattern", d.cause)
		}
		first, err := marinoFacts(d.text)
		if err != nil {
			t.Fatalf("%s: %v", d.text, err)
		}
		if got := list(first.Tables, tableText); got != d.marino {
			t.Errorf("%s: marino finds %s", d.text, got)
		}
		second := secondParse(d.text)
		if second == nil {
			t.Fatalf("%s: sqlparser does not accept it any more", d.text)
		}
		if got := list(second.tables.list, tableText); got != d.sqlparser {
			t.Errorf("%s: sqlparser finds %s", d.text, got)
		}
		f := Parse(MySQL, d.text)
		if got := brief(f); got != d.we {
			t.Errorf("%s\n got %s\nwant %s", d.text, got, d.we)
		}
		checkDecidedSafely(t, d.text, first, second, f)
	}
}

// checkDecidedSafely: of a disagreement no read is kept under a row, and a write
// changes every table that either parser found, as a whole.
func checkDecidedSafely(t *testing.T, text string, first *Facts, second *second, f *Facts) {
	t.Helper()
	if f.Disagreement == "" {
		t.Errorf("no disagreement: %s", text)
	}
	if f.Kind == Opaque {
		return
	}
	if f.Select != nil {
		t.Errorf("still a plain read: %s", text)
	}
	if f.Kind == Read {
		for _, table := range append(first.Tables, second.tables.list...) {
			if len(first.Writes) > 0 || second.writes || !slices.Contains(f.Tables, table) {
				t.Errorf("not what both parsers call a read of their tables: %s", text)
			}
		}
		return
	}
	for _, table := range append(first.Tables, second.tables.list...) {
		if !changedAsAWhole(f.Writes, table) {
			t.Errorf("%s is not changed as a whole: %s", tableText(table), text)
		}
	}
}

func TestParsersAgreeOnOrdinaryTexts(t *testing.T) {
	for _, text := range []string{
		"SELECT * FROM a, b.c AS d JOIN e ON EXISTS (SELECT 1 FROM f) WHERE x IN (SELECT y FROM g) GROUP BY 1 HAVING (SELECT 1 FROM h)",
		"SELECT * FROM a UNION SELECT * FROM b ORDER BY (SELECT max(x) FROM c)",
		"(SELECT * FROM a ORDER BY (SELECT x FROM b)) UNION SELECT 1 FROM DUAL",
		"SELECT * FROM (SELECT * FROM a) AS d, `b c`.`d``e` f",
		"SELECT * FROM Status, Date, Offset", "SELECT 1 FROM dual",
		"INSERT INTO a SELECT * FROM b ON DUPLICATE KEY UPDATE x = (SELECT y FROM c)",
		"INSERT INTO a VALUES ((SELECT x FROM b))", "REPLACE INTO a.b SET x = 1",
		"UPDATE a, b SET a.x = (SELECT 1 FROM c) WHERE a.y = b.y", "UPDATE a AS b SET x = 1 ORDER BY y LIMIT 1",
		"DELETE FROM a WHERE x = 1", "DELETE b FROM a AS b JOIN c ON b.x = c.x", "DELETE a, c FROM a, b, c", "DELETE d.a FROM d.a, b",
		"TRUNCATE TABLE a", "CREATE TABLE a (b INT)", "DROP TABLE a", "BEGIN", "COMMIT", "USE a",
		"SELECT 1; SELECT 2 FROM a; ;", "BEGIN; DELETE FROM a; COMMIT", "SET x = 1; UPDATE a SET b = 1", "SELECT 1; SET x = 1",
		"SELECT NEXT VALUE FOR s", "SELECT NEXTVAL(s)", "SHOW TABLES", "DESCRIBE a", "EXPLAIN DELETE FROM a", "REPAIR TABLE a",
	} {
		if secondParse(text) == nil {
			t.Logf("sqlparser does not accept: %s", text)
		}
		if f := Parse(MySQL, text); f.Disagreement != "" || f.Kind == Opaque {
			t.Errorf("%s: %s", text, brief(f))
		}
	}
}

// What would be made of a misreading that neither corpus holds.
func TestDisagreementIsOpaqueOrAtLeastNoPlainRead(t *testing.T) {
	insert := []Change{{Table: Table{Name: "a"}, Op: Insert}}
	for name, c := range map[string]struct {
		second second
		facts  Facts
		want   string
	}{
		"read, second write":     {second{writes: true}, Facts{Kind: Read, Select: &Select{}}, disagreeKind},
		"write, second read":     {second{}, Facts{Kind: Write, Writes: insert}, disagreeKind},
		"read, second schema":    {second{others: true}, Facts{Kind: Read, Select: &Select{}}, disagreeOther},
		"session, second read":   {second{}, Facts{Kind: Session}, disagreeOther},
		"schema, second write":   {second{writes: true}, Facts{Kind: Schema, Schema: true}, disagreeKind},
		"read, more than second": {second{}, Facts{Kind: Read, Select: &Select{}, Tables: []Table{{Name: "a"}}}, disagreeTables},
		"write, second unsure":   {second{unsure: true}, Facts{Kind: Write, Writes: insert}, ""},
		"read, second unsure":    {second{unsure: true}, Facts{Kind: Read, Select: &Select{}}, ""},
	} {
		f := c.second.compare(&c.facts)
		kind := Opaque
		if c.want == disagreeTables {
			kind = Read // to both of them
		}
		if f.Disagreement != c.want || c.want != "" && (f.Kind != kind || f.Select != nil || f.Reason == "") {
			t.Errorf("%s: %s", name, brief(f))
		}
	}
}

func TestSecondParserThatPanicsOrIsGivenTooMuchHasNoOpinion(t *testing.T) {
	long := "SELECT 5--1 FROM a WHERE x = '" + strings.Repeat("x", maxSecond) + "'"
	if f := Parse(MySQL, long); f.Kind != Read || f.Disagreement != "" {
		t.Error(brief(f))
	}
	if s := secondParse("SELECT 1 /*! unterminated"); s != nil {
		t.Errorf("%+v", s)
	}
}
