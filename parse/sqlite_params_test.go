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
