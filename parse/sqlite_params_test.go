package parse

import (
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/mattn/go-sqlite3"
)

// The number of a parameter is the ordinal of the argument that the driver
// binds to it. SQLite itself says which that is.
func TestSQLiteNumbersParametersAsTheDriverBindsThem(t *testing.T) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	args := make([]any, 12)
	for i := range args {
		args[i] = int64(i + 1)
	}
	for _, params := range [][]any{
		{"?", "?", "?"},
		{"?2", "?", "?1", "?"},
		{":a", "@a", "$a", ":a", "?"},
		{"?", ":a", "?3", ":b", "?", ":a"},
		{"?5", ":a", "?", "?002", "@b"},
		{"$a::b", "$a::b(c)", "?", "$a::b"},
	} {
		text := "SELECT " + fmt.Sprint(params[0])
		for _, p := range params[1:] {
			text += fmt.Sprintf(", %v", p)
		}
		got := make([]int64, len(params))
		into := make([]any, len(params))
		for i := range got {
			into[i] = &got[i]
		}
		if err := db.QueryRow(text+" FROM (SELECT 1) AS t", args...).Scan(into...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		s := Parse(SQLite, text+" FROM t").Select
		if s == nil || len(s.Params) != len(params) {
			t.Fatalf("%s: %+v", text, s)
		}
		for i, p := range s.Params {
			if p.Kind != Param || int64(p.Ordinal) != got[i] {
				t.Errorf("%s: parameter %d is %+v, SQLite binds %d", text, i, p, got[i])
			}
		}
	}
}

func TestSQLiteNamedArgumentsAreFoundByName(t *testing.T) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, prefix := range []string{":", "@", "$"} {
		var got int
		text := "SELECT " + prefix + "id"
		if err := db.QueryRow(text, sql.Named("id", 7)).Scan(&got); err != nil || got != 7 {
			t.Fatalf("%s: %d, %v", text, got, err)
		}
		s := Parse(SQLite, text+" FROM t").Select
		if s == nil || len(s.Params) != 1 || s.Params[0].Name != "id" || s.Params[0].Ordinal != 1 {
			t.Errorf("%s: %+v", text, s)
		}
	}
}

func TestSQLiteParametersOfSeveralStatementsHaveNoNumber(t *testing.T) {
	f := Parse(SQLite, "UPDATE a SET x = ? WHERE id = ?; UPDATE a SET x = ?1 WHERE id = ?2")
	for _, c := range f.Writes {
		if c.Set[0].Value.Kind != Expression || len(c.Equalities) != 0 || !c.Rest {
			t.Errorf("%+v", c)
		}
	}
}

// To SQLite $2 is a name like any other, to modernc's driver the second
// argument: where that is not the same, nobody knows what is asked for.
func TestSQLiteDollarNumbersCountWhereTheDriversAgree(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT a FROM t WHERE id = $1":                  true,
		"SELECT a FROM t WHERE x = $1 AND id = $2":       true,
		"SELECT a FROM t WHERE x = $2 AND id = $1":       false,
		"SELECT a FROM t WHERE id = $2":                  false,
		"UPDATE t SET a = $1, b = $1 WHERE id = $2":      true,
		"UPDATE t SET a = $2 WHERE id = $1":              false,
		"UPDATE t SET a = ?, b = $1 WHERE id = $2":       false,
		"DELETE FROM t WHERE id = $99999999999999999999": true, // a name to all of them
		"DELETE FROM t WHERE id = $id AND tenant = $2":   true,
	} {
		f := Parse(SQLite, text)
		var equal []Equality
		if f.Select != nil {
			equal = f.Select.Equalities
		} else {
			equal = f.Writes[0].Equalities
		}
		known := false
		for _, e := range equal {
			known = known || e.Column.Name == "id" && e.Values[0].Kind == Param
		}
		if known != want {
			t.Errorf("%s: the parameter of id is known: %v, want %v", text, known, want)
		}
	}
}
