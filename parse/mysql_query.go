package parse

import "github.com/sqlc-dev/marino/ast"

func asWritten(name string) string { return name }

// with brings common table expressions into scope, each in sight of those
// behind it. A recursive one sees itself. MariaDB lets recursive ones see
// those behind them, too; a name that may be either is taken as a table. The
// result restores the scope.
func (w *myWalk) with(c *ast.WithClause) (restore func()) {
	outer := w.scope
	if c == nil {
		return func() {}
	}
	w.special(reasonCTE)
	inner := w.open(asWritten)
	w.scope = inner
	for _, e := range c.CTEs {
		if c.IsRecursive {
			inner.add(e.Name.O)
		}
		if e.Query != nil {
			w.query(e.Query.Query)
		}
		inner.add(e.Name.O)
	}
	return func() { w.scope = outer }
}

// query walks over a SELECT, VALUES or TABLE, or several of them combined.
func (w myWalk) query(n ast.Node) {
	if !w.enter() {
		return
	}
	defer w.leave()
	switch v := n.(type) {
	case *ast.SelectStmt:
		w.selectStatement(v)
	case *ast.SetOprStmt:
		defer w.with(v.With)()
		w.special(reasonSetOp)
		w.query(v.SelectList)
		w.sorted(v.OrderBy)
		w.limit(v.Limit)
	case *ast.SetOprSelectList:
		defer w.with(v.With)()
		w.special(reasonSetOp)
		for _, s := range v.Selects {
			w.query(s)
		}
		w.sorted(v.OrderBy)
		w.limit(v.Limit)
	default:
		w.unknown(reasonUnknownNode)
	}
}

func (w myWalk) selectStatement(s *ast.SelectStmt) *plain {
	if s == nil || !w.enter() {
		return nil
	}
	defer w.leave()
	defer w.with(s.With)()
	if s.Kind != ast.SelectStmtKindSelect {
		w.special(reasonValues)
	}
	if o := s.SelectStmtOpts; o != nil && o.CalcFoundRows {
		w.special(reasonFoundRows)
	}
	if s.Distinct {
		w.special(reasonDistinct)
	}
	if s.GroupBy != nil || s.Having != nil {
		w.special(reasonGroup)
	}
	if s.LockInfo != nil || len(s.MoreLockInfos) > 0 {
		w.facts.Locks = true
	}
	w.into(s.SelectIntoOpt)
	if s.Fields != nil {
		w.fields(s.Fields)
	}
	for _, l := range s.Lists {
		w.expressions(l.Values)
	}
	if s.From != nil {
		w.from(s.From.TableRefs)
	}
	equalities, rest := w.where(s.Where)
	if s.GroupBy != nil {
		w.items(s.GroupBy.Items)
	}
	if s.Having != nil {
		w.expression(s.Having.Expr)
	}
	for i := range s.WindowSpecs {
		w.window(&s.WindowSpecs[i])
	}
	w.sorted(s.OrderBy)
	w.limit(s.Limit)

	source := onlyTable(s.From)
	if source == nil {
		w.special(reasonFrom)
		return nil
	}
	name := source.Source.(*ast.TableName)
	if len(name.IndexHints) > 0 || len(name.PartitionNames) > 0 {
		w.special(reasonFrom)
		return nil
	}
	p := &plain{
		table: myTable(name), alias: source.AsName.O,
		equalities: equalities, rest: rest, limit: NoLimit,
	}
	if s.Limit != nil {
		p.limit, p.offset = LimitOther, s.Limit.Offset != nil
		v, _ := w.value(s.Limit.Count)
		if n, ok := v.Go.(int64); ok && n >= 1 {
			p.limit = LimitAtLeast1
		}
	}
	return p
}

// into tells variables, which are this connection's, from files.
func (w myWalk) into(o *ast.SelectIntoOption) {
	if o == nil {
		return
	}
	w.special(reasonInto)
	if o.Tp != ast.SelectIntoVars {
		w.unknown(reasonOutfile)
	}
	for _, v := range o.Vars {
		if _, ok := v.(*ast.VariableExpr); !ok {
			w.unknown(reasonUnknownNode) // a routine's variable
		}
		w.expression(v)
	}
}

func (w myWalk) fields(list *ast.FieldList) {
	for _, f := range list.Fields {
		if f.WildCard != nil {
			w.column(Column{Qualifier: f.WildCard.Table.O, Name: "*"})
			continue
		}
		w.expression(f.Expr)
	}
}

func (w myWalk) items(list []*ast.ByItem) {
	for _, i := range list {
		w.expression(i.Expr)
	}
}

func (w myWalk) sorted(o *ast.OrderByClause) {
	if o != nil {
		w.items(o.Items)
	}
}

func (w myWalk) limit(l *ast.Limit) {
	if l != nil {
		w.expression(l.Count)
		w.expression(l.Offset)
	}
}

// onlyTable returns the one plain table of a FROM clause, or nil.
func onlyTable(c *ast.TableRefsClause) *ast.TableSource {
	if c == nil || c.TableRefs == nil || c.TableRefs.Right != nil || c.TableRefs.On != nil || len(c.TableRefs.Using) > 0 {
		return nil
	}
	s, ok := c.TableRefs.Left.(*ast.TableSource)
	if !ok || s.Lateral || len(s.ColumnNames) > 0 {
		return nil
	}
	if _, ok := s.Source.(*ast.TableName); !ok {
		return nil
	}
	return s
}

// from walks over one item of FROM, which may be a join.
func (w myWalk) from(n ast.ResultSetNode) {
	if n == nil || !w.enter() {
		return
	}
	defer w.leave()
	switch v := n.(type) {
	case *ast.Join:
		if v == nil {
			return
		}
		w.from(v.Left)
		w.from(v.Right)
		if v.On != nil {
			w.expression(v.On.Expr)
		}
	case *ast.TableSource:
		w.from(v.Source)
	case *ast.TableName:
		if v.TableSample != nil || v.AsOf != nil {
			w.unknown(reasonUnknownNode) // TiDB's
		}
		w.read(v)
	case *ast.SelectStmt, *ast.SetOprStmt:
		w.special(reasonFrom)
		w.query(v)
	case *ast.JSONTableExpr:
		w.special(reasonFrom)
		w.expression(v.Doc)
		w.expression(v.Path)
		w.jsonColumns(v.Columns)
	default:
		w.unknown(reasonUnknownNode)
	}
}

func (w myWalk) jsonColumns(list []*ast.JSONTableColumn) {
	for _, c := range list {
		w.expression(c.Path)
		w.expression(c.NestedPath)
		for _, r := range []*ast.JSONOnResponse{c.OnEmpty, c.OnError} {
			if r != nil {
				w.expression(r.Value)
			}
		}
		if w.enter() {
			w.jsonColumns(c.NestedColumns)
			w.leave()
		}
	}
}

// read adds a table that is read, unless the name is a common table
// expression.
func (w myWalk) read(n *ast.TableName) {
	if n.Schema.O == "" && w.scope.has(n.Name.O) {
		return
	}
	w.tables.add(myTable(n))
}

func myTable(n *ast.TableName) Table { return Table{Schema: n.Schema.O, Name: n.Name.O} }
