package parse

import (
	"strings"

	"github.com/sqlc-dev/oliphant"
	"github.com/sqlc-dev/oliphant/ast"
)

// postgresSchema reads the declarations of PostgreSQL.
type postgresSchema struct{}

func (postgresSchema) declarations(text string) (list []placed, problem string, err error) {
	tree, err := oliphant.Parse(text)
	if err != nil {
		return nil, "", err
	}
	for _, s := range tree.GetStmts() {
		at := int(s.GetStmtLocation())
		for at < len(text) && isSpace(text[at]) {
			at++
		}
		for _, d := range pgDeclarations(s.GetStmt(), text) {
			d.at = at
			list = append(list, d)
		}
	}
	return list, "", nil
}

// pgDeclarations reads one statement.
func pgDeclarations(n *ast.Node, text string) []placed {
	if s := n.GetCreateSchemaStmt(); s != nil {
		return pgSchemaElements(s, text)
	}
	if s := n.GetDoStmt(); s != nil {
		return pgAnonymous(s, text)
	}
	d, problem := pgDeclaration(n)
	if problem != "" && !strings.Contains(problem, ": ") {
		problem += ", " + shorten(text) + ": take it out of the schema, or say in plain statements what it does"
	}
	return []placed{{declares: d, problem: problem}}
}

// pgSchemaElements reads CREATE SCHEMA with the statements inside of it, whose
// unqualified names are in the new schema.
func pgSchemaElements(s *ast.CreateSchemaStmt, text string) []placed {
	if len(s.GetSchemaElts()) == 0 {
		return nil
	}
	if s.GetSchemaname() == "" {
		return []placed{{problem: "CREATE SCHEMA without a name: name it"}}
	}
	list := []placed{{declares: &SetPath{Path: []string{s.GetSchemaname()}, Local: true}}}
	for _, n := range s.GetSchemaElts() {
		list = append(list, pgDeclarations(n, text)...)
	}
	return append(list, placed{declares: &SetPath{End: true}})
}

const (
	problemUnknown = "a statement that is not understood"
	problemCode    = "a statement that runs code which is not known"
)

// pgDeclaration reads one statement. Statements that change rows, rights or
// settings declare nothing.
func pgDeclaration(n *ast.Node) (Declaration, string) {
	switch v := n.GetNode().(type) {
	case *ast.Node_CreateStmt:
		return pgCreateTable(v.CreateStmt), ""
	case *ast.Node_CreateForeignTableStmt:
		c := pgCreateTable(v.CreateForeignTableStmt.GetBaseStmt())
		c.Kind = ForeignTable
		return c, ""
	case *ast.Node_CreateTableAsStmt:
		return pgCreateTableAs(v.CreateTableAsStmt), ""
	case *ast.Node_ViewStmt:
		s := v.ViewStmt
		return &CreateView{Table: pgTable(s.GetView()), Replace: s.GetReplace(), Temporary: isTemporary(s.GetView()), Query: pgQueryFacts(s.GetQuery())}, ""
	case *ast.Node_IndexStmt:
		return pgCreateIndex(v.IndexStmt), ""
	case *ast.Node_AlterTableStmt:
		return pgAlterTable(v.AlterTableStmt)
	case *ast.Node_RenameStmt:
		return pgRename(v.RenameStmt)
	case *ast.Node_AlterObjectSchemaStmt:
		return pgMove(v.AlterObjectSchemaStmt)
	case *ast.Node_DropStmt:
		return pgDrop(v.DropStmt)
	case *ast.Node_CreateTrigStmt:
		return &CreateTrigger{Name: v.CreateTrigStmt.GetTrigname(), Table: pgTable(v.CreateTrigStmt.GetRelation())}, ""
	case *ast.Node_RuleStmt:
		s := v.RuleStmt
		return &CreateRule{Name: s.GetRulename(), Table: pgTable(s.GetRelation()), Uses: pgRuleFacts(s)}, ""
	case *ast.Node_CreatePolicyStmt:
		s := v.CreatePolicyStmt
		return &CreatePolicy{Name: s.GetPolicyName(), Table: pgTable(s.GetTable()), Uses: pgFacts(s.GetQual(), s.GetWithCheck())}, ""
	case *ast.Node_AlterPolicyStmt:
		s := v.AlterPolicyStmt
		return &CreatePolicy{Name: s.GetPolicyName(), Table: pgTable(s.GetTable()), Uses: pgFacts(s.GetQual(), s.GetWithCheck())}, ""
	case *ast.Node_CreateFunctionStmt:
		return pgCreateFunction(v.CreateFunctionStmt), ""
	case *ast.Node_AlterFunctionStmt:
		return pgAlterFunction(v.AlterFunctionStmt), ""
	case *ast.Node_DefineStmt:
		return pgDefine(v.DefineStmt)
	case *ast.Node_CreateDomainStmt, *ast.Node_CreateEnumStmt, *ast.Node_CompositeTypeStmt, *ast.Node_CreateRangeStmt,
		*ast.Node_AlterDomainStmt, *ast.Node_AlterTypeStmt, *ast.Node_CreateOpClassStmt, *ast.Node_AlterOpFamilyStmt:
		return pgType(n), ""
	case *ast.Node_CreateCastStmt:
		s := v.CreateCastStmt
		c := &CreateCast{Source: pgTypeOf(s.GetSourcetype()), Target: pgTypeOf(s.GetTargettype()), InOut: s.GetInout(),
			Implicit: s.GetContext() == ast.CoercionContext_COERCION_IMPLICIT}
		c.Function.Schema, c.Function.Name = pgName(s.GetFunc().GetObjname())
		return c, ""
	case *ast.Node_CreateSeqStmt:
		if isTemporary(v.CreateSeqStmt.GetSequence()) {
			return nil, ""
		}
		return &CreateSequence{Table: pgTable(v.CreateSeqStmt.GetSequence()), IfNotExists: v.CreateSeqStmt.GetIfNotExists()}, ""
	case *ast.Node_CreateExtensionStmt:
		c := &CreateExtension{Name: v.CreateExtensionStmt.GetExtname()}
		for _, o := range v.CreateExtensionStmt.GetOptions() {
			if e := o.GetDefElem(); e.GetDefname() == "schema" {
				c.Schema = e.GetArg().GetString_().GetSval()
			}
		}
		return c, ""
	}
	return pgOther(n)
}

// pgOther reads the statements that make no relation and no code.
func pgOther(n *ast.Node) (Declaration, string) {
	switch v := n.GetNode().(type) {
	case *ast.Node_VariableSetStmt:
		return pgSet(v.VariableSetStmt)
	case *ast.Node_AlterDatabaseSetStmt:
		if v.AlterDatabaseSetStmt.GetSetstmt().GetName() == "search_path" {
			return nil, "ALTER DATABASE … SET search_path: a declared schema has the path public: name the tables with their schemas in queries, and take the statement out of the schema"
		}
		return nil, ""
	case *ast.Node_DiscardStmt:
		return &SetPath{}, ""
	case *ast.Node_TransactionStmt:
		switch pgTx(v.TransactionStmt.GetKind()) {
		case TxBegin, TxSavepoint:
			if v.TransactionStmt.GetKind() == ast.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO {
				return nil, "ROLLBACK TO in a schema: leave out what is rolled back"
			}
			return nil, ""
		case TxCommit:
			return &SetPath{End: true}, ""
		case TxRollback:
			return nil, "ROLLBACK in a schema: leave out what is rolled back"
		}
		return nil, problemUnknown
	case *ast.Node_SelectStmt, *ast.Node_InsertStmt, *ast.Node_UpdateStmt, *ast.Node_DeleteStmt, *ast.Node_MergeStmt:
		return pgRows(n)
	case *ast.Node_CallStmt, *ast.Node_ExecuteStmt:
		return nil, problemCode
	case *ast.Node_ImportForeignSchemaStmt:
		return nil, "IMPORT FOREIGN SCHEMA: which tables it makes is not known: write them as CREATE FOREIGN TABLE"
	case *ast.Node_DropOwnedStmt:
		return nil, "DROP OWNED: what it drops is not known: write it as DROP statements"
	case *ast.Node_CreateTransformStmt, *ast.Node_AlterExtensionContentsStmt, *ast.Node_AlterOperatorStmt:
		return nil, problemUnknown
	case *ast.Node_ReplicaIdentityStmt, *ast.Node_AlterCollationStmt, *ast.Node_GrantStmt, *ast.Node_GrantRoleStmt,
		*ast.Node_AlterDefaultPrivilegesStmt, *ast.Node_CopyStmt, *ast.Node_VariableShowStmt, *ast.Node_CreateTableSpaceStmt,
		*ast.Node_DropTableSpaceStmt, *ast.Node_AlterTableSpaceOptionsStmt, *ast.Node_AlterTableMoveAllStmt,
		*ast.Node_AlterExtensionStmt, *ast.Node_CreateFdwStmt, *ast.Node_AlterFdwStmt, *ast.Node_CreateForeignServerStmt,
		*ast.Node_AlterForeignServerStmt, *ast.Node_CreateUserMappingStmt, *ast.Node_AlterUserMappingStmt,
		*ast.Node_DropUserMappingStmt, *ast.Node_CreateAmStmt, *ast.Node_CreateEventTrigStmt, *ast.Node_AlterEventTrigStmt,
		*ast.Node_CreatePlangStmt, *ast.Node_CreateRoleStmt, *ast.Node_AlterRoleStmt, *ast.Node_AlterRoleSetStmt,
		*ast.Node_DropRoleStmt, *ast.Node_AlterSeqStmt, *ast.Node_CreateOpFamilyStmt, *ast.Node_TruncateStmt,
		*ast.Node_CommentStmt, *ast.Node_SecLabelStmt, *ast.Node_CreateStatsStmt, *ast.Node_AlterStatsStmt,
		*ast.Node_AlterObjectDependsStmt, *ast.Node_AlterOwnerStmt, *ast.Node_NotifyStmt, *ast.Node_ListenStmt,
		*ast.Node_UnlistenStmt, *ast.Node_AlterEnumStmt, *ast.Node_LoadStmt, *ast.Node_CreatedbStmt, *ast.Node_AlterDatabaseStmt,
		*ast.Node_AlterDatabaseRefreshCollStmt, *ast.Node_DropdbStmt, *ast.Node_AlterSystemStmt, *ast.Node_ClusterStmt,
		*ast.Node_VacuumStmt, *ast.Node_RefreshMatViewStmt, *ast.Node_CheckPointStmt, *ast.Node_LockStmt,
		*ast.Node_ConstraintsSetStmt, *ast.Node_ReindexStmt, *ast.Node_CreateConversionStmt, *ast.Node_PrepareStmt,
		*ast.Node_DeallocateStmt, *ast.Node_ReassignOwnedStmt, *ast.Node_AlterTsdictionaryStmt,
		*ast.Node_AlterTsconfigurationStmt, *ast.Node_CreatePublicationStmt, *ast.Node_AlterPublicationStmt,
		*ast.Node_CreateSubscriptionStmt, *ast.Node_AlterSubscriptionStmt, *ast.Node_DropSubscriptionStmt:
		return nil, ""
	}
	return nil, problemUnknown
}

// pgRows reads a statement over rows. What it calls may change the schema,
// unless it is the server's own: that is for the catalog to say.
func pgRows(n *ast.Node) (Declaration, string) {
	if s := n.GetSelectStmt(); s != nil {
		if into := s.GetIntoClause(); into != nil && !isTemporary(into.GetRel()) {
			return &CreateTable{Table: pgTable(into.GetRel()), Query: &Facts{Kind: Read}}, ""
		}
		if path, set := pgSetConfig(s); set {
			return path, ""
		}
	}
	f := pgQueryFacts(n)
	if f.Kind == Opaque {
		return nil, problemUnknown
	}
	return &RunCode{Uses: f}, ""
}

// pgSetConfig reads the SELECT by which pg_dump sets the search path.
func pgSetConfig(s *ast.SelectStmt) (path *SetPath, found bool) {
	if len(s.GetTargetList()) != 1 {
		return nil, false
	}
	call := s.GetTargetList()[0].GetResTarget().GetVal().GetFuncCall()
	if _, name := pgName(call.GetFuncname()); name != "set_config" || len(call.GetArgs()) != 3 {
		return nil, false
	}
	args := call.GetArgs()
	if args[0].GetAConst().GetSval().GetSval() != "search_path" || args[1].GetAConst().GetSval() == nil {
		return nil, false
	}
	path = &SetPath{Path: []string{}, Local: args[2].GetAConst().GetBoolval().GetBoolval()}
	for _, name := range strings.Split(args[1].GetAConst().GetSval().GetSval(), ",") {
		if name = strings.Trim(strings.TrimSpace(name), `"`); name != "" {
			path.Path = append(path.Path, name)
		}
	}
	return path, true
}

// pgSet reads SET. Only the search path matters to what follows.
func pgSet(s *ast.VariableSetStmt) (Declaration, string) {
	if s.GetKind() == ast.VariableSetKind_VAR_RESET_ALL {
		return &SetPath{}, ""
	}
	if s.GetName() != "search_path" {
		return nil, ""
	}
	switch s.GetKind() {
	case ast.VariableSetKind_VAR_SET_VALUE:
		path := &SetPath{Path: []string{}, Local: s.GetIsLocal()}
		for _, arg := range s.GetArgs() {
			if name := arg.GetAConst().GetSval().GetSval(); name != "" {
				path.Path = append(path.Path, name)
			}
		}
		return path, ""
	case ast.VariableSetKind_VAR_SET_DEFAULT, ast.VariableSetKind_VAR_RESET:
		return &SetPath{Local: s.GetIsLocal()}, ""
	}
	return nil, "SET search_path in a form that is not understood: write SET search_path = name, name"
}
