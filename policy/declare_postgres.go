package policy

import (
	"slices"

	"github.com/moneyclip/moneyclip/parse"
)

// declaredPostgreSQL is a database of PostgreSQL that exists in its schema
// only.
type declaredPostgreSQL struct {
	server  *pgServer
	session Queryer // of the program; nil if there is none

	path     []string // of the statement at hand
	outside  []string // the path behind the transaction; valid where local
	local    bool
	last     int // the last number given to an object
	oids     map[parse.Table]*declaredTable
	tables   []*declaredTable // in the order of their making
	temp     map[string]bool  // temporary tables of the file at hand
	code     []*declaredFunction
	ops      []parse.CreateOperator
	casts    []parse.CreateCast
	types    map[parse.Table]*declaredType
	extended map[string]string // extensions, and the schema of each
	collate  map[parse.Table]bool
	support  []*parse.Facts // code that runs for types and indexes
}

// declaredTable is a relation of any kind.
type declaredTable struct {
	oid       int
	id        parse.Table
	kind      string // as pg_class has it
	unlogged  bool
	secured   bool // row-level security
	unknown   bool // its columns are not in the schema
	parents   []*declaredTable
	columns   []declaredColumn
	lastNum   int
	indexes   []declaredIndex
	foreign   []declaredForeign
	checks    []parse.Check
	triggers  map[string]bool
	rules     map[string]*parse.Facts
	policies  map[string]*parse.Facts
	query     *parse.Facts     // of a view
	reads     []*declaredTable // by a view or a rule
	ownedBy   *declaredTable   // a sequence's table
	ownerName string           // and column
}

type declaredColumn struct {
	parse.ColumnDefinition
	number        int
	typ           parse.Table // resolved; the schema is empty where the type is not known
	clock         bool
	nondetermined bool
	noisy         bool // the type's output function is volatile
}

type declaredIndex struct {
	parse.IndexDefinition
	numbers []int // of the columns; 0 for an expression
}

type declaredForeign struct {
	parse.ForeignKey
	of *declaredTable
}

func newDeclaredPostgreSQL(session Queryer) *declaredPostgreSQL {
	d := &declaredPostgreSQL{
		server: builtinPostgreSQL(), session: session, last: 16384,
		oids: make(map[parse.Table]*declaredTable), types: make(map[parse.Table]*declaredType),
		extended: map[string]string{"plpgsql": "pg_catalog"}, collate: make(map[parse.Table]bool),
	}
	d.begin()
	return d
}

var pgDefaultPath = []string{"public"}

func (d *declaredPostgreSQL) begin() {
	d.path, d.local, d.temp = pgDefaultPath, false, make(map[string]bool)
}

func (d *declaredPostgreSQL) apply(s *parse.Statement) string {
	switch v := s.Declares.(type) {
	case *parse.SetPath:
		d.setPath(v)
	case *parse.CreateTable:
		return d.createTable(v)
	case *parse.CreateView:
		return d.createView(v)
	case *parse.CreateSequence:
		return d.createSequence(v)
	case *parse.CreateIndex:
		return d.createIndex(v)
	case *parse.CreateTrigger:
		return d.on(v.Table, false, func(t *declaredTable) string { t.triggers[v.Name] = true; return "" })
	case *parse.CreateRule:
		return d.on(v.Table, false, func(t *declaredTable) string {
			t.rules[v.Name] = v.Uses
			t.reads = append(t.reads, d.all(v.Uses.Tables)...)
			return ""
		})
	case *parse.CreatePolicy:
		return d.on(v.Table, false, func(t *declaredTable) string { t.policies[v.Name] = v.Uses; return "" })
	case *parse.AlterTable:
		return d.alter(v)
	case *parse.DropObject:
		return d.drop(v)
	case *parse.RenameObject:
		return d.rename(v)
	default:
		return d.applyCode(s)
	}
	return ""
}

func (d *declaredPostgreSQL) setPath(v *parse.SetPath) {
	if v.End {
		if d.local {
			d.path, d.local = d.outside, false
		}
		return
	}
	if v.Local && !d.local {
		d.outside, d.local = d.path, true
	}
	d.path = v.Path
	if v.Path == nil {
		d.path = pgDefaultPath
	}
	d.path = slices.DeleteFunc(slices.Clone(d.path), func(s string) bool { return s == "$user" })
	if !v.Local {
		d.local = false
	}
}

// place returns where a new object of a name is.
func (d *declaredPostgreSQL) place(t parse.Table) (parse.Table, string) {
	if t.Schema != "" {
		return t, ""
	}
	for _, schema := range d.path {
		if schema != "pg_catalog" {
			return parse.Table{Schema: schema, Name: t.Name}, ""
		}
	}
	return t, "no schema is selected to create " + t.Name + " in: write its schema, or SET search_path before it"
}

// find returns what an existing name stands for; nil where it is not declared.
func (d *declaredPostgreSQL) find(t parse.Table) *declaredTable {
	if t.Schema != "" {
		return d.oids[t]
	}
	for _, schema := range d.path {
		if found := d.oids[parse.Table{Schema: schema, Name: t.Name}]; found != nil {
			return found
		}
	}
	return nil
}

func (d *declaredPostgreSQL) all(names []parse.Table) (list []*declaredTable) {
	for _, name := range names {
		if t := d.find(name); t != nil {
			list = append(list, t)
		}
	}
	return list
}

// on calls f for a relation that a statement names.
func (d *declaredPostgreSQL) on(name parse.Table, ifExists bool, f func(*declaredTable) string) string {
	if name.Schema == "" && d.temp[name.Name] {
		return ""
	}
	t := d.find(name)
	switch {
	case t != nil:
		return f(t)
	case ifExists:
		return ""
	}
	return notDeclared("table", dotted(name))
}

func dotted(t parse.Table) string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

func (d *declaredPostgreSQL) number() int {
	d.last++
	return d.last
}

// add takes in a new relation.
func (d *declaredPostgreSQL) add(t *declaredTable) {
	t.oid = d.number()
	t.triggers, t.rules, t.policies = make(map[string]bool), make(map[string]*parse.Facts), make(map[string]*parse.Facts)
	d.oids[t.id] = t
	d.tables = append(d.tables, t)
}

// fresh places a new relation; exists says that there is one of that name, and
// that the statement allows it.
func (d *declaredPostgreSQL) fresh(name parse.Table, kind string, ifNotExists bool) (t *declaredTable, exists bool, problem string) {
	id, problem := d.place(name)
	switch {
	case problem != "":
		return nil, false, problem
	case name.Schema == "" && d.temp[name.Name]:
		return nil, false, name.Name + " is a temporary table before: write the schema of the one that stays"
	case d.oids[id] != nil && ifNotExists:
		return d.oids[id], true, ""
	case d.oids[id] != nil:
		return nil, false, declaredTwice("relation", dotted(id))
	}
	return &declaredTable{id: id, kind: kind}, false, ""
}

func (d *declaredPostgreSQL) createView(v *parse.CreateView) string {
	if v.Temporary {
		d.temp[v.Table.Name] = true
		return ""
	}
	kind := "v"
	if v.Materialized {
		kind = "m"
	}
	t, exists, problem := d.fresh(v.Table, kind, v.IfNotExists || v.Replace)
	if problem != "" || exists && !v.Replace {
		return problem
	}
	if exists && t.kind != "v" {
		return declaredTwice("relation", dotted(t.id))
	}
	t.query, t.reads = v.Query, d.all(v.Query.Tables)
	if !exists {
		d.add(t)
	}
	return ""
}

func (d *declaredPostgreSQL) createSequence(v *parse.CreateSequence) string {
	t, exists, problem := d.fresh(v.Table, "S", v.IfNotExists)
	if problem == "" && !exists {
		d.add(t)
	}
	return problem
}
