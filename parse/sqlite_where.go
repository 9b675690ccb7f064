package parse

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/sqlc-dev/meyer/ast"
)

// where splits a condition into its equalities and whether there is more.
func (w liteWalk) where(x ast.Expr) (equalities []Equality, rest bool) {
	x = bare(x)
	if x == nil {
		return nil, false
	}
	switch v := x.(type) {
	case *ast.BinaryExpr:
		if v.Op == ast.OpAnd {
			if !w.enter() {
				return nil, true
			}
			defer w.leave()
			left, leftRest := w.where(v.X)
			right, rightRest := w.where(v.Y)
			return append(left, right...), leftRest || rightRest
		}
		if v.Op == ast.OpEq {
			if e, ok := w.equality(v.X, v.Y); ok {
				return []Equality{e}, false
			}
			if e, ok := w.equality(v.Y, v.X); ok {
				return []Equality{e}, false
			}
		}
	case *ast.InExpr:
		if !v.Not && v.Select == nil && v.Table == nil {
			if e, ok := w.equality(v.X, v.List...); ok {
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
func (w liteWalk) equality(x ast.Expr, values ...ast.Expr) (Equality, bool) {
	column, ok := liteColumn(bare(x))
	if !ok || len(values) == 0 {
		return Equality{}, false
	}
	e := Equality{Column: column}
	for _, y := range values {
		v, ok := w.value(y)
		if !ok {
			return Equality{}, false
		}
		e.Values = append(e.Values, v)
	}
	w.column(column)
	for _, v := range e.Values {
		if v.Kind == Param {
			w.param(v)
		}
	}
	return e, true
}

// bare strips parentheses.
func bare(x ast.Expr) ast.Expr {
	for {
		p, ok := x.(*ast.ParenExpr)
		if !ok {
			return x
		}
		x = p.X
	}
}

// liteColumn reads a reference to a column. A name in double quotes may turn
// out to be a string: who knows the columns can tell.
func liteColumn(x ast.Expr) (Column, bool) {
	switch v := x.(type) {
	case *ast.Ident:
		return Column{Name: v.Name}, true
	case *ast.QualifiedRef:
		n := len(v.Parts)
		if n < 2 {
			return Column{}, false
		}
		return Column{Qualifier: v.Parts[n-2].Name, Name: v.Parts[n-1].Name}, true
	}
	return Column{}, false
}

// value reads a parameter, a literal or NULL, with at most one cast around
// it.
func (w liteWalk) value(x ast.Expr) (Value, bool) {
	switch v := bare(x).(type) {
	case *ast.BindParam:
		return w.bindParam(v)
	case *ast.Literal:
		return liteConstant(v)
	case *ast.UnaryExpr:
		l, ok := bare(v.X).(*ast.Literal)
		if !ok || v.Op != ast.OpMinus || l.Kind != ast.LitInteger && l.Kind != ast.LitFloat {
			return Value{}, false
		}
		// As one number: the smallest integer has no positive counterpart.
		n := *l
		n.Value = "-" + n.Value
		return liteConstant(&n)
	case *ast.CastExpr:
		inner, ok := w.value(v.X)
		if !ok || inner.Cast != "" {
			return Value{}, false
		}
		inner.Cast = "?" // CAST(x AS) is a cast, too
		if v.Type != nil && v.Type.Raw != "" {
			inner.Cast = v.Type.Raw
		}
		return inner, true
	}
	return Value{}, false
}

// bindParam reads a parameter with the number that SQLite gives it: ?5 is 5,
// any other new one is one more than the largest so far. The drivers bind
// arguments without a name by that number, and an argument with a name to
// :name, @name and $name alike. They differ at $2, which is a name to SQLite
// and to mattn's driver, but the second argument to modernc's.
func (w liteWalk) bindParam(p *ast.BindParam) (Value, bool) {
	if w.unnumbered || p.Number < 1 || strings.HasPrefix(p.Raw, "#") {
		return Value{}, false
	}
	if digits, ok := strings.CutPrefix(p.Raw, "$"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n != p.Number {
			return Value{}, false
		}
	}
	return Value{Kind: Param, Ordinal: p.Number, Name: p.Name}, true
}

func liteConstant(l *ast.Literal) (Value, bool) {
	switch l.Kind {
	case ast.LitNull:
		return Value{Kind: Null}, true
	case ast.LitInteger:
		return number(l.Value)
	case ast.LitFloat:
		f, err := strconv.ParseFloat(strings.ReplaceAll(l.Value, "_", ""), 64)
		return Value{Kind: Literal, Go: f}, err == nil
	case ast.LitString:
		return Value{Kind: Literal, Go: l.Value}, true
	case ast.LitBlob:
		if len(l.Raw) < 3 {
			return Value{}, false
		}
		b, err := hex.DecodeString(l.Raw[2 : len(l.Raw)-1])
		return Value{Kind: Literal, Go: b}, err == nil
	}
	return Value{}, false // CURRENT_TIME and its like are computed
}
