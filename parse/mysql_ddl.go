package parse

import "github.com/sqlc-dev/marino/ast"

// schema takes a statement as a change of the catalog, of users or of
// statistics, all of which commit, or makes the text opaque.
func (w myWalk) schema(s ast.StmtNode) {
	switch v := s.(type) {
	case *ast.CreateTableStmt:
		w.createTable(v)
	case *ast.DropTableStmt:
		w.create(v.TemporaryKeyword != ast.TemporaryNone, v.Tables...)
	case *ast.AlterTableStmt:
		w.named(v)
	case *ast.RenameTableStmt:
		for _, t := range v.TableToTables {
			w.create(false, t.OldTable, t.NewTable)
		}
	case *ast.CreateViewStmt:
		w.create(false, v.ViewName)
		w.query(v.Select)
	case *ast.CreateIndexStmt:
		w.create(false, v.Table)
	case *ast.DropIndexStmt:
		w.create(false, v.Table)
	case *ast.CreateTriggerStmt:
		w.create(false, v.Table)
	case *ast.CreateDatabaseStmt, *ast.AlterDatabaseStmt, *ast.DropDatabaseStmt,
		*ast.AlterViewStmt, *ast.DropTriggerStmt, *ast.CreateEventStmt, *ast.AlterEventStmt, *ast.DropEventStmt,
		*ast.ProcedureInfo, *ast.AlterProcedureStmt, *ast.DropProcedureStmt,
		*ast.CreateFunctionStmt, *ast.AlterFunctionStmt, *ast.DropFunctionStmt, *ast.CreateLoadableFunctionStmt,
		*ast.CreateServerStmt, *ast.AlterServerStmt, *ast.DropServerStmt,
		*ast.CreateTablespaceStmt, *ast.AlterTablespaceStmt, *ast.DropTablespaceStmt,
		*ast.CreateLogfileGroupStmt, *ast.AlterLogfileGroupStmt, *ast.DropLogfileGroupStmt,
		*ast.CreateSpatialReferenceSystemStmt, *ast.DropSpatialReferenceSystemStmt,
		*ast.CreateSequenceStmt, *ast.AlterSequenceStmt, *ast.DropSequenceStmt,
		*ast.CreateResourceGroupStmt, *ast.AlterResourceGroupStmt, *ast.DropResourceGroupStmt:
	case *ast.CreateUserStmt, *ast.AlterUserStmt, *ast.DropUserStmt, *ast.RenameUserStmt, *ast.SetPwdStmt,
		*ast.SetDefaultRoleStmt, *ast.GrantStmt, *ast.GrantProxyStmt, *ast.GrantRoleStmt,
		*ast.RevokeStmt, *ast.RevokeProxyStmt, *ast.RevokeRoleStmt:
	case *ast.AnalyzeTableStmt, *ast.OptimizeTableStmt, *ast.RepairTablesStmt, *ast.RepairTableStmt,
		*ast.CheckTableStmt, *ast.ChecksumTableStmt, *ast.CacheIndexStmt, *ast.LoadIndexStmt,
		*ast.FlushStmt, *ast.ResetPersistStmt, *ast.ResetBinaryLogsAndGtidsStmt, *ast.ResetReplicaStmt,
		*ast.AlterInstanceStmt, *ast.InstallComponentStmt, *ast.UninstallComponentStmt,
		*ast.InstallPluginStmt, *ast.UninstallPluginStmt:
	default:
		// XA, HANDLER, replication, and what only TiDB has.
		w.anything()
		w.unknown(reasonUnknownNode)
		return
	}
	w.kind(Schema)
	w.facts.Commits = true
}

func (w myWalk) createTable(s *ast.CreateTableStmt) {
	w.create(s.TemporaryKeyword != ast.TemporaryNone, s.Table)
	if s.ReferTable != nil {
		w.read(s.ReferTable)
	}
	if s.Select != nil {
		w.query(s.Select)
	}
	for _, c := range s.Constraints {
		if c.Refer != nil && c.Refer.Table != nil {
			w.create(false, c.Refer.Table)
		}
	}
	for _, c := range s.Cols {
		for _, o := range c.Options {
			if o.Refer != nil && o.Refer.Table != nil {
				w.create(false, o.Refer.Table)
			}
		}
	}
}

// create adds tables that are made, changed or dropped.
func (w myWalk) create(temporary bool, tables ...*ast.TableName) {
	if temporary {
		w.temporary()
	}
	for _, t := range tables {
		w.write(Change{Table: myTable(t), Op: Create})
	}
}

// named adds every table that is named anywhere below a node.
func (w myWalk) named(n ast.Node) { n.Accept(tableNames{w}) }

type tableNames struct{ w myWalk }

func (v tableNames) Enter(n ast.Node) (ast.Node, bool) {
	if t, ok := n.(*ast.TableName); ok {
		v.w.create(false, t)
	}
	return n, false
}

func (tableNames) Leave(n ast.Node) (ast.Node, bool) { return n, true }
