package parse

import "github.com/sqlc-dev/marino/ast"

// myAlter reads ALTER TABLE.
func myAlter(s *ast.AlterTableStmt, text string) []placed {
	alter := &AlterTable{Table: myTable(s.Table)}
	for _, spec := range s.Specs {
		actions, known := mySpec(spec)
		if !known {
			return myProblem("a form of ALTER TABLE that is not understood", text)
		}
		alter.Actions = append(alter.Actions, actions...)
	}
	return myDeclared(alter)
}

func myRenameTable(t *ast.TableName) AlterAction {
	return AlterAction{Do: RenameTable, NewName: t.Name.O, Parent: Table{Schema: t.Schema.O}}
}

// mySpec reads one part of an ALTER TABLE.
func mySpec(s *ast.AlterTableSpec) (list []AlterAction, known bool) {
	a := AlterAction{Name: s.Name, IfExists: s.IfExists || s.IfNotExists}
	if s.OldColumnName != nil {
		a.Column = s.OldColumnName.Name.O
	}
	switch s.Tp {
	case ast.AlterTableAddColumns:
		after := ""
		for i, d := range s.NewColumns {
			column, e := myDefinition(d)
			add := AlterAction{Do: AddColumn, Definition: &column, IfExists: a.IfExists}
			add.First, add.After = myPosition(s.Position)
			if i > 0 && after != "" {
				add.First, add.After = false, after
			}
			if add.First || add.After != "" {
				after = column.Name
			}
			list = append(append(list, add), e.actions()...)
		}
		for _, k := range s.NewConstraints {
			list = append(list, myConstraint(k).actions()...)
		}
		return list, true
	case ast.AlterTableAddConstraint:
		list = myConstraint(s.Constraint).actions()
		for i := range list {
			list[i].IfExists = a.IfExists || s.Constraint.IfNotExists
		}
		return list, true
	case ast.AlterTableModifyColumn, ast.AlterTableChangeColumn:
		column, e := myDefinition(s.NewColumns[0])
		if a.Do, a.Definition = ChangeColumn, &column; a.Column == "" {
			a.Column = column.Name
		}
		a.First, a.After = myPosition(s.Position)
		return append([]AlterAction{a}, e.actions()...), true
	case ast.AlterTableDropColumn:
		a.Do = DropColumn
	case ast.AlterTableRenameColumn:
		a.Do, a.NewName = RenameColumn, s.NewColumnName.Name.O
	case ast.AlterTableDropPrimaryKey:
		a.Do = DropPrimary
	case ast.AlterTableDropIndex:
		a.Do = DropIndex
	case ast.AlterTableDropForeignKey:
		a.Do = DropForeignKey
	case ast.AlterTableDropCheck:
		a.Do = DropConstraint
		if s.Constraint != nil {
			a.Name = s.Constraint.Name
		}
	case ast.AlterTableRenameTable:
		a = myRenameTable(s.NewTable)
	case ast.AlterTableRenameIndex:
		a.Do, a.Name, a.NewName = RenameIndex, s.FromKey.O, s.ToKey.O
	case ast.AlterTableOption:
		return myTableOptions(s.Options), true
	case ast.AlterTableAlterColumn, ast.AlterTableAlterCheck, ast.AlterTableLock, ast.AlterTableAlgorithm, ast.AlterTableForce,
		ast.AlterTableEnableKeys, ast.AlterTableDisableKeys, ast.AlterTableWithValidation, ast.AlterTableWithoutValidation,
		ast.AlterTableIndexInvisible, ast.AlterTableOrderByColumns, ast.AlterTableAddPartitions, ast.AlterTablePartition,
		ast.AlterTableCoalescePartitions, ast.AlterTableDropPartition, ast.AlterTableTruncatePartition, ast.AlterTableRemovePartitioning,
		ast.AlterTableReorganizePartition, ast.AlterTableRebuildPartition, ast.AlterTableOptimizePartition, ast.AlterTableCheckPartitions,
		ast.AlterTableRepairPartition:
		return nil, true
	default:
		return nil, false
	}
	return []AlterAction{a}, true
}

func myPosition(p *ast.ColumnPosition) (first bool, after string) {
	switch {
	case p == nil:
	case p.Tp == ast.ColumnPositionFirst:
		return true, ""
	case p.Tp == ast.ColumnPositionAfter && p.RelativeColumn != nil:
		return false, p.RelativeColumn.Name.O
	}
	return false, ""
}

// myTableOptions reads what an ALTER TABLE says of the whole table.
func myTableOptions(options []*ast.TableOption) (list []AlterAction) {
	engine, charset, collation := myOptions(options)
	if engine != "" {
		list = append(list, AlterAction{Do: TableEngine, Name: engine})
	}
	do := TableCharset
	for _, o := range options {
		if o.Tp == ast.TableOptionCharset && o.UintValue == ast.TableOptionCharsetWithConvertTo {
			do = ConvertTo
		}
	}
	if charset != "" || collation != "" || do == ConvertTo {
		list = append(list, AlterAction{Do: do, Charset: charset, Collation: collation})
	}
	return list
}
