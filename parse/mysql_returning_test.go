package parse

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/moneyclip/moneyclip/internal/testenv"
)

// returningCase is a text for MariaDB with what it returns, by the server's
// own word; nil where the server refuses it.
type returningCase struct {
	text    string
	columns []string
	facts   string // the brief of its facts; checked where the server accepts
}

var returningCases = []returningCase{
	{"INSERT INTO r (id) VALUES (1) RETURNING id", []string{"id"}, "write; insert: r(id) row(1) returning"},
	{"INSERT INTO r (id) VALUES (2), (3) RETURNING *", []string{"id", "n", "returning"}, "write; insert: r(id) row(2) row(3) returning"},
	{"INSERT INTO r SET id = 4, n = 5 RETURNING id + n AS s, 1", []string{"s", "1"}, "write; insert: r(id, n) row(4, 5) returning"},
	{"INSERT r VALUES (5, 1, 'x') RETURNING `returning`", []string{"returning"}, "write; insert: r row(5, 1, 'x') returning"},
	{"INSERT INTO r (id, `returning`) VALUES (6, 'RETURNING id') RETURNING r.returning", []string{"returning"}, "write; insert: r(id, returning) row(6, 'RETURNING id') returning"},
	{"INSERT INTO r (id, `returning`) VALUES (7, 'it''s \\' RETURNING n') /* RETURNING n */ RETURNING -- RETURNING n\n id # RETURNING n", []string{"id"}, "write; insert: r(id, returning) row(7, 'it's ' RETURNING n') returning; by mode"},
	{"INSERT INTO r (id, n) SELECT k, v FROM o RETURNING id, n", []string{"id", "n"}, "write; insert: r(id, n) returning"},
	{"INSERT INTO r (id, n) SELECT k + 100, v FROM o WHERE v > (SELECT 0) ORDER BY k LIMIT 1 RETURNING id", []string{"id"}, "write; insert: r(id, n) returning"},
	{"INSERT INTO r (id) SELECT 200 RETURNING id", []string{"id"}, "write; insert: r(id) returning"},
	{"INSERT INTO r (id) SELECT 201 UNION SELECT 202 RETURNING id", []string{"id"}, "write; insert: r(id) returning"},
	{"INSERT INTO r (id, n) VALUES (1, 7) ON DUPLICATE KEY UPDATE n = VALUES(n) RETURNING n", []string{"n"}, "write; insert: r(id, n) row(1, 7) on conflict update-on-key set n=<expression> returning"},
	{"INSERT IGNORE INTO r (id) VALUES (1) RETURNING id", []string{"id"}, "write; insert: r(id) row(1) on conflict do-nothing returning"},
	{"INSERT INTO r (id) VALUES (300) RETURNING (SELECT max(v) FROM o) AS m, upper('x') u", []string{"m", "u"}, "write; insert: r(id) row(300) returning; functions: max, upper"},
	{"INSERT INTO r (id) VALUES (301) RETURNING (id), IF(id IN (SELECT k FROM o), 1, 2) AS i", []string{"id", "i"}, "write; insert: r(id) row(301) returning; functions: if"},
	{"INSERT INTO r (id) VALUES ((SELECT 302 AS `returning`)) RETURNING id;", []string{"id"}, "write; insert: r(id) row(<expression>) returning"},
	{"REPLACE INTO r (id, n) VALUES (1, 8) RETURNING id, n", []string{"id", "n"}, "write; insert: r(id, n) row(1, 8) on conflict replaces returning"},
	{"REPLACE r SET id = 1 RETURNING n", []string{"n"}, "write; insert: r(id) row(1) on conflict replaces returning"},
	{"REPLACE INTO r (id, n) SELECT k, v FROM o RETURNING id", []string{"id"}, "write; insert: r(id, n) on conflict replaces returning"},
	{"DELETE FROM r WHERE id = 1 RETURNING id, n", []string{"id", "n"}, "write; delete: r where id=1 returning"},
	{"DELETE FROM r WHERE `returning` = 'x' ORDER BY id LIMIT 1 RETURNING *", []string{"id", "n", "returning"}, "write; delete: r where returning='x' returning"},
	{"DELETE FROM r WHERE r.returning = 'y' RETURNING r.returning, r.id", []string{"returning", "id"}, "write; delete: r where r.returning='y' returning"},
	{"DELETE QUICK FROM r WHERE id = 2 RETURNING id", []string{"id"}, "write; delete: r where id=2 returning"},
	{"DELETE FROM r WHERE id IN (SELECT k FROM o) RETURNING (SELECT v FROM o WHERE k = r.id) AS v", []string{"v"}, "write; delete: r rest returning"},
	{"delete from r returning id", []string{"id"}, "write; delete: r returning"},

	{"DELETE FROM r RETURNING", nil, ""},
	{"DELETE FROM r RETURNING id FROM o", nil, ""},
	{"DELETE FROM r RETURNING id WHERE id = 1", nil, ""},
	{"DELETE FROM r RETURNING id RETURNING n", nil, ""},
	{"DELETE FROM r RETURNING DISTINCT id", nil, ""},
	{"DELETE FROM r RETURNING id ORDER BY id", nil, ""},
	{"DELETE FROM r RETURNING id LIMIT 1", nil, ""},
	{"DELETE FROM r RETURNING id INTO @x", nil, ""},
	{"DELETE FROM r RETURNING id FOR UPDATE", nil, ""},
	{"DELETE FROM r RETURNING id UNION SELECT 1", nil, ""},
	{"DELETE FROM r RETURNING SQL_CALC_FOUND_ROWS id", nil, ""},
	{"DELETE r FROM r, o WHERE r.id = o.k RETURNING r.id", nil, ""},
	{"UPDATE r SET n = 1 RETURNING id", nil, ""},
	{"INSERT INTO r (id) VALUES (1) RETURNING id ON DUPLICATE KEY UPDATE n = 1", nil, ""},
	{"INSERT INTO r (id) VALUES (1) AS new RETURNING id", nil, ""},
	{"INSERT INTO r (id) RETURNING id VALUES (1)", nil, ""},
}

// The server says which texts may be cut before RETURNING: what we cut it
// runs, and it returns the columns behind the word.
func TestReturningIsCutAsMariaDBReadsIt(t *testing.T) {
	db, err := sql.Open("mysql", testenv.MariaDB(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, text := range []string{
		"CREATE TABLE r (id INT PRIMARY KEY AUTO_INCREMENT, n INT, `returning` VARCHAR(30))",
		"CREATE TABLE o (k INT PRIMARY KEY, v INT)",
		"INSERT INTO o VALUES (20, 1)",
	} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range returningCases {
		columns, err := columnsOf(db, c.text)
		if !slices.Equal(columns, c.columns) {
			t.Errorf("%s: the server returns %q, %v", c.text, columns, err)
			continue
		}
		f := Parse(MySQL, c.text)
		got := brief(f)
		if c.columns == nil {
			// Whatever is made of a text that fails, it is not an understood one.
			if strings.HasSuffix(got, "returning") {
				t.Errorf("%s is cut, and the server says %v", c.text, err)
			}
			continue
		}
		if got != c.facts {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.facts)
		}
	}
}

// columnsOf runs a text. A warning about a row that is there is no error.
func columnsOf(db *sql.DB, text string) ([]string, error) {
	rows, err := db.Query(text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
	}
	return columns, rows.Err()
}
