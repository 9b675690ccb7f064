package policy

import (
	"database/sql/driver"
	"slices"

	"github.com/moneyclip/moneyclip/parse"
)

// mostRows is how many rows one execution invalidates one by one; more are
// their table, which costs the store the same for any number.
const mostRows = 1000

// writePlan is what a text invalidates, up to its arguments.
type writePlan struct {
	all     string // why everything; empty if not
	reload  bool
	changes []changePlan
	params  bool // the text's parameters are numbered as its arguments are
	strict  bool // keys only from texts that every setting reads alike
}

// width is what a change invalidates where its rows are not known.
type width uint8

const (
	wholeTable width = iota
	absentOnly       // it only makes rows: what is absent may be no longer
)

// changePlan is one change of one table.
type changePlan struct {
	table    *relation
	unknown  width // if the rows are not known
	where    [][]whereValues
	set      []setValue      // UPDATE: the key's columns that are set
	inserted [][]parse.Value // INSERT: the key's values of each row; nil: not known
	fresh    bool            // INSERT: a NULL key is one that the database makes, so no row is replaced (SQLite)
	dialect  parse.Dialect
}

// whereValues is one conjunct on a key column: the values that it may have.
type whereValues []parse.Value

type setValue struct {
	place int // in the key
	value parse.Value
}

func everything(reason string, reload bool) Effects {
	return Effects{Code: InvalidateAll, Reason: reason, All: true, Reload: reload}
}

// touches reports whether an execution may invalidate anything.
func (p *writePlan) touches() bool { return p.all != "" || len(p.changes) > 0 }

// effects returns what one execution invalidates.
func (p *writePlan) effects(args []driver.NamedValue) Effects {
	if p.all != "" {
		return everything(p.all, p.reload)
	}
	b, _ := bind(args)
	if b == rewriter {
		// Whatever the facts are of, it is not what is executed.
		return everything("an argument that replaces the text", true)
	}
	if len(p.changes) == 0 {
		return Effects{Code: InvalidateNothing}
	}
	if !p.params {
		b = unclear
	}
	out := collector{args: args, binding: b, strict: p.strict}
	for i := range p.changes {
		out.change(&p.changes[i])
		if out.missing {
			return everything("an argument is missing", false)
		}
	}
	return out.effects()
}

// planWrite says what a text invalidates. In a dirty session the catalog's
// search path does not hold.
func (r *Rules) planWrite(f *parse.Facts, called verdict, dirty bool) writePlan {
	all := func(reason string, reload bool) writePlan { return writePlan{all: reason, reload: reload} }
	switch {
	case f.Kind == parse.Opaque:
		return all(orElse(f.Reason, "a text that is not understood"), true)
	case f.Kind == parse.Schema || f.Schema:
		return all("the schema changes", true)
	case f.TxControl == parse.TxFinishPrepared || f.TxControl == parse.TxSeveral:
		// TxSeveral does not say which: the end of a prepared transaction may
		// be among them.
		return all("a prepared transaction may end: what it wrote is not known", true)
	case f.Kind == parse.Write && len(f.Writes) == 0:
		return all("a write without a table", true)
	case called.writes != "":
		return all(called.writes, true)
	case dirty && len(called.tables) > 0:
		// The search path may lead the function to other tables.
		return all("a function that is declared to write, in a session with other settings", true)
	case f.Statements > 1 && len(f.Writes)+len(called.tables) > 0 && (f.Session || called.session):
		// The catalog's search path may not hold for the later statements.
		return all("several statements, one of which changes the session", true)
	}
	if f.Scanned && r.catalog.readsRun() {
		return all("a read of tables that are not known, in a database where a read may run code", true)
	}
	p := writePlan{params: f.Statements <= 1, strict: dirty}
	for _, t := range f.Tables {
		for _, table := range r.named(t, dirty) {
			if table.readsRun != "" {
				return all(table.readsRun, true)
			}
		}
	}
	for i := range f.Writes {
		w := &f.Writes[i]
		tables := r.named(w.Table, dirty)
		if len(tables) == 0 {
			return all("a write to a table that is not in the catalog", false)
		}
		if dirty && r.catalog.dialect == parse.SQLite {
			return all("a write on a connection that may have temporary triggers", false)
		}
		for _, table := range tables {
			change, reason := r.planChange(w, table)
			if reason != "" {
				return all(reason, w.Op == parse.Create)
			}
			if dirty && len(table.triggers) > 0 {
				return all("a write to a table with a trigger, in a session with other settings", false)
			}
			if table.cacheable() {
				p.changes = append(p.changes, change)
			}
			p.whole(r.after[table].tables)
		}
	}
	p.whole(called.tables)
	return p
}

// whole takes in tables whose rows are not known.
func (p *writePlan) whole(tables []*relation) {
	for _, t := range tables {
		if t.cacheable() {
			p.changes = append(p.changes, changePlan{table: t})
		}
	}
}

// named returns the relations that a text may mean.
func (r *Rules) named(t parse.Table, dirty bool) []*relation {
	if dirty && t.Schema == "" {
		return r.catalog.byName[r.catalog.fold(t).Name]
	}
	if table := r.catalog.resolve(t); table != nil {
		return []*relation{table}
	}
	return nil
}

// planChange says what one change of one table invalidates, by the table of
// soundness.md §4; reason is why everything, empty if not.
func (r *Rules) planChange(w *parse.Change, t *relation) (_ changePlan, reason string) {
	if reason := r.follows(t); reason != "" {
		return changePlan{}, reason
	}
	conflict := w.Conflict
	if t.replaces && (w.Op == parse.Insert || w.Op == parse.Update) {
		conflict = parse.Replaces
	}
	// LOAD DATA REPLACE deletes what is in the way.
	makesRows := (w.Op == parse.Copy || w.Op == parse.Insert) &&
		(conflict == parse.NoConflict || conflict == parse.DoNothing || conflict == parse.AbortOrRollback)
	switch {
	case w.Op == parse.UnknownOp || w.Op == parse.Create:
		return changePlan{}, "a write whose operation is not known"
	case w.Op == parse.Truncate && t.referenced:
		// Without CASCADE it is refused, with it the others are emptied too.
		return changePlan{}, "TRUNCATE of a table that foreign keys refer to"
	case t.actions && !makesRows:
		return changePlan{}, "a write to a table that foreign-key actions follow"
	case t.hiddenActions != "" && !makesRows:
		return changePlan{}, t.hiddenActions
	}
	c := changePlan{table: t, dialect: r.catalog.dialect}
	if len(t.triggers) > 0 {
		return c, "" // a trigger may set another key, or change other rows
	}
	switch w.Op {
	case parse.Insert:
		r.planInsert(&c, w, conflict)
	case parse.Update, parse.Delete:
		r.planWhere(&c, w, conflict)
	}
	return c, ""
}

// planWhere finds the rows of an UPDATE or DELETE.
func (r *Rules) planWhere(c *changePlan, w *parse.Change, conflict parse.ConflictKind) {
	t := c.table
	where := make([][]whereValues, len(t.key))
	for _, e := range w.Equalities {
		at, known := r.column(t, w.Table, w.Alias, e.Column, false)
		place := slices.Index(t.key, at)
		if known && place >= 0 && !e.Any {
			where[place] = append(where[place], e.Values)
		}
	}
	if slices.ContainsFunc(where, func(v []whereValues) bool { return len(v) == 0 }) {
		return
	}
	for _, s := range w.Set {
		at, known := r.ownColumn(t, s.Column)
		if !known {
			return
		}
		if place := slices.Index(t.key, at); place >= 0 {
			c.set = append(c.set, setValue{place, s.Value})
		}
	}
	if conflict == parse.Replaces && (t.uniques > 0 || len(c.set) > 0) {
		return // rows in the way are deleted
	}
	c.where = where
}

// planInsert finds the rows of an INSERT.
func (r *Rules) planInsert(c *changePlan, w *parse.Change, conflict parse.ConflictKind) {
	t := c.table
	switch conflict {
	case parse.NoConflict, parse.DoNothing, parse.AbortOrRollback:
		c.unknown = absentOnly
	case parse.DoUpdate:
		if !r.isKey(t, w.Target) || r.setsKey(t, w.DoSet) {
			return
		}
	case parse.Replaces, parse.UpdateOnKey:
		if t.uniques > 0 || r.setsKey(t, w.DoSet) {
			return
		}
	default:
		return
	}
	if w.Rows == nil || len(w.Rows) > mostRows {
		return
	}
	// The rowid's alias takes a NULL, or nothing, as a wish for a new one.
	c.fresh = t.rowid >= 0
	columns, known := r.insertColumns(t, w.Columns)
	if !known {
		return
	}
	inserted := make([][]parse.Value, 0, len(w.Rows))
	for _, row := range w.Rows {
		values := make([]parse.Value, len(t.key))
		for place, at := range t.key {
			values[place] = parse.Value{Kind: parse.Default}
			if i := slices.Index(columns, at); i >= 0 && i < len(row) {
				values[place] = row[i]
			}
		}
		inserted = append(inserted, values)
	}
	c.inserted = inserted
}

// insertColumns returns the positions of the columns that an INSERT gives.
func (r *Rules) insertColumns(t *relation, names []string) (columns []int, known bool) {
	if names == nil {
		for at, c := range t.columns {
			if !c.hidden {
				columns = append(columns, at)
			}
		}
		return columns, true
	}
	for _, name := range names {
		at, known := r.ownColumn(t, name)
		if !known || slices.Contains(columns, at) {
			return nil, false
		}
		columns = append(columns, at)
	}
	return columns, true
}

// isKey reports whether names are exactly the primary key's columns.
func (r *Rules) isKey(t *relation, names []string) bool {
	columns, known := r.insertColumns(t, names)
	if names == nil || !known || len(columns) != len(t.key) {
		return false
	}
	return !slices.ContainsFunc(t.key, func(at int) bool { return !slices.Contains(columns, at) })
}

// setsKey reports whether an assignment changes a column of the primary key,
// or one that is not known.
func (r *Rules) setsKey(t *relation, set []parse.Assignment) bool {
	return slices.ContainsFunc(set, func(a parse.Assignment) bool {
		at, known := r.ownColumn(t, a.Column)
		return !known || slices.Contains(t.key, at)
	})
}
