package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/moneyclip/moneyclip/parse"
)

// declaredRules binds the schema of texts to no policy.
func declaredRules(t testing.TB, d parse.Dialect, texts ...string) *Rules {
	t.Helper()
	var files []SchemaFile
	for i, text := range texts {
		files = append(files, SchemaFile{Name: fmt.Sprintf("file%d.sql", i+1), Text: text})
	}
	c, err := Declare(d, "", files...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Bind(Policy{}, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkAgreement compares everything that is decided of each relation, and
// what is decided of texts, live and declared. Texts of our own are made of
// every table besides those given.
func checkAgreement(t *testing.T, live, declared *Rules, texts ...string) {
	t.Helper()
	describe := func(r *Rules) map[string]relation {
		all := make(map[string]relation)
		for _, table := range r.catalog.tables {
			if table.system() && table.id.Schema != "pg_catalog" && table.id.Schema != "information_schema" || strings.HasPrefix(table.reason, "a shadow") {
				continue // the library's own tables
			}
			all[table.canonical] = *table
		}
		return all
	}
	l, d := describe(live), describe(declared)
	options := []cmp.Option{cmp.AllowUnexported(relation{}, column{}, pair{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(relation{}, "position")}
	for _, name := range slices.Sorted(maps.Keys(l)) {
		have, known := d[name]
		if !known {
			t.Errorf("%s is not declared", name)
			continue
		}
		want := l[name]
		if len(have.columns) == 0 && !want.cacheable() { // a table made by a query
			have.columns, want.columns = nil, nil
		}
		if diff := cmp.Diff(want, have, options...); diff != "" {
			t.Errorf("%s: live - and declared + disagree:\n%s", name, diff)
		}
		texts = append(texts, textsOf(live, &want)...)
	}
	for name := range d {
		if _, known := l[name]; !known {
			t.Errorf("%s is declared, and not in the database", name)
		}
	}
	if diff := cmp.Diff(live.catalog.path, declared.catalog.path); diff != "" {
		t.Errorf("search path: %s", diff)
	}
	for _, text := range texts {
		a, b := live.planOf(text), declared.planOf(text)
		if diff := cmp.Diff(a.Read(named(int64(7))), b.Read(named(int64(7)))); diff != "" {
			t.Errorf("%s: read: live - and declared + disagree:\n%s", text, diff)
		}
		for dirty, pair := range map[string][2]Effects{
			"write":       {a.Write(named(int64(7))), b.Write(named(int64(7)))},
			"dirty write": {a.WriteDirty(named(int64(7))), b.WriteDirty(named(int64(7)))},
		} {
			if diff := cmp.Diff(show(pair[0]), show(pair[1])); diff != "" {
				t.Errorf("%s: %s: live - and declared + disagree (%s, %s):\n%s", text, dirty, pair[0].Reason, pair[1].Reason, diff)
			}
		}
		if a.Session != b.Session || a.MayWrite != b.MayWrite {
			t.Errorf("%s: live %v %v, declared %v %v", text, a.Session, a.MayWrite, b.Session, b.MayWrite)
		}
	}
}

// textsOf makes statements over a relation.
func textsOf(r *Rules, t *relation) []string {
	if t.system() || strings.ContainsAny(t.id.Name, ` "`) {
		return nil
	}
	name := dotted(t.id)
	column := "id"
	if len(t.key) > 0 {
		column = t.columns[t.key[0]].name
	}
	placeholder := "$1"
	if r.catalog.dialect != parse.PostgreSQL {
		placeholder = "?"
	}
	where := " WHERE " + column + " = " + placeholder
	return []string{
		"SELECT * FROM " + name + where, "SELECT * FROM " + t.id.Name + where, "DELETE FROM " + name + where, "DELETE FROM " + name,
		"UPDATE " + name + " SET " + column + " = " + placeholder + where, "INSERT INTO " + name + " (" + column + ") VALUES (" + placeholder + ")",
		"INSERT INTO " + name + " VALUES (" + placeholder + ")", "INSERT INTO " + name + " DEFAULT VALUES",
		"INSERT INTO " + name + " (" + column + ") VALUES (" + placeholder + ") ON CONFLICT (" + column + ") DO NOTHING",
	}
}

// agree executes a schema and compares the two catalogs.
func agree(t *testing.T, d parse.Dialect, schema string, texts ...string) {
	t.Helper()
	var db database
	if d == parse.SQLite {
		db = sqlite(t)
	} else {
		db = postgres(t)
	}
	db.exec(t, schema)
	if d == parse.PostgreSQL {
		db.exec(t, `RESET search_path`)
	}
	live := db.rules(t, Policy{})
	checkAgreement(t, live, declaredRules(t, d, schema), texts...)
	if d == parse.PostgreSQL {
		t.Run("dump", func(t *testing.T) {
			checkAgreement(t, live, declaredRules(t, d, dumpOf(t, db, "--schema-only")), texts...)
		})
	}
}
