package policy

import (
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

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

func loadPostgreSQL(l *loader, c *Catalog) error {
	settings, err := l.rows("settings", 2, pgSettings)
	if err != nil {
		return err
	}
	utf8 := true
	for _, row := range settings {
		c.path = append(c.path, row[0])
		utf8 = utf8 && row[1] == "UTF8"
	}
	trusted, err := loadPostgreSQLCode(l, &c.code)
	if err != nil {
		return err
	}
	byOID, err := loadPostgreSQLRelations(l)
	if err != nil {
		return err
	}
	if err := loadPostgreSQLColumns(l, byOID, pgPairs{utf8: utf8, equality: trusted}); err != nil {
		return err
	}
	if err := loadPostgreSQLKeys(l, byOID); err != nil {
		return err
	}
	if err := loadPostgreSQLHidden(l, c, byOID); err != nil {
		return err
	}
	for _, r := range byOID {
		c.add(r.relation)
	}
	return nil
}

// loadPostgreSQLCode reads functions, operators, types and casts. trusted
// reports whether "=" on the types of exact pairs is the server's own, whatever
// the search path.
func loadPostgreSQLCode(l *loader, code *routines) (trusted bool, err error) {
	functions, err := l.rows("functions", 6, pgFunctions)
	if err != nil {
		return false, err
	}
	for _, row := range functions {
		code.byName[row[1]] = append(code.byName[row[1]], routine{
			schema:    row[0],
			builtin:   row[0] == "pg_catalog" && row[2] == "",
			harmless:  row[2] != "" && strings.Contains(harmlessList, "'"+row[2]+"'"),
			immutable: row[3] == "true",
			volatile:  row[4] == "true",
			plain:     row[5] == "true",
		})
	}
	trusted = true
	operators, err := l.rows("operators", 4, pgOperators)
	if err != nil {
		return false, err
	}
	code.operators = make(map[string]userOperator, len(operators))
	for _, row := range operators {
		code.operators[row[0]] = userOperator{immutable: row[1] == "true", volatile: row[2] == "true"}
		trusted = trusted && row[3] != "true"
	}
	types, err := l.rows("types", 1, pgTypes)
	if err != nil {
		return false, err
	}
	code.types = make(map[string]bool, len(types))
	for _, row := range types {
		code.types[row[0]] = true
	}
	casts, err := l.rows("casts", 3, pgCasts)
	if err != nil {
		return false, err
	}
	for _, row := range casts {
		// "=" between varchar and an argument is looked for among the types
		// that varchar turns into by itself; every other type has its own.
		trusted = trusted && (row[0] != "i" || row[1] != "true")
		code.impureCast = code.impureCast || row[2] != "i"
	}
	return trusted, nil
}

func loadPostgreSQLRelations(l *loader) (map[string]*pgRelation, error) {
	rows, err := l.rows("relations", 10, pgRelations)
	if err != nil {
		return nil, err
	}
	byOID := make(map[string]*pgRelation, len(rows))
	for _, row := range rows {
		r := &pgRelation{relation: &relation{
			id:        parse.Table{Schema: row[1], Name: row[2]},
			canonical: row[1] + "." + row[2],
			rowid:     -1,
			base:      row[3] == "r",
		}}
		byOID[row[0]] = r
		if row[9] == "true" {
			r.base = false
			r.refuse(BypassNotBaseTable, "a table of the system catalog")
			r.widen("a write to the system catalog")
			continue
		}
		if kind := pgKinds[row[3]]; kind != "" {
			r.refuse(BypassNotBaseTable, kind)
			r.widen("a write to " + kind)
		}
		if row[4] == "u" {
			r.refuse(BypassNotBaseTable, "an unlogged table is emptied by a crash")
		}
		if row[5] == "true" {
			r.refuse(BypassNotBaseTable, "a partition or a table with inheritance")
			r.widen("a write to a partition or to a table with inheritance")
		}
		if row[7] == "true" {
			r.refuse(BypassNotBaseTable, "a table with rules")
			r.widen("a write to a table with rules")
		}
		if row[6] == "true" {
			r.refuse(BypassRowSecurity, "a table with row-level security")
		}
		if row[8] == "true" {
			r.widen("a write to a table with a trigger")
		}
	}
	return byOID, nil
}

var pgKinds = map[string]string{"p": "a partitioned table", "v": "a view", "m": "a materialized view", "f": "a foreign table", "S": "a sequence"}

// pgRelation is a relation while it is being read.
type pgRelation struct {
	*relation
	numbers map[string]int // attribute number to position
	foreign bool           // it has a column of a type outside of pg_catalog
}

func loadPostgreSQLColumns(l *loader, byOID map[string]*pgRelation, pairs pgPairs) error {
	rows, err := l.rows("columns", 11, pgColumns)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r := byOID[row[0]]
		if r == nil {
			continue // made between the two queries: unknown, so nothing of it is cached
		}
		c := column{name: row[2], generated: row[8] != ""}
		c.pair, c.why = pairs.of(row[3], row[4], row[6], row[7] == "true")
		if r.numbers == nil {
			r.numbers = make(map[string]int)
		}
		r.numbers[row[1]] = len(r.columns)
		r.columns = append(r.columns, c)
		r.clockLiterals = r.clockLiterals || row[9] == "true"
		r.foreign = r.foreign || row[4] != "pg_catalog"
		if row[10] == "true" {
			r.refuse(BypassVolatile, "a column's type has a volatile output function")
		}
	}
	return nil
}

// pgPairs is what exact pairs depend on besides the column.
type pgPairs struct {
	utf8     bool // the server keeps text as the UTF-8 it was given
	equality bool // "=" is the server's own
}

// of returns the exact pair of a column, or why there is none. Not yet here:
// bpchar and name (padding, truncation), citext and other types of extensions,
// domains, enums.
func (p pgPairs) of(typ, schema, typmod string, deterministic bool) (pair, string) {
	if schema != "pg_catalog" {
		return pair{}, "the key's type is not one of the server's own"
	}
	if !p.equality {
		return pair{}, "a user operator = may compare the key"
	}
	switch typ {
	case "int2", "int4", "int8":
		return pair{kind: intPair}, ""
	case "uuid":
		return pair{kind: uuidPair}, ""
	case "bytea":
		return pair{kind: bytePair}, ""
	case "text", "varchar":
		if !deterministic {
			return pair{}, "the key's collation is not deterministic"
		}
		if !p.utf8 {
			return pair{}, "the server's encoding is not UTF8"
		}
		most, err := strconv.Atoi(typmod)
		if err != nil {
			return pair{}, "the key's type has a limit that cannot be read"
		}
		if most < 0 {
			return pair{kind: textPair}, ""
		}
		return pair{kind: textPair, most: most - 4}, "" // VARHDRSZ
	}
	return pair{}, "the key's type " + typ + " has no exact pair"
}

// loadPostgreSQLKeys reads unique indexes and foreign keys.
func loadPostgreSQLKeys(l *loader, byOID map[string]*pgRelation) error {
	indexes, err := l.rows("indexes", 5, pgIndexes)
	if err != nil {
		return err
	}
	for _, row := range indexes {
		r := byOID[row[0]]
		if r == nil {
			continue
		}
		if row[1] != "true" {
			r.uniques++
			continue
		}
		numbers := strings.Fields(row[4])
		if n, err := strconv.Atoi(row[3]); err == nil && n <= len(numbers) {
			numbers = numbers[:n] // the rest are INCLUDEd
		}
		if row[2] != "true" {
			r.refuse(BypassNotPrimaryKey, "the primary key is deferrable or not valid")
		}
		for _, number := range numbers {
			at, known := r.numbers[number]
			if !known {
				r.refuse(BypassNotPrimaryKey, "the primary key cannot be read")
				r.widen("a write to a table whose primary key cannot be read")
				r.key = nil
				break
			}
			r.key = append(r.key, at)
		}
	}
	foreign, err := l.rows("foreign keys", 3, pgForeignKeys)
	if err != nil {
		return err
	}
	for _, row := range foreign {
		if r := byOID[row[0]]; r != nil {
			r.referenced = true
			r.actions = r.actions || strings.Contains("cnd", row[1]) || strings.Contains("cnd", row[2])
		}
	}
	return nil
}

// loadPostgreSQLHidden reads which relations run volatile user code that no
// statement names.
func loadPostgreSQLHidden(l *loader, c *Catalog, byOID map[string]*pgRelation) error {
	rows, err := l.rows("hidden code", 2, pgHidden)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r := byOID[row[1]]
		switch row[0] {
		case "read":
			if r != nil {
				r.readsRun = "a view or a policy with a volatile user function"
				r.widen(r.readsRun)
			}
		case "write":
			if r != nil {
				r.widen("a write to a table with a default or a constraint by a volatile user function")
			}
		case "type":
			c.code.volatileCast = "a domain or a cast with a volatile user function"
		case "attribute":
			if r != nil {
				r.attributeCode = true
			} else if row[1] == "" {
				for _, any := range byOID {
					any.attributeCode = true
				}
			}
		}
	}
	if c.code.volatileCast != "" {
		for _, r := range byOID {
			if r.foreign {
				r.readsRun = c.code.volatileCast
				r.widen(c.code.volatileCast)
			}
		}
	}
	views, err := l.rows("views", 2, pgViews)
	if err != nil {
		return err
	}
	for changed := true; changed; { // a view of a view
		changed = false
		for _, row := range views {
			view, of := byOID[row[0]], byOID[row[1]]
			if view != nil && of != nil && of.readsRun != "" && view.readsRun == "" {
				view.readsRun = of.readsRun
				changed = true
			}
		}
	}
	return nil
}
