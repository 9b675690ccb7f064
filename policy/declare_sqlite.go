package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// declaredSQLite is a file of SQLite that exists in its schema only.
type declaredSQLite struct {
	tables    map[string]*liteTable // views and virtual tables too; by name, lower case
	triggers  map[string]liteTrigger
	temp      map[string]bool // temporary tables of the file at hand
	sequences bool            // AUTOINCREMENT makes a table of the system
}

type liteTable struct {
	name        string
	kind        string // as pragma_table_list has it
	text        string
	columns     []parse.ColumnDefinition
	indexes     []liteIndex
	foreign     []parse.ForeignKey
	key         []string // the primary key's columns, lower case
	rowid       bool     // the key is the rowid
	withoutID   bool
	isStrict    bool
	rootless    bool // a view or a virtual table
	autoIndexes int
}

type liteIndex struct {
	name    string // lower case
	origin  string // c, u, pk
	unique  bool
	columns []string
	collate []string
}

type liteTrigger struct {
	table     string // lower case
	temporary bool
}

func newDeclaredSQLite() *declaredSQLite {
	return &declaredSQLite{tables: make(map[string]*liteTable), triggers: make(map[string]liteTrigger)}
}

func (d *declaredSQLite) begin() { d.temp = make(map[string]bool) }

// passing reports whether a name is that of a temporary table.
func (d *declaredSQLite) passing(t parse.Table) bool {
	return t.Schema == "" && d.temp[lowerASCII(t.Name)] || strings.EqualFold(t.Schema, "temp")
}

func (d *declaredSQLite) apply(s *parse.Statement) string {
	switch v := s.Declares.(type) {
	case *parse.CreateTable:
		if v.Temporary {
			d.temp[lowerASCII(v.Table.Name)] = true
			return ""
		}
		if problem := inMain(v.Table); problem != "" {
			return problem
		}
		return d.create(v, s.Text)
	case *parse.CreateView:
		if v.Temporary {
			d.temp[lowerASCII(v.Table.Name)] = true
			return ""
		}
		if problem := inMain(v.Table); problem != "" {
			return problem
		}
		return d.add(&liteTable{name: lowerASCII(v.Table.Name), kind: "view", rootless: true}, v.IfNotExists)
	case *parse.CreateIndex:
		return d.createIndex(v)
	case *parse.CreateTrigger:
		table := lowerASCII(v.Table.Name)
		if d.passing(v.Table) && v.Temporary {
			return ""
		}
		if d.tables[table] == nil {
			return notDeclared("table", v.Table.Name)
		}
		name := lowerASCII(v.Name)
		switch have, known := d.triggers[name]; {
		case !known:
			d.triggers[name] = liteTrigger{table: table, temporary: v.Temporary}
		case have.temporary != v.Temporary:
			return "the trigger " + v.Name + " is there twice, temporary and not: give one of them another name"
		case !v.IfNotExists:
			return declaredTwice("trigger", v.Name)
		}
	case *parse.AlterTable:
		return d.alter(v, s.Text)
	case *parse.DropObject:
		return d.drop(v)
	}
	return ""
}

// inMain refuses what is in another file.
func inMain(t parse.Table) string {
	if t.Schema == "" || strings.EqualFold(t.Schema, "main") {
		return ""
	}
	return fmt.Sprintf("%s.%s is in another database than main: take the statement out of the schema", t.Schema, t.Name)
}

func (d *declaredSQLite) add(t *liteTable, ifNotExists bool) string {
	switch {
	case d.tables[t.name] == nil:
		d.tables[t.name] = t
	case !ifNotExists:
		return declaredTwice("table", t.name)
	}
	return ""
}

func (d *declaredSQLite) create(v *parse.CreateTable, text string) string {
	t := &liteTable{name: lowerASCII(v.Table.Name), kind: "table", text: text, columns: v.Columns, foreign: v.ForeignKeys,
		withoutID: v.WithoutRowid, isStrict: v.Strict}
	if v.Kind == parse.VirtualTable {
		t.kind, t.rootless = "virtual", true
	}
	if v.Query != nil {
		t.text = "" // SQLite writes its own
	}
	for i := range v.Indexes {
		if v.Indexes[i].Primary && t.key != nil {
			return "a second primary key of " + v.Table.Name + ": SQLite allows one"
		}
		t.constrain(&v.Indexes[i])
	}
	if v.IfNotExists && d.tables[t.name] != nil {
		return ""
	}
	d.sequences = d.sequences || slices.ContainsFunc(v.Columns, func(c parse.ColumnDefinition) bool { return c.Increment })
	return d.add(t, false)
}

// constrain adds a PRIMARY KEY or UNIQUE of the table's definition.
func (t *liteTable) constrain(v *parse.IndexDefinition) {
	index := liteIndex{unique: true, origin: "u"}
	for _, c := range v.Columns {
		index.columns = append(index.columns, lowerASCII(c.Name))
		index.collate = append(index.collate, cmp.Or(c.Collation, t.collation(c.Name), "BINARY"))
	}
	if v.Primary {
		index.origin = "pk"
		t.key = index.columns
		// The rowid: INTEGER PRIMARY KEY, but not with DESC behind it.
		if at := t.find(index.columns[0]); !t.withoutID && len(index.columns) == 1 && at >= 0 &&
			strings.EqualFold(t.columns[at].Type.Text, "integer") && !(v.Inline && v.Columns[0].Descending) {
			t.rowid = true
			return
		}
	}
	for i := range t.indexes {
		same := &t.indexes[i]
		if slices.Equal(same.columns, index.columns) && slices.EqualFunc(same.collate, index.collate, strings.EqualFold) {
			if v.Primary {
				same.origin = "pk" // SQLite makes no second one
			}
			return
		}
	}
	t.autoIndexes++
	index.name = fmt.Sprintf("sqlite_autoindex_%s_%d", t.name, t.autoIndexes)
	t.indexes = append(t.indexes, index)
}

func (t *liteTable) find(column string) int {
	return slices.IndexFunc(t.columns, func(c parse.ColumnDefinition) bool { return lowerASCII(c.Name) == lowerASCII(column) })
}

func (t *liteTable) collation(column string) string {
	if at := t.find(column); at >= 0 {
		return t.columns[at].Collation.Name
	}
	return ""
}

func (d *declaredSQLite) createIndex(v *parse.CreateIndex) string {
	if d.passing(v.Table) {
		return ""
	}
	if problem := inMain(v.Table); problem != "" {
		return problem
	}
	t := d.tables[lowerASCII(v.Table.Name)]
	if t == nil {
		return notDeclared("table", v.Table.Name)
	}
	name := lowerASCII(v.Index.Name)
	if owner, _ := d.index(name); owner != nil {
		if v.IfNotExists {
			return ""
		}
		return declaredTwice("index", v.Index.Name)
	}
	t.indexes = append(t.indexes, liteIndex{name: name, origin: "c", unique: v.Index.Unique})
	return ""
}

// index finds an index by its name.
func (d *declaredSQLite) index(name string) (*liteTable, int) {
	for _, t := range d.tables {
		if at := slices.IndexFunc(t.indexes, func(i liteIndex) bool { return i.name == name }); at >= 0 {
			return t, at
		}
	}
	return nil, 0
}

func (d *declaredSQLite) drop(v *parse.DropObject) string {
	if v.What == parse.TriggerObject {
		if _, known := d.triggers[lowerASCII(v.Name)]; !known && !v.IfExists {
			return notDeclared("trigger", v.Name)
		}
		delete(d.triggers, lowerASCII(v.Name))
		return ""
	}
	for _, n := range v.Names {
		name := lowerASCII(n.Name)
		if d.passing(n) {
			delete(d.temp, name)
			continue
		}
		if problem := inMain(n); problem != "" {
			return problem
		}
		if v.What == parse.IndexObject {
			t, at := d.index(name)
			switch {
			case t != nil:
				t.indexes = slices.Delete(t.indexes, at, at+1)
			case !v.IfExists:
				return notDeclared("index", n.Name)
			}
			continue
		}
		if d.tables[name] == nil && !v.IfExists {
			return notDeclared("table", n.Name)
		}
		delete(d.tables, name)
		maps.DeleteFunc(d.triggers, func(_ string, t liteTrigger) bool { return t.table == name })
	}
	return ""
}

func (d *declaredSQLite) alter(v *parse.AlterTable, text string) string {
	if d.passing(v.Table) {
		return ""
	}
	if problem := inMain(v.Table); problem != "" {
		return problem
	}
	t := d.tables[lowerASCII(v.Table.Name)]
	if t == nil {
		return notDeclared("table", v.Table.Name)
	}
	t.text += "\n" + text // SQLite writes its words into the table's own text
	for i := range v.Actions {
		a := &v.Actions[i]
		at := t.find(a.Column)
		switch a.Do {
		case parse.AddColumn:
			t.columns = append(t.columns, *a.Definition)
		case parse.AddForeignKey:
			t.foreign = append(t.foreign, *a.ForeignKey)
		case parse.AddCheck:
		case parse.RenameTable:
			d.rename(t, lowerASCII(a.NewName))
		case parse.RenameColumn, parse.DropColumn:
			if at < 0 {
				return notDeclared("column", v.Table.Name+"."+a.Column)
			}
			if a.Do == parse.DropColumn {
				t.columns = slices.Delete(t.columns, at, at+1)
				break
			}
			t.columns[at].Name = a.NewName
			renameIn(t.key, lowerASCII(a.Column), lowerASCII(a.NewName))
			for _, index := range t.indexes {
				renameIn(index.columns, lowerASCII(a.Column), lowerASCII(a.NewName))
			}
		default:
			return "a form of ALTER TABLE that is not understood: take it out of the schema"
		}
	}
	return ""
}

func renameIn(names []string, from, to string) {
	for i := range names {
		if names[i] == from {
			names[i] = to
		}
	}
}

// rename gives a table another name, where it is referred to as well.
func (d *declaredSQLite) rename(t *liteTable, name string) {
	old := t.name
	delete(d.tables, old)
	t.name = name
	d.tables[name] = t
	for key, trigger := range d.triggers {
		if trigger.table == old {
			trigger.table = name
			d.triggers[key] = trigger
		}
	}
	for _, other := range d.tables {
		for _, f := range other.foreign {
			// With PRAGMA legacy_alter_table they still refer to the old name.
			if lowerASCII(f.References.Name) == old {
				f.References.Name = name
				other.foreign = append(other.foreign, f)
			}
		}
	}
}
