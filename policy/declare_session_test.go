package policy

import (
	"context"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

type answers map[string][][]any

func (a answers) Query(_ context.Context, sql string) ([][]any, error) { return a[sql], nil }

// With a search path of its own, a session's unqualified names are in other
// tables than public's.
func TestDeclaredSchemaIsSeenBySearchPathAndEncodingOfTheSession(t *testing.T) {
	file := SchemaFile{Name: "schema.sql", Text: `CREATE SCHEMA app; CREATE TABLE app.a (id int PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE app.t (id text PRIMARY KEY);`}
	for _, c := range []struct {
		settings   [][]any
		text, want string
	}{
		{[][]any{{"pg_catalog", "UTF8"}, {"public", "UTF8"}}, `DELETE FROM a WHERE id = 1`, "public.a:i1:1"},
		{[][]any{{"pg_catalog", "UTF8"}, {"app", "UTF8"}, {"public", "UTF8"}}, `DELETE FROM a WHERE id = 1`, "app.a:i1:1"},
		{[][]any{{"pg_catalog", "UTF8"}, {"app", "UTF8"}}, `DELETE FROM app.t WHERE id = 'x'`, "app.t:s1:x"},
		{[][]any{{"pg_catalog", "SQL_ASCII"}, {"app", "SQL_ASCII"}}, `DELETE FROM app.t WHERE id = 'x'`, "nothing"},
	} {
		catalog, err := DeclareFor(t.Context(), answers{pgSettings: c.settings}, parse.PostgreSQL, "", file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Bind(Policy{}, catalog)
		if err != nil {
			t.Fatal(err)
		}
		if got := show(r.planOf(c.text).Write(nil)); got != c.want {
			t.Errorf("%v: %s: %s, want %s", c.settings, c.text, got, c.want)
		}
	}
}
