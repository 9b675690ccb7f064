package policy

import (
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

// Code of users, and what runs it without naming it.
var codeSchemas = map[string]string{
	"steady": `
		CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE a (id int PRIMARY KEY, v text);
		CREATE FUNCTION st() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
		CREATE FUNCTION im(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
		CREATE FUNCTION op(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
		CREATE OPERATOR public.### (LEFTARG = int, RIGHTARG = int, FUNCTION = op);
		CREATE FUNCTION bodied() RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
		CREATE FUNCTION sets() RETURNS SETOF int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
		CREATE FUNCTION number(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
		CREATE FUNCTION tabled(x int DEFAULT 5) RETURNS TABLE (a int, b text) LANGUAGE sql STABLE AS 'SELECT 1, NULL';
		CREATE VIEW viewed AS SELECT st(); CREATE VIEW operated AS SELECT 1 ### 2;
		CREATE TABLE defaulted (id int PRIMARY KEY, d int DEFAULT st());
		CREATE TABLE checked (id int PRIMARY KEY, CHECK (im(id)));
		CREATE TABLE indexed (id int PRIMARY KEY); CREATE INDEX ON indexed (im(id));`,
	"volatile": `
		CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE a (id int PRIMARY KEY, v text);
		CREATE FUNCTION vol(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
		CREATE FUNCTION st() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
		CREATE FUNCTION im(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
		CREATE FUNCTION opf(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
		CREATE OPERATOR public.### (LEFTARG = int, RIGHTARG = int, FUNCTION = opf);
		CREATE TYPE ct AS (a int); CREATE FUNCTION af(ct) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
		CREATE FUNCTION number(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
		CREATE FUNCTION touch(record) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
		CREATE FUNCTION f(a) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
		CREATE PROCEDURE proc() LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; COMMIT; END';
		CREATE FUNCTION step(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
		CREATE AGGREGATE agg(int) (SFUNC = step, STYPE = int);
		CREATE VIEW viewed AS SELECT agg(1); CREATE VIEW of_view AS SELECT * FROM viewed;
		CREATE TABLE checked (id int PRIMARY KEY CHECK (vol(id))); CREATE TABLE plain (id int PRIMARY KEY);
		CREATE TABLE guarded (id int PRIMARY KEY); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON guarded USING (vol(id));
		CREATE TABLE opchecked (id int PRIMARY KEY, CHECK (id ### 1));
		CREATE TABLE partial (id int PRIMARY KEY); CREATE INDEX ON partial (id) WHERE im(id);
		CREATE TABLE ruled (id int PRIMARY KEY); CREATE RULE r AS ON UPDATE TO ruled DO ALSO SELECT vol(1);`,
	"domains": `
		CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE a (id int PRIMARY KEY, v text);
		CREATE FUNCTION wf() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
		CREATE DOMAIN dm AS int CHECK (wf() = 1); CREATE VIEW viewed AS SELECT id::dm FROM a; CREATE VIEW of_view AS SELECT * FROM viewed;
		CREATE TABLE defaulted (id int PRIMARY KEY, d int DEFAULT 5::dm); CREATE TABLE checked (id int PRIMARY KEY, CHECK ((id::dm) > 0));
		CREATE TABLE domained (id int PRIMARY KEY, d dm);`,
	"domains of the server's functions": `
		CREATE TABLE t (id int PRIMARY KEY, v text);
		CREATE DOMAIN dm AS text CHECK (set_config('a.b', VALUE, false) IS NOT NULL);
		CREATE TABLE defaulted (id int PRIMARY KEY, d text DEFAULT 'x'::dm);`,
	"the server's functions": `
		CREATE TABLE t (id int PRIMARY KEY, v text);
		CREATE VIEW viewed AS SELECT set_config('a.b', 'c', false);
		CREATE FUNCTION bodied() RETURNS text LANGUAGE sql IMMUTABLE RETURN set_config('a.b', 'c', false);
		CREATE FUNCTION im(x text DEFAULT set_config('a.b', 'c', false)) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
		CREATE TABLE defaulted (id int PRIMARY KEY, d text DEFAULT set_config('a.b', 'c', false));
		CREATE TABLE plain (id int PRIMARY KEY, d text DEFAULT now());`,
	"casts and operators": `
		CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE s (id varchar(5) PRIMARY KEY);
		CREATE TYPE ct AS (a int);
		CREATE FUNCTION conv(ct) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
		CREATE CAST (ct AS int) WITH FUNCTION conv(ct) AS IMPLICIT;
		CREATE FUNCTION eq(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
		CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = eq);`,
	"casts of varchar": `
		CREATE TABLE s (id varchar(5) PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, v text);
		CREATE TYPE mood AS ENUM ('a');
		CREATE CAST (varchar AS mood) WITH INOUT AS IMPLICIT;`,
	"changed functions": `
		CREATE TABLE t (id int PRIMARY KEY, v text);
		CREATE FUNCTION st() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION st() STABLE;
		CREATE FUNCTION im(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE OR REPLACE FUNCTION im(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
		CREATE FUNCTION vol() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION vol();
		CREATE FUNCTION gone(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION gone;
		CREATE FUNCTION named() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; ALTER FUNCTION named() RENAME TO steady;
		CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood ADD VALUE 'b'; ALTER TYPE mood RENAME TO feeling;
		CREATE TABLE m (id feeling PRIMARY KEY);
		CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CHECK (VALUE > 1); DROP DOMAIN d;
		CREATE OPERATOR public.### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); DROP OPERATOR public.### (int, int);`,
}

func TestLiveAndDeclaredAgreeOnCode(t *testing.T) {
	for name, schema := range codeSchemas {
		t.Run(name, func(t *testing.T) {
			agree(t, parse.PostgreSQL, schema, append(postgresTexts, `SELECT gone(1, 'x')`, `SELECT st() FROM t`, `SELECT named()`, `SELECT steady()`, `SELECT * FROM tabled()`,
				`SELECT t.im FROM t`, `SELECT '{1}'::dm[]`, `SELECT '5'::feeling`, `SELECT set_config('a', 'b', true)`, `SELECT 1::text FROM t WHERE id = $1`,
				`SELECT v = 'x' FROM t WHERE id = $1`, `SELECT 1 + 1 FROM t WHERE id = $1`, `SELECT 'a'::mood`)...)
		})
	}
}
