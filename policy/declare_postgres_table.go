package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

func (d *declaredPostgreSQL) createTable(v *parse.CreateTable) string {
	if v.Temporary {
		if d.find(parse.Table{Name: v.Table.Name}) != nil {
			return hidden(v.Table.Name)
		}
		d.temp[v.Table.Name] = true
		return ""
	}
	kind := map[parse.TableKind]string{parse.PlainTable: "r", parse.PartitionedTable: "p", parse.ForeignTable: "f", parse.VirtualTable: "f"}[v.Kind]
	t, exists, problem := d.fresh(v.Table, kind, v.IfNotExists)
	if problem != "" || exists {
		return problem
	}
	t.unlogged, t.unknown = v.Unlogged, v.OfType || v.Query != nil
	for _, name := range v.Parents {
		parent := d.find(name)
		if parent == nil {
			return notDeclared("table", dotted(name))
		}
		t.parents = append(t.parents, parent)
	}
	d.add(t)
	for _, parent := range t.parents {
		d.inherit(t, parent, v.PartitionOf)
	}
	for i := range len(v.Columns) + 1 {
		for _, like := range v.Like {
			if like.At != i {
				continue
			}
			from := d.find(like.Table)
			if from == nil {
				return notDeclared("table", dotted(like.Table))
			}
			d.copyLike(t, from, like)
		}
		if i < len(v.Columns) {
			d.addColumn(t, &v.Columns[i])
		}
	}
	t.checks = append(t.checks, v.Checks...)
	d.nameChecks(t)
	for i := range v.Indexes {
		if problem := d.addIndex(t, v.Indexes[i], true); problem != "" {
			return problem
		}
	}
	for i := range v.ForeignKeys {
		if problem := d.addForeign(t, v.ForeignKeys[i]); problem != "" {
			return problem
		}
	}
	return ""
}

// inherit gives a table the columns of its parent, and a partition its keys.
func (d *declaredPostgreSQL) inherit(t, parent *declaredTable, partition bool) {
	t.unknown = t.unknown || parent.unknown
	for i := range parent.columns {
		if t.column(parent.columns[i].Name) == nil {
			t.lastNum++
			c := parent.columns[i]
			c.number = t.lastNum
			t.columns = append(t.columns, c)
		}
	}
	t.checks = append(t.checks, parent.checks...)
	if partition {
		d.partition(t, parent)
	}
}

// partition gives a partition the indexes and foreign keys of its parent.
func (d *declaredPostgreSQL) partition(t, parent *declaredTable) {
	for _, index := range parent.indexes {
		d.addToPartition(t, index.IndexDefinition)
	}
	for _, f := range parent.foreign {
		t.foreign = append(t.foreign, f)
	}
}

func (d *declaredPostgreSQL) copyLike(t, from *declaredTable, like parse.Like) {
	t.unknown = t.unknown || from.unknown
	for i := range from.columns {
		t.lastNum++
		c := from.columns[i]
		c.number = t.lastNum
		c.Generated = c.Generated && like.Generated
		if !like.Defaults && !c.Generated {
			c.Default = nil
		}
		c.Increment = c.Increment && like.Identity && c.Default == nil
		t.columns = append(t.columns, c)
		if c.Increment {
			d.ownSequence(t, c.Name)
		}
	}
	if like.Checks {
		t.checks = append(t.checks, from.checks...)
	}
	if like.Indexes {
		for _, index := range from.indexes {
			def := index.IndexDefinition
			def.Name = ""
			d.addIndex(t, def, true)
		}
	}
}

func (t *declaredTable) column(name string) *declaredColumn {
	at := slices.IndexFunc(t.columns, func(c declaredColumn) bool { return c.Name == name })
	if at < 0 {
		return nil
	}
	return &t.columns[at]
}

var pgSerials = map[string]string{
	"serial": "int4", "serial4": "int4", "bigserial": "int8", "serial8": "int8", "smallserial": "int2", "serial2": "int2",
}

// addColumn adds a column, or what is said besides of one that is inherited.
func (d *declaredPostgreSQL) addColumn(t *declaredTable, v *parse.ColumnDefinition) {
	if have := t.column(v.Name); have != nil {
		have.Default, have.NotNull = v.Default, have.NotNull || v.NotNull
		return
	}
	t.lastNum++
	c := declaredColumn{ColumnDefinition: *v, number: t.lastNum}
	if integer := pgSerials[v.Type.Name]; integer != "" && v.Type.Schema == "" {
		c.Type = parse.Type{Schema: "pg_catalog", Name: integer}
		c.Increment = true
		c.Default = &parse.Facts{Kind: parse.Read}
	}
	d.setType(&c)
	t.columns = append(t.columns, c)
	if c.Increment {
		d.ownSequence(t, c.Name)
	}
}

// setType resolves the column's type and collation.
func (d *declaredPostgreSQL) setType(c *declaredColumn) {
	found := d.resolveType(c.Type)
	c.typ, c.clock, c.noisy = found.id, found.clock, found.noisy
	c.nondetermined = false
	if name := c.Collation.Name; name != "" {
		c.nondetermined = !d.deterministic(c.Collation)
	}
}

// deterministic reports whether a collation is known to be. The server's own
// are; one that is not declared is not known. A declared one comes first: its
// name may be of the same form.
func (d *declaredPostgreSQL) deterministic(t parse.Table) bool {
	switch t.Schema {
	case "pg_catalog":
		return true
	case "":
	default:
		return d.collate[t]
	}
	for _, schema := range d.path {
		if yes, known := d.collate[parse.Table{Schema: schema, Name: t.Name}]; known {
			return yes
		}
	}
	return pgOwnCollation(t.Name)
}

// pgOwnCollation reports whether a name is of the form that the server's own
// collations have: C, POSIX, en_US.utf8, de-x-icu.
func pgOwnCollation(name string) bool {
	switch name {
	case "default", "C", "POSIX", "ucs_basic", "unicode", "und-x-icu", "pg_c_utf8", "pg_unicode_fast", "C.utf8", "C.UTF-8":
		return true
	}
	return strings.HasSuffix(name, "-x-icu") || len(name) >= 5 && name[2] == '_'
}

// ownSequence makes the sequence of a column.
func (d *declaredPostgreSQL) ownSequence(t *declaredTable, column string) {
	s := &declaredTable{kind: "S", ownedBy: t, ownerName: column}
	s.id = parse.Table{Schema: t.id.Schema, Name: d.relationName(t.id.Schema, t.id.Name, column, "seq")}
	d.add(s)
}

// relationName chooses a name as the server does: table_column_label, cut to
// 63 bytes, with a number where it is taken.
func (d *declaredPostgreSQL) relationName(schema, table, column, label string) string {
	for n := 0; ; n++ {
		full := label
		if n > 0 {
			full += strconv.Itoa(n)
		}
		id := parse.Table{Schema: schema, Name: pgObjectName(table, column, full)}
		if owner, _ := d.index(id); d.oids[id] == nil && owner == nil {
			return id.Name
		}
	}
}

// pgObjectName is makeObjectName of the server.
func pgObjectName(first, second, label string) string {
	const most = 63
	room := most - len(label) - 1
	if second != "" {
		room--
	}
	a, b := len(first), len(second)
	for a+b > room {
		if a > b {
			a--
		} else {
			b--
		}
	}
	name := cutText(first, a)
	if second != "" {
		name += "_" + cutText(second, b)
	}
	return name + "_" + label
}

// cutText cuts at most n bytes, between characters.
func cutText(s string, n int) string {
	for n > 0 && n < len(s) && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// addToPartition gives a partition an index of its table, unless it has one
// that will do.
func (d *declaredPostgreSQL) addToPartition(t *declaredTable, v parse.IndexDefinition) {
	same := func(have declaredIndex) bool {
		return have.Unique == v.Unique && slices.EqualFunc(have.Columns, v.Columns, func(a, b parse.IndexColumn) bool { return a.Name == b.Name })
	}
	if !slices.ContainsFunc(t.indexes, same) {
		v.Name = ""
		d.addIndex(t, v, false)
	}
}

// addIndex adds an index or the constraint that has one. only says that
// partitions have their own.
func (d *declaredPostgreSQL) addIndex(t *declaredTable, v parse.IndexDefinition, only bool) string {
	if v.Primary && slices.ContainsFunc(t.indexes, func(i declaredIndex) bool { return i.Primary }) {
		return "a second primary key of " + t.id.Name + ": drop the first one before it"
	}
	if v.Using != "" {
		return d.constrain(t, v)
	}
	index := declaredIndex{IndexDefinition: v}
	var names []string
	for i, c := range v.Columns {
		number := 0
		if column := t.column(c.Name); column != nil {
			number = column.number
			column.NotNull = column.NotNull || v.Primary
		} else if c.Name != "" && !t.unknown && !pgSystemColumn(c.Name) {
			return notDeclared("column", t.id.Name+"."+c.Name)
		}
		index.numbers = append(index.numbers, number)
		if i < len(v.Columns)-v.Included || !v.Unique {
			if c.Name == "" {
				c.Name = "expr"
			}
			names = append(names, c.Name)
		}
	}
	if index.Name == "" {
		switch {
		case v.Primary:
			index.Name = d.relationName(t.id.Schema, t.id.Name, "", "pkey")
		case v.Exclusion:
			index.Name = d.relationName(t.id.Schema, t.id.Name, strings.Join(names, "_"), "excl")
		default:
			index.Name = d.relationName(t.id.Schema, t.id.Name, strings.Join(names, "_"), "key")
		}
	}
	t.indexes = append(t.indexes, index)
	if !only {
		d.toPartitions(t, func(child *declaredTable) { d.addToPartition(child, v) })
	}
	return ""
}

func pgSystemColumn(name string) bool {
	return slices.Contains([]string{"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}, name)
}

// toPartitions does to the partitions what was done to their table.
func (d *declaredPostgreSQL) toPartitions(t *declaredTable, f func(*declaredTable)) {
	if t.kind != "p" {
		return
	}
	for _, child := range d.tables {
		if slices.Contains(child.parents, t) {
			f(child)
		}
	}
}

// constrain makes an index that exists a constraint's.
func (d *declaredPostgreSQL) constrain(t *declaredTable, v parse.IndexDefinition) string {
	at := slices.IndexFunc(t.indexes, func(i declaredIndex) bool { return i.Name == v.Using })
	if at < 0 {
		return notDeclared("index", v.Using)
	}
	index := &t.indexes[at]
	index.Primary, index.Deferrable = v.Primary, v.Deferrable
	if v.Name != "" {
		index.Name = v.Name
	}
	return ""
}

func (d *declaredPostgreSQL) createIndex(v *parse.CreateIndex) string {
	return d.on(v.Table, false, func(t *declaredTable) string {
		if v.Index.Name != "" {
			if owner, _ := d.index(parse.Table{Schema: t.id.Schema, Name: v.Index.Name}); owner != nil {
				if v.IfNotExists {
					return ""
				}
				return declaredTwice("index", v.Index.Name)
			}
			return d.addIndex(t, v.Index, v.Only)
		}
		var names []string
		for _, c := range v.Index.Columns {
			if c.Name == "" {
				c.Name = "expr"
			}
			names = append(names, c.Name)
		}
		v.Index.Name = d.relationName(t.id.Schema, t.id.Name, strings.Join(names, "_"), "idx")
		return d.addIndex(t, v.Index, v.Only)
	})
}

func (d *declaredPostgreSQL) addForeign(t *declaredTable, v parse.ForeignKey) string {
	of := d.find(v.References)
	if of == nil {
		return notDeclared("table", dotted(v.References))
	}
	if v.Name == "" {
		v.Name = t.constraintName(strings.Join(v.Columns, "_"), "fkey")
	}
	t.foreign = append(t.foreign, declaredForeign{ForeignKey: v, of: of})
	d.toPartitions(t, func(child *declaredTable) { d.addForeign(child, v) })
	return ""
}

// nameChecks names the checks that have no name.
func (d *declaredPostgreSQL) nameChecks(t *declaredTable) {
	for i := range t.checks {
		if c := &t.checks[i]; c.Name == "" {
			column := ""
			if len(c.Columns) == 1 {
				column = c.Columns[0]
			}
			c.Name = t.constraintName(column, "check")
		}
	}
}

// constraintName chooses the name of a constraint without an index.
func (t *declaredTable) constraintName(column, label string) string {
	for n := 0; ; n++ {
		full := label
		if n > 0 {
			full += strconv.Itoa(n)
		}
		name := pgObjectName(t.id.Name, column, full)
		taken := slices.ContainsFunc(t.checks, func(c parse.Check) bool { return c.Name == name }) ||
			slices.ContainsFunc(t.foreign, func(f declaredForeign) bool { return f.Name == name }) ||
			slices.ContainsFunc(t.indexes, func(i declaredIndex) bool { return i.Name == name })
		if !taken {
			return name
		}
	}
}
