package parse

import (
	"strconv"
	"strings"

	"github.com/sqlc-dev/oliphant/ast"
)

// where splits a condition into its equalities and whether there is more.
func (w pgWalk) where(n *ast.Node) (equalities []Equality, rest bool) {
	if n == nil {
		return nil, false
	}
	if and := n.GetBoolExpr(); and.GetBoolop() == ast.BoolExprType_AND_EXPR {
		if !w.enter() {
			return nil, true
		}
		defer w.leave()
		for _, arg := range and.GetArgs() {
			e, r := w.where(arg)
			equalities = append(equalities, e...)
			rest = rest || r
		}
		return equalities, rest
	}
	if e, ok := w.equality(n.GetAExpr()); ok {
		return []Equality{e}, false
	}
	w.expression(n)
	return nil, true
}

// equality reads one conjunct. Where it succeeds, it has told the builder all
// that expression would have.
func (w pgWalk) equality(x *ast.A_Expr) (Equality, bool) {
	if x == nil || len(x.GetName()) != 1 || x.GetName()[0].GetString_().GetSval() != "=" {
		return Equality{}, false
	}
	var e Equality
	nodes := []*ast.Node{x.GetRexpr()}
	column, ok := pgColumn(x.GetLexpr())
	switch x.GetKind() {
	case ast.A_Expr_Kind_AEXPR_OP:
		if !ok {
			column, ok = pgColumn(x.GetRexpr())
			nodes[0] = x.GetLexpr()
		}
	case ast.A_Expr_Kind_AEXPR_OP_ANY:
		e.Any = true
	case ast.A_Expr_Kind_AEXPR_IN:
		e.In = true
		nodes = x.GetRexpr().GetList().GetItems()
	default:
		ok = false
	}
	if !ok || column.Name == "*" || len(nodes) == 0 {
		return Equality{}, false
	}
	e.Column = column
	for _, n := range nodes {
		v, ok := pgValue(n)
		if !ok || v.Kind == Default || e.Any && v.Kind != Param {
			return Equality{}, false
		}
		e.Values = append(e.Values, v)
	}
	w.column(column)
	w.operators.add("=")
	for i, n := range nodes {
		if e.Values[i].Kind == Param {
			w.param(e.Values[i])
		}
		if cast := n.GetTypeCast(); cast != nil {
			w.typeName(cast.GetTypeName())
		}
	}
	return e, true
}

// pgColumn reads a reference to a column, or a star.
func pgColumn(n *ast.Node) (Column, bool) {
	r := n.GetColumnRef()
	if r == nil {
		return Column{}, false
	}
	var c Column
	for _, f := range r.GetFields() {
		c.Qualifier = c.Name
		if f.GetAStar() != nil {
			c.Name = "*"
		} else {
			c.Name = f.GetString_().GetSval()
		}
	}
	return c, true
}

// pgValue reads a parameter, a literal, NULL or DEFAULT, with at most one
// cast around it.
func pgValue(n *ast.Node) (Value, bool) {
	switch v := n.GetNode().(type) {
	case *ast.Node_ParamRef:
		if v.ParamRef.GetNumber() < 1 {
			return Value{}, false
		}
		return Value{Kind: Param, Ordinal: int(v.ParamRef.GetNumber())}, true
	case *ast.Node_AConst:
		return pgConstant(v.AConst)
	case *ast.Node_SetToDefault:
		return Value{Kind: Default}, true
	case *ast.Node_TypeCast:
		inner, ok := pgValue(v.TypeCast.GetArg())
		if !ok || inner.Cast != "" || inner.Kind == Default {
			return Value{}, false
		}
		inner.Cast = pgTypeText(v.TypeCast.GetTypeName())
		return inner, true
	}
	return Value{}, false
}

func pgConstant(c *ast.A_Const) (Value, bool) {
	if c.GetIsnull() {
		return Value{Kind: Null}, true
	}
	switch v := c.GetVal().(type) {
	case *ast.A_Const_Ival:
		return Value{Kind: Literal, Go: int64(v.Ival.GetIval())}, true
	case *ast.A_Const_Boolval:
		return Value{Kind: Literal, Go: v.Boolval.GetBoolval()}, true
	case *ast.A_Const_Sval:
		// What a backslash means depends on the session, unless it was
		// written in E'…', which the tree does not say.
		if strings.IndexByte(v.Sval.GetSval(), '\\') >= 0 {
			return Value{}, false
		}
		return Value{Kind: Literal, Go: v.Sval.GetSval()}, true
	case *ast.A_Const_Fval:
		n, ok := number(v.Fval.GetFval())
		if _, inexact := n.Go.(float64); inexact && !strings.ContainsAny(v.Fval.GetFval(), ".eE") {
			return Value{}, false // a numeric that neither an int64 nor a float64 holds
		}
		return n, ok
	}
	return Value{}, false
}

// number reads a number too long for an int32, or one with a fraction.
func number(digits string) (Value, bool) {
	digits = strings.ReplaceAll(digits, "_", "")
	if i, err := strconv.ParseInt(digits, 0, 64); err == nil && !octal(digits) {
		return Value{Kind: Literal, Go: i}, true
	}
	if i, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return Value{Kind: Literal, Go: i}, true
	}
	if f, err := strconv.ParseFloat(digits, 64); err == nil {
		return Value{Kind: Literal, Go: f}, true
	}
	return Value{}, false
}

// octal reports whether Go would read a decimal number with leading zeros as
// an octal one, which SQL does not.
func octal(digits string) bool {
	digits = strings.TrimLeft(digits, "+-")
	return len(digits) > 1 && digits[0] == '0' && isDigit(digits[1])
}

// pgTypeText spells a type's name as the parser resolves it: int is
// pg_catalog.int4.
func pgTypeText(t *ast.TypeName) string {
	name := pgDotted(t.GetNames())
	for range t.GetArrayBounds() {
		name += "[]"
	}
	if len(t.GetTypmods()) > 0 {
		name += "(…)"
	}
	return name
}
