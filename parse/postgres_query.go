package parse

import "github.com/sqlc-dev/oliphant/ast"

// query walks over a statement that may stand inside another one.
func (w pgWalk) query(n *ast.Node) {
	if n == nil {
		return
	}
	if !w.enter() {
		return
	}
	defer w.leave()
	switch v := n.GetNode().(type) {
	case *ast.Node_SelectStmt:
		w.selectStatement(v.SelectStmt)
	case *ast.Node_InsertStmt:
		w.insert(v.InsertStmt)
	case *ast.Node_UpdateStmt:
		w.update(v.UpdateStmt)
	case *ast.Node_DeleteStmt:
		w.delete(v.DeleteStmt)
	case *ast.Node_MergeStmt:
		w.merge(v.MergeStmt)
	case *ast.Node_ExecuteStmt:
		w.facts.Session = true
		w.unknown(reasonExecute)
	default:
		w.unknown(reasonUnknownNode)
	}
}

// with walks over common table expressions and brings their names into
// scope. The result restores the scope.
func (w pgWalk) with(c *ast.WithClause) (restore func()) {
	outer := w.scope
	if c == nil {
		return func() {}
	}
	w.special(reasonCTE)
	inner := w.open(func(name string) string { return name })
	if c.GetRecursive() {
		// Each sees all of them; else each sees those before it.
		for _, n := range c.GetCtes() {
			inner.add(n.GetCommonTableExpr().GetCtename())
		}
	}
	w.scope = inner
	for _, n := range c.GetCtes() {
		e := n.GetCommonTableExpr()
		w.query(e.GetCtequery())
		if cycle := e.GetCycleClause(); cycle != nil {
			w.expression(cycle.GetCycleMarkValue())
			w.expression(cycle.GetCycleMarkDefault())
		}
		inner.add(e.GetCtename())
	}
	return func() { w.scope = outer }
}

// selectStatement walks over a SELECT, VALUES or TABLE.
func (w pgWalk) selectStatement(s *ast.SelectStmt) *plain {
	if s == nil || !w.enter() {
		return nil
	}
	defer w.leave()
	defer w.with(s.GetWithClause())()

	if s.GetOp() != ast.SetOperation_SETOP_NONE {
		w.special(reasonSetOp)
		w.selectStatement(s.GetLarg())
		w.selectStatement(s.GetRarg())
	}
	if len(s.GetValuesLists()) > 0 {
		w.special(reasonValues)
		w.expressions(s.GetValuesLists())
	}
	if into := s.GetIntoClause(); into != nil {
		w.special(reasonInto)
		w.create(into.GetRel())
	}
	if len(s.GetDistinctClause()) > 0 {
		w.special(reasonDistinct)
		w.expressions(s.GetDistinctClause())
	}
	if len(s.GetGroupClause()) > 0 || s.GetHavingClause() != nil {
		w.special(reasonGroup)
		w.expressions(s.GetGroupClause())
		w.expression(s.GetHavingClause())
	}
	if len(s.GetWindowClause()) > 0 {
		w.special(reasonWindow)
		w.expressions(s.GetWindowClause())
	}
	if len(s.GetLockingClause()) > 0 {
		w.facts.Locks = true
	}
	w.expressions(s.GetTargetList())
	for _, f := range s.GetFromClause() {
		w.from(f)
	}
	equalities, rest := w.where(s.GetWhereClause())
	w.expressions(s.GetSortClause())
	w.expression(s.GetLimitCount())
	w.expression(s.GetLimitOffset())

	if len(s.GetFromClause()) != 1 || s.GetFromClause()[0].GetRangeVar() == nil {
		w.special(reasonFrom)
		return nil
	}
	r := s.GetFromClause()[0].GetRangeVar()
	if !r.GetInh() || r.GetCatalogname() != "" || len(r.GetAlias().GetColnames()) > 0 {
		w.special(reasonFrom)
		return nil
	}
	p := &plain{
		table: pgTable(r), alias: r.GetAlias().GetAliasname(),
		equalities: equalities, rest: rest,
		limit: pgLimit(s), offset: s.GetLimitOffset() != nil,
	}
	for _, c := range w.columns {
		if c.Qualifier == "" && c.Name == p.name() {
			w.special(reasonWholeRow)
		}
	}
	return p
}

func pgLimit(s *ast.SelectStmt) LimitKind {
	switch {
	case s.GetLimitCount() == nil, s.GetLimitCount().GetAConst().GetIsnull():
		return NoLimit // LIMIT ALL is LIMIT NULL
	case s.GetLimitOption() == ast.LimitOption_LIMIT_OPTION_COUNT && s.GetLimitCount().GetAConst().GetIval().GetIval() >= 1:
		return LimitAtLeast1
	}
	return LimitOther
}

// from walks over one item of FROM, USING or a join.
func (w pgWalk) from(n *ast.Node) {
	if n == nil || !w.enter() {
		return
	}
	defer w.leave()
	switch v := n.GetNode().(type) {
	case *ast.Node_RangeVar:
		if v.RangeVar.GetSchemaname() == "" && w.scope.has(v.RangeVar.GetRelname()) {
			return
		}
		w.tables.add(pgTable(v.RangeVar))
	case *ast.Node_JoinExpr:
		w.special(reasonFrom)
		w.from(v.JoinExpr.GetLarg())
		w.from(v.JoinExpr.GetRarg())
		w.expression(v.JoinExpr.GetQuals())
	case *ast.Node_RangeSubselect:
		w.special(reasonFrom)
		w.query(v.RangeSubselect.GetSubquery())
	case *ast.Node_RangeFunction:
		w.special(reasonFrom)
		w.expressions(v.RangeFunction.GetFunctions())
		w.expressions(v.RangeFunction.GetColdeflist())
	case *ast.Node_RangeTableSample:
		w.special(reasonFrom)
		w.function(pgName(v.RangeTableSample.GetMethod()))
		w.from(v.RangeTableSample.GetRelation())
		w.expressions(v.RangeTableSample.GetArgs())
		w.expression(v.RangeTableSample.GetRepeatable())
	case *ast.Node_RangeTableFunc, *ast.Node_JsonTable:
		w.special(reasonFrom)
		w.expression(n)
	default:
		w.unknown(reasonUnknownNode)
	}
}
