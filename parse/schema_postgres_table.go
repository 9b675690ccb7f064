package parse

import (
	"github.com/sqlc-dev/oliphant/ast"
)

// The bits of TableLikeClause.Options, as in the server's parsenodes.h.
const (
	likeConstraints = 1 << 2
	likeDefaults    = 1 << 3
	likeGenerated   = 1 << 4
	likeIdentity    = 1 << 5
	likeIndexes     = 1 << 6
)

func pgCreateTable(s *ast.CreateStmt) *CreateTable {
	c := &CreateTable{
		Table: pgTable(s.GetRelation()), IfNotExists: s.GetIfNotExists(), Temporary: isTemporary(s.GetRelation()),
		Unlogged: s.GetRelation().GetRelpersistence() == "u", PartitionOf: s.GetPartbound() != nil, OfType: s.GetOfTypename() != nil,
	}
	if s.GetPartspec() != nil {
		c.Kind = PartitionedTable
	}
	for _, parent := range s.GetInhRelations() {
		c.Parents = append(c.Parents, pgTable(parent.GetRangeVar()))
	}
	for _, n := range append(s.GetTableElts(), s.GetConstraints()...) {
		switch v := n.GetNode().(type) {
		case *ast.Node_ColumnDef:
			column, e := pgColumnDefinition(v.ColumnDef)
			c.Columns = append(c.Columns, column)
			c.take(e)
		case *ast.Node_Constraint:
			c.take(pgConstraint(v.Constraint, ""))
		case *ast.Node_TableLikeClause:
			options := v.TableLikeClause.GetOptions()
			c.Like = append(c.Like, Like{
				Table: pgTable(v.TableLikeClause.GetRelation()), At: len(c.Columns),
				Indexes: options&likeIndexes != 0, Defaults: options&likeDefaults != 0, Checks: options&likeConstraints != 0,
				Generated: options&likeGenerated != 0, Identity: options&likeIdentity != 0,
			})
		}
	}
	return c
}

// tableElements is what the constraints of a column or a table declare.
type tableElements struct {
	indexes []IndexDefinition
	keys    []ForeignKey
	checks  []Check
}

func (c *CreateTable) take(e tableElements) {
	c.Indexes = append(c.Indexes, e.indexes...)
	c.ForeignKeys = append(c.ForeignKeys, e.keys...)
	c.Checks = append(c.Checks, e.checks...)
}

func (e *tableElements) join(other tableElements) {
	e.indexes = append(e.indexes, other.indexes...)
	e.keys = append(e.keys, other.keys...)
	e.checks = append(e.checks, other.checks...)
}

func pgCreateTableAs(s *ast.CreateTableAsStmt) Declaration {
	rel := s.GetInto().GetRel()
	query := pgQueryFacts(s.GetQuery())
	if s.GetObjtype() == ast.ObjectType_OBJECT_MATVIEW {
		return &CreateView{Table: pgTable(rel), IfNotExists: s.GetIfNotExists(), Materialized: true, Query: query}
	}
	return &CreateTable{Table: pgTable(rel), IfNotExists: s.GetIfNotExists(), Temporary: isTemporary(rel), Unlogged: rel.GetRelpersistence() == "u", Query: query}
}

// pgColumnDefinition reads one column and its constraints.
func pgColumnDefinition(d *ast.ColumnDef) (c ColumnDefinition, e tableElements) {
	c = ColumnDefinition{Name: d.GetColname(), Type: pgTypeOf(d.GetTypeName()), NotNull: d.GetIsNotNull()}
	c.Collation.Schema, c.Collation.Name = pgName(d.GetCollClause().GetCollname())
	if d.GetRawDefault() != nil {
		c.Default = pgFacts(d.GetRawDefault())
	}
	for _, n := range d.GetConstraints() {
		k := n.GetConstraint()
		switch k.GetContype() {
		case ast.ConstrType_CONSTR_NOTNULL:
			c.NotNull = true
		case ast.ConstrType_CONSTR_DEFAULT:
			c.Default = pgFacts(k.GetRawExpr())
		case ast.ConstrType_CONSTR_GENERATED:
			c.Generated, c.Default = true, pgFacts(k.GetRawExpr())
		case ast.ConstrType_CONSTR_IDENTITY:
			c.Increment, c.NotNull = true, true
		case ast.ConstrType_CONSTR_ATTR_DEFERRABLE:
			// It belongs to the constraint before it.
			if last := len(e.indexes) - 1; last >= 0 {
				e.indexes[last].Deferrable = true
			}
		default:
			e.join(pgConstraint(k, c.Name))
		}
	}
	return c, e
}

// pgConstraint reads a constraint of a table, or of the column that is named.
func pgConstraint(k *ast.Constraint, column string) (e tableElements) {
	keys := pgStrings(k.GetKeys())
	if column != "" {
		keys = []string{column}
	}
	switch k.GetContype() {
	case ast.ConstrType_CONSTR_PRIMARY, ast.ConstrType_CONSTR_UNIQUE:
		index := IndexDefinition{Name: k.GetConname(), Primary: k.GetContype() == ast.ConstrType_CONSTR_PRIMARY, Unique: true,
			Deferrable: k.GetDeferrable(), Using: k.GetIndexname()}
		if index.Using == "" {
			index.Columns = pgIndexColumns(keys)
		}
		included := pgStrings(k.GetIncluding())
		index.Included = len(included)
		index.Columns = append(index.Columns, pgIndexColumns(included)...)
		e.indexes = append(e.indexes, index)
	case ast.ConstrType_CONSTR_EXCLUSION:
		index := IndexDefinition{Name: k.GetConname(), Exclusion: true}
		uses := []*ast.Node{k.GetWhereClause()}
		for _, n := range k.GetExclusions() {
			for _, part := range n.GetList().GetItems() {
				if elem := part.GetIndexElem(); elem != nil {
					index.Columns = append(index.Columns, IndexColumn{Name: elem.GetName()})
					uses = append(uses, elem.GetExpr())
				}
			}
		}
		index.Uses = pgFacts(uses...)
		for _, n := range k.GetExclusions() {
			for _, part := range n.GetList().GetItems() {
				if op := part.GetList(); op != nil {
					index.Uses.Operators = append(index.Uses.Operators, pgDotted(op.GetItems()))
				}
			}
		}
		e.indexes = append(e.indexes, index)
	case ast.ConstrType_CONSTR_FOREIGN:
		f := ForeignKey{Name: k.GetConname(), Columns: pgStrings(k.GetFkAttrs()), References: pgTable(k.GetPktable()),
			OnDelete: pgAction(k.GetFkDelAction()), OnUpdate: pgAction(k.GetFkUpdAction())}
		if column != "" {
			f.Columns = keys
		}
		e.keys = append(e.keys, f)
	case ast.ConstrType_CONSTR_CHECK:
		e.checks = append(e.checks, pgCheck(k.GetConname(), k.GetRawExpr()))
	}
	return e
}

func pgCheck(name string, x *ast.Node) Check {
	w := pgWalk{newBuilder()}
	w.expression(x)
	check := Check{Name: name}
	var columns set[string]
	for _, c := range w.columns {
		columns.add(c.Name)
	}
	check.Columns = columns.list
	check.Uses = w.finish(nil, equal)
	return check
}

func pgIndexColumns(names []string) []IndexColumn {
	var columns []IndexColumn
	for _, name := range names {
		columns = append(columns, IndexColumn{Name: name})
	}
	return columns
}

// pgAction reads the letter of an action; the empty one is the default.
func pgAction(letter string) Action {
	switch letter {
	case "a", "":
		return NoAction
	case "r":
		return Restrict
	case "n":
		return SetNull
	case "d":
		return SetDefault
	}
	return Cascade
}

func pgCreateIndex(s *ast.IndexStmt) *CreateIndex {
	c := &CreateIndex{Table: pgTable(s.GetRelation()), IfNotExists: s.GetIfNotExists(), Only: !s.GetRelation().GetInh(),
		Index: IndexDefinition{Name: s.GetIdxname(), Unique: s.GetUnique()}}
	uses := []*ast.Node{s.GetWhereClause()}
	for _, n := range s.GetIndexParams() {
		elem := n.GetIndexElem()
		c.Index.Columns = append(c.Index.Columns, IndexColumn{Name: elem.GetName()})
		uses = append(uses, elem.GetExpr())
	}
	for _, n := range s.GetIndexIncludingParams() {
		c.Index.Columns = append(c.Index.Columns, IndexColumn{Name: n.GetIndexElem().GetName()})
		c.Index.Included++
	}
	c.Index.Uses = pgFacts(uses...)
	return c
}
