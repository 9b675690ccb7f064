package policy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/moneyclip/moneyclip/parse"
)

// Query answers the queries of [loadSQLite].
func (d *declaredSQLite) Query(_ context.Context, sql string) ([][]any, error) {
	var rows [][]any
	switch sql {
	case liteFunctions:
		return builtinSQLite()
	case liteSchema:
		d.each(func(t *liteTable) { rows = append(rows, []any{t.schemaType(), t.name, t.name, t.text}) })
		for _, name := range slices.Sorted(maps.Keys(d.triggers)) {
			if !d.triggers[name].temporary {
				rows = append(rows, []any{"trigger", name, d.triggers[name].table, ""})
			}
		}
	case liteTempTriggers:
		for _, name := range slices.Sorted(maps.Keys(d.triggers)) {
			if d.triggers[name].temporary {
				rows = append(rows, []any{d.triggers[name].table})
			}
		}
	case liteTables:
		rows = append(rows, []any{"sqlite_schema", "table", "0", "0"})
		d.each(func(t *liteTable) { rows = append(rows, []any{t.name, t.kind, digit(t.withoutID), digit(t.isStrict)}) })
	case liteColumns:
		d.each(func(t *liteTable) { rows = append(rows, t.columnRows()...) })
	case liteIndexes:
		d.each(func(t *liteTable) {
			for _, index := range t.indexes {
				if index.unique {
					rows = append(rows, []any{t.name, index.name, index.origin})
				}
			}
		})
	case liteKeyColumns:
		d.each(func(t *liteTable) {
			for _, index := range t.indexes {
				for i, column := range index.columns {
					if index.origin == "pk" {
						rows = append(rows, []any{t.name, column, index.collate[i]})
					}
				}
			}
		})
	case liteForeignKeys:
		d.each(func(t *liteTable) {
			for _, f := range t.foreign {
				rows = append(rows, []any{f.References.Name, f.OnUpdate.String(), f.OnDelete.String()})
			}
		})
	default:
		return nil, errors.New("a declared schema does not answer this query")
	}
	return rows, nil
}

// each visits the tables in the order of their names.
func (d *declaredSQLite) each(f func(*liteTable)) {
	tables := d.tables
	if d.sequences {
		tables = maps.Clone(tables)
		tables["sqlite_sequence"] = &liteTable{name: "sqlite_sequence", kind: "table", columns: []parse.ColumnDefinition{{Name: "name"}, {Name: "seq"}}}
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		f(tables[name])
	}
}

func (t *liteTable) schemaType() string {
	if t.kind == "view" {
		return "view"
	}
	return "table"
}

func (t *liteTable) columnRows() (rows [][]any) {
	if t.rootless {
		return nil
	}
	for _, c := range t.columns {
		hidden := "0"
		if c.Generated {
			hidden = "2"
		}
		place := 1 + slices.Index(t.key, lowerASCII(c.Name))
		rows = append(rows, []any{t.name, c.Name, c.Type.Text, strconv.Itoa(place), hidden})
	}
	return rows
}

func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
