package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-sqlite3"

	"database/sql"

	"github.com/moneyclip/moneyclip/parse"
)

var totalling = []string{
	`CREATE TABLE totals (n bigint PRIMARY KEY, v text)`, `CREATE TABLE users (n bigint PRIMARY KEY, v text)`,
	`CREATE FUNCTION recalc(bigint) RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE totals SET v = v || ''x'' WHERE n = $1; END'`,
	`CREATE FUNCTION slugify(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN lower($1); END'`,
	`INSERT INTO totals VALUES (1, ''), (2, '')`, `INSERT INTO users VALUES (1, 'A')`,
}

func functionsFile(t *testing.T, lines ...string) Policy {
	t.Helper()
	return parsed(t, "version: 1\neffects:\n  functions:\n    "+strings.Join(lines, "\n    ")+"\n")
}

func TestDeclaredFunctionsPostgres(t *testing.T) {
	db := postgres(t, totalling...)
	texts := []string{
		`SELECT recalc(1)`, `SELECT slugify(v) FROM users WHERE n = 1`, `UPDATE users SET v = slugify('X') WHERE n = 1`,
		`SELECT recalc(n) FROM users`, `UPDATE users SET v = 'y' WHERE n = (SELECT 1 FROM recalc(2))`, `SELECT public.recalc(1)`,
		`SELECT 1 FROM users WHERE n = 1`,
	}
	judge := func(p Policy) (got []string) {
		r := db.rules(t, p)
		for _, text := range texts {
			plan := r.planOf(text)
			said := show(plan.Write(nil))
			if !plan.MayWrite {
				said = plan.Read(nil).Code.String()
			}
			got = append(got, said)
		}
		return got
	}
	if got := judge(Policy{}); !slices.Equal(got, []string{"all", "all", "all", "all", "all", "all", "miss"}) {
		t.Errorf("not declared: %q", got)
	}
	p := functionsFile(t, "recalc(int8): {writes: [totals]}", "slugify(text): {pure: true}")
	want := []string{
		"public.totals:*", "miss", "public.users:i1:1", "public.totals:*", "public.totals:* public.users:*", "public.totals:*", "miss",
	}
	if got := judge(p); !slices.Equal(got, want) {
		t.Errorf("declared: %q", got)
	}
	// What changes is what was said to.
	r := db.rules(t, p)
	for _, text := range texts {
		before := db.contents(t, r)
		db.exec(t, text)
		if missed := uncovered(before, db.contents(t, r), r.planOf(text).Write(nil)); len(missed) > 0 {
			t.Errorf("%s changes %v", text, missed)
		}
	}
	plan := r.planOf(`SELECT recalc(1)`)
	if plan.Session || plan.Read(nil).Code != BypassVolatile || show(plan.WriteDirty(nil)) != "all" {
		t.Errorf("session %v, read %v, dirty %s", plan.Session, plan.Read(nil).Code, show(plan.WriteDirty(nil)))
	}
	if plan := r.planOf(`SELECT set_config('a.b', 'c', false), recalc(1)`); !plan.Session {
		t.Error("a function that changes the session beside a declared one")
	}
	if got := show(r.planOf(`SET search_path = s2; SELECT recalc(1)`).Write(nil)); got != "all" {
		t.Errorf("in another session: %s", got)
	}

	// Without effects it is no pure one: its answers may differ.
	texts = texts[:2]
	if got := judge(functionsFile(t, "recalc(bigint): {writes: []}", "slugify(text): {writes: []}")); !slices.Equal(got, []string{"bypass:volatile", "bypass:volatile"}) {
		t.Errorf("without effects: %q", got)
	}
}

// The types of a call are not known: every overload counts.
func TestDeclaredFunctionsAreJudgedWithAllOverloads(t *testing.T) {
	db := postgres(t, append(slices.Clone(totalling),
		`CREATE FUNCTION slugify(text, int) RETURNS text LANGUAGE plpgsql AS 'BEGIN UPDATE totals SET v = ''''; RETURN ''''; END'`,
		`CREATE SCHEMA other`, `CREATE FUNCTION other.recalc(bigint) RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; END'`)...)
	const slug, calc = `SELECT slugify(v) FROM users WHERE n = 1`, `SELECT recalc(1)`
	checkWritten(t, db.rules(t, functionsFile(t, "slugify(text): {pure: true}", "public.recalc(bigint): {writes: [totals]}")), map[string]string{
		slug: "all", calc: "all", `SELECT public.recalc(1)`: "public.totals:*", `SELECT other.recalc(1)`: "all",
	})
	r := db.rules(t, functionsFile(t, "slugify(text): {pure: true}", "slugify(text, integer): {writes: [totals]}",
		"public.recalc(bigint): {writes: [totals]}", "other.recalc(bigint): {writes: [users]}"))
	checkWritten(t, r, map[string]string{slug: "public.totals:*", calc: "public.totals:* public.users:*", `SELECT other.recalc(1)`: "public.users:*"})
	if got := r.planOf(slug).Read(nil).Code; got != BypassVolatile {
		t.Errorf("a read that may call either: %v", got)
	}
	if got := r.Notices(); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestDeclaredFunctionsThatAreNotThere(t *testing.T) {
	db := postgres(t, append(slices.Clone(totalling),
		`CREATE FUNCTION recalc(text[], numeric(10,2)) RETURNS void LANGUAGE sql AS ''`,
		`CREATE SCHEMA other`, `CREATE FUNCTION other.slugify(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
		`CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
		`CREATE PROCEDURE work() LANGUAGE sql AS ''`,
		`CREATE AGGREGATE sums(int) (SFUNC = int4pl, STYPE = int)`)...)
	got := bindError(functionsFile(t,
		"recalk(bigint): {writes: [totals]}", "recalc: {writes: [totals]}", "recalc(int): {writes: [totals]}", "slugify(text): {pure: true}",
		"lower(text): {pure: true}", "tf(): {writes: []}", "work(): {writes: []}", "sums(integer): {pure: true}",
		"recalc(bigint: {pure: true}", "recalc(int8): {writes: [total]}", "recalc(bigint): {writes: [totals]}",
		`"recalc( _TEXT[ ] , decimal(3))": {writes: []}`, `"recalc(TEXT ARRAY, decimal (3))": {writes: []}`), db.catalog(t))
	want := strings.TrimSpace(`
shop.yaml:4:5: function recalk(bigint) does not exist: did you mean recalc(bigint)?
shop.yaml:5:5: function recalc: want the types of its arguments: one of recalc(bigint); recalc(text[], numeric)
shop.yaml:6:5: function recalc(int) does not exist with these types: want one of recalc(bigint); recalc(text[], numeric)
shop.yaml:7:5: function slugify(text) is ambiguous: want one of other.slugify(text); public.slugify(text)
shop.yaml:8:5: function lower(text) is the server's own: what it does is known
shop.yaml:9:5: function tf() is one for triggers: declare the triggers, such as orders.audit_orders
shop.yaml:10:5: function work() is a procedure: a CALL always invalidates everything
shop.yaml:11:5: function sums(integer) is an aggregate or a window function: nothing can be declared of it
shop.yaml:12:5: function recalc(bigint: want name(types), such as recalc(bigint)
shop.yaml:13:5: function recalc(int8) is the same as recalc(bigint): want one of them
shop.yaml:13:20: function recalc(int8) writes: table total does not exist: did you mean totals?
shop.yaml:15:5: function "recalc( _TEXT[ ] , decimal(3))" does not exist with these types: want one of recalc(bigint); recalc(text[], numeric)`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What calls a declared function without being one is not declared by it.
func TestDeclaredFunctionsDoNotHideOtherCode(t *testing.T) {
	db := postgres(t, append(slices.Clone(writingCode),
		`CREATE FUNCTION st() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN wf(); END'`,
		`CREATE FUNCTION op(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN wf(); END'`,
		`CREATE OPERATOR public.### (LEFTARG = int, RIGHTARG = int, FUNCTION = op)`,
		`CREATE FUNCTION num(o) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN wf(); END'`,
		`CREATE VIEW viewed AS SELECT wf()`, `CREATE TABLE defaulted (id int PRIMARY KEY, d int DEFAULT wf())`,
		`CREATE TABLE links (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE)`)...)
	p := functionsFile(t, "wf(): {writes: [o]}", "op(int, int): {pure: true}", "num(o): {writes: []}")
	r := db.rules(t, p)
	checkWritten(t, r, map[string]string{
		`SELECT wf()`: "public.o:*", `SELECT st()`: "all", `SELECT 1 ### 2`: "all", `SELECT (ROW(o.*)).num FROM o`: "all",
		`SELECT o.num FROM o`: "all", `SELECT * FROM viewed`: "all", `INSERT INTO defaulted VALUES (1)`: "all",
	})
	// It writes a table that more follows from.
	r = db.rules(t, functionsFile(t, "wf(): {writes: [t]}"))
	checkWritten(t, r, map[string]string{`SELECT wf()`: "all"})
	if got := r.Notices(); len(got) != 1 || !strings.Contains(got[0], "shop.yaml:4:5: function wf(): a call is judged as if it were not declared (a write to a table that foreign-key actions follow)") {
		t.Errorf("%q", got)
	}
	// A value of a type may run code that writes, in any call.
	db.exec(t, `CREATE DOMAIN dm AS int CHECK (wf() = 1)`)
	r = db.rules(t, p)
	checkWritten(t, r, map[string]string{`SELECT wf()`: "all", `SELECT op(1, 2)`: "all"})
	if got := r.Notices(); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

func init() {
	sql.Register("sqlite3_policy", &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		if err := c.RegisterFunc("Slugify", strings.ToLower, true); err != nil {
			return err
		}
		if err := c.RegisterFunc("pair", func(a, b int64) int64 { return a + b }, true); err != nil {
			return err
		}
		return c.RegisterFunc("many", func(all ...int64) int64 { return int64(len(all)) }, false)
	}})
}

func TestDeclaredFunctionsSQLite(t *testing.T) {
	db := open(t, parse.SQLite, "sqlite3_policy", t.TempDir()+"/test.db")
	db.exec(t, `CREATE TABLE users (n INTEGER PRIMARY KEY, v TEXT)`, `CREATE TABLE totals (n INTEGER PRIMARY KEY)`)
	r := db.rules(t, functionsFile(t, "slugify(text): {pure: true}", `"PAIR(int, int)": {writes: [totals]}`, `"many(any)": {writes: []}`))
	for text, want := range map[string]Code{
		`SELECT slugify(v) FROM users WHERE n = 1`:       Miss,
		`SELECT SLUGIFY(v) FROM users WHERE n = 1`:       Miss,
		`SELECT pair(n, 1) FROM users WHERE n = 1`:       BypassVolatile,
		`SELECT many(n, 1, 2) FROM users WHERE n = 1`:    BypassVolatile,
		`SELECT lower(v), abs(n) FROM users WHERE n = 1`: Miss,
	} {
		if got := r.planOf(text).Read(nil); got.Code != want {
			t.Errorf("%s: %v (%s), want %v", text, got.Code, got.Reason, want)
		}
	}
	checkWritten(t, r, map[string]string{`SELECT pair(1, 2)`: "main.totals:*", `SELECT many(1)`: "nothing"})
	got := bindError(functionsFile(t, `"slugify(text, text)": {pure: true}`, "pear(a): {pure: true}", "pair: {pure: true}", "upper(text): {pure: true}"), r.catalog)
	want := strings.TrimSpace(`
shop.yaml:4:5: function "slugify(text, text)" does not exist with these types: want slugify(any)
shop.yaml:5:5: function pear(a) does not exist: did you mean many(any)?
shop.yaml:6:5: function pair: want the types of its arguments: pair(any, any)
shop.yaml:7:5: function upper(text) is the server's own: what it does is known`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTypesHaveOneName(t *testing.T) {
	for list, want := range map[string][]string{
		"":                                nil,
		" ":                               nil,
		"int8":                            {"bigint"},
		"INT, Int4":                       {"integer", "integer"},
		"pg_catalog.int4":                 {"integer"},
		"varchar(10), character varying":  {"character varying", "character varying"},
		"numeric(10, 2),timestamptz":      {"numeric", "timestamp with time zone"},
		"timestamp (3)  with time zone":   {"timestamp with time zone"},
		"timestamp":                       {"timestamp without time zone"},
		"int[], int [3][], int array":     {"integer[]", "integer[]", "integer[]"},
		"VARIADIC text[]":                 {"text[]"},
		`other."My, Type", "char"`:        {`other."My, Type"`, `"char"`},
		"double precision, float8, float": {"double precision", "double precision", "double precision"},
	} {
		if got := splitTypes(list); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}
