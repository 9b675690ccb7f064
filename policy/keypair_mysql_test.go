package policy

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/moneyclip/moneyclip/parse"
)

var mysqlPairs = []pairCase{
	{"tinyint", [][]any{{int64(0)}, {int64(1)}, {int64(-1)}, {int64(math.MaxInt8)}, {int64(math.MinInt8)}}},
	{"smallint", [][]any{{int64(0)}, {int64(math.MaxInt16)}, {int64(math.MinInt16)}}},
	{"mediumint", [][]any{{int64(0)}, {int64(1<<23 - 1)}, {int64(-1 << 23)}}},
	{"int", [][]any{{int64(0)}, {int64(math.MaxInt32)}, {int64(math.MinInt32)}}},
	{"bigint", intKeys},
	{"tinyint unsigned", [][]any{{int64(0)}, {int64(1)}, {int64(math.MaxUint8)}}},
	{"smallint unsigned", [][]any{{int64(0)}, {int64(math.MaxUint16)}}},
	{"mediumint unsigned", [][]any{{int64(0)}, {int64(1<<24 - 1)}}},
	{"int unsigned", [][]any{{int64(0)}, {int64(math.MaxUint32)}}},
	{"bigint unsigned", [][]any{{int64(0)}, {int64(1<<53 + 1)}, {int64(1 << 53)}, {int64(math.MaxInt64)}}},
	{"int(5) unsigned zerofill", [][]any{{int64(0)}, {int64(7)}, {int64(123456)}}},
	{"varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", mysqlTextKeys},
	{"char(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", mysqlTextKeys},
	{"varchar(100) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", asciiKeys},
	{"varchar(100) CHARACTER SET latin1 COLLATE latin1_bin", asciiKeys},
	{"varchar(100) CHARACTER SET ascii COLLATE ascii_bin", asciiKeys},
	{"varchar(6) COLLATE utf8mb4_bin", [][]any{{"a"}, {"A"}, {"abcdef"}, {"äöüßéñ"}, {"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"}}},
	{"varbinary(200)", byteKeys},
	{"binary(3)", [][]any{{[]byte{0, 0, 0}}, {[]byte("abc")}, {[]byte("ABC")}, {[]byte("ab ")}, {[]byte("ab\x00")}, {[]byte{0xff, 0xfe, 0}}}},
}

var mysqlTextKeys = [][]any{
	{""}, {"a"}, {"A"}, {" a"}, {"\ta"}, {"a\t"}, {"ä"}, {"Ä"}, {"a\u0308"}, {"1"}, {"01"}, {"1a"}, {`\`}, {`\'`}, {`\x61`}, {"'"}, {`"`}, {"a:b"}, {"\U0001F600"}, {"ss"}, {"ß"},
	{"\u00ad"}, {"%"}, {"\x1a"}, {strings.Repeat("x", longPart+1)},
}

var asciiKeys = [][]any{{""}, {"a"}, {"A"}, {" a"}, {"a\t"}, {"1"}, {"01"}, {`\`}, {"'"}, {`"`}, {strings.Repeat("x", longPart+1)}}

// overProtocol returns a DSN with the arguments written into the text, or sent apart.
func overProtocol(t *testing.T, dsn string, interpolate bool) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.InterpolateParams = interpolate
	return cfg.FormatDSN()
}

func TestExactPairsMySQL(t *testing.T) {
	for name, interpolate := range map[string]bool{"binary": false, "text": true} {
		t.Run(name, func(t *testing.T) {
			db := mariadb(t)
			as := open(t, parse.MySQL, "mysql", overProtocol(t, db.dsn, interpolate)).Conn
			// Where the server is not strict, more is stored, and as something else.
			for i, mode := range []string{"", "STRICT_ALL_TABLES"} {
				if _, err := as.ExecContext(t.Context(), `SET SESSION sql_mode = '`+mode+`'`); err != nil {
					t.Fatal(err)
				}
				db.exec(t, `DROP DATABASE IF EXISTS `+db.name(t), `CREATE DATABASE `+db.name(t), `USE `+db.name(t))
				if _, err := as.ExecContext(t.Context(), `USE `+db.name(t)); err != nil {
					t.Fatal(err)
				}
				cases := mysqlPairs
				if db.isMariaDB(t) {
					cases = append(cases, pairCase{"uuid", [][]any{{uuidText, strings.ToUpper(uuidText)}, {"6ba7b810-9dad-11d1-80b4-00c04fd430c9"}, {"00000000-0000-0000-0000-000000000000"}}})
				}
				t.Run([]string{"lax", "strict"}[i], func(t *testing.T) { checkPairs(t, db, as, cases, "") })
			}
		})
	}
}

// Values that are stored as, or found equal to, something else than they are.
func TestInexactPairsMySQL(t *testing.T) {
	for _, c := range []struct {
		column mysqlColumn
		values []any
	}{
		{mysqlColumn{typ: "tinyint", full: "tinyint(4)"}, []any{int64(128), int64(-129), "5", true, 5.0, []byte("5"), nil}},
		{mysqlColumn{typ: "tinyint", full: "tinyint(3) unsigned"}, []any{int64(-1), int64(256)}},
		{mysqlColumn{typ: "bigint", full: "bigint(20) unsigned"}, []any{int64(-1), uint64(math.MaxUint64)}},
		{mysqlColumn{typ: "varchar", most: "3", charset: "utf8mb4", collation: "utf8mb4_bin"}, []any{"a ", "abcd", "a\x00", "\xff", []byte("a"), int64(5)}},
		{mysqlColumn{typ: "varchar", most: "3", charset: "latin1", collation: "latin1_bin"}, []any{"ä"}},
		{mysqlColumn{typ: "varchar", most: "3", charset: "utf8mb4", collation: "utf8mb4_general_ci"}, []any{"a"}},
		{mysqlColumn{typ: "varchar", most: "3", charset: "utf8mb4", collation: "utf8mb4_0900_as_cs"}, []any{"a"}},
		{mysqlColumn{typ: "varchar", most: "3", charset: "cp1251", collation: "cp1251_bin"}, []any{"a"}},
		{mysqlColumn{typ: "varchar", most: "0", charset: "utf8mb4", collation: "utf8mb4_bin"}, []any{""}},
		{mysqlColumn{typ: "binary", most: "3"}, []any{[]byte("ab"), []byte("abcd"), "abc"}},
		{mysqlColumn{typ: "varbinary", most: "3"}, []any{[]byte("abcd"), []byte(nil), "abc"}},
		{mysqlColumn{typ: "uuid"}, []any{"{" + uuidText + "}", strings.ReplaceAll(uuidText, "-", ""), bytes.Repeat([]byte{1}, 16)}},
		{mysqlColumn{typ: "decimal", full: "decimal(10,0)"}, []any{int64(5), "5"}},
		{mysqlColumn{typ: "double"}, []any{5.0}},
		{mysqlColumn{typ: "datetime"}, []any{"2001-01-01 00:00:00"}},
		{mysqlColumn{typ: "enum", most: "3", charset: "utf8mb4", collation: "utf8mb4_bin"}, []any{"a", int64(1)}},
		{mysqlColumn{typ: "set", most: "3", charset: "utf8mb4", collation: "utf8mb4_bin"}, []any{"a"}},
		{mysqlColumn{typ: "bit", full: "bit(8)"}, []any{int64(5)}},
		{mysqlColumn{typ: "json"}, []any{"{}"}},
		{mysqlColumn{typ: "inet6"}, []any{"::1"}},
	} {
		p, why := mysqlPair(c.column)
		if (p.kind == inexact) != (why != "") {
			t.Errorf("%v: %v, %q", c.column, p, why)
		}
		for _, v := range c.values {
			if form, ok := p.appendPart(nil, v); ok {
				t.Errorf("%v: %T %v has the form %q", c.column, v, v, form)
			}
		}
	}
}

// D22: why a number is no exact pair with text, and a blank at the end none.
func TestD22NumbersAndBlanksFindOtherText(t *testing.T) {
	db := mariadb(t, `CREATE TABLE t (id varchar(10) COLLATE utf8mb4_bin PRIMARY KEY)`, `INSERT INTO t VALUES ('5'), ('05'), ('5abc')`)
	for _, c := range []struct {
		value any
		want  int
	}{{int64(5), 3}, {"5", 1}, {"5 ", 1}} {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM t WHERE id = ?`, c.value).Scan(&n); err != nil || n != c.want {
			t.Errorf("%T %v finds %d rows, want %d (%v)", c.value, c.value, n, c.want, err)
		}
	}
	plan := db.rules(t, Policy{}).planOf(`SELECT * FROM t WHERE id = ?`)
	for _, v := range []any{int64(5), "5 "} {
		if got := plan.Read([]driver.NamedValue{{Ordinal: 1, Value: v}}); got.Code != BypassKeyType {
			t.Errorf("%v: %v", v, got.Code)
		}
	}
}

// What the server reads in a literal is what its key says.
func TestLiteralKeysMySQL(t *testing.T) {
	db := mariadb(t, `CREATE TABLE texts (id varchar(100) COLLATE utf8mb4_bin PRIMARY KEY, v int)`, `CREATE TABLE ints (id bigint PRIMARY KEY, v int)`)
	db.exec(t, `SET NAMES utf8mb4`)
	r := db.rules(t, Policy{})
	for _, c := range []struct {
		table    string
		literals []string
	}{
		{"texts", []string{`'a'`, `'A'`, `'a\nb'`, `'\_'`, `'\%'`, `'\x'`, `'\''`, `''''`, `'\\'`, `'a' 'b'`, `'\Z'`, `'\b'`, `'\t'`, `'\"'`, `"dq"`, `"a""b"`, `"it's"`,
			`N'abc'`, `_utf8mb4'x'`, `_latin1'x'`, `0x61`, `x'61'`, `b'01100001'`, `'ä'`, `'a '`, `5`, `TRUE`}},
		{"ints", []string{`7`, `007`, `-7`, `+7`, `- 7`, `7.0`, `7e0`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `0x7`, `b'111'`, `TRUE`, `'7'`}},
	} {
		exact := 0
		for _, literal := range c.literals {
			got := r.planOf("SELECT v FROM " + c.table + " WHERE id = " + literal).Read(nil)
			if got.Code != Miss {
				continue
			}
			exact++
			var stored any
			if err := db.QueryRowContext(t.Context(), "SELECT "+literal).Scan(&stored); err != nil {
				t.Errorf("%s: %v", literal, err)
				continue
			}
			want := fmt.Sprint(stored)
			if b, ok := stored.([]byte); ok {
				want = string(b)
			}
			if _, text, _ := strings.Cut(got.Row.Key, ":"); text != want {
				t.Errorf("%s: the key %q, the server reads %q", literal, text, want)
			}
		}
		if exact < 3 {
			t.Errorf("%s: only %d literals are exact", c.table, exact)
		}
	}
}
