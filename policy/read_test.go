package policy

import (
	"database/sql"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/parse"
)

// readCase is one text and what is decided of it.
type readCase struct {
	name string
	text string
	args []any
	code Code
	key  string // of a Miss
}

func checkReads(t *testing.T, r *Rules, cases []readCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := r.planOf(c.text).Read(named(c.args...))
			if got.Code != c.code || got.Row.Key != c.key {
				t.Errorf("%s %v: %v %q (%s), want %v %q", c.text, c.args, got.Code, got.Row.Key, got.Reason, c.code, c.key)
			}
			if got.Code != Miss && (got.Reason == "" || got.Row != Row{}) {
				t.Errorf("%s: a bypass without reason or with row %v", c.text, got.Row)
			}
		})
	}
}

const uuidText = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

var postgresReadSchema = []string{
	`CREATE TABLE authors (id bigint PRIMARY KEY, name text NOT NULL, bio text, paid boolean, video text, account_id int, born date, updated_at timestamptz)`,
	`CREATE TABLE pairs (a text, b text, v int, PRIMARY KEY (b, a))`,
	`CREATE TABLE things (id uuid PRIMARY KEY, v text)`,
	`CREATE TABLE blobs (id bytea PRIMARY KEY, v text)`,
	`CREATE TABLE short (id varchar(3) PRIMARY KEY, v text)`,
	`CREATE TABLE padded (id char(3) PRIMARY KEY, v text)`,
	`CREATE TABLE amounts (id numeric PRIMARY KEY, v text)`,
	`CREATE TABLE nokey (id int, v text)`,
	`CREATE TABLE clocks (id int PRIMARY KEY, at timetz)`,
	`CREATE TABLE "Mixed" ("Id" int PRIMARY KEY, "Value" text)`,
	`CREATE VIEW author_view AS SELECT * FROM authors`,
	`CREATE TABLE secrets (id int PRIMARY KEY, v text)`,
	`ALTER TABLE secrets ENABLE ROW LEVEL SECURITY`,
	`CREATE TABLE parent (id int PRIMARY KEY)`,
	`CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent)`,
	`CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id)`,
	`CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10)`,
	`CREATE TABLE ruled (id int PRIMARY KEY)`,
	`CREATE RULE r AS ON INSERT TO ruled DO INSTEAD NOTHING`,
	`CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY)`,
	`CREATE TABLE made (a int, id int GENERATED ALWAYS AS (a + 1) STORED PRIMARY KEY)`,
	`CREATE TABLE computed (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED)`,
	`CREATE FUNCTION full_name(authors) RETURNS text LANGUAGE sql STABLE AS 'SELECT now()::text'`,
	`CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'`,
	`CREATE FUNCTION lower(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT now()::text'`,
}

func TestReadsByPrimaryKeyPostgres(t *testing.T) {
	r := postgres(t, postgresReadSchema...).rules(t, Policy{})
	id := "i1:7"
	checkReads(t, r, []readCase{
		{"all columns", `SELECT * FROM authors WHERE id = $1`, []any{int64(7)}, Miss, id},
		{"D8 a projection", `SELECT a.bio, name AS n, 1 + 1 FROM public.authors AS a WHERE a.id = $1`, []any{int64(7)}, Miss, id},
		{"D14 the other way round", `/* c */ SELECT name FROM authors WHERE $1 = id -- end`, []any{int64(7)}, Miss, id},
		{"D14 a literal", `SELECT name FROM authors WHERE id = 7`, nil, Miss, id},
		{"D11 LIMIT 1", `SELECT name FROM authors WHERE id = $1 ORDER BY name LIMIT 1`, []any{int64(7)}, Miss, id},
		{"pure functions", `SELECT upper(name), coalesce(bio, ''), char_length(name) FROM authors WHERE id = $1`, []any{int64(7)}, Miss, id},
		{"an immutable user function", `SELECT twice(account_id) FROM authors WHERE id = $1`, []any{int64(7)}, Miss, id},
		{"another argument", `SELECT coalesce(bio, $2) FROM authors WHERE id = $1`, []any{int64(7), "none"}, Miss, id},
		{"a composite key, in the key's order", `SELECT v FROM pairs WHERE a = $1 AND b = $2`, []any{"x", "yz"}, Miss, "s2:yzs1:x"},
		{"uuid", `SELECT v FROM things WHERE id = $1`, []any{uuidText}, Miss, "u6ba7b8109dad11d180b400c04fd430c8"},
		{"D10 uuid in capitals", `SELECT v FROM things WHERE id = $1`, []any{"6BA7B810-9DAD-11D1-80B4-00C04FD430C8"}, Miss, "u6ba7b8109dad11d180b400c04fd430c8"},
		{"bytea", `SELECT v FROM blobs WHERE id = $1`, []any{[]byte{0, 'x'}}, Miss, "b2:\x00x"},
		{"varchar", `SELECT v FROM short WHERE id = $1`, []any{"äöü"}, Miss, "s6:äöü"},
		{"C21 quoted names", `SELECT "Value" FROM "Mixed" WHERE "Id" = $1`, []any{int64(7)}, Miss, id},
		{"a generated column", `SELECT b FROM computed WHERE id = $1`, []any{int64(7)}, Miss, id},
		{"a cast to text", `SELECT id::text, account_id::bigint FROM authors WHERE id = $1`, []any{int64(7)}, Miss, id},

		{"D1 a lock", `SELECT * FROM authors WHERE id = $1 FOR UPDATE SKIP LOCKED`, []any{int64(7)}, BypassLock, ""},
		{"D2 now", `SELECT now() FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 random", `SELECT random() FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 nextval", `SELECT nextval('s') FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 current_user", `SELECT current_user FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 an advisory lock", `SELECT pg_advisory_lock(1) FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 a stable function", `SELECT to_char(updated_at, 'YYYY') FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"an aggregate answers without the row", `SELECT count(*) FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"a function of two schemas", `SELECT lower(name) FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"a literal that is the clock", `SELECT updated_at < 'Now' FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"an argument that is the clock", `SELECT born = $2 FROM authors WHERE id = $1`, []any{int64(7), "tomorrow"}, BypassVolatile, ""},
		{"bytes that are the clock", `SELECT born = $2 FROM authors WHERE id = $1`, []any{int64(7), []byte("today")}, BypassVolatile, ""},
		{"time of day without a date", `SELECT at < '10:00' FROM clocks WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"a cast to a date", `SELECT video::date FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"a cast to regclass", `SELECT video::regclass FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},

		{"D9 another column in WHERE", `SELECT * FROM authors WHERE id = $1 AND account_id = $2`, []any{int64(7), int64(1)}, BypassNotPrimaryKey, ""},
		{"D9 OR", `SELECT * FROM authors WHERE id = $1 OR id = $2`, []any{int64(7), int64(1)}, BypassNotPrimaryKey, ""},
		{"D9 NOT", `SELECT * FROM authors WHERE NOT id = $1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"D9 BETWEEN", `SELECT * FROM authors WHERE id BETWEEN $1 AND $1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"D9 a join", `SELECT * FROM authors JOIN nokey ON nokey.id = authors.id WHERE authors.id = $1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"D9 a view", `SELECT * FROM author_view WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"D11 LIMIT 0", `SELECT * FROM authors WHERE id = $1 LIMIT 0`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"D11 OFFSET", `SELECT * FROM authors WHERE id = $1 OFFSET 1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"a list", `SELECT * FROM authors WHERE id IN ($1, $2)`, []any{int64(7), int64(8)}, BypassNotPrimaryKey, ""},
		{"a list of one", `SELECT * FROM authors WHERE id IN ($1)`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"twice the same column", `SELECT * FROM authors WHERE id = $1 AND id = $2`, []any{int64(7), int64(7)}, BypassNotPrimaryKey, ""},
		{"half of the key", `SELECT v FROM pairs WHERE a = $1`, []any{"x"}, BypassNotPrimaryKey, ""},
		{"D17 columns that end in id", `SELECT * FROM authors WHERE paid = $1`, []any{true}, BypassNotPrimaryKey, ""},
		{"D17 account_id", `SELECT * FROM authors WHERE account_id = $1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"D21 a sub-select", `SELECT *, (SELECT count(*) FROM authors) FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"a pure sub-select", `SELECT *, (SELECT 1) FROM authors WHERE id = $1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"D21 a function called like a column", `SELECT a.full_name FROM authors a WHERE id = $1`, []any{int64(7)}, BypassOpaque, ""},
		{"a system column", `SELECT ctid FROM authors WHERE id = $1`, []any{int64(7)}, BypassVolatile, ""},
		{"the alias hides the name", `SELECT authors.name FROM authors a WHERE id = $1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"C21 the wrong case", `SELECT value FROM "Mixed" WHERE "Id" = $1`, []any{int64(7)}, BypassOpaque, ""},
		{"the key's argument is shown", `SELECT $1::uuid FROM things WHERE id = $1`, []any{uuidText}, BypassNotPrimaryKey, ""},

		{"D14 a cast around the key", `SELECT * FROM authors WHERE id = $1::int`, []any{int64(7)}, BypassKeyType, ""},
		{"D10 text against an integer", `SELECT * FROM authors WHERE id = $1`, []any{"7"}, BypassKeyType, ""},
		{"D10 a literal of text against an integer", `SELECT * FROM authors WHERE id = '7'`, nil, BypassKeyType, ""},
		{"D10 a fraction", `SELECT * FROM authors WHERE id = $1`, []any{7.0}, BypassKeyType, ""},
		{"D10 a boolean", `SELECT * FROM authors WHERE id = $1`, []any{true}, BypassKeyType, ""},
		{"D10 NULL", `SELECT * FROM authors WHERE id = $1`, []any{nil}, BypassKeyType, ""},
		{"D10 the keyword NULL", `SELECT * FROM authors WHERE id = NULL`, nil, BypassKeyType, ""},
		{"D10 int32, which pgx takes", `SELECT * FROM authors WHERE id = $1`, []any{int32(7)}, Miss, id},
		{"an unknown type", `SELECT * FROM authors WHERE id = $1`, []any{struct{}{}}, BypassKeyType, ""},
		{"an unknown type beside the key", `SELECT coalesce(bio, $2) FROM authors WHERE id = $1`, []any{int64(7), []string{"a"}}, BypassKeyType, ""},
		{"an argument is missing", `SELECT * FROM authors WHERE id = $1`, nil, BypassKeyType, ""},
		{"another argument is missing", `SELECT coalesce(bio, $2) FROM authors WHERE id = $1`, []any{int64(7)}, BypassKeyType, ""},
		{"a time", `SELECT * FROM authors WHERE id = $1`, []any{time.Unix(0, 0)}, BypassKeyType, ""},
		{"uuid in braces", `SELECT v FROM things WHERE id = $1`, []any{"{" + uuidText + "}"}, BypassKeyType, ""},
		{"uuid as bytes", `SELECT v FROM things WHERE id = $1`, []any{make([]byte, 16)}, BypassKeyType, ""},
		{"text with a NUL", `SELECT v FROM pairs WHERE a = $1 AND b = $2`, []any{"x\x00", "y"}, BypassKeyType, ""},
		{"text that is not UTF-8", `SELECT v FROM pairs WHERE a = $1 AND b = $2`, []any{"\xff", "y"}, BypassKeyType, ""},
		{"longer than the column", `SELECT v FROM short WHERE id = $1`, []any{"abcd"}, BypassKeyType, ""},
		{"nil bytes are NULL", `SELECT v FROM blobs WHERE id = $1`, []any{[]byte(nil)}, BypassKeyType, ""},
		{"D10 padded", `SELECT v FROM padded WHERE id = $1`, []any{"abc"}, BypassKeyType, ""},
		{"numeric", `SELECT v FROM amounts WHERE id = $1`, []any{int64(1)}, BypassKeyType, ""},
		{"a generated key", `SELECT a FROM made WHERE id = $1`, []any{int64(1)}, BypassKeyType, ""},

		{"no primary key", `SELECT * FROM nokey WHERE id = $1`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"row-level security", `SELECT * FROM secrets WHERE id = $1`, []any{int64(7)}, BypassRowSecurity, ""},
		{"a parent", `SELECT * FROM parent WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"a child", `SELECT * FROM child WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"a partitioned table", `SELECT * FROM parts WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"a partition", `SELECT * FROM part1 WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"rules", `SELECT * FROM ruled WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"unlogged", `SELECT * FROM unlogged WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"the system catalog", `SELECT * FROM pg_class WHERE oid = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"no such table", `SELECT * FROM nowhere WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"D13 a temporary table by name", `SELECT * FROM pg_temp.authors WHERE id = $1`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"C16 does not parse", `SELEC * FROM authors WHERE id = $1`, []any{int64(7)}, BypassOpaque, ""},
		{"a write", `DELETE FROM authors WHERE id = $1 RETURNING *`, []any{int64(7)}, BypassOpaque, ""},
		{"a setting", `SET search_path = x`, nil, BypassSession, ""},
		{"a transaction", `BEGIN`, nil, BypassTransaction, ""},
		{"several statements", `SELECT * FROM authors WHERE id = 1; SELECT 1`, nil, BypassNotPrimaryKey, ""},
	})
}

func TestReadsByPrimaryKeySQLite(t *testing.T) {
	db := sqlite(t,
		`CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL, bio TEXT)`,
		`CREATE TABLE plainint (id INT PRIMARY KEY, v TEXT)`,
		`CREATE TABLE descending (id INTEGER PRIMARY KEY DESC, v TEXT)`,
		`CREATE TABLE texts (id TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID`,
		`CREATE TABLE nocase (id TEXT COLLATE NOCASE PRIMARY KEY, v TEXT)`,
		`CREATE TABLE blobs (id BLOB PRIMARY KEY, v TEXT)`,
		`CREATE TABLE numerics (id NUMERIC PRIMARY KEY, v TEXT)`,
		`CREATE TABLE bare (id PRIMARY KEY, v TEXT)`,
		`CREATE TABLE stricts (id TEXT PRIMARY KEY, v ANY) STRICT`,
		`CREATE TABLE pairs (a TEXT, b INTEGER, v TEXT, PRIMARY KEY (b, a))`,
		`CREATE TABLE nokey (id INTEGER, v TEXT)`,
		`CREATE TABLE generated (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2))`,
		`CREATE VIEW av AS SELECT * FROM authors`,
		`CREATE VIRTUAL TABLE docs USING fts3(body)`,
	)
	r := db.rules(t, Policy{})
	id := "i1:7"
	checkReads(t, r, []readCase{
		{"all columns", `SELECT * FROM authors WHERE id = ?`, []any{int64(7)}, Miss, id},
		{"C21 names in any case", `SELECT A.NAME FROM MAIN.Authors AS a WHERE "ID" = ?1`, []any{int64(7)}, Miss, id},
		{"a name", `SELECT name FROM authors WHERE id = :id`, []any{sql.Named("id", int64(7))}, Miss, id},
		{"a name bound by position", `SELECT name FROM authors WHERE id = @id`, []any{int64(7)}, Miss, id},
		{"rowid is the key", `SELECT rowid, name FROM authors WHERE _rowid_ = ?`, []any{int64(7)}, Miss, id},
		{"a pure function", `SELECT upper(name), coalesce(bio, 'x'), name LIKE 'a%' FROM authors WHERE id = ?`, []any{int64(7)}, Miss, id},
		{"INT PRIMARY KEY", `SELECT v FROM plainint WHERE id = ?`, []any{int64(7)}, Miss, id},
		{"text", `SELECT v FROM texts WHERE id = ?`, []any{"a"}, Miss, "s1:a"},
		{"a literal of text", `SELECT v FROM texts WHERE id = 'a'`, nil, Miss, "s1:a"},
		{"blob", `SELECT v FROM blobs WHERE id = ?`, []any{[]byte("a")}, Miss, "b1:a"},
		{"a literal of bytes", `SELECT v FROM blobs WHERE id = x'61'`, nil, Miss, "b1:a"},
		{"STRICT", `SELECT v FROM stricts WHERE id = ?`, []any{"a"}, Miss, "s1:a"},
		{"a composite key", `SELECT v FROM pairs WHERE a = ? AND b = ?`, []any{"x", int64(1)}, Miss, "i1:1s1:x"},
		{"a generated column", `SELECT b FROM generated WHERE id = ?`, []any{int64(7)}, Miss, id},
		{"the word now is only a word", `SELECT coalesce(bio, 'now') FROM authors WHERE id = ?`, []any{int64(7)}, Miss, id},

		{"D2 random", `SELECT random() FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 date", `SELECT date('now') FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 current_timestamp", `SELECT CURRENT_TIMESTAMP FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"D21 last_insert_rowid", `SELECT last_insert_rowid() FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"D2 the library", `SELECT sqlite_version() FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"an aggregate", `SELECT max(id) FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"an unknown function", `SELECT golang(id) FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"REGEXP calls the program", `SELECT name REGEXP 'x' FROM authors WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"rowid that is not the key", `SELECT rowid FROM plainint WHERE id = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"by rowid that is not the key", `SELECT v FROM plainint WHERE rowid = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"INTEGER PRIMARY KEY DESC is not the rowid", `SELECT v FROM descending WHERE rowid = ?`, []any{int64(7)}, BypassVolatile, ""},
		{"D10 text against an integer", `SELECT * FROM authors WHERE id = ?`, []any{"7"}, BypassKeyType, ""},
		{"D22 an integer against text", `SELECT v FROM texts WHERE id = ?`, []any{int64(5)}, BypassKeyType, ""},
		{"bytes against text", `SELECT v FROM texts WHERE id = ?`, []any{[]byte("a")}, BypassKeyType, ""},
		{"text against bytes", `SELECT v FROM blobs WHERE id = ?`, []any{"a"}, BypassKeyType, ""},
		{"D10 NOCASE", `SELECT v FROM nocase WHERE id = ?`, []any{"a"}, BypassKeyType, ""},
		{"NUMERIC", `SELECT v FROM numerics WHERE id = ?`, []any{int64(7)}, BypassKeyType, ""},
		{"no type", `SELECT v FROM bare WHERE id = ?`, []any{[]byte("a")}, BypassKeyType, ""},
		{"an argument without a place", `SELECT coalesce(name, ?) FROM authors WHERE id = :id`, []any{"x", sql.Named("id", int64(7))}, BypassKeyType, ""},
		{"a name given twice", `SELECT name FROM authors WHERE id = :id`, []any{sql.Named("id", int64(7)), sql.Named("id", int64(8))}, BypassKeyType, ""},
		{"a name that is not given", `SELECT name FROM authors WHERE id = :id`, []any{sql.Named("other", int64(7))}, BypassKeyType, ""},
		{"a view", `SELECT * FROM av WHERE id = ?`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"a virtual table", `SELECT * FROM docs WHERE rowid = ?`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"a shadow table", `SELECT * FROM docs_content WHERE docid = ?`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"the schema", `SELECT * FROM sqlite_schema WHERE rowid = ?`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"an attached database", `SELECT * FROM other.authors WHERE id = ?`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"D13 a temporary table by name", `SELECT * FROM temp.authors WHERE id = ?`, []any{int64(7)}, BypassNotBaseTable, ""},
		{"no primary key", `SELECT * FROM nokey WHERE id = ?`, []any{int64(7)}, BypassNotPrimaryKey, ""},
		{"a setting", `PRAGMA foreign_keys = on`, nil, BypassSession, ""},
	})
}

func TestReadCarriesThePolicy(t *testing.T) {
	db := sqlite(t, `CREATE TABLE a (id INTEGER PRIMARY KEY)`, `CREATE TABLE b (id INTEGER PRIMARY KEY)`)
	r := db.rules(t, Policy{
		Defaults: Defaults{TTL: time.Minute, Jitter: 0.5},
		Tables:   map[string]TableRule{"A": {TTL: time.Hour, MaxEntry: 9}, "main.b": {Off: true}},
	})
	got := r.planOf(`SELECT * FROM a WHERE id = ?`).Read(named(int64(1)))
	want := Read{Code: Miss, Row: Row{"main.a", "i1:1"}, TTL: time.Hour, Jitter: 0.5, MaxEntry: 9}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := r.planOf(`SELECT * FROM b WHERE id = ?`).Read(named(int64(1))); got.Code != BypassPolicy {
		t.Errorf("a table that is switched off: %v", got.Code)
	}
	if e := r.planOf(`DELETE FROM b WHERE id = ?`).Write(named(int64(1))); e.Code != InvalidateRow {
		t.Errorf("a write to a table that is switched off: %v", e.Code)
	}
}

func TestZeroPlanIsSafe(t *testing.T) {
	var p Plan
	if got := p.Read(nil); !got.Code.Bypass() {
		t.Errorf("zero plan reads %v", got.Code)
	}
	if got := p.Write(nil); !got.All {
		t.Errorf("zero plan writes %v", got.Code)
	}
	if got := p.WriteDirty(nil); !got.All {
		t.Errorf("zero plan writes %v in a dirty session", got.Code)
	}
}

func TestCatalogThatCouldNotBeReadIsSafe(t *testing.T) {
	r, err := Bind(Policy{}, &Catalog{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []parse.Dialect{parse.PostgreSQL, parse.SQLite} {
		if got := r.Plan(parse.Parse(d, `SELECT * FROM a WHERE id = 1`)).Read(nil); !got.Code.Bypass() {
			t.Errorf("%v: read: %v", d, got.Code)
		}
		if p := r.Plan(parse.Parse(d, `DELETE FROM a WHERE id = 1`)); !p.MayWrite || !p.Write(nil).All {
			t.Errorf("%v: write: %+v", d, p.Write(nil))
		}
	}
}
