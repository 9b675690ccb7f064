package policy

// Everything is cast to text: drivers differ in the Go types of names, oids
// and booleans. Every answer is ordered, since it goes into the digest.

const (
	pgSettings = `SELECT s::text, current_setting('server_encoding')
FROM unnest(current_schemas(true)) WITH ORDINALITY AS u(s, n) WHERE s NOT LIKE 'pg\_temp\_%' ORDER BY n`

	pgRelations = `SELECT c.oid::text, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text,
  (c.relispartition OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid OR i.inhparent = c.oid))::text,
  c.relrowsecurity::text,
  EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN')::text,
  EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)::text,
  (n.nspname IN ('pg_catalog', 'information_schema'))::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname <> 'pg_toast' AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
ORDER BY c.oid`

	pgColumns = `SELECT a.attrelid::text, a.attnum::text, a.attname::text, t.typname::text, tn.nspname::text, t.typtype::text,
  a.atttypmod::text, coalesce(l.collisdeterministic, true)::text, a.attgenerated::text,
  (t.oid IN (1266, 1270) OR t.typbasetype IN (1266, 1270))::text,
  (o.provolatile = 'v' AND o.pronamespace <> 'pg_catalog'::regnamespace OR coalesce(eo.provolatile = 'v' AND eo.pronamespace <> 'pg_catalog'::regnamespace, false))::text
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg\_temp\_%'
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
JOIN pg_catalog.pg_proc o ON o.oid = t.typoutput
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
LEFT JOIN pg_catalog.pg_proc eo ON eo.oid = e.typoutput
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum`

	pgIndexes = `SELECT i.indrelid::text, i.indisprimary::text, (i.indisvalid AND i.indimmediate)::text, i.indnkeyatts::text, i.indkey::text
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg\_temp\_%'
ORDER BY i.indexrelid`

	pgForeignKeys = `SELECT confrelid::text, confdeltype::text, confupdtype::text
FROM pg_catalog.pg_constraint WHERE contype = 'f' ORDER BY oid`

	pgFunctions = `SELECT n.nspname::text, p.proname::text, coalesce(e.extname, '')::text,
  bool_and(p.provolatile = 'i')::text, bool_or(p.provolatile = 'v')::text, bool_and(p.prokind = 'f' AND NOT p.proretset)::text
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

	pgOperators = `SELECT o.oprname::text, bool_and(p.provolatile = 'i')::text, bool_or(p.provolatile = 'v')::text,
  bool_or(o.oprname = '=' AND (o.oprleft = ANY (k.types) OR o.oprright = ANY (k.types)))::text
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode,
  (SELECT ARRAY['int2', 'int4', 'int8', 'uuid', 'text', 'varchar', 'bytea']::regtype[]::oid[] AS types) k
WHERE o.oprnamespace <> 'pg_catalog'::regnamespace GROUP BY 1 ORDER BY 1`

	pgTypes = `SELECT t.typname::text FROM pg_catalog.pg_type t
WHERE t.typnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND t.typrelid = 0 AND t.typcategory <> 'A'
GROUP BY 1 ORDER BY 1`

	pgCasts = `SELECT c.castcontext::text, (c.castsource = 'varchar'::regtype)::text, coalesce(p.provolatile, 'i')::text
FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
WHERE c.oid >= 16384 ORDER BY c.oid`

	// What runs volatile user code without naming it: views, defaults,
	// constraints, policies, domains, and functions that row.name may call.
	pgHidden = `WITH vol AS (
  SELECT p.oid, p.proargtypes, p.pronargs, p.pronargdefaults FROM pg_catalog.pg_proc p
  WHERE p.provolatile = 'v' AND p.pronamespace <> 'pg_catalog'::regnamespace AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND e.extname IN (` + harmlessList + `))
), code AS (
  SELECT oid FROM vol UNION SELECT d.objid FROM pg_catalog.pg_depend d JOIN vol ON vol.oid = d.refobjid
  WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.refclassid = 'pg_catalog.pg_proc'::regclass
), used AS (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN code ON code.oid = d.refobjid WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass
)
SELECT 'read' AS what, w.ev_class::text AS rel FROM used u JOIN pg_catalog.pg_rewrite w ON u.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = u.objid
UNION SELECT 'read', p.polrelid::text FROM used u JOIN pg_catalog.pg_policy p ON u.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = u.objid
UNION SELECT 'write', a.adrelid::text FROM used u JOIN pg_catalog.pg_attrdef a ON u.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = u.objid
UNION SELECT 'write', c.conrelid::text FROM used u JOIN pg_catalog.pg_constraint c ON u.classid = 'pg_catalog.pg_constraint'::regclass AND c.oid = u.objid AND c.conrelid <> 0
UNION SELECT 'type', '' FROM used u JOIN pg_catalog.pg_constraint c ON u.classid = 'pg_catalog.pg_constraint'::regclass AND c.oid = u.objid AND c.conrelid = 0
UNION SELECT 'type', '' FROM used u WHERE u.classid = 'pg_catalog.pg_cast'::regclass
UNION SELECT 'attribute', t.typrelid::text FROM vol JOIN pg_catalog.pg_type t ON t.oid = vol.proargtypes[0]
  WHERE vol.pronargs > 0 AND vol.pronargs - vol.pronargdefaults <= 1 AND t.typtype = 'c'
UNION SELECT 'attribute', '' FROM vol JOIN pg_catalog.pg_type t ON t.oid = vol.proargtypes[0]
  WHERE vol.pronargs > 0 AND vol.pronargs - vol.pronargdefaults <= 1 AND t.typtype = 'p'
    AND t.typname IN ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray')
ORDER BY 1, 2`

	pgViews = `SELECT DISTINCT w.ev_class::text, d.refobjid::text
FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> w.ev_class AND w.ev_class >= 16384 ORDER BY 1, 2`
)

// harmlessList names the extensions whose volatile functions write no table
// and change no setting: random values, and marked so by default.
const harmlessList = `'uuid-ossp', 'pgcrypto', 'citext', 'hstore', 'ltree', 'pg_trgm', 'unaccent', 'fuzzystrmatch', 'intarray', 'cube', 'earthdistance', 'btree_gin', 'btree_gist', 'isn', 'vector'`
