package parse

import (
	"errors"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/mysql"
)

var errNoReturning = errors.New("no RETURNING to cut at")

// cutReturning parses MariaDB's INSERT, REPLACE and DELETE … RETURNING, which
// marino does not know: what stands before the word as it is, and what stands
// behind it as the list of a SELECT. shift is what is added to a place in
// that list to find it in the text.
func cutReturning(text string) (statements []ast.StmtNode, list *ast.FieldList, shift int, err error) {
	start, end := returningWord(text)
	if start < 0 {
		return nil, nil, 0, errNoReturning
	}
	statements, err = marino(text[:start])
	if err != nil {
		return nil, nil, 0, err
	}
	const before = "SELECT "
	tail, err := marino(before + text[end:])
	if err != nil {
		return nil, nil, 0, err
	}
	if len(statements) != 1 || len(tail) != 1 || !returns(statements[0]) {
		return nil, nil, 0, errNoReturning
	}
	list = bareList(tail[0])
	if list == nil {
		return nil, nil, 0, errNoReturning
	}
	return statements, list, end - len(before), nil
}

// returningWord finds the one word RETURNING outside of parentheses. It is
// reserved in MariaDB, so it names something only behind a dot.
func returningWord(text string) (start, end int) {
	start = -1
	depth := 0
	dot := false
	for s := (scanner{dialect: MySQL, text: text}); s.next(); {
		token := text[s.start:s.end]
		switch {
		case s.kind == punctToken && token == "(":
			depth++
		case s.kind == punctToken && token == ")":
			depth--
		case s.kind == wordToken && depth == 0 && !dot && lower(token) == "returning":
			if start >= 0 {
				return -1, -1
			}
			start, end = s.start, s.end
		}
		dot = s.kind == punctToken && token == "."
	}
	return start, end
}

// returns reports whether MariaDB lets a statement return rows.
func returns(s ast.StmtNode) bool {
	switch v := s.(type) {
	case *ast.InsertStmt:
		return v.RowAlias == nil // MySQL's, which has no RETURNING
	case *ast.DeleteStmt:
		return !v.IsMultiTable
	}
	return false
}

// bareList returns the list of a SELECT that has nothing else.
func bareList(s ast.StmtNode) *ast.FieldList {
	v, ok := s.(*ast.SelectStmt)
	if !ok || v.Kind != ast.SelectStmtKindSelect || v.From != nil || v.Where != nil || v.GroupBy != nil ||
		v.Having != nil || len(v.WindowSpecs) > 0 || v.OrderBy != nil || v.Limit != nil || v.LockInfo != nil ||
		v.SelectIntoOpt != nil || v.With != nil || v.IsInBraces || v.Distinct || len(v.TableHints) > 0 {
		return nil
	}
	o := v.SelectStmtOpts
	if o == nil || !o.SQLCache || o.SQLBigResult || o.SQLSmallResult || o.SQLBufferResult || o.CalcFoundRows ||
		o.StraightJoin || o.ExplicitAll || o.Priority != mysql.NoPriority {
		return nil
	}
	return v.Fields
}

// returning walks over what a write returns.
func (w myWalk) returning(list *ast.FieldList) {
	for i := range w.facts.Writes {
		w.facts.Writes[i].Returning = true
	}
	w.fields(list)
}
