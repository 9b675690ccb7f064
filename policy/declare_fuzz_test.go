package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// FuzzDeclaredSchema: no schema makes Declare, or a decision by it, panic.
func FuzzDeclaredSchema(f *testing.F) {
	for d, schemas := range map[parse.Dialect][]map[string]string{
		parse.PostgreSQL: {postgresSchemas, codeSchemas}, parse.MySQL: {mysqlSchemas}, parse.SQLite: {sqliteSchemas},
	} {
		for _, list := range schemas {
			for _, text := range list {
				f.Add(uint8(d), text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, d uint8, text string) {
		c, err := Declare(parse.Dialect(d%4), "", SchemaFile{Name: "f.sql", Text: text})
		if (c == nil) != (err != nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if c == nil {
			return
		}
		r, err := Bind(Policy{}, c)
		if err != nil {
			t.Fatal(err)
		}
		p := r.planOf("UPDATE a SET id = 1 WHERE id = 2")
		p.Write(nil)
		p.WriteDirty(nil)
		r.planOf("SELECT * FROM a WHERE id = 1").Read(nil)
	})
}

func BenchmarkDeclare(b *testing.B) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "CREATE TABLE t%d (id BIGINT PRIMARY KEY, v VARCHAR(10) UNIQUE, t0 BIGINT REFERENCES t0 (id));\nCREATE INDEX i%d ON t%d (t0);\n", i, i, i)
	}
	for _, d := range []parse.Dialect{parse.PostgreSQL, parse.MySQL, parse.SQLite} {
		b.Run(d.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := Declare(d, "", SchemaFile{Name: "s.sql", Text: text.String()}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
