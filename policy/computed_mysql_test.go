package policy

import (
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// MariaDB computes a virtual column when it is read, and lets it call anything
// of its own; either server may make a date of a TIME in it by the day's clock.
func TestColumnComputedFromMoreThanTheRowIsNotServed(t *testing.T) {
	db := mariadb(t,
		`CREATE TABLE a (id int PRIMARY KEY, v varchar(20), ti time, js longtext,
			clock datetime AS (now()) VIRTUAL, me bigint AS (connection_id()) VIRTUAL, chance double AS (rand()) VIRTUAL, mode varchar(99) AS (@@sql_mode) VIRTUAL,
			dated datetime AS (cast(ti AS datetime)) VIRTUAL, stamped datetime AS (timestamp(ti)) VIRTUAL, of_clock datetime AS (clock) VIRTUAL,
			plain int AS (id + 1) VIRTUAL, text varchar(99) AS (concat(v, 'it''s \\ x')) VIRTUAL, field varchar(9) AS (json_unquote(json_extract(js, '$.a'))) VIRTUAL,
			kept int AS (id + 2) STORED, of_kept int AS (kept) VIRTUAL)`,
		`CREATE TABLE b (id int PRIMARY KEY, g int AS (id + 1) VIRTUAL)`,
	)
	r := db.rules(t, Policy{})
	for text, want := range map[string]Code{
		"*": BypassVolatile, "a.*": BypassVolatile, "clock": BypassVolatile, "me": BypassVolatile, "chance": BypassVolatile, "mode": BypassVolatile,
		"dated": BypassVolatile, "stamped": BypassVolatile, "of_clock": BypassVolatile, "v, CLOCK": BypassVolatile, "upper(mode)": BypassVolatile,
		"plain": Miss, "text": Miss, "field": Miss, "kept": Miss, "of_kept": Miss, "v": Miss, "ti": Miss,
	} {
		if d := r.planOf("SELECT " + text + " FROM a WHERE id = 1").Read(nil); d.Code != want {
			t.Errorf("%s: %v (%s), want %v", text, d.Code, d.Reason, want)
		}
	}
	if d := r.planOf("SELECT * FROM b WHERE id = 1").Read(nil); d.Code != Miss {
		t.Errorf("%v (%s)", d.Code, d.Reason)
	}
}

// MySQL shows the expression with its quotes escaped, and with character sets.
func TestExpressionOfAComputedColumnIsReadAsEitherServerShowsIt(t *testing.T) {
	c := &Catalog{dialect: parse.MySQL, code: routines{dialect: parse.MySQL, native: mysqlNative(false, mysql80)}}
	for expression, want := range map[string]bool{
		"concat(`s`,_utf8mb4\\'it\\\\\\'s \\\\\\\\ x\\',_utf8mb4\\'q\\')":                 true,
		"concat(`s`,'it\\'s \\\\ x')":                                                     true,
		"(case when (`s` like _utf8mb4\\'a%\\') then _utf8mb4\\'x\\\\ny\\' else `s` end)": true,
		"(`id` + 1)": true, "((`id` DIV 2) % 3)": true, "json_unquote(json_extract(`js`,_utf8mb4\\'$.a\\'))": true,
		"now()": false, "cast(`s` as date)": false, "nobody(1)": false, "@@sql_mode": false, "1) from x where (1": false, "": false, "(select 1)": false, "NULL()": false,
	} {
		if got := c.parseComputed(expression) != nil; got != want {
			t.Errorf("%s: %v, want %v", expression, got, want)
		}
	}
}
