package policy

import (
	"slices"
	"strconv"

	"github.com/moneyclip/moneyclip/parse"
)

// hiddenRows finds what runs volatile code without naming it, as [pgHidden]
// does in a real server.
func (d *declaredPostgreSQL) hiddenRows() (rows [][]any) {
	volatile := d.volatile(d.functions())
	add := func(what string, t *declaredTable) {
		row := []any{what, strconv.Itoa(t.oid)}
		if !slices.ContainsFunc(rows, func(have []any) bool { return have[0] == row[0] && have[1] == row[1] }) {
			rows = append(rows, row)
		}
	}
	for _, t := range d.tables {
		for _, f := range t.read() {
			if volatile.used(f) {
				add("read", t)
			}
		}
		for _, f := range t.written() {
			if volatile.used(f) {
				add("write", t)
			}
			if f != nil && slices.ContainsFunc(f.Types, d.foreignType) {
				add("typed", t)
			}
		}
	}
	if d.typesRun(volatile) {
		rows = append(rows, []any{"type", ""})
	}
	return rows
}

// read is what runs when a relation is read: a view's query, rules, policies.
func (t *declaredTable) read() (list []*parse.Facts) {
	list = append(list, t.query)
	for _, f := range t.rules {
		list = append(list, f)
	}
	for _, f := range t.policies {
		list = append(list, f)
	}
	return list
}

// written is what runs when a table is written: defaults, checks, indexes.
func (t *declaredTable) written() (list []*parse.Facts) {
	for _, c := range t.columns {
		list = append(list, c.Default)
	}
	for _, c := range t.checks {
		list = append(list, c.Uses)
	}
	for _, i := range t.indexes {
		list = append(list, i.Uses)
	}
	return list
}

// foreignType reports whether a type is not of the server.
func (d *declaredPostgreSQL) foreignType(t parse.Table) bool {
	return !d.server.types[t.Name] || t.Schema != "" && t.Schema != "pg_catalog"
}

// typesRun reports whether a value of a user's type may run such code.
func (d *declaredPostgreSQL) typesRun(v *pgVolatile) bool {
	for _, t := range d.types {
		if v.used(t.uses) {
			return true
		}
	}
	return slices.ContainsFunc(d.support, v.used) ||
		slices.ContainsFunc(d.casts, func(c parse.CreateCast) bool { return c.Function.Name != "" && v.calls(c.Function) })
}

func (d *declaredPostgreSQL) viewRows() (rows [][]any) {
	for _, t := range d.tables {
		for _, of := range t.reads {
			if row := []any{strconv.Itoa(t.oid), strconv.Itoa(of.oid)}; of != t {
				rows = append(rows, row)
			}
		}
	}
	return rows
}
