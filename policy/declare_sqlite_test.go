package policy

import (
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

var sqliteSchemas = map[string]string{
	"keys": `
		CREATE TABLE alias (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE auto (id integer primary key autoincrement);
		CREATE TABLE constrained (id INTEGER, PRIMARY KEY (id DESC));
		CREATE TABLE descending (id INTEGER PRIMARY KEY DESC);
		CREATE TABLE int_pk (id INT PRIMARY KEY);
		CREATE TABLE text_pk ("Name" VARCHAR(10) PRIMARY KEY UNIQUE);
		CREATE TABLE blob_pk (id BLOB PRIMARY KEY, other BLOB UNIQUE);
		CREATE TABLE real_pk (id REAL PRIMARY KEY);
		CREATE TABLE untyped (id PRIMARY KEY);
		CREATE TABLE without (id INTEGER PRIMARY KEY, v) WITHOUT ROWID;
		CREATE TABLE composite (b TEXT, a INT, c, PRIMARY KEY (a, b), UNIQUE (a, b), UNIQUE (b, a));
		CREATE TABLE quoted ('id' INTEGER, PRIMARY KEY ('id'));
		CREATE TABLE none (v TEXT);
		CREATE TABLE "odd name" ([order] INTEGER PRIMARY KEY, ` + "`select`" + ` TEXT);
		CREATE TABLE strict_one (id ANY PRIMARY KEY, v INTEGER) STRICT;
		CREATE TABLE hidden (id INTEGER PRIMARY KEY, g INT GENERATED ALWAYS AS (id + 1) VIRTUAL, s TEXT AS (id) STORED);
		CREATE TABLE generated_key (a INT, id INT AS (a) STORED UNIQUE);`,
	"collations": `
		CREATE TABLE nocase (id TEXT PRIMARY KEY COLLATE NOCASE);
		CREATE TABLE column_nocase (id TEXT COLLATE NOCASE, PRIMARY KEY (id));
		CREATE TABLE key_nocase (id INT, PRIMARY KEY (id COLLATE NOCASE));
		CREATE TABLE binary_named (id TEXT COLLATE BINARY PRIMARY KEY);
		CREATE TABLE beside (id TEXT PRIMARY KEY, v TEXT COLLATE RTRIM);
		CREATE TABLE twice (id TEXT COLLATE NOCASE PRIMARY KEY, UNIQUE (id COLLATE BINARY));`,
	"conflicts": `
		CREATE TABLE replacing (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, v TEXT UNIQUE);
		CREATE TABLE ignoring (id INTEGER PRIMARY KEY, v TEXT UNIQUE ON CONFLICT IGNORE);
		CREATE TABLE said (id INTEGER PRIMARY KEY /* no conflict here */);`,
	"foreign keys": `
		CREATE TABLE parents (id INTEGER PRIMARY KEY);
		CREATE TABLE kids (id INTEGER PRIMARY KEY, p REFERENCES parents ON DELETE CASCADE, q REFERENCES other (id), FOREIGN KEY (p) REFERENCES kids (id) ON UPDATE SET NULL);
		CREATE TABLE other (id INTEGER PRIMARY KEY);
		CREATE TABLE third (id INTEGER PRIMARY KEY, r INT REFERENCES Fourth DEFERRABLE INITIALLY DEFERRED);
		CREATE TABLE fourth (id INTEGER PRIMARY KEY);`,
	"kinds": `
		PRAGMA foreign_keys = ON;
		BEGIN;
		CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT, w TEXT);
		CREATE VIEW looks AS SELECT * FROM a;
		CREATE VIRTUAL TABLE words USING fts3 (body);
		CREATE TABLE copied AS SELECT * FROM a;
		CREATE UNIQUE INDEX av ON a (v);
		CREATE UNIQUE INDEX IF NOT EXISTS av ON a (v);
		CREATE INDEX aw ON a (w);
		CREATE UNIQUE INDEX part ON a (w) WHERE w > 'a';
		CREATE UNIQUE INDEX expr ON a (lower(w));
		CREATE TABLE watched (id INTEGER PRIMARY KEY);
		CREATE TRIGGER tr AFTER INSERT ON watched BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM a; END;
		CREATE TABLE temporary_watched (id INTEGER PRIMARY KEY);
		CREATE TEMP TRIGGER tt AFTER DELETE ON temporary_watched BEGIN DELETE FROM a; END;
		CREATE TEMP TABLE passing (id INTEGER PRIMARY KEY);
		CREATE UNIQUE INDEX temp.pi ON passing (id);
		DROP TABLE passing;
		INSERT INTO a VALUES (1, 'x;y', 'drop table a');
		COMMIT;`,
	"alterations": `
		CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT, w TEXT);
		CREATE TABLE kids (id INTEGER PRIMARY KEY, a INT REFERENCES a ON DELETE CASCADE);
		CREATE TRIGGER tr AFTER INSERT ON a BEGIN SELECT 1; END;
		ALTER TABLE a RENAME TO b;
		ALTER TABLE b RENAME COLUMN id TO key;
		ALTER TABLE b ADD COLUMN x INT REFERENCES kids ON UPDATE CASCADE;
		ALTER TABLE b DROP COLUMN w;
		CREATE TABLE gone (id INTEGER PRIMARY KEY, p REFERENCES kids ON DELETE SET NULL);
		DROP TABLE gone;
		DROP TABLE IF EXISTS never;
		CREATE TABLE untriggered (id TEXT PRIMARY KEY);
		CREATE TRIGGER tu AFTER INSERT ON untriggered BEGIN SELECT 1; END;
		DROP TRIGGER tu;
		ALTER TABLE untriggered ADD COLUMN c TEXT COLLATE NOCASE;
		CREATE UNIQUE INDEX iu ON untriggered (c);
		CREATE UNIQUE INDEX ju ON untriggered (c);
		DROP INDEX iu;
		CREATE VIEW seen AS SELECT 1;
		DROP VIEW seen;
		CREATE TABLE IF NOT EXISTS untriggered (other INTEGER PRIMARY KEY);
		CREATE TABLE pair (a TEXT, b TEXT, PRIMARY KEY (a, b));
		ALTER TABLE pair RENAME COLUMN b TO c;`,
}

func TestLiveAndDeclaredAgreeSQLite(t *testing.T) {
	for name, schema := range sqliteSchemas {
		t.Run(name, func(t *testing.T) {
			agree(t, parse.SQLite, schema, "SELECT lower(v) FROM a WHERE id = ?", "SELECT random(), v FROM a WHERE id = ?", "SELECT nofunction(v) FROM a WHERE id = ?",
				"SELECT date(v) FROM alias WHERE id = ?", "DELETE FROM nowhere", "INSERT OR REPLACE INTO alias VALUES (?, 'x')", "REPLACE INTO blob_pk VALUES (?, x'00')")
		})
	}
}
