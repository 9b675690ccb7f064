package policy

import (
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

var mysqlWriteSchema = []string{
	`CREATE TABLE authors (id bigint PRIMARY KEY, name varchar(100), bio text)`,
	`CREATE TABLE serials (id int AUTO_INCREMENT PRIMARY KEY, v text)`,
	`CREATE TABLE mixed (b int, id int AUTO_INCREMENT, v text, PRIMARY KEY (b, id), KEY (id))`,
	`CREATE TABLE texts (id varchar(3) COLLATE utf8mb4_bin PRIMARY KEY, v text)`,
	`CREATE TABLE loose (id varchar(3) COLLATE utf8mb4_general_ci PRIMARY KEY, v text)`,
	`CREATE TABLE bytes (id varbinary(3) PRIMARY KEY, v text)`,
	`CREATE TABLE tiny (id tinyint PRIMARY KEY, v text)`,
	`CREATE TABLE pairs (a varchar(10) COLLATE utf8mb4_bin, b int, v int, PRIMARY KEY (a, b))`,
	`CREATE TABLE emails (id bigint PRIMARY KEY, email varchar(100) UNIQUE, v text)`,
	`CREATE TABLE nokey (id bigint, v text)`,
	`CREATE TABLE fulltext_engine (id bigint PRIMARY KEY, v text) ENGINE=MyISAM`,
	`CREATE TABLE computed (id bigint PRIMARY KEY, a int, b int AS (a + 1) STORED)`,
	`CREATE TABLE hidden (a int NOT NULL DEFAULT 0 INVISIBLE, id bigint PRIMARY KEY, v text)`,
	`CREATE TABLE audited (id bigint PRIMARY KEY)`,
	`CREATE TABLE accounts (id bigint PRIMARY KEY, name text)`,
	`CREATE TABLE followers (id bigint PRIMARY KEY, account_id bigint, FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE)`,
	`CREATE TABLE plain (id bigint PRIMARY KEY)`,
	`CREATE TABLE refers (id bigint PRIMARY KEY, FOREIGN KEY (id) REFERENCES plain (id))`,
	`CREATE TRIGGER t AFTER DELETE ON audited FOR EACH ROW DELETE FROM plain`,
	`CREATE FUNCTION recalc(x int) RETURNS int DETERMINISTIC RETURN x`,
	`CREATE VIEW simple AS SELECT id, upper(name) AS n FROM authors`,
	`CREATE VIEW calls AS SELECT recalc(id) AS r FROM authors`,
	`CREATE VIEW calls_calls AS SELECT * FROM calls`,
	"CREATE TABLE `Mixed ``Name` (`Id` bigint PRIMARY KEY)",
	`CREATE TABLE parts (id bigint PRIMARY KEY, v text) PARTITION BY HASH (id) PARTITIONS 2`,
}

func TestWritesMySQL(t *testing.T) {
	db := mariadb(t, mysqlWriteSchema...)
	r, name := db.rules(t, Policy{}), db.name(t)
	seven := []any{int64(7)}
	cases := []writeCase{
		{"C1 by another column", `UPDATE authors SET bio = '' WHERE name = ?`, []any{"x"}, "db.authors:*"},
		{"C2 without WHERE", `UPDATE authors SET bio = ''`, nil, "db.authors:*"},
		{"C3 delete all", `DELETE FROM authors`, nil, "db.authors:*"},
		{"by key", `UPDATE authors SET bio = ? WHERE id = ?`, []any{"x", int64(7)}, "db.authors:i1:7"},
		{"C21 by key in any case", "DELETE FROM `authors` WHERE `ID` = ?", seven, "db.authors:i1:7"},
		{"C21 with the database", "DELETE FROM db.authors WHERE authors.id = ?", seven, "db.authors:i1:7"},
		{"C21 a name that is quoted", "DELETE FROM `Mixed ``Name` WHERE id = ?", seven, "db.Mixed `Name:i1:7"},
		{"by key and more", `DELETE FROM authors WHERE id = ? AND bio > ?`, []any{int64(7), "x"}, "db.authors:i1:7"},
		{"by key and LIMIT", `DELETE FROM authors WHERE id = ? ORDER BY name LIMIT 1`, seven, "db.authors:i1:7"},
		{"by LIMIT", `DELETE FROM authors ORDER BY id LIMIT 1`, nil, "db.authors:*"},
		{"by a list", `DELETE FROM authors WHERE id IN (?, 8, ?)`, []any{int64(7), int64(7)}, "db.authors:i1:7 db.authors:i1:8"},
		{"by key, or", `DELETE FROM authors WHERE id = ? OR id = 2`, seven, "db.authors:*"},
		{"a composite key", `DELETE FROM pairs WHERE b IN (1, 2) AND a = ?`, []any{"x"}, "db.pairs:s1:xi1:1 db.pairs:s1:xi1:2"},
		{"half of a composite key", `DELETE FROM pairs WHERE a = ?`, []any{"x"}, "db.pairs:*"},
		{"the hidden name of the key", `UPDATE authors SET bio = '' WHERE _rowid = 7`, nil, "db.authors:*"},
		{"the hidden name beside the key", `UPDATE authors SET bio = '' WHERE id = 8 AND _rowid = 7`, nil, "db.authors:i1:8"},
		{"D22 a number for text", `DELETE FROM texts WHERE id = ?`, []any{int64(5)}, "db.texts:*"},
		{"D22 text for a number", `DELETE FROM authors WHERE id = '7'`, nil, "db.authors:*"},
		{"text", `DELETE FROM texts WHERE id = 'ab'`, nil, "db.texts:s2:ab"},
		{"text with a blank", `DELETE FROM texts WHERE id = 'ab '`, nil, "db.texts:*"},
		{"text of another collation", `DELETE FROM texts WHERE id = 'ab' COLLATE utf8mb4_general_ci`, nil, "db.texts:*"},
		{"text without case", `DELETE FROM loose WHERE id = 'ab'`, nil, "nothing"},
		{"bytes as a literal", `DELETE FROM bytes WHERE id = x'61'`, nil, "db.bytes:*"},
		{"bytes", `DELETE FROM bytes WHERE id = ?`, []any{[]byte("a")}, "db.bytes:b1:a"},
		{"a truth value", `DELETE FROM authors WHERE id = TRUE`, nil, "db.authors:*"},
		{"a missing argument", `DELETE FROM authors WHERE id = ?`, nil, "all"},
		{"C10 the key is set", `UPDATE authors SET id = ? WHERE id = ?`, []any{int64(8), int64(7)}, "db.authors:i1:7 db.authors:i1:8"},
		{"C10 the key is set twice: the last one stays", `UPDATE authors SET id = 5, id = 6 WHERE id = 7`, nil, "db.authors:i1:6 db.authors:i1:7"},
		{"C10 the key is computed", `UPDATE authors SET id = id + 1 WHERE id = ?`, seven, "db.authors:*"},
		{"C10 the key is set to NULL", `UPDATE authors SET id = NULL WHERE id = 7`, nil, "db.authors:*"},
		{"C10 the key is set out of its range", `UPDATE tiny SET id = 300 WHERE id = 7`, nil, "db.tiny:*"},
		{"C10 the key is set to text that is too long", `UPDATE texts SET id = 'abcd' WHERE id = 'a'`, nil, "db.texts:*"},
		{"C10 with IGNORE", `UPDATE IGNORE emails SET id = 8, email = 'e' WHERE id = 7`, nil, "db.emails:i1:7 db.emails:i1:8"},
		{"C9 several tables", `UPDATE authors, plain SET authors.bio = '' WHERE authors.id = 1 AND plain.id = 1`, nil, "db.authors:*"},
		{"C9 DELETE of several tables", `DELETE authors, pairs FROM authors JOIN pairs ON pairs.b = authors.id WHERE authors.id = 1`, nil, "db.authors:* db.pairs:*"},

		{"insert", `INSERT INTO authors (name, id) VALUES (?, ?), ('x', 9)`, []any{"a", int64(8)}, "db.authors:i1:8 db.authors:i1:9"},
		{"insert by SET", `INSERT INTO authors SET id = ?, name = 'x'`, seven, "db.authors:i1:7"},
		{"insert without a list", `INSERT INTO authors VALUES (?, 'a', 'b')`, seven, "db.authors:i1:7"},
		{"a generated column is in the list of all", `INSERT INTO computed VALUES (?, 1, DEFAULT)`, seven, "db.computed:i1:7"},
		{"an invisible column is not", `INSERT INTO hidden VALUES (?, 'x')`, seven, "db.hidden:i1:7"},
		{"C30 a made key", `INSERT INTO serials (v) VALUES ('x')`, nil, "db.serials:?"},
		{"C30 NULL asks for a key", `INSERT INTO serials VALUES (NULL, 'x'), (3, 'y')`, nil, "db.serials:? db.serials:i1:3"},
		{"C30 DEFAULT asks for a key", `INSERT INTO serials VALUES (DEFAULT, 'x')`, nil, "db.serials:?"},
		{"C30 0 asks for a key, or is one", `INSERT INTO serials VALUES (?, 'x')`, []any{int64(0)}, "db.serials:? db.serials:i1:0"},
		{"0 in a key that is not made", `INSERT INTO authors (id) VALUES (0)`, nil, "db.authors:i1:0"},
		{"C30 0 in part of a key", `INSERT INTO mixed VALUES (5, 0, 'x')`, nil, "db.mixed:? db.mixed:i1:5i1:0"},
		{"0 in the other part", `INSERT INTO mixed VALUES (0, 5, 'x')`, nil, "db.mixed:i1:0i1:5"},
		{"NULL in a key that is not made", `INSERT INTO authors (id) VALUES (NULL), (8)`, nil, "db.authors:? db.authors:i1:8"},
		{"out of range", `INSERT INTO tiny (id) VALUES (300)`, nil, "db.tiny:?"},
		{"C9 from a query", `INSERT INTO authors SELECT * FROM authors`, nil, "db.authors:?"},
		{"C5 IGNORE", `INSERT IGNORE INTO emails VALUES (7, 'e', '')`, nil, "db.emails:i1:7"},
		{"C5 REPLACE with one unique index", `REPLACE INTO authors VALUES (7, '', '')`, nil, "db.authors:i1:7"},
		{"C29 REPLACE with another unique index", `REPLACE INTO emails VALUES (7, 'e', '')`, nil, "db.emails:*"},
		{"C29 REPLACE of a made key, which may have run out", `REPLACE INTO serials VALUES (NULL, 'x')`, nil, "db.serials:*"},
		{"C29 REPLACE of 0", `REPLACE INTO serials VALUES (0, 'x')`, nil, "db.serials:*"},
		{"C29 REPLACE of NULL in a key that is not made", `REPLACE INTO authors (id) VALUES (NULL), (8)`, nil, "db.authors:*"},
		{"C29 REPLACE of text that is too long", `REPLACE INTO texts VALUES ('abcd', '')`, nil, "db.texts:*"},
		{"C5 ON DUPLICATE KEY with one unique index", `INSERT INTO authors (id) VALUES (?) ON DUPLICATE KEY UPDATE bio = 'x'`, seven, "db.authors:i1:7"},
		{"C29 ON DUPLICATE KEY with another", `INSERT INTO emails (id, email) VALUES (7, 'e') ON DUPLICATE KEY UPDATE v = 'x'`, nil, "db.emails:*"},
		{"C29 ON DUPLICATE KEY that sets the key", `INSERT INTO serials (id) VALUES (7) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`, nil, "db.serials:*"},
		{"C29 ON DUPLICATE KEY of an inexact key", `INSERT INTO authors (id) VALUES ('7') ON DUPLICATE KEY UPDATE bio = 'x'`, nil, "db.authors:*"},
		{"C29 ON DUPLICATE KEY of a made key", `INSERT INTO serials (v) VALUES ('x') ON DUPLICATE KEY UPDATE v = 'y'`, nil, "db.serials:*"},

		{"C4 TRUNCATE", `TRUNCATE TABLE authors`, nil, "db.authors:*"},
		{"C8 LOAD DATA", `LOAD DATA INFILE 'x' INTO TABLE authors`, nil, "db.authors:*"},
		{"C8 LOAD DATA REPLACE into a referenced table", `LOAD DATA INFILE 'x' REPLACE INTO TABLE accounts`, nil, "all"},
		{"C16 does not parse", `UPDAT authors SET`, nil, "all"},
		{"C7 CALL", `CALL p()`, nil, "all"},
		{"C7 a stored function", `SELECT recalc(?)`, seven, "all"},
		{"C7 a stored function of the database", `SELECT db.recalc(1)`, nil, "all"},
		{"C7 an unknown function", `SELECT unheard_of(1)`, nil, "all"},
		{"C7 a native name of a database", `SELECT other.upper('x')`, nil, "all"},
		{"C7 a view that calls one", `SELECT * FROM calls`, nil, "all"},
		{"C7 a view of it", `SELECT * FROM calls_calls`, nil, "all"},
		{"a view without", `SELECT * FROM simple`, nil, "nothing"},
		{"functions of the server", `SELECT now(), rand(), uuid(), last_insert_id(), get_lock('x', 1), count(*), @x, @@sql_mode FROM authors`, nil, "nothing"},
		{"a read", `SELECT * FROM authors`, nil, "nothing"},
		{"C22 not a write", `SELECT 'delete from plain' FROM authors -- UPDATE plain`, nil, "nothing"},
		{"C21 an alias that is another table", `UPDATE authors AS plain SET bio = '' WHERE plain.id = 7`, nil, "db.authors:i1:7"},
		{"no primary key", `DELETE FROM nokey WHERE id = 7`, nil, "nothing"},
		{"another engine", `DELETE FROM fulltext_engine WHERE id = 7`, nil, "nothing"},
		{"a partitioned table", `DELETE FROM parts WHERE id = 7`, nil, "db.parts:i1:7"},
		{"C20 a view", `UPDATE simple SET id = 8 WHERE id = 7`, nil, "all"},
		{"C23 a referenced table with an action", `DELETE FROM accounts WHERE id = 7`, nil, "all"},
		{"C23 REPLACE into it", `REPLACE INTO accounts VALUES (7, '')`, nil, "all"},
		{"an insert into it", `INSERT INTO accounts VALUES (7, '')`, nil, "db.accounts:i1:7"},
		{"the referencing table", `DELETE FROM followers WHERE id = 7`, nil, "db.followers:i1:7"},
		{"a referenced table without an action", `DELETE FROM plain WHERE id = 7`, nil, "db.plain:i1:7"},
		{"C24 C30 a trigger", `INSERT INTO audited VALUES (7)`, nil, "all"},
		{"an unknown table", `DELETE FROM nowhere WHERE id = 7`, nil, "all"},
		{"a table of the server", `DELETE FROM mysql.user WHERE user = 'x'`, nil, "all"},
		{"C25 DDL", `ALTER TABLE authors ADD COLUMN x int`, nil, "all"},
		{"a setting", `SET time_zone = '+00:00'`, nil, "nothing"},
		{"a transaction", `COMMIT`, nil, "nothing"},
	}
	for i := range cases {
		cases[i].text = strings.ReplaceAll(cases[i].text, " db.", " "+name+".")
		cases[i].want = strings.ReplaceAll(cases[i].want, "db.", name+".")
	}
	checkWrites(t, r, cases)
}

// What the last of two assignments says is what is stored, and a made key that
// has run out is the last one again: what the rules above are made of.
func TestWhatMySQLStores(t *testing.T) {
	db := mariadb(t, mysqlWriteSchema...)
	for _, c := range []struct{ name, text, query, want string }{
		{"the last assignment stays", `INSERT INTO plain VALUES (7)`, `SELECT GROUP_CONCAT(id) FROM plain`, "7"},
		{"", `UPDATE plain SET id = 5, id = 6 WHERE id = 7`, `SELECT GROUP_CONCAT(id) FROM plain`, "6"},
		{"a number out of range is another one", `SET SESSION sql_mode = ''`, `SELECT @@sql_mode`, ""},
		{"", `INSERT INTO tiny VALUES (300, '')`, `SELECT GROUP_CONCAT(id) FROM tiny`, "127"},
		{"text that is too long is cut", `INSERT INTO texts VALUES ('abcd', '')`, `SELECT GROUP_CONCAT(id) FROM texts`, "abc"},
		{"NULL among several rows is 0", `INSERT INTO authors (id) VALUES (8), (NULL)`, `SELECT GROUP_CONCAT(id ORDER BY id) FROM authors`, "0,8"},
		{"0 is a new key", `INSERT INTO serials VALUES (0, '')`, `SELECT GROUP_CONCAT(id) FROM serials`, "1"},
		{"or is kept", `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'`, `SELECT 1`, "1"},
		{"", `INSERT INTO serials VALUES (0, '')`, `SELECT GROUP_CONCAT(id ORDER BY id) FROM serials`, "0,1"},
		{"the hidden name is the key", `UPDATE authors SET bio = 'x' WHERE _rowid = 8`, `SELECT bio FROM authors WHERE id = 8`, "x"},
	} {
		db.exec(t, c.text)
		var got string
		if err := db.QueryRowContext(t.Context(), c.query).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: %s: %q, want %q (%v)", c.name, c.text, got, c.want, err)
		}
	}
}

// A stored function in a default, a check or a generated column would run at
// every write: the server refuses them.
func TestStoredFunctionsAreNotInTables(t *testing.T) {
	db := mariadb(t, mysqlWriteSchema...)
	for _, text := range []string{
		`CREATE TABLE x (id int PRIMARY KEY, a int DEFAULT (recalc(1)))`,
		`CREATE TABLE x (id int PRIMARY KEY, a int AS (recalc(id)))`,
		`CREATE TABLE x (id int PRIMARY KEY, a int AS (recalc(id)) STORED)`,
		`CREATE TABLE x (id int PRIMARY KEY, CHECK (recalc(id) > 0))`,
	} {
		if _, err := db.ExecContext(t.Context(), text); err == nil {
			t.Errorf("%s is allowed", text)
		}
	}
}

func TestDirtySessionMySQL(t *testing.T) {
	db := mariadb(t, `CREATE TABLE authors (id bigint PRIMARY KEY, v text)`, `CREATE TABLE serials (id int AUTO_INCREMENT PRIMARY KEY, v text)`)
	other := mariadb(t, `CREATE TABLE authors (id bigint PRIMARY KEY, v text)`)
	r, here, there := db.rules(t, Policy{}), db.name(t), other.name(t)
	both := []string{here + ".authors:i1:7", there + ".authors:i1:7"}
	if here > there {
		both[0], both[1] = both[1], both[0]
	}
	for _, c := range []struct {
		text, clean, dirty string
		mayWrite           bool
	}{
		{`DELETE FROM authors WHERE id = 7`, here + ".authors:i1:7", strings.Join(both, " "), true},
		{`DELETE FROM ` + here + `.authors WHERE id = 7`, here + ".authors:i1:7", here + ".authors:i1:7", true},
		{`UPDATE serials SET v = "x" WHERE id = 7`, here + ".serials:i1:7", "all", true},
		{`SELECT * FROM authors WHERE v = "x"`, "nothing", "all", false},
		{`SELECT 'a\', recalc(1), ' FROM authors`, "nothing", "all", false},
		{`SELECT 1`, "nothing", "nothing", false},
	} {
		p := r.planOf(c.text)
		if got := show(p.Write(nil)); got != c.clean {
			t.Errorf("%s: %s, want %s", c.text, got, c.clean)
		}
		if got := show(p.WriteDirty(nil)); got != c.dirty {
			t.Errorf("%s in a dirty session: %s, want %s", c.text, got, c.dirty)
		}
		if p.MayWrite != c.mayWrite {
			t.Errorf("%s: MayWrite is %v", c.text, p.MayWrite)
		}
	}
}

func TestTextsThatChangeTheSessionMySQL(t *testing.T) {
	r := mariadb(t, mysqlWriteSchema...).rules(t, Policy{})
	for text, want := range map[string]bool{
		`SELECT 1`:                          false,
		`SELECT now(), last_insert_id(5)`:   false,
		`SELECT get_lock('x', 1)`:           true,
		`SELECT release_all_locks()`:        true,
		`SELECT recalc(1)`:                  true,
		`SET @x = 1`:                        false,
		`SET time_zone = 'x'`:               true,
		`USE other`:                         true,
		`CREATE TEMPORARY TABLE x (id int)`: true,
		`does not parse`:                    true,
	} {
		if got := r.planOf(text).Session; got != want {
			t.Errorf("%s: Session is %v", text, got)
		}
	}
}

// LOAD DATA REPLACE deletes what is in the way, with what hangs on it.
func TestCopyThatReplacesFollowsActions(t *testing.T) {
	r := mariadb(t, mysqlWriteSchema...).rules(t, Policy{})
	for conflict, want := range map[parse.ConflictKind]bool{parse.NoConflict: false, parse.DoNothing: false, parse.Replaces: true} {
		f := &parse.Facts{Kind: parse.Write, Statements: 1, Writes: []parse.Change{{Table: parse.Table{Name: "accounts"}, Op: parse.Copy, Conflict: conflict}}}
		if e := r.Plan(f).Write(nil); e.All != want {
			t.Errorf("%v: %s", conflict, show(e))
		}
	}
}
