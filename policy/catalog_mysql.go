package policy

import (
	"errors"
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

func loadMySQL(l *loader, c *Catalog) error {
	database, err := l.rows("database", 1, myDatabase)
	if err != nil {
		return err
	}
	settings, err := l.sorted("settings", 2, mySettings)
	if err != nil {
		return err
	}
	named := make(map[string]string, len(settings))
	for _, row := range settings {
		named[lowerASCII(row[0])] = row[1]
	}
	switch named["lower_case_table_names"] {
	case "0":
	case "1", "2":
		c.folds = true
	default:
		return errors.New("lower_case_table_names cannot be read")
	}
	for _, row := range database {
		if row[0] != "" {
			c.path = append(c.path, c.fold(parse.Table{Schema: row[0]}).Schema)
		}
	}
	_, mariadb := named["in_transaction"]
	if version := named["version"]; version == "" { // of a declared schema
		c.code.native = mysqlEverywhere()
	} else {
		c.code.native = mysqlNative(mariadb, mysqlVersion(version))
	}

	lines, err := queryText(l.ctx, l.q, 1, myGrants) // they hold a password's hash: not in the digest
	if err != nil {
		return err
	}
	g := parseGrants(lines, named["partial_revokes"] == "ON", c.folds)
	if err := loadMySQLTables(l, c, g); err != nil {
		return err
	}
	if err := loadMySQLColumns(l, c); err != nil {
		return err
	}
	if err := loadMySQLIndexes(l, c); err != nil {
		return err
	}
	if err := loadMySQLForeignKeys(l, c); err != nil {
		return err
	}
	triggers, err := l.sorted("triggers", 3, myTriggers)
	if err != nil {
		return err
	}
	for _, row := range triggers {
		if r := c.named(row); r != nil {
			r.addTrigger(row[2])
		}
	}
	routines, err := l.sorted("functions", 2, myRoutines)
	if err != nil {
		return err
	}
	for _, row := range routines {
		name := lowerASCII(row[1])
		c.code.byName[name] = append(c.code.byName[name], routine{schema: row[0], volatile: true})
	}
	return loadMySQLViews(l, c)
}

// named returns the relation that the first two columns of a row name, nil
// where it was made between two queries: nothing of it is cached then.
func (c *Catalog) named(row []string) *relation {
	return c.tables[c.fold(parse.Table{Schema: row[0], Name: row[1]})]
}

// mysqlVersion returns a version as one number: 80036 for 8.0.36, 101119 for
// 10.11.19.
func mysqlVersion(s string) int {
	n, rest := 0, s
	for range 3 {
		end := 0
		for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
			end++
		}
		part, err := strconv.Atoi(rest[:end])
		if err != nil || part > 99 {
			return 0
		}
		n = n*100 + part
		rest = strings.TrimPrefix(rest[end:], ".")
	}
	return n
}

// mysqlEngines lists the engines of which a write of a table touches nothing
// but that table. The tables of others may stand for tables elsewhere, on this
// server too.
var mysqlEngines = map[string]bool{
	"InnoDB": true, "MyISAM": true, "Aria": true, "MEMORY": true, "ARCHIVE": true, "CSV": true, "BLACKHOLE": true,
	"ROCKSDB": true, "TokuDB": true, "ndbcluster": true, "Columnstore": true,
}

func loadMySQLTables(l *loader, c *Catalog, g *grants) error {
	rows, err := l.sorted("tables", 4, myTables)
	if err != nil {
		return err
	}
	var blind [][]string // what the account does not see is part of the digest
	for _, row := range rows {
		database, name, kind, engine := row[0], row[1], row[2], row[3]
		id := c.fold(parse.Table{Schema: database, Name: name})
		r := &relation{id: id, canonical: id.Schema + "." + id.Name, rowid: -1, base: kind == "BASE TABLE" && engine == "InnoDB"}
		switch {
		case kind == "VIEW":
			r.refuse(BypassNotBaseTable, "a view")
			r.widen("a write to a view")
		case kind == "SYSTEM VERSIONED":
			r.refuse(BypassNotBaseTable, "a table with system versioning")
		case kind != "BASE TABLE":
			r.refuse(BypassNotBaseTable, "not a base table ("+lowerASCII(kind)+")")
		case engine == "":
			r.refuse(BypassNotBaseTable, "a table that the server cannot open")
		case engine != "InnoDB":
			r.refuse(BypassNotBaseTable, "a table of the engine "+engine+": only InnoDB's are transactional in a way that is understood")
		}
		if kind != "VIEW" && !mysqlEngines[engine] {
			r.widen("a write to a table of an engine that may reach other tables")
		}
		if kind != "VIEW" {
			blind = append(blind, blindTo(r, g, database, name)...)
		}
		c.add(r)
	}
	l.take("privileges", blind)
	return nil
}

// blindTo notes what follows from what the account does not see of a table.
func blindTo(r *relation, g *grants, database, name string) (blind [][]string) {
	if !g.seesColumns(database, name) {
		const reason = "the account does not see all columns of the table: grant it SELECT on the table"
		r.refuse(BypassNotBaseTable, reason)
		r.widen(reason)
		blind = append(blind, []string{r.canonical, "columns"})
	}
	if !g.seesTriggers(database, name) {
		r.widen("a write to a table whose triggers the account does not see: grant it TRIGGER on the table")
		blind = append(blind, []string{r.canonical, "triggers"})
	}
	if !g.seesTables(database) {
		// Another account may see, and cache, a table that refers to this one.
		r.hiddenActions = "a write to a table whose references the account may not see: grant it SELECT on the database"
		blind = append(blind, []string{r.canonical, "tables"})
	}
	return blind
}

func loadMySQLColumns(l *loader, c *Catalog) error {
	rows, err := l.sorted("columns", 11, myColumns)
	if err != nil {
		return err
	}
	var computed []computedColumn
	for _, row := range rows {
		r := c.named(row)
		if r == nil {
			continue
		}
		extra := strings.ToUpper(row[9])
		col := column{
			name:      lowerASCII(row[3]),
			hidden:    strings.Contains(extra, "INVISIBLE"),
			generated: row[10] != "",
			auto:      strings.Contains(extra, "AUTO_INCREMENT"),
		}
		col.pair, col.why = mysqlPair(mysqlColumn{typ: lowerASCII(row[4]), full: row[5], most: row[6], charset: row[7], collation: row[8]})
		switch lowerASCII(row[4]) {
		case "time":
			col.time, col.temporal, r.times = true, true, true
		case "date", "datetime", "timestamp", "year":
			col.temporal = true
		}
		if col.generated && !strings.Contains(extra, "STORED") {
			computed = append(computed, computedColumn{r, len(r.columns), c.parseComputed(row[10])})
		}
		r.columns = append(r.columns, col)
	}
	markDrifting(computed)
	return nil
}

// generatedKey is the column that MySQL adds to a table without a primary key
// under sql_generate_invisible_primary_key. A session that does not show it
// (show_gipk_in_create_table_and_information_schema) takes the table for one
// without a key, of which nothing is kept that a write would have to invalidate.
const generatedKey = "my_row_id"

// loadMySQLIndexes reads primary keys and unique indexes.
func loadMySQLIndexes(l *loader, c *Catalog) error {
	rows, err := l.sorted("indexes", 6, myIndexes)
	if err != nil {
		return err
	}
	unique := make(map[[2]string]bool)
	for _, row := range rows {
		r := c.named(row)
		if r == nil {
			continue
		}
		if row[2] != "PRIMARY" { // the name is the primary key's alone
			if index := [2]string{r.canonical, row[2]}; !unique[index] {
				unique[index] = true
				r.uniques++
			}
			continue
		}
		at := r.find(lowerASCII(row[4]))
		switch {
		case at < 0:
			r.refuse(BypassNotPrimaryKey, "the primary key cannot be read")
			r.widen("a write to a table whose primary key cannot be read")
			continue
		case row[5] != "":
			r.refuse(BypassNotPrimaryKey, "the primary key holds the beginning of a column only")
		case r.columns[at].name == generatedKey && r.columns[at].hidden:
			r.refuse(BypassNotPrimaryKey, "the primary key is one that the server made up, which a writer may not see")
		}
		r.key = append(r.key, at)
	}
	return nil
}

// find returns the position of a column, -1 where there is none. It is for the
// time before the relation is settled.
func (r *relation) find(name string) int {
	for at := range r.columns {
		if r.columns[at].name == name {
			return at
		}
	}
	return -1
}

// loadMySQLForeignKeys reads which tables others refer to. A foreign key with
// an action changes rows of the table that has it, at a write of the other:
// where that is in another database, the writer may not see the foreign key, so
// the table that has it is not cached by anybody.
func loadMySQLForeignKeys(l *loader, c *Catalog) error {
	rows, err := l.sorted("foreign keys", 7, myForeignKeys)
	if err != nil {
		return err
	}
	for _, row := range rows {
		action := !mysqlRefuses(row[5]) || !mysqlRefuses(row[6])
		if of := c.named(row[3:5]); of != nil {
			of.referenced = true
			of.actions = of.actions || action
		}
		if r := c.named(row); r != nil && action && c.fold(parse.Table{Schema: row[3]}).Schema != r.id.Schema {
			r.refuse(BypassNotBaseTable, "a foreign key with an action refers to another database, whose writers may not see it")
		}
	}
	return nil
}

func mysqlRefuses(action string) bool { return action == "NO ACTION" || action == "RESTRICT" }

// loadMySQLViews reads which views may run stored functions. The server has no
// list of what a view calls: its definition is read as a statement is. A
// function, or a table, that is not known may do anything.
func loadMySQLViews(l *loader, c *Catalog) error {
	rows, err := l.sorted("views", 3, myViews)
	if err != nil {
		return err
	}
	of := make(map[*relation]*parse.Facts, len(rows))
	for _, row := range rows {
		if r := c.named(row); r != nil && row[2] != "" {
			of[r] = parse.Parse(parse.MySQL, row[2])
		}
	}
	for _, r := range c.tables {
		if !r.view() {
			continue
		}
		switch f := of[r]; {
		case f == nil:
			r.readsRun = "a view whose definition the account does not see: grant it SHOW VIEW"
		case f.Kind != parse.Read || len(f.Writes) > 0:
			r.readsRun = "a view whose definition is not understood"
		case c.code.all(f).writes != "":
			r.readsRun = "a view with a stored function, or one that is not known"
		}
	}
	for changed := true; changed; { // a view of a view
		changed = false
		for r, f := range of {
			if r.readsRun == "" && c.runs(f) {
				r.readsRun, changed = "a view of a view with a stored function, or of a table that is not known", true
			}
		}
	}
	return nil
}

// view reports whether r is a view of MySQL.
func (r *relation) view() bool { return !r.base && r.reason == "a view" }

// runs reports whether a view of these facts may run code by what it reads.
func (c *Catalog) runs(f *parse.Facts) bool {
	for _, t := range f.Tables {
		if r := c.resolve(t); r == nil && !mysqlSystem(t.Schema) || r != nil && r.readsRun != "" {
			return true
		}
	}
	return false
}

// mysqlSystem reports whether a database is one of the server's own of which no
// view calls a stored function.
func mysqlSystem(database string) bool {
	switch lowerASCII(database) {
	case "mysql", "information_schema", "performance_schema":
		return true
	}
	return false
}
