package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// declaredMySQL is a server of MySQL or MariaDB that exists in its schema only.
// Its names are compared with case, its engine is InnoDB where a table names no
// other, and what a table's text is compared by is known only where the table
// or the column says so. Of functions it has those that every server has that
// is still supported.
type declaredMySQL struct {
	database string // in which unqualified names are
	named    bool   // by the program, not by the last USE
	using    string
	tables   []*myTable
	triggers []parse.CreateTrigger
	routines []parse.Table
}

type myTable struct {
	id        parse.Table
	kind      string // as information_schema has it
	engine    string
	charset   string // of later columns that name none
	collation string
	columns   []parse.ColumnDefinition // names as written
	indexes   []parse.IndexDefinition
	foreign   []parse.ForeignKey
	view      string
}

// mockDatabase is what unqualified names are in where no database is named.
const mockDatabase = "default"

func newDeclaredMySQL(database string) *declaredMySQL {
	return &declaredMySQL{database: cmp.Or(database, mockDatabase), named: database != ""}
}

func (d *declaredMySQL) begin() { d.using = d.database }

func (d *declaredMySQL) qualify(t parse.Table) parse.Table {
	t.Schema = cmp.Or(t.Schema, d.using)
	return t
}

func (d *declaredMySQL) find(t parse.Table) *myTable {
	t = d.qualify(t)
	for _, have := range d.tables {
		if have.id == t {
			return have
		}
	}
	return nil
}

func (d *declaredMySQL) apply(s *parse.Statement) string {
	switch v := s.Declares.(type) {
	case *parse.SetPath:
		d.using = v.Path[0]
		if !d.named {
			d.database = d.using
		}
	case *parse.CreateTable:
		if v.Temporary {
			if d.find(v.Table) != nil {
				return hidden(v.Table.Name)
			}
			return ""
		}
		return d.create(v)
	case *parse.CreateView:
		t := d.find(v.Table)
		switch {
		case t == nil:
			t = &myTable{id: d.qualify(v.Table), kind: "VIEW"}
			d.tables = append(d.tables, t)
		case !v.Replace || t.kind != "VIEW":
			return declaredTwice("table", v.Table.Name)
		}
		if t.view = v.Text; t.id.Schema != d.using || d.using != d.database {
			t.view = "" // its names are in another database than those of the session
		}
	case *parse.CreateSequence:
		if d.find(v.Table) == nil {
			d.tables = append(d.tables, &myTable{id: d.qualify(v.Table), kind: "SEQUENCE", engine: "InnoDB"})
		}
	case *parse.CreateIndex:
		return d.alter(&parse.AlterTable{Table: v.Table, Actions: []parse.AlterAction{{Do: parse.AddIndex, Index: &v.Index, IfExists: v.IfNotExists}}})
	case *parse.CreateTrigger:
		t := d.find(v.Table)
		if t == nil {
			return notDeclared("table", v.Table.Name)
		}
		v.Table = t.id
		d.triggers = append(d.triggers, *v)
	case *parse.CreateFunction:
		d.routines = append(d.routines, d.qualify(parse.Table{Schema: v.Function.Schema, Name: v.Function.Name}))
	case *parse.AlterTable:
		return d.alter(v)
	case *parse.DropObject:
		return d.drop(v)
	}
	return ""
}

func (d *declaredMySQL) create(v *parse.CreateTable) string {
	if d.find(v.Table) != nil {
		if v.IfNotExists {
			return ""
		}
		return declaredTwice("table", v.Table.Name)
	}
	t := &myTable{id: d.qualify(v.Table), kind: "BASE TABLE", engine: engineName(v.Engine), charset: v.Charset, collation: v.Collation}
	for _, like := range v.Like {
		from := d.find(like.Table)
		if from == nil {
			return notDeclared("table", like.Table.Name)
		}
		t.engine, t.charset, t.collation = from.engine, from.charset, from.collation
		t.columns, t.indexes = slices.Clone(from.columns), slices.Clone(from.indexes)
	}
	for _, c := range v.Columns {
		t.setText(&c)
		t.columns = append(t.columns, c)
	}
	for i := range v.Indexes {
		// A SERIAL that is the primary key is unique by it already.
		if v.Indexes[i].Inline && !v.Indexes[i].Primary && slices.ContainsFunc(v.Indexes, func(other parse.IndexDefinition) bool {
			return other.Inline && other.Primary && other.Columns[0] == v.Indexes[i].Columns[0]
		}) {
			continue
		}
		if problem := t.addIndex(v.Indexes[i]); problem != "" {
			return problem
		}
	}
	for _, f := range v.ForeignKeys {
		d.addForeign(t, f)
	}
	d.tables = append(d.tables, t)
	return ""
}

// engineName spells an engine as the server does.
func engineName(name string) string {
	for known := range mysqlEngines {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return cmp.Or(name, "InnoDB")
}

// setText settles how a column's text is compared, as far as column and table
// say so.
func (t *myTable) setText(c *parse.ColumnDefinition) {
	switch c.Type.Name {
	case "char", "varchar", "enum", "set", "tinytext", "text", "mediumtext", "longtext":
	default:
		c.Charset, c.Collation.Name = "", ""
		return
	}
	if c.Charset == "" && c.Collation.Name == "" {
		c.Charset, c.Collation.Name = t.charset, t.collation
	}
	if set, _, found := strings.Cut(c.Collation.Name, "_"); found && c.Charset == "" {
		c.Charset = set
	}
}

func (t *myTable) find(column string) int {
	return slices.IndexFunc(t.columns, func(c parse.ColumnDefinition) bool { return lowerASCII(c.Name) == lowerASCII(column) })
}

func (t *myTable) addIndex(v parse.IndexDefinition) string {
	for _, c := range v.Columns {
		if at := t.find(c.Name); c.Name != "" && at < 0 && len(t.columns) > 0 {
			return notDeclared("column", t.id.Name+"."+c.Name)
		}
	}
	v.Columns = slices.Clone(v.Columns)
	switch {
	case v.Primary:
		if t.index("PRIMARY") >= 0 {
			return "a second primary key of " + t.id.Name + ": drop the first one before it"
		}
		v.Name = "PRIMARY"
	case v.Name == "" && len(v.Columns) > 0:
		v.Name = t.freeName(cmp.Or(v.Columns[0].Name, "functional_index"))
	case t.index(v.Name) >= 0:
		return declaredTwice("index", t.id.Name+"."+v.Name)
	}
	t.indexes = append(t.indexes, v)
	return ""
}

// freeName chooses the name of an index as the server does: that of its first
// column, with a number where it is taken.
func (t *myTable) freeName(column string) string {
	name := column
	for n := 2; t.index(name) >= 0 || strings.EqualFold(name, "PRIMARY"); n++ {
		name = column + "_" + string(appendDecimal(nil, n))
	}
	return name
}

func (t *myTable) index(name string) int {
	return slices.IndexFunc(t.indexes, func(i parse.IndexDefinition) bool { return strings.EqualFold(i.Name, name) })
}

func (d *declaredMySQL) addForeign(t *myTable, f parse.ForeignKey) {
	f.References.Schema = cmp.Or(f.References.Schema, t.id.Schema)
	if f.Name == "" {
		last := 0
		for _, have := range t.foreign {
			if number, made := t.madeName(have.Name); made {
				last = max(last, number)
			}
		}
		f.Name = t.id.Name + foreignInfix + strconv.Itoa(last+1)
	}
	t.foreign = append(t.foreign, f)
}

// foreignInfix is in the names that InnoDB makes for foreign keys without one:
// that of the table before it, one more than the highest number behind it. A
// table that is renamed takes them with it.
const foreignInfix = "_ibfk_"

// madeName returns the number in a name that InnoDB made.
func (t *myTable) madeName(name string) (number int, made bool) {
	digits, made := strings.CutPrefix(name, t.id.Name+foreignInfix)
	number, err := strconv.Atoi(digits)
	return number, made && err == nil
}

func (d *declaredMySQL) drop(v *parse.DropObject) string {
	if v.What == parse.TriggerObject {
		schema := cmp.Or(v.Names[0].Schema, d.using)
		before := len(d.triggers)
		d.triggers = slices.DeleteFunc(d.triggers, func(t parse.CreateTrigger) bool { return t.Table.Schema == schema && t.Name == v.Name })
		if before == len(d.triggers) && !v.IfExists {
			return notDeclared("trigger", v.Name)
		}
		return ""
	}
	for _, name := range v.Names {
		switch v.What {
		case parse.SchemaObject:
			in := func(schema string) bool { return schema == name.Name }
			d.tables = slices.DeleteFunc(d.tables, func(t *myTable) bool { return in(t.id.Schema) })
			d.triggers = slices.DeleteFunc(d.triggers, func(t parse.CreateTrigger) bool { return in(t.Table.Schema) })
			d.routines = slices.DeleteFunc(d.routines, func(t parse.Table) bool { return in(t.Schema) })
		case parse.FunctionObject:
			id := d.qualify(name)
			d.routines = slices.DeleteFunc(d.routines, func(t parse.Table) bool { return t.Schema == id.Schema && strings.EqualFold(t.Name, id.Name) })
		default:
			t := d.find(name)
			if t == nil {
				if v.IfExists {
					continue
				}
				return notDeclared("table", name.Name)
			}
			d.tables = slices.DeleteFunc(d.tables, func(have *myTable) bool { return have == t })
			d.triggers = slices.DeleteFunc(d.triggers, func(have parse.CreateTrigger) bool { return have.Table == t.id })
		}
	}
	return ""
}
