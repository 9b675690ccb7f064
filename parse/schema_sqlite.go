package parse

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"
)

// sqliteSchema reads the declarations of SQLite.
type sqliteSchema struct{}

func (sqliteSchema) declarations(text string) (list []placed, problem string, err error) {
	statements, err := parser.ParseString(text)
	if err != nil {
		return nil, "", err
	}
	for _, s := range statements {
		p := placed{at: s.Pos()}
		p.declares, p.problem = liteDeclaration(s, text)
		list = append(list, p)
	}
	return list, "", nil
}

// liteDeclaration reads one statement. Statements that change rows or settings
// declare nothing.
func liteDeclaration(s ast.Stmt, text string) (Declaration, string) {
	switch v := s.(type) {
	case *ast.CreateTableStmt:
		return liteCreateTable(v), ""
	case *ast.CreateVirtualTableStmt:
		return &CreateTable{Table: liteTable(v.Name), IfNotExists: v.IfNotExists, Temporary: isTemp(v.Name), Kind: VirtualTable}, ""
	case *ast.CreateViewStmt:
		return &CreateView{Table: liteTable(v.Name), IfNotExists: v.IfNotExists, Temporary: v.Temp || isTemp(v.Name)}, ""
	case *ast.CreateIndexStmt:
		c := &CreateIndex{IfNotExists: v.IfNotExists, Index: IndexDefinition{Name: v.Name.Name.Name, Unique: v.Unique, Columns: liteIndexColumns(v.Columns)}}
		c.Table.Name = liteName(v.Table)
		if c.Schema = liteName(v.Name.Schema); c.Schema != "" {
			c.Table.Schema = c.Schema
		}
		return c, ""
	case *ast.CreateTriggerStmt:
		return &CreateTrigger{Name: v.Name.Name.Name, Table: liteTable(v.Table), Temporary: v.Temp || isTemp(v.Name), IfNotExists: v.IfNotExists}, ""
	case *ast.AlterTableStmt:
		return liteAlter(v, text)
	case *ast.DropTableStmt:
		return &DropObject{What: TableObject, Names: []Table{liteTable(v.Name)}, IfExists: v.IfExists}, ""
	case *ast.DropViewStmt:
		return &DropObject{What: ViewObject, Names: []Table{liteTable(v.Name)}, IfExists: v.IfExists}, ""
	case *ast.DropIndexStmt:
		return &DropObject{What: IndexObject, Names: []Table{liteTable(v.Name)}, IfExists: v.IfExists}, ""
	case *ast.DropTriggerStmt:
		return &DropObject{What: TriggerObject, Name: v.Name.Name.Name, IfExists: v.IfExists}, ""
	case *ast.PragmaStmt:
		if strings.EqualFold(v.Name.Name.Name, "writable_schema") {
			return nil, "the schema is written by hand: write it as CREATE statements"
		}
		return nil, ""
	case *ast.AttachStmt:
		return nil, "ATTACH: only the main database is declared: take the statement out of the schema"
	case *ast.RollbackStmt:
		if v.Savepoint == nil {
			return nil, "ROLLBACK in a schema: leave out what is rolled back"
		}
		return nil, "ROLLBACK TO in a schema: leave out what is rolled back"
	case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.SelectStmt, *ast.ExplainStmt, *ast.BeginStmt, *ast.CommitStmt,
		*ast.SavepointStmt, *ast.ReleaseStmt, *ast.DetachStmt, *ast.VacuumStmt, *ast.AnalyzeStmt, *ast.ReindexStmt:
		return nil, ""
	}
	return nil, "a statement that is not understood, " + shorten(text) + ": take it out of the schema"
}

func liteCreateTable(v *ast.CreateTableStmt) *CreateTable {
	c := &CreateTable{Table: liteTable(v.Name), IfNotExists: v.IfNotExists, Temporary: v.Temp || isTemp(v.Name)}
	if v.Select != nil {
		c.Query = &Facts{Kind: Read}
	}
	for _, o := range v.Options {
		switch name := strings.ToLower(liteName(o.Name)); {
		case o.Without && name == "rowid":
			c.WithoutRowid = true
		case name == "strict":
			c.Strict = true
		}
	}
	for _, col := range v.Columns {
		column, indexes, keys := liteColumnDefinition(col)
		c.Columns = append(c.Columns, column)
		c.Indexes = append(c.Indexes, indexes...)
		c.ForeignKeys = append(c.ForeignKeys, keys...)
	}
	for _, k := range v.Constraints {
		switch k.Kind {
		case ast.TablePrimaryKey, ast.TableUnique:
			c.Indexes = append(c.Indexes, IndexDefinition{Primary: k.Kind == ast.TablePrimaryKey, Unique: true, Columns: liteIndexColumns(k.Columns)})
		case ast.TableForeignKey:
			f := liteForeignKey(k.References)
			for _, column := range k.FKColumns {
				f.Columns = append(f.Columns, liteName(column.Name))
			}
			c.ForeignKeys = append(c.ForeignKeys, f)
		}
	}
	return c
}

// liteColumnDefinition reads one column and the keys that it declares.
func liteColumnDefinition(v *ast.ColumnDef) (c ColumnDefinition, indexes []IndexDefinition, keys []ForeignKey) {
	c.Name = liteName(v.Name)
	if v.Type != nil {
		c.Type = Type{Name: v.Type.Name, Modifiers: v.Type.Args, Text: v.Type.Raw}
	}
	for _, k := range v.Constraints {
		switch k.Kind {
		case ast.ColumnNotNull:
			c.NotNull = true
		case ast.ColumnPrimaryKey, ast.ColumnUnique:
			primary := k.Kind == ast.ColumnPrimaryKey
			c.Increment = c.Increment || k.AutoIncrement
			indexes = append(indexes, IndexDefinition{Primary: primary, Unique: true, Inline: true,
				Columns: []IndexColumn{{Name: c.Name, Descending: k.Order == ast.SortDesc}}})
		case ast.ColumnDefault:
			c.Default = &Facts{Kind: Read}
		case ast.ColumnCollate:
			c.Collation.Name = liteName(k.Collation)
		case ast.ColumnReferences:
			f := liteForeignKey(k.References)
			f.Columns = []string{c.Name}
			keys = append(keys, f)
		case ast.ColumnGenerated:
			c.Generated = true
		}
	}
	return c, indexes, keys
}

func liteIndexColumns(terms []*ast.OrderingTerm) []IndexColumn {
	var columns []IndexColumn
	for _, term := range terms {
		c := IndexColumn{Descending: term.Order == ast.SortDesc}
		x := term.Expr
		if collate, ok := x.(*ast.CollateExpr); ok {
			c.Collation, x = liteName(collate.Name), collate.X
		}
		switch v := x.(type) {
		case *ast.Ident:
			c.Name = v.Name
		case *ast.Literal:
			if v.Kind == ast.LitString { // SQLite takes 'id' for a column here
				c.Name = v.Value
			}
		}
		columns = append(columns, c)
	}
	return columns
}

func liteForeignKey(v *ast.ForeignKeyClause) ForeignKey {
	f := ForeignKey{References: Table{Name: liteName(v.Table)}}
	for _, arg := range v.Args {
		action := Cascade // what is not known does more than refuse
		switch arg.Action {
		case ast.FKNoAction:
			action = NoAction
		case ast.FKRestrict:
			action = Restrict
		case ast.FKSetNull:
			action = SetNull
		case ast.FKSetDefault:
			action = SetDefault
		}
		switch strings.ToUpper(arg.Event) {
		case "DELETE":
			f.OnDelete = action
		case "UPDATE":
			f.OnUpdate = action
		}
	}
	return f
}

func liteAlter(v *ast.AlterTableStmt, text string) (Declaration, string) {
	a := AlterAction{Column: liteName(v.Column), NewName: liteName(v.NewName), Name: liteName(v.ConstraintName)}
	alter := &AlterTable{Table: liteTable(v.Table)}
	switch v.Action {
	case ast.AlterRenameTable:
		a.Do = RenameTable
	case ast.AlterRenameColumn:
		a.Do = RenameColumn
	case ast.AlterDropColumn:
		a.Do = DropColumn
	case ast.AlterAddColumn:
		a.Do = AddColumn
		column, indexes, keys := liteColumnDefinition(v.ColumnDef)
		a.Definition = &column
		alter.Actions = append(alter.Actions, a)
		for i := range indexes {
			alter.Actions = append(alter.Actions, AlterAction{Do: AddIndex, Index: &indexes[i]})
		}
		for i := range keys {
			alter.Actions = append(alter.Actions, AlterAction{Do: AddForeignKey, ForeignKey: &keys[i]})
		}
		return alter, ""
	case ast.AlterDropConstraint, ast.AlterDropNotNull, ast.AlterSetNotNull, ast.AlterAddConstraintCheck:
		// Only CHECK and NOT NULL: no decision depends on them. The text is
		// still searched for ON CONFLICT.
		a.Do = AddCheck
		a.Check = &Check{Name: a.Name}
	default:
		return nil, "a form of ALTER TABLE that is not understood, " + shorten(text)
	}
	alter.Actions = append(alter.Actions, a)
	return alter, ""
}
