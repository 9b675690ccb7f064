package parse

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func (w pgWalk) expressions(list []*ast.Node) {
	for _, n := range list {
		w.expression(n)
	}
}

// expression walks over anything that stands in an expression. What it does
// not know makes the text opaque.
func (w pgWalk) expression(n *ast.Node) {
	if n == nil || n.GetNode() == nil || !w.enter() {
		return
	}
	defer w.leave()
	switch v := n.GetNode().(type) {
	case *ast.Node_ColumnRef:
		c, _ := pgColumn(n)
		w.column(c)
		for i, f := range v.ColumnRef.GetFields() {
			if i > 0 {
				w.attribute(f, len(v.ColumnRef.GetFields()) > 2)
			}
		}
	case *ast.Node_ParamRef:
		value, _ := pgValue(n)
		w.param(value)
	case *ast.Node_AConst:
		if s, ok := v.AConst.GetVal().(*ast.A_Const_Sval); ok {
			w.literal(s.Sval.GetSval())
		}
	case *ast.Node_ResTarget:
		w.indirection(v.ResTarget.GetIndirection())
		w.expression(v.ResTarget.GetVal())
	case *ast.Node_AExpr:
		w.operator(v.AExpr)
		w.expression(v.AExpr.GetLexpr())
		w.expression(v.AExpr.GetRexpr())
	case *ast.Node_BoolExpr:
		w.expressions(v.BoolExpr.GetArgs())
	case *ast.Node_FuncCall:
		w.call(v.FuncCall)
	case *ast.Node_TypeCast:
		w.typeName(v.TypeCast.GetTypeName())
		w.cast(v.TypeCast)
	case *ast.Node_List:
		w.expressions(v.List.GetItems())
	case *ast.Node_NullTest:
		w.expression(v.NullTest.GetArg())
	case *ast.Node_BooleanTest:
		w.expression(v.BooleanTest.GetArg())
	case *ast.Node_CoalesceExpr:
		w.expressions(v.CoalesceExpr.GetArgs())
	case *ast.Node_MinMaxExpr:
		w.expressions(v.MinMaxExpr.GetArgs())
	case *ast.Node_CaseExpr:
		w.expression(v.CaseExpr.GetArg())
		w.expressions(v.CaseExpr.GetArgs())
		w.expression(v.CaseExpr.GetDefresult())
	case *ast.Node_CaseWhen:
		w.expression(v.CaseWhen.GetExpr())
		w.expression(v.CaseWhen.GetResult())
	case *ast.Node_RowExpr:
		w.expressions(v.RowExpr.GetArgs())
	case *ast.Node_AArrayExpr:
		w.expressions(v.AArrayExpr.GetElements())
	case *ast.Node_CollateClause:
		w.expression(v.CollateClause.GetArg())
	case *ast.Node_SortBy:
		w.expression(v.SortBy.GetNode())
		if op := v.SortBy.GetUseOp(); len(op) > 0 {
			w.operators.add(pgDotted(op))
		}
	case *ast.Node_NamedArgExpr:
		w.expression(v.NamedArgExpr.GetArg())
	case *ast.Node_SqlvalueFunction:
		w.function("", sqlValueName(v.SqlvalueFunction.GetOp()))
	case *ast.Node_SubLink:
		w.special(reasonSubSelect)
		w.expression(v.SubLink.GetTestexpr())
		if op := v.SubLink.GetOperName(); len(op) > 0 {
			w.operators.add(pgDotted(op))
		}
		w.query(v.SubLink.GetSubselect())
	case *ast.Node_WindowDef:
		w.window(v.WindowDef)
	case *ast.Node_AIndirection:
		w.special(reasonField)
		w.expression(v.AIndirection.GetArg())
		w.indirection(v.AIndirection.GetIndirection())
	case *ast.Node_AIndices:
		w.special(reasonField)
		w.expression(v.AIndices.GetLidx())
		w.expression(v.AIndices.GetUidx())
	case *ast.Node_MultiAssignRef:
		// Every column set together holds the one source; once is enough.
		if v.MultiAssignRef.GetColno() <= 1 {
			w.expression(v.MultiAssignRef.GetSource())
		}
	case *ast.Node_TypeName:
		w.typeName(v.TypeName)
	case *ast.Node_AStar, *ast.Node_SetToDefault, *ast.Node_String_, *ast.Node_Integer, *ast.Node_Float,
		*ast.Node_Boolean, *ast.Node_BitString, *ast.Node_MergeSupportFunc:
	case *ast.Node_CurrentOfExpr:
		w.special(reasonSpecial)
	default:
		w.rare(pgMessage(n))
	}
}

// indirection walks over what stands after a value: fields and subscripts.
func (w pgWalk) indirection(list []*ast.Node) {
	for _, n := range list {
		w.attribute(n, true)
		w.expression(n)
	}
}

// attribute notes a name after a dot.
func (w pgWalk) attribute(n *ast.Node, value bool) {
	if name := n.GetString_().GetSval(); name != "" {
		w.attributes.add(Attribute{Name: name, Value: value})
	}
}

// rareExpressions are nodes that have no meaning of their own here; what they
// hold is walked over by reflection.
var rareExpressions = map[protoreflect.Name]bool{
	"XmlExpr": true, "XmlSerialize": true, "GroupingFunc": true, "GroupingSet": true,
	"RangeTableFunc": true, "RangeTableFuncCol": true, "ColumnDef": true, "Alias": true,
	"JsonFormat": true, "JsonReturning": true, "JsonValueExpr": true, "JsonConstructorExpr": true,
	"JsonIsPredicate": true, "JsonBehavior": true, "JsonOutput": true, "JsonArgument": true,
	"JsonFuncExpr": true, "JsonTablePathSpec": true, "JsonTable": true, "JsonTableColumn": true,
	"JsonKeyValue": true, "JsonParseExpr": true, "JsonScalarExpr": true, "JsonSerializeExpr": true,
	"JsonObjectConstructor": true, "JsonArrayConstructor": true, "JsonArrayQueryConstructor": true,
	"JsonAggConstructor": true, "JsonObjectAgg": true, "JsonArrayAgg": true,
}

func (w pgWalk) rare(m protoreflect.Message) {
	if m == nil || !w.enter() {
		return
	}
	defer w.leave()
	switch v := m.Interface().(type) {
	case *ast.Node:
		if v.GetSelectStmt() != nil {
			w.special(reasonSubSelect)
			w.query(v)
		} else {
			w.expression(v)
		}
		return
	case *ast.TypeName:
		w.typeName(v)
		return
	case *ast.WindowDef:
		w.window(v)
		return
	}
	if !rareExpressions[m.Descriptor().Name()] {
		w.unknown(reasonUnknownNode)
		return
	}
	w.special(reasonSpecial)
	eachMessage(m, w.rare)
}

// operator notes the operators that an expression calls.
func (w pgWalk) operator(x *ast.A_Expr) {
	switch x.GetKind() {
	case ast.A_Expr_Kind_AEXPR_BETWEEN, ast.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		ast.A_Expr_Kind_AEXPR_BETWEEN_SYM, ast.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		w.operators.add(">=")
		w.operators.add("<=")
	default:
		w.operators.add(pgDotted(x.GetName()))
	}
}

func (w pgWalk) call(c *ast.FuncCall) {
	w.function(pgName(c.GetFuncname()))
	w.expressions(c.GetArgs())
	w.expressions(c.GetAggOrder())
	w.expression(c.GetAggFilter())
	if c.GetOver() != nil {
		w.window(c.GetOver())
	}
}

func (w pgWalk) window(d *ast.WindowDef) {
	w.special(reasonWindow)
	w.expressions(d.GetPartitionClause())
	w.expressions(d.GetOrderClause())
	w.expression(d.GetStartOffset())
	w.expression(d.GetEndOffset())
}

// cast walks below a cast. A parameter directly below keeps its type.
func (w pgWalk) cast(c *ast.TypeCast) {
	if c.GetArg().GetParamRef() != nil {
		v, _ := pgValue(&ast.Node{Node: &ast.Node_TypeCast{TypeCast: c}})
		w.param(v)
		return
	}
	w.expression(c.GetArg())
}

func (w pgWalk) typeName(t *ast.TypeName) {
	schema, name := pgName(t.GetNames())
	w.types.add(Table{Schema: schema, Name: name})
	w.expressions(t.GetTypmods())
}

// sqlValueName is the keyword of a function that is called without
// parentheses.
func sqlValueName(op ast.SQLValueFunctionOp) string {
	name := strings.TrimPrefix(op.String(), "SVFOP_")
	return strings.ToLower(strings.TrimSuffix(name, "_N"))
}
