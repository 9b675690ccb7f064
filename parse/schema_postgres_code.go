package parse

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"
)

func pgCreateFunction(s *ast.CreateFunctionStmt) *CreateFunction {
	c := &CreateFunction{Procedure: s.GetIsProcedure(), Returns: pgTypeOf(s.GetReturnType())}
	c.Function.Schema, c.Function.Name = pgName(s.GetFuncname())
	c.Set = c.Returns.SetOf
	uses := []*ast.Node{}
	for _, n := range s.GetParameters() {
		p := n.GetFunctionParameter()
		switch p.GetMode() {
		case ast.FunctionParameterMode_FUNC_PARAM_TABLE:
			c.Set = true
			continue
		case ast.FunctionParameterMode_FUNC_PARAM_OUT:
			continue
		case ast.FunctionParameterMode_FUNC_PARAM_VARIADIC:
			c.Variadic = true
		}
		c.Signature = append(c.Signature, pgTypeOf(p.GetArgType()))
		if p.GetDefexpr() == nil {
			c.Required = len(c.Signature)
		}
		uses = append(uses, p.GetDefexpr())
	}
	pgFunctionOptions(s.GetOptions(), func(name, value string) {
		switch name {
		case "volatility":
			c.Volatility = pgVolatility(value)
		case "language":
			c.Compiled = strings.EqualFold(value, "c") || strings.EqualFold(value, "internal")
		}
	})
	w := pgWalk{newBuilder()}
	w.expressions(uses)
	w.body(s.GetSqlBody())
	c.Uses = w.finish(nil, equal)
	return c
}

// body walks over a body in standard SQL: RETURN x, or BEGIN ATOMIC … END.
func (w pgWalk) body(n *ast.Node) {
	switch v := n.GetNode().(type) {
	case nil:
	case *ast.Node_ReturnStmt:
		w.expression(v.ReturnStmt.GetReturnval())
	case *ast.Node_List:
		for _, item := range v.List.GetItems() {
			w.body(item)
		}
	default:
		w.statement(n)
	}
}

func pgFunctionOptions(options []*ast.Node, f func(name, value string)) {
	for _, n := range options {
		f(n.GetDefElem().GetDefname(), n.GetDefElem().GetArg().GetString_().GetSval())
	}
}

func pgVolatility(word string) Volatility {
	switch strings.ToLower(word) {
	case "immutable":
		return Immutable
	case "stable":
		return Stable
	}
	return Volatile
}

func pgAlterFunction(s *ast.AlterFunctionStmt) *AlterFunction {
	a := &AlterFunction{Signature: pgSignature(s.GetFunc()), AnySignature: s.GetFunc().GetArgsUnspecified()}
	a.Function.Schema, a.Function.Name = pgName(s.GetFunc().GetObjname())
	pgFunctionOptions(s.GetActions(), func(name, value string) {
		if name == "volatility" {
			volatility := pgVolatility(value)
			a.Volatility = &volatility
		}
	})
	return a
}

// pgDefine reads CREATE AGGREGATE, OPERATOR, TYPE and COLLATION.
func pgDefine(s *ast.DefineStmt) (Declaration, string) {
	name := pgNamed(s.GetDefnames())
	uses := &Facts{Kind: Read}
	options := map[string]*ast.Node{}
	for _, n := range s.GetDefinition() {
		e := n.GetDefElem()
		options[strings.ToLower(e.GetDefname())] = e.GetArg()
		if f, ok := pgFunctionName(e.GetArg()); ok && pgSupport[strings.ToLower(e.GetDefname())] {
			uses.Functions = append(uses.Functions, f)
		}
	}
	switch s.GetKind() {
	case ast.ObjectType_OBJECT_AGGREGATE:
		c := &CreateFunction{Function: Function{Schema: name.Schema, Name: name.Name}, Aggregate: true, Volatility: Immutable, Uses: uses}
		if len(s.GetArgs()) > 0 {
			for _, n := range s.GetArgs()[0].GetList().GetItems() {
				c.Signature = append(c.Signature, pgTypeOf(n.GetFunctionParameter().GetArgType()))
				c.Variadic = c.Variadic || n.GetFunctionParameter().GetMode() == ast.FunctionParameterMode_FUNC_PARAM_VARIADIC
			}
		}
		if s.GetOldstyle() && options["basetype"].GetTypeName() != nil {
			c.Signature = []Type{pgTypeOf(options["basetype"].GetTypeName())}
		}
		c.Required = len(c.Signature)
		return c, ""
	case ast.ObjectType_OBJECT_OPERATOR:
		c := &CreateOperator{Name: name.Name, Left: pgTypeOf(options["leftarg"].GetTypeName()), Right: pgTypeOf(options["rightarg"].GetTypeName())}
		for _, option := range []string{"function", "procedure"} {
			if f, ok := pgFunctionName(options[option]); ok {
				c.Function = f
			}
		}
		return c, ""
	case ast.ObjectType_OBJECT_TYPE:
		return &CreateType{Type: name, Uses: uses}, ""
	case ast.ObjectType_OBJECT_COLLATION:
		c := &CreateCollation{Collation: name, Deterministic: true}
		if n := options["deterministic"]; n != nil {
			c.Deterministic = false
			for _, word := range []string{"true", "on", "1"} {
				c.Deterministic = c.Deterministic || strings.EqualFold(n.GetString_().GetSval(), word)
			}
			c.Deterministic = c.Deterministic || n.GetBoolean().GetBoolval()
		}
		if options["from"] != nil {
			c.Deterministic = false // it is as the one that it copies
		}
		return c, ""
	}
	return nil, "" // of text search
}

// pgSupport names the options of a definition that are functions.
var pgSupport = map[string]bool{
	"sfunc": true, "finalfunc": true, "combinefunc": true, "serialfunc": true, "deserialfunc": true, "msfunc": true,
	"minvfunc": true, "mfinalfunc": true, "sfunc1": true, "input": true, "output": true, "receive": true, "send": true,
	"typmod_in": true, "typmod_out": true, "analyze": true, "subscript": true,
}

// pgFunctionName reads a function's name, which the grammar takes for a type's.
func pgFunctionName(n *ast.Node) (f Function, ok bool) {
	switch v := n.GetNode().(type) {
	case *ast.Node_TypeName:
		f.Schema, f.Name = pgName(v.TypeName.GetNames())
	case *ast.Node_List:
		f.Schema, f.Name = pgName(v.List.GetItems())
	case *ast.Node_String_:
		f.Name = v.String_.GetSval()
	default:
		return f, false
	}
	return f, true
}

// pgType reads what makes a type, or gives one more code to run.
func pgType(n *ast.Node) *CreateType {
	switch v := n.GetNode().(type) {
	case *ast.Node_CreateEnumStmt:
		return &CreateType{Type: pgNamed(v.CreateEnumStmt.GetTypeName())}
	case *ast.Node_CompositeTypeStmt:
		return &CreateType{Type: pgTable(v.CompositeTypeStmt.GetTypevar()), Row: true}
	case *ast.Node_CreateDomainStmt:
		s := v.CreateDomainStmt
		uses := []*ast.Node{}
		for _, k := range s.GetConstraints() {
			uses = append(uses, k.GetConstraint().GetRawExpr())
		}
		return &CreateType{Type: pgNamed(s.GetDomainname()), Base: pgTypeOf(s.GetTypeName()), Uses: pgFacts(uses...)}
	case *ast.Node_CreateRangeStmt:
		c := &CreateType{Type: pgNamed(v.CreateRangeStmt.GetTypeName()), IsRange: true, Uses: &Facts{Kind: Read}}
		for _, p := range v.CreateRangeStmt.GetParams() {
			f, ok := pgFunctionName(p.GetDefElem().GetArg())
			switch name := p.GetDefElem().GetDefname(); {
			case !ok:
			case name == "canonical" || name == "subtype_diff":
				c.Uses.Functions = append(c.Uses.Functions, f)
			case name == "multirange_type_name":
				c.Range = f.Name
			}
		}
		return c
	case *ast.Node_AlterDomainStmt:
		return &CreateType{Uses: pgFacts(v.AlterDomainStmt.GetDef().GetConstraint().GetRawExpr(), pgOnly(v.AlterDomainStmt))}
	case *ast.Node_AlterTypeStmt:
		c := &CreateType{Uses: &Facts{Kind: Read}}
		for _, o := range v.AlterTypeStmt.GetOptions() {
			if f, ok := pgFunctionName(o.GetDefElem().GetArg()); ok && pgSupport[o.GetDefElem().GetDefname()] {
				c.Uses.Functions = append(c.Uses.Functions, f)
			}
		}
		return c
	case *ast.Node_CreateOpClassStmt:
		return pgOpClass(v.CreateOpClassStmt.GetItems())
	case *ast.Node_AlterOpFamilyStmt:
		return pgOpClass(v.AlterOpFamilyStmt.GetItems())
	}
	return &CreateType{Uses: &Facts{}} // opaque
}

// pgOnly returns the definition of ALTER DOMAIN where it is no constraint.
func pgOnly(s *ast.AlterDomainStmt) *ast.Node {
	if s.GetDef().GetConstraint() != nil {
		return nil
	}
	return s.GetDef()
}

// pgOpClass reads the functions and operators of an index's support.
func pgOpClass(items []*ast.Node) *CreateType {
	c := &CreateType{Uses: &Facts{Kind: Read}}
	for _, n := range items {
		item := n.GetCreateOpClassItem()
		switch name := item.GetName().GetObjname(); item.GetItemtype() {
		case 1: // OPCLASS_ITEM_OPERATOR
			c.Uses.Operators = append(c.Uses.Operators, pgDotted(name))
		case 2: // OPCLASS_ITEM_FUNCTION
			var f Function
			f.Schema, f.Name = pgName(name)
			c.Uses.Functions = append(c.Uses.Functions, f)
		}
	}
	return c
}
