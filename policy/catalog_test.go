package policy

import (
	"context"
	"database/sql"
	"net/url"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/parse"
)

// Whatever an answer or a decision depends on changes the digest.
func TestDigestFollowsTheSchemaPostgres(t *testing.T) {
	db := postgres(t, `CREATE TABLE a (id int PRIMARY KEY, v varchar(3))`)
	followDigest(t, db, []string{
		`ALTER TABLE a ADD COLUMN w int`, `ALTER TABLE a DROP COLUMN w`, `ALTER TABLE a RENAME COLUMN v TO w`, `ALTER TABLE a ALTER w TYPE text`,
		`ALTER TABLE a ALTER w TYPE text COLLATE "C"`, // deterministic, too: no other digest
		`CREATE INDEX ON a (w)`,                       // no other digest
		`CREATE UNIQUE INDEX ON a (w)`, `CREATE VIEW x AS SELECT 1`, `CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'`,
		`ALTER FUNCTION f() VOLATILE`, `CREATE TABLE b (id int PRIMARY KEY REFERENCES a)`,
		`ALTER TABLE b DROP CONSTRAINT b_id_fkey`, `ALTER TABLE b ADD FOREIGN KEY (id) REFERENCES a ON DELETE CASCADE`,
		`ALTER TABLE a ENABLE ROW LEVEL SECURITY`, `CREATE RULE r AS ON INSERT TO a DO INSTEAD NOTHING`,
		`CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`, `CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION g()`,
		`CREATE DOMAIN d AS int`, `CREATE OPERATOR public.@@@ (RIGHTARG = int, FUNCTION = pg_catalog.abs)`, `CREATE SCHEMA other`, `SET search_path = other, public`,
		`CREATE CAST (int AS d) WITH INOUT`,
	}, map[string]bool{`ALTER TABLE a ALTER w TYPE text COLLATE "C"`: true, `CREATE INDEX ON a (w)`: true, `CREATE SCHEMA other`: true})
}

func TestDigestFollowsTheSchemaSQLite(t *testing.T) {
	db := sqlite(t, `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT)`)
	followDigest(t, db, []string{
		`ALTER TABLE a ADD COLUMN w INT`, `ALTER TABLE a RENAME COLUMN v TO x`, `CREATE UNIQUE INDEX i ON a (x)`, `CREATE VIEW y AS SELECT 1`,
		`CREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; END`, `CREATE TABLE b (id INTEGER PRIMARY KEY REFERENCES a ON DELETE CASCADE)`,
		`CREATE TEMP TRIGGER tt AFTER DELETE ON b BEGIN SELECT 1; END`,
		`INSERT INTO a (x) VALUES ('v')`,
	}, map[string]bool{`INSERT INTO a (x) VALUES ('v')`: true})
}

func followDigest(t *testing.T, db database, changes []string, harmless map[string]bool) {
	before := db.catalog(t).Digest()
	for _, change := range changes {
		if again := db.catalog(t).Digest(); again != before {
			t.Errorf("before %s: the digest changed by itself", change)
		}
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		after := db.catalog(t).Digest()
		if (after == before) != harmless[change] {
			t.Errorf("%s: same digest: %v", change, after == before)
		}
		before = after
	}
}

func TestDriversReadTheSameCatalog(t *testing.T) {
	db := postgres(t, postgresReadSchema...)
	if a, b := db.catalog(t).Digest(), db.again(t, "pgx").catalog(t).Digest(); a != b {
		t.Error("pgx and lib/pq disagree")
	}
}

func TestTemporaryTablesAreNotInTheCatalog(t *testing.T) {
	db := postgres(t, `CREATE TABLE a (id int PRIMARY KEY)`)
	before := db.catalog(t).Digest()
	db.exec(t, `CREATE TEMP TABLE a (id int PRIMARY KEY)`, `CREATE TEMP TABLE only_temp (id int PRIMARY KEY)`)
	r := db.rules(t, Policy{})
	if r.catalog.Digest() != before {
		t.Error("a temporary table changes the digest")
	}
	if got := show(r.planOf(`DELETE FROM only_temp WHERE id = 1`).Write(nil)); got != "all" {
		t.Errorf("a write to a temporary table: %s", got)
	}
}

func TestSQLiteTemporaryTriggersCount(t *testing.T) {
	db := sqlite(t, `CREATE TABLE a (id INTEGER PRIMARY KEY)`, `CREATE TABLE b (id INTEGER PRIMARY KEY)`,
		`CREATE TEMP TRIGGER t AFTER DELETE ON a BEGIN DELETE FROM b; END`)
	if got := show(db.rules(t, Policy{}).planOf(`DELETE FROM a WHERE id = 1`).Write(nil)); got != "all" {
		t.Error(got)
	}
}

// Functions of the program are of unknown purity, also where they take the
// place of SQLite's own.
func TestSQLiteFunctionsOfTheProgram(t *testing.T) {
	sql.Register("sqlite3_functions", &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		for name, f := range map[string]any{
			"golang": func(n int64) int64 { return n }, "upper": func(s string) string { return s }, "like": func(a, b string) bool { return a == b },
		} {
			if err := c.RegisterFunc(name, f, true); err != nil {
				return err
			}
		}
		return nil
	}})
	plain := sqlite(t, `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT)`)
	db := plain.again(t, "sqlite3_functions")
	r := db.rules(t, Policy{})
	for text, want := range map[string]Code{
		`SELECT golang(id) FROM a WHERE id = 1`:      BypassVolatile,
		`SELECT upper(v) FROM a WHERE id = 1`:        BypassVolatile,
		`SELECT v LIKE 'x' FROM a WHERE id = 1`:      BypassVolatile,
		`SELECT lower(v) FROM a WHERE id = 1`:        Miss,
		`SELECT coalesce(v, '') FROM a WHERE id = 1`: Miss,
	} {
		p := r.planOf(text)
		if got := p.Read(nil); got.Code != want {
			t.Errorf("%s: %v (%s)", text, got.Code, got.Reason)
		}
		if p.MayWrite {
			t.Errorf("%s: may write", text)
		}
	}
	if plain.catalog(t).Digest() == db.catalog(t).Digest() {
		t.Error("functions of the program do not change the digest")
	}
}

// Volatile user code that no statement names.
func TestHiddenVolatileCode(t *testing.T) {
	db := postgres(t,
		`CREATE FUNCTION vol(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END'`,
		`CREATE TABLE checked (id int PRIMARY KEY CHECK (vol(id)))`,
		`CREATE TABLE guarded (id int PRIMARY KEY)`, `ALTER TABLE guarded ENABLE ROW LEVEL SECURITY`, `CREATE POLICY p ON guarded USING (vol(id))`,
		`CREATE DOMAIN dom AS int CHECK (vol(VALUE))`, `CREATE TABLE domained (id int PRIMARY KEY, d dom)`,
		`CREATE FUNCTION step(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`, `CREATE AGGREGATE agg(int) (SFUNC = step, STYPE = int)`,
		`CREATE VIEW aggregated AS SELECT agg(1)`,
		`CREATE FUNCTION opf(int, int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END'`,
		`CREATE OPERATOR public.<<>> (LEFTARG = int, RIGHTARG = int, FUNCTION = opf)`,
		`CREATE TABLE plain (id int PRIMARY KEY)`,
	)
	r := db.rules(t, Policy{})
	for text, want := range map[string]string{
		`INSERT INTO checked VALUES (1)`:     "all",
		`SELECT * FROM checked WHERE id = 1`: "nothing",
		`SELECT * FROM guarded`:              "all",
		`INSERT INTO domained VALUES (1, 1)`: "all",
		`SELECT 1::dom`:                      "all",
		`SELECT * FROM aggregated`:           "all",
		`SELECT 1 <<>> 2`:                    "all",
		`SELECT 1 OPERATOR(public.<<>>) 2`:   "all",
		`INSERT INTO plain VALUES (1)`:       "public.plain:i1:1",
		`SELECT * FROM plain WHERE id = 1`:   "nothing",
	} {
		if got := show(r.planOf(text).Write(nil)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// A row may be passed to a polymorphic function by the name of a column.
func TestVolatileFunctionOfAnyRow(t *testing.T) {
	db := postgres(t, `CREATE TABLE a (id int PRIMARY KEY)`,
		`CREATE FUNCTION touch(record) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`)
	r := db.rules(t, Policy{})
	for text, want := range map[string]string{
		`SELECT a.touch FROM a, a b`:         "all",
		`SELECT a.touch FROM a WHERE id = 1`: "all",
		`SELECT a.id FROM a WHERE id = 1`:    "nothing",
	} {
		if got := show(r.planOf(text).Write(nil)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestExtensionsThatAreKnownToBeHarmless(t *testing.T) {
	db := postgres(t)
	if _, err := db.ExecContext(t.Context(), `CREATE EXTENSION "uuid-ossp"`); err != nil {
		t.Skip("the server has no uuid-ossp")
	}
	db.exec(t, `CREATE EXTENSION citext`, `CREATE TABLE a (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), v citext)`)
	r := db.rules(t, Policy{})
	if got := show(r.planOf(`INSERT INTO a VALUES (uuid_generate_v4())`).Write(nil)); got != "public.a:?" {
		t.Error(got)
	}
	if p := r.planOf(`SELECT uuid_generate_v4() FROM a WHERE id = '` + uuidText + `'`); p.Session || p.MayWrite || p.Read(nil).Code != BypassVolatile {
		t.Errorf("%+v", p.Read(nil))
	}
	if got := r.planOf(`SELECT v FROM a WHERE id = $1`).Read(named(uuidText)); got.Code != Miss {
		t.Errorf("a table with a column of citext: %+v", got)
	}
}

func TestSQLiteKeysThatAreTheRowid(t *testing.T) {
	db := sqlite(t,
		`CREATE TABLE alias (id INTEGER PRIMARY KEY)`, `CREATE TABLE auto (id integer primary key autoincrement)`,
		`CREATE TABLE constrained (id INTEGER, PRIMARY KEY (id DESC))`, `CREATE TABLE int_pk (id INT PRIMARY KEY)`,
		`CREATE TABLE without (id INTEGER PRIMARY KEY) WITHOUT ROWID`, `CREATE TABLE descending (id INTEGER PRIMARY KEY DESC)`,
		`CREATE TABLE own (rowid INT PRIMARY KEY)`)
	c := db.catalog(t)
	for table, want := range map[string]bool{"alias": true, "auto": true, "constrained": true, "int_pk": false, "without": false, "descending": false, "own": false} {
		r := c.resolve(parse.Table{Name: table})
		if got := r.rowid >= 0; got != want {
			t.Errorf("%s: rowid is %v", table, got)
		}
		// What SQLite itself says: NULL into the alias makes a key.
		var key sql.NullInt64
		_, err := db.ExecContext(t.Context(), `INSERT INTO `+table+` VALUES (NULL)`)
		if err == nil {
			err = db.QueryRowContext(t.Context(), `SELECT * FROM `+table).Scan(&key)
		}
		if made := err == nil && key.Valid; made != want {
			t.Errorf("%s: SQLite makes a key: %v (%v)", table, made, err)
		}
	}
}

// An ordinary user, who may not even read the tables, reads the same catalog.
func TestOrdinaryUsersReadTheCatalog(t *testing.T) {
	db := postgres(t, postgresReadSchema...)
	db.exec(t, `CREATE ROLE moneyclip_test_reader LOGIN`)
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), `DROP ROLE moneyclip_test_reader`); err != nil {
			t.Error(err)
		}
	})
	dsn, err := url.Parse(db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.User("moneyclip_test_reader")
	if open(t, parse.PostgreSQL, "postgres", dsn.String()).catalog(t).Digest() != db.catalog(t).Digest() {
		t.Error("another digest")
	}
}

// Kinds of relations and keys that are rarely seen.
func TestRareRelationsPostgres(t *testing.T) {
	r := postgres(t,
		`CREATE FOREIGN DATA WRAPPER w`, `CREATE SERVER s FOREIGN DATA WRAPPER w`, `CREATE FOREIGN TABLE far (id int) SERVER s`,
		`CREATE MATERIALIZED VIEW mat AS SELECT 1 AS id`, `CREATE SEQUENCE seq`,
		`CREATE TABLE late (id int PRIMARY KEY DEFERRABLE)`,
		`CREATE TABLE wide (v text, id int, PRIMARY KEY (id) INCLUDE (v))`,
		`CREATE TABLE dropped (a int, id int PRIMARY KEY, b int)`, `ALTER TABLE dropped DROP COLUMN a`,
		`CREATE TABLE asleep (id int PRIMARY KEY)`, `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
		`CREATE TRIGGER t BEFORE UPDATE ON asleep FOR EACH ROW EXECUTE FUNCTION f()`, `ALTER TABLE asleep DISABLE TRIGGER t`,
		`CREATE TABLE partial (id int PRIMARY KEY, v text)`, `CREATE UNIQUE INDEX ON partial (v) WHERE v > 'a'`,
		`CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self ON DELETE SET NULL)`,
	).rules(t, Policy{})
	for _, c := range []struct {
		table string
		read  Code
		write string
	}{
		{"far", BypassNotBaseTable, "all"},
		{"mat", BypassNotBaseTable, "all"},
		{"seq", BypassNotBaseTable, "all"},
		{"late", BypassNotPrimaryKey, "nothing"},
		{"wide", Miss, "public.wide:i1:7"},
		{"dropped", Miss, "public.dropped:i1:7"},
		{"asleep", Miss, "all"}, // somebody may wake it: session_replication_role
		{"partial", Miss, "public.partial:i1:7"},
		{"self", Miss, "all"},
	} {
		if got := r.planOf(`SELECT id FROM ` + c.table + ` WHERE id = 7`).Read(nil); got.Code != c.read {
			t.Errorf("%s: %v (%s), want %v", c.table, got.Code, got.Reason, c.read)
		}
		if got := show(r.planOf(`DELETE FROM ` + c.table + ` WHERE id = 7`).Write(nil)); got != c.write {
			t.Errorf("%s: %s, want %s", c.table, got, c.write)
		}
	}
	for text, want := range map[string]string{
		`INSERT INTO dropped VALUES (7, 1)`: "public.dropped:i1:7",
		`INSERT INTO wide VALUES ('x', 7)`:  "public.wide:i1:7",
		`INSERT INTO partial VALUES (7, 'b') ON CONFLICT (v) WHERE v > 'a' DO UPDATE SET v = 'c'`: "public.partial:*",
	} {
		if got := show(r.planOf(text).Write(nil)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
