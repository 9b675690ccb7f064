package policy

import (
	"database/sql/driver"
	"slices"

	"github.com/moneyclip/moneyclip/parse"
)

// collector gathers what the changes of one execution invalidate.
type collector struct {
	args    []driver.NamedValue
	binding binding
	strict  bool
	missing bool

	tables []string
	rows   []Row
	absent []string
}

// change takes in one change.
func (o *collector) change(c *changePlan) {
	rows, absent, known := o.rowsOf(c)
	name := c.table.canonical
	switch {
	case known && len(o.rows)+len(rows) <= mostRows:
		o.rows = append(o.rows, rows...)
		if absent {
			o.absent = addName(o.absent, name)
		}
	case c.unknown == absentOnly:
		// Nothing that is kept of a row that was not there can be anything but
		// its absence.
		o.absent = addName(o.absent, name)
	default:
		o.tables = addName(o.tables, name)
	}
}

func addName(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// rowsOf returns the rows that a change may touch. known is false where they
// are not known; absent says that rows with unknown keys are made besides.
func (o *collector) rowsOf(c *changePlan) (rows []Row, absent, known bool) {
	switch {
	case c.inserted != nil:
		return o.insertedRows(c)
	case c.where != nil:
		rows, known = o.whereRows(c)
		return rows, false, known
	}
	return nil, false, false
}

func (o *collector) insertedRows(c *changePlan) (rows []Row, absent, known bool) {
	rows = make([]Row, 0, len(c.inserted))
	for _, values := range c.inserted {
		var buffer [128]byte
		key := buffer[:0]
		exact := true
		for place := range values {
			v := &values[place]
			var status partStatus
			start := len(key)
			key, status = o.part(key, c, place, v)
			if status == partExact {
				if c.table.columns[c.table.key[place]].auto && string(key[start:]) == "i1:0" {
					// A wish for a new key, but with NO_AUTO_VALUE_ON_ZERO the
					// key 0.
					if c.unknown != absentOnly {
						return nil, false, false
					}
					absent = true
				}
				continue
			}
			exact = false
			if c.fresh && (status == partNull || v.Kind == parse.Default) {
				absent = true
				break
			}
			if c.unknown == absentOnly {
				absent = true
				break
			}
			return nil, false, false
		}
		if exact {
			rows = append(rows, Row{Table: c.table.canonical, Key: string(key)})
		}
	}
	return rows, absent, true
}

func (o *collector) whereRows(c *changePlan) (rows []Row, known bool) {
	old := make([][]string, len(c.where))
	count := 1
	for place, conjuncts := range c.where {
		for _, values := range conjuncts {
			if old[place], known = o.parts(c, place, values); known {
				break // further conjuncts only leave fewer rows
			}
		}
		if count *= len(old[place]); !known || count > mostRows {
			return nil, false
		}
	}
	rows = combine(rows, c.table.canonical, old)
	if len(c.set) == 0 {
		return rows, true
	}
	for _, s := range c.set {
		if old[s.place], known = o.parts(c, s.place, whereValues{s.value}); !known {
			return nil, false
		}
	}
	return combine(rows, c.table.canonical, old), true
}

// parts returns the canonical forms of values for one column of the key; known
// is false unless all are exact. A NULL equals nothing, but what is NULL to us
// may not be to the database: it is not known.
func (o *collector) parts(c *changePlan, place int, values whereValues) (forms []string, known bool) {
	for i := range values {
		form, status := o.part(nil, c, place, &values[i])
		if status != partExact {
			return nil, false
		}
		forms = append(forms, string(form))
	}
	return forms, true
}

// part appends the canonical form of one value for one column of the key.
func (o *collector) part(key []byte, c *changePlan, place int, v *parse.Value) ([]byte, partStatus) {
	p := c.table.columns[c.table.key[place]].pair
	if v.Kind == parse.Literal {
		if _, status := literalPart(p, v, c.dialect); status != partExact {
			return key, status
		}
	}
	start := len(key)
	key, status := appendValue(key, p, v, o.args, o.binding)
	if status == partMissing {
		o.missing = true
	}
	if status == partExact && o.strict && !plainEverywhere(key[start:]) {
		return key[:start], partInexact
	}
	return key, status
}

// plainEverywhere reports whether text means the same in every encoding and
// with either setting of standard_conforming_strings.
func plainEverywhere(form []byte) bool {
	return !slices.ContainsFunc(form, func(b byte) bool { return b < ' ' || b > '~' || b == '\\' || b == '\'' })
}

// combine appends the rows of every combination of the key's parts.
func combine(rows []Row, table string, parts [][]string) []Row {
	keys := []string{""}
	for _, forms := range parts {
		longer := make([]string, 0, len(keys)*len(forms))
		for _, key := range keys {
			for _, form := range forms {
				longer = append(longer, key+form)
			}
		}
		keys = longer
	}
	for _, key := range keys {
		rows = append(rows, Row{Table: table, Key: key})
	}
	return rows
}

// effects returns the whole, without what a wider part of it holds already.
func (o *collector) effects() Effects {
	e := Effects{Code: InvalidateRow, Tables: o.tables}
	seen := make(map[Row]bool, len(o.rows))
	for _, row := range o.rows {
		if !seen[row] && !slices.Contains(o.tables, row.Table) {
			seen[row] = true
			e.Rows = append(e.Rows, row)
		}
	}
	for _, name := range o.absent {
		if !slices.Contains(o.tables, name) {
			e.Absent = append(e.Absent, name)
		}
	}
	switch {
	case len(e.Tables) > 0:
		e.Code, e.Reason = InvalidateTable, "the rows that the statement touches are not known"
	case len(e.Rows) == 0 && len(e.Absent) == 0:
		e.Code = InvalidateNothing
	}
	return e
}
