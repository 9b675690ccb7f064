package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/moneyclip/moneyclip/internal/nearest"
)

// query is a rule for a named query, bound to the catalog.
type query struct {
	template    string
	depends     []dependency
	ttl         time.Duration
	symmetrical bool
}

// dependency is a table and the columns that fill a template, by position;
// none: any change of the table counts.
type dependency struct {
	table   *relation
	columns []int
}

func (r *Rules) bindQueries(p Policy, base rule, m *mistakes) {
	r.queries = make(map[string]query, len(p.Queries))
	for _, name := range slices.Sorted(maps.Keys(p.Queries)) {
		said := p.Queries[name]
		q := query{template: said.Key, ttl: base.ttl, symmetrical: said.Symmetrical}
		over(&q.ttl, said.TTL, false)
		for _, text := range said.Depends {
			table, columns, ok := readDependency(text)
			if !ok {
				continue // said by check
			}
			at := p.at("queries", name, "depends")
			t, err := r.lookup(table)
			if err != nil {
				m.add(at, "query %s: %w", shown(name), err)
				continue
			}
			if !t.base {
				m.add(at, "query %s: depends on %s, %s: want plain tables", shown(name), table, t.reason)
				continue
			}
			d := dependency{table: t}
			for _, column := range columns {
				position, known := r.ownColumn(t, column)
				if !known {
					m.add(at, "query %s: table %s has no column %s%s", shown(name), table, shown(column), suggest(column, t.columnNames()))
					continue
				}
				d.columns = append(d.columns, position)
			}
			q.depends = append(q.depends, d)
		}
		r.queries[name] = q
	}
}

// columnNames lists the columns of r in their order. The catalog knows those
// of plain tables only.
func (r *relation) columnNames() []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.name
	}
	return names
}

// suggest names the known word that was probably meant.
func suggest(word string, known []string) string {
	if best := nearest.Of(word, known); best != "" {
		return fmt.Sprintf(": did you mean %s?", best)
	}
	return ""
}

// Notices lists what the policy says that this version reads but does not act
// on, one sentence for each field, with the place of its first mention where
// the policy was read from a file; and the declared effects that change
// nothing. Nothing else is wrong with the policy.
func (r *Rules) Notices() []string { return slices.Clone(r.notices) }

// unacted lists the fields whose feature is not there yet. A value that asks
// for what happens anyway is none of them.
func (p Policy) unacted() []string {
	first := make(map[string]place)
	note := func(field string, set bool, path ...string) {
		if !set {
			return
		}
		at := p.at(append(path, field)...)
		if old, said := first[field]; !said || at.compare(old) < 0 {
			first[field] = at
		}
	}
	common := func(w wish, path ...string) {
		note("negative_ttl", w.negative != 0, path...)
		note("repopulate", w.repopulate != nil && *w.repopulate, path...)
		note("refresh_ahead", w.ahead != 0, path...)
		note("near", w.near != 0, path...)
	}
	common(p.Defaults.wish(), "defaults")
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		t := p.Tables[name]
		common(t.wish(), "tables", name)
		note("tenant", t.Tenant != "", "tables", name)
	}
	note("queries", len(p.Queries) > 0)
	m := p.mistakes()
	fields := slices.SortedFunc(maps.Keys(first), func(a, b string) int {
		return cmp.Or(first[a].compare(first[b]), cmp.Compare(a, b))
	})
	var notices []string
	for _, field := range fields {
		notices = append(notices, fmt.Sprintf("%s%s is read but not acted on by this version", m.prefix(first[field]), field))
	}
	return notices
}
