package policy

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/moneyclip/moneyclip/internal/nearest"
	"github.com/moneyclip/moneyclip/parse"
)

// Rules is a policy bound to a catalog. It is immutable and may be shared.
type Rules struct {
	catalog *Catalog
	rules   map[*relation]rule
}

// rule is what holds for one table once the defaults are in.
type rule struct {
	off      bool
	ttl      time.Duration
	jitter   float64
	maxEntry int
}

// Bind checks a policy against a catalog: every table that the policy names
// must exist. The error lists all mistakes, each with the nearest known name.
func Bind(p Policy, c *Catalog) (*Rules, error) {
	var mistakes []error
	mistake := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("moneyclip: policy: "+format, args...))
	}
	limits := func(where string, ttl time.Duration, maxEntry int) {
		if ttl != 0 && ttl < leastTTL {
			mistake("%s: ttl %v: want at least %v", where, ttl, leastTTL)
		}
		if maxEntry < 0 || maxEntry > mostMaxEntry {
			mistake("%s: max_entry %d: want 1 to %d bytes", where, maxEntry, mostMaxEntry)
		}
	}
	d := p.Defaults
	limits("defaults", d.TTL, d.MaxEntry)
	switch {
	case math.IsNaN(d.Jitter) || d.Jitter < 0 || d.Jitter >= 1:
		mistake("defaults: jitter %v: want a share of the ttl, at least 0 and below 1", d.Jitter)
	case d.NoJitter && d.Jitter != 0:
		mistake("defaults: jitter %v together with NoJitter: want one of them", d.Jitter)
	}
	base := rule{off: d.Listed, ttl: d.TTL, jitter: d.Jitter, maxEntry: d.MaxEntry}
	if base.ttl == 0 {
		base.ttl = defaultTTL
	}
	if base.jitter == 0 && !d.NoJitter {
		base.jitter = defaultJitter
	}
	if base.maxEntry == 0 {
		base.maxEntry = defaultMaxEntry
	}
	r := &Rules{catalog: c, rules: make(map[*relation]rule, len(c.tables))}
	for _, table := range c.tables {
		r.rules[table] = base
	}
	said := make(map[*relation]string)
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		t := p.Tables[name]
		limits("table "+name, t.TTL, t.MaxEntry)
		table, err := r.lookup(name)
		if err != nil {
			mistake("%w", err)
			continue
		}
		if other, twice := said[table]; twice {
			mistake("table %s is the same as %s: want one of them", name, other)
			continue
		}
		said[table] = name
		own := base
		own.off = t.Off
		if t.TTL != 0 {
			own.ttl = t.TTL
		}
		if t.MaxEntry != 0 {
			own.maxEntry = t.MaxEntry
		}
		r.rules[table] = own
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return r, nil
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
			return nil, fmt.Errorf("table %s does not exist: did you mean %s?", name, best)
		}
		return nil, fmt.Errorf("table %s does not exist: the database has no tables", name)
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
