package parse

import (
	"errors"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// nested is a text of a quarter of the largest size made of a repeated part.
func nested(before, open, middle, close string) string {
	n := (maxText/4 - len(before) - len(middle)) / (len(open) + len(close))
	return before + strings.Repeat(open, n) + middle + strings.Repeat(close, n)
}

// A stack overflow cannot be recovered. For texts of a quarter of the largest
// size the stack is limited to a thirtieth of what Go allows, so that whatever
// passes has room to spare at full size.
func TestNoTextOverflowsTheStackNorTakesLong(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(32 << 20))
	texts := map[string]string{
		"parentheses":   nested("SELECT ", "(", "1", ")"),
		"NOT":           nested("SELECT ", "NOT ", "1", ""),
		"CASE":          nested("SELECT ", "CASE WHEN 1=1 THEN ", "1", " END"),
		"sub-selects":   nested("SELECT ", "(SELECT ", "1", ")"),
		"calls":         nested("SELECT ", "f(", "1", ")"),
		"arrays":        nested("SELECT ARRAY", "[", "1", "]"),
		"signs":         nested("SELECT ", "- ", "1", ""),
		"mixed signs":   nested("SELECT ", "- NOT + ", "1", ""),
		"sums":          nested("SELECT 1", "+1", "", ""),
		"powers":        nested("SELECT 1", "^1", "", ""),
		"concatenation": nested("SELECT ''", "||''", "", ""),
		"AND":           nested("SELECT 1 WHERE 1=1", " AND 1=1", "", ""),
		"OR":            nested("SELECT 1 WHERE 1=1", " OR 1=1", "", ""),
		"joins":         nested("SELECT 1 FROM a", " JOIN b", "", " ON x"),
		"commas":        nested("SELECT 1 FROM a", ",b", "", ""),
		"UNION":         nested("SELECT 1", " UNION SELECT 1", "", ""),
		"TABLE":         nested("TABLE a", " UNION TABLE b", "", ""),
		"BETWEEN":       nested("SELECT ", "1 BETWEEN 1 AND ", "1", ""),
		"casts":         nested("SELECT 1", "::int", "", ""),
		"dots":          nested("SELECT a", ".b", "", ""),
		"subscripts":    nested("SELECT a", "[1]", "", ""),
		"CTEs in CTEs":  nested("", "WITH a AS (", "SELECT 1", ") SELECT 1"),
		"many CTEs":     nested("WITH a AS (SELECT 1)", ",a AS (TABLE b)", " SELECT 1", ""),
		"elements":      nested("CREATE SCHEMA a", " CREATE TABLE b()", "", ""),
		"rows":          nested("INSERT INTO t VALUES (1)", ",(1)", "", ""),
		"statements":    nested("", "SELECT 1;", "", ""),
		"comments":      nested("SELECT ", "/*", "1", "*/"),
		"quotes":        nested("SELECT ", "'", "1", ""),
	}
	for name, text := range texts {
		for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
			start := time.Now()
			f := Parse(d, text)
			if f.Panicked {
				t.Errorf("%v: %s: panicked", d, name)
			}
			// Many times what it takes, to tell a square from a line.
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("%v: %s took %v", d, name, took)
			}
		}
	}
}

func TestTextsOutOfBoundsAreOpaqueBeforeAnyParser(t *testing.T) {
	for name, c := range map[string]struct{ text, reason string }{
		"10 MB":               {"SELECT '" + strings.Repeat("x", 10<<20) + "'", reasonTooLong},
		"100,000 parentheses": {"SELECT " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000), reasonTooDeep},
		"201 parentheses":     {"SELECT " + strings.Repeat("(", 201) + "1" + strings.Repeat(")", 201), reasonTooDeep},
		"2,001 NOT":           {"SELECT " + strings.Repeat("NOT ", 2001) + "true", reasonTooDeep},
		"a chain of 100,000":  {"SELECT 1" + strings.Repeat("+1", 100000), reasonTooDeep},
	} {
		for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
			if f := Parse(d, c.text); f.Kind != Opaque || f.Reason != c.reason {
				t.Errorf("%v: %s: %v %s", d, name, f.Kind, f.Reason)
			}
		}
	}
	for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
		text := "SELECT " + strings.Repeat("(", 150) + "1" + strings.Repeat(")", 150)
		if f := Parse(d, text); f.Kind != Read {
			t.Errorf("%v: 150 parentheses: %v %s", d, f.Kind, f.Reason)
		}
	}
}

func TestTextThatIsNotUTF8IsOpaqueInPostgreSQL(t *testing.T) {
	if f := Parse(PostgreSQL, "SELECT '\xff'"); f.Reason != reasonEncoding {
		t.Error(brief(f))
	}
	if f := Parse(SQLite, "SELECT '\xff'"); f.Kind != Read {
		t.Error(brief(f))
	}
}

// engineFunc is an engine that a test makes up.
type engineFunc func(string) (*Facts, error)

func (e engineFunc) facts(text string) (*Facts, error) { return e(text) }

func TestPanicOfAParserIsRecoveredAndReported(t *testing.T) {
	f, err := guarded(engineFunc(func(string) (*Facts, error) { panic("index out of range") }), "SELECT 1")
	if err != nil || f.Kind != Opaque || !f.Panicked || !f.Session || f.Reason != reasonPanic {
		t.Errorf("%s, %v", brief(f), err)
	}
	_, err = guarded(engineFunc(func(string) (*Facts, error) { return nil, errors.New("near x") }), "SELECT 1")
	if err == nil {
		t.Error("the error is lost")
	}
}

func TestVetoOfTheScannerMakesAMisreadWriteOpaque(t *testing.T) {
	for _, text := range []string{
		"DELETE FROM a", "INSERT INTO a VALUES (1)", "UPDATE a SET x = 1", "MERGE INTO a USING b", "REPLACE INTO a VALUES (1)",
		"INSERT OR IGNORE INTO a VALUES (1)", "TRUNCATE a", "CALL p()", "DROP TABLE a", "SET x = 1",
		"WITH x AS (DELETE FROM a) SELECT 1", "WITH x AS (SELECT 1) UPDATE a SET x = 1", "WITH x AS MATERIALIZED (INSERT INTO a VALUES (1)) SELECT 1",
		"SELECT 1 INTO a", "EXPLAIN ANALYZE DELETE FROM a", "EXPLAIN (ANALYZE) DELETE FROM a", "SELECT 1; DELETE FROM a", "SELECT 1; SELECT 2",
	} {
		for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
			misread := &Facts{Kind: Read, Statements: 1, Select: &Select{}}
			f := vetoed(misread, surveyText(d, text))
			if f.Kind != Opaque || f.Reason != reasonVeto || f.Select != nil {
				t.Errorf("%v: %s: %s", d, text, brief(f))
			}
			if misread.Kind != Read {
				t.Fatal("the facts were changed in place")
			}
		}
	}
}

func TestVetoLeavesReadsAlone(t *testing.T) {
	for _, text := range []string{
		"SELECT 1", "SELECT a FROM t FOR UPDATE", "SELECT t.into, x AS into FROM t", "SELECT update, a.set FROM t WHERE update = 1",
		"EXPLAIN DELETE FROM a", "EXPLAIN (COSTS off) INSERT INTO a VALUES (1)", "SELECT replace('a', 'b', 'c')", "(SELECT 1)",
		"SELECT (update) FROM t", "SELECT delete FROM t", "SELECT may AS delete FROM t", "SELECT max(may) delete FROM t", "SELECT explain delete FROM t", "SELECT 'INSERT INTO a', $$ DELETE FROM a $$", "SHOW x", "COPY a TO STDOUT",
	} {
		read := &Facts{Kind: Read, Statements: 1, Select: &Select{}}
		if f := vetoed(read, surveyText(PostgreSQL, text)); f.Kind != Read || f.Select == nil {
			t.Errorf("%s: %s", text, brief(f))
		}
	}
	lock := vetoed(&Facts{Kind: Read, Statements: 1}, surveyText(PostgreSQL, "SELECT 1 FOR NO KEY UPDATE"))
	if !lock.Locks {
		t.Error("a lock that the parser did not see is lost")
	}
}
