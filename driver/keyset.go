package driver

import (
	"maps"
	"slices"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/policy"
)

// keySet gathers what a transaction writes; a superset is fine. The zero value
// is empty.
type keySet struct {
	all    bool
	reload bool   // the catalog must be read again
	from   *realm // whose rules said so
	tables map[string]bool
	absent map[string]bool
	rows   map[string]map[string]bool // by table, then key
}

// maxRows is the number of rows of one table above which the table is held
// instead.
const maxRows = 1000

// add gathers the effects of one statement, as the rules of r have them.
// Effects under two catalogs do not add up: everything is held then.
func (s *keySet) add(e policy.Effects, r *realm) {
	s.reload = s.reload || e.Reload
	mixed := s.from != nil && s.from != r && !s.empty()
	s.from = r
	if e.All || mixed {
		s.all, s.tables, s.absent, s.rows = true, nil, nil, nil
	}
	if s.all {
		return
	}
	for _, t := range e.Tables {
		s.table(t)
	}
	for _, t := range e.Absent {
		if s.absent == nil {
			s.absent = map[string]bool{}
		}
		s.absent[t] = true
	}
	for _, r := range e.Rows {
		if s.tables[r.Table] {
			continue
		}
		if s.rows == nil {
			s.rows = map[string]map[string]bool{}
		}
		if s.rows[r.Table] == nil {
			s.rows[r.Table] = map[string]bool{}
		}
		s.rows[r.Table][r.Key] = true
		if len(s.rows[r.Table]) > maxRows {
			s.table(r.Table)
		}
	}
}

func (s *keySet) table(t string) {
	if s.tables == nil {
		s.tables = map[string]bool{}
	}
	s.tables[t] = true
	delete(s.rows, t)
	delete(s.absent, t)
}

func (s *keySet) empty() bool {
	return !s.all && len(s.tables) == 0 && len(s.absent) == 0 && len(s.rows) == 0
}

func (s *keySet) keys() cache.Keys {
	k := cache.Keys{All: s.all}
	for t := range s.tables {
		k.Tables = append(k.Tables, t)
	}
	for t := range s.absent {
		k.Absent = append(k.Absent, t)
	}
	for t, keys := range s.rows {
		for key := range keys {
			k.Rows = append(k.Rows, cache.Row{Table: t, Key: key})
		}
	}
	return k
}

// names lists the tables concerned, sorted; nil for everything.
func (s *keySet) names() []string {
	seen := map[string]bool{}
	for t := range s.tables {
		seen[t] = true
	}
	for t := range s.absent {
		seen[t] = true
	}
	for t := range s.rows {
		seen[t] = true
	}
	var names []string
	for t := range seen {
		names = append(names, t)
	}
	slices.Sort(names)
	return names
}

// clone copies a set that goes on growing.
func (s *keySet) clone() keySet {
	c := *s
	c.tables, c.absent = maps.Clone(s.tables), maps.Clone(s.absent)
	c.rows = make(map[string]map[string]bool, len(s.rows))
	for t, keys := range s.rows {
		c.rows[t] = maps.Clone(keys)
	}
	return c
}
