package policy

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/moneyclip/moneyclip/parse"
)

var mysqlSchemas = map[string]string{
	"keys": `
		CREATE TABLE ints (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(10) UNIQUE, KEY (v), t TIME, d DATETIME(6) DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
		CREATE TABLE tiny (id TINYINT, w INT(11), PRIMARY KEY (id, w), UNIQUE KEY named (w, id));
		CREATE TABLE serials (id SERIAL, v BOOL);
		CREATE TABLE texts (id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY);
		CREATE TABLE by_table (id VARCHAR(20) PRIMARY KEY, n CHAR(3)) DEFAULT CHARSET=latin1 COLLATE=latin1_bin;
		CREATE TABLE by_collation (id CHAR(20) COLLATE ascii_bin, PRIMARY KEY (id));
		CREATE TABLE charset_only (id VARCHAR(20) CHARACTER SET utf8mb4 PRIMARY KEY) COLLATE utf8mb4_bin;
		CREATE TABLE unnamed (id VARCHAR(20) PRIMARY KEY);
		CREATE TABLE bytes (id VARBINARY(16) PRIMARY KEY);
		CREATE TABLE fixed (id BINARY(16) PRIMARY KEY, j JSON, e ENUM('a', 'b'), s SET('x'), b BLOB, x TEXT, f DOUBLE, g DECIMAL(10, 2), y YEAR, i BIT(3), p POINT);
		CREATE TABLE prefixed (id VARCHAR(20) COLLATE utf8mb4_bin, PRIMARY KEY (id(10)));
		CREATE TABLE whole (id VARCHAR(20) COLLATE utf8mb4_bin, PRIMARY KEY (id(20)));
		CREATE TABLE decimals (id DECIMAL(10, 0) PRIMARY KEY);
		CREATE TABLE none (v INT, UNIQUE (v), UNIQUE (v));
		CREATE TABLE ` + "`Odd Name` (`Id` INT PRIMARY KEY, `select` TEXT)" + `;
		CREATE TABLE computed (a INT PRIMARY KEY, g INT AS (a + 1) VIRTUAL, s INT GENERATED ALWAYS AS (a) STORED);`,
	"kinds": `
		SET NAMES utf8mb4; # a comment; with a semicolon
		/*!40101 SET @saved = @@character_set_client */;
		CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(10) COMMENT 'it''s; "x"');
		CREATE TABLE kids (id INT PRIMARY KEY, p INT, q INT, FOREIGN KEY (p) REFERENCES a (id) ON DELETE CASCADE, CONSTRAINT named FOREIGN KEY (q) REFERENCES kids (id));
		CREATE TABLE inline_kids (id INT PRIMARY KEY, p INT REFERENCES a (id));
		CREATE VIEW looks AS SELECT id, upper(v) FROM a;
		CREATE VIEW of_looks AS SELECT * FROM looks;
		CREATE TABLE memory (id INT PRIMARY KEY) ENGINE=memory;
		CREATE TABLE isam (id INT PRIMARY KEY) ENGINE = MyISAM;
		CREATE TABLE copied LIKE a;
		CREATE TABLE selected AS SELECT * FROM a;
		CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4;
		CREATE TABLE watched (id INT PRIMARY KEY);
		CREATE TEMPORARY TABLE passing (id INT PRIMARY KEY);
		DELIMITER $$
		CREATE TRIGGER tr BEFORE INSERT ON watched FOR EACH ROW BEGIN DECLARE x INT; IF NEW.id > 1 THEN SET x = 1; END IF; END$$
		CREATE FUNCTION kept(n INT) RETURNS INT DETERMINISTIC NO SQL BEGIN RETURN CASE n WHEN 1 THEN 2 ELSE 3 END; END$$
		CREATE PROCEDURE proc() BEGIN DELETE FROM a; END$$
		DELIMITER ;
		CREATE VIEW calls AS SELECT kept(1);
		CREATE VIEW of_calls AS SELECT * FROM calls;
		INSERT INTO a VALUES (1, 'x;y');`,
	"alterations": `
		CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(10), w INT, KEY w (w));
		ALTER TABLE a ADD COLUMN first INT FIRST, ADD COLUMN after_v INT AFTER v, ADD UNIQUE INDEX u (w), DROP INDEX w, ADD COLUMN (y INT, z INT);
		ALTER TABLE a CHANGE id num BIGINT UNSIGNED NOT NULL, MODIFY w BIGINT AFTER num, RENAME COLUMN y TO yy;
		ALTER TABLE a RENAME TO b;
		CREATE TABLE parents (id INT PRIMARY KEY);
		CREATE TABLE kids (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parents (id) ON DELETE SET NULL);
		RENAME TABLE b TO c;
		ALTER TABLE kids DROP FOREIGN KEY fk;
		CREATE TABLE rekeyed (id INT, v INT, PRIMARY KEY (id));
		ALTER TABLE rekeyed DROP PRIMARY KEY, ADD PRIMARY KEY (v, id);
		CREATE TABLE unkeyed (id INT PRIMARY KEY); ALTER TABLE unkeyed DROP PRIMARY KEY;
		CREATE TABLE narrowed (id INT PRIMARY KEY, v INT UNIQUE, w INT); ALTER TABLE narrowed DROP COLUMN v; CREATE UNIQUE INDEX i ON narrowed (w); DROP INDEX i ON narrowed;
		CREATE TABLE converted (id VARCHAR(20) PRIMARY KEY); ALTER TABLE converted CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
		CREATE TABLE later (id INT) COLLATE latin1_bin; ALTER TABLE later ADD COLUMN k VARCHAR(5) NOT NULL, ADD PRIMARY KEY (k);
		CREATE TABLE engined (id INT PRIMARY KEY) ENGINE=MyISAM; ALTER TABLE engined ENGINE=InnoDB;
		CREATE TABLE gone (id INT PRIMARY KEY); DROP TABLE gone;`,
	"names of foreign keys": `
		CREATE TABLE parents (id INT PRIMARY KEY);
		CREATE TABLE a (id INT PRIMARY KEY, x INT, y INT, FOREIGN KEY (x) REFERENCES parents (id));
		RENAME TABLE a TO b;
		ALTER TABLE b ADD FOREIGN KEY (y) REFERENCES parents (id) ON DELETE CASCADE;
		ALTER TABLE b DROP FOREIGN KEY b_ibfk_1;
		CREATE TABLE others (id INT PRIMARY KEY);
		CREATE TABLE c (id INT PRIMARY KEY, x INT, y INT, FOREIGN KEY (x) REFERENCES others (id), FOREIGN KEY (y) REFERENCES others (id));
		ALTER TABLE c DROP FOREIGN KEY c_ibfk_1;
		ALTER TABLE c ADD FOREIGN KEY (x) REFERENCES others (id) ON DELETE CASCADE;
		ALTER TABLE c DROP FOREIGN KEY c_ibfk_2;`,
}

// agreeMySQL executes a schema on a database of its own and compares.
func agreeMySQL(t *testing.T, schema string) {
	live := mariadb(t)
	script := parse.Declare(parse.MySQL, schema)
	if len(script.Mistakes) > 0 {
		t.Fatal(script.Mistakes)
	}
	for _, text := range parse.Statements(parse.MySQL, schema) {
		live.exec(t, text)
	}
	compareMySQL(t, live, schema)
	t.Run("dump", func(t *testing.T) { compareMySQL(t, live, mysqlDump(t, live)) })
}

func compareMySQL(t *testing.T, live database, schema string) {
	t.Helper()
	c, err := Declare(parse.MySQL, live.name(t), SchemaFile{Name: "schema.sql", Text: schema})
	if err != nil {
		t.Fatal(err)
	}
	declared, err := Bind(Policy{}, c)
	if err != nil {
		t.Fatal(err)
	}
	r := live.rules(t, Policy{})
	for _, rules := range []*Rules{r, declared} {
		for _, table := range rules.catalog.tables {
			normalize(table)
		}
	}
	checkAgreement(t, r, declared, "SELECT lower(v) FROM a WHERE id = ?", "SELECT now() FROM a WHERE id = ?", "SELECT kept(1)", "SELECT nofunction(1)", "SELECT row_number() OVER () FROM a",
		"DELETE FROM nowhere", "REPLACE INTO a VALUES (?, 'x')", "INSERT IGNORE INTO a VALUES (?, 'x')", "INSERT INTO a VALUES (?, 'x') ON DUPLICATE KEY UPDATE v = 'y'", "CALL proc()")
}

// normalize takes the name of a collation that is not known out of the reasons.
func normalize(r *relation) {
	short := func(s string) string {
		for _, what := range []string{"the key's collation ", "the key's type "} {
			if strings.HasPrefix(s, what) {
				return what
			}
		}
		return s
	}
	r.reason = short(r.reason)
	for i := range r.columns {
		c := &r.columns[i]
		c.why = short(c.why)
		if strings.HasPrefix(c.why, "the key's ") {
			c.why = "inexact"
		}
	}
}

func TestLiveAndDeclaredAgreeMySQL(t *testing.T) {
	for name, schema := range mysqlSchemas {
		t.Run(name, func(t *testing.T) {
			agreeMySQL(t, schema)
		})
	}
}

func TestLiveAndDeclaredAgreeOnExamplesOfMySQL(t *testing.T) {
	sqlc := sqlcExamples(t)
	for _, path := range []string{
		filepath.Join(sqlc, "authors", "mysql", "schema.sql"), filepath.Join(sqlc, "booktest", "mysql", "schema.sql"), filepath.Join(sqlc, "ondeck", "mysql", "schema"),
	} {
		t.Run(strings.TrimPrefix(path, sqlc), func(t *testing.T) {
			files, err := ReadSchema(path)
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, f := range files {
				all.WriteString(f.Text + "\n")
			}
			agreeMySQL(t, all.String())
		})
	}
}

// Where no database is named, unqualified names are in the one that the files
// use, or in one of their own.
func TestDatabaseOfADeclaredSchemaOfMySQL(t *testing.T) {
	for _, c := range []struct{ database, schema, text, want string }{
		{"", `CREATE TABLE a (id INT PRIMARY KEY)`, `DELETE FROM a WHERE id = 1`, "default.a:i1:1"},
		{"", `CREATE DATABASE shop; USE shop; CREATE TABLE a (id INT PRIMARY KEY)`, `DELETE FROM a WHERE id = 1`, "shop.a:i1:1"},
		{"shop", `CREATE TABLE a (id INT PRIMARY KEY)`, `DELETE FROM shop.a WHERE id = 1`, "shop.a:i1:1"},
		{"shop", `USE other; CREATE TABLE a (id INT PRIMARY KEY)`, `DELETE FROM a WHERE id = 1`, "all"},
		{"shop", `USE other; CREATE TABLE a (id INT PRIMARY KEY)`, `DELETE FROM other.a WHERE id = 1`, "other.a:i1:1"},
		{"shop", `CREATE TABLE a (id INT PRIMARY KEY)`, `DELETE FROM A WHERE id = 1`, "all"},
	} {
		catalog, err := Declare(parse.MySQL, c.database, SchemaFile{Name: "schema.sql", Text: c.schema})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Bind(Policy{}, catalog)
		if err != nil {
			t.Fatal(err)
		}
		if got := show(r.planOf(c.text).Write(nil)); got != c.want {
			t.Errorf("%s in %q, %s: %s, want %s", c.schema, c.database, c.text, got, c.want)
		}
	}
}

// A function that some supported server does not have may be anybody's there.
func TestFunctionsOfADeclaredSchemaOfMySQL(t *testing.T) {
	everywhere := mysqlEverywhere()
	for name, want := range map[string]bool{"lower": true, "concat": true, "coalesce": true, "uuid_to_bin": false, "nvl": false, "encrypt": false} {
		if pure, known := everywhere[name]; known != want || pure != want {
			t.Errorf("%s: known %v, pure %v", name, known, pure)
		}
	}
	if pure, known := everywhere["now"]; pure || !known {
		t.Errorf("now: known %v, pure %v", known, pure)
	}
}

// mysqlDump returns what the server's own program writes of a database.
func mysqlDump(t *testing.T, db database) string {
	t.Helper()
	config, err := mysql.ParseDSN(db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	var dump string
	for _, name := range []string{"mariadb-dump", "mysqldump"} {
		if path, err := exec.LookPath(name); err == nil && dump == "" {
			dump = path
		}
	}
	if dump == "" {
		t.Skip("neither mariadb-dump nor mysqldump is installed: they are in the package mariadb-client")
	}
	arguments := []string{"--user=" + config.User, "--password=" + config.Passwd, "--routines", "--triggers", "--events", config.DBName}
	if config.Net == "unix" {
		arguments = append(arguments, "--socket="+config.Addr)
	} else {
		host, port, err := net.SplitHostPort(config.Addr)
		if err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, "--host="+host, "--port="+port)
	}
	out, err := exec.Command(dump, arguments...).Output()
	if err != nil {
		t.Skipf("%s: %v: is it of the server's version?", dump, err)
	}
	return string(out)
}
