package policy

import (
	"fmt"
	"slices"

	"github.com/moneyclip/moneyclip/parse"
)

// drop removes what DROP names.
func (d *declaredPostgreSQL) drop(v *parse.DropObject) string {
	switch v.What {
	case parse.TriggerObject, parse.RuleObject, parse.PolicyObject:
		return d.on(v.Names[0], v.IfExists, func(t *declaredTable) string {
			switch v.What {
			case parse.TriggerObject:
				delete(t.triggers, v.Name)
			case parse.RuleObject:
				delete(t.rules, v.Name)
			default:
				delete(t.policies, v.Name)
			}
			return ""
		})
	case parse.SchemaObject:
		for _, schema := range v.Names {
			d.dropSchema(schema.Name)
		}
		return ""
	case parse.IndexObject:
		for _, name := range v.Names {
			t, at := d.index(name)
			switch {
			case t != nil:
				t.indexes = slices.Delete(t.indexes, at, at+1)
			case !v.IfExists:
				return notDeclared("index", dotted(name))
			}
		}
		return ""
	case parse.TableObject, parse.ViewObject, parse.SequenceObject:
		for _, name := range v.Names {
			if name.Schema == "" && d.temp[name.Name] {
				delete(d.temp, name.Name)
				continue
			}
			if problem := d.on(name, v.IfExists, func(t *declaredTable) string { d.remove(t); return "" }); problem != "" {
				return problem
			}
		}
		return ""
	}
	return d.dropCode(v)
}

// remove drops a relation, with what cannot be without it. Where CASCADE is
// not said, nothing else depends on it, or the server would have refused.
func (d *declaredPostgreSQL) remove(t *declaredTable) {
	if d.oids[t.id] != t {
		return
	}
	delete(d.oids, t.id)
	d.tables = slices.DeleteFunc(d.tables, func(other *declaredTable) bool { return other == t })
	for _, other := range slices.Clone(d.tables) {
		other.foreign = slices.DeleteFunc(other.foreign, func(f declaredForeign) bool { return f.of == t })
		if other.ownedBy == t || other.query != nil && slices.Contains(other.reads, t) || slices.Contains(other.parents, t) {
			d.remove(other)
		}
	}
}

func (d *declaredPostgreSQL) dropSchema(name string) {
	for _, t := range slices.Clone(d.tables) {
		if t.id.Schema == name {
			d.remove(t)
		}
	}
	d.code = slices.DeleteFunc(d.code, func(f *declaredFunction) bool { return f.schema == name })
	for id := range d.types {
		if id.Schema == name {
			delete(d.types, id)
		}
	}
}

// index finds an index by its name.
func (d *declaredPostgreSQL) index(name parse.Table) (*declaredTable, int) {
	schemas := d.path
	if name.Schema != "" {
		schemas = []string{name.Schema}
	}
	for _, schema := range schemas {
		for _, t := range d.tables {
			if t.id.Schema != schema {
				continue
			}
			if at := slices.IndexFunc(t.indexes, func(i declaredIndex) bool { return i.Name == name.Name }); at >= 0 {
				return t, at
			}
		}
	}
	return nil, 0
}

// rename gives an object another name or schema.
func (d *declaredPostgreSQL) rename(v *parse.RenameObject) string {
	switch v.What {
	case parse.TableObject, parse.ViewObject, parse.SequenceObject, parse.IndexObject:
		if t, at := d.index(v.Table); t != nil && d.find(v.Table) == nil {
			if v.NewName != "" {
				t.indexes[at].Name = v.NewName
			}
			return ""
		}
		return d.on(v.Table, v.IfExists, func(t *declaredTable) string { return d.moveTo(t, v.NewSchema, v.NewName) })
	case parse.TriggerObject, parse.RuleObject, parse.PolicyObject:
		return d.on(v.Table, v.IfExists, func(t *declaredTable) string {
			switch v.What {
			case parse.TriggerObject:
				renameKey(t.triggers, v.Name, v.NewName)
			case parse.RuleObject:
				renameKey(t.rules, v.Name, v.NewName)
			default:
				renameKey(t.policies, v.Name, v.NewName)
			}
			return ""
		})
	case parse.SchemaObject:
		return fmt.Sprintf("ALTER SCHEMA %s RENAME: create the schema under its last name", v.Table.Name)
	}
	return d.renameCode(v)
}

func renameKey[V any](m map[string]V, from, to string) {
	if v, known := m[from]; known {
		delete(m, from)
		m[to] = v
	}
}

func (d *declaredPostgreSQL) moveTo(t *declaredTable, schema, name string) string {
	id := t.id
	if schema != "" {
		id.Schema = schema
	}
	if name != "" {
		id.Name = name
	}
	if d.oids[id] != nil {
		return declaredTwice("relation", dotted(id))
	}
	delete(d.oids, t.id)
	t.id = id
	d.oids[id] = t
	for _, other := range d.tables {
		if other.ownedBy == t && schema != "" {
			d.moveTo(other, schema, "")
		}
	}
	return ""
}
