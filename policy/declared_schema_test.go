package policy

import (
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// A declared schema knows triggers and functions by the same names.
func TestDeclaredEffectsOfADeclaredSchema(t *testing.T) {
	for dialect, schema := range map[parse.Dialect][]string{
		parse.PostgreSQL: append(totalling[:4:4], ordersPostgres[0], ordersPostgres[1],
			`CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
			`CREATE TRIGGER audit_orders BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION audit()`),
		parse.SQLite: ordersSQLite[:5],
	} {
		c, err := Declare(dialect, "", SchemaFile{Name: "schema.sql", Text: strings.Join(schema, ";\n") + ";\n"})
		if err != nil {
			t.Fatal(err)
		}
		text := "version: 1\neffects:\n  triggers:\n    orders.audit_orders: {writes: [audit_log]}\n"
		want := map[string]string{`INSERT INTO orders VALUES (1, 'a')`: "main.audit_log:* main.orders:*"}
		if dialect == parse.PostgreSQL {
			text += "  functions:\n    recalc(int8): {writes: [totals]}\n    slugify(text): {pure: true}\n"
			want = map[string]string{
				`INSERT INTO orders VALUES (1, 'a')`: "public.audit_log:* public.orders:*", `SELECT recalc(1)`: "public.totals:*",
				`SELECT slugify(v) FROM users WHERE n = 1`: "nothing",
			}
		}
		r, err := Bind(parsed(t, text), c)
		if err != nil {
			t.Error(err)
			continue
		}
		checkWritten(t, r, want)
	}
}
