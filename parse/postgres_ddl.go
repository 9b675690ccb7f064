package parse

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// schemaStatements are the statements that change the catalog and begin with
// another word than Create, Alter or Drop.
var schemaStatements = map[protoreflect.Name]bool{
	"ClusterStmt": true, "CommentStmt": true, "CompositeTypeStmt": true, "DefineStmt": true,
	"GrantRoleStmt": true, "GrantStmt": true, "ImportForeignSchemaStmt": true, "IndexStmt": true,
	"ReassignOwnedStmt": true, "RefreshMatViewStmt": true, "ReindexStmt": true, "RenameStmt": true,
	"RuleStmt": true, "SecLabelStmt": true, "VacuumStmt": true, "ViewStmt": true,
}

// schema takes a statement as a change of the catalog, or makes the text
// opaque. The tables it names are found by reflection: there are a hundred
// kinds of such statements, and none is in a hurry.
func (w pgWalk) schema(n *ast.Node) {
	m := pgMessage(n)
	if m == nil {
		w.unknown(reasonUnknownNode)
		return
	}
	name := string(m.Descriptor().Name())
	known := schemaStatements[m.Descriptor().Name()] || strings.HasSuffix(name, "Stmt") &&
		(strings.HasPrefix(name, "Create") || strings.HasPrefix(name, "Alter") || strings.HasPrefix(name, "Drop"))
	if !known {
		w.unknown(reasonUnknownNode)
		return
	}
	w.kind(Schema)
	if d := n.GetDropStmt(); d != nil {
		w.drop(d)
	}
	w.named(m)
}

// drop adds the tables of DROP TABLE and its like.
func (w pgWalk) drop(s *ast.DropStmt) {
	switch s.GetRemoveType() {
	case ast.ObjectType_OBJECT_TABLE, ast.ObjectType_OBJECT_VIEW, ast.ObjectType_OBJECT_MATVIEW,
		ast.ObjectType_OBJECT_FOREIGN_TABLE:
		for _, o := range s.GetObjects() {
			schema, name := pgName(o.GetList().GetItems())
			if i := strings.LastIndexByte(schema, '.'); i >= 0 {
				schema = schema[i+1:]
			}
			w.write(Change{Table: Table{Schema: schema, Name: name}, Op: Create})
		}
	}
}

// named adds every table that is named anywhere in a message.
func (w pgWalk) named(m protoreflect.Message) {
	if !w.enter() {
		return
	}
	defer w.leave()
	switch v := m.Interface().(type) {
	case *ast.RangeVar:
		w.create(v)
		return
	case *ast.String:
		if strings.HasPrefix(v.GetSval(), "pg_temp") {
			w.temporary()
		}
		return
	}
	eachMessage(m, w.named)
}

// pgMessage returns what a node holds.
func pgMessage(n *ast.Node) protoreflect.Message {
	m := n.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
	if field == nil || field.Message() == nil {
		return nil
	}
	return m.Get(field).Message()
}

// eachMessage calls f for every message directly below m.
func eachMessage(m protoreflect.Message, f func(protoreflect.Message)) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.Message() == nil:
		case field.IsList():
			for i := range v.List().Len() {
				f(v.List().Get(i).Message())
			}
		default:
			f(v.Message())
		}
		return true
	})
}
