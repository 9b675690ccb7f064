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

	// What stands behind foreign keys is internal, and in pgForeignKeys.
	pgTriggers = `SELECT t.tgrelid::text, t.tgname::text FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal ORDER BY t.tgrelid, t.tgname`

	pgTypes = `SELECT t.typname::text FROM pg_catalog.pg_type t
WHERE t.typnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND t.typrelid = 0 AND t.typcategory <> 'A'
GROUP BY 1 ORDER BY 1`

	pgCasts = `SELECT c.castcontext::text, (c.castsource = 'varchar'::regtype)::text, coalesce(p.provolatile, 'i')::text
FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
WHERE c.oid >= 16384 ORDER BY c.oid`

	pgViews = `SELECT DISTINCT w.ev_class::text, d.refobjid::text
FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> w.ev_class AND w.ev_class >= 16384 ORDER BY 1, 2`
)
