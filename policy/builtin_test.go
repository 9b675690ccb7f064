package policy

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files, and the lists of what servers have of their own, anew")

// The lists are what an empty database of a real server says.
func TestBuiltinSQLite(t *testing.T) {
	rows, err := connQueryer{sqlite(t).Conn}.Query(t.Context(), liteFunctions)
	if err != nil {
		t.Fatal(err)
	}
	list := builtinList{}
	for at := 0; at < len(rows); {
		name := rows[at][0].(string)
		all := [3]bool{true, true, true} // of every number of arguments
		for ; at < len(rows) && rows[at][0] == name; at++ {
			for i := range all {
				all[i] = all[i] && rows[at][i+1] == "1"
			}
		}
		entry := name + ":"
		for i, flag := range []string{"b", "d", "s"} {
			if all[i] {
				entry += flag
			}
		}
		list["functions"] = append(list["functions"], entry)
	}
	checkBuiltin(t, "builtin_sqlite.txt", builtinSQLiteText,
		list.format("The functions of SQLite as go-sqlite3 has it: b of the library, d deterministic, s scalar.", []string{"functions"}))
}

func checkBuiltin(t *testing.T, file, have, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("%s is not what this server has: run go test ./policy -run TestBuiltin -update, and read the difference", file)
	}
}

const (
	// %s is the extension's name, or empty for the server's own.
	builtinFunctions = `SELECT p.proname::text, concat(
  CASE WHEN bool_and(p.provolatile = 'i') THEN 'i' END, CASE WHEN bool_and(p.prokind = 'f' AND NOT p.proretset) THEN 'p' END,
  CASE WHEN bool_or(p.provolatile = 'v' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)) THEN 'v' END,
  CASE WHEN bool_and(l.lanname IN ('c', 'internal')) THEN 'c' END,
  CASE WHEN bool_or(l.lanname NOT IN ('c', 'internal') AND p.provolatile <> 'i') THEN 's' END,
  CASE WHEN bool_and(p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype)) THEN 't' END,
  CASE WHEN bool_or(p.pronargs > 0 AND (p.pronargs - p.pronargdefaults <= 1 OR p.provariadic <> 0)) THEN 'a' END,
  CASE WHEN bool_or(p.pronargs > 0 AND (p.pronargs - p.pronargdefaults <= 1 OR p.provariadic <> 0) AND (t.typtype IN ('c', 'd') OR p.provariadic <> 0
    OR t.typname IN ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray'))) THEN 'r' END)
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_type t ON t.oid = p.proargtypes[0]
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE CASE WHEN '%s' LIKE '%%.%%' THEN n.nspname || '.' = '%s' AND p.oid < 16384 AND e.extname IS NULL ELSE e.extname = '%s' END
GROUP BY 1 ORDER BY p.proname::text COLLATE "C"`

	builtinOperators = `SELECT o.oprname::text, concat(CASE WHEN bool_and(p.provolatile = 'i') THEN 'i' END, CASE WHEN bool_or(p.provolatile = 'v') THEN 'v' END,
  CASE WHEN bool_or(o.oprname = '=' AND (o.oprleft = ANY (k.types) OR o.oprright = ANY (k.types))) THEN 'e' END)
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid,
  (SELECT ARRAY['int2', 'int4', 'int8', 'uuid', 'text', 'varchar', 'bytea']::regtype[]::oid[] AS types) k
WHERE e.extname = '%s' GROUP BY 1 ORDER BY o.oprname::text COLLATE "C"`

	builtinTypes = `SELECT t.typname::text, concat(CASE WHEN t.typrelid <> 0 THEN 'r' END, CASE WHEN o.provolatile = 'v' THEN 'o' END)
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_proc o ON o.oid = t.typoutput JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE t.typcategory <> 'A' AND CASE WHEN '%s' = '' THEN t.oid < 16384 AND n.nspname = 'pg_catalog' AND t.typrelid = 0 ELSE e.extname = '%s' END
ORDER BY t.typname::text COLLATE "C"`

	builtinCasts = `SELECT c.castcontext::text || '/' || (c.castsource = 'varchar'::regtype)::text || '/' || coalesce(p.provolatile, 'i')::text, ''
FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE e.extname = '%s' ORDER BY c.oid`

	builtinRelations = `SELECT c.relname::text, c.relkind::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND CASE WHEN '%s' LIKE '%%.%%' THEN n.nspname || '.' = '%s' AND c.oid < 16384 ELSE e.extname = '%s' END
ORDER BY c.relname::text COLLATE "C"`

	builtinRequires = `SELECT unnest(requires)::text, '' FROM pg_catalog.pg_available_extension_versions v JOIN pg_catalog.pg_available_extensions a
ON a.name = v.name AND a.default_version = v.version WHERE v.name = '%s' ORDER BY 1`
)

func TestBuiltinPostgreSQL(t *testing.T) {
	db := postgres(t)
	list := builtinList{}
	var sections []string
	ask := func(section, query, name string, flags bool) {
		rows, err := queryText(t.Context(), connQueryer{db.Conn}, 2, strings.ReplaceAll(strings.ReplaceAll(query, "%s", name), "%%", "%"))
		if err != nil {
			t.Fatal(section, err)
		}
		for _, row := range rows {
			entry := row[0]
			if flags {
				if row[1] == "" {
					row[1] = "-"
				}
				entry += ":" + row[1]
			}
			list[section] = append(list[section], entry)
		}
		if len(rows) > 0 || strings.HasPrefix(section, "extension ") {
			sections = append(sections, section)
		}
	}
	ask("functions", builtinFunctions, "pg_catalog.", true)
	ask("functions information_schema", builtinFunctions, "information_schema.", true)
	ask("types", builtinTypes, "", false)
	ask("relations pg_catalog", builtinRelations, "pg_catalog.", true)
	ask("relations information_schema", builtinRelations, "information_schema.", true)
	names, err := queryText(t.Context(), connQueryer{db.Conn}, 1, `SELECT name::text FROM pg_catalog.pg_available_extensions ORDER BY name COLLATE "C"`)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 20 {
		t.Skip("the server has not got its own extensions")
	}
	for _, row := range names {
		name := row[0]
		if name != "plpgsql" {
			if _, err := db.ExecContext(t.Context(), `CREATE EXTENSION "`+name+`" CASCADE`); err != nil {
				t.Logf("%s: %v", name, err)
				continue
			}
		}
		ask("extension "+name, builtinRequires, name, false)
		ask("functions of "+name, builtinFunctions, name, true)
		ask("operators of "+name, builtinOperators, name, true)
		ask("types of "+name, builtinTypes, name, true)
		ask("casts of "+name, builtinCasts, name, false)
		ask("relations of "+name, builtinRelations, name, true)
	}
	var version string
	if err := db.QueryRowContext(t.Context(), `SELECT current_setting('server_version_num')::int / 10000`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	about := "What an empty database of PostgreSQL " + version + " has, and what its own extensions add. Flags: see pgServer."
	if !*update && !strings.HasPrefix(builtinPostgreSQLText, "# "+about) {
		t.Skipf("the list is of another version of the server than %s", version)
	}
	checkBuiltin(t, "builtin_postgres.txt", builtinPostgreSQLText, list.format(about, sections))
}

func TestBuiltinListsAreReadAsWritten(t *testing.T) {
	list := builtinList{"a b": {"x:y", "::-"}, "c": {strings.Repeat("n", 140), strings.Repeat("m", 140)}}
	sections := []string{"a b", "c"}
	if diff := cmp.Diff(list, parseBuiltin(list.format("about", sections))); diff != "" {
		t.Error(diff)
	}
	if name, flags := cutFlags("::-"); name != ":" || flags != "-" {
		t.Error(name, flags)
	}
}
