package policy

import (
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// What a declared trigger writes may have foreign keys that this account does
// not see, and what they do is not in the declaration.
func TestDeclaredTriggerIntoATableWithHiddenActions(t *testing.T) {
	c, err := Declare(parse.MySQL, "", SchemaFile{Name: "schema.sql", Text: `
		CREATE TABLE orders (id INT PRIMARY KEY);
		CREATE TABLE audit (id INT PRIMARY KEY);
		CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW DELETE FROM audit WHERE id = NEW.id;`})
	if err != nil {
		t.Fatal(err)
	}
	p := Policy{Effects: DeclaredEffects{Triggers: map[string]TriggerEffect{"orders.t": {Writes: []string{"audit"}}}}}
	for _, w := range []struct{ hidden, want string }{{"", "default.audit:* default.orders:*"}, {"an account that does not see all", "all"}} {
		c.resolve(parse.Table{Name: "audit"}).hiddenActions = w.hidden
		r, err := Bind(p, c)
		if err != nil {
			t.Fatal(err)
		}
		if got := show(r.planOf(`INSERT INTO orders VALUES (1)`).Write(nil)); got != w.want {
			t.Errorf("%q: %s, want %s", w.hidden, got, w.want)
		}
	}
}
