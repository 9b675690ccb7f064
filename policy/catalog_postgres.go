package policy

import (
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

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
	functions, err := l.rows("functions", 10, pgFunctions)
	if err != nil {
		return false, err
	}
	for _, row := range functions {
		code.byName[row[1]] = append(code.byName[row[1]], routine{
			schema:    row[0],
			builtin:   row[6] == "true",
			harmless:  row[2] != "" && strings.Contains(harmlessList, "'"+row[2]+"'"),
			immutable: row[3] == "true",
			volatile:  row[4] == "true",
			plain:     row[5] == "true",
			stable:    row[7] == "true",
			args:      row[8],
			kind:      row[9],
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
	attributes, err := l.rows("attributes", 3, pgAttributes)
	if err != nil {
		return false, err
	}
	code.attributes = make(map[string]attribute, len(attributes))
	for _, row := range attributes {
		code.attributes[row[0]] = attribute{volatile: row[1] == "true", row: row[2] == "true"}
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
		code.implicit = code.implicit || row[0] == "i"
	}
	return trusted, nil
}

func loadPostgreSQLRelations(l *loader) (map[string]*pgRelation, error) {
	rows, err := l.rows("relations", 9, pgRelations)
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
		if row[8] == "true" {
			r.base = false
			r.refuse(BypassNotBaseTable, "a table of the system catalog")
			r.widen("a write to the system catalog")
			continue
		}
		if kind := pgKinds[row[3]]; kind != "" {
			r.refuse(BypassNotBaseTable, kind)
			r.widen("a write to " + kind)
			r.view = row[3] == "v" || row[3] == "m"
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
	}
	// Read after the relations: a trigger of a table that was not there yet is
	// one of a table that is not known.
	triggers, err := l.rows("triggers", 2, pgTriggers)
	if err != nil {
		return nil, err
	}
	for _, row := range triggers {
		if r := byOID[row[0]]; r != nil {
			r.addTrigger(row[1])
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
	view    bool
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
		}
	}
	if c.code.volatileCast != "" {
		for _, r := range byOID {
			if r.foreign || r.view {
				r.readsRun = c.code.volatileCast
				r.widen(c.code.volatileCast)
			}
		}
		for _, row := range rows {
			if r := byOID[row[1]]; r != nil && row[0] == "typed" {
				r.widen(c.code.volatileCast)
			}
		}
		c.code.suspectAll()
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
