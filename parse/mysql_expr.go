package parse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/mysql"
	"github.com/sqlc-dev/marino/types"
)

func lower(name string) string { return strings.ToLower(name) }

func (w myWalk) expressions(list []ast.ExprNode) {
	for _, x := range list {
		w.expression(x)
	}
}

// expression walks over an expression. What it does not know makes the text
// opaque.
func (w myWalk) expression(x ast.ExprNode) {
	if x == nil || !w.enter() {
		return
	}
	defer w.leave()
	switch v := x.(type) {
	case *ast.ColumnNameExpr:
		w.column(myColumn(v.Name))
	case *ast.ParamMarkerExprBase:
		value, _ := w.value(v)
		w.param(value)
	case *ast.ValueExprBase:
		if v.Kind() == ast.KindString {
			w.literal(v.GetString())
		}
	case *ast.BinaryOperationExpr:
		w.expression(v.L)
		w.expression(v.R)
	case *ast.UnaryOperationExpr:
		w.expression(v.V)
	case *ast.ParenthesesExpr:
		w.expression(v.Expr)
	case *ast.PatternLikeOrIlikeExpr:
		w.expression(v.Expr)
		w.expression(v.Pattern)
	case *ast.PatternRegexpExpr:
		w.expression(v.Expr)
		w.expression(v.Pattern)
	case *ast.IsNullExpr:
		w.expression(v.Expr)
	case *ast.IsTruthExpr:
		w.expression(v.Expr)
	case *ast.BetweenExpr:
		w.expression(v.Expr)
		w.expression(v.Left)
		w.expression(v.Right)
	case *ast.PatternInExpr:
		w.expression(v.Expr)
		w.expressions(v.List)
		w.expression(v.Sel)
	case *ast.CaseExpr:
		w.expression(v.Value)
		for _, when := range v.WhenClauses {
			w.expression(when.Expr)
			w.expression(when.Result)
		}
		w.expression(v.ElseClause)
	case *ast.FuncCastExpr:
		if v.Tp != nil && v.Tp.IsArray() {
			w.special(reasonSpecial)
		}
		if myTemporal(v.Tp) {
			w.function("", "cast") // a TIME becomes a date by the day's clock
		}
		w.expression(v.Expr)
	case *ast.SetCollationExpr:
		w.expression(v.Expr)
	case *ast.FuncCallExpr:
		w.call(v)
	case *ast.AggregateFuncExpr:
		w.function("", lower(v.F))
		w.expressions(v.Args)
		w.sorted(v.Order)
	case *ast.WindowFuncExpr:
		w.function("", lower(v.Name))
		w.expressions(v.Args)
		w.window(&v.Spec)
	case *ast.SubqueryExpr:
		w.special(reasonSubSelect)
		w.query(v.Query)
	case *ast.ExistsSubqueryExpr:
		w.expression(v.Sel)
	case *ast.CompareSubqueryExpr:
		w.expression(v.L)
		w.expression(v.R)
	case *ast.RowExpr:
		w.expressions(v.Values)
	case *ast.DefaultExpr:
		if v.Name != nil {
			w.function("", "default") // MariaDB computes it anew: now(), uuid()
			w.column(myColumn(v.Name))
		}
	case *ast.ValuesExpr:
		w.expression(v.Column)
	case *ast.VariableExpr:
		w.variable(v)
	case *ast.MatchAgainst:
		w.special(reasonFullText)
		for _, c := range v.ColumnNames {
			w.column(myColumn(c))
		}
		w.expression(v.Against)
	case *ast.JSONValueExpr:
		w.special(reasonSpecial)
		w.function("", "json_value")
		w.expression(v.Doc)
		w.expression(v.Path)
		for _, r := range []*ast.JSONOnResponse{v.OnEmpty, v.OnError} {
			if r != nil {
				w.expression(r.Value)
			}
		}
	case *ast.PositionExpr:
		w.expression(v.P) // ORDER BY 1
	case *ast.TableNameExpr: // a sequence: its function says enough
	case *ast.TimeUnitExpr, *ast.GetFormatSelectorExpr, *ast.TrimDirectionExpr:
	default:
		w.unknown(reasonUnknownNode)
	}
}

// myTemporal reports whether a cast may make a date or a time.
func myTemporal(t *types.FieldType) bool {
	if t == nil {
		return true
	}
	switch t.GetType() {
	case mysql.TypeDate, mysql.TypeNewDate, mysql.TypeDuration, mysql.TypeDatetime, mysql.TypeTimestamp, mysql.TypeYear:
		return true
	}
	return false
}

// variable reports a variable as a function: its value is the connection's.
func (w myWalk) variable(v *ast.VariableExpr) {
	at := "@"
	if v.IsSystem || v.IsGlobal || v.IsInstance {
		at = "@@"
	}
	w.function("", at+lower(v.Name))
	w.expression(v.Value)
}

// marinoNames are the functions that marino gives a name of its own. Those of
// an empty name are literals: DATE '2001-01-01'.
var marinoNames = map[string]string{
	ast.InsertFunc: "insert", ast.CharFunc: "char", ast.PasswordFunc: "password", ast.JSONMemberOf: "member of",
	ast.DateLiteral: "", ast.TimeLiteral: "", ast.TimestampLiteral: "",
}

func (w myWalk) call(c *ast.FuncCallExpr) {
	name := c.FnName.L
	if spelled, ok := marinoNames[name]; ok {
		name = spelled
	}
	switch {
	case name == "":
		w.special(reasonSpecial)
	case name == "convert" && c.Schema.O == "", name == "char" && !charsOnly(c.Args):
		w.special(reasonConvert)
		fallthrough
	default:
		w.function(c.Schema.O, name)
	}
	w.expressions(c.Args)
}

// charsOnly reports that CHAR(…) has no USING: marino appends NULL then.
func charsOnly(args []ast.ExprNode) bool {
	v, ok := args[len(args)-1].(*ast.ValueExprBase)
	return ok && v.Kind() == ast.KindNull
}

func (w myWalk) window(d *ast.WindowSpec) {
	w.special(reasonWindow)
	if d.PartitionBy != nil {
		w.items(d.PartitionBy.Items)
	}
	w.sorted(d.OrderBy)
	if d.Frame != nil {
		w.expression(d.Frame.Extent.Start.Expr)
		w.expression(d.Frame.Extent.End.Expr)
	}
}
