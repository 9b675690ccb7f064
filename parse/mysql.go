package parse

import (
	"sync"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/parser"
)

// mysqlEngine is the engine of MySQL and MariaDB: marino, a fork of the TiDB
// parser, with a second opinion (mysql_second.go).
type mysqlEngine struct{}

// marinos are parsers, which may not be shared. One that panicked is not used
// again.
var marinos = sync.Pool{New: func() any { return parser.New() }}

func marino(text string) ([]ast.StmtNode, error) {
	p := marinos.Get().(*parser.Parser)
	statements, _, err := p.ParseSQL(text)
	marinos.Put(p)
	return statements, err
}

// myWalk walks over the trees of one text.
type myWalk struct {
	*builder
	ordinals map[int]int // of parameters, by their place in the text
	shift    int         // what is added to a place in the tree to find it in the text
}

func (mysqlEngine) facts(text string) (*Facts, error) {
	f, err := marinoFacts(text)
	if err != nil {
		return nil, err
	}
	return secondOpinion(text, f), nil
}

// marinoFacts are what marino alone says.
func marinoFacts(text string) (*Facts, error) {
	statements, err := marino(text)
	var returning *ast.FieldList
	shift := 0
	if err != nil {
		statements, returning, shift, err = cutReturning(text)
	}
	if err != nil {
		return nil, err
	}
	w := myWalk{builder: newBuilder(), ordinals: mysqlParams(text)}
	w.facts.Statements = len(statements)
	switch len(statements) {
	case 0:
		w.special(reasonEmpty)
	case 1:
	default:
		w.special(reasonSeveral)
		w.unnumbered = true
	}
	var p *plain
	for _, s := range statements {
		p = w.statement(s)
	}
	if returning != nil {
		w.shift = shift
		w.returning(returning)
	}
	return w.finish(p, equal), nil
}

// mysqlParams numbers the placeholders of a text by their places. They are
// found by the scanner: where marino sees one that the scanner does not, the
// text is not understood.
func mysqlParams(text string) map[int]int {
	var ordinals map[int]int
	for s := (scanner{dialect: MySQL, text: text}); s.next(); {
		if s.kind == paramToken {
			if ordinals == nil {
				ordinals = make(map[int]int)
			}
			ordinals[s.start] = len(ordinals) + 1
		}
	}
	return ordinals
}

// statement walks over one statement. The result is given for a SELECT whose
// own clauses are those of a plain read.
func (w myWalk) statement(s ast.StmtNode) *plain {
	switch v := s.(type) {
	case *ast.SelectStmt:
		return w.selectStatement(v)
	case *ast.SetOprStmt:
		w.query(v)
	case *ast.InsertStmt:
		w.insert(v)
	case *ast.UpdateStmt:
		w.update(v)
	case *ast.DeleteStmt:
		w.delete(v)
	case *ast.LoadDataStmt:
		w.loadData(v)
	case *ast.LoadXMLStmt:
		w.loadXML(v)
	case *ast.TruncateTableStmt:
		w.facts.Commits = true
		w.write(Change{Table: myTable(v.Table), Op: Truncate})
	case *ast.ExplainStmt:
		w.explain(v)
	case *ast.ExplainForStmt, *ast.HelpStmt:
		w.special(reasonExplain)
	case *ast.ShowStmt:
		w.show(v)
	case *ast.DoStmt:
		w.special(reasonNoQuery)
		w.expressions(v.Exprs)
	case *ast.CallStmt:
		w.anything()
		w.unknown(reasonCall)
	case *ast.ExecuteStmt:
		w.anything()
		w.unknown(reasonExecute)
	case *ast.SetStmt:
		w.set(v)
	case *ast.SetRoleStmt, *ast.SetResourceGroupStmt, *ast.UseStmt,
		*ast.PrepareStmt, *ast.DeallocateStmt:
		w.kind(Session)
	case *ast.KillStmt:
		w.kind(Session)
		w.expression(v.Expr)
	case *ast.LockTablesStmt:
		w.kind(Session)
		w.facts.Commits = true
		for _, l := range v.TableLocks {
			w.read(l.Table)
		}
	case *ast.UnlockTablesStmt:
		w.kind(Session)
		w.facts.Commits = true
	case *ast.BeginStmt:
		w.transaction(TxBegin)
		w.facts.Commits = true
	case *ast.CommitStmt:
		w.transaction(myTx(TxCommit, v.CompletionType))
	case *ast.RollbackStmt:
		if v.SavepointName != "" {
			w.transaction(TxSavepoint)
		} else {
			w.transaction(myTx(TxRollback, v.CompletionType))
		}
	case *ast.SavepointStmt, *ast.ReleaseSavepointStmt:
		w.transaction(TxSavepoint)
	default:
		w.schema(s)
	}
	return nil
}

// myTx is the end of a transaction. AND CHAIN begins another one, and RELEASE
// closes the connection.
func myTx(end TxControl, c ast.CompletionType) TxControl {
	if c != ast.CompletionTypeDefault {
		return TxSeveral
	}
	return end
}

// anything notes a statement that may concern the session and the
// transaction.
func (w myWalk) anything() {
	w.facts.Session = true
	w.facts.TxControl = TxSeveral
}

// explain walks over what EXPLAIN looks at. Without ANALYZE nothing is written,
// but a server may run functions while it plans. DESCRIBE table is EXPLAIN,
// too.
func (w myWalk) explain(s *ast.ExplainStmt) {
	w.special(reasonExplain)
	if s.IntoVar != "" {
		w.function("", "@"+s.IntoVar)
	}
	if s.Stmt == nil {
		return
	}
	before := w.facts
	w.statement(s.Stmt)
	if !s.Analyze {
		w.facts = before
	}
}

func (w myWalk) show(s *ast.ShowStmt) {
	w.special(reasonNoQuery)
	w.expression(s.Where)
	if s.Pattern != nil {
		w.expression(s.Pattern)
	}
}

// set tells the variables that a user makes up from those that change what
// the server answers.
func (w myWalk) set(s *ast.SetStmt) {
	w.special(reasonNoQuery)
	for _, v := range s.Variables {
		if v.IsSystem || v.Name == ast.SetNames || v.Name == ast.SetCharset {
			w.kind(Session)
			if lower(v.Name) == "autocommit" {
				w.facts.TxControl = TxSeveral
				w.facts.Commits = true
			}
		}
		w.expression(v.Value)
	}
}
