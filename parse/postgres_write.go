package parse

import "github.com/sqlc-dev/oliphant/ast"

func (w pgWalk) insert(s *ast.InsertStmt) {
	defer w.with(s.GetWithClause())()
	c := Change{Op: Insert, Returning: s.GetReturningClause() != nil}
	plainColumns := true
	for _, n := range s.GetCols() {
		c.Columns = append(c.Columns, n.GetResTarget().GetName())
		plainColumns = plainColumns && len(n.GetResTarget().GetIndirection()) == 0
		w.expressions(n.GetResTarget().GetIndirection())
	}
	source := s.GetSelectStmt().GetSelectStmt()
	if source == nil {
		c.Rows = [][]Value{{}}
	}
	// OVERRIDING USER VALUE ignores what the rows say of identity columns,
	// and a[1] = x is not the column's value.
	if plainColumns && s.GetOverride() != ast.OverridingKind_OVERRIDING_USER_VALUE {
		for _, row := range source.GetValuesLists() {
			c.Rows = append(c.Rows, w.values(row.GetList().GetItems()))
		}
	}
	if on := s.GetOnConflictClause(); on != nil {
		w.onConflict(on, &c)
	}
	w.target(s.GetRelation(), c)
	w.selectStatement(source)
	w.returning(s.GetReturningClause())
}

func (w pgWalk) onConflict(on *ast.OnConflictClause, c *Change) {
	for _, n := range on.GetInfer().GetIndexElems() {
		e := n.GetIndexElem()
		w.expression(e.GetExpr())
		c.Target = append(c.Target, e.GetName())
		if e.GetName() == "" || len(e.GetCollation()) > 0 || len(e.GetOpclass()) > 0 {
			c.Target = nil
			break
		}
	}
	if on.GetInfer().GetWhereClause() != nil || on.GetInfer().GetConname() != "" {
		c.Target = nil
	}
	w.expression(on.GetInfer().GetWhereClause())
	switch {
	case on.GetAction() == ast.OnConflictAction_ONCONFLICT_NOTHING:
		c.Conflict = DoNothing
	case c.Target == nil:
		c.Conflict = UpdateOnKey
	default:
		c.Conflict = DoUpdate
	}
	c.DoSet = w.assignments(on.GetTargetList())
	w.expression(on.GetWhereClause())
}

func (w pgWalk) update(s *ast.UpdateStmt) {
	defer w.with(s.GetWithClause())()
	c := Change{Op: Update, Returning: s.GetReturningClause() != nil}
	c.Set = w.assignments(s.GetTargetList())
	w.restricted(&c, s.GetRelation(), s.GetFromClause(), s.GetWhereClause())
	w.target(s.GetRelation(), c)
	w.returning(s.GetReturningClause())
}

func (w pgWalk) delete(s *ast.DeleteStmt) {
	defer w.with(s.GetWithClause())()
	c := Change{Op: Delete, Returning: s.GetReturningClause() != nil}
	w.restricted(&c, s.GetRelation(), s.GetUsingClause(), s.GetWhereClause())
	w.target(s.GetRelation(), c)
	w.returning(s.GetReturningClause())
}

// restricted fills in what WHERE says of the target's rows.
func (w pgWalk) restricted(c *Change, target *ast.RangeVar, others []*ast.Node, where *ast.Node) {
	for _, f := range others {
		w.from(f)
	}
	equalities, rest := w.where(where)
	if len(others) > 0 {
		c.Rest = true
		return
	}
	c.Table, c.Alias = pgTable(target), target.GetAlias().GetAliasname()
	c.restrict(equalities, rest, equal)
}

func (w pgWalk) merge(s *ast.MergeStmt) {
	defer w.with(s.GetWithClause())()
	w.target(s.GetRelation(), Change{Op: Merge, Rest: true, Returning: s.GetReturningClause() != nil})
	w.from(s.GetSourceRelation())
	w.expression(s.GetJoinCondition())
	for _, n := range s.GetMergeWhenClauses() {
		when := n.GetMergeWhenClause()
		w.expression(when.GetCondition())
		w.expressions(when.GetTargetList())
		w.expressions(when.GetValues())
	}
	w.returning(s.GetReturningClause())
}

func (w pgWalk) returning(r *ast.ReturningClause) { w.expressions(r.GetExprs()) }

// assignments reads SET. A part of a column, or one of several columns that
// are set together, has an Expression.
func (w pgWalk) assignments(list []*ast.Node) []Assignment {
	var out []Assignment
	for _, n := range list {
		t := n.GetResTarget()
		a := Assignment{Column: t.GetName()}
		if len(t.GetIndirection()) == 0 {
			a.Value, _ = pgValue(t.GetVal())
		}
		w.expressions(t.GetIndirection())
		w.expression(t.GetVal())
		out = append(out, a)
	}
	return out
}

func (w pgWalk) values(list []*ast.Node) []Value {
	out := make([]Value, len(list))
	for i, n := range list {
		out[i], _ = pgValue(n)
	}
	return out
}
