package parse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/format"
)

// mysqlSchema reads the declarations of MySQL and MariaDB.
type mysqlSchema struct{}

func (mysqlSchema) declarations(text string) (list []placed, problem string, err error) {
	if d, problem, found := myRoutine(text); found {
		return []placed{{declares: d, problem: problem}}, "", nil
	}
	statements, err := marino(text)
	if err != nil {
		return nil, "", err
	}
	for _, s := range statements {
		for _, d := range myDeclarations(s, text) {
			d.at = s.OriginTextPosition()
			list = append(list, d)
		}
	}
	return list, "", nil
}

// myRoutine reads the head of a trigger, a function, a procedure or an event.
// The body does not matter: it may do anything.
func myRoutine(text string) (d Declaration, problem string, found bool) {
	s := scanner{dialect: MySQL, text: text}
	if !s.next() || !strings.EqualFold(text[s.start:s.end], "CREATE") {
		return nil, "", false
	}
	what := ""
	for what == "" && s.next() {
		if s.kind != wordToken {
			continue
		}
		switch word := strings.ToUpper(text[s.start:s.end]); word {
		case "TRIGGER", "FUNCTION", "PROCEDURE", "EVENT":
			what = word
		case "TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER", "ROLE", "SERVER", "SEQUENCE", "PACKAGE":
			return nil, "", false
		}
	}
	name := myHeadName(&s)
	switch what {
	case "PROCEDURE", "EVENT":
		return nil, "", true
	case "FUNCTION":
		return &CreateFunction{Function: Function{Schema: name.Schema, Name: name.Name}}, "", true
	case "TRIGGER":
		for s.kind != endToken {
			if s.kind == wordToken && strings.EqualFold(text[s.start:s.end], "ON") {
				table := myHeadName(&s)
				return &CreateTrigger{Name: name.Name, Schema: name.Schema, Table: table}, "", true
			}
			s.next()
		}
		return nil, "CREATE TRIGGER without ON: name its table", true
	}
	return nil, "", false
}

// myHeadName reads a name, behind IF NOT EXISTS or not.
func myHeadName(s *scanner) (t Table) {
	for s.next() {
		token := s.text[s.start:s.end]
		switch {
		case s.kind == wordToken && (strings.EqualFold(token, "IF") || strings.EqualFold(token, "NOT") || strings.EqualFold(token, "EXISTS")):
			continue
		case s.kind == quotedToken:
			token = unquote(token)
		case s.kind != wordToken:
			return t
		}
		t.Name = token
		if s.pos < len(s.text) && s.text[s.pos] == '.' {
			s.next()
			t.Schema = token
			continue
		}
		return t
	}
	return t
}

func myDeclared(d Declaration) []placed { return []placed{{declares: d}} }

func myProblem(problem, text string) []placed {
	return []placed{{problem: problem + ", " + shorten(text) + ": take it out of the schema, or say in plain statements what it does"}}
}

// myDeclarations reads one statement. Statements that change rows, rights or
// settings declare nothing.
func myDeclarations(s ast.StmtNode, text string) []placed {
	switch v := s.(type) {
	case *ast.CreateTableStmt:
		return myDeclared(myCreateTable(v))
	case *ast.CreateViewStmt:
		var query strings.Builder
		if v.Select != nil && v.Select.Restore(format.NewRestoreCtx(format.DefaultRestoreFlags, &query)) != nil {
			query.Reset()
		}
		return myDeclared(&CreateView{Table: myTable(v.ViewName), Replace: v.OrReplace, Text: query.String()})
	case *ast.CreateIndexStmt:
		index := IndexDefinition{Name: v.IndexName, Unique: v.KeyType == ast.IndexKeyTypeUnique, Columns: myIndexColumns(v.IndexPartSpecifications)}
		return myDeclared(&CreateIndex{Table: myTable(v.Table), IfNotExists: v.IfNotExists, Index: index})
	case *ast.AlterTableStmt:
		return myAlter(v, text)
	case *ast.RenameTableStmt:
		var list []placed
		for _, t := range v.TableToTables {
			list = append(list, myDeclared(&AlterTable{Table: myTable(t.OldTable), Actions: []AlterAction{myRenameTable(t.NewTable)}})...)
		}
		return list
	case *ast.DropTableStmt:
		if v.TemporaryKeyword != ast.TemporaryNone {
			return nil
		}
		d := &DropObject{What: TableObject, IfExists: v.IfExists}
		if v.IsView {
			d.What = ViewObject
		}
		for _, t := range v.Tables {
			d.Names = append(d.Names, myTable(t))
		}
		return myDeclared(d)
	case *ast.DropIndexStmt:
		return myDeclared(&AlterTable{Table: myTable(v.Table), Actions: []AlterAction{{Do: DropIndex, Name: v.IndexName, IfExists: v.IfExists}}})
	case *ast.DropTriggerStmt:
		return myDeclared(&DropObject{What: TriggerObject, Name: v.TriggerName.Name.O, Names: []Table{{Schema: v.TriggerName.Schema.O}}, IfExists: v.IfExists})
	case *ast.DropFunctionStmt:
		return myDeclared(&DropObject{What: FunctionObject, Names: []Table{myTable(v.FunctionName)}, IfExists: v.IfExists})
	case *ast.DropDatabaseStmt:
		return myDeclared(&DropObject{What: SchemaObject, Names: []Table{{Name: v.Name.O}}, IfExists: v.IfExists})
	case *ast.UseStmt:
		return myDeclared(&SetPath{Path: []string{v.DBName}})
	case *ast.SetStmt:
		return mySet(v, text)
	case *ast.RollbackStmt:
		return []placed{{problem: "ROLLBACK in a schema: leave out what is rolled back"}}
	case *ast.CallStmt, *ast.ExecuteStmt:
		return myProblem(problemCode, text)
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.LoadDataStmt, *ast.LoadXMLStmt,
		*ast.TruncateTableStmt, *ast.ExplainStmt, *ast.ShowStmt, *ast.DoStmt, *ast.PrepareStmt, *ast.DeallocateStmt,
		*ast.LockTablesStmt, *ast.UnlockTablesStmt, *ast.BeginStmt, *ast.CommitStmt, *ast.SavepointStmt, *ast.ReleaseSavepointStmt,
		*ast.CreateDatabaseStmt, *ast.AlterDatabaseStmt, *ast.AnalyzeTableStmt, *ast.OptimizeTableStmt, *ast.CheckTableStmt, *ast.FlushStmt,
		*ast.CreateUserStmt, *ast.AlterUserStmt, *ast.DropUserStmt, *ast.RenameUserStmt, *ast.SetPwdStmt, *ast.SetRoleStmt, *ast.SetDefaultRoleStmt,
		*ast.GrantStmt, *ast.GrantProxyStmt, *ast.GrantRoleStmt, *ast.RevokeStmt, *ast.RevokeProxyStmt, *ast.RevokeRoleStmt,
		*ast.ProcedureInfo, *ast.AlterProcedureStmt, *ast.DropProcedureStmt, *ast.CreateEventStmt, *ast.AlterEventStmt, *ast.DropEventStmt,
		*ast.AlterFunctionStmt:
		// A function of users may change rows, no more: MySQL commits at a
		// change of the schema, and does not allow one inside of a function.
		return nil
	case *ast.CreateSequenceStmt:
		return myDeclared(&CreateSequence{Table: myTable(v.Name), IfNotExists: v.IfNotExists})
	}
	return myProblem(problemUnknown, text)
}

// mySet refuses the modes that give a text another meaning, and another engine
// for the tables that name none.
func mySet(s *ast.SetStmt, text string) []placed {
	for _, v := range s.Variables {
		switch strings.ToLower(v.Name) {
		case "sql_mode":
		case "default_storage_engine", "storage_engine":
			return []placed{{problem: "SET " + v.Name + ": name the engine in each CREATE TABLE instead"}}
		default:
			continue
		}
		if upper := strings.ToUpper(text); strings.Contains(upper, "ANSI") || strings.Contains(upper, "NO_BACKSLASH_ESCAPES") {
			return []placed{{problem: "SET sql_mode with ANSI_QUOTES or NO_BACKSLASH_ESCAPES: write the schema for the default mode"}}
		}
	}
	return nil
}
