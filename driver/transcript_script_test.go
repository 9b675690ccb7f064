package driver_test

import (
	"bytes"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A script in testdata/transcript is a list of steps, parted by empty lines. A
// step is a line with its verb, the name of what it makes, and flags; below it,
// indented, the SQL text, with $1, $2, … for placeholders; and lines of
// arguments, "args 1, nil", for each of which the step is done once.
//
//	setup                statements before the database is opened for the script
//	read                 a query without effects, asked in every way there is:
//	                     directly, prepared, by QueryRow, on a connection, in a
//	                     transaction; warm, each is asked twice
//	query, row, exec     one call of QueryContext, QueryRowContext, ExecContext
//	open NAME            a query whose rows stay open; next NAME, close NAME
//	prepare NAME, conn NAME, begin NAME, commit NAME, rollback NAME, close NAME
//	cancel NAME          ends the context of a transaction
//	ping
//
//	on=NAME              on a connection or transaction, not on the database
//	stmt=NAME            by a prepared statement; its text is not repeated
//	hit                  warm, the last answer comes out of the store; without
//	                     this flag no answer ever does
//	rows=N               stop after N rows, close       twice: close once more
//	cancelled            the context has ended          timeout=D: it will
//	cancel=N             it ends after N rows
//	isolation=N readonly of begin
//	only=LIST            of sqlite, postgres (both drivers), pq, pgx, mysql (both
//	                     protocols), mysqltext
type step struct {
	line  int
	verb  string
	name  string
	flags map[string]string
	text  string
	args  []string // expressions; one empty one where there are none
}

func readScript(t *testing.T, file string) []step {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	var s *step
	end := func() {
		if s != nil {
			if len(s.args) == 0 {
				s.args = []string{""}
			}
			steps = append(steps, *s)
			s = nil
		}
	}
	for n, line := range strings.Split(string(content), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			end()
		case strings.HasPrefix(line, "#"):
		case s == nil:
			s = firstLine(t, file, n+1, trimmed)
		case strings.HasPrefix(trimmed, "args "), trimmed == "args":
			s.args = append(s.args, strings.TrimSpace(strings.TrimPrefix(trimmed, "args")))
		default:
			if s.text != "" {
				s.text += "\n"
			}
			s.text += trimmed
		}
	}
	end()
	return steps
}

var (
	scriptVerbs = "setup read query row exec open next prepare conn begin commit rollback close cancel ping"
	scriptFlags = "on stmt hit rows twice cancelled timeout cancel isolation readonly only"
)

func firstLine(t *testing.T, file string, line int, text string) *step {
	t.Helper()
	words := strings.Fields(text)
	s := &step{line: line, verb: words[0], flags: map[string]string{}}
	if !listed(scriptVerbs, s.verb) {
		t.Fatalf("%s:%d: unknown verb %q", file, line, s.verb)
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case listed(scriptFlags, key):
			s.flags[key] = value
		case s.name == "" && !strings.Contains(w, "="):
			s.name = w
		default:
			t.Fatalf("%s:%d: unknown flag %q", file, line, w)
		}
	}
	return s
}

func listed(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if w == word {
			return true
		}
	}
	return false
}

func (s *step) flag(name string) bool { _, ok := s.flags[name]; return ok }

// number is the value of a flag, or -1.
func (s *step) number(t *testing.T, name string) int {
	v, ok := s.flags[name]
	if !ok {
		return -1
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatalf("line %d: %s=%s", s.line, name, v)
	}
	return n
}

// runsOn reports whether a step is for this inner driver.
func (s *step) runsOn(inner string) bool {
	only, ok := s.flags["only"]
	if !ok {
		return true
	}
	names := map[string]string{
		"sqlite3": "sqlite", "postgres": "postgres pq", "pgx": "postgres pgx",
		"mysql": "mysql", "mysqltext": "mysql mysqltext",
	}[inner]
	for _, name := range strings.Split(only, ",") {
		if listed(names, name) {
			return true
		}
	}
	return false
}

// scriptArgs evaluates a list of Go-like expressions.
func scriptArgs(t *testing.T, line int, list string) []any {
	t.Helper()
	expr, err := goparser.ParseExpr("f(" + list + ")")
	if err != nil {
		t.Fatalf("line %d: arguments %s: %v", line, list, err)
	}
	var args []any
	for _, e := range expr.(*ast.CallExpr).Args {
		v, err := scriptValue(e)
		if err != nil {
			t.Fatalf("line %d: arguments %s: %v", line, list, err)
		}
		args = append(args, v)
	}
	return args
}

func scriptValue(e ast.Expr) (any, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		switch e.Kind {
		case token.INT:
			return strconv.Atoi(e.Value)
		case token.FLOAT:
			return strconv.ParseFloat(e.Value, 64)
		case token.STRING:
			return strconv.Unquote(e.Value)
		}
	case *ast.UnaryExpr:
		v, err := scriptValue(e.X)
		switch n := v.(type) {
		case int:
			return -n, err
		case float64:
			return -n, err
		}
		return nil, fmt.Errorf("minus before %T", v)
	case *ast.Ident:
		v, ok := map[string]any{
			"nil": nil, "true": true, "false": false, "NaN": math.NaN(), "lowest": math.MinInt64, "Inf": math.Inf(1),
			"nilbytes": []byte(nil), "nilptr": (*int)(nil), "invalid": sql.NullString{}, "structure": struct{ A int }{1},
			"channel": (chan int)(nil), "failing": failingValuer{}, "ints": []int{1, 2},
		}[e.Name]
		if ok {
			return v, nil
		}
	case *ast.CallExpr:
		var args []any
		for _, a := range e.Args {
			v, err := scriptValue(a)
			if err != nil {
				return nil, err
			}
			args = append(args, v)
		}
		if f := scriptFuncs[e.Fun.(*ast.Ident).Name]; f != nil {
			return f(args)
		}
	}
	return nil, fmt.Errorf("unknown expression %T", e)
}

type failingValuer struct{}

var errValuer = errors.New("this value has no value")

func (failingValuer) Value() (sqldriver.Value, error) { return nil, errValuer }

type textID string

var scriptFuncs = map[string]func([]any) (any, error){
	"int8":   func(a []any) (any, error) { return int8(a[0].(int)), nil },
	"int16":  func(a []any) (any, error) { return int16(a[0].(int)), nil },
	"int32":  func(a []any) (any, error) { return int32(a[0].(int)), nil },
	"int64":  func(a []any) (any, error) { return int64(a[0].(int)), nil },
	"uint8":  func(a []any) (any, error) { return uint8(a[0].(int)), nil },
	"uint64": func(a []any) (any, error) { return strconv.ParseUint(a[0].(string), 10, 64) },
	"float":  func(a []any) (any, error) { return float64(a[0].(int)), nil },
	"bytes":  func(a []any) (any, error) { return []byte(a[0].(string)), nil },
	"textid": func(a []any) (any, error) { return textID(a[0].(string)), nil },
	"time":   func(a []any) (any, error) { return time.Parse(time.RFC3339Nano, a[0].(string)) },
	"valid":  func(a []any) (any, error) { return sql.NullString{String: a[0].(string), Valid: true}, nil },
	"named":  func(a []any) (any, error) { return sql.Named(a[0].(string), a[1]), nil },
	"repeat": func(a []any) (any, error) { return strings.Repeat(a[0].(string), a[1].(int)), nil },
	"large":  func(a []any) (any, error) { return bytes.Repeat([]byte{0, 1, 0xff}, a[0].(int)), nil },
	"ptr": func(a []any) (any, error) {
		if n, ok := a[0].(int); ok {
			return &n, nil
		}
		return nil, fmt.Errorf("pointer to %T", a[0])
	},
}

// context of a step; end gives up what it holds.
func (s *step) context(t *testing.T) (ctx context.Context, cancel context.CancelFunc) {
	ctx, cancel = context.WithCancel(context.Background())
	if s.flag("cancelled") {
		cancel()
	}
	if d, ok := s.flags["timeout"]; ok {
		limit, err := time.ParseDuration(d)
		if err != nil {
			t.Fatalf("line %d: timeout: %v", s.line, err)
		}
		timed, stop := context.WithTimeout(ctx, limit)
		outer := cancel
		return timed, func() { stop(); outer() }
	}
	return ctx, cancel
}
