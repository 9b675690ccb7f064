package policy

import (
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// declaredFunction is a function, a procedure or an aggregate of users, or all
// that an extension has under one name.
type declaredFunction struct {
	schema    string
	name      string
	extension string
	*parse.CreateFunction
	path []string // under which it was made
}

// declaredType is a type of users or of an extension.
type declaredType struct {
	id    parse.Table
	row   bool
	clock bool // it is time with time zone, under another name
	noisy bool // its output function is volatile
	uses  *parse.Facts
	multi string // a range's other type
}

func (d *declaredPostgreSQL) applyCode(s *parse.Statement) string {
	switch v := s.Declares.(type) {
	case *parse.CreateFunction:
		id, problem := d.place(parse.Table{Schema: v.Function.Schema, Name: v.Function.Name})
		if problem != "" {
			return problem
		}
		f := &declaredFunction{schema: id.Schema, name: id.Name, CreateFunction: v, path: d.path}
		d.code = slices.DeleteFunc(d.code, func(have *declaredFunction) bool {
			return have.schema == f.schema && have.name == f.name && have.extension == "" && sameTypes(have.Signature, v.Signature)
		})
		d.code = append(d.code, f)
	case *parse.AlterFunction:
		for _, f := range d.named(parse.Table{Schema: v.Function.Schema, Name: v.Function.Name}, v.Signature, v.AnySignature) {
			if v.Volatility != nil {
				f.Volatility = *v.Volatility
			}
		}
	case *parse.CreateOperator:
		d.ops = append(d.ops, *v)
	case *parse.CreateCast:
		d.casts = append(d.casts, *v)
	case *parse.CreateType:
		return d.createType(v)
	case *parse.CreateCollation:
		id, problem := d.place(v.Collation)
		if problem != "" {
			return problem
		}
		d.collate[id] = v.Deterministic
	case *parse.CreateExtension:
		return d.extend(v)
	case *parse.RunCode:
		return d.runs(v.Uses)
	}
	return ""
}

// runs says why a statement over rows may change the schema.
func (d *declaredPostgreSQL) runs(f *parse.Facts) string {
	for _, call := range f.Functions {
		if _, known := syntax[call.Name]; known || d.server.functions[call.Name] != "" {
			continue
		}
		named := slices.DeleteFunc(d.functions(), func(f *declaredFunction) bool { return f.name != call.Name })
		if len(named) == 0 || slices.ContainsFunc(named, func(f *declaredFunction) bool { return f.own() && f.Volatility == parse.Volatile }) {
			return "a statement that calls " + call.Name + ", which may change the schema: take it out, and write in plain statements what it changes"
		}
	}
	return ""
}

func sameTypes(a, b []parse.Type) bool {
	return slices.EqualFunc(a, b, func(a, b parse.Type) bool {
		return a.Name == b.Name && a.Array == b.Array && (a.Schema == b.Schema || a.Schema == "" || b.Schema == "")
	})
}

// named returns the functions of users that a name stands for: without a
// schema, those in the first of the search path that has any.
func (d *declaredPostgreSQL) named(t parse.Table, signature []parse.Type, any bool) (list []*declaredFunction) {
	schemas := d.path
	if t.Schema != "" {
		schemas = []string{t.Schema}
	}
	for _, schema := range schemas {
		for _, f := range d.code {
			if f.name == t.Name && f.schema == schema && (any || sameTypes(f.Signature, signature)) {
				list = append(list, f)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

func (d *declaredPostgreSQL) createType(v *parse.CreateType) string {
	if v.Type.Name == "" {
		d.support = append(d.support, v.Uses)
		return ""
	}
	id, problem := d.place(v.Type)
	if problem != "" {
		return problem
	}
	t := &declaredType{id: id, row: v.Row, uses: v.Uses}
	if base := d.resolveType(v.Base); v.Base.Name != "" {
		t.clock = base.clock
	}
	if v.Uses != nil && v.Base.Name == "" {
		for _, call := range v.Uses.Functions {
			t.noisy = t.noisy || slices.ContainsFunc(d.code, func(f *declaredFunction) bool { return f.name == call.Name && f.Volatility == parse.Volatile })
		}
	}
	if v.IsRange {
		if t.multi = v.Range; t.multi == "" {
			t.multi = multirange(id.Name)
		}
	}
	d.types[id] = t
	return ""
}

// multirange is makeMultirangeTypeName of the server.
func multirange(name string) string {
	if at := strings.Index(name, "range"); at >= 0 {
		return name[:at] + "multi" + name[at:]
	}
	return name + "_multirange"
}

// resolveType finds a type of the server, of an extension or of users. One
// that is not known is of no schema, so that it has no exact pair.
func (d *declaredPostgreSQL) resolveType(t parse.Type) declaredType {
	if t.Name == "" {
		return declaredType{}
	}
	name := t.Name
	if d.server.types[name] && (t.Schema == "" || t.Schema == "pg_catalog") {
		found := declaredType{id: parse.Table{Schema: "pg_catalog", Name: name}, clock: name == "timetz"}
		if t.Array {
			found.id.Name = "_" + name
		}
		return found
	}
	schemas := d.path
	if t.Schema != "" {
		schemas = []string{t.Schema}
	}
	for _, schema := range schemas {
		if found := d.types[parse.Table{Schema: schema, Name: name}]; found != nil {
			return *found
		}
	}
	return declaredType{id: parse.Table{Name: name}}
}

func (d *declaredPostgreSQL) extend(v *parse.CreateExtension) string {
	if _, have := d.extended[v.Name]; have {
		return ""
	}
	e := d.server.extensions[v.Name]
	if e == nil {
		return "the extension " + v.Name + " is not known here: what it adds cannot be read from a file; leave the statement out of the schema if none of its functions writes and none of its operators takes the place of the server's own"
	}
	for _, needs := range e.requires {
		if problem := d.extend(&parse.CreateExtension{Name: needs, Schema: v.Schema}); problem != "" {
			return problem
		}
	}
	id, problem := d.place(parse.Table{Schema: v.Schema, Name: v.Name})
	if problem != "" {
		return problem
	}
	d.extended[v.Name] = id.Schema
	for name, kind := range e.relations {
		d.add(&declaredTable{id: parse.Table{Schema: id.Schema, Name: name}, kind: kind, unknown: true})
	}
	for name, flags := range e.types {
		d.types[parse.Table{Schema: id.Schema, Name: name}] = &declaredType{id: parse.Table{Schema: id.Schema, Name: name},
			row: strings.Contains(flags, "r"), noisy: strings.Contains(flags, "o")}
	}
	return ""
}

// dropCode removes what is no relation.
func (d *declaredPostgreSQL) dropCode(v *parse.DropObject) string {
	for i, name := range v.Names {
		switch v.What {
		case parse.FunctionObject:
			var signature []parse.Type
			if i < len(v.Signatures) {
				signature = v.Signatures[i]
			}
			gone := d.named(name, signature, signature == nil)
			d.code = slices.DeleteFunc(d.code, func(f *declaredFunction) bool { return f.extension == "" && slices.Contains(gone, f) })
		case parse.OperatorObject:
			d.ops = slices.DeleteFunc(d.ops, func(o parse.CreateOperator) bool {
				return o.Name == name.Name && sameTypes([]parse.Type{o.Left, o.Right}, v.Types[:])
			})
		case parse.TypeObject:
			t := d.resolveType(parse.Type{Schema: name.Schema, Name: name.Name})
			if v.Cascade && d.typed(t.id) {
				return "DROP TYPE " + dotted(name) + " CASCADE drops columns: drop them by ALTER TABLE before it"
			}
			delete(d.types, t.id)
		case parse.ExtensionObject:
			return "DROP EXTENSION " + name.Name + ": leave out what created it as well"
		}
	}
	if v.What == parse.CastObject {
		d.casts = slices.DeleteFunc(d.casts, func(c parse.CreateCast) bool {
			return sameTypes([]parse.Type{c.Source, c.Target}, v.Types[:])
		})
	}
	return ""
}

// typed reports whether a column has a type.
func (d *declaredPostgreSQL) typed(id parse.Table) bool {
	return slices.ContainsFunc(d.tables, func(t *declaredTable) bool {
		return slices.ContainsFunc(t.columns, func(c declaredColumn) bool { return c.typ == id })
	})
}

// renameCode gives something that is no relation another name or schema.
func (d *declaredPostgreSQL) renameCode(v *parse.RenameObject) string {
	move := func(t parse.Table) parse.Table {
		if v.NewName != "" {
			t.Name = v.NewName
		}
		if v.NewSchema != "" {
			t.Schema = v.NewSchema
		}
		return t
	}
	switch v.What {
	case parse.FunctionObject:
		for _, f := range d.named(v.Table, v.Signature, v.Signature == nil) {
			id := move(parse.Table{Schema: f.schema, Name: f.name})
			f.schema, f.name = id.Schema, id.Name
		}
	case parse.TypeObject:
		if t := d.types[d.resolveType(parse.Type{Schema: v.Table.Schema, Name: v.Table.Name}).id]; t != nil {
			delete(d.types, t.id)
			old := t.id
			t.id = move(t.id)
			d.types[t.id] = t
			for _, table := range d.tables {
				for i := range table.columns {
					if table.columns[i].typ == old {
						table.columns[i].typ = t.id
					}
				}
			}
		}
	case parse.ExtensionObject:
		return "ALTER EXTENSION " + v.Table.Name + " SET SCHEMA: create it in its last schema"
	case parse.OperatorObject:
	case parse.CollationObject:
		id, _ := d.place(v.Table)
		if yes, known := d.collate[id]; known {
			delete(d.collate, id)
			d.collate[move(id)] = yes
		}
	}
	return ""
}
