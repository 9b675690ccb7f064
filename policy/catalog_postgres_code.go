package policy

const (
	// The code that may write, or change the session, though no statement says
	// so. "own" is the code of users and of extensions that are not known to be
	// harmless; compiled code of extensions is taken at its word, all other
	// code only where there is no volatile function that it could call: the
	// server lets a STABLE or IMMUTABLE function call a VOLATILE one. "risky"
	// is the server's own functions that [builtinEffects] is about.
	pgCode = `WITH own AS (
  SELECT p.oid, p.proname, p.provolatile, p.prokind, p.pronargs - p.pronargdefaults AS required, p.pronargs, p.proargtypes[0] AS first, p.provariadic,
    l.lanname IN ('c', 'internal') AND e.extname IS NOT NULL AND e.extname NOT IN ('dblink', 'tablefunc', 'xml2') AS compiled
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
  WHERE p.oid >= 16384 AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND coalesce(e.extname, '') NOT IN (` + harmlessList + `)
), risky AS (
  SELECT oid FROM pg_catalog.pg_proc WHERE oid < 16384 AND proname ~ '` + riskyNames + `'
), called AS (
  SELECT ':(funcid|opfuncid|aggfnoid|winfnoid) (' || string_agg(oid::text, '|' ORDER BY oid) || ')[ }]' AS tree FROM risky
), base AS (
  SELECT oid FROM own WHERE provolatile = 'v' OR NOT compiled AND EXISTS (SELECT FROM own WHERE provolatile = 'v')
  UNION SELECT oid FROM risky
), vol AS (
  SELECT oid FROM base
  UNION SELECT a.aggfnoid FROM pg_catalog.pg_aggregate a JOIN base b
    ON b.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
  UNION SELECT d.objid FROM pg_catalog.pg_depend d JOIN base b ON b.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.refclassid = 'pg_catalog.pg_proc'::regclass
  UNION SELECT d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_operator o ON o.oid = d.refobjid JOIN base b ON b.oid = o.oprcode
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.refclassid = 'pg_catalog.pg_operator'::regclass
  UNION SELECT p.oid FROM own JOIN pg_catalog.pg_proc p ON p.oid = own.oid, called
    WHERE p.proargdefaults::text ~ called.tree OR to_jsonb(p) ->> 'prosqlbody' ~ called.tree
) `

	// The server's own functions are one row for each name, all others one for
	// each list of types.
	pgFunctions = pgCode + `SELECT n.nspname::text, p.proname::text, coalesce(e.extname, '')::text,
  bool_and(p.provolatile = 'i')::text, bool_or(p.oid >= 16384 AND v.oid IS NOT NULL)::text, bool_and(p.prokind = 'f' AND NOT p.proretset)::text,
  bool_or(p.oid < 16384)::text, bool_or(own.oid IS NOT NULL AND NOT own.compiled AND p.provolatile <> 'i')::text,
  CASE WHEN p.oid >= 16384 THEN pg_catalog.oidvectortypes(p.proargtypes) ELSE '' END,
  CASE WHEN p.oid < 16384 THEN '' WHEN p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) THEN 't' ELSE p.prokind::text END
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
LEFT JOIN own ON own.oid = p.oid
LEFT JOIN vol v ON v.oid = p.oid
GROUP BY 1, 2, 3, 9, 10 ORDER BY 1, 2, 3, 9, 10`

	pgOperators = pgCode + `SELECT o.oprname::text, bool_and(p.provolatile = 'i')::text, bool_or(v.oid IS NOT NULL)::text,
  bool_or(o.oprname = '=' AND (o.oprleft = ANY (k.types) OR o.oprright = ANY (k.types)))::text
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode LEFT JOIN vol v ON v.oid = o.oprcode,
  (SELECT ARRAY['int2', 'int4', 'int8', 'uuid', 'text', 'varchar', 'bytea']::regtype[]::oid[] AS types) k
WHERE o.oid >= 16384 GROUP BY 1 ORDER BY 1`

	// Names after a dot by which a function may be called: row.name and
	// (value).name are name(row) and name(value). The third column is whether
	// its argument may be a row.
	pgAttributes = pgCode + `SELECT o.proname::text, bool_or(v.oid IS NOT NULL)::text,
  bool_or(t.typtype IN ('c', 'd') OR o.provariadic <> 0
    OR t.typname IN ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray'))::text
FROM own o LEFT JOIN vol v ON v.oid = o.oid JOIN pg_catalog.pg_type t ON t.oid = o.first
WHERE o.pronargs > 0 AND (o.required <= 1 OR o.provariadic <> 0) GROUP BY 1 ORDER BY 1`

	// What runs such code without naming it: views, policies, defaults,
	// constraints, indexes, domains, casts and the support of types. What
	// depends on the server's own functions is in no list of dependencies: it
	// is found in the stored trees. "typed" is what names a user's type.
	pgHidden = pgCode + `, used AS (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN vol ON vol.oid = d.refobjid WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass
  UNION SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_operator o ON o.oid = d.refobjid JOIN vol ON vol.oid = o.oprcode
    WHERE d.refclassid = 'pg_catalog.pg_operator'::regclass
  UNION SELECT 'pg_catalog.pg_rewrite'::regclass, w.oid FROM pg_catalog.pg_rewrite w, called
    WHERE w.oid >= 16384 AND (w.ev_action::text ~ called.tree OR w.ev_qual::text ~ called.tree)
  UNION SELECT 'pg_catalog.pg_policy'::regclass, p.oid FROM pg_catalog.pg_policy p, called WHERE p.polqual::text ~ called.tree OR p.polwithcheck::text ~ called.tree
  UNION SELECT 'pg_catalog.pg_attrdef'::regclass, a.oid FROM pg_catalog.pg_attrdef a, called WHERE a.adbin::text ~ called.tree
  UNION SELECT 'pg_catalog.pg_constraint'::regclass, c.oid FROM pg_catalog.pg_constraint c, called WHERE c.conbin::text ~ called.tree
), typed AS (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid >= 16384
), found AS (
  SELECT 'write' AS what, classid, objid FROM used UNION SELECT 'typed', classid, objid FROM typed
)
SELECT 'read' AS what, w.ev_class::text AS rel FROM used u JOIN pg_catalog.pg_rewrite w ON u.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = u.objid
UNION SELECT 'read', p.polrelid::text FROM used u JOIN pg_catalog.pg_policy p ON u.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = u.objid
UNION SELECT f.what, a.adrelid::text FROM found f JOIN pg_catalog.pg_attrdef a ON f.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = f.objid
UNION SELECT f.what, c.conrelid::text FROM found f JOIN pg_catalog.pg_constraint c ON f.classid = 'pg_catalog.pg_constraint'::regclass AND c.oid = f.objid AND c.conrelid <> 0
UNION SELECT f.what, i.indrelid::text FROM found f JOIN pg_catalog.pg_index i ON f.classid = 'pg_catalog.pg_class'::regclass AND i.indexrelid = f.objid
UNION SELECT 'type', '' FROM used u JOIN pg_catalog.pg_constraint c ON u.classid = 'pg_catalog.pg_constraint'::regclass AND c.oid = u.objid AND c.contypid <> 0
UNION SELECT 'type', '' FROM used u WHERE u.classid IN ('pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_type'::regclass, 'pg_catalog.pg_amproc'::regclass, 'pg_catalog.pg_amop'::regclass)
ORDER BY 1, 2`
)

// riskyNames is the pattern of the names of the server's own functions that
// [builtinEffects] is about.
const riskyNames = `^(query|table|schema|database|cursor)_to_xml|^lo_|^(lowrite|loread|ts_stat|ts_rewrite|set_config|setseed|pg_backup_start|pg_backup_stop|pg_import_system_collations)$|advisory_(xact_lock|lock|unlock)|^pg_replication_origin_(session|xact)|^(binary_upgrade|pg_restore|pg_clear|pg_read|pg_file|brin_summarize)_|^dblink`

// harmlessList names the extensions whose volatile functions write no table
// and change no setting: random values, statistics, handlers of languages, and
// functions that are marked so by default.
const harmlessList = `'uuid-ossp', 'pgcrypto', 'citext', 'hstore', 'ltree', 'pg_trgm', 'unaccent', 'fuzzystrmatch', 'intarray', 'cube', 'seg', 'earthdistance', 'btree_gin', 'btree_gist', 'isn', 'vector', ` +
	`'plpgsql', 'pg_stat_statements', 'pg_buffercache', 'pgstattuple', 'postgres_fdw', 'file_fdw'`
