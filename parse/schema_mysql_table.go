package parse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/format"
	"github.com/sqlc-dev/marino/mysql"
	"github.com/sqlc-dev/marino/types"
)

func myCreateTable(s *ast.CreateTableStmt) *CreateTable {
	c := &CreateTable{Table: myTable(s.Table), IfNotExists: s.IfNotExists, Temporary: s.TemporaryKeyword != ast.TemporaryNone}
	if s.Select != nil {
		c.Query = &Facts{Kind: Read}
	}
	if s.ReferTable != nil {
		c.Like = []Like{{Table: myTable(s.ReferTable), Indexes: true, Defaults: true, Generated: true, Identity: true, Checks: true}}
	}
	c.Engine, c.Charset, c.Collation = myOptions(s.Options)
	for _, d := range s.Cols {
		column, e := myDefinition(d)
		c.Columns = append(c.Columns, column)
		c.take(e)
	}
	for _, k := range s.Constraints {
		c.take(myConstraint(k))
	}
	return c
}

// myOptions reads the options of a table.
func myOptions(options []*ast.TableOption) (engine, charset, collation string) {
	for _, o := range options {
		switch o.Tp {
		case ast.TableOptionEngine:
			engine = o.StrValue
		case ast.TableOptionCharset:
			charset = o.StrValue
		case ast.TableOptionCollate:
			collation = o.StrValue
		}
	}
	return engine, lower(charset), lower(collation)
}

// myDefinition reads a column and the keys that it declares.
func myDefinition(d *ast.ColumnDef) (c ColumnDefinition, e tableElements) {
	c = ColumnDefinition{Name: d.Name.Name.O, Type: myType(d.Tp), Charset: lower(d.Tp.GetCharset()), Length: d.Tp.GetFlen()}
	c.Collation.Name = lower(d.Tp.GetCollate())
	switch c.Type.Name {
	case "char", "binary":
		c.Length = max(c.Length, 1)
	}
	for _, o := range d.Options {
		switch o.Tp {
		case ast.ColumnOptionPrimaryKey, ast.ColumnOptionUniqKey:
			e.indexes = append(e.indexes, IndexDefinition{Primary: o.Tp == ast.ColumnOptionPrimaryKey, Unique: true, Inline: true,
				Columns: []IndexColumn{{Name: c.Name}}})
		case ast.ColumnOptionNotNull:
			c.NotNull = true
		case ast.ColumnOptionAutoIncrement, ast.ColumnOptionAutoRandom:
			c.Increment = true
		case ast.ColumnOptionDefaultValue:
			c.Default = &Facts{Kind: Read}
		case ast.ColumnOptionGenerated:
			c.Generated = true
			c.Computed = myComputed(o)
		case ast.ColumnOptionCollate:
			c.Collation.Name = lower(o.StrValue)
		case ast.ColumnOptionInvisible:
			c.Invisible = true
		case ast.ColumnOptionReference:
			// MySQL before 9 takes no notice of it, MariaDB does.
			f := myForeignKey(o.Refer)
			f.Columns = []string{c.Name}
			e.keys = append(e.keys, f)
		}
	}
	return c, e
}

// myTypes names the types as information_schema does.
var myTypes = map[byte]string{
	mysql.TypeTiny: "tinyint", mysql.TypeShort: "smallint", mysql.TypeInt24: "mediumint", mysql.TypeLong: "int", mysql.TypeLonglong: "bigint",
	mysql.TypeFloat: "float", mysql.TypeDouble: "double", mysql.TypeNewDecimal: "decimal", mysql.TypeBit: "bit",
	mysql.TypeDate: "date", mysql.TypeNewDate: "date", mysql.TypeDuration: "time", mysql.TypeDatetime: "datetime", mysql.TypeTimestamp: "timestamp",
	mysql.TypeYear: "year", mysql.TypeJSON: "json", mysql.TypeEnum: "enum", mysql.TypeSet: "set", mysql.TypeGeometry: "geometry",
	mysql.TypeVarchar: "varchar", mysql.TypeVarString: "varchar", mysql.TypeString: "char",
	mysql.TypeTinyBlob: "tinytext", mysql.TypeMediumBlob: "mediumtext", mysql.TypeLongBlob: "longtext", mysql.TypeBlob: "text",
}

func myType(t *types.FieldType) Type {
	name := myTypes[t.GetType()]
	if name == "" {
		name = "unknown"
	}
	if lower(t.GetCharset()) == "binary" {
		switch name {
		case "varchar", "char":
			name = map[string]string{"varchar": "varbinary", "char": "binary"}[name]
		default:
			name = strings.ReplaceAll(name, "text", "blob")
		}
	}
	return Type{Name: name, Unsigned: mysql.HasUnsignedFlag(t.GetFlag())}
}

func myConstraint(k *ast.Constraint) (e tableElements) {
	switch k.Tp {
	case ast.ConstraintPrimaryKey, ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex, ast.ConstraintKey, ast.ConstraintIndex,
		ast.ConstraintFulltext, ast.ConstraintSpatial, ast.ConstraintVector:
		unique := k.Tp == ast.ConstraintUniq || k.Tp == ast.ConstraintUniqKey || k.Tp == ast.ConstraintUniqIndex
		primary := k.Tp == ast.ConstraintPrimaryKey
		e.indexes = append(e.indexes, IndexDefinition{Name: k.Name, Primary: primary, Unique: unique || primary, Columns: myIndexColumns(k.Keys)})
	case ast.ConstraintForeignKey:
		f := myForeignKey(k.Refer)
		f.Name = k.Name
		for _, part := range k.Keys {
			if part.Column != nil {
				f.Columns = append(f.Columns, part.Column.Name.O)
			}
		}
		e.keys = append(e.keys, f)
	case ast.ConstraintCheck:
		e.checks = append(e.checks, Check{Name: k.Name})
	}
	return e
}

func myIndexColumns(parts []*ast.IndexPartSpecification) []IndexColumn {
	var columns []IndexColumn
	for _, part := range parts {
		c := IndexColumn{Descending: part.Desc, Prefix: max(part.Length, 0)}
		if part.Column != nil {
			c.Name = part.Column.Name.O
		}
		columns = append(columns, c)
	}
	return columns
}

func myForeignKey(r *ast.ReferenceDef) ForeignKey {
	f := ForeignKey{}
	if r == nil {
		return f
	}
	if r.Table != nil {
		f.References = myTable(r.Table)
	}
	if r.OnDelete != nil {
		f.OnDelete = myAction(r.OnDelete.ReferOpt)
	}
	if r.OnUpdate != nil {
		f.OnUpdate = myAction(r.OnUpdate.ReferOpt)
	}
	return f
}

func myAction(o ast.ReferOptionType) Action {
	switch o {
	case ast.ReferOptionNoOption, ast.ReferOptionNoAction:
		return NoAction
	case ast.ReferOptionRestrict:
		return Restrict
	case ast.ReferOptionSetNull:
		return SetNull
	case ast.ReferOptionSetDefault:
		return SetDefault
	}
	return Cascade
}

// myComputed spells the expression of a generated column that is computed when
// it is read; "NULL()", which nobody knows, where it cannot be spelt.
func myComputed(o *ast.ColumnOption) string {
	if o.Stored {
		return ""
	}
	var text strings.Builder
	if o.Expr == nil || o.Expr.Restore(format.NewRestoreCtx(format.DefaultRestoreFlags, &text)) != nil {
		return "NULL()"
	}
	return text.String()
}
