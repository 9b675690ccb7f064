package parse

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"
)

// target adds a change.
func (w liteWalk) target(n *ast.QualifiedName, c Change) {
	c.Table = liteTable(n)
	switch name := strings.ToLower(c.Table.Name); {
	case strings.HasPrefix(name, "sqlite_"):
		w.kind(Schema) // the catalog or the statistics, changed by hand
	}
	w.write(c)
}

func (w liteWalk) insert(s *ast.InsertStmt) {
	defer w.with(s.With)()
	c := Change{Op: Insert, Alias: liteName(s.Alias), Returning: len(s.Returning) > 0}
	for _, i := range s.Columns {
		c.Columns = append(c.Columns, i.Name)
	}
	if s.DefaultValues {
		c.Rows = [][]Value{{}}
	}
	if s.Select != nil && s.Select.With == nil && len(s.Select.Cores) == 1 {
		if v, ok := s.Select.Cores[0].(*ast.ValuesClause); ok {
			for _, row := range v.Rows {
				c.Rows = append(c.Rows, w.values(row))
			}
		}
	}
	w.upserts(s.Upserts, &c)
	if s.Replace {
		c.Conflict = Replaces
	} else {
		w.or(s.OrConflict, &c)
	}
	w.target(s.Table, c)
	w.query(s.Select)
	w.results(s.Returning)
}

// upserts reads the ON CONFLICT clauses. Of several only the widest is told.
func (w liteWalk) upserts(list []*ast.Upsert, c *Change) {
	for _, u := range list {
		target := liteTarget(u)
		w.sorted(u.Target)
		w.expression(u.TargetWhere)
		set := w.assignments(u.Set)
		w.expression(u.Where)
		switch {
		case u.DoNothing && c.Conflict == NoConflict:
			c.Conflict, c.Target = DoNothing, target
		case u.DoNothing:
		case len(list) > 1 || target == nil:
			c.Conflict, c.Target = UpdateOnKey, nil
			c.DoSet = append(c.DoSet, set...)
		default:
			c.Conflict, c.Target, c.DoSet = DoUpdate, target, set
		}
	}
	if len(list) > 1 {
		c.Target = nil
	}
}

// liteTarget returns the columns of ON CONFLICT (…) where they are plain.
func liteTarget(u *ast.Upsert) []string {
	var columns []string
	for _, t := range u.Target {
		i, ok := t.Expr.(*ast.Ident)
		if !ok || u.TargetWhere != nil {
			return nil
		}
		columns = append(columns, i.Name)
	}
	return columns
}

// or reads INSERT OR … and UPDATE OR …. Beside an ON CONFLICT clause both
// hold, each for its own conflicts: the wider one is told.
func (w liteWalk) or(a ast.ConflictAction, c *Change) {
	switch {
	case a == ast.ConflictReplace:
		c.Conflict = Replaces
	case a == ast.ConflictDefault, c.Conflict == UpdateOnKey, c.Conflict == DoUpdate:
	case a == ast.ConflictIgnore:
		c.Conflict = DoNothing
	default:
		c.Conflict = AbortOrRollback
	}
}

func (w liteWalk) update(s *ast.UpdateStmt) {
	defer w.with(s.With)()
	c := Change{Op: Update, Alias: liteName(s.Alias), Returning: len(s.Returning) > 0}
	c.Set = w.assignments(s.Set)
	w.or(s.OrConflict, &c)
	for _, f := range s.From {
		w.from(f)
	}
	c.Table = liteTable(s.Table)
	equalities, rest := w.where(s.Where)
	if len(s.From) > 0 {
		equalities, rest = nil, true
	}
	c.restrict(equalities, rest, strings.EqualFold)
	w.target(s.Table, c)
	w.results(s.Returning)
	w.sorted(s.OrderBy)
	w.limit(s.Limit)
}

func (w liteWalk) delete(s *ast.DeleteStmt) {
	defer w.with(s.With)()
	c := Change{Op: Delete, Alias: liteName(s.Alias), Returning: len(s.Returning) > 0}
	c.Table = liteTable(s.Table)
	equalities, rest := w.where(s.Where)
	c.restrict(equalities, rest, strings.EqualFold)
	w.target(s.Table, c)
	w.results(s.Returning)
	w.sorted(s.OrderBy)
	w.limit(s.Limit)
}

// assignments reads SET. Columns that are set together have an Expression.
func (w liteWalk) assignments(list []*ast.SetPair) []Assignment {
	var out []Assignment
	for _, s := range list {
		var v Value
		if len(s.Columns) == 1 {
			v, _ = w.value(s.Value)
		}
		for _, i := range s.Columns {
			out = append(out, Assignment{Column: i.Name, Value: v})
		}
		w.expression(s.Value)
	}
	return out
}

func (w liteWalk) values(list []ast.Expr) []Value {
	out := make([]Value, len(list))
	for i, x := range list {
		out[i], _ = w.value(x)
	}
	return out
}
