package policy

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moneyclip/moneyclip/parse"
)

// orders is a table whose triggers write others, which have some themselves.
var ordersSQLite = []string{
	`CREATE TABLE orders (n INTEGER PRIMARY KEY, v TEXT)`, `CREATE TABLE audit_log (n INTEGER PRIMARY KEY, v TEXT)`,
	`CREATE TABLE totals (n INTEGER PRIMARY KEY, v TEXT)`, `CREATE TABLE users (n INTEGER PRIMARY KEY, v TEXT)`,
	`CREATE TRIGGER audit_orders AFTER INSERT ON orders BEGIN INSERT OR REPLACE INTO audit_log VALUES (new.n, 'made'); END`,
	`CREATE TRIGGER Drop_Orders AFTER DELETE ON orders BEGIN DELETE FROM orders WHERE n = old.n + 1; END`,
	`CREATE TRIGGER count_up AFTER INSERT ON audit_log BEGIN UPDATE totals SET v = v || 'x' WHERE n < 2; END`,
}

const ordersFile = `version: 1
effects:
  triggers:
    orders.audit_orders: {writes: [audit_log]}
    orders.drop_orders: {writes: []}
    audit_log.count_up: {writes: [totals]}
`

func checkWritten(t *testing.T, r *Rules, want map[string]string) {
	t.Helper()
	for text, want := range want {
		if got := show(r.planOf(text).Write(nil)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestDeclaredTriggersSQLite(t *testing.T) {
	db := sqlite(t, ordersSQLite...)
	checkWritten(t, db.rules(t, parsed(t, ordersFile)), map[string]string{
		`INSERT INTO orders VALUES (1, 'a')`:                            "main.audit_log:* main.orders:* main.totals:*",
		`UPDATE orders SET v = 'b' WHERE n = 1`:                         "main.audit_log:* main.orders:* main.totals:*",
		`INSERT INTO audit_log VALUES (1, 'a')`:                         "main.audit_log:* main.totals:*",
		`UPDATE totals SET v = '' WHERE n = 1`:                          "main.totals:i1:1",
		`UPDATE users SET v = 'b' WHERE n = 1`:                          "main.users:i1:1",
		`DELETE FROM audit_log; DELETE FROM users`:                      "main.audit_log:* main.totals:* main.users:*",
		`CREATE TRIGGER more AFTER UPDATE ON users BEGIN SELECT 1; END`: "all",
	})
	// Another setting may stand for other triggers.
	r := db.rules(t, parsed(t, ordersFile))
	if got := show(r.planOf(`INSERT INTO orders VALUES (1, 'a')`).WriteDirty(nil)); got != "all" {
		t.Errorf("dirty: %s", got)
	}
	db.exec(t, `CREATE TEMP TRIGGER passing AFTER UPDATE ON orders BEGIN DELETE FROM users; END`)
	checkWritten(t, db.rules(t, parsed(t, ordersFile)), map[string]string{`INSERT INTO orders VALUES (1, 'a')`: "all"})
}

// As long as one trigger is not declared, nobody knows what is written.
func TestDeclaredTriggersCountTogether(t *testing.T) {
	db := sqlite(t, ordersSQLite...)
	const write = `INSERT INTO orders VALUES (1, 'a')`
	p := parsed(t, `version: 1
effects:
  triggers:
    main.orders.audit_orders: {writes: [audit_log]}
    audit_log.count_up: {writes: [totals]}
`)
	r := db.rules(t, p)
	checkWritten(t, r, map[string]string{write: "all"})
	if got := strings.Join(r.Notices(), "\n"); got != "shop.yaml:4:5: trigger main.orders.audit_orders: writes to main.orders invalidate everything all the same (not all of its triggers are declared: it has drop_orders, audit_orders)" {
		t.Error(got)
	}
	p = parsed(t, strings.Replace(ordersFile, "    audit_log.count_up: {writes: [totals]}\n", "", 1))
	r = db.rules(t, p)
	checkWritten(t, r, map[string]string{write: "all", `DELETE FROM audit_log`: "all"})
	if got := r.Notices(); len(got) != 2 || !strings.Contains(got[0], "(a write to a table with a trigger)") {
		t.Errorf("%q", got)
	}
	// What a foreign key does to a table that a trigger writes stays unknown.
	db.exec(t, `CREATE TABLE lines (n INTEGER PRIMARY KEY, log INT REFERENCES audit_log ON DELETE CASCADE)`)
	checkWritten(t, db.rules(t, parsed(t, ordersFile)), map[string]string{write: "all", `INSERT INTO audit_log VALUES (1, 'a')`: "main.audit_log:* main.totals:*", `DELETE FROM audit_log`: "all"})
}

func TestDeclaredTriggersThatAreNotThere(t *testing.T) {
	c := sqlite(t, ordersSQLite...).catalog(t)
	got := bindError(parsed(t, `version: 1
effects:
  triggers:
    orders.audit_order: {writes: [audit_log]}
    order.audit_orders: {writes: []}
    users.any: {writes: [user, totals, totals]}
    audit_log.count_up: {writes: []}
    main.audit_log.COUNT_UP: {writes: []}
`), c)
	want := strings.TrimSpace(`
shop.yaml:4:5: trigger orders.audit_order: table main.orders has no such trigger: did you mean audit_orders?
shop.yaml:5:5: trigger order.audit_orders: table order does not exist: did you mean orders?
shop.yaml:6:5: trigger users.any: table main.users has no triggers
shop.yaml:6:17: trigger users.any writes: table user does not exist: did you mean users?
shop.yaml:6:17: trigger users.any writes: table totals is there twice
shop.yaml:8:5: trigger main.audit_log.COUNT_UP is there under another spelling: want one of them`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever the triggers do, the declaration covers it: the property of
// effects_test.go, with triggers.
func TestDeclaredEffectsCoverWhatChangesSQLite(t *testing.T) {
	db := sqlite(t, append(ordersSQLite,
		`PRAGMA recursive_triggers = ON`,
		`INSERT INTO totals VALUES (0, ''), (1, ''), (2, '')`, `INSERT INTO users VALUES (0, 'a'), (1, 'b')`,
		`INSERT INTO orders VALUES (0, 'a'), (1, 'b'), (2, 'c')`,
	)...)
	w := &writer{Rand: rand.New(rand.NewPCG(5, 6)), dialect: parse.SQLite, policy: parsed(t, ordersFile), tables: []writerTable{
		{"orders", []string{"n", "v"}, 1, "n"}, {"audit_log", []string{"n", "v"}, 1, "n"}, {"users", []string{"n", "v"}, 1, "n"},
	}}
	w.checkAll(t, db, 1000, InvalidateRow, InvalidateTable)
}

var ordersPostgres = []string{
	`CREATE TABLE orders (n bigint PRIMARY KEY, v text)`, `CREATE TABLE audit_log (n bigint PRIMARY KEY, v text)`,
	`CREATE TABLE totals (n bigint PRIMARY KEY, v text)`, `CREATE TABLE users (n bigint PRIMARY KEY, v text)`,
	`CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := NEW.n + 1; INSERT INTO audit_log VALUES (NEW.n, ''made'') ON CONFLICT (n) DO UPDATE SET v = ''again''; RETURN NEW; END'`,
	`CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders WHERE n = OLD.n + 1; RETURN NULL; END'`,
	`CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE totals SET v = v || ''x'' WHERE n < 2; RETURN NULL; END'`,
	`CREATE TRIGGER audit_orders BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION audit()`,
	`CREATE CONSTRAINT TRIGGER drop_orders AFTER DELETE ON orders DEFERRABLE FOR EACH ROW EXECUTE FUNCTION gone()`,
	`CREATE TRIGGER count_up AFTER INSERT OR UPDATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION count_up()`,
	`INSERT INTO totals VALUES (0, ''), (1, ''), (2, '')`, `INSERT INTO users VALUES (0, 'a'), (1, 'b')`,
	`INSERT INTO orders VALUES (0, 'a'), (2, 'b')`,
}

func TestDeclaredTriggersPostgres(t *testing.T) {
	db := postgres(t, ordersPostgres...)
	checkWritten(t, db.rules(t, parsed(t, ordersFile)), map[string]string{
		`INSERT INTO orders VALUES (1, 'a')`:      "public.audit_log:* public.orders:* public.totals:*",
		`UPDATE audit_log SET v = '' WHERE n = 1`: "public.audit_log:* public.totals:*",
		`TRUNCATE orders`:                         "public.audit_log:* public.orders:* public.totals:*",
		`UPDATE users SET v = 'b' WHERE n = 1`:    "public.users:i1:1",
		`ALTER TABLE orders ADD w int`:            "all",
	})
	checkWritten(t, db.rules(t, Policy{}), map[string]string{`INSERT INTO orders VALUES (1, 'a')`: "all", `UPDATE users SET v = 'b' WHERE n = 1`: "public.users:i1:1"})
	r := db.rules(t, parsed(t, ordersFile))
	if got := show(r.planOf(`INSERT INTO orders VALUES (1, 'a')`).WriteDirty(nil)); got != "all" {
		t.Errorf("dirty: %s", got)
	}
	w := &writer{Rand: rand.New(rand.NewPCG(7, 8)), dialect: parse.PostgreSQL, policy: parsed(t, ordersFile), tables: []writerTable{
		{"orders", []string{"n", "v"}, 1, "n"}, {"audit_log", []string{"n", "v"}, 1, "n"}, {"users", []string{"n", "v"}, 1, "n"},
	}}
	w.checkAll(t, db, 300, InvalidateRow, InvalidateTable)
}

// The other reasons to invalidate everything stand, whatever is declared.
func TestDeclaredTriggersDoNotHideOtherCode(t *testing.T) {
	db := postgres(t, append(slices.Clone(writingCode),
		`CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
		`CREATE TABLE defaulted (id int PRIMARY KEY, d int DEFAULT wf())`, `CREATE TRIGGER a BEFORE INSERT ON defaulted FOR EACH ROW EXECUTE FUNCTION tf()`,
		`CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)`, `CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10)`,
		`CREATE TRIGGER a AFTER INSERT ON parted FOR EACH ROW EXECUTE FUNCTION tf()`,
		`CREATE VIEW seen AS SELECT id FROM t`, `CREATE TRIGGER a INSTEAD OF INSERT ON seen FOR EACH ROW EXECUTE FUNCTION tf()`,
		`CREATE TABLE writes_view (id int PRIMARY KEY)`, `CREATE TRIGGER a AFTER INSERT ON writes_view FOR EACH ROW EXECUTE FUNCTION tf()`,
		`CREATE TABLE parent (id int PRIMARY KEY)`, `CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent ON DELETE CASCADE)`,
		`CREATE TRIGGER a AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION tf()`,
	)...)
	r := db.rules(t, parsed(t, `version: 1
effects:
  triggers:
    defaulted.a: {writes: []}
    parted.a: {writes: []}
    part.a: {writes: []}
    seen.a: {writes: [t]}
    writes_view.a: {writes: [seen]}
    parent.a: {writes: []}
`))
	checkWritten(t, r, map[string]string{
		`INSERT INTO defaulted VALUES (1)`: "all", `INSERT INTO parted VALUES (1)`: "all", `INSERT INTO part VALUES (1)`: "all",
		`INSERT INTO seen VALUES (1)`: "all", `INSERT INTO writes_view VALUES (1)`: "all",
		`DELETE FROM parent WHERE id = 1`: "all", `INSERT INTO parent VALUES (1)`: "public.parent:*",
	})
	if got := r.Notices(); len(got) != 6 {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
