package parse

import (
	"strings"

	"github.com/sqlc-dev/oliphant"
	"github.com/sqlc-dev/oliphant/ast"
)

// pgAnonymous reads the one kind of anonymous block that is usual in a schema,
// since CREATE TYPE and CREATE ROLE know no IF NOT EXISTS:
//
//	DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$
//	DO $$ BEGIN IF NOT EXISTS (SELECT …) THEN CREATE TYPE mood AS ENUM ('sad'); END IF; END $$
//
// Whether the statements run or not, the type is there afterwards. Of any
// other block, nothing is known.
func pgAnonymous(s *ast.DoStmt, text string) []placed {
	refused := []placed{{problem: problemCode + ", " + shorten(text) + ": take it out of the schema, or say in plain statements what it does"}}
	body := ""
	for _, n := range s.GetArgs() {
		switch e := n.GetDefElem(); e.GetDefname() {
		case "as":
			body = e.GetArg().GetString_().GetSval()
		case "language":
			if !strings.EqualFold(e.GetArg().GetString_().GetSval(), "plpgsql") {
				return refused
			}
		}
	}
	var list []placed
	statements := pgBlock(body)
	if len(statements) == 0 {
		return refused
	}
	for _, inner := range statements {
		tree, err := oliphant.Parse(inner)
		if err != nil {
			return refused
		}
		for _, statement := range tree.GetStmts() {
			switch n := statement.GetStmt(); n.GetNode().(type) {
			case *ast.Node_CreateEnumStmt, *ast.Node_CompositeTypeStmt, *ast.Node_CreateDomainStmt:
				list = append(list, placed{declares: pgType(n)})
			case *ast.Node_CreateRoleStmt, *ast.Node_AlterRoleStmt, *ast.Node_GrantStmt, *ast.Node_GrantRoleStmt, *ast.Node_CommentStmt, *ast.Node_AlterEnumStmt:
			default:
				return refused
			}
		}
	}
	return list
}

// pgBlock returns the statements of a block: BEGIN … END, with an exception
// handler that does nothing, or with one IF NOT EXISTS around them. Nil where
// it has another form.
func pgBlock(body string) (statements []string) {
	chunks := cutScript(PostgreSQL, body)
	handler := false
	for i, c := range chunks {
		text := c.text
		if c.problem != "" {
			return nil
		}
		if i == 0 {
			rest, found := afterWords(text, "BEGIN")
			if !found {
				return nil
			}
			text = rest
			if inner, found := afterWords(text, "IF", "NOT", "EXISTS"); found {
				if text, found = afterCondition(inner); !found {
					return nil
				}
			}
		}
		if rest, found := afterWords(text, "EXCEPTION"); found {
			handler = true
			text = rest
		}
		last := i == len(chunks)-1
		switch upper := strings.ToUpper(strings.Join(strings.Fields(text), " ")); {
		case last && upper == "END":
			return statements
		case last:
			return nil
		case upper == "END IF":
		case handler && strings.HasPrefix(upper, "WHEN ") && (strings.HasSuffix(upper, " THEN NULL") || strings.HasSuffix(upper, " THEN")):
		case handler:
			return nil
		default:
			statements = append(statements, text)
		}
	}
	return nil
}

// afterWords returns what follows the words at a text's beginning.
func afterWords(text string, words ...string) (rest string, found bool) {
	s := scanner{dialect: PostgreSQL, text: text}
	for _, word := range words {
		if !s.next() || s.kind != wordToken || !strings.EqualFold(text[s.start:s.end], word) {
			return "", false
		}
	}
	return strings.TrimSpace(text[s.pos:]), true
}

// afterCondition returns what follows "( … ) THEN".
func afterCondition(text string) (rest string, found bool) {
	s := scanner{dialect: PostgreSQL, text: text}
	depth := 0
	for s.next() {
		switch token := text[s.start:s.end]; {
		case s.kind == punctToken && token == "(":
			depth++
		case s.kind == punctToken && token == ")":
			depth--
		case depth == 0:
			return strings.TrimSpace(text[s.pos:]), s.kind == wordToken && strings.EqualFold(token, "THEN")
		}
	}
	return "", false
}
