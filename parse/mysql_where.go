package parse

import (
	"math"
	"strconv"
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/mysql"
	"github.com/sqlc-dev/marino/opcode"
)

// where splits a condition into its equalities and whether there is more.
func (w myWalk) where(x ast.ExprNode) (equalities []Equality, rest bool) {
	x = myBare(x)
	if x == nil {
		return nil, false
	}
	switch v := x.(type) {
	case *ast.BinaryOperationExpr:
		if v.Op == opcode.LogicAnd {
			if !w.enter() {
				return nil, true
			}
			defer w.leave()
			left, leftRest := w.where(v.L)
			right, rightRest := w.where(v.R)
			return append(left, right...), leftRest || rightRest
		}
		if v.Op == opcode.EQ {
			if e, ok := w.equality(v.L, v.R); ok {
				return []Equality{e}, false
			}
			if e, ok := w.equality(v.R, v.L); ok {
				return []Equality{e}, false
			}
		}
	case *ast.PatternInExpr:
		if !v.Not && v.Sel == nil {
			if e, ok := w.equality(v.Expr, v.List...); ok {
				e.In = true
				return []Equality{e}, false
			}
		}
	}
	w.expression(x)
	return nil, true
}

// equality reads column = value or column IN (values). Where it succeeds, it
// has told the builder all that expression would have.
func (w myWalk) equality(x ast.ExprNode, values ...ast.ExprNode) (Equality, bool) {
	c, ok := myBare(x).(*ast.ColumnNameExpr)
	if !ok || len(values) == 0 {
		return Equality{}, false
	}
	e := Equality{Column: myColumn(c.Name)}
	for _, y := range values {
		v, ok := w.value(y)
		if !ok || v.Kind == Default {
			return Equality{}, false
		}
		e.Values = append(e.Values, v)
	}
	w.column(e.Column)
	for _, v := range e.Values {
		if v.Kind == Param {
			w.param(v)
		}
	}
	return e, true
}

// myBare strips parentheses.
func myBare(x ast.ExprNode) ast.ExprNode {
	for {
		p, ok := x.(*ast.ParenthesesExpr)
		if !ok {
			return x
		}
		x = p.Expr
	}
}

func myColumn(n *ast.ColumnName) Column {
	return Column{Qualifier: n.Table.O, Name: n.Name.O}
}

// value reads a parameter, a literal, NULL or DEFAULT. A cast makes an
// expression of either.
func (w myWalk) value(x ast.ExprNode) (Value, bool) {
	switch v := myBare(x).(type) {
	case *ast.ParamMarkerExprBase:
		n := w.ordinals[v.Offset+w.shift]
		if n == 0 {
			w.unknown(reasonParam)
		}
		if n == 0 || w.unnumbered {
			return Value{}, false
		}
		return Value{Kind: Param, Ordinal: n}, true
	case *ast.DefaultExpr:
		return Value{Kind: Default}, v.Name == nil
	case *ast.ValueExprBase:
		return myConstant(v)
	case *ast.UnaryOperationExpr:
		n, ok := myBare(v.V).(*ast.ValueExprBase)
		if !ok || v.Op != opcode.Minus || mysql.HasIsBooleanFlag(n.Type.GetFlag()) {
			return Value{}, false
		}
		return negated(n)
	}
	return Value{}, false
}

// myConstant reads a literal. A string with a character set of its own, and a
// number that neither an int64 nor a float64 holds, are expressions.
func myConstant(v *ast.ValueExprBase) (Value, bool) {
	switch v.Kind() {
	case ast.KindNull:
		return Value{Kind: Null}, true
	case ast.KindInt64:
		if mysql.HasIsBooleanFlag(v.Type.GetFlag()) {
			return Value{Kind: Literal, Go: v.GetInt64() != 0}, true
		}
		return Value{Kind: Literal, Go: v.GetInt64()}, true
	case ast.KindUint64:
		return Value{Kind: Literal, Go: int64(v.GetUint64())}, v.GetUint64() <= math.MaxInt64
	case ast.KindFloat64:
		return Value{Kind: Literal, Go: v.GetFloat64()}, true
	case ast.KindMysqlDecimal:
		digits := v.GetMysqlDecimal().String()
		f, err := strconv.ParseFloat(digits, 64)
		return Value{Kind: Literal, Go: f}, err == nil && strings.Contains(digits, ".")
	case ast.KindString:
		return Value{Kind: Literal, Go: v.GetString()}, !introduced(v)
	case ast.KindBinaryLiteral:
		return Value{Kind: Literal, Go: []byte(v.GetBinaryLiteral())}, !introduced(v)
	}
	return Value{}, false
}

// negated reads a literal behind a minus, as one number: the smallest integer
// has no positive counterpart.
func negated(v *ast.ValueExprBase) (Value, bool) {
	if v.Kind() == ast.KindUint64 && v.GetUint64() == 1<<63 {
		return Value{Kind: Literal, Go: int64(math.MinInt64)}, true
	}
	n, ok := myConstant(v)
	switch i := n.Go.(type) {
	case int64:
		return Value{Kind: Literal, Go: -i}, ok
	case float64:
		return Value{Kind: Literal, Go: -i}, ok
	}
	return Value{}, false
}

// introduced reports _utf8'…', N'…' and their like.
func introduced(v *ast.ValueExprBase) bool {
	return v.Type.GetFlag()&mysql.UnderScoreCharsetFlag != 0
}
