package policy

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBindReportsAllMistakesAtOnce(t *testing.T) {
	db := sqlite(t, `CREATE TABLE authors (id INTEGER PRIMARY KEY)`, `CREATE TABLE books (id INTEGER PRIMARY KEY)`)
	_, err := Bind(Policy{
		Defaults: Defaults{TTL: time.Microsecond, Jitter: 1, MaxEntry: -1},
		Tables: map[string]TableRule{
			"autors":      {},
			"main.bookz":  {TTL: -time.Second},
			"books":       {MaxEntry: mostMaxEntry + 1},
			"main.books":  {},
			"other.books": {},
		},
	}, db.catalog(t))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"defaults: ttl 1µs", "defaults: jitter 1", "defaults: max_entry -1",
		"table autors does not exist: did you mean authors?",
		"table main.bookz does not exist: did you mean main.books?", "table main.bookz: ttl -1s",
		"table books: max_entry", "table main.books is the same as books", "table other.books does not exist",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	for line := range strings.Lines(err.Error()) {
		if !strings.HasPrefix(line, "moneyclip: policy: ") {
			t.Errorf("line %q", line)
		}
	}
}

func TestBindRefusesJitter(t *testing.T) {
	c := sqlite(t).catalog(t)
	for _, d := range []Defaults{{Jitter: -0.1}, {Jitter: 1}, {Jitter: math.NaN()}, {Jitter: math.Inf(1)}, {Jitter: 0.1, NoJitter: true}} {
		if _, err := Bind(Policy{Defaults: d}, c); err == nil {
			t.Errorf("%+v: no error", d)
		}
	}
}

func TestBindDefaults(t *testing.T) {
	db := sqlite(t, `CREATE TABLE a (id INTEGER PRIMARY KEY)`)
	read := func(p Policy) Read {
		return db.rules(t, p).planOf(`SELECT * FROM a WHERE id = 1`).Read(nil)
	}
	got := read(Policy{})
	if got.TTL != 10*time.Minute || got.Jitter != 0.1 || got.MaxEntry != 64<<10 {
		t.Errorf("%+v", got)
	}
	if got := read(Policy{Defaults: Defaults{NoJitter: true}}); got.Code != Miss || got.Jitter != 0 {
		t.Errorf("%+v", got)
	}
	if got := read(Policy{Defaults: Defaults{Listed: true}}); got.Code != BypassPolicy {
		t.Errorf("%+v", got)
	}
	if got := read(Policy{Defaults: Defaults{Listed: true}, Tables: map[string]TableRule{"a": {}}}); got.Code != Miss {
		t.Errorf("%+v", got)
	}
}

func TestTablesByName(t *testing.T) {
	r := postgres(t,
		`CREATE TABLE authors (id int PRIMARY KEY)`, `CREATE TABLE nokey (id int)`, `CREATE VIEW v AS SELECT 1`,
		`CREATE SCHEMA other`, `CREATE TABLE other.authors (id int PRIMARY KEY)`, `CREATE TABLE other.alone (id text, n int, PRIMARY KEY (n, id))`,
		`CREATE TABLE "dotted.name" (id int PRIMARY KEY)`, `CREATE TABLE columns (id int PRIMARY KEY)`,
	).rules(t, Policy{Tables: map[string]TableRule{"other.authors": {Off: true}}})
	for name, want := range map[string]string{
		"authors": "", "public.authors": "public.authors", "alone": "other.alone", "nowhere": "",
		"dotted.name": "public.dotted.name", "public.dotted.name": "public.dotted.name", "columns": "public.columns", "pg_class": "",
	} {
		if got, ok := r.TableName(name); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	if _, err := Bind(Policy{Tables: map[string]TableRule{"authors": {}}}, r.catalog); err == nil || !strings.Contains(err.Error(), "ambiguous: want one of other.authors, public.authors") {
		t.Errorf("ambiguous name: %v", err)
	}
	if got, want := r.Cached(), []string{"other.alone", "public.authors", "public.columns", "public.dotted.name"}; !slices.Equal(got, want) {
		t.Errorf("cached: %v", got)
	}
	if got, want := r.Tables(), []string{"other.alone", "other.authors", "public.authors", "public.columns", "public.dotted.name", "public.nokey", "public.v"}; !slices.Equal(got, want) {
		t.Errorf("tables: %v", got)
	}
	for table, want := range map[string]Code{"other.authors": BypassPolicy, "public.nokey": BypassNotPrimaryKey, "public.v": BypassNotBaseTable} {
		if code, reason, refused := r.Refused(table); !refused || code != want || reason == "" {
			t.Errorf("%s: %v, %q, %v", table, code, reason, refused)
		}
	}
	if code, _, refused := r.Refused("public.authors"); refused {
		t.Errorf("public.authors: %v", code)
	}

	if row, ok := r.RowOf("alone", 7, "x"); !ok || row != (Row{"other.alone", "i1:7s1:x"}) {
		t.Errorf("row %v, %v", row, ok)
	}
	for _, key := range [][]any{{}, {7}, {"x", 7}, {7, "x", 1}, {7, nil}, {7.0, "x"}} {
		if row, ok := r.RowOf("alone", key...); ok {
			t.Errorf("key %v: row %v", key, row)
		}
	}
	for _, table := range []string{"nokey", "authors", "nowhere", "v"} {
		if _, ok := r.RowOf(table, 1); ok {
			t.Errorf("a row of %s", table)
		}
	}
}

// Unqualified names go by the session's search path.
func TestNamesResolveByPathOrder(t *testing.T) {
	db := postgres(t, `CREATE TABLE authors (id int PRIMARY KEY)`, `CREATE SCHEMA other`, `CREATE TABLE other.authors (id int PRIMARY KEY)`,
		`CREATE TABLE public.pg_class (id int PRIMARY KEY)`)
	row := func() Read { return db.rules(t, Policy{}).planOf(`SELECT id FROM authors WHERE id = 7`).Read(nil) }
	if got := row(); got.Row.Table != "public.authors" {
		t.Errorf("%+v", got)
	}
	if got := db.rules(t, Policy{}).planOf(`SELECT id FROM pg_class WHERE id = 7`).Read(nil); got.Code != BypassNotBaseTable {
		t.Errorf("pg_catalog comes first: %+v", got)
	}
	db.exec(t, `SET search_path = other, public`)
	if got := row(); got.Row.Table != "other.authors" {
		t.Errorf("%+v", got)
	}
	db.exec(t, `SET search_path = nowhere`)
	if got := row(); got.Code != BypassNotBaseTable {
		t.Errorf("%+v", got)
	}
	db.exec(t, `SET search_path = public, pg_catalog`)
	if got := db.rules(t, Policy{}).planOf(`SELECT id FROM pg_class WHERE id = 7`).Read(nil); got.Row.Table != "public.pg_class" {
		t.Errorf("pg_catalog named last: %+v", got)
	}
}
