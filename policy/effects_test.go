package policy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// The property that all of write.go is for: whatever a statement does to a
// cached row, what it is said to invalidate covers it. Random statements run
// on the real database, on few keys, so that they get in each other's way.

// contents is what a database holds: by table and canonical key, the row.
type contents map[Row]string

func (d database) contents(t *testing.T, r *Rules) contents {
	t.Helper()
	all := make(contents)
	for _, name := range r.Cached() {
		schema, bare, _ := strings.Cut(name, ".")
		table := r.catalog.resolve(parse.Table{Schema: schema, Name: bare})
		var key []string
		for _, at := range table.key {
			key = append(key, table.columns[at].name)
		}
		rows, err := connQueryer{d.Conn}.Query(t.Context(), fmt.Sprintf("SELECT %s, t.* FROM %s AS t", strings.Join(key, ", "), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			values := slices.Clone(row[:len(key)])
			for i, at := range table.key {
				if b, bytes := values[i].([]byte); bytes && table.columns[at].pair.kind != bytePair {
					values[i] = string(b)
				}
			}
			// A key that is no exact value (SQLite's NULL) is never cached.
			if at, exact := r.RowOf(name, values...); exact {
				all[at] = fmt.Sprint(row)
			}
		}
	}
	return all
}

// uncovered returns what changed without being invalidated.
func uncovered(before, after contents, e Effects) (rows []Row) {
	covered := func(row Row) bool {
		return e.All || slices.Contains(e.Tables, row.Table) || slices.Contains(e.Rows, row)
	}
	for row, was := range before {
		if is, still := after[row]; (!still || is != was) && !covered(row) {
			rows = append(rows, row)
		}
	}
	for row := range after {
		if _, old := before[row]; !old && !covered(row) && !slices.Contains(e.Absent, row.Table) {
			rows = append(rows, row)
		}
	}
	return rows
}

// writer makes random statements.
type writer struct {
	*rand.Rand
	dialect parse.Dialect
	tables  []writerTable
	args    []any
	policy  Policy
}

type writerTable struct {
	name    string
	columns []string // "n" is a number, others are text
	keys    int      // the first so many columns
	numbers string   // the columns that are numbers
}

func (w *writer) pick(of ...string) string { return of[w.IntN(len(of))] }

// value makes a value for a column: an argument or a literal.
func (w *writer) value(t writerTable, column string) string {
	if w.IntN(12) == 0 {
		return w.pick("NULL", "'1'", "2", "'a '", "1 + 1", "coalesce(NULL, 1)")
	}
	var v any
	literal := ""
	if strings.Contains(t.numbers, column) {
		n := int64(w.IntN(4))
		v, literal = n, fmt.Sprint(n)
	} else {
		s := w.pick("a", "b", "c", "a ", "A")
		v, literal = s, "'"+s+"'"
	}
	if w.IntN(2) == 0 {
		return literal
	}
	w.args = append(w.args, v)
	if w.dialect == parse.PostgreSQL {
		return fmt.Sprintf("$%d", len(w.args))
	}
	return "?"
}

func (w *writer) where(t writerTable) string {
	var conjuncts []string
	columns := t.columns
	if w.IntN(3) > 0 {
		columns = t.columns[:t.keys]
	}
	for _, c := range columns {
		switch w.IntN(6) {
		case 0:
			conjuncts = append(conjuncts, c+" IN ("+w.value(t, c)+", "+w.value(t, c)+")")
		case 1:
			if len(columns) > 1 {
				continue
			}
			fallthrough
		default:
			conjuncts = append(conjuncts, c+w.pick(" = ", " = ", " = ", " >= ")+w.value(t, c))
		}
	}
	if len(conjuncts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conjuncts, w.pick(" AND ", " AND ", " AND ", " OR "))
}

func (w *writer) set(t writerTable) string {
	var sets []string
	for _, c := range t.columns {
		if w.IntN(2) == 0 {
			sets = append(sets, c+" = "+w.value(t, c))
		}
	}
	if len(sets) == 0 {
		c := t.columns[len(t.columns)-1]
		sets = append(sets, c+" = "+w.value(t, c))
	}
	return strings.Join(sets, ", ")
}

func (w *writer) insert(t writerTable) string {
	columns := slices.Clone(t.columns)
	if w.IntN(4) == 0 {
		columns = columns[1:]
	}
	w.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	list := " (" + strings.Join(columns, ", ") + ")"
	if w.IntN(4) == 0 {
		columns, list = t.columns, ""
	}
	var rows []string
	for range 1 + w.IntN(2) {
		var values []string
		for _, c := range columns {
			values = append(values, w.value(t, c))
		}
		rows = append(rows, "("+strings.Join(values, ", ")+")")
	}
	return t.name + list + " VALUES " + strings.Join(rows, ", ")
}

func (w *writer) statement() (text string, args []any) {
	w.args = nil
	t := w.tables[w.IntN(len(w.tables))]
	or := ""
	if w.dialect == parse.SQLite {
		or = w.pick("", "", "OR REPLACE ", "OR IGNORE ", "OR FAIL ", "OR ABORT ")
	}
	switch w.IntN(6) {
	case 0:
		text = "DELETE FROM " + t.name + w.where(t)
	case 1, 2:
		text = "UPDATE " + or + t.name + " SET " + w.set(t) + w.where(t)
	case 3:
		text = "INSERT " + or + "INTO " + w.insert(t)
	case 4:
		text = "INSERT INTO " + t.name + " SELECT * FROM " + t.name + " AS other WHERE true ON CONFLICT DO NOTHING"
	default:
		target := w.pick(strings.Join(t.columns[:t.keys], ", "), strings.Join(t.columns[:t.keys], ", "), t.columns[len(t.columns)-1])
		text = "INSERT INTO " + w.insert(t) + " ON CONFLICT (" + target + ") DO " + w.pick("NOTHING", "UPDATE SET "+w.set(t))
	}
	return text, w.args
}

func (w *writer) check(t *testing.T, db database, n int) {
	t.Helper()
	w.checkAll(t, db, n, InvalidateRow, InvalidateTable, InvalidateAll)
}

// checkAll runs statements, each in a transaction that is rolled back. Each of
// the codes must be among what they were said to invalidate.
func (w *writer) checkAll(t *testing.T, db database, n int, codes ...Code) {
	t.Helper()
	r := db.rules(t, w.policy)
	start := db.contents(t, r)
	counts := make(map[Code]int)
	for range n {
		text, args := w.statement()
		e := r.planOf(text).Write(named(args...))
		db.exec(t, "BEGIN")
		_, err := db.ExecContext(t.Context(), text, args...)
		if err == nil {
			if missed := uncovered(start, db.contents(t, r), e); len(missed) > 0 {
				t.Errorf("%s %v\ninvalidates %s, but changes %v", text, args, show(e), missed)
			}
			counts[e.Code]++
		}
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}
	for _, code := range codes {
		if counts[code] < n/50 {
			t.Errorf("only %d statements of %d that succeeded were %v", counts[code], n, code)
		}
	}
}

func TestEffectsCoverWhatChangesSQLite(t *testing.T) {
	db := sqlite(t,
		`CREATE TABLE plain (n INTEGER PRIMARY KEY, v TEXT)`,
		`CREATE TABLE texts (id TEXT PRIMARY KEY, v TEXT UNIQUE)`,
		`CREATE TABLE pairs (a TEXT, n INT, v TEXT, PRIMARY KEY (n, a)) WITHOUT ROWID`,
		`CREATE TABLE emails (n INTEGER PRIMARY KEY, m INT, e TEXT UNIQUE)`,
		`CREATE TABLE clauses (n INT PRIMARY KEY, e TEXT UNIQUE ON CONFLICT REPLACE)`,
		`CREATE TABLE accounts (n INTEGER PRIMARY KEY, v TEXT)`,
		`CREATE TABLE followers (n INTEGER PRIMARY KEY, m INT REFERENCES accounts ON DELETE CASCADE ON UPDATE SET NULL)`,
		`CREATE TABLE audited (n INTEGER PRIMARY KEY, v TEXT)`,
		`CREATE TRIGGER t AFTER UPDATE ON audited BEGIN DELETE FROM plain WHERE n = old.n; END`,
		`PRAGMA foreign_keys = ON`,
		`INSERT INTO plain VALUES (0, 'a'), (1, 'b'), (2, 'c')`, `INSERT INTO texts VALUES ('a', 'b'), ('b', 'c'), ('A', NULL)`,
		`INSERT INTO pairs VALUES ('a', 0, 'x'), ('a', 1, 'y'), ('b', 1, 'z')`, `INSERT INTO emails VALUES (0, 0, 'a'), (1, 1, 'b'), (2, 2, 'c')`,
		`INSERT INTO clauses VALUES (0, 'a'), (1, 'b'), (NULL, 'c')`, `INSERT INTO accounts VALUES (0, 'a'), (1, 'b')`,
		`INSERT INTO followers VALUES (0, 0), (1, 0), (2, 1)`, `INSERT INTO audited VALUES (0, 'a'), (1, 'b')`,
	)
	w := &writer{Rand: rand.New(rand.NewPCG(1, 2)), dialect: parse.SQLite, tables: []writerTable{
		{"plain", []string{"n", "v"}, 1, "n"}, {"texts", []string{"id", "v"}, 1, ""}, {"pairs", []string{"a", "n", "v"}, 2, "n"},
		{"emails", []string{"n", "m", "e"}, 1, "nm"}, {"clauses", []string{"n", "e"}, 1, "n"}, {"accounts", []string{"n", "v"}, 1, "n"},
		{"followers", []string{"n", "m"}, 1, "nm"}, {"audited", []string{"n", "v"}, 1, "n"},
	}}
	w.check(t, db, 3000)
}

func TestEffectsCoverWhatChangesPostgres(t *testing.T) {
	db := postgres(t,
		`CREATE TABLE plain (n bigserial PRIMARY KEY, v text)`,
		`CREATE TABLE texts (id varchar(1) PRIMARY KEY, v text UNIQUE)`,
		`CREATE TABLE pairs (a text, n int, v text, PRIMARY KEY (n, a))`,
		`CREATE TABLE emails (n bigint PRIMARY KEY, m int, e text UNIQUE)`,
		`CREATE TABLE idents (n bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v text)`,
		`CREATE TABLE accounts (n bigint PRIMARY KEY, v text)`,
		`CREATE TABLE followers (n bigint PRIMARY KEY, m bigint REFERENCES accounts ON DELETE CASCADE ON UPDATE SET NULL)`,
		`CREATE TABLE audited (n bigint PRIMARY KEY, v text)`,
		`CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := NEW.n + 1; RETURN NEW; END'`,
		`CREATE TRIGGER t BEFORE INSERT ON audited FOR EACH ROW EXECUTE FUNCTION f()`,
		`INSERT INTO plain VALUES (0, 'a'), (1, 'b'), (2, 'c')`, `INSERT INTO texts VALUES ('a', 'b'), ('b', 'c'), ('A', NULL)`,
		`INSERT INTO pairs VALUES ('a', 0, 'x'), ('a', 1, 'y'), ('b', 1, 'z')`, `INSERT INTO emails VALUES (0, 0, 'a'), (1, 1, 'b'), (2, 2, 'c')`,
		`INSERT INTO idents VALUES (1, 'b'), (3, 'c')`, `INSERT INTO accounts VALUES (0, 'a'), (1, 'b')`,
		`INSERT INTO followers VALUES (0, 0), (1, 0), (2, 1)`, `INSERT INTO audited VALUES (0, 'a'), (1, 'b')`,
	)
	w := &writer{Rand: rand.New(rand.NewPCG(3, 4)), dialect: parse.PostgreSQL, tables: []writerTable{
		{"plain", []string{"n", "v"}, 1, "n"}, {"texts", []string{"id", "v"}, 1, ""}, {"pairs", []string{"a", "n", "v"}, 2, "n"},
		{"emails", []string{"n", "m", "e"}, 1, "nm"}, {"idents", []string{"n", "v"}, 1, "n"}, {"accounts", []string{"n", "v"}, 1, "n"},
		{"followers", []string{"n", "m"}, 1, "nm"}, {"audited", []string{"n", "v"}, 1, "n"},
	}}
	w.check(t, db, 600)
}
