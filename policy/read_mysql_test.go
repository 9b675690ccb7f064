package policy

import (
	"strings"
	"testing"
	"time"
)

func TestReadsByPrimaryKeyMySQL(t *testing.T) {
	db := mariadb(t, append(mysqlWriteSchema,
		`CREATE TABLE shops (id bigint PRIMARY KEY, name varchar(10), opens time, closes time, made datetime)`,
		`CREATE TABLE prefixed (id varchar(10) COLLATE utf8mb4_bin, v text, PRIMARY KEY (id(3)))`,
		`CREATE TABLE amounts (id decimal(10,2) PRIMARY KEY)`,
		`CREATE TABLE days (id date PRIMARY KEY)`,
		`CREATE TABLE moods (id enum('a', 'b') PRIMARY KEY)`,
	)...)
	r, name := db.rules(t, Policy{}), db.name(t)
	seven, id := []any{int64(7)}, "i1:7"
	cases := []readCase{
		{"all columns", `SELECT * FROM authors WHERE id = ?`, seven, Miss, id},
		{"D8 a projection", "SELECT a.bio, `Name` AS n, 1 + 1 FROM db.authors AS a WHERE a.ID = ?", seven, Miss, id},
		{"D14 the other way round", `/* c */ SELECT name FROM authors WHERE ? = id -- end`, seven, Miss, id},
		{"D14 a literal", `SELECT name FROM authors WHERE id = 7`, nil, Miss, id},
		{"D14 a literal of text", `SELECT v FROM texts WHERE id = 'ab'`, nil, Miss, "s2:ab"},
		{"D11 LIMIT 1", `SELECT name FROM authors WHERE id = ? LIMIT 1`, seven, Miss, id},
		{"pure functions", `SELECT upper(name), coalesce(bio, ''), char_length(name), if(id, 1, 2), json_extract(bio, '$.x') FROM authors WHERE id = ?`, seven, Miss, id},
		{"operators", `SELECT name LIKE 'x%', name IS NULL, id BETWEEN 1 AND 2, CASE id WHEN 1 THEN 2 END, CAST(id AS CHAR) FROM authors WHERE id = ?`, seven, Miss, id},
		{"another argument", `SELECT coalesce(bio, ?) FROM authors WHERE id = ?`, []any{"none", int64(7)}, Miss, id},
		{"a composite key, in the key's order", `SELECT v FROM pairs WHERE b = ? AND a = ?`, []any{int64(7), "x"}, Miss, "s1:xi1:7"},
		{"bytes", `SELECT v FROM bytes WHERE id = ?`, []any{[]byte{0, 'x'}}, Miss, "b2:\x00x"},
		{"text", `SELECT v FROM texts WHERE id = ?`, []any{"äöü"}, Miss, "s6:äöü"},
		{"a made key", `SELECT v FROM serials WHERE id = ?`, seven, Miss, id},
		{"a generated column", `SELECT b FROM computed WHERE id = ?`, seven, Miss, id},
		{"a partitioned table", `SELECT v FROM parts WHERE id = ?`, seven, Miss, id},
		{"a time that is shown", `SELECT id, name, opens, closes FROM shops WHERE id = ?`, seven, Miss, id},
		{"a time among all", `SELECT * FROM shops WHERE id = ?`, seven, Miss, id},
		{"a date that is computed with", `SELECT made + INTERVAL 1 DAY, year(made) FROM shops WHERE id = ?`, seven, Miss, id},

		{"a time that may become a date", `SELECT opens < made FROM shops WHERE id = ?`, seven, BypassVolatile, ""},
		{"a time and an argument", `SELECT opens < ? FROM shops WHERE id = ?`, []any{time.Unix(0, 0), int64(7)}, BypassVolatile, ""},
		{"a time in a function", `SELECT opens + INTERVAL 1 DAY FROM shops WHERE id = ?`, seven, BypassVolatile, ""},
		{"a cast to a date", `SELECT CAST(name AS DATETIME) FROM shops WHERE id = ?`, seven, BypassVolatile, ""},
		{"a time that is made", `SELECT made < maketime(1, 2, 3) FROM shops WHERE id = ?`, seven, BypassVolatile, ""},
		{"D1 a lock", `SELECT * FROM authors WHERE id = ? FOR UPDATE`, seven, BypassLock, ""},
		{"D1 a lock in the old words", `SELECT * FROM authors WHERE id = ? LOCK IN SHARE MODE`, seven, BypassLock, ""},
		{"D2 now", `SELECT now() FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 current_timestamp", `SELECT CURRENT_TIMESTAMP FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 rand", `SELECT rand(5) FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 user", `SELECT user() FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 found_rows", `SELECT found_rows() FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 a user variable", `SELECT @x FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 a system variable", `SELECT @@time_zone FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 a variable in a path", `SELECT extractvalue(bio, '/a[$@x]') FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D2 the clock as a default", `SELECT DEFAULT(bio) FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"an aggregate answers without the row", `SELECT count(*) FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"a stored function", `SELECT recalc(id) FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"an unknown function", `SELECT unheard_of(id) FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"D9 another column in WHERE", `SELECT * FROM authors WHERE id = ? AND name = ?`, []any{int64(7), "x"}, BypassNotPrimaryKey, ""},
		{"D9 OR", `SELECT * FROM authors WHERE id = ? OR id = ?`, []any{int64(7), int64(8)}, BypassNotPrimaryKey, ""},
		{"D9 OR in other words", `SELECT * FROM authors WHERE id = ? || id = ?`, []any{int64(7), int64(8)}, BypassNotPrimaryKey, ""},
		{"D9 a null-safe equality", `SELECT * FROM authors WHERE id <=> ?`, seven, BypassNotPrimaryKey, ""},
		{"D9 a join", `SELECT * FROM authors JOIN nokey ON nokey.id = authors.id WHERE authors.id = ?`, seven, BypassNotPrimaryKey, ""},
		{"D9 a view", `SELECT * FROM simple WHERE id = ?`, seven, BypassNotBaseTable, ""},
		{"D11 LIMIT 0", `SELECT * FROM authors WHERE id = ? LIMIT 0`, seven, BypassNotPrimaryKey, ""},
		{"D11 OFFSET", `SELECT * FROM authors WHERE id = ? LIMIT 1, 1`, seven, BypassNotPrimaryKey, ""},
		{"a list", `SELECT * FROM authors WHERE id IN (?, ?)`, []any{int64(7), int64(8)}, BypassNotPrimaryKey, ""},
		{"half of the key", `SELECT v FROM pairs WHERE a = ?`, []any{"x"}, BypassNotPrimaryKey, ""},
		{"the hidden name of the key", `SELECT _rowid FROM authors WHERE id = ?`, seven, BypassVolatile, ""},
		{"by the hidden name of the key", `SELECT name FROM authors WHERE _rowid = ?`, seven, BypassVolatile, ""},

		{"D10 text against an integer", `SELECT * FROM authors WHERE id = ?`, []any{"7"}, BypassKeyType, ""},
		{"D10 a boolean", `SELECT * FROM authors WHERE id = ?`, []any{true}, BypassKeyType, ""},
		{"D10 a fraction", `SELECT * FROM authors WHERE id = ?`, []any{7.0}, BypassKeyType, ""},
		{"D10 NULL", `SELECT * FROM authors WHERE id = ?`, []any{nil}, BypassKeyType, ""},
		{"D10 a trailing blank", `SELECT v FROM texts WHERE id = ?`, []any{"a "}, BypassKeyType, ""},
		{"D10 a collation without case", `SELECT v FROM loose WHERE id = ?`, []any{"a"}, BypassKeyType, ""},
		{"D10 bytes against text", `SELECT v FROM texts WHERE id = ?`, []any{[]byte("a")}, BypassKeyType, ""},
		{"D10 out of range", `SELECT v FROM tiny WHERE id = ?`, []any{int64(128)}, BypassKeyType, ""},
		{"D22 a number against text", `SELECT v FROM texts WHERE id = ?`, []any{int64(5)}, BypassKeyType, ""},
		{"D22 a literal number against text", `SELECT v FROM texts WHERE id = 5`, nil, BypassKeyType, ""},
		{"bytes as a literal", `SELECT v FROM bytes WHERE id = x'61'`, nil, BypassKeyType, ""},
		{"decimal", `SELECT * FROM amounts WHERE id = ?`, seven, BypassKeyType, ""},
		{"a date", `SELECT * FROM days WHERE id = ?`, []any{"2001-01-01"}, BypassKeyType, ""},
		{"an enum", `SELECT * FROM moods WHERE id = ?`, []any{"a"}, BypassKeyType, ""},

		{"no primary key", `SELECT * FROM nokey WHERE id = ?`, seven, BypassNotPrimaryKey, ""},
		{"a key of a beginning", `SELECT v FROM prefixed WHERE id = ?`, []any{"abc"}, BypassNotPrimaryKey, ""},
		{"another engine", `SELECT * FROM fulltext_engine WHERE id = ?`, seven, BypassNotBaseTable, ""},
		{"an unknown table", `SELECT * FROM nowhere WHERE id = ?`, seven, BypassNotBaseTable, ""},
		{"a table of the server", `SELECT * FROM information_schema.tables WHERE table_name = ?`, []any{"x"}, BypassNotBaseTable, ""},
		{"SHOW", `SHOW TABLES`, nil, BypassNotPrimaryKey, ""},
		{"a setting", `SET @@time_zone = 'x'`, nil, BypassSession, ""},
		{"a transaction", `START TRANSACTION`, nil, BypassTransaction, ""},
		{"does not parse", `SELEC`, nil, BypassOpaque, ""},
	}
	for i := range cases {
		cases[i].text = strings.ReplaceAll(cases[i].text, " db.", " "+name+".")
	}
	checkReads(t, r, cases)
}

// A TIME that meets a date becomes one by the day's clock: why such a read is
// not kept.
func TestTimesBecomeDatesByTheClock(t *testing.T) {
	db := mariadb(t, `CREATE TABLE shops (id bigint PRIMARY KEY, opens time, made datetime)`, `INSERT INTO shops VALUES (7, '10:00:00', '2001-01-01 12:00:00')`)
	for _, query := range []string{`SELECT opens < made FROM shops`, `SELECT CAST(opens AS DATETIME) FROM shops`, `SELECT CAST(CAST('10:00' AS TIME) AS DATETIME)`} {
		var answers [2]string
		for i, clock := range []string{`SET timestamp = 946728000`, `SET timestamp = 1577880000`} {
			db.exec(t, `SET time_zone = '+00:00'`, clock)
			if err := db.QueryRowContext(t.Context(), query).Scan(&answers[i]); err != nil {
				t.Fatal(err)
			}
		}
		if answers[0] == answers[1] {
			t.Errorf("%s: %q at both times", query, answers[0])
		}
	}
}
