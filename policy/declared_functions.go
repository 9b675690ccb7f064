package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/internal/nearest"
	"github.com/moneyclip/moneyclip/parse"
)

// overload is one function of the catalog: where it is found.
type overload struct {
	name  string
	index int // in routines.byName
}

// bindFunctions takes in what declared functions do. Each overload of a name
// is judged for itself, and a call, whose types are not known, is judged by all
// of them: what is declared counts as far as no other overload does more.
func (r *Rules) bindFunctions(p Policy, direct map[*relation][]*relation, m *mistakes) {
	if len(p.Effects.Functions) == 0 {
		return
	}
	r.code.byName = maps.Clone(r.code.byName)
	cloned := make(map[string]bool)
	said := make(map[overload]string)
	for _, name := range slices.Sorted(maps.Keys(p.Effects.Functions)) {
		f := p.Effects.Functions[name]
		at := p.at("effects", "functions", name)
		writes := r.written(f.Writes, "function "+shown(name), p.at("effects", "functions", name, "writes"), m)
		found, err := r.lookupFunction(name)
		if err != nil {
			m.add(at, "%w", err)
			continue
		}
		if other, twice := said[found]; twice {
			m.add(at, "function %s is the same as %s: want one of them", shown(name), shown(other))
			continue
		}
		said[found] = name
		tables, all := reach(direct, writes)
		if r.code.volatileCast != "" {
			// A call may make values of its types, which runs more than the
			// function.
			all = r.code.volatileCast
		}
		if all != "" {
			r.notices = append(r.notices, m.prefix(at)+fmt.Sprintf("function %s: a call is judged as if it were not declared (%s)", shown(name), all))
			continue
		}
		if !cloned[found.name] {
			cloned[found.name] = true
			r.code.byName[found.name] = slices.Clone(r.code.byName[found.name])
		}
		own := &r.code.byName[found.name][found.index]
		own.declared, own.volatile, own.stable = true, false, false
		own.immutable, own.writes = f.Pure, tables
	}
}

// lookupFunction resolves name(types) as a user writes it.
func (r *Rules) lookupFunction(text string) (overload, error) {
	name, list, written := strings.Cut(text, "(")
	list, closed := strings.CutSuffix(strings.TrimSpace(list), ")")
	name = strings.TrimSpace(name)
	if written && !closed {
		return overload{}, fmt.Errorf("function %s: want name(types), such as recalc(bigint)", shown(text))
	}
	named := r.overloads(name)
	if len(named) == 0 {
		if len(r.catalog.code.byName[r.functionName(name)]) > 0 {
			return overload{}, fmt.Errorf("function %s is the server's own: what it does is known", shown(text))
		}
		best := nearest.Of(text, r.signatures())
		if best == "" {
			return overload{}, fmt.Errorf("function %s does not exist: the database has none but its own", shown(text))
		}
		return overload{}, fmt.Errorf("function %s does not exist: did you mean %s?", shown(text), best)
	}
	if !written {
		return overload{}, fmt.Errorf("function %s: want the types of its arguments: %s", shown(text), r.oneOf(named))
	}
	types := splitTypes(list)
	matching := slices.DeleteFunc(slices.Clone(named), func(o overload) bool { return !r.takes(o, types) })
	switch len(matching) {
	case 0:
		return overload{}, fmt.Errorf("function %s does not exist with these types: want %s", shown(text), r.oneOf(named))
	case 1:
	default:
		return overload{}, fmt.Errorf("function %s is ambiguous: want %s", shown(text), r.oneOf(matching))
	}
	switch r.catalog.code.byName[matching[0].name][matching[0].index].kind {
	case "t":
		return overload{}, fmt.Errorf("function %s is one for triggers: declare the triggers, such as orders.audit_orders", shown(text))
	case "p":
		return overload{}, fmt.Errorf("function %s is a procedure: a CALL always invalidates everything", shown(text))
	case "a", "w":
		return overload{}, fmt.Errorf("function %s is an aggregate or a window function: nothing can be declared of it", shown(text))
	}
	return matching[0], nil
}

// functionName returns a function's name as the dialect compares it.
func (r *Rules) functionName(name string) string {
	if r.catalog.dialect == parse.PostgreSQL {
		return name
	}
	return lowerASCII(name)
}

// overloads returns the user's functions of a name, which may hold a schema.
func (r *Rules) overloads(name string) (found []overload) {
	code := r.catalog.code.byName
	add := func(schema, name string) {
		name = r.functionName(name)
		for i, f := range code[name] {
			if !f.builtin && (schema == "" || f.schema == schema) {
				found = append(found, overload{name, i})
			}
		}
	}
	add("", name)
	for at := range len(name) {
		if name[at] == '.' {
			add(name[:at], name[at+1:])
		}
	}
	return found
}

// takes reports whether an overload is the one with these types. SQLite knows
// their number only; MySQL has no overloads, and any types will do.
func (r *Rules) takes(o overload, types []string) bool {
	f := r.catalog.code.byName[o.name][o.index]
	switch r.catalog.dialect {
	case parse.PostgreSQL:
		return slices.Equal(splitTypes(f.args), types)
	case parse.SQLite:
		n, err := strconv.Atoi(f.args)
		return err == nil && (n < 0 || n == len(types))
	}
	return true
}

// oneOf lists overloads as a user would write them.
func (r *Rules) oneOf(found []overload) string {
	schemas := make(map[string]bool)
	for _, o := range found {
		schemas[r.catalog.code.byName[o.name][o.index].schema] = true
	}
	var names []string
	for _, o := range found {
		names = append(names, r.signature(o, len(schemas) > 1))
	}
	slices.Sort(names)
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, "; ")
}

// signature writes an overload as it is found again.
func (r *Rules) signature(o overload, qualified bool) string {
	f := r.catalog.code.byName[o.name][o.index]
	name := o.name
	if qualified {
		name = f.schema + "." + name
	}
	if r.catalog.dialect != parse.SQLite {
		return name + "(" + f.args + ")"
	}
	n, err := strconv.Atoi(f.args)
	if err != nil || n < 0 {
		return name + "(any)"
	}
	return name + "(" + strings.Join(slices.Repeat([]string{"any"}, n), ", ") + ")"
}

// signatures lists all functions that are not the server's own.
func (r *Rules) signatures() (all []string) {
	for name, named := range r.catalog.code.byName {
		for i, f := range named {
			if !f.builtin {
				all = append(all, r.signature(overload{name, i}, false))
			}
		}
	}
	slices.Sort(all)
	return all
}
