package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

func appendDecimal(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

func (d *declaredMySQL) alter(v *parse.AlterTable) string {
	t := d.find(v.Table)
	if t == nil {
		return notDeclared("table", v.Table.Name)
	}
	for i := range v.Actions {
		if problem := d.alterOne(t, &v.Actions[i]); problem != "" {
			return problem
		}
	}
	return ""
}

func (d *declaredMySQL) alterOne(t *myTable, a *parse.AlterAction) string {
	switch a.Do {
	case parse.AddColumn, parse.ChangeColumn, parse.DropColumn, parse.RenameColumn:
		return t.alterColumn(a)
	case parse.AddIndex:
		if a.IfExists && t.index(a.Index.Name) >= 0 {
			return ""
		}
		return t.addIndex(*a.Index)
	case parse.AddForeignKey:
		d.addForeign(t, *a.ForeignKey)
	case parse.AddCheck:
	case parse.DropPrimary, parse.DropIndex:
		name := cmp.Or(a.Name, "PRIMARY")
		at := t.index(name)
		if at < 0 {
			if a.IfExists {
				return ""
			}
			return notDeclared("index", t.id.Name+"."+name)
		}
		t.indexes = slices.Delete(t.indexes, at, at+1)
	case parse.DropForeignKey, parse.DropConstraint:
		before := len(t.foreign)
		t.foreign = slices.DeleteFunc(t.foreign, func(f parse.ForeignKey) bool { return strings.EqualFold(f.Name, a.Name) })
		at := t.index(a.Name)
		switch {
		case a.Do == parse.DropConstraint && at >= 0 && t.indexes[at].Unique:
			t.indexes = slices.Delete(t.indexes, at, at+1)
		case a.Do == parse.DropForeignKey && before == len(t.foreign) && !a.IfExists:
			return notDeclared("foreign key", t.id.Name+"."+a.Name)
		}
	case parse.RenameIndex:
		if at := t.index(a.Name); at >= 0 {
			t.indexes[at].Name = a.NewName
		}
	case parse.RenameTable:
		return d.rename(t, parse.Table{Schema: cmp.Or(a.Parent.Schema, d.using), Name: a.NewName})
	case parse.TableEngine:
		t.engine = engineName(a.Name)
	case parse.TableCharset, parse.ConvertTo:
		t.charset, t.collation = a.Charset, a.Collation
		if set, _, found := strings.Cut(a.Collation, "_"); found && a.Charset == "" {
			t.charset = set
		}
		if a.Do == parse.ConvertTo {
			for i := range t.columns {
				t.columns[i].Charset, t.columns[i].Collation.Name = "", ""
				t.setText(&t.columns[i])
			}
		}
	default:
		return "a form of ALTER TABLE that is not understood: take it out of the schema, or write it in another way"
	}
	return ""
}

func (t *myTable) alterColumn(a *parse.AlterAction) string {
	at := t.find(a.Column)
	if a.Do == parse.AddColumn {
		if t.find(a.Definition.Name) >= 0 {
			if a.IfExists {
				return ""
			}
			return declaredTwice("column", t.id.Name+"."+a.Definition.Name)
		}
		return t.insert(*a.Definition, len(t.columns), a)
	}
	if at < 0 {
		if a.IfExists || len(t.columns) == 0 {
			return ""
		}
		return notDeclared("column", t.id.Name+"."+a.Column)
	}
	switch a.Do {
	case parse.DropColumn:
		t.columns = slices.Delete(t.columns, at, at+1)
		for i := range t.indexes {
			t.indexes[i].Columns = slices.DeleteFunc(t.indexes[i].Columns, func(c parse.IndexColumn) bool { return strings.EqualFold(c.Name, a.Column) })
		}
		t.indexes = slices.DeleteFunc(t.indexes, func(i parse.IndexDefinition) bool { return len(i.Columns) == 0 })
	case parse.RenameColumn:
		t.columns[at].Name = a.NewName
		t.renameIndexed(a.Column, a.NewName)
	case parse.ChangeColumn:
		t.columns = slices.Delete(t.columns, at, at+1)
		t.renameIndexed(a.Column, a.Definition.Name)
		return t.insert(*a.Definition, at, a)
	}
	return ""
}

// insert puts a column where the statement says, or at the place given.
func (t *myTable) insert(c parse.ColumnDefinition, at int, a *parse.AlterAction) string {
	t.setText(&c)
	switch {
	case a.First:
		at = 0
	case a.After != "":
		if at = t.find(a.After) + 1; at == 0 {
			return notDeclared("column", t.id.Name+"."+a.After)
		}
	}
	t.columns = slices.Insert(t.columns, at, c)
	return ""
}

func (t *myTable) renameIndexed(from, to string) {
	for i := range t.indexes {
		for j := range t.indexes[i].Columns {
			if c := &t.indexes[i].Columns[j]; strings.EqualFold(c.Name, from) {
				c.Name = to
			}
		}
	}
}

func (d *declaredMySQL) rename(t *myTable, id parse.Table) string {
	if d.find(id) != nil {
		return declaredTwice("table", id.Name)
	}
	for i := range d.triggers {
		if d.triggers[i].Table == t.id {
			d.triggers[i].Table = id
		}
	}
	for _, other := range d.tables {
		for i := range other.foreign {
			if other.foreign[i].References == t.id {
				other.foreign[i].References = id
			}
		}
	}
	for i := range t.foreign {
		if number, made := t.madeName(t.foreign[i].Name); made {
			t.foreign[i].Name = id.Name + foreignInfix + strconv.Itoa(number)
		}
	}
	t.id = id
	return ""
}
