package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/internal/nearest"
	"github.com/moneyclip/moneyclip/parse"
)

// Rules is a policy bound to a catalog. It is immutable and may be shared.
type Rules struct {
	catalog *Catalog
	rules   map[*relation]rule
	queries map[string]query        // by name
	code    routines                // the catalog's, with the declared effects
	after   map[*relation]aftermath // of tables whose triggers are all declared
	notices []string
}

// Bind checks a policy against a catalog: every table, column, trigger and
// function that the policy names must exist. The error lists all mistakes, each
// with the nearest known name, and with its place where the policy was read
// from a file.
func Bind(p Policy, c *Catalog) (*Rules, error) {
	m := p.mistakes()
	p.check(m)
	base := defaultRule.with(p.Defaults.wish())
	base.off = p.Defaults.Listed
	r := &Rules{catalog: c, rules: make(map[*relation]rule, len(c.tables))}
	for _, table := range c.tables {
		r.rules[table] = base
	}
	r.bindTables(p, base, m)
	r.bindQueries(p, base, m)
	r.bindEffects(p, m)
	if err := m.err(); err != nil {
		return nil, err
	}
	r.notices = slices.Concat(p.unacted(), r.idle(p), r.notices)
	return r, nil
}

func (r *Rules) bindTables(p Policy, base rule, m *mistakes) {
	if base.ahead >= base.ttl {
		m.add(p.at("defaults", "refresh_ahead"), "defaults: refresh_ahead %v: want less than the ttl, %v", base.ahead, base.ttl)
	}
	said := make(map[*relation]string)
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		t := p.Tables[name]
		table, err := r.lookup(name)
		if err != nil {
			m.add(p.at("tables", name), "%w", err)
			continue
		}
		if other, twice := said[table]; twice {
			m.add(p.at("tables", name), "table %s is the same as %s: want one of them", name, other)
			continue
		}
		said[table] = name
		own := base.with(t.wish())
		own.off, own.tenant = t.Off, t.Tenant
		if own.ahead >= own.ttl && (t.RefreshAhead != 0 || t.TTL != 0) {
			m.add(p.at("tables", name, "refresh_ahead"), "table %s: refresh_ahead %v: want less than the ttl, %v", name, own.ahead, own.ttl)
		}
		if t.Tenant != "" && r.catalog.dialect != parse.PostgreSQL {
			m.add(p.at("tables", name, "tenant"), "table %s: tenant: %s has no row-level security", name, r.catalog.dialect)
		}
		r.rules[table] = own
	}
}

// lookup resolves a table as a user writes it.
func (r *Rules) lookup(name string) (*relation, error) {
	c := r.catalog
	// A name may hold a dot itself: try it whole, then cut at each dot.
	found := slices.Clone(c.userTables(c.fold(parse.Table{Name: name}).Name))
	for at := range len(name) {
		if name[at] == '.' {
			if t := c.tables[c.fold(parse.Table{Schema: name[:at], Name: name[at+1:]})]; t != nil {
				found = append(found, t)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		known := r.Tables()
		if !strings.Contains(name, ".") {
			known = known[:0]
			for bare, tables := range c.byName {
				if len(tables) > 0 && len(c.userTables(bare)) > 0 {
					known = append(known, bare)
				}
			}
			slices.Sort(known)
		}
		if best := nearest.Of(name, known); best != "" {
			return nil, fmt.Errorf("table %s does not exist: did you mean %s?", shown(name), best)
		}
		return nil, fmt.Errorf("table %s does not exist: the database has no tables", shown(name))
	}
	var names []string
	for _, t := range found {
		names = append(names, t.canonical)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("table %s is ambiguous: want one of %s", name, strings.Join(names, ", "))
}

// userTables returns what a user may name, by bare name: not the catalog's own.
func (c *Catalog) userTables(bare string) []*relation {
	var tables []*relation
	for _, t := range c.byName[bare] {
		if !t.system() {
			tables = append(tables, t)
		}
	}
	return tables
}

// system reports whether r belongs to the database itself.
func (r *relation) system() bool {
	return r.id.Schema == "pg_catalog" || r.id.Schema == "information_schema" ||
		r.id.Schema == "main" && strings.HasPrefix(r.id.Name, "sqlite_")
}

// Cached lists the canonical names of the tables whose rows may be cached,
// sorted.
func (r *Rules) Cached() []string {
	var names []string
	for t, rule := range r.rules {
		if t.cacheable() && !rule.off {
			names = append(names, t.canonical)
		}
	}
	slices.Sort(names)
	return names
}

// Tables lists the canonical names of all tables and views that are not the
// database's own, sorted.
func (r *Rules) Tables() []string {
	var names []string
	for t := range r.rules {
		if !t.system() {
			names = append(names, t.canonical)
		}
	}
	slices.Sort(names)
	return names
}

// Refused says why the rows of a table are not cached: the code and the reason
// of every read by its key. ok is false where they may be cached, or where
// there is no such table.
func (r *Rules) Refused(canonical string) (code Code, reason string, ok bool) {
	for t, rule := range r.rules {
		if t.canonical != canonical {
			continue
		}
		switch {
		case !t.cacheable():
			return t.refused, t.reason, true
		case rule.off:
			return BypassPolicy, "the policy says so", true
		}
	}
	return 0, "", false
}

// TableName resolves a table as a user writes it (name or schema.name) to its
// canonical name; false where there is none or more than one.
func (r *Rules) TableName(name string) (string, bool) {
	t, err := r.lookup(name)
	if err != nil {
		return "", false
	}
	return t.canonical, true
}

// RowOf returns the row with the given primary key values, in the key's order.
// ok is false where the values are not an exact pair with the key, or the
// table's rows are never cached.
func (r *Rules) RowOf(table string, key ...any) (row Row, ok bool) {
	t, err := r.lookup(table)
	if err != nil || !t.cacheable() || len(key) != len(t.key) {
		return Row{}, false
	}
	var form []byte
	for i, at := range t.key {
		if form, ok = t.columns[at].pair.appendPart(form, key[i]); !ok {
			return Row{}, false
		}
	}
	return Row{Table: t.canonical, Key: string(form)}, true
}
