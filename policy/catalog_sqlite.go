package policy

import (
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// Only the schema main is read: what is attached or temporary is not cached.

const (
	liteSchema = `SELECT type, name, tbl_name, coalesce(sql, '') FROM main.sqlite_schema ORDER BY type, name`

	liteTables = `SELECT name, type, CAST(wr AS TEXT), CAST(strict AS TEXT) FROM pragma_table_list WHERE schema = 'main' ORDER BY name`

	// A virtual table whose module is not there cannot even be asked.
	liteColumns = `SELECT m.name, x.name, coalesce(x.type, ''), CAST(x.pk AS TEXT), CAST(x.hidden AS TEXT)
FROM main.sqlite_schema AS m JOIN pragma_table_xinfo(m.name, 'main') AS x
WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY m.name, x.cid`

	liteIndexes = `SELECT m.name, i.name, i.origin FROM main.sqlite_schema AS m JOIN pragma_index_list(m.name, 'main') AS i
WHERE m.type = 'table' AND m.rootpage > 0 AND i."unique" ORDER BY m.name, i.name`

	liteKeyColumns = `SELECT m.name, coalesce(x.name, ''), coalesce(x.coll, '') FROM main.sqlite_schema AS m
JOIN pragma_index_list(m.name, 'main') AS i JOIN pragma_index_xinfo(i.name, 'main') AS x
WHERE m.type = 'table' AND m.rootpage > 0 AND i.origin = 'pk' AND x.key ORDER BY m.name, x.seqno`

	liteForeignKeys = `SELECT f."table", f.on_update, f.on_delete FROM main.sqlite_schema AS m JOIN pragma_foreign_key_list(m.name, 'main') AS f
WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY m.name, f.id, f.seq`

	// A temporary trigger may stand on a table of main.
	liteTempTriggers = `SELECT tbl_name FROM temp.sqlite_schema WHERE type = 'trigger' ORDER BY tbl_name`

	liteFunctions = `SELECT lower(name), CAST(min(builtin) AS TEXT), CAST(min(flags & 2048 <> 0) AS TEXT), CAST(min(type = 's') AS TEXT), CAST(narg AS TEXT)
FROM pragma_function_list GROUP BY 1, narg ORDER BY 1, narg`
)

func loadSQLite(l *loader, c *Catalog) error {
	c.path = []string{"main"}
	functions, err := l.rows("functions", 5, liteFunctions)
	if err != nil {
		return err
	}
	replaced := false
	for _, row := range functions {
		replaced = replaced || strings.HasPrefix(row[0], "->") && row[1] != "1"
		c.code.byName[row[0]] = append(c.code.byName[row[0]], routine{
			schema: "builtin", builtin: row[1] == "1", immutable: row[2] == "1", plain: row[3] == "1", args: row[4], kind: "f",
		})
	}
	schema, err := l.rows("schema", 4, liteSchema)
	if err != nil {
		return err
	}
	texts := make(map[string]string)
	triggers := make(map[string][]string)
	for _, row := range schema {
		switch row[0] {
		case "table":
			texts[lowerASCII(row[1])] = lowerASCII(row[3])
		case "trigger":
			table := lowerASCII(row[2])
			triggers[table] = append(triggers[table], lowerASCII(row[1]))
		}
	}
	temporary, err := l.rows("temporary triggers", 1, liteTempTriggers)
	if err != nil {
		return err
	}
	passing := make(map[string]bool)
	for _, row := range temporary {
		passing[lowerASCII(row[0])] = true
	}
	tables, err := l.rows("tables", 4, liteTables)
	if err != nil {
		return err
	}
	for _, row := range tables {
		name := lowerASCII(row[0])
		r := sqliteRelation(name, row[1], texts[name])
		for _, trigger := range triggers[name] {
			r.addTrigger(trigger)
		}
		if passing[name] {
			// Nobody declares what is only there for one connection.
			r.widen("a write to a table with a temporary trigger")
		}
		if replaced {
			// No text names the function that the operator calls.
			r.refuse(BypassVolatile, "the operator -> is a function of the program")
		}
		c.add(r)
	}
	if err := loadSQLiteColumns(l, c, texts); err != nil {
		return err
	}
	foreign, err := l.rows("foreign keys", 3, liteForeignKeys)
	if err != nil {
		return err
	}
	for _, row := range foreign {
		// Whether foreign keys are enforced is a setting of each connection:
		// assume that they are.
		if r := c.resolve(parse.Table{Name: row[0]}); r != nil {
			r.referenced = true
			r.actions = r.actions || !sqliteRefuses(row[1]) || !sqliteRefuses(row[2])
		}
	}
	return nil
}

func sqliteRefuses(action string) bool { return action == "NO ACTION" || action == "RESTRICT" }

func sqliteRelation(name, kind, text string) *relation {
	r := &relation{
		id:        parse.Table{Schema: "main", Name: name},
		canonical: "main." + name,
		rowid:     -1,
		base:      kind == "table" && !strings.HasPrefix(name, "sqlite_"),
		// A column's or a table's ON CONFLICT. The word elsewhere in the text,
		// in a comment or a name, only makes writes invalidate more.
		replaces: strings.Contains(text, "conflict"),
	}
	switch {
	case kind != "table":
		r.refuse(BypassNotBaseTable, "a "+kind+" table")
		r.widen("a write to a " + kind + " table")
	case !r.base:
		r.refuse(BypassNotBaseTable, "a table of the system catalog")
		r.widen("a write to the system catalog")
	}
	return r
}

// loadSQLiteColumns reads columns, primary keys and unique indexes.
func loadSQLiteColumns(l *loader, c *Catalog, texts map[string]string) error {
	rows, err := l.rows("columns", 5, liteColumns)
	if err != nil {
		return err
	}
	keys := make(map[*relation]map[int]int) // place in the key, from 1, to position
	for _, row := range rows {
		r := c.resolve(parse.Table{Name: row[0]})
		if r == nil {
			continue // made between the two queries: unknown, so nothing of it is cached
		}
		place, err := strconv.Atoi(row[3])
		if err != nil {
			return err
		}
		if place > 0 {
			if keys[r] == nil {
				keys[r] = make(map[int]int)
			}
			keys[r][place] = len(r.columns)
		}
		col := column{name: lowerASCII(row[1]), hidden: row[4] != "0", generated: row[4] == "2" || row[4] == "3"}
		col.pair, col.why = sqlitePair(row[2], texts[r.id.Name])
		if row[4] == "1" { // of a virtual table
			r.refuse(BypassNotBaseTable, "a table with hidden columns")
		}
		r.columns = append(r.columns, col)
	}
	for r, places := range keys {
		for place := 1; place <= len(places); place++ {
			r.key = append(r.key, places[place])
		}
	}
	indexed := make(map[*relation]bool)
	indexes, err := l.rows("indexes", 3, liteIndexes)
	if err != nil {
		return err
	}
	for _, row := range indexes {
		if r := c.resolve(parse.Table{Name: row[0]}); r != nil {
			if row[2] == "pk" {
				indexed[r] = true
			} else {
				r.uniques++
			}
		}
	}
	for r := range keys {
		// A primary key without an index of its own is the rowid: INTEGER
		// PRIMARY KEY, but neither INT nor INTEGER … DESC, nor WITHOUT ROWID.
		if len(r.key) == 1 && !indexed[r] {
			r.rowid = r.key[0]
		}
	}
	return loadSQLiteCollations(l, c)
}

// loadSQLiteCollations refuses text keys that are not compared as bytes.
func loadSQLiteCollations(l *loader, c *Catalog) error {
	rows, err := l.rows("key columns", 3, liteKeyColumns)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r := c.resolve(parse.Table{Name: row[0]})
		if r == nil || row[2] == "BINARY" {
			continue
		}
		for i := range r.columns {
			if col := &r.columns[i]; col.name == lowerASCII(row[1]) {
				col.pair, col.why = pair{}, "the key's collation is not BINARY"
			}
		}
	}
	return nil
}

// sqlitePair returns the exact pair of a column by the rules of
// https://www.sqlite.org/datatype3.html#determination_of_column_affinity, or
// why there is none. A column's values need not be of its type: but a value of
// another storage class is never equal to one of this, except that 5 and 5.0
// are, which an INTEGER column stores as one. With BLOB affinity nothing is
// converted, so bytes equal only the same bytes.
func sqlitePair(declared, tableText string) (pair, string) {
	t := lowerASCII(declared)
	switch {
	case strings.Contains(t, "int"):
		return pair{kind: intPair}, ""
	case strings.Contains(t, "char"), strings.Contains(t, "clob"), strings.Contains(t, "text"):
		// A column is compared by its own collation, which no PRAGMA tells.
		if strings.Contains(tableText, "collate") {
			return pair{}, "the table's text names a collation"
		}
		return pair{kind: textPair}, ""
	case t == "blob":
		return pair{kind: bytePair}, ""
	}
	return pair{}, "the key's type has no exact pair"
}
