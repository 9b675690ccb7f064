package policy

import (
	"slices"

	"github.com/moneyclip/moneyclip/parse"
)

func (d *declaredPostgreSQL) alter(v *parse.AlterTable) string {
	return d.on(v.Table, v.IfExists, func(t *declaredTable) string {
		for i := range v.Actions {
			if problem := d.alterOne(t, &v.Actions[i], v.Only); problem != "" {
				return problem
			}
		}
		return ""
	})
}

func (d *declaredPostgreSQL) alterOne(t *declaredTable, a *parse.AlterAction, only bool) string {
	switch a.Do {
	case parse.AddColumn:
		if t.column(a.Definition.Name) != nil {
			if a.IfExists {
				return ""
			}
			return declaredTwice("column", t.id.Name+"."+a.Definition.Name)
		}
		d.family(t, func(t *declaredTable) { d.addColumn(t, a.Definition) })
	case parse.AddIndex:
		return d.addIndex(t, *a.Index, only)
	case parse.AddForeignKey:
		return d.addForeign(t, *a.ForeignKey)
	case parse.AddCheck:
		d.family(t, func(t *declaredTable) {
			t.checks = append(t.checks, *a.Check)
			d.nameChecks(t)
		})
	case parse.DropConstraint:
		return d.dropConstraint(t, a)
	case parse.RenameConstraint:
		t.renameConstraint(a.Name, a.NewName)
	case parse.SetUnlogged, parse.SetLogged:
		t.unlogged = a.Do == parse.SetUnlogged
	case parse.EnableRowSecurity, parse.DisableRowSecurity:
		t.secured = a.Do == parse.EnableRowSecurity
	case parse.Inherit, parse.NoInherit, parse.AttachPart, parse.DetachPart:
		return d.relate(t, a)
	case parse.DropColumn, parse.RenameColumn, parse.AlterType, parse.SetColumnDefault, parse.DropColumnDefault,
		parse.AddIdentity, parse.DropIdentity, parse.DropExpression:
		if t.column(a.Column) == nil {
			if a.IfExists || t.unknown || t.kind != "r" && t.kind != "p" {
				return ""
			}
			return notDeclared("column", t.id.Name+"."+a.Column)
		}
		d.family(t, func(t *declaredTable) {
			if c := t.column(a.Column); c != nil {
				d.alterColumn(t, c, a)
			}
		})
	default:
		return "a form of ALTER TABLE that is not understood: write it in another way, or take it out of the schema"
	}
	return ""
}

// family calls f for a table and all that inherit from it.
func (d *declaredPostgreSQL) family(t *declaredTable, f func(*declaredTable)) {
	f(t)
	for _, child := range slices.Clone(d.tables) {
		if slices.Contains(child.parents, t) {
			d.family(child, f)
		}
	}
}

func (d *declaredPostgreSQL) alterColumn(t *declaredTable, c *declaredColumn, a *parse.AlterAction) {
	switch a.Do {
	case parse.DropColumn:
		d.dropColumn(t, c)
	case parse.RenameColumn:
		t.renameColumn(c, a.NewName)
		for _, s := range d.tables {
			if s.ownedBy == t && s.ownerName == a.Column {
				s.ownerName = a.NewName
			}
		}
	case parse.AlterType:
		c.Type, c.Collation = a.Definition.Type, a.Definition.Collation
		d.setType(c)
	case parse.SetColumnDefault:
		c.Default = a.Uses
	case parse.DropColumnDefault:
		c.Default = nil
	case parse.AddIdentity:
		c.Increment = true
		d.ownSequence(t, c.Name)
	case parse.DropIdentity:
		c.Increment = false
		d.dropSequences(t, c.Name)
	case parse.DropExpression:
		c.Generated, c.Default = false, nil
	}
}

func (d *declaredPostgreSQL) dropSequences(t *declaredTable, column string) {
	for _, s := range slices.Clone(d.tables) {
		if s.ownedBy == t && s.ownerName == column {
			d.remove(s)
		}
	}
}

// dropColumn drops a column with its keys, checks and sequences.
func (d *declaredPostgreSQL) dropColumn(t *declaredTable, c *declaredColumn) {
	name, number := c.Name, c.number
	d.dropSequences(t, name)
	t.indexes = slices.DeleteFunc(t.indexes, func(i declaredIndex) bool { return slices.Contains(i.numbers, number) })
	t.foreign = slices.DeleteFunc(t.foreign, func(f declaredForeign) bool { return slices.Contains(f.Columns, name) })
	t.checks = slices.DeleteFunc(t.checks, func(k parse.Check) bool { return slices.Contains(k.Columns, name) })
	t.columns = slices.DeleteFunc(t.columns, func(c declaredColumn) bool { return c.number == number })
}

func (t *declaredTable) renameColumn(c *declaredColumn, name string) {
	old := c.Name
	c.Name = name
	for i := range t.foreign {
		t.foreign[i].Columns = slices.Clone(t.foreign[i].Columns)
		renameIn(t.foreign[i].Columns, old, name)
	}
	for i := range t.checks {
		t.checks[i].Columns = slices.Clone(t.checks[i].Columns)
		renameIn(t.checks[i].Columns, old, name)
	}
	for i := range t.indexes {
		columns := slices.Clone(t.indexes[i].Columns)
		for j := range columns {
			if columns[j].Name == old {
				columns[j].Name = name
			}
		}
		t.indexes[i].Columns = columns
	}
}

func (d *declaredPostgreSQL) dropConstraint(t *declaredTable, a *parse.AlterAction) string {
	before := len(t.indexes) + len(t.foreign) + len(t.checks)
	d.family(t, func(child *declaredTable) {
		if child == t {
			child.indexes = slices.DeleteFunc(child.indexes, func(i declaredIndex) bool { return i.Name == a.Name })
		}
		if child == t || t.kind == "p" { // a table that inherits has its own
			child.foreign = slices.DeleteFunc(child.foreign, func(f declaredForeign) bool { return f.Name == a.Name })
		}
		child.checks = slices.DeleteFunc(child.checks, func(k parse.Check) bool { return k.Name == a.Name })
	})
	if before == len(t.indexes)+len(t.foreign)+len(t.checks) && !a.IfExists {
		return notDeclared("constraint", a.Name+" of "+t.id.Name) + "; where it has no name in its declaration, give it one"
	}
	return ""
}

func (t *declaredTable) renameConstraint(from, to string) {
	for i := range t.indexes {
		if t.indexes[i].Name == from {
			t.indexes[i].Name = to
		}
	}
	for i := range t.foreign {
		if t.foreign[i].Name == from {
			t.foreign[i].Name = to
		}
	}
	for i := range t.checks {
		if t.checks[i].Name == from {
			t.checks[i].Name = to
		}
	}
}

// relate makes a table a child of another, or ends it.
func (d *declaredPostgreSQL) relate(t *declaredTable, a *parse.AlterAction) string {
	other := d.find(a.Parent)
	if other == nil {
		return notDeclared("table", dotted(a.Parent))
	}
	child, parent := t, other
	if a.Do == parse.AttachPart || a.Do == parse.DetachPart {
		child, parent = other, t
	}
	switch a.Do {
	case parse.NoInherit, parse.DetachPart:
		child.parents = slices.DeleteFunc(child.parents, func(p *declaredTable) bool { return p == parent })
		return ""
	}
	child.parents = append(child.parents, parent)
	if a.Do == parse.AttachPart {
		for _, index := range parent.indexes {
			d.addToPartition(child, index.IndexDefinition)
		}
	}
	return ""
}
