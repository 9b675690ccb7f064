package policy

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Query answers the queries of [loadMySQL].
func (d *declaredMySQL) Query(_ context.Context, sql string) (rows [][]any, err error) {
	switch sql {
	case myDatabase:
		return [][]any{{d.database}}, nil
	case mySettings:
		return [][]any{{"lower_case_table_names", "0"}, {"version", ""}}, nil
	case myGrants:
		return [][]any{{"GRANT ALL PRIVILEGES ON *.* TO `declared`@`%`"}}, nil
	case myTables:
		for _, t := range d.tables {
			rows = append(rows, []any{t.id.Schema, t.id.Name, t.kind, t.engine})
		}
	case myColumns:
		for _, t := range d.tables {
			for i := range t.columns {
				rows = append(rows, t.columnRow(i))
			}
		}
	case myIndexes:
		for _, t := range d.tables {
			rows = append(rows, t.indexRows()...)
		}
	case myForeignKeys:
		for _, t := range d.tables {
			for _, f := range t.foreign {
				rows = append(rows, []any{t.id.Schema, t.id.Name, f.Name, f.References.Schema, f.References.Name, f.OnDelete.String(), f.OnUpdate.String()})
			}
		}
	case myTriggers:
		for _, t := range d.triggers {
			rows = append(rows, []any{t.Table.Schema, t.Table.Name, t.Name})
		}
	case myRoutines:
		for _, r := range d.routines {
			rows = append(rows, []any{r.Schema, r.Name})
		}
	case myViews:
		for _, t := range d.tables {
			if t.kind == "VIEW" {
				rows = append(rows, []any{t.id.Schema, t.id.Name, t.view})
			}
		}
	default:
		return nil, errors.New("a declared schema does not answer this query")
	}
	return rows, nil
}

func (t *myTable) columnRow(at int) []any {
	c := &t.columns[at]
	full, extra, expression := c.Type.Name, "", ""
	if c.Type.Unsigned {
		full += " unsigned"
	}
	if c.Increment {
		extra = "auto_increment"
	}
	if c.Invisible {
		extra += " INVISIBLE"
	}
	switch {
	case c.Generated && c.Computed == "":
		extra, expression = extra+" STORED GENERATED", "stored"
	case c.Generated:
		extra, expression = extra+" VIRTUAL GENERATED", c.Computed
	}
	return []any{t.id.Schema, t.id.Name, fmt.Sprintf("%05d", at+1), c.Name, c.Type.Name, full, strconv.Itoa(c.Length), c.Charset, c.Collation.Name, extra, expression}
}

func (t *myTable) indexRows() (rows [][]any) {
	for _, index := range t.indexes {
		if !index.Unique {
			continue
		}
		for i, c := range index.Columns {
			part := ""
			if at := t.find(c.Name); at >= 0 && c.Prefix > 0 && c.Prefix != t.columns[at].Length {
				part = strconv.Itoa(c.Prefix)
			}
			rows = append(rows, []any{t.id.Schema, t.id.Name, index.Name, fmt.Sprintf("%05d", i+1), c.Name, part})
		}
	}
	return rows
}

// mysqlEverywhere returns the functions that every supported server has: MySQL
// from 8.0 and MariaDB from 10.5; pure where they are pure in each.
func mysqlEverywhere() map[string]bool {
	common := mysqlNative(false, mysql80)
	for _, other := range []map[string]bool{mysqlNative(false, 80400), mysqlNative(false, mysql90), mysqlNative(true, mariadb105), mysqlNative(true, 120000)} {
		for name := range common {
			pure, known := other[name]
			if !known {
				delete(common, name)
			} else {
				common[name] = common[name] && pure
			}
		}
	}
	return common
}
