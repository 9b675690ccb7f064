package policy

import (
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

var postgresSchemas = map[string]string{
	"keys": `
		CREATE TABLE serials (id bigserial PRIMARY KEY, v varchar(10) NOT NULL DEFAULT 'x', t timestamptz DEFAULT now(), n numeric(10, 2));
		CREATE TABLE identities (id int GENERATED ALWAYS AS IDENTITY, v text, CONSTRAINT key PRIMARY KEY (id));
		CREATE TABLE texts (id varchar(3) PRIMARY KEY, other text UNIQUE, UNIQUE (other, id));
		CREATE TABLE chars (id char(3) PRIMARY KEY);
		CREATE TABLE uuids (id uuid PRIMARY KEY, v int[] NOT NULL DEFAULT '{}', w text[][]);
		CREATE TABLE bytes (id bytea PRIMARY KEY);
		CREATE TABLE smalls (a smallint, b integer, c int8, PRIMARY KEY (c, a));
		CREATE TABLE numerics (id numeric PRIMARY KEY);
		CREATE TABLE times (id timestamptz PRIMARY KEY, z timetz);
		CREATE TABLE late (id int PRIMARY KEY DEFERRABLE);
		CREATE TABLE later (id int, PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED);
		CREATE TABLE wide (v text, id int, PRIMARY KEY (id) INCLUDE (v));
		CREATE TABLE none (v text);
		CREATE TABLE generated (a int, id int GENERATED ALWAYS AS (a + 1) STORED PRIMARY KEY);
		CREATE TABLE excluded (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&));
		CREATE TABLE "Odd Name" ("Id" int PRIMARY KEY, "select" text);
		CREATE TABLE collated (id text COLLATE "C" PRIMARY KEY);
		CREATE COLLATION insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
		CREATE COLLATION sensitive (provider = icu, locale = 'und');
		CREATE TABLE ci (id text COLLATE insensitive PRIMARY KEY);
		CREATE COLLATION ci_ai (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
		CREATE TABLE ci_by_name (id text COLLATE ci_ai PRIMARY KEY);
		CREATE TABLE cs (id text COLLATE sensitive PRIMARY KEY);
		CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
		CREATE TABLE indexed (id int PRIMARY KEY, v text, w text);
		CREATE UNIQUE INDEX ON indexed (v);
		CREATE UNIQUE INDEX part ON indexed (w) WHERE w > 'a';
		CREATE UNIQUE INDEX expr ON indexed (lower(w), v);
		CREATE INDEX plain ON indexed (w);
		CREATE TABLE using_index (id int NOT NULL, v int);
		CREATE UNIQUE INDEX becomes ON using_index (id);
		ALTER TABLE using_index ADD CONSTRAINT pk PRIMARY KEY USING INDEX becomes;`,
	"types": `
		CREATE TYPE mood AS ENUM ('sad', 'happy');
		CREATE TYPE ct AS (a int, b text);
		CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
		CREATE DOMAIN tz AS timetz;
		CREATE TYPE textrange AS RANGE (subtype = text);
		CREATE TABLE moods (id mood PRIMARY KEY, v email);
		CREATE TABLE emails (id email PRIMARY KEY, m mood DEFAULT 'sad', t tz, c ct, r textrange);
		CREATE TABLE rows (id int PRIMARY KEY, c ct[]);
		CREATE DOMAIN key AS int;
		DO $$ BEGIN CREATE TYPE again AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
		DO $$ BEGIN CREATE TYPE again AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
		DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'positive') THEN CREATE DOMAIN positive AS int CHECK (VALUE > 0); END IF; END $$;
		CREATE TABLE guarded (id int PRIMARY KEY, a again, p positive);
		CREATE TABLE keyed (id key PRIMARY KEY);`,
	"foreign keys": `
		CREATE TABLE parents (id int PRIMARY KEY, v text UNIQUE);
		CREATE TABLE kids (id int PRIMARY KEY, p int REFERENCES parents ON DELETE CASCADE, q text REFERENCES parents (v));
		CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self ON DELETE SET NULL);
		CREATE TABLE refused (id int PRIMARY KEY);
		CREATE TABLE refusing (id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES refused (id) ON DELETE RESTRICT ON UPDATE NO ACTION);
		CREATE TABLE defaulted (id int PRIMARY KEY);
		CREATE TABLE defaulting (id int PRIMARY KEY);
		ALTER TABLE defaulting ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES defaulted ON UPDATE SET DEFAULT NOT VALID;
		CREATE TABLE freed (id int PRIMARY KEY);
		CREATE TABLE freeing (id int PRIMARY KEY, f int REFERENCES freed ON DELETE CASCADE);
		ALTER TABLE freeing DROP CONSTRAINT freeing_f_fkey;
		CREATE TABLE dropped_child (id int PRIMARY KEY, f int REFERENCES freed ON DELETE CASCADE);
		DROP TABLE dropped_child;
		CREATE TABLE base (id int PRIMARY KEY, x int);
		CREATE TABLE heir (y int, CONSTRAINT same FOREIGN KEY (y) REFERENCES freed ON DELETE CASCADE) INHERITS (base);
		ALTER TABLE base ADD CONSTRAINT same FOREIGN KEY (x) REFERENCES parents;
		ALTER TABLE base DROP CONSTRAINT same;`,
	"functions of one name": `
		CREATE SCHEMA audit;
		CREATE FUNCTION audit.touch(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
		CREATE FUNCTION touch(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
		ALTER FUNCTION touch(int) STABLE;
		CREATE FUNCTION audit.gone(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
		CREATE FUNCTION gone(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
		DROP FUNCTION gone(int);
		CREATE FUNCTION audit.named(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
		CREATE FUNCTION named(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
		ALTER FUNCTION named(int) RENAME TO renamed;`,
	"kinds": `
		CREATE SCHEMA other;
		CREATE TABLE a (id int PRIMARY KEY, v text);
		CREATE TABLE other.a (id int PRIMARY KEY);
		CREATE VIEW looks AS SELECT id, upper(v) AS v FROM a;
		CREATE OR REPLACE VIEW looks AS SELECT id, lower(v) AS v FROM a;
		CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM looks;
		CREATE SEQUENCE counts;
		CREATE TABLE copied AS SELECT * FROM a;
		CREATE FOREIGN DATA WRAPPER w;
		CREATE SERVER s FOREIGN DATA WRAPPER w;
		CREATE FOREIGN TABLE far (id int) SERVER s;
		CREATE TABLE ruled (id int PRIMARY KEY);
		CREATE RULE r AS ON INSERT TO ruled DO ALSO DELETE FROM a;
		CREATE TABLE secured (id int PRIMARY KEY);
		ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
		CREATE POLICY p ON secured USING (id > 1);
		CREATE TABLE watched (id int PRIMARY KEY);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END; -- x; y';
		CREATE TRIGGER t BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION f();
		CREATE TEMP TABLE passing (id int PRIMARY KEY);
		CREATE INDEX ON passing (id);
		CREATE TABLE parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
		CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
		CREATE TABLE part2 (id int NOT NULL, at date NOT NULL);
		ALTER TABLE parts ATTACH PARTITION part2 DEFAULT;
		CREATE TABLE base (id int PRIMARY KEY, v text);
		CREATE TABLE derived (extra int) INHERITS (base);
		CREATE TABLE like_all (LIKE a INCLUDING ALL, more int UNIQUE);
		CREATE TABLE like_bare (more int, LIKE a);
		CREATE TABLE refers (id int PRIMARY KEY, p int, at date, FOREIGN KEY (p, at) REFERENCES parts ON DELETE CASCADE);
		INSERT INTO a VALUES (1, 'x;y');
		COMMENT ON TABLE a IS 'drop table a;';
		GRANT SELECT ON a TO PUBLIC;`,
	"paths": `
		CREATE SCHEMA one CREATE TABLE inner_one (id int PRIMARY KEY) CREATE VIEW inner_view AS SELECT 1;
		CREATE SCHEMA two;
		SET search_path TO two, public;
		CREATE TABLE t (id int PRIMARY KEY);
		CREATE TABLE public.t (id text PRIMARY KEY);
		CREATE TABLE refers (id int REFERENCES t ON DELETE CASCADE);
		RESET search_path;
		CREATE TABLE refers_public (id text REFERENCES t ON DELETE SET NULL);
		SELECT pg_catalog.set_config('search_path', '', false);
		CREATE TABLE two.last (id int PRIMARY KEY);
		ALTER TABLE two.last SET SCHEMA one;`,
	"alterations": `
		CREATE TABLE a (id int PRIMARY KEY, v text UNIQUE, w int CHECK (w > 0), x int);
		ALTER TABLE a RENAME TO b;
		ALTER TABLE b RENAME COLUMN id TO key;
		ALTER TABLE b DROP COLUMN v, ADD COLUMN y varchar(5) UNIQUE, ALTER COLUMN w TYPE bigint, ALTER x SET DEFAULT 5, ALTER x SET NOT NULL;
		ALTER TABLE b ADD COLUMN IF NOT EXISTS y int;
		ALTER TABLE b DROP CONSTRAINT a_w_check;
		ALTER TABLE IF EXISTS never ADD COLUMN x int;
		CREATE TABLE unkeyed (id int PRIMARY KEY);
		ALTER TABLE unkeyed DROP CONSTRAINT unkeyed_pkey;
		CREATE TABLE rekeyed (id int PRIMARY KEY, v text NOT NULL);
		ALTER TABLE rekeyed DROP CONSTRAINT rekeyed_pkey, ADD PRIMARY KEY (v);
		CREATE TABLE dropped_key (id int, v int, PRIMARY KEY (id, v));
		ALTER TABLE dropped_key DROP COLUMN v;
		CREATE TABLE retyped (id int PRIMARY KEY);
		ALTER TABLE retyped ALTER id TYPE text;
		CREATE TABLE identity (id int PRIMARY KEY);
		ALTER TABLE identity ALTER id ADD GENERATED BY DEFAULT AS IDENTITY;
		CREATE TABLE expression (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id) STORED);
		ALTER TABLE expression ALTER g DROP EXPRESSION;
		CREATE TABLE open (id int PRIMARY KEY);
		ALTER TABLE open ENABLE ROW LEVEL SECURITY;
		ALTER TABLE open DISABLE ROW LEVEL SECURITY;
		CREATE UNLOGGED TABLE logged (id int PRIMARY KEY);
		ALTER TABLE logged SET LOGGED;
		CREATE TABLE gone (id serial PRIMARY KEY);
		CREATE VIEW of_gone AS SELECT * FROM gone;
		CREATE VIEW of_of_gone AS SELECT * FROM of_gone;
		DROP TABLE gone CASCADE;
		DROP TABLE IF EXISTS never;
		CREATE UNIQUE INDEX one ON b (x);
		CREATE UNIQUE INDEX two ON b (x, w);
		DROP INDEX one;
		ALTER INDEX two RENAME TO three;
		DROP INDEX three;
		CREATE SEQUENCE s;
		ALTER SEQUENCE s RENAME TO s2;
		DROP SEQUENCE s2;
		CREATE TABLE "a_name_that_is_so_long_that_the_server_must_cut_it_somewhere" (id_of_some_length serial PRIMARY KEY, "another_column_of_considerable_length_indeed" text UNIQUE);
		CREATE SCHEMA going; CREATE TABLE going.t (id int PRIMARY KEY); DROP SCHEMA going CASCADE;
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END;$$;
		CREATE TABLE calm (id int PRIMARY KEY);
		CREATE TRIGGER t BEFORE INSERT ON calm FOR EACH ROW EXECUTE FUNCTION f();
		DROP TRIGGER t ON calm;
		CREATE RULE r AS ON DELETE TO calm DO INSTEAD NOTHING;
		DROP RULE r ON calm;
		CREATE TABLE serial_dropped (id serial, v int);
		ALTER TABLE serial_dropped DROP COLUMN id;`,
	"extensions": `
		CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
		CREATE EXTENSION citext;
		CREATE EXTENSION hstore;
		CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;
		CREATE TABLE t (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), v citext, h hstore);
		CREATE TABLE ci (id citext PRIMARY KEY);`,
	"other extensions": `
		CREATE EXTENSION earthdistance CASCADE;
		CREATE EXTENSION dblink;
		CREATE EXTENSION tablefunc;
		CREATE EXTENSION lo;
		CREATE EXTENSION pg_stat_statements;
		CREATE TABLE t (id uuid PRIMARY KEY, v cube, l lo);
		CREATE FUNCTION steady() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
		CREATE TABLE d (id int PRIMARY KEY, v int DEFAULT steady());`,
}

var postgresTexts = []string{
	`SELECT lower(v) FROM a WHERE id = $1`, `SELECT now() FROM a WHERE id = $1`, `SELECT nofunction(v) FROM a WHERE id = $1`, `SELECT v::mood FROM a WHERE id = $1`,
	`SELECT '5'::int FROM a WHERE id = $1`, `SELECT uuid_generate_v4()`, `SELECT steady()`, `SELECT f()`, `SELECT a.f FROM a`, `SELECT nextval('counts')`, `SELECT dblink('x')`,
	`SELECT * FROM pg_class WHERE oid = $1`, `SELECT * FROM information_schema.tables`, `DELETE FROM nowhere`, `SELECT v = 'x' FROM t`, `SELECT v @> 'x' FROM t`, `SELECT vol()`,
	`SELECT vol(1)`, `SELECT st()`, `SELECT im(1)`, `SELECT 1 ### 2`, `SELECT 1::dm`, `SELECT * FROM viewed`, `SELECT agg(1)`, `SELECT '5'::email`, `SELECT x.touch FROM a x, a y`,
	`TRUNCATE a`, `TRUNCATE parents`, `SELECT lo_create(5)`, `INSERT INTO t (id) VALUES ($1) ON CONFLICT DO NOTHING`, `SELECT bodied()`, `CALL proc()`, `SELECT sets()`,
	`SELECT (ROW(1)).af`, `SELECT number(5)`, `SELECT a.number FROM a`, `SELECT audit.touch(1)`, `SELECT touch(1)`, `SELECT audit.gone(1)`, `SELECT audit.named(1)`, `SELECT renamed(1)`,
	`SELECT connectby('a', 'b', 'c', 'd', 0)`, `SELECT int_array_enum('{1}')`,
}

func TestLiveAndDeclaredAgreePostgres(t *testing.T) {
	for name, schema := range postgresSchemas {
		t.Run(name, func(t *testing.T) { agree(t, parse.PostgreSQL, schema, postgresTexts...) })
	}
}
