package parse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"
)

func (w myWalk) insert(s *ast.InsertStmt) {
	source := onlyTable(s.Table)
	if source == nil {
		w.unknown(reasonUnknownNode)
		return
	}
	c := Change{Op: Insert, Table: myTable(source.Source.(*ast.TableName))}
	for _, n := range s.Columns {
		c.Columns = append(c.Columns, n.Name.O)
	}
	for _, row := range s.Lists {
		c.Rows = append(c.Rows, w.values(row))
	}
	if s.IgnoreErr {
		c.Conflict = DoNothing
	}
	if len(s.OnDuplicate) > 0 {
		c.Conflict, c.DoSet = UpdateOnKey, w.assignments(s.OnDuplicate)
	}
	if s.IsReplace {
		c.Conflict = Replaces
	}
	w.write(c)
	for _, row := range s.Lists {
		w.expressions(row)
	}
	if s.Select != nil {
		w.query(s.Select)
	}
}

func (w myWalk) update(s *ast.UpdateStmt) {
	defer w.with(s.With)()
	set := w.assignments(s.List)
	equalities, rest := w.where(s.Where)
	w.sorted(s.Order)
	w.limit(s.Limit)
	conflict := NoConflict
	if s.IgnoreErr {
		conflict = DoNothing
	}
	if source := onlyTable(s.TableRefs); source != nil && !w.derived(source) {
		c := Change{Op: Update, Table: myTable(source.Source.(*ast.TableName)), Alias: source.AsName.O, Conflict: conflict, Set: set}
		c.restrict(equalities, rest, equal)
		w.write(c)
		return
	}
	if s.TableRefs == nil {
		w.unknown(reasonUnknownNode)
		return
	}
	w.from(s.TableRefs.TableRefs)
	sources := w.sources(nil, s.TableRefs.TableRefs)
	found := false
	for _, source := range sources {
		c := Change{Op: Update, Table: source.table, Alias: source.alias, Conflict: conflict, Rest: true}
		for i, a := range s.List {
			q := Table{Schema: a.Column.Schema.O, Name: a.Column.Table.O}
			if q.Name == "" || source.named(q) || !anyNamed(sources, q) {
				c.Set = append(c.Set, set[i])
			}
		}
		if len(c.Set) > 0 {
			w.write(c)
			found = true
		}
	}
	if !found {
		w.unknown(reasonUnknownNode) // nothing but views and common table expressions
	}
}

func (w myWalk) delete(s *ast.DeleteStmt) {
	defer w.with(s.With)()
	equalities, rest := w.where(s.Where)
	w.sorted(s.Order)
	w.limit(s.Limit)
	if source := onlyTable(s.TableRefs); source != nil && s.Tables == nil && !w.derived(source) {
		c := Change{Op: Delete, Table: myTable(source.Source.(*ast.TableName)), Alias: source.AsName.O}
		c.restrict(equalities, rest, equal)
		w.write(c)
		return
	}
	if s.TableRefs == nil || s.Tables == nil {
		w.unknown(reasonUnknownNode)
		return
	}
	w.from(s.TableRefs.TableRefs)
	sources := w.sources(nil, s.TableRefs.TableRefs)
	for _, t := range s.Tables.Tables {
		target := myTable(t)
		known := anyNamed(sources, target)
		for _, source := range sources {
			if source.named(target) || !known {
				w.write(Change{Op: Delete, Table: source.table, Alias: source.alias, Rest: true})
			}
		}
		if !known {
			w.write(Change{Op: Delete, Table: target, Rest: true})
		}
	}
}

// source is a table in the FROM of a statement over several.
type source struct {
	table Table
	alias string
}

// named reports whether a target or a column's qualifier may mean the source.
// Servers compare these names with or without case.
func (s source) named(q Table) bool {
	if s.alias != "" {
		return strings.EqualFold(s.alias, q.Name)
	}
	return strings.EqualFold(s.table.Name, q.Name) &&
		(q.Schema == "" || s.table.Schema == "" || strings.EqualFold(s.table.Schema, q.Schema))
}

func anyNamed(sources []source, q Table) bool {
	for _, s := range sources {
		if s.named(q) {
			return true
		}
	}
	return false
}

// sources lists the tables below a join. What is no table cannot be written.
func (w myWalk) sources(list []source, n ast.ResultSetNode) []source {
	if n == nil || !w.enter() {
		return list
	}
	defer w.leave()
	switch v := n.(type) {
	case *ast.Join:
		list = w.sources(list, v.Left)
		return w.sources(list, v.Right)
	case *ast.TableSource:
		if t, ok := v.Source.(*ast.TableName); ok && !w.derived(v) {
			return append(list, source{myTable(t), v.AsName.O})
		}
		if j, ok := v.Source.(*ast.Join); ok {
			return w.sources(list, j)
		}
	}
	return list
}

// derived reports whether a table is a common table expression.
func (w myWalk) derived(s *ast.TableSource) bool {
	t, ok := s.Source.(*ast.TableName)
	return ok && t.Schema.O == "" && w.scope.has(t.Name.O)
}

func (w myWalk) loadData(s *ast.LoadDataStmt) {
	c := Change{Op: Copy, Table: myTable(s.Table), Conflict: onLoad(s.OnDuplicate)}
	if len(s.Columns) == len(s.ColumnsAndUserVars) && len(s.ColumnAssignments) == 0 {
		for _, n := range s.Columns {
			c.Columns = append(c.Columns, n.Name.O)
		}
	}
	w.write(c)
	w.assignments(s.ColumnAssignments)
}

func (w myWalk) loadXML(s *ast.LoadXMLStmt) {
	w.write(Change{Op: Copy, Table: myTable(s.Table), Conflict: onLoad(s.OnDuplicate)})
	w.assignments(s.ColumnAssignments)
}

func onLoad(o ast.OnDuplicateKeyHandlingType) ConflictKind {
	switch o {
	case ast.OnDuplicateKeyHandlingReplace:
		return Replaces
	case ast.OnDuplicateKeyHandlingIgnore:
		return DoNothing
	}
	return NoConflict
}

// assignments reads SET.
func (w myWalk) assignments(list []*ast.Assignment) []Assignment {
	out := make([]Assignment, len(list))
	for i, a := range list {
		out[i].Column = a.Column.Name.O
		out[i].Value, _ = w.value(a.Expr)
		w.expression(a.Expr)
	}
	return out
}

func (w myWalk) values(list []ast.ExprNode) []Value {
	out := make([]Value, len(list))
	for i, x := range list {
		out[i], _ = w.value(x)
	}
	return out
}
