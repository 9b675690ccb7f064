package policy

import "testing"

// writingCode is a volatile function, and what is needed to call it.
var writingCode = []string{
	`CREATE TABLE t (id int PRIMARY KEY, v text)`, `CREATE TABLE o (id int PRIMARY KEY, v text)`,
	`CREATE FUNCTION wf() RETURNS int LANGUAGE plpgsql AS 'BEGIN UPDATE t SET v = ''new''; RETURN 1; END'`,
}

// checkHidden compares what texts invalidate in a database made by schema.
func checkHidden(t *testing.T, schema []string, want map[string]string) {
	t.Helper()
	r := postgres(t, schema...).rules(t, Policy{})
	for text, want := range want {
		if got := show(r.planOf(text).Write(nil)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// The server lets a function that says it is STABLE or IMMUTABLE call one that
// is VOLATILE.
func TestSteadyFunctionsMayCallVolatileOnes(t *testing.T) {
	steady := []string{
		`CREATE FUNCTION st() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'`,
		`CREATE FUNCTION im(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END'`,
		`CREATE FUNCTION op(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END'`,
		`CREATE OPERATOR public.### (LEFTARG = int, RIGHTARG = int, FUNCTION = op)`,
		`CREATE VIEW viewed AS SELECT st()`, `CREATE VIEW operated AS SELECT 1 ### 2`,
		`CREATE TABLE defaulted (id int PRIMARY KEY, d int DEFAULT st())`,
		`CREATE TABLE checked (id int PRIMARY KEY, CHECK (im(id)))`,
		`CREATE TABLE indexed (id int PRIMARY KEY)`, `CREATE INDEX ON indexed (im(id))`,
		`CREATE TABLE partial (id int PRIMARY KEY)`, `CREATE INDEX ON partial (id) WHERE im(id)`,
		`CREATE TABLE opchecked (id int PRIMARY KEY, CHECK (id ### 1))`,
	}
	texts := map[string]string{
		`SELECT st()`: "nothing", `SELECT im(1)`: "nothing", `SELECT 1 ### 2`: "nothing",
		`SELECT * FROM viewed`: "nothing", `SELECT * FROM operated`: "nothing",
		`INSERT INTO defaulted VALUES (1)`: "public.defaulted:i1:1", `INSERT INTO checked VALUES (1)`: "public.checked:i1:1",
		`INSERT INTO indexed VALUES (1)`: "public.indexed:i1:1", `INSERT INTO partial VALUES (1)`: "public.partial:i1:1",
		`INSERT INTO opchecked VALUES (1)`: "public.opchecked:i1:1",
	}
	checkHidden(t, steady, texts)
	for text := range texts {
		texts[text] = "all"
	}
	texts[`UPDATE t SET v = lower('X') WHERE id = 1`] = "public.t:i1:1"
	texts[`SELECT * FROM t WHERE id = 1`] = "nothing"
	checkHidden(t, append(writingCode, steady...), texts)
}

// Extensions of compiled code are taken at their word.
func TestCompiledFunctionsAreNotSuspected(t *testing.T) {
	db := postgres(t, writingCode...)
	for _, extension := range []string{"citext", "lo", "tcn", "intagg"} {
		if _, err := db.ExecContext(t.Context(), `CREATE EXTENSION `+extension); err != nil {
			t.Skipf("the server has no %s", extension)
		}
	}
	r := db.rules(t, Policy{})
	if got := show(r.planOf(`SELECT int_array_enum(ARRAY[1])`).Write(nil)); got != "nothing" {
		t.Error(got)
	}
}

func TestUserAggregatesRunTheirFunctions(t *testing.T) {
	checkHidden(t, append(writingCode,
		`CREATE FUNCTION step(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`,
		`CREATE FUNCTION final(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`,
		`CREATE AGGREGATE stepped(int) (SFUNC = step, STYPE = int)`,
		`CREATE AGGREGATE finished(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', FINALFUNC = final)`,
		`CREATE AGGREGATE moving(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MFINALFUNC = final)`,
		`CREATE AGGREGATE settings(text, bool) (SFUNC = set_config, STYPE = text)`,
		`CREATE VIEW viewed AS SELECT finished(1)`,
	), map[string]string{
		`SELECT stepped(1)`: "all", `SELECT finished(id) FROM o`: "all", `SELECT moving(id) OVER () FROM o`: "all",
		`SELECT settings('a', true)`: "all", `SELECT * FROM viewed`: "all",
		`SELECT count(*), max(id) FROM o`: "nothing",
	})
}

// A domain whose CHECK may write runs wherever a value of it may be made.
func TestDomainsThatMayWrite(t *testing.T) {
	checkHidden(t, append(writingCode,
		`CREATE DOMAIN dm AS int CHECK (wf() = 1)`, `CREATE VIEW viewed AS SELECT id::dm FROM o`, `CREATE VIEW of_view AS SELECT * FROM viewed`,
		`CREATE TABLE defaulted (id int PRIMARY KEY, d int DEFAULT 5::dm)`, `CREATE TABLE checked (id int PRIMARY KEY, CHECK ((id::dm) > 0))`,
		`CREATE FUNCTION takes(dm) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`,
		`CREATE FUNCTION makes(int) RETURNS dm IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`,
	), map[string]string{
		`SELECT * FROM viewed`: "all", `SELECT * FROM of_view`: "all",
		`INSERT INTO defaulted VALUES (1)`: "all", `INSERT INTO checked VALUES (1)`: "all",
		`SELECT takes(5)`: "all", `SELECT makes(5)`: "all", `SELECT '{1}'::dm[]`: "all",
		`SELECT domain_in('5', 1::oid, -1)`: "all", `SELECT lower('X')`: "nothing",
		`INSERT INTO o VALUES (1, 'x')`: "public.o:i1:1",
	})
	// The same by a function of the server, without any of users.
	checkHidden(t, []string{
		`CREATE TABLE o (id int PRIMARY KEY)`,
		`CREATE DOMAIN dm AS text CHECK (set_config('a.b', VALUE, false) IS NOT NULL)`,
		`CREATE FUNCTION makes(int) RETURNS dm IMMUTABLE LANGUAGE sql AS 'SELECT ''x''::text'`,
	}, map[string]string{`SELECT 'x'::dm`: "all", `SELECT makes(1)`: "all", `INSERT INTO o VALUES (1)`: "public.o:i1:1"})
}

// row.name and (value).name call name where there is no such column.
func TestNamesAfterADotCallFunctions(t *testing.T) {
	checkHidden(t, append(writingCode,
		`CREATE TYPE ct AS (a int)`, `CREATE FUNCTION af(ct) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN wf(); END'`,
		`CREATE FUNCTION mk() RETURNS ct IMMUTABLE LANGUAGE internal AS 'now'`,
		`CREATE FUNCTION number(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN wf(); END'`,
		`CREATE FUNCTION v(o) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN wf(); END'`,
	), map[string]string{
		`SELECT (ROW(1)).af`:                               "all",
		`SELECT (x.c).af FROM (SELECT ROW(1) AS c) x`:      "all",
		`SELECT x.c.af FROM (SELECT ROW(1) AS c) x`:        "all",
		`SELECT x.af FROM (SELECT 1) x`:                    "all",
		`WITH x AS (SELECT 1) SELECT x.af FROM x`:          "all",
		`UPDATE o SET v = 'x' WHERE id = 1 RETURNING o.af`: "all",
		`SELECT (1).number`:                                "all",
		`SELECT x.number FROM generate_series(1, 2) x`:     "all",
		`SELECT o.number FROM o, t`:                        "nothing",
		`SELECT o.v, o.id FROM o WHERE o.id = 1`:           "nothing",
		`SELECT o.id, t.id FROM o JOIN t ON o.id = t.id`:   "nothing",
		`SELECT number FROM o, t`:                          "nothing",
	})
}

// Arguments that are not given, and bodies that are stored as trees.
func TestRoutinesThatDependOnVolatileOnes(t *testing.T) {
	checkHidden(t, []string{
		`CREATE FUNCTION given(x text DEFAULT set_config('a.b', 'c', false)) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT x'`,
		`CREATE FUNCTION stored() RETURNS text IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT set_config('a.b', 'c', false); END`,
		`CREATE FUNCTION plain() RETURNS text IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT lower('A'); END`,
	}, map[string]string{`SELECT given()`: "all", `SELECT stored()`: "all", `SELECT plain()`: "nothing"})
}

// What depends on the server's own functions is in no list of dependencies.
func TestServerFunctionsWithEffects(t *testing.T) {
	checkHidden(t, []string{
		`CREATE TABLE t (id int PRIMARY KEY)`, `CREATE SEQUENCE seq`,
		`CREATE VIEW xml AS SELECT query_to_xml('SELECT 1', true, false, '')`, `CREATE VIEW of_xml AS SELECT * FROM xml`,
		`CREATE VIEW sets AS SELECT set_config('a.b', 'c', false)`, `CREATE VIEW locks AS SELECT pg_try_advisory_lock(1)`,
		`CREATE VIEW plain AS SELECT lower('A'), now(), random(), nextval('seq')`,
		`CREATE TABLE defaulted (id int PRIMARY KEY, d text DEFAULT set_config('a.b', 'c', false))`,
		`CREATE TABLE checked (id int PRIMARY KEY, CHECK (set_config('a.b', 'c', false) IS NOT NULL))`,
		`CREATE TABLE guarded (id int PRIMARY KEY)`, `CREATE POLICY p ON guarded USING (set_config('a.b', 'c', false) IS NOT NULL)`,
		`CREATE TABLE serials (id serial PRIMARY KEY, at timestamptz DEFAULT now() CHECK (at > '2000-01-01'))`,
	}, map[string]string{
		`SELECT * FROM xml`: "all", `SELECT * FROM of_xml`: "all", `SELECT * FROM sets`: "all", `SELECT * FROM locks`: "all",
		`SELECT * FROM guarded`: "all", `SELECT * FROM plain`: "nothing",
		`INSERT INTO defaulted VALUES (1)`: "all", `INSERT INTO checked VALUES (1)`: "all", `INSERT INTO serials VALUES (1)`: "public.serials:i1:1",
		`SELECT table_to_xml('xml', true, false, '')`: "all", `SELECT schema_to_xml_and_xmlschema('public', true, false, '')`: "all",
		`SELECT database_to_xml(true, false, '')`: "all", `SELECT cursor_to_xmlschema('c', true, false, '')`: "all",
	})
}

// Both forms of the list of the server's functions with effects are one list.
func TestRiskyFunctionsAreThoseWithEffects(t *testing.T) {
	db := postgres(t)
	rows, err := queryText(t.Context(), connQueryer{db.Conn}, 2,
		`SELECT DISTINCT proname::text, (proname ~ '`+riskyNames+`')::text FROM pg_catalog.pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace`)
	if err != nil || len(rows) < 1000 {
		t.Fatalf("%d functions, %v", len(rows), err)
	}
	for _, row := range rows {
		v := builtinEffects(row[0])
		if got := v.impure != "" || v.writes != "" || v.session; got != (row[1] == "true") {
			t.Errorf("%s: effects %+v, risky %s", row[0], v, row[1])
		}
	}
}

// A later statement of a text runs in the session that an earlier one left.
func TestSeveralStatementsThatChangeTheSession(t *testing.T) {
	checkHidden(t, []string{`CREATE TABLE t (id int PRIMARY KEY)`}, map[string]string{
		`SET search_path = s2; DELETE FROM t WHERE id = 1`:                          "all",
		`SELECT set_config('search_path', 's2', false); DELETE FROM t WHERE id = 1`: "all",
		`SELECT 1; DELETE FROM t WHERE id = 1`:                                      "public.t:i1:1",
		`SET search_path = s2; SELECT 1`:                                            "nothing",
	})
}

// pg_settings is a view that sets.
func TestWritesToTheCatalogChangeTheSession(t *testing.T) {
	r := postgres(t, `CREATE TABLE t (id int PRIMARY KEY)`).rules(t, Policy{})
	for text, want := range map[string]bool{
		`UPDATE pg_settings SET setting = 's2' WHERE name = 'search_path'`:            true,
		`UPDATE pg_catalog.pg_settings SET setting = 's2' WHERE name = 'search_path'`: true,
		`DELETE FROM t WHERE id = 1`: false,
	} {
		if got := r.planOf(text).Session; got != want {
			t.Errorf("%s: session %v", text, got)
		}
	}
}
