package parse

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"
)

func (w liteWalk) expressions(list []ast.Expr) {
	for _, x := range list {
		w.expression(x)
	}
}

// expression walks over an expression. What it does not know makes the text
// opaque.
func (w liteWalk) expression(x ast.Expr) {
	if x == nil || !w.enter() {
		return
	}
	defer w.leave()
	switch v := x.(type) {
	case *ast.Ident, *ast.QualifiedRef:
		c, _ := liteColumn(v)
		w.column(c)
	case *ast.Star:
		w.column(Column{Qualifier: liteName(v.Table), Name: "*"})
	case *ast.Literal:
		w.constant(v)
	case *ast.BindParam:
		value, _ := w.value(v)
		w.param(value)
	case *ast.BinaryExpr:
		w.expression(v.X)
		w.expression(v.Y)
	case *ast.UnaryExpr:
		w.expression(v.X)
	case *ast.ParenExpr:
		w.expression(v.X)
	case *ast.LikeExpr:
		// LIKE calls like(), and so on: a program may have replaced it.
		w.function("", strings.ToLower(v.Op.Name))
		w.expression(v.X)
		w.expression(v.Y)
		w.expression(v.Escape)
	case *ast.IsExpr:
		w.expression(v.X)
		w.expression(v.Y)
	case *ast.NullCheckExpr:
		w.expression(v.X)
	case *ast.BetweenExpr:
		w.expression(v.X)
		w.expression(v.Lo)
		w.expression(v.Hi)
	case *ast.InExpr:
		w.in(v)
	case *ast.CaseExpr:
		w.expression(v.Operand)
		for _, when := range v.Whens {
			w.expression(when.When)
			w.expression(when.Then)
		}
		w.expression(v.Else)
	case *ast.CastExpr:
		if value, ok := w.value(v); ok && value.Kind == Param {
			w.param(value)
		} else {
			w.expression(v.X)
		}
	case *ast.CollateExpr:
		w.expression(v.X)
	case *ast.FuncCall:
		w.call(v)
	case *ast.ExistsExpr:
		w.special(reasonSubSelect)
		w.query(v.Select)
	case *ast.SubqueryExpr:
		w.special(reasonSubSelect)
		w.query(v.Select)
	case *ast.VectorExpr:
		w.expressions(v.List)
	case *ast.RaiseExpr:
		w.special(reasonSpecial)
		w.function("", "raise")
		w.expression(v.Message)
	default:
		w.unknown(reasonUnknownNode)
	}
}

func (w liteWalk) constant(l *ast.Literal) {
	switch l.Kind {
	case ast.LitString:
		w.literal(l.Value)
	case ast.LitCurrentDate:
		w.function("", "current_date")
	case ast.LitCurrentTime:
		w.function("", "current_time")
	case ast.LitCurrentTimestamp:
		w.function("", "current_timestamp")
	}
}

// in walks over x IN (…), which may be a list, a query, a table, or a
// function that returns one.
func (w liteWalk) in(x *ast.InExpr) {
	w.expression(x.X)
	w.expressions(x.List)
	if x.Select != nil {
		w.special(reasonSubSelect)
		w.query(x.Select)
	}
	if x.Table != nil {
		w.special(reasonSubSelect)
		if x.HasArgs {
			w.function(liteTable(x.Table).Schema, x.Table.Name.Name)
		} else {
			w.read(x.Table)
		}
	}
	w.expressions(x.Args)
}

func (w liteWalk) call(c *ast.FuncCall) {
	w.function("", strings.ToLower(c.Name.Name))
	w.expressions(c.Args)
	w.sorted(c.OrderBy)
	w.expression(c.Filter)
	if c.Over != nil {
		w.window(c.Over)
	}
}

func (w liteWalk) window(d *ast.WindowDef) {
	w.special(reasonWindow)
	w.expressions(d.Partition)
	w.sorted(d.OrderBy)
	for _, b := range []*ast.FrameBound{d.StartBound, d.EndBound} {
		if b != nil {
			w.expression(b.Expr)
		}
	}
}
