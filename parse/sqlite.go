package parse

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"
)

// sqlite is the engine of SQLite.
type sqlite struct{}

// liteWalk walks over the trees of one text.
type liteWalk struct {
	*builder
}

func (sqlite) facts(text string) (*Facts, error) {
	statements, err := parser.ParseString(text)
	if err != nil {
		return nil, err
	}
	w := liteWalk{newBuilder()}
	w.facts.Statements = len(statements)
	switch len(statements) {
	case 0:
		w.special(reasonEmpty)
	case 1:
	default:
		// Each statement counts its parameters anew, and takes its
		// arguments behind those of the one before.
		w.special(reasonSeveral)
		w.unnumbered = true
	}
	var p *plain
	for _, s := range statements {
		p = w.statement(s)
	}
	return w.finish(p, strings.EqualFold), nil
}

// statement walks over one statement. The result is given for a SELECT whose
// own clauses are those of a plain read.
func (w liteWalk) statement(s ast.Stmt) *plain {
	switch v := s.(type) {
	case *ast.SelectStmt:
		return w.query(v)
	case *ast.InsertStmt:
		w.insert(v)
	case *ast.UpdateStmt:
		w.update(v)
	case *ast.DeleteStmt:
		w.delete(v)
	case *ast.ExplainStmt:
		// SQLite explains without running.
		w.special(reasonExplain)
	case *ast.BeginStmt:
		w.transaction(TxBegin)
	case *ast.CommitStmt:
		w.transaction(TxCommit)
	case *ast.RollbackStmt:
		if v.Savepoint != nil {
			w.transaction(TxSavepoint)
		} else {
			w.transaction(TxRollback)
		}
	case *ast.SavepointStmt, *ast.ReleaseStmt:
		w.transaction(TxSavepoint)
	case *ast.PragmaStmt:
		w.kind(Session)
	case *ast.AttachStmt:
		w.kind(Session)
		w.expression(v.File)
		w.expression(v.Name)
		w.expression(v.Key)
	case *ast.DetachStmt:
		w.kind(Session)
		w.expression(v.Name)
	default:
		w.schema(s)
	}
	return nil
}

// schema takes a statement as a change of the catalog, or makes the text
// opaque.
func (w liteWalk) schema(s ast.Stmt) {
	w.kind(Schema)
	switch v := s.(type) {
	case *ast.CreateTableStmt:
		w.create(v.Name, v.Temp)
		if v.Select != nil {
			w.query(v.Select)
		}
	case *ast.CreateVirtualTableStmt:
		w.create(v.Name, false)
	case *ast.CreateViewStmt:
		w.create(v.Name, v.Temp)
	case *ast.CreateIndexStmt:
		w.create(&ast.QualifiedName{Schema: v.Name.Schema, Name: v.Table}, false)
	case *ast.CreateTriggerStmt:
		w.create(v.Table, v.Temp || isTemp(v.Name))
	case *ast.AlterTableStmt:
		w.create(v.Table, false)
	case *ast.DropTableStmt:
		w.create(v.Name, false)
	case *ast.DropViewStmt:
		w.create(v.Name, false)
	case *ast.VacuumStmt:
		w.expression(v.Into)
	case *ast.DropIndexStmt, *ast.DropTriggerStmt, *ast.AnalyzeStmt, *ast.ReindexStmt:
	default:
		w.unknown(reasonUnknownNode)
	}
}

// create adds a table that is made, changed or dropped.
func (w liteWalk) create(n *ast.QualifiedName, temporary bool) {
	if temporary || isTemp(n) {
		w.temporary()
	}
	w.write(Change{Table: liteTable(n), Op: Create})
}

func isTemp(n *ast.QualifiedName) bool {
	return n.Schema != nil && strings.EqualFold(n.Schema.Name, "temp")
}

func liteTable(n *ast.QualifiedName) Table {
	t := Table{Name: n.Name.Name}
	if n.Schema != nil {
		t.Schema = n.Schema.Name
	}
	return t
}

func liteName(i *ast.Ident) string {
	if i == nil {
		return ""
	}
	return i.Name
}
