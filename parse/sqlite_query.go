package parse

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"
)

// with brings common table expressions into scope. All see each other,
// whether RECURSIVE is written or not. The result restores the scope.
func (w liteWalk) with(c *ast.With) (restore func()) {
	outer := w.scope
	if c == nil {
		return func() {}
	}
	w.special(reasonCTE)
	inner := w.open(strings.ToLower)
	for _, e := range c.CTEs {
		inner.add(e.Name.Name)
	}
	w.scope = inner
	for _, e := range c.CTEs {
		w.query(e.Select)
	}
	return func() { w.scope = outer }
}

// query walks over a SELECT or VALUES, compound or not.
func (w liteWalk) query(s *ast.SelectStmt) *plain {
	if s == nil || !w.enter() {
		return nil
	}
	defer w.leave()
	defer w.with(s.With)()
	if len(s.Cores) != 1 {
		w.special(reasonSetOp)
	}
	var p *plain
	for _, c := range s.Cores {
		switch v := c.(type) {
		case *ast.SelectQuery:
			p = w.core(v)
		case *ast.ValuesClause:
			w.special(reasonValues)
			for _, row := range v.Rows {
				w.expressions(row)
			}
		default:
			w.unknown(reasonUnknownNode)
		}
	}
	return p
}

func (w liteWalk) core(s *ast.SelectQuery) *plain {
	if s.Distinct == ast.DistinctDistinct {
		w.special(reasonDistinct)
	}
	if len(s.GroupBy) > 0 || s.Having != nil {
		w.special(reasonGroup)
	}
	if len(s.Windows) > 0 {
		w.special(reasonWindow)
	}
	w.results(s.Columns)
	for _, f := range s.From {
		w.from(f)
	}
	equalities, rest := w.where(s.Where)
	w.expressions(s.GroupBy)
	w.expression(s.Having)
	for _, d := range s.Windows {
		w.window(d)
	}
	w.sorted(s.OrderBy)
	w.limit(s.Limit)

	if len(s.From) != 1 {
		w.special(reasonFrom)
		return nil
	}
	f := s.From[0]
	if f.Name == nil || f.HasArgs || f.IndexedBy != nil || f.NotIndexed || f.On != nil || len(f.Using) > 0 {
		w.special(reasonFrom)
		return nil
	}
	p := &plain{
		table: liteTable(f.Name), alias: liteName(f.Alias),
		equalities: equalities, rest: rest, limit: NoLimit,
	}
	if s.Limit != nil {
		p.limit, p.offset = LimitOther, s.Limit.Offset != nil
		v, _ := w.value(s.Limit.Count)
		if n, ok := v.Go.(int64); ok && n >= 1 && v.Cast == "" {
			p.limit = LimitAtLeast1
		}
	}
	return p
}

func (w liteWalk) results(list []*ast.ResultColumn) {
	for _, c := range list {
		w.expression(c.Expr)
	}
}

func (w liteWalk) sorted(list []*ast.OrderingTerm) {
	for _, t := range list {
		w.expression(t.Expr)
	}
}

func (w liteWalk) limit(l *ast.Limit) {
	if l != nil {
		w.expression(l.Count)
		w.expression(l.Offset)
	}
}

// from walks over one item of FROM.
func (w liteWalk) from(f *ast.TableRef) {
	if !w.enter() {
		return
	}
	defer w.leave()
	if f.Join != nil || f.Name == nil {
		w.special(reasonFrom)
	}
	switch {
	case f.Name != nil && f.HasArgs:
		w.special(reasonFrom)
		w.function(liteTable(f.Name).Schema, f.Name.Name.Name)
		w.expressions(f.Args)
	case f.Name != nil:
		w.read(f.Name)
	case f.Select != nil:
		w.query(f.Select)
	default:
		for _, inner := range f.List {
			w.from(inner)
		}
	}
	w.expression(f.On)
}

// read adds a table that is read, unless the name is a common table
// expression.
func (w liteWalk) read(n *ast.QualifiedName) {
	if n.Schema == nil && w.scope.has(n.Name.Name) {
		return
	}
	w.tables.add(liteTable(n))
}
