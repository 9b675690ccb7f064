package policy

import (
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

func TestDeclaredEffectsMariaDB(t *testing.T) {
	db := open(t, parse.MySQL, "mysql", testenv.MariaDB(t))
	db.exec(t,
		`CREATE TABLE orders (n BIGINT PRIMARY KEY, v VARCHAR(20))`, `CREATE TABLE audit_log (n BIGINT PRIMARY KEY, v VARCHAR(20))`,
		`CREATE TABLE totals (n BIGINT PRIMARY KEY, v VARCHAR(20))`,
		`CREATE TRIGGER audit_orders BEFORE INSERT ON orders FOR EACH ROW INSERT INTO audit_log VALUES (NEW.n, 'made')`,
		`CREATE FUNCTION recalc(id BIGINT) RETURNS INT MODIFIES SQL DATA BEGIN UPDATE totals SET v = 'x' WHERE n = id; RETURN 1; END`,
		`CREATE FUNCTION slugify(s VARCHAR(20)) RETURNS VARCHAR(20) DETERMINISTIC RETURN lower(s)`,
	)
	const file = `version: 1
effects:
  triggers:
    orders.Audit_Orders: {writes: [audit_log]}
  functions:
    Recalc(bigint): {writes: [totals]}
    slugify(varchar): {pure: true}
`
	r := db.rules(t, parsed(t, file))
	var schema string
	if err := db.QueryRowContext(t.Context(), `SELECT DATABASE()`).Scan(&schema); err != nil {
		t.Fatal(err)
	}
	checkWritten(t, r, map[string]string{
		`INSERT INTO orders VALUES (1, 'a')`:             schema + ".audit_log:* " + schema + ".orders:*",
		`SELECT recalc(1)`:                               schema + ".totals:*",
		`SELECT ` + schema + `.RECALC(1)`:                schema + ".totals:*",
		`SELECT elsewhere.recalc(1)`:                     "all",
		`UPDATE totals SET v = slugify('A') WHERE n = 1`: schema + ".totals:i1:1",
		`UPDATE totals SET v = recalc(2) WHERE n = 1`:    schema + ".totals:*",
	})
	if got := r.planOf(`SELECT slugify(v) FROM orders WHERE n = 1`).Read(nil).Code; got != Miss {
		t.Errorf("a pure function: %v", got)
	}
	if got := r.planOf(`SELECT recalc(n) FROM orders WHERE n = 1`).Read(nil).Code; got != BypassVolatile {
		t.Errorf("a function that writes: %v", got)
	}
	if got := r.Notices(); len(got) != 0 {
		t.Errorf("%q", got)
	}
	checkWritten(t, db.rules(t, Policy{}), map[string]string{
		`INSERT INTO orders VALUES (1, 'a')`: "all", `SELECT recalc(1)`: "all", `SELECT slugify(v) FROM orders WHERE n = 1`: "all",
	})
}
