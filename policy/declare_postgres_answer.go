package policy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// Query answers the queries of [loadPostgreSQL].
func (d *declaredPostgreSQL) Query(ctx context.Context, sql string) ([][]any, error) {
	switch sql {
	case pgSettings:
		if d.session != nil {
			return d.session.Query(ctx, sql)
		}
		return [][]any{{"pg_catalog", "UTF8"}, {"public", "UTF8"}}, nil
	case pgFunctions:
		return d.functionRows(), nil
	case pgOperators:
		return d.operatorRows(), nil
	case pgAttributes:
		return d.attributeRows(), nil
	case pgTypes:
		return d.typeRows(), nil
	case pgCasts:
		return d.castRows(), nil
	case pgRelations:
		return d.relationRows(), nil
	case pgTriggers:
		return d.triggerRows(), nil
	case pgColumns:
		return d.columnRows(), nil
	case pgIndexes:
		return d.indexRows(), nil
	case pgForeignKeys:
		return d.foreignRows(), nil
	case pgHidden:
		return d.hiddenRows(), nil
	case pgViews:
		return d.viewRows(), nil
	}
	return nil, errors.New("a declared schema does not answer this query")
}

func truth(b bool) string { return strconv.FormatBool(b) }

// functionRow is all functions of one name, schema and extension, of users those
// with the same types.
type functionRow struct{ immutable, volatile, plain, builtin, stable bool }

func (d *declaredPostgreSQL) functionRows() (rows [][]any) {
	found := make(map[[3]string]*functionRow)
	code := d.functions()
	volatile := d.volatile(code)
	for _, f := range code {
		key := [3]string{f.schema, f.name, f.extension + "\x00" + f.types() + "\x00" + f.kind()}
		row := found[key]
		if row == nil {
			row = &functionRow{immutable: true, plain: true}
			found[key] = row
		}
		row.immutable = row.immutable && f.Volatility == parse.Immutable
		row.volatile = row.volatile || volatile.runs(f)
		row.plain = row.plain && !f.Set && !f.Procedure && !f.Aggregate
		row.stable = row.stable || f.own() && !f.trusted() && f.Volatility != parse.Immutable
	}
	for schema, functions := range map[string]map[string]string{"pg_catalog": d.server.functions, "information_schema": d.server.schema} {
		for name, flags := range functions {
			found[[3]string{schema, name, "\x00\x00"}] = &functionRow{immutable: hasFlag(flags, 'i'), plain: hasFlag(flags, 'p'), builtin: true}
		}
	}
	for key, row := range sorted(found) {
		of := strings.Split(key[2], "\x00")
		rows = append(rows, []any{key[0], key[1], of[0], truth(row.immutable), truth(row.volatile), truth(row.plain), truth(row.builtin), truth(row.stable), of[1], of[2]})
	}
	return rows
}

// types lists the types of the arguments as oidvectortypes() writes them.
func (f *declaredFunction) types() string {
	names := make([]string, len(f.Signature))
	for i, t := range f.Signature {
		names[i] = t.Name
		switch long, known := pgLongNames[t.Name]; {
		case t.Schema != "" && t.Schema != "pg_catalog":
			names[i] = t.Schema + "." + t.Name
		case known:
			names[i] = long
		}
		if t.Array {
			names[i] += "[]"
		}
	}
	return strings.Join(names, ", ")
}

// pgLongNames are the types whose names for people are others than the
// catalog's.
var pgLongNames = map[string]string{
	"int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision", "bool": "boolean",
	"varchar": "character varying", "bpchar": "character", "varbit": "bit varying", "timestamp": "timestamp without time zone",
	"timestamptz": "timestamp with time zone", "time": "time without time zone", "timetz": "time with time zone",
}

// kind is what the function is, as in pgFunctions.
func (f *declaredFunction) kind() string {
	switch {
	case f.Returns.Name == "trigger", f.Returns.Name == "event_trigger":
		return "t"
	case f.Procedure:
		return "p"
	case f.Aggregate:
		return "a"
	}
	return "f"
}

// sorted visits a map in the order of its keys.
func sorted[V any](m map[[3]string]V) func(yield func([3]string, V) bool) {
	return func(yield func([3]string, V) bool) {
		for _, key := range slices.SortedFunc(maps.Keys(m), func(a, b [3]string) int { return slices.Compare(a[:], b[:]) }) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

func (d *declaredPostgreSQL) operatorRows() (rows [][]any) {
	volatile := d.volatile(d.functions())
	type row struct{ immutable, volatile, equality bool }
	found := make(map[[3]string]*row)
	for _, op := range d.operators() {
		r := found[[3]string{op.Name}]
		if r == nil {
			r = &row{immutable: true}
			found[[3]string{op.Name}] = r
		}
		r.immutable = r.immutable && d.volatility(op.Function) == parse.Immutable
		r.volatile = r.volatile || volatile.ops[op.Name]
		r.equality = r.equality || op.Name == "=" && (exactType(op.Left) || exactType(op.Right))
	}
	for _, e := range d.extended {
		if e := d.server.extensions[e]; e != nil && e.equality {
			found[[3]string{"="}].equality = true
		}
	}
	for key, r := range sorted(found) {
		rows = append(rows, []any{key[0], truth(r.immutable), truth(r.volatile), truth(r.equality)})
	}
	return rows
}

// exactType reports whether a type is one of those that have exact pairs.
func exactType(t parse.Type) bool {
	return !t.Array && slices.Contains([]string{"int2", "int4", "int8", "uuid", "text", "varchar", "bytea"}, t.Name)
}

func (d *declaredPostgreSQL) attributeRows() (rows [][]any) {
	code := d.functions()
	volatile := d.volatile(code)
	type row struct{ volatile, row bool }
	found := make(map[[3]string]*row)
	for _, f := range code {
		if !f.own() || len(f.Signature) == 0 || f.Required > 1 && !f.Variadic {
			continue
		}
		key := [3]string{f.name}
		if found[key] == nil {
			found[key] = &row{}
		}
		found[key].volatile = found[key].volatile || volatile.runs(f)
		found[key].row = found[key].row || f.Variadic || d.mayBeRow(f.Signature[0], f.path)
	}
	for key, r := range sorted(found) {
		rows = append(rows, []any{key[0], truth(r.volatile), truth(r.row)})
	}
	return rows
}

// mayBeRow reports whether an argument of a type may be given a row. Of a type
// that is not known it may.
func (d *declaredPostgreSQL) mayBeRow(t parse.Type, path []string) bool {
	if t.Array {
		return false
	}
	if d.server.types[t.Name] && (t.Schema == "" || t.Schema == "pg_catalog") {
		return slices.Contains([]string{"record", "any", "anyelement", "anynonarray", "anycompatible", "anycompatiblenonarray"}, t.Name)
	}
	for _, schema := range append(slices.Clone(path), t.Schema) {
		if found := d.types[parse.Table{Schema: schema, Name: t.Name}]; found != nil {
			return found.row || found.uses != nil // composite, or a domain, which may be of one
		}
	}
	return true
}

func (d *declaredPostgreSQL) typeRows() (rows [][]any) {
	names := make(map[[3]string]bool)
	for id, t := range d.types {
		if !t.row {
			names[[3]string{id.Name}] = true
		}
		if t.multi != "" {
			names[[3]string{t.multi}] = true
		}
	}
	for key := range sorted(names) {
		rows = append(rows, []any{key[0]})
	}
	return rows
}

func (d *declaredPostgreSQL) castRows() (rows [][]any) {
	for _, name := range slices.Sorted(maps.Keys(d.extended)) {
		if e := d.server.extensions[name]; e != nil {
			for _, c := range e.casts {
				fields := strings.SplitN(c, "/", 3)
				rows = append(rows, []any{fields[0], fields[1], fields[2]})
			}
		}
	}
	for _, c := range d.casts {
		context, volatility := "e", "i"
		if c.Implicit {
			context = "i"
		}
		if c.Function.Name != "" {
			volatility = [...]string{parse.Volatile: "v", parse.Stable: "s", parse.Immutable: "i"}[d.volatility(c.Function)]
		}
		rows = append(rows, []any{context, truth(c.Source.Name == "varchar" && !c.Source.Array), volatility})
	}
	return rows
}

func (d *declaredPostgreSQL) relationRows() (rows [][]any) {
	for _, t := range d.tables {
		persistence := "p"
		if t.unlogged {
			persistence = "u"
		}
		rows = append(rows, []any{strconv.Itoa(t.oid), t.id.Schema, t.id.Name, t.kind, persistence, truth(len(t.parents) > 0 || d.isParent(t)),
			truth(t.secured), truth(len(t.rules) > 0), "false"})
	}
	n := 0
	for _, id := range slices.SortedFunc(maps.Keys(d.server.relations), func(a, b parse.Table) int { return strings.Compare(dotted(a), dotted(b)) }) {
		n++
		rows = append(rows, []any{strconv.Itoa(n), id.Schema, id.Name, d.server.relations[id], "p", "false", "false", "false", "true"})
	}
	return rows
}

func (d *declaredPostgreSQL) triggerRows() (rows [][]any) {
	for _, t := range d.tables {
		for _, name := range slices.Sorted(maps.Keys(t.triggers)) {
			rows = append(rows, []any{strconv.Itoa(t.oid), name})
		}
	}
	return rows
}

func (d *declaredPostgreSQL) isParent(t *declaredTable) bool {
	return slices.ContainsFunc(d.tables, func(child *declaredTable) bool { return slices.Contains(child.parents, t) })
}

// plain visits the relations that are ordinary tables.
func (d *declaredPostgreSQL) plain(f func(*declaredTable)) {
	for _, t := range d.tables {
		if t.kind == "r" {
			f(t)
		}
	}
}

func (d *declaredPostgreSQL) columnRows() (rows [][]any) {
	d.plain(func(t *declaredTable) {
		for _, c := range t.columns {
			generated := ""
			if c.Generated {
				generated = "s"
			}
			rows = append(rows, []any{strconv.Itoa(t.oid), strconv.Itoa(c.number), c.Name, c.typ.Name, c.typ.Schema, "b", c.limit(), truth(!c.nondetermined),
				generated, truth(c.clock), truth(c.noisy)})
		}
	})
	return rows
}

// limit is the column's type modifier, as far as a pair depends on it.
func (c *declaredColumn) limit() string {
	if c.typ.Name != "varchar" || len(c.Type.Modifiers) == 0 {
		return "-1"
	}
	most, err := strconv.Atoi(c.Type.Modifiers[0])
	if err != nil {
		return "?"
	}
	return strconv.Itoa(most + 4) // VARHDRSZ
}

func (d *declaredPostgreSQL) indexRows() (rows [][]any) {
	d.plain(func(t *declaredTable) {
		for _, i := range t.indexes {
			if !i.Unique {
				continue
			}
			var numbers []string
			for _, n := range i.numbers {
				numbers = append(numbers, strconv.Itoa(n))
			}
			rows = append(rows, []any{strconv.Itoa(t.oid), truth(i.Primary), truth(!i.Deferrable), strconv.Itoa(len(numbers) - i.Included), strings.Join(numbers, " ")})
		}
	})
	return rows
}

var pgActions = [...]string{parse.NoAction: "a", parse.Restrict: "r", parse.Cascade: "c", parse.SetNull: "n", parse.SetDefault: "d"}

func (d *declaredPostgreSQL) foreignRows() (rows [][]any) {
	for _, t := range d.tables {
		for _, f := range t.foreign {
			targets := []*declaredTable{f.of}
			if f.of.kind == "p" {
				d.family(f.of, func(child *declaredTable) { targets = append(targets, child) })
			}
			for _, target := range targets {
				rows = append(rows, []any{strconv.Itoa(target.oid), pgActions[f.OnDelete], pgActions[f.OnUpdate]})
			}
		}
	}
	return rows
}
