package policy

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// pairCase is one exact pair and values for it: those that share a line are
// the same key, those of different lines are not.
type pairCase struct {
	column string
	keys   [][]any
}

var postgresPairs = []pairCase{
	{"int2", [][]any{{int64(0)}, {int64(1)}, {int64(-1)}, {int64(math.MaxInt16)}, {int64(math.MinInt16)}}},
	{"int4", [][]any{{int64(0)}, {int64(1)}, {int64(-1)}, {int64(math.MaxInt32)}, {int64(math.MinInt32)}}},
	{"int8", [][]any{{int64(0)}, {int64(1)}, {int64(-1)}, {int64(1<<53 + 1)}, {int64(1 << 53)}, {int64(math.MaxInt64)}, {int64(math.MinInt64)}}},
	{"uuid", [][]any{
		{uuidText, strings.ToUpper(uuidText), "6bA7b810-9dAD-11d1-80b4-00c04fd430c8"},
		{"6ba7b810-9dad-11d1-80b4-00c04fd430c9"}, {"00000000-0000-0000-0000-000000000000"},
	}},
	{"text", textKeys},
	{"varchar", textKeys},
	{"varchar(6)", [][]any{{"a"}, {"a "}, {"abcdef"}, {"äöüßéñ"}}},
	{`text COLLATE "C"`, textKeys},
	{"bytea", byteKeys},
}

var textKeys = [][]any{
	{""}, {"a"}, {"A"}, {"a "}, {" a"}, {"\ta"}, {"ä"}, {"a\u0308"}, {"1"}, {"01"}, {`\`}, {`\x61`}, {"'"}, {"a:b"}, {"\U0001F600"}, {strings.Repeat("x", longPart+1)},
}

var byteKeys = [][]any{
	{[]byte{}}, {[]byte{0}}, {[]byte("a")}, {[]byte("A")}, {[]byte(`\x61`)}, {[]byte{0xff, 0xfe}}, {bytes.Repeat([]byte("x"), longPart+1)},
}

var sqlitePairs = []pairCase{
	{"INTEGER", intKeys}, // the rowid's alias
	{"INT", intKeys},
	{"BIGINT", intKeys},
	{"UNSIGNED BIG INT NOT NULL", intKeys},
	{"INTEGER NOT NULL DEFAULT 5", intKeys},
	{"TEXT", textKeys},
	{"VARCHAR(3)", textKeys}, // SQLite has no limits
	{"CLOB", textKeys},
	{"BLOB", byteKeys},
}

var intKeys = [][]any{{int64(0)}, {int64(1)}, {int64(-1)}, {int64(1<<53 + 1)}, {int64(1 << 53)}, {int64(math.MaxInt64)}, {int64(math.MinInt64)}}

// A pair is exact where the database finds, for each value, the one row that
// was stored under the same canonical form, and no other.
func checkPairs(t *testing.T, db database, as *sql.Conn, cases []pairCase, suffix string) {
	mark := []string{"?1", "?2"}
	if db.dialect == parse.PostgreSQL {
		mark = []string{"$1", "$2"}
	}
	if db.dialect == parse.MySQL {
		mark = []string{"?", "?"}
	}
	for i, c := range cases {
		t.Run(c.column, func(t *testing.T) {
			name := fmt.Sprintf("t%d%s", i, strings.ToLower(strings.NewReplacer(" ", "").Replace(suffix)))
			db.exec(t, "CREATE TABLE "+name+" (id "+c.column+" PRIMARY KEY, v int)"+suffix)
			rules := db.rules(t, Policy{})
			plan := rules.planOf("SELECT v FROM " + name + " WHERE id = " + mark[0])
			forms := make(map[string]int)
			for line, same := range c.keys {
				if _, err := as.ExecContext(t.Context(), "INSERT INTO "+name+" (id, v) VALUES ("+mark[0]+", "+mark[1]+")", same[0], line); err != nil {
					t.Fatal(err)
				}
				for _, v := range same {
					got := plan.Read([]driver.NamedValue{{Ordinal: 1, Value: v}})
					if got.Code != Miss {
						t.Fatalf("%v: %v (%s)", v, got.Code, got.Reason)
					}
					if other, seen := forms[got.Row.Key]; seen && other != line {
						t.Errorf("%v has the key of line %d", v, other)
					}
					forms[got.Row.Key] = line
				}
			}
			if len(forms) != len(c.keys) {
				t.Errorf("%d keys for %d lines", len(forms), len(c.keys))
			}
			for line, same := range c.keys {
				for _, v := range same {
					rows, err := as.QueryContext(t.Context(), "SELECT v FROM "+name+" WHERE id = "+mark[0], v)
					if err != nil {
						t.Fatal(err)
					}
					var found []int
					for rows.Next() {
						var n int
						if err := rows.Scan(&n); err != nil {
							t.Fatal(err)
						}
						found = append(found, n)
					}
					if err := rows.Err(); err != nil {
						t.Fatal(err)
					}
					rows.Close()
					if len(found) != 1 || found[0] != line {
						t.Errorf("%v finds the rows %v, want %d alone", v, found, line)
					}
				}
			}
		})
	}
}

func TestExactPairsPostgres(t *testing.T) {
	for _, driver := range []string{"postgres", "pgx"} {
		t.Run(driver, func(t *testing.T) {
			db := postgres(t)
			checkPairs(t, db, db.again(t, driver).Conn, postgresPairs, "")
		})
	}
}

func TestExactPairsSQLite(t *testing.T) {
	for _, suffix := range []string{"", " WITHOUT ROWID"} {
		t.Run(strings.TrimSpace("rowid"+suffix), func(t *testing.T) {
			db := sqlite(t)
			checkPairs(t, db, db.Conn, sqlitePairs, suffix)
		})
	}
	t.Run("STRICT", func(t *testing.T) {
		db := sqlite(t)
		checkPairs(t, db, db.Conn, []pairCase{{"INTEGER", intKeys}, {"INT", intKeys}, {"TEXT", textKeys}, {"BLOB", byteKeys}}, " STRICT")
	})
}

// SQLite keeps values of other types in a column: none may be equal to an
// exact value of the column's own.
func TestSQLiteStrangersInAColumnAreNotEqual(t *testing.T) {
	db := sqlite(t,
		`CREATE TABLE ints (id INT PRIMARY KEY, v)`, `INSERT INTO ints VALUES ('x', 1), (x'31', 2), (1.5, 3), (1.0, 4), ('2', 5), (NULL, 6)`,
		`CREATE TABLE texts (id TEXT PRIMARY KEY, v)`, `INSERT INTO texts VALUES (x'31', 1), (1, 2), (NULL, 3)`,
		`CREATE TABLE blobs (id BLOB PRIMARY KEY, v)`, `INSERT INTO blobs VALUES ('1', 1), (1, 2), (x'31', 3), (NULL, 4)`)
	for _, c := range []struct {
		table string
		key   any
		want  string
	}{
		{"ints", int64(1), "4"}, {"ints", int64(2), "5"}, {"ints", int64(31), ""},
		{"texts", "1", "2"}, {"texts", "31", ""},
		{"blobs", []byte("1"), "3"},
	} {
		var got string
		if err := db.QueryRowContext(t.Context(), "SELECT coalesce(group_concat(v), '') FROM "+c.table+" WHERE id = ?", c.key).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%s %v finds %q, want %q", c.table, c.key, got, c.want)
		}
	}
}

// Why longer text is no exact pair: the server drops blanks when it stores.
func TestVarcharStoresFewerBlanks(t *testing.T) {
	db := postgres(t, `CREATE TABLE short (id varchar(3) PRIMARY KEY)`)
	var stored string
	if err := db.QueryRowContext(t.Context(), `INSERT INTO short VALUES ($1) RETURNING id`, "abc ").Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if stored != "abc" {
		t.Errorf("stored %q", stored)
	}
}

func TestKeysOfCollationsThatAreNotDeterministic(t *testing.T) {
	db := postgres(t)
	if _, err := db.ExecContext(t.Context(), `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`); err != nil {
		t.Skip("the server has no ICU")
	}
	db.exec(t, `CREATE TABLE a (id text COLLATE loose PRIMARY KEY)`, `CREATE DOMAIN dom AS bigint`, `CREATE TABLE b (id dom PRIMARY KEY)`,
		`CREATE TYPE mood AS ENUM ('x')`, `CREATE TABLE c (id mood PRIMARY KEY)`, `CREATE TABLE d (id name PRIMARY KEY)`)
	r := db.rules(t, Policy{})
	for _, table := range []string{"a", "b", "c", "d"} {
		if got := r.planOf(`SELECT * FROM ` + table + ` WHERE id = $1`).Read(named("x")); got.Code != BypassKeyType {
			t.Errorf("%s: %v", table, got.Code)
		}
		if _, ok := r.RowOf(table, "x"); ok {
			t.Errorf("%s: a row", table)
		}
	}
}

func TestUserEqualityMakesKeysInexact(t *testing.T) {
	db := postgres(t, `CREATE TABLE a (id int PRIMARY KEY)`)
	read := func() Code {
		return db.rules(t, Policy{}).planOf(`SELECT * FROM a WHERE id = $1`).Read(named(int64(1))).Code
	}
	if got := read(); got != Miss {
		t.Fatal(got)
	}
	db.exec(t, `CREATE FUNCTION eq(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'`,
		`CREATE OPERATOR public.= (LEFTARG = int, RIGHTARG = int, FUNCTION = eq)`)
	if got := read(); got != BypassKeyType {
		t.Error(got)
	}
}

func TestIntegersOfGo(t *testing.T) {
	p := pair{kind: intPair}
	for _, v := range []any{int(5), int8(5), int16(5), int32(5), int64(5), uint(5), uint8(5), uint16(5), uint32(5), uint64(5)} {
		if got, ok := p.appendPart(nil, v); !ok || string(got) != "i1:5" {
			t.Errorf("%T: %q %v", v, got, ok)
		}
	}
	type named int64
	for _, v := range []any{uint64(math.MaxUint64), uint(math.MaxUint64), named(5), float64(5), true, "5", nil} {
		if got, ok := p.appendPart(nil, v); ok {
			t.Errorf("%T: %q", v, got)
		}
	}
}
