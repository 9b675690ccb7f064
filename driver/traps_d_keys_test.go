package driver_test

import (
	"context"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

func TestD9ReadsThatAreNotByKeyAloneAskTheDatabase(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		s.setup(t, "CREATE VIEW readers AS SELECT * FROM authors")
		r := s.open(t)
		r.warm(t, s.q(byID), 1)
		for _, where := range []string{
			"id = $1 AND name = 'ann'",
			"id = $1 AND name = 'nobody'",
			"id = $1 OR name = 'bob'",
			"NOT id = $1",
			"id BETWEEN $1 AND 2",
			"id >= $1",
			"id IN ($1, 2)",
			"id = $1 AND id = 2",
			"id + 0 = $1",
			"id = $1 AND EXISTS (SELECT 1)",
			"(id = $1) IS NOT FALSE",
			"id = $1 LIMIT 0",
			"id = $1 LIMIT 1 OFFSET 1",
			"id = $1 LIMIT 1 OFFSET 0",
			"id = $1 GROUP BY id, name, raw",
			"id = $1 UNION SELECT 9, 'x', NULL",
			"id = $1 AND name IN (SELECT 'ann')",
		} {
			bypassed(t, s, r, "SELECT id, name, raw FROM authors WHERE "+where, 1)
		}
		if s.dialect == parse.MySQL {
			for _, where := range []string{
				"id = $1 && name = 'nobody'", "id = $1 || name = 'bob'", "id = $1 XOR name = 'bob'", "id <=> $1", "id = $1 /*! AND name = 'nobody' */", "id = $1 /*M! OR id = 2 */", "id = $1 = 0", "id = $1 IS NULL",
				"id = $1 LIMIT 1, 1", "id = $1 ORDER BY name LIMIT 0", "id = $1 PROCEDURE ANALYSE()", "id = $1 COLLATE utf8mb4_bin", "BINARY id = $1", "id = $1 AND MATCH (name) AGAINST ('ann')", "id = $1 HAVING name = 'nobody'",
			} {
				if strings.Contains(where, "MATCH") {
					s.setup(t, "ALTER TABLE authors ADD FULLTEXT INDEX (name)")
				}
				bypassed(t, s, r, "SELECT id, name, raw FROM authors WHERE "+where, 1)
			}
			for _, text := range []string{
				"SELECT SQL_CALC_FOUND_ROWS id, name FROM authors WHERE id = $1", "SELECT STRAIGHT_JOIN a.id, b.name FROM authors a, authors b WHERE a.id = $1", "SELECT id, count(*) OVER () FROM authors WHERE id = $1",
				"SELECT 1 FROM DUAL WHERE 1 = $1", "SELECT id, name FROM authors WHERE id = $1 EXCEPT SELECT 1, 'ann'",
			} {
				bypassed(t, s, r, text, 1)
			}
		} else {
			bypassed(t, s, r, "SELECT id, name, raw FROM authors WHERE id = $1 ORDER BY name LIMIT (0)", 1)
		}
		for _, query := range []string{
			"SELECT id, name FROM readers WHERE id = $1",
			"SELECT a.id, b.name FROM authors a JOIN authors b ON a.id = b.id WHERE a.id = $1",
			"SELECT a.id, b.name FROM authors a LEFT JOIN authors b ON b.id = a.id + 1 WHERE a.id = $1",
			"SELECT a.id, b.name FROM authors a, authors b WHERE a.id = $1",
			"SELECT id, name FROM (SELECT * FROM authors) AS x WHERE id = $1",
			"WITH x AS (SELECT * FROM authors) SELECT id, name FROM x WHERE id = $1",
			"SELECT DISTINCT count(*) FROM authors WHERE id = $1",
			"SELECT max(name) FROM authors WHERE id = $1",
		} {
			bypassed(t, s, r, query, 1)
		}
		if got := r.ask(t, s.q(byID), 1); got.code != policy.Hit {
			t.Errorf("the row itself: %v (%s), want a hit", got.code, got.why)
		}
	})
}

// bypassed asks again and again: each time the database answers, and rightly.
func bypassed(t *testing.T, s *site, r *watched, query string, args ...any) {
	t.Helper()
	want, err := valuesOf(driverBypass(), r.DB, s.q(query), args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	for range 3 {
		got := r.ask(t, s.q(query), args...)
		if !got.code.Bypass() {
			t.Errorf("%s: %v, want a bypass", query, got.code)
		}
		equalRows(t, query, want, got.rows)
		r.sync(t)
	}
}

func TestD10ArgumentsInOtherFormsGetTheDatabasesAnswer(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		text, uuid := "TEXT", "TEXT"
		values, kept := "('1', 'one'), ('a', 'lower'), ('A', 'upper'), ('a ', 'blank'), ('', 'empty')", []any{"1", "a", "A", "a ", ""}
		switch s.dialect {
		case parse.PostgreSQL:
			uuid = "UUID"
		case parse.MySQL: // D22: 5 is '5', '05' and '5abc'; and a blank at the end is none
			text, uuid = "VARCHAR(20) COLLATE utf8mb4_bin", "UUID"
			values, kept = "('1', 'one'), ('a', 'lower'), ('A', 'upper'), ('', 'empty'), ('5', 'five'), ('05', 'oh five'), ('5abc', 'five abc'), ('00', 'zeros')", []any{"1", "a", "A", "", "5", "05", "5abc"}
		}
		s.setup(t, authorsAt(s)...)
		s.setup(t,
			"CREATE TABLE texts (k "+text+" PRIMARY KEY, v TEXT)",
			"INSERT INTO texts VALUES "+values,
			"CREATE TABLE ids (k "+uuid+" PRIMARY KEY, v TEXT)",
			"INSERT INTO ids VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'one')")
		switch s.dialect {
		case parse.MySQL:
			s.setup(t, "CREATE TABLE folded (k VARCHAR(20) PRIMARY KEY, v TEXT)", "INSERT INTO folded VALUES ('a', 'one')",
				"CREATE TABLE trimmed (k CHAR(5) PRIMARY KEY, v TEXT)", "INSERT INTO trimmed VALUES ('a', 'one')")
		case parse.SQLite:
			s.setup(t, "CREATE TABLE folded (k TEXT COLLATE NOCASE PRIMARY KEY, v TEXT)", "INSERT INTO folded VALUES ('a', 'one')",
				"CREATE TABLE trimmed (k TEXT COLLATE RTRIM PRIMARY KEY, v TEXT)", "INSERT INTO trimmed VALUES ('a', 'one')")
		default:
			s.setup(t, "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
				"CREATE TABLE folded (k TEXT COLLATE nocase PRIMARY KEY, v TEXT)", "INSERT INTO folded VALUES ('a', 'one')",
				"CREATE TABLE trimmed (k CHAR(5) PRIMARY KEY, v TEXT)", "INSERT INTO trimmed VALUES ('a', 'one')")
		}
		w, r, bare := s.open(t), s.open(t), s.bare(t)
		for _, c := range []struct {
			table, key string
			kept       []any // is a hit in the end
			args       []any
		}{
			{"authors", "id", []any{1, int32(1), int64(1), int8(1), uint16(1)}, []any{"1", "01", 1.0, 1.5, true, []byte("1"), nil, " 1", "1 "}},
			{"texts", "k", kept, []any{1, int64(1), true, 1.0, []byte("a"), nil, "b", "a ", 5, 0, 5.0, "5 ", "\u00e9", "e\u0301"}},
			{"ids", "k", []any{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, []any{"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11", nil}},
			{"folded", "k", nil, []any{"a", "A", "á"}},
			{"trimmed", "k", nil, []any{"a", "a ", "a    ", "A"}},
		} {
			query := "SELECT v FROM " + c.table + " WHERE " + c.key + " = $1"
			if c.table == "authors" {
				query = "SELECT name FROM authors WHERE id = $1"
			}
			for _, arg := range c.kept {
				fresh(t, s, r, bare, query, arg)
				r.warm(t, s.q(query), arg)
			}
			check := func() {
				t.Helper()
				for _, arg := range append(append([]any{}, c.kept...), c.args...) {
					want, wantErr := valuesOf(context.Background(), bare, s.q(query), arg)
					for range 2 {
						got, err := valuesOf(context.Background(), r.DB, s.q(query), arg)
						if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
							t.Errorf("%s %#v: error %v, want %v", query, arg, err, wantErr)
						}
						equalRows(t, query, want, got)
						r.sync(t)
					}
				}
			}
			check()
			// A write by any form of the key reaches all forms of the read.
			column := map[bool]string{true: "name", false: "v"}[c.table == "authors"]
			for _, arg := range append(append([]any{}, c.kept...), c.args...) {
				_, err := bare.Exec(s.q("UPDATE "+c.table+" SET "+column+" = "+column+" WHERE "+c.key+" = $1"), arg)
				more := column + " || '+'"
				if s.dialect == parse.MySQL {
					more = "CONCAT(" + column + ", '+')"
				}
				_, werr := w.Exec(s.q("UPDATE "+c.table+" SET "+column+" = "+more+" WHERE "+c.key+" = $1"), arg)
				if (err == nil) != (werr == nil) {
					t.Errorf("UPDATE %s %#v: error %v, want %v", c.table, arg, werr, err)
				}
				check()
			}
		}
	})
}

func TestD11OrderByDoesNotKeepARowFromTheCache(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.setup(t, authorsAt(s)...)
		r := s.open(t)
		for _, tail := range []string{"ORDER BY name", "ORDER BY name LIMIT 1", "LIMIT 1", "LIMIT 5"} {
			equalRows(t, tail, [][]any{{int64(1), s.text("ann")}}, r.warm(t, s.q(byID+" "+tail), 1))
		}
		for _, tail := range []string{"LIMIT 0", "OFFSET 1", "LIMIT 1 OFFSET 1", "LIMIT 1 OFFSET 0", "ORDER BY name LIMIT 0"} {
			if s.dialect != parse.PostgreSQL && tail == "OFFSET 1" {
				continue // no syntax of the others
			}
			bypassed(t, s, r, byID+" "+tail, 1)
		}
		for _, limit := range []int{0, 1} {
			bypassed(t, s, r, byID+" LIMIT $2", 1, limit)
		}
	})
}
