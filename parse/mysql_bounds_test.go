package parse

import (
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// mysqlNests are what nests, leans or is read again in marino and in
// sqlparser.
var mysqlNests = map[string]string{
	"XOR":                  nested("SELECT 1", " XOR 1", "", ""),
	"AND and OR":           nested("SELECT 1", " AND 1 OR 1", "", ""),
	"comparisons":          nested("SELECT 1", "=1", "", ""),
	"IS NULL":              nested("SELECT 1", " IS NULL", "", ""),
	"IS TRUE":              nested("SELECT 1", " IS TRUE", "", ""),
	"DIV":                  nested("SELECT 1", " DIV 1", "", ""),
	"COLLATE":              nested("SELECT 'a'", " COLLATE binary", "", ""),
	"BINARY":               nested("SELECT ", "BINARY ", "1", ""),
	"NOT in signs":         nested("SELECT ", "!~-+", "1", ""),
	"BETWEEN left":         nested("SELECT 1", " BETWEEN 1 AND 1", "", ""),
	"IN":                   nested("SELECT ", "1 IN (", "1", ")"),
	"assignments":          nested("SELECT ", "@a:=", "1", ""),
	"assignments compared": nested("SELECT 1", "=@a:=1", "", ""),
	"intervals":            nested("SELECT ", "1+INTERVAL ", "1", ""),
	"intervals of units":   nested("SELECT ", "1+INTERVAL day ", "1", ""),
	"units as columns":     nested("SELECT ", "INTERVAL day+", "1", ""),
	"interval calls":       nested("SELECT ", "1+INTERVAL(1,", "1", ")"),
	"intervals ended":      nested("SELECT ", "1+INTERVAL 1 DAY+", "1", ""),
	"JSON_VALUE":           nested("SELECT ", "JSON_VALUE(", "1", ",'$')"),
	"LIKE":                 nested("SELECT 1", " LIKE 1", "", ""),
	"sub-selects guessed":  nested("SELECT ", "((SELECT ", "1", "))"),
	"sub-selects broken":   nested("SELECT ", "((SELECT ", "FROM", ""),
	"sub-selects in FROM":  nested("SELECT * FROM ", "((SELECT * FROM ", "a", ") b)"),
	"sub-selects in IN":    nested("SELECT ", "1 IN ((SELECT ", "1", "))"),
	"unions in brackets":   nested("", "(", "SELECT 1", ") UNION SELECT 1"),
	"unions in sub-select": nested("SELECT * FROM ", "((SELECT 1) UNION (SELECT * FROM ", "a", ") b)"),
	"joins in brackets":    nested("SELECT * FROM ", "(a JOIN ", "b", ")"),
	"STRAIGHT_JOIN":        nested("SELECT * FROM a", " STRAIGHT_JOIN b", "", ""),
	"NATURAL JOIN":         nested("SELECT * FROM a", " NATURAL JOIN b", "", ""),
	"UPDATE commas":        nested("UPDATE a", ",a", " SET x=1", ""),
	"DELETE commas":        nested("DELETE a FROM a", ",a", "", ""),
	"commas after ON":      nested("SELECT 1 FROM a JOIN b ON 1", ",b", "", ""),
	"ODBC joins":           nested("SELECT * FROM ", "{OJ ", "a", "}"),
	"ODBC calls":           nested("SELECT ", "{fn ", "1", "}"),
	"strings in a row":     nested("SELECT 'a'", "'a'", "", ""),
	"strings apart":        nested("SELECT 'a'", " 'a'", "", ""),
	"hints":                nested("SELECT /*+ LEADING(", "(", "a", ")") + ") */ 1",
	"hints of hints":       nested("SELECT /*+ ", "QB_NAME(a) ", "*/ 1", ""),
	"commas of keywords":   nested("SELECT 1 FROM a.where", ",a.where", "", ""),
	"commas before dots":   nested("SELECT 1 FROM where.a", ",where.a", "", ""),
	"spaced dots":          nested("SELECT 1 FROM a . where", ",a . set", "", ""),
	"comments in a row":    nested("SELECT 1", "/**/", "", ""),
	"line comments":        nested("SELECT 1", "#\n", "", ""),
	"dash comments":        nested("SELECT 1", "--\n", " + 1", ""),
	"comments apart":       nested("SELECT 1", "/**/,1", "", ""),
	"dollars":              nested("SELECT ", "$a$b,", "1", ""),
	"AS":                   nested("SELECT 1", " AS a,1", "", ""),
	"EXPLAIN":              nested("", "EXPLAIN ", "SELECT 1", ""),
	"DESC":                 nested("", "DESC ", "SELECT 1", ""),
	"TRACE":                nested("", "TRACE ", "SELECT 1", ""),
	"EXPLAIN ANALYZE":      nested("", "EXPLAIN ANALYZE ", "SELECT 1", ""),
	"SHOW PARSE_TREE":      nested("", "SHOW PARSE_TREE ", "SELECT 1", ""),
	"BEGIN":                nested("CREATE PROCEDURE p() ", "BEGIN ", "SELECT 1;", " END;"),
	"IF":                   nested("CREATE PROCEDURE p() ", "IF 1 THEN ", "SELECT 1;", " END IF;"),
	"WHILE":                nested("CREATE PROCEDURE p() ", "WHILE 1 DO ", "SELECT 1;", " END WHILE;"),
	"LOOP":                 nested("CREATE PROCEDURE p() ", "LOOP ", "SELECT 1;", " END LOOP;"),
	"REPEAT":               nested("CREATE PROCEDURE p() ", "REPEAT ", "SELECT 1;", " UNTIL 1 END REPEAT;"),
	"labels":               nested("CREATE PROCEDURE p() ", "a: BEGIN ", "SELECT 1;", " END a;"),
	"ELSEIF":               nested("CREATE PROCEDURE p() IF 1 THEN SELECT 1;", " ELSEIF 1 THEN SELECT 1;", " END IF", ""),
	"triggers":             nested("", "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW ", "SELECT 1", ""),
	"events":               nested("", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO ", "SELECT 1", ""),
	"views":                nested("", "CREATE VIEW v AS ", "SELECT 1", ""),
	"ROW values":           nested("VALUES ROW(1)", ",ROW(1)", "", ""),
	"defaults":             nested("CREATE TABLE a (b INT DEFAULT ", "(", "1", "))"),
	"WITH ROLLUP":          nested("SELECT 1 GROUP BY 1", ",1", "", ""),
	"window frames":        nested("SELECT ", "sum(1) OVER (ORDER BY ", "1", ")"),
	"JSON_TABLE":           nested("SELECT * FROM JSON_TABLE('', '' COLUMNS (", "NESTED PATH '' COLUMNS (", "a FOR ORDINALITY", ")"),
	"CTEs of CTEs":         nested("", "WITH a AS (", "SELECT 1", ") SELECT 1"),
	"recursive CTEs":       nested("WITH RECURSIVE a AS (SELECT 1)", ",a AS (SELECT 1)", " SELECT 1", ""),
	"SET":                  nested("SET @a=1", ",@a=1", "", ""),
	"dots in numbers":      nested("SELECT 1", ".", "", ""),
	"at signs":             nested("SELECT 1", "@", "", ""),
	"colons":               nested("SELECT 1", ":", "", ""),
	"semicolons":           nested("SELECT 1", ";", "", ""),
	"CASE CASE":            nested("SELECT ", "CASE ", "1", ""),
	"MATCH":                nested("SELECT ", "MATCH(a) AGAINST(", "1", ")"),
	"PARTITION":            nested("SELECT 1 FROM a PARTITION (a", ",a", ")", ""),
	"GRANT":                nested("GRANT SELECT ON a TO a", ",a", "", ""),
	"EXISTS":               nested("SELECT ", "EXISTS(SELECT ", "1", ")"),
	"ALL":                  nested("SELECT ", "1=ALL(SELECT ", "1", ")"),
	"RETURNING":            nested("INSERT INTO a VALUES (1)", " RETURNING a", "", ""),
}

func TestNoMySQLTextOverflowsTheStackNorTakesLong(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(32 << 20))
	for name, text := range mysqlNests {
		for _, text := range []string{text, shorter(text, 24), shorter(text, 190)} {
			start := time.Now()
			f := Parse(MySQL, text)
			if f.Panicked {
				t.Errorf("%s: panicked", name)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%s, %d bytes, took %v: %s", name, len(text), took, brief(f))
			} else if took > time.Second {
				t.Logf("%s, %d bytes, took %v: %s", name, len(text), took, f.Reason)
			}
		}
	}
}

// mysqlGuesses are what marino begins to read in one way and then in another,
// and what nests beside it.
var mysqlGuesses = []string{
	"((SELECT ", "(((SELECT ", "(SELECT * FROM ((", "(SELECT * FROM ((SELECT ", "(SELECT * FROM (a,", "EXISTS(SELECT ",
	"1 IN ((SELECT ", "1 IN ((", "1 IN (((SELECT 1)) UNION (SELECT ", "((TABLE a) UNION (SELECT ", "(WITH a AS ((SELECT ", "(VALUES ROW(",
	"((SELECT 1), ", "(SELECT 1) + ", "1+INTERVAL ", "1+INTERVAL day ", "1 - INTERVAL (", "INTERVAL(1,", "INTERVAL 1 DAY + ", "INTERVAL ",
	"JSON_VALUE(", "JSON_VALUE((", "f(", "(1,", "((", "row(1,", "CASE WHEN ", "NOT ", "1 BETWEEN ", "@a:=", "{fn ",
}

// What one guess costs is multiplied by each around it. Whatever is let pass
// is read in a moment.
func TestNestedGuessesOfMySQLsParserAreBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	refused := 0
	for range *mutations / 2 {
		var b, closing strings.Builder
		some := []string{mysqlGuesses[r.IntN(len(mysqlGuesses))], mysqlGuesses[r.IntN(len(mysqlGuesses))], mysqlGuesses[r.IntN(len(mysqlGuesses))]}
		b.WriteString("SELECT ")
		for range 1 + r.IntN(60) {
			b.WriteString(some[r.IntN(len(some))])
		}
		b.WriteString([]string{"1", "FROM", "a b c", "1 DAY", ")", ""}[r.IntN(6)])
		for range strings.Count(b.String(), "(") - strings.Count(b.String(), ")") {
			closing.WriteString(")" + []string{"", "", "", "", " DAY", " UNION SELECT 1", " a", ",'$'"}[r.IntN(8)])
		}
		text := b.String() + closing.String()[:r.IntN(2)*closing.Len()]
		start := time.Now()
		f := Parse(MySQL, text)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%v: %s", took, text)
		}
		if f.Reason == reasonTooDeep {
			refused++
		}
	}
	t.Logf("%d refused", refused)
}

func TestOrdinaryNestingOfMySQLIsNotRefused(t *testing.T) {
	for _, text := range []string{
		"SELECT ((SELECT ((SELECT ((SELECT 1)))))) FROM a WHERE x IN ((SELECT 1), (SELECT 2)) AND y IN ((SELECT 1) UNION (SELECT 2))",
		"SELECT a FROM b WHERE c > NOW() - INTERVAL (1) DAY AND d < NOW() + INTERVAL -2 HOUR AND e = NOW() - INTERVAL ? * 2 MINUTE",
		"SELECT a FROM b WHERE " + strings.Repeat("c = 1 OR ", 1000) + "d = 2",
		"SELECT a FROM b WHERE c IN (" + strings.Repeat("'x', ", 20000) + "'y')",
		"INSERT INTO a VALUES " + strings.Repeat("(1, 'x', NULL, NOW()), ", 10000) + "(1, 'x', NULL, NOW())",
		"UPDATE a SET b = CASE c " + strings.Repeat("WHEN 1 THEN 'x' ", 1500) + "ELSE 'y' END",
		"SELECT 1" + strings.Repeat(", a.b AS c", 5000) + " FROM a",
	} {
		if f := Parse(MySQL, text); f.Kind == Opaque {
			t.Errorf("%.100s: %s", text, f.Reason)
		}
	}
}

// shorter cuts the repeated parts of a nested text down to some copies, by
// cutting out its middle.
func shorter(text string, copies int) string {
	for size := 1; size < 80 && size < len(text)/4; size++ {
		i := len(text) / 4
		if text[i:i+size] == text[i+size:i+2*size] && text[i:i+size] == text[i+2*size:i+3*size] {
			start := strings.Index(text, text[i:i+size])
			end := strings.LastIndex(text, text[i:i+size])
			return text[:start+min(copies*size, end-start)] + text[end:]
		}
	}
	return text
}
