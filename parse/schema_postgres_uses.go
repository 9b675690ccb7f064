package parse

import (
	"strconv"

	"github.com/sqlc-dev/oliphant/ast"
)

// pgFacts returns what expressions call.
func pgFacts(list ...*ast.Node) *Facts {
	w := pgWalk{newBuilder()}
	w.expressions(list)
	return w.finish(nil, equal)
}

// pgQueryFacts returns what a query reads and calls.
func pgQueryFacts(n *ast.Node) *Facts {
	w := pgWalk{newBuilder()}
	w.statement(n)
	return w.finish(nil, equal)
}

// pgRuleFacts returns what a rule reads and calls.
func pgRuleFacts(s *ast.RuleStmt) *Facts {
	w := pgWalk{newBuilder()}
	w.expression(s.GetWhereClause())
	for _, n := range s.GetActions() {
		w.statement(n)
	}
	return w.finish(nil, equal)
}

// pgTypeOf reads a type. Its name is as the parser has it: int is
// pg_catalog.int4.
func pgTypeOf(t *ast.TypeName) Type {
	var out Type
	if t == nil {
		return out
	}
	out.Schema, out.Name = pgName(t.GetNames())
	out.Array, out.SetOf = len(t.GetArrayBounds()) > 0, t.GetSetof()
	for _, m := range t.GetTypmods() {
		out.Modifiers = append(out.Modifiers, pgModifier(m))
	}
	return out
}

// pgModifier reads a number in the parentheses of a type; anything else is
// no number.
func pgModifier(n *ast.Node) string {
	v, ok := pgValue(n)
	if !ok || v.Kind != Literal {
		return "?"
	}
	if i, ok := v.Go.(int64); ok {
		return strconv.FormatInt(i, 10)
	}
	return "?"
}

func pgStrings(list []*ast.Node) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.GetString_().GetSval())
	}
	return out
}
