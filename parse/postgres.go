package parse

import (
	"strings"

	"github.com/sqlc-dev/oliphant"
	"github.com/sqlc-dev/oliphant/ast"
)

// postgres is the engine of PostgreSQL: a port of the server's own parser.
type postgres struct{}

// pgWalk walks over the trees of one text.
type pgWalk struct {
	*builder
}

func (postgres) facts(text string) (*Facts, error) {
	tree, err := oliphant.Parse(text)
	if err != nil {
		return nil, err
	}
	w := pgWalk{newBuilder()}
	w.facts.Statements = len(tree.Stmts)
	switch len(tree.Stmts) {
	case 0:
		w.special(reasonEmpty)
	case 1:
	default:
		w.special(reasonSeveral)
	}
	var p *plain
	for _, s := range tree.Stmts {
		p = w.statement(s.GetStmt())
	}
	return w.finish(p, equal), nil
}

// equal compares identifiers as PostgreSQL does once it has folded them.
func equal(a, b string) bool { return a == b }

// statement walks over one statement. The result is given for a SELECT whose
// own clauses are those of a plain read.
func (w pgWalk) statement(n *ast.Node) *plain {
	switch v := n.GetNode().(type) {
	case *ast.Node_SelectStmt:
		return w.selectStatement(v.SelectStmt)
	case *ast.Node_InsertStmt, *ast.Node_UpdateStmt, *ast.Node_DeleteStmt, *ast.Node_MergeStmt:
		w.query(n)
	case *ast.Node_TruncateStmt:
		for _, r := range v.TruncateStmt.GetRelations() {
			w.target(r.GetRangeVar(), Change{Op: Truncate, Rest: false})
		}
	case *ast.Node_CopyStmt:
		w.copyStatement(v.CopyStmt)
	case *ast.Node_CreateTableAsStmt:
		w.create(v.CreateTableAsStmt.GetInto().GetRel())
		w.special(reasonInto)
		w.query(v.CreateTableAsStmt.GetQuery())
	case *ast.Node_ExplainStmt:
		w.explain(v.ExplainStmt)
	case *ast.Node_CallStmt:
		w.unknown(reasonCall)
	case *ast.Node_DoStmt:
		w.unknown(reasonAnonymous)
	case *ast.Node_ExecuteStmt:
		w.facts.Session = true
		w.unknown(reasonExecute)
	case *ast.Node_TransactionStmt:
		w.transaction(pgTx(v.TransactionStmt.GetKind()))
	case *ast.Node_LockStmt:
		w.transaction(TxOther)
		for _, r := range v.LockStmt.GetRelations() {
			w.tables.add(pgTable(r.GetRangeVar()))
		}
	case *ast.Node_ConstraintsSetStmt:
		w.transaction(TxOther)
	case *ast.Node_VariableSetStmt:
		if strings.HasPrefix(v.VariableSetStmt.GetName(), "TRANSACTION") && v.VariableSetStmt.GetKind() == ast.VariableSetKind_VAR_SET_MULTI {
			w.transaction(TxOther)
		} else {
			w.kind(Session)
		}
	case *ast.Node_DeclareCursorStmt:
		w.kind(Session)
		w.query(v.DeclareCursorStmt.GetQuery())
	case *ast.Node_DiscardStmt, *ast.Node_ListenStmt, *ast.Node_UnlistenStmt, *ast.Node_LoadStmt,
		*ast.Node_PrepareStmt, *ast.Node_DeallocateStmt, *ast.Node_FetchStmt, *ast.Node_ClosePortalStmt:
		w.kind(Session)
	case *ast.Node_VariableShowStmt, *ast.Node_NotifyStmt, *ast.Node_CheckPointStmt:
	default:
		w.schema(n)
	}
	return nil
}

func pgTx(k ast.TransactionStmtKind) TxControl {
	switch k {
	case ast.TransactionStmtKind_TRANS_STMT_BEGIN, ast.TransactionStmtKind_TRANS_STMT_START:
		return TxBegin
	case ast.TransactionStmtKind_TRANS_STMT_COMMIT:
		return TxCommit
	case ast.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		return TxRollback
	case ast.TransactionStmtKind_TRANS_STMT_SAVEPOINT, ast.TransactionStmtKind_TRANS_STMT_RELEASE,
		ast.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return TxSavepoint
	case ast.TransactionStmtKind_TRANS_STMT_PREPARE:
		return TxPrepare
	case ast.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED, ast.TransactionStmtKind_TRANS_STMT_ROLLBACK_PREPARED:
		return TxFinishPrepared
	}
	return TxSeveral
}

// explain walks over what EXPLAIN runs. ANALYZE with a value is taken as
// ANALYZE, whatever the value: "off" has more than one spelling.
func (w pgWalk) explain(s *ast.ExplainStmt) {
	w.special(reasonExplain)
	for _, o := range s.GetOptions() {
		if o.GetDefElem().GetDefname() == "analyze" {
			w.statement(s.GetQuery())
			return
		}
	}
}

// copyStatement tells rows that arrive from rows that leave. COPY (query) TO
// runs the query, which may write.
func (w pgWalk) copyStatement(s *ast.CopyStmt) {
	switch {
	case s.GetQuery() != nil:
		w.special(reasonNoQuery)
		w.query(s.GetQuery())
	case s.GetIsFrom():
		c := Change{Op: Copy}
		for _, a := range s.GetAttlist() {
			c.Columns = append(c.Columns, a.GetString_().GetSval())
		}
		w.target(s.GetRelation(), c)
		w.expression(s.GetWhereClause())
	default:
		w.tables.add(pgTable(s.GetRelation()))
	}
}

// target adds a change of a table.
func (w pgWalk) target(r *ast.RangeVar, c Change) {
	c.Table, c.Alias = pgTable(r), r.GetAlias().GetAliasname()
	if c.Table.Schema == "pg_catalog" || c.Table.Schema == "" && strings.HasPrefix(c.Table.Name, "pg_") {
		w.kind(Schema)         // the catalog, changed by hand
		w.facts.Session = true // pg_settings
	}
	w.write(c)
}

// create adds a table that a query makes.
func (w pgWalk) create(r *ast.RangeVar) {
	if isTemporary(r) {
		w.temporary()
	}
	w.target(r, Change{Op: Create})
}

func isTemporary(r *ast.RangeVar) bool {
	return r.GetRelpersistence() == "t" || strings.HasPrefix(r.GetSchemaname(), "pg_temp")
}

func pgTable(r *ast.RangeVar) Table {
	return Table{Schema: r.GetSchemaname(), Name: r.GetRelname()}
}

// pgName splits a dotted name into what stands before its last part, and
// that.
func pgName(list []*ast.Node) (schema, name string) {
	for i, n := range list {
		if i > 0 {
			if schema != "" {
				schema += "."
			}
			schema += name
		}
		name = n.GetString_().GetSval()
	}
	return schema, name
}

// pgDotted is a dotted name in one string.
func pgDotted(list []*ast.Node) string {
	schema, name := pgName(list)
	if schema == "" {
		return name
	}
	return schema + "." + name
}
