package policy

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

func TestDigestFollowsTheSchemaMySQL(t *testing.T) {
	db := mariadb(t, `CREATE TABLE a (id int PRIMARY KEY, v varchar(3))`)
	followDigest(t, db, []string{
		`ALTER TABLE a ADD COLUMN w int`, `ALTER TABLE a DROP COLUMN w`, `ALTER TABLE a CHANGE v w varchar(3)`, `ALTER TABLE a MODIFY w text`,
		`ALTER TABLE a MODIFY w varchar(3) COLLATE utf8mb4_bin`, `ALTER TABLE a ADD COLUMN x int FIRST`, `CREATE INDEX i ON a (w)`,
		`CREATE UNIQUE INDEX u ON a (w)`, `CREATE VIEW x AS SELECT 1`, `CREATE OR REPLACE VIEW x AS SELECT 2`,
		`CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1`, `CREATE PROCEDURE p() SELECT 1`,
		`CREATE TABLE b (id int PRIMARY KEY, CONSTRAINT c FOREIGN KEY (id) REFERENCES a (id))`,
		`ALTER TABLE b DROP FOREIGN KEY c`, `ALTER TABLE b ADD FOREIGN KEY (id) REFERENCES a (id) ON DELETE CASCADE`,
		`CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW SET NEW.id = 1`, `ALTER TABLE a ENGINE = InnoDB`,
		`INSERT INTO a (id) VALUES (1)`, `CREATE TEMPORARY TABLE tt (id int)`,
	}, map[string]bool{
		`CREATE INDEX i ON a (w)`: true, `CREATE PROCEDURE p() SELECT 1`: true, `ALTER TABLE a ENGINE = InnoDB`: true,
		`INSERT INTO a (id) VALUES (1)`: true, `CREATE TEMPORARY TABLE tt (id int)`: true,
	})
}

// A limit of the session's leaves nothing out.
func TestCatalogIsReadWhole(t *testing.T) {
	db := mariadb(t, mysqlWriteSchema...)
	whole := db.catalog(t).Digest()
	db.exec(t, `SET sql_select_limit = 1`)
	if db.catalog(t).Digest() != whole {
		t.Error("sql_select_limit changes the catalog")
	}
	if s := db.session(t); s.Server == "" {
		t.Errorf("%+v", s)
	}
}

// refused says why the rows of a table are not cached.
func refused(t *testing.T, r *Rules, table string) string {
	t.Helper()
	name, ok := r.TableName(table)
	if !ok {
		t.Fatalf("no table %s", table)
	}
	code, reason, is := r.Refused(name)
	if !is {
		return ""
	}
	return code.String() + " " + reason
}

func TestTablesOfMariaDBAlone(t *testing.T) {
	db := mariadb(t)
	db.onlyMariaDB(t)
	db.exec(t, `CREATE TABLE versioned (id int PRIMARY KEY) WITH SYSTEM VERSIONING`,
		`CREATE TABLE partly (id int PRIMARY KEY, v int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING`,
		`CREATE SEQUENCE seq`, `CREATE TABLE aria (id int PRIMARY KEY) ENGINE=Aria`,
		`CREATE TABLE uuids (id uuid PRIMARY KEY, v int)`)
	r := db.rules(t, Policy{})
	for table, want := range map[string]string{"versioned": "system versioning", "partly": "system versioning", "seq": "not a base table (sequence)", "aria": "engine Aria"} {
		if got := refused(t, r, table); !strings.HasPrefix(got, "bypass:not-base-table ") || !strings.Contains(got, want) {
			t.Errorf("%s: %q", table, got)
		}
	}
	if got := r.planOf(`SELECT v FROM uuids WHERE id = ?`).Read(named(strings.ToUpper(uuidText))); got.Code != Miss || got.Row.Key != "u6ba7b8109dad11d180b400c04fd430c8" {
		t.Errorf("%+v", got)
	}
}

// What an account with few privileges does not see must not make its writes, or
// its reads, say less.
func TestAccountsThatSeeLittle(t *testing.T) {
	db := mariadb(t,
		`CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE, v int)`,
		`CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)`,
		`CREATE TABLE lone (id int PRIMARY KEY, v int)`,
		`CREATE TABLE audited (id int PRIMARY KEY, v int)`,
		`CREATE TRIGGER t AFTER DELETE ON audited FOR EACH ROW DELETE FROM lone`,
		`CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x`,
		`CREATE VIEW plain AS SELECT id FROM lone`,
		`CREATE VIEW runs AS SELECT f(id) AS x FROM lone`,
	)
	name := db.name(t)
	for _, c := range []struct {
		account string
		grants  []string
		want    map[string]string // text to effects; a Read where it is "miss" or "bypass"
	}{
		{"with all", []string{"ALL ON db.*"}, map[string]string{
			`SELECT v FROM p WHERE id = 7`: "miss", `DELETE FROM lone WHERE id = 7`: "db.lone:i1:7", `DELETE FROM p WHERE id = 7`: "all",
			`DELETE FROM audited WHERE id = 7`: "all", `SELECT * FROM plain`: "nothing", `SELECT * FROM runs`: "all",
			`SELECT * FROM runs LIMIT 1 ROWS EXAMINED 9`: "all", // no parser of ours knows it
			`INSERT INTO p VALUES (7, 1, 1)`:             "db.p:i1:7", `REPLACE INTO p VALUES (7, 1, 1)`: "all",
		}},
		{"without TRIGGER", []string{"SELECT, INSERT, UPDATE, DELETE ON db.*"}, map[string]string{
			`SELECT v FROM p WHERE id = 7`: "miss", `SELECT v FROM audited WHERE id = 7`: "miss",
			`DELETE FROM lone WHERE id = 7`: "all", `DELETE FROM audited WHERE id = 7`: "all", `SELECT * FROM runs`: "all", `SELECT * FROM plain`: "all",
		}},
		{"with DML and TRIGGER", []string{"SELECT, INSERT, UPDATE, DELETE, TRIGGER ON db.*"}, map[string]string{
			`DELETE FROM lone WHERE id = 7`: "db.lone:i1:7", `DELETE FROM p WHERE id = 7`: "all", `DELETE FROM audited WHERE id = 7`: "all",
		}},
		{"that may only read", []string{"SELECT ON db.*"}, map[string]string{`SELECT v FROM p WHERE id = 7`: "miss", `DELETE FROM p WHERE id = 7`: "all"}},
		{"with TRIGGER on another table", []string{"SELECT, DELETE ON db.*", "TRIGGER ON db.lone"}, map[string]string{
			`DELETE FROM lone WHERE id = 7`: "db.lone:i1:7", `DELETE FROM audited WHERE id = 7`: "all",
		}},
		{"on one table", []string{"SELECT, INSERT, UPDATE, DELETE, TRIGGER ON db.lone"}, map[string]string{
			`SELECT v FROM lone WHERE id = 7`: "miss", `INSERT INTO lone VALUES (7, 1)`: "db.lone:i1:7",
			// A table that refers to it may not be seen.
			`DELETE FROM lone WHERE id = 7`: "all",
		}},
		{"on columns", []string{"SELECT (id, v), DELETE, TRIGGER ON db.p"}, map[string]string{
			`SELECT v FROM p WHERE id = 7`: "bypass", `DELETE FROM p WHERE id = 7`: "all",
		}},
		{"by a pattern", []string{`SELECT, DELETE, TRIGGER ON ` + "`moneyclip%`.*"}, map[string]string{`DELETE FROM lone WHERE id = 7`: "db.lone:i1:7"}},
		{"by everything", []string{"SELECT, DELETE, TRIGGER ON *.*"}, map[string]string{`DELETE FROM lone WHERE id = 7`: "db.lone:i1:7"}},
		{"that may see views", []string{"SELECT, EXECUTE, SHOW VIEW ON db.*"}, map[string]string{`SELECT * FROM plain`: "nothing", `SELECT * FROM runs`: "all"}},
	} {
		t.Run(c.account, func(t *testing.T) {
			as := db.account(t, name, c.grants)
			r := as.rules(t, Policy{})
			for text, want := range c.want {
				p := r.planOf(text)
				got := show(p.Write(nil))
				switch want {
				case "miss", "bypass":
					read := p.Read(nil)
					if got = "bypass"; read.Code == Miss {
						got = "miss"
					} else if read.Reason == "" {
						t.Errorf("%s: no reason", text)
					}
				}
				if want = strings.ReplaceAll(want, "db.", name+"."); got != want {
					t.Errorf("%s: %s (%s), want %s", text, got, p.Write(nil).Reason, want)
				}
			}
		})
	}
}

// account opens a connection as a new account that has privileges on a
// database.
func (d database) account(t *testing.T, name string, privileges []string) database {
	t.Helper()
	user := fmt.Sprintf("mc_%x", rand.Uint64())
	d.exec(t, `CREATE USER `+user+` IDENTIFIED BY 'x'`)
	t.Cleanup(func() {
		if _, err := d.ExecContext(context.WithoutCancel(t.Context()), `DROP USER `+user); err != nil {
			t.Error(err)
		}
	})
	for _, p := range privileges {
		d.exec(t, `GRANT `+strings.ReplaceAll(p, " db.", " "+name+".")+` TO `+user)
	}
	cfg, err := mysql.ParseDSN(d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.User, cfg.Passwd = user, "x"
	return open(t, d.dialect, d.driver, cfg.FormatDSN())
}

// A privilege of a role counts while the role is active.
func TestRolesOfAnAccount(t *testing.T) {
	db := mariadb(t, `CREATE TABLE lone (id int PRIMARY KEY)`)
	name, role := db.name(t), fmt.Sprintf("mcr_%x", rand.Uint64())
	db.exec(t, `CREATE ROLE `+role, `GRANT TRIGGER ON `+name+`.* TO `+role)
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), `DROP ROLE `+role); err != nil {
			t.Error(err)
		}
	})
	as := db.account(t, name, []string{"SELECT, DELETE ON db.*", role})
	seen := make(map[[16]byte]bool)
	for _, c := range []struct{ set, want string }{{`SET ROLE NONE`, "all"}, {`SET ROLE ` + role, name + ".lone:i1:7"}} {
		as.exec(t, c.set)
		before := as.session(t).Fingerprint
		if seen[before] {
			t.Errorf("%s: the same fingerprint", c.set)
		}
		seen[before] = true
		if got := show(as.rules(t, Policy{}).planOf(`DELETE FROM lone WHERE id = 7`).Write(nil)); got != c.want {
			t.Errorf("%s: %s, want %s", c.set, got, c.want)
		}
	}
}

func TestGrantsAreRead(t *testing.T) {
	lines := func(texts ...string) [][]string {
		var rows [][]string
		for _, text := range texts {
			rows = append(rows, []string{text})
		}
		return rows
	}
	for _, c := range []struct {
		name    string
		grants  *grants
		trigger bool
	}{
		{"nothing", parseGrants(nil, false, false), false},
		{"usage", parseGrants(lines("GRANT USAGE ON *.* TO `u`@`%`"), false, false), false},
		{"global", parseGrants(lines("GRANT SELECT, TRIGGER ON *.* TO `u`@`%`"), false, false), true},
		{"all", parseGrants(lines("GRANT ALL PRIVILEGES ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*X' WITH GRANT OPTION"), false, false), true},
		{"with an exception", parseGrants(lines("GRANT TRIGGER ON *.* TO `u`@`%`", "REVOKE TRIGGER ON `d`.* FROM `u`@`%`"), true, false), false},
		{"database", parseGrants(lines("GRANT TRIGGER ON `d`.* TO `u`@`%`"), false, false), true},
		{"pattern", parseGrants(lines("GRANT TRIGGER ON `d%`.* TO `u`@`%`"), false, false), true},
		{"a pattern that is a name", parseGrants(lines("GRANT TRIGGER ON `_`.* TO `u`@`%`"), true, false), false},
		{"another database", parseGrants(lines("GRANT TRIGGER ON `e`.* TO `u`@`%`"), false, false), false},
		{"two patterns that disagree", parseGrants(lines("GRANT TRIGGER ON `d%`.* TO `u`@`%`", "GRANT SELECT ON `d`.* TO `u`@`%`"), false, false), false},
		{"two accounts that add up", parseGrants(lines("GRANT SELECT ON `d`.* TO `u`@`%`", "GRANT TRIGGER ON `d`.* TO `r`"), false, false), true},
		{"table", parseGrants(lines("GRANT SELECT (`a, ON`, `b)`), TRIGGER ON `d`.`t` TO `u`@`%`"), false, false), true},
		{"another table", parseGrants(lines("GRANT TRIGGER ON `d`.`t2` TO `u`@`%`"), false, false), false},
		{"columns without quotes", parseGrants(lines("GRANT SELECT (a, b), TRIGGER ON `d`.`t` TO 'u'@'%'"), false, false), true},
		{"columns alone", parseGrants(lines("GRANT UPDATE (`a`) ON `d`.`t` TO `u`@`%`"), false, false), false},
		{"case", parseGrants(lines("GRANT TRIGGER ON `D`.`T` TO `u`@`%`"), false, false), false},
		{"case that is folded", parseGrants(lines("GRANT TRIGGER ON `D`.`T` TO `u`@`%`"), false, true), true},
		{"a role", parseGrants(lines("GRANT `TRIGGER ON *.*`@`%` TO `u`@`%`"), false, false), false},
		{"a function", parseGrants(lines("GRANT TRIGGER ON FUNCTION `d`.`t` TO `u`@`%`"), false, false), false},
		{"names in double quotes", parseGrants(lines(`GRANT TRIGGER ON "d".* TO "u"@"%"`), false, false), false},
		{"cut off", parseGrants(lines("GRANT TRIGGER ON `d", "GRANT TRIGGER", "GRANT SELECT (`a", "GRANT "), false, false), false},
	} {
		if got := c.grants.seesTriggers("d", "t"); got != c.trigger {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestPatternsOfDatabases(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a_c", "abc", true}, {`a\_c`, "abc", false}, {`a\_c`, "a_c", true}, {"%", "", true}, {"%", "abc", true},
		{"a%c", "abbc", true}, {"a%c", "abb", false}, {"a_", "aä", true}, {"_", "ää", false}, {"", "a", false},
	} {
		if got := matches(c.pattern, c.name); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.name, got)
		}
	}
}

// The writer of the other database may not see the foreign key, nor the table.
func TestForeignKeysToOtherDatabases(t *testing.T) {
	of, db := mariadb(t, `CREATE TABLE p (id int PRIMARY KEY)`), mariadb(t)
	db.exec(t, `CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES `+of.name(t)+`.p (id) ON DELETE SET NULL)`,
		`CREATE TABLE harmless (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES `+of.name(t)+`.p (id))`)
	r := db.rules(t, Policy{})
	if got := refused(t, r, db.name(t)+".c"); !strings.Contains(got, "another database") {
		t.Errorf("%q", got)
	}
	if got := refused(t, r, db.name(t)+".harmless"); got != "" {
		t.Errorf("%q", got)
	}
	if got := show(r.planOf(`DELETE FROM ` + of.name(t) + `.p WHERE id = 7`).Write(nil)); got != "all" {
		t.Error(got)
	}
	as := db.account(t, db.name(t), []string{"SELECT ON db.*"})
	if got := refused(t, as.rules(t, Policy{}), "c"); !strings.Contains(got, "another database") {
		t.Errorf("an account that only reads: %q", got)
	}
	db.exec(t, `DROP TABLE c`, `DROP TABLE harmless`) // before the database that they refer to
}

func TestNamesOfTablesMySQL(t *testing.T) {
	exact := mariadb(t, `CREATE TABLE a (id int PRIMARY KEY)`).rules(t, Policy{})
	if got := show(exact.planOf(`DELETE FROM A WHERE ID = 7`).Write(nil)); got != "all" {
		t.Errorf("with case: %s", got)
	}
	db := open(t, parse.MySQL, "mysql", testenv.StartMariaDB(t, "lower-case-table-names=1").DSN())
	db.exec(t, `CREATE DATABASE d`, `CREATE TABLE d.a (id int PRIMARY KEY)`)
	if got := show(db.rules(t, Policy{}).planOf(`DELETE FROM a WHERE id = 7`).Write(nil)); got != "all" {
		t.Errorf("without a database: %s", got)
	}
	db.exec(t, `USE d`)
	p := db.rules(t, Policy{}).planOf(`DELETE FROM A WHERE ID = 7`)
	if got := show(p.Write(nil)); got != "d.a:i1:7" {
		t.Errorf("without case: %s", got)
	}
	if got := show(p.WriteDirty(nil)); got != "d.a:i1:7" {
		t.Errorf("without case, dirty: %s", got)
	}
}

func TestMySQLFunctionsByVersion(t *testing.T) {
	for _, c := range []struct {
		mariadb bool
		version string
		name    string
		want    string
	}{
		{true, "10.11.19-MariaDB-0+deb12u1", "upper", "pure"},
		{true, "10.11.19-MariaDB", "now", "impure"},
		{true, "10.11.19-MariaDB", "uuid_to_bin", "unknown"},
		{true, "10.11.19-MariaDB", "nextval", "impure"},
		{true, "10.6.1-MariaDB", "sformat", "unknown"},
		{true, "11.8.2-MariaDB", "vec_fromtext", "pure"},
		{false, "8.0.36", "uuid_to_bin", "pure"},
		{false, "5.7.44-log", "uuid_to_bin", "unknown"},
		{false, "5.7.44-log", "contains", "pure"},
		{false, "8.4.0", "contains", "unknown"},
		{false, "8.4.0", "nextval", "unknown"},
		{false, "9.7.4-2", "vector_dim", "pure"},
		{false, "odd", "upper", "unknown"},
	} {
		got := "unknown"
		if pure, known := mysqlNative(c.mariadb, mysqlVersion(c.version))[c.name]; known && pure {
			got = "pure"
		} else if known {
			got = "impure"
		}
		if got != c.want {
			t.Errorf("%s of %s: %s", c.name, c.version, got)
		}
	}
}

// No function that the server has is taken for a user's.
func TestMySQLFunctionsAreAllKnown(t *testing.T) {
	db := mariadb(t)
	db.onlyMariaDB(t)
	native := db.catalog(t).code.native
	rows, err := db.QueryContext(t.Context(), `SELECT LOWER(FUNCTION) FROM information_schema.SQL_FUNCTIONS`)
	if err != nil {
		t.Skip("the server does not list its functions")
	}
	defer rows.Close()
	for rows.Next() {
		var name sql.NullString
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if _, known := native[name.String]; !known {
			t.Errorf("%s is not known", name.String)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// What is taken for the server's own has to be: a stored function of the name
// could be made at any time, and be called without its database. What only the
// grammar knows is a syntax error here.
func TestMySQLFunctionsAreTheServers(t *testing.T) {
	db := mariadb(t)
	for name := range db.catalog(t).code.native {
		if name == "json_table" {
			continue // of FROM alone, where no stored function can be
		}
		var n sql.NullString
		for _, arguments := range []string{"1", "1, 1"} { // some are not found with too few
			err := db.QueryRowContext(t.Context(), "SELECT "+name+"("+arguments+")").Scan(&n)
			if err == nil || !strings.Contains(err.Error(), "1305") && !strings.Contains(err.Error(), "1630") {
				break
			}
			if arguments == "1, 1" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A text that the parser does not accept does not say which tables it reads.
func TestUnparsedReadIsAReadWhereNoViewRunsCode(t *testing.T) {
	const text = `SELECT * FROM w LIMIT 1 ROWS EXAMINED 9`
	db := mariadb(t, `CREATE TABLE a (id int PRIMARY KEY)`, `CREATE VIEW w AS SELECT id FROM a`, `CREATE FUNCTION f() RETURNS int RETURN 1`)
	if got := show(db.rules(t, Policy{}).planOf(text).Write(nil)); got != "nothing" {
		t.Errorf("%s", got)
	}
	db.exec(t, `CREATE VIEW other AS SELECT f() AS x`)
	if got := show(db.rules(t, Policy{}).planOf(text).Write(nil)); got != "all" {
		t.Errorf("with a view that runs code: %s", got)
	}
}

// MySQL's sessions may not show such a key, so a writer may not know of it.
func TestInvisibleKeyOfTheServersMakingIsNotServed(t *testing.T) {
	db := mariadb(t,
		`CREATE TABLE a (my_row_id bigint unsigned AUTO_INCREMENT PRIMARY KEY INVISIBLE, v int)`,
		`CREATE TABLE b (my_row_id bigint unsigned AUTO_INCREMENT PRIMARY KEY, v int)`,
	)
	r := db.rules(t, Policy{})
	for table, want := range map[string]Code{"a": BypassNotPrimaryKey, "b": Miss} {
		if d := r.planOf("SELECT v FROM " + table + " WHERE my_row_id = 1").Read(nil); d.Code != want {
			t.Errorf("%s: %v (%s), want %v", table, d.Code, d.Reason, want)
		}
	}
}
