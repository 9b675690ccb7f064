package parse

import (
	"github.com/sqlc-dev/oliphant/ast"
)

// pgAlterTable reads ALTER TABLE and its like for other relations.
func pgAlterTable(s *ast.AlterTableStmt) (Declaration, string) {
	if s.GetObjtype() == ast.ObjectType_OBJECT_INDEX && len(s.GetCmds()) == 1 &&
		s.GetCmds()[0].GetAlterTableCmd().GetSubtype() == ast.AlterTableType_AT_AttachPartition {
		return nil, "" // an index of a partition joins its parent's
	}
	alter := &AlterTable{Table: pgTable(s.GetRelation()), IfExists: s.GetMissingOk(), Only: !s.GetRelation().GetInh()}
	for _, n := range s.GetCmds() {
		actions, problem := pgAlterCommand(n.GetAlterTableCmd())
		if problem != "" {
			return nil, problem
		}
		alter.Actions = append(alter.Actions, actions...)
	}
	if len(alter.Actions) == 0 || s.GetObjtype() == ast.ObjectType_OBJECT_TYPE {
		return nil, ""
	}
	return alter, ""
}

// pgAlterCommand reads one part of an ALTER TABLE.
func pgAlterCommand(c *ast.AlterTableCmd) ([]AlterAction, string) {
	a := AlterAction{Column: c.GetName(), Name: c.GetName(), IfExists: c.GetMissingOk()}
	switch c.GetSubtype() {
	case ast.AlterTableType_AT_AddColumn:
		column, e := pgColumnDefinition(c.GetDef().GetColumnDef())
		a.Do, a.Definition = AddColumn, &column
		return append([]AlterAction{a}, e.actions()...), ""
	case ast.AlterTableType_AT_DropColumn:
		a.Do = DropColumn
	case ast.AlterTableType_AT_AlterColumnType:
		column, _ := pgColumnDefinition(c.GetDef().GetColumnDef())
		a.Do, a.Definition = AlterType, &column
	case ast.AlterTableType_AT_ColumnDefault:
		if a.Do = DropColumnDefault; c.GetDef() != nil {
			a.Do, a.Uses = SetColumnDefault, pgFacts(c.GetDef())
		}
	case ast.AlterTableType_AT_SetExpression:
		a.Do, a.Uses = SetColumnDefault, pgFacts(c.GetDef())
	case ast.AlterTableType_AT_DropExpression:
		a.Do = DropExpression
	case ast.AlterTableType_AT_AddIdentity:
		a.Do = AddIdentity
	case ast.AlterTableType_AT_DropIdentity:
		a.Do = DropIdentity
	case ast.AlterTableType_AT_AddConstraint:
		return pgConstraint(c.GetDef().GetConstraint(), "").actions(), ""
	case ast.AlterTableType_AT_DropConstraint:
		a.Do = DropConstraint
	case ast.AlterTableType_AT_SetLogged:
		a.Do = SetLogged
	case ast.AlterTableType_AT_SetUnLogged:
		a.Do = SetUnlogged
	case ast.AlterTableType_AT_EnableRowSecurity:
		a.Do = EnableRowSecurity
	case ast.AlterTableType_AT_DisableRowSecurity:
		a.Do = DisableRowSecurity
	case ast.AlterTableType_AT_AddInherit, ast.AlterTableType_AT_DropInherit:
		a.Do, a.Parent = Inherit, pgTable(c.GetDef().GetRangeVar())
		if c.GetSubtype() == ast.AlterTableType_AT_DropInherit {
			a.Do = NoInherit
		}
	case ast.AlterTableType_AT_AttachPartition, ast.AlterTableType_AT_DetachPartition:
		a.Do, a.Parent = AttachPart, pgTable(c.GetDef().GetPartitionCmd().GetName())
		if c.GetSubtype() == ast.AlterTableType_AT_DetachPartition {
			a.Do = DetachPart
		}
	case ast.AlterTableType_AT_SetNotNull, ast.AlterTableType_AT_DropNotNull, ast.AlterTableType_AT_SetStatistics,
		ast.AlterTableType_AT_SetOptions, ast.AlterTableType_AT_ResetOptions, ast.AlterTableType_AT_SetStorage,
		ast.AlterTableType_AT_SetCompression, ast.AlterTableType_AT_ValidateConstraint, ast.AlterTableType_AT_AlterColumnGenericOptions,
		ast.AlterTableType_AT_ChangeOwner, ast.AlterTableType_AT_ClusterOn, ast.AlterTableType_AT_DropCluster,
		ast.AlterTableType_AT_DropOids, ast.AlterTableType_AT_SetAccessMethod, ast.AlterTableType_AT_SetTableSpace,
		ast.AlterTableType_AT_SetRelOptions, ast.AlterTableType_AT_ResetRelOptions, ast.AlterTableType_AT_ReplaceRelOptions,
		ast.AlterTableType_AT_EnableTrig, ast.AlterTableType_AT_EnableAlwaysTrig, ast.AlterTableType_AT_EnableReplicaTrig,
		ast.AlterTableType_AT_DisableTrig, ast.AlterTableType_AT_EnableTrigAll, ast.AlterTableType_AT_DisableTrigAll,
		ast.AlterTableType_AT_EnableTrigUser, ast.AlterTableType_AT_DisableTrigUser, ast.AlterTableType_AT_EnableRule,
		ast.AlterTableType_AT_EnableAlwaysRule, ast.AlterTableType_AT_EnableReplicaRule, ast.AlterTableType_AT_DisableRule,
		ast.AlterTableType_AT_ReplicaIdentity, ast.AlterTableType_AT_ForceRowSecurity, ast.AlterTableType_AT_NoForceRowSecurity,
		ast.AlterTableType_AT_GenericOptions, ast.AlterTableType_AT_SetIdentity, ast.AlterTableType_AT_DetachPartitionFinalize,
		ast.AlterTableType_AT_AlterConstraint, ast.AlterTableType_AT_DropOf:
		// A disabled trigger or rule may be enabled by a session. ALTER
		// CONSTRAINT is for foreign keys, and does not change their actions.
		return nil, ""
	default:
		return nil, "a form of ALTER TABLE that is not understood"
	}
	return []AlterAction{a}, ""
}

// actions returns elements as they are added to a table.
func (e tableElements) actions() []AlterAction {
	var list []AlterAction
	for i := range e.indexes {
		list = append(list, AlterAction{Do: AddIndex, Index: &e.indexes[i]})
	}
	for i := range e.keys {
		list = append(list, AlterAction{Do: AddForeignKey, ForeignKey: &e.keys[i]})
	}
	for i := range e.checks {
		list = append(list, AlterAction{Do: AddCheck, Check: &e.checks[i]})
	}
	return list
}

// pgKinds maps the kinds of objects that the catalog holds. The others declare
// nothing where they are dropped or renamed.
var pgKinds = map[ast.ObjectType]ObjectKind{
	ast.ObjectType_OBJECT_TABLE: TableObject, ast.ObjectType_OBJECT_FOREIGN_TABLE: TableObject,
	ast.ObjectType_OBJECT_VIEW: ViewObject, ast.ObjectType_OBJECT_MATVIEW: ViewObject,
	ast.ObjectType_OBJECT_SEQUENCE: SequenceObject, ast.ObjectType_OBJECT_INDEX: IndexObject,
	ast.ObjectType_OBJECT_TRIGGER: TriggerObject, ast.ObjectType_OBJECT_RULE: RuleObject, ast.ObjectType_OBJECT_POLICY: PolicyObject,
	ast.ObjectType_OBJECT_FUNCTION: FunctionObject, ast.ObjectType_OBJECT_PROCEDURE: FunctionObject,
	ast.ObjectType_OBJECT_ROUTINE: FunctionObject, ast.ObjectType_OBJECT_AGGREGATE: FunctionObject,
	ast.ObjectType_OBJECT_OPERATOR: OperatorObject, ast.ObjectType_OBJECT_CAST: CastObject,
	ast.ObjectType_OBJECT_TYPE: TypeObject, ast.ObjectType_OBJECT_DOMAIN: TypeObject,
	ast.ObjectType_OBJECT_COLLATION: CollationObject, ast.ObjectType_OBJECT_EXTENSION: ExtensionObject,
	ast.ObjectType_OBJECT_SCHEMA: SchemaObject,
}

// pgDrop reads DROP.
func pgDrop(s *ast.DropStmt) (Declaration, string) {
	kind := pgKinds[s.GetRemoveType()]
	d := &DropObject{What: kind, IfExists: s.GetMissingOk(), Cascade: s.GetBehavior() == ast.DropBehavior_DROP_CASCADE}
	for _, n := range s.GetObjects() {
		var name []*ast.Node
		switch v := n.GetNode().(type) {
		case *ast.Node_List:
			name = v.List.GetItems()
		case *ast.Node_TypeName:
			name = v.TypeName.GetNames()
		case *ast.Node_ObjectWithArgs:
			name = v.ObjectWithArgs.GetObjname()
			d.Signatures = append(d.Signatures, pgSignature(v.ObjectWithArgs))
		default:
			name = []*ast.Node{n}
		}
		switch kind {
		case UnknownObject:
			return nil, ""
		case CastObject:
			if items := n.GetList().GetItems(); len(items) == 2 {
				d.Types = [2]Type{pgTypeOf(items[0].GetTypeName()), pgTypeOf(items[1].GetTypeName())}
			}
			return d, ""
		case TriggerObject, RuleObject, PolicyObject:
			last := len(name) - 1
			d.Name = name[last].GetString_().GetSval()
			name = name[:last]
		case OperatorObject:
			if args := n.GetObjectWithArgs().GetObjargs(); len(args) == 2 {
				d.Types = [2]Type{pgTypeOf(args[0].GetTypeName()), pgTypeOf(args[1].GetTypeName())}
			}
		}
		d.Names = append(d.Names, pgNamed(name))
	}
	return d, ""
}

// pgNamed returns the last two parts of a dotted name.
func pgNamed(name []*ast.Node) Table {
	if len(name) > 2 {
		name = name[len(name)-2:]
	}
	var t Table
	t.Schema, t.Name = pgName(name)
	return t
}

// pgSignature returns the types of a function's arguments, nil where none are
// given.
func pgSignature(o *ast.ObjectWithArgs) []Type {
	if o.GetArgsUnspecified() {
		return nil
	}
	types := []Type{}
	for _, n := range o.GetObjargs() {
		types = append(types, pgTypeOf(n.GetTypeName()))
	}
	return types
}

// pgRename reads ALTER … RENAME.
func pgRename(s *ast.RenameStmt) (Declaration, string) {
	table := pgTable(s.GetRelation())
	switch s.GetRenameType() {
	case ast.ObjectType_OBJECT_COLUMN:
		return &AlterTable{Table: table, IfExists: s.GetMissingOk(), Actions: []AlterAction{{Do: RenameColumn, Column: s.GetSubname(), NewName: s.GetNewname()}}}, ""
	case ast.ObjectType_OBJECT_TABCONSTRAINT:
		return &AlterTable{Table: table, IfExists: s.GetMissingOk(), Actions: []AlterAction{{Do: RenameConstraint, Name: s.GetSubname(), NewName: s.GetNewname()}}}, ""
	}
	r := pgRenamed(s.GetRenameType(), s.GetRelation(), s.GetObject())
	if r == nil {
		return nil, ""
	}
	r.Name, r.NewName, r.IfExists = s.GetSubname(), s.GetNewname(), s.GetMissingOk()
	return r, ""
}

// pgMove reads ALTER … SET SCHEMA.
func pgMove(s *ast.AlterObjectSchemaStmt) (Declaration, string) {
	r := pgRenamed(s.GetObjectType(), s.GetRelation(), s.GetObject())
	if r == nil {
		return nil, ""
	}
	r.NewSchema, r.IfExists = s.GetNewschema(), s.GetMissingOk()
	return r, ""
}

// pgRenamed is the object of either; nil where the catalog holds none such.
func pgRenamed(what ast.ObjectType, relation *ast.RangeVar, object *ast.Node) *RenameObject {
	r := &RenameObject{What: pgKinds[what], Table: pgTable(relation)}
	if r.What == UnknownObject {
		return nil
	}
	if relation != nil {
		return r
	}
	switch v := object.GetNode().(type) {
	case *ast.Node_ObjectWithArgs:
		r.Table, r.Signature = pgNamed(v.ObjectWithArgs.GetObjname()), pgSignature(v.ObjectWithArgs)
	case *ast.Node_List:
		r.Table = pgNamed(v.List.GetItems())
	case *ast.Node_TypeName:
		r.Table = pgNamed(v.TypeName.GetNames())
	case *ast.Node_String_:
		r.Table.Name = v.String_.GetSval()
	}
	return r
}
