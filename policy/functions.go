package policy

import (
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/parse"
)

// routines is the code that a statement may call: functions, operators, types.
type routines struct {
	dialect      parse.Dialect
	byName       map[string][]routine
	operators    map[string]userOperator // those outside of pg_catalog
	types        map[string]bool         // names of the types outside of pg_catalog
	equality     bool                    // "=" on a key column is the server's own
	volatileCast string                  // user types run volatile user code; why
	impureCast   bool                    // user casts are not all immutable
}

// routine is all functions of one name in one schema.
type routine struct {
	schema    string // pg_catalog, or SQLite's "builtin"
	builtin   bool
	immutable bool // every overload
	volatile  bool // any overload
	plain     bool // none is an aggregate, a window function, or returns a set
	harmless  bool // of an extension known to write nothing
}

type userOperator struct {
	volatile  bool
	immutable bool
}

// verdict is what a call means for its statement.
type verdict struct {
	impure  string // why a read may not be kept; empty if it may
	writes  string // why everything is invalidated; empty if nothing need be
	session bool   // later answers of this connection may differ
}

// syntax is what a parser may report as a function though the catalog knows no
// function of that name: true where it is pure.
var syntax = map[string]bool{
	"coalesce": true, "nullif": true, "greatest": true, "least": true,
	"current_date": false, "current_time": false, "current_timestamp": false,
	"localtime": false, "localtimestamp": false, "current_user": false,
	"current_role": false, "session_user": false, "user": false, "system_user": false,
	"current_catalog": false, "current_schema": false, "grouping": false,
	"xmlconcat": false, "xmlelement": false, "xmlforest": false, "xmlparse": false,
	"xmlpi": false, "xmlroot": false, "xmlserialize": false, "xmltable": false,
	"json_object": false, "json_array": false, "json_scalar": false,
	"json_serialize": false, "json_value": false, "json_query": false, "json_exists": false,
	"json_table": false, "json_arrayagg": false, "json_objectagg": false, "merge_action": false,
}

// call judges one function of a text.
func (rs *routines) call(f parse.Function) verdict {
	name := f.Name
	if rs.dialect == parse.SQLite {
		return rs.callSQLite(lowerASCII(name))
	}
	var found []routine
	for _, r := range rs.byName[name] {
		if f.Schema == "" || f.Schema == r.schema {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		pure, known := syntax[name]
		switch {
		case known && pure:
			return verdict{}
		case known:
			return verdict{impure: "a function that is not immutable"}
		}
		// It may have been made since the catalog was read.
		return verdict{impure: "an unknown function", writes: "an unknown function", session: true}
	}
	var v verdict
	for _, r := range found {
		if r.builtin {
			v.merge(builtinEffects(name))
		} else if r.volatile && !r.harmless {
			v.merge(verdict{impure: "a volatile user function", writes: "a volatile user function", session: true})
		}
		if !r.immutable || !r.plain {
			v.merge(verdict{impure: "a function that is not immutable"})
		}
	}
	if len(found) > 1 && !allImmutable(found) {
		v.merge(verdict{impure: "a function of several schemas"})
	}
	return v
}

func allImmutable(rs []routine) bool {
	return !slices.ContainsFunc(rs, func(r routine) bool { return !r.immutable || !r.plain })
}

func (v *verdict) merge(w verdict) {
	if v.impure == "" {
		v.impure = w.impure
	}
	if v.writes == "" {
		v.writes = w.writes
	}
	v.session = v.session || w.session
}

// builtinEffects says what PostgreSQL's own function does besides answering.
func builtinEffects(name string) verdict {
	switch {
	case name == "set_config", name == "setseed",
		strings.Contains(name, "advisory_lock"), strings.Contains(name, "advisory_unlock"), strings.Contains(name, "advisory_xact_lock"),
		strings.HasPrefix(name, "pg_replication_origin_session"), strings.HasPrefix(name, "pg_replication_origin_xact"),
		name == "pg_backup_start", name == "pg_backup_stop":
		return verdict{session: true}
	case strings.HasPrefix(name, "lo_"), name == "lowrite", name == "loread":
		return verdict{writes: "a function that writes large objects", session: true}
	case strings.HasPrefix(name, "query_to_xml"), strings.HasPrefix(name, "cursor_to_xml"), name == "ts_stat", name == "ts_rewrite":
		// The query that they are given as text may call a function that writes.
		return verdict{writes: "a function that runs a query given as text", session: true}
	case strings.HasPrefix(name, "binary_upgrade_"), name == "pg_import_system_collations",
		strings.HasPrefix(name, "pg_restore_"), strings.HasPrefix(name, "pg_clear_"):
		return verdict{writes: "a function that writes the catalog", session: true}
	}
	return verdict{}
}

// sqliteImpure lists SQLite's own functions whose answers depend on more than
// their arguments though most of them are flagged deterministic: the clock,
// the connection, the library.
var sqliteImpure = map[string]bool{
	"date": true, "time": true, "datetime": true, "julianday": true, "unixepoch": true,
	"strftime": true, "timediff": true, "current_date": true, "current_time": true, "current_timestamp": true,
	"random": true, "randomblob": true, "changes": true, "total_changes": true, "last_insert_rowid": true,
	"load_extension": true,
}

// callSQLite judges a call in SQLite. A function registered from Go is of
// unknown purity, so the read bypasses; it cannot write through the connection
// that is running the statement, so nothing is invalidated for it. What it
// writes through another connection of the wrapper is seen there.
func (rs *routines) callSQLite(name string) verdict {
	switch name {
	case "coalesce", "ifnull", "iif", "if", "nullif", "cast":
		if len(rs.byName[name]) == 0 {
			return verdict{}
		}
	case "load_extension":
		// An extension may do anything to the connection and to the file.
		return verdict{impure: "load_extension", writes: "load_extension", session: true}
	}
	found := rs.byName[name]
	if len(found) == 0 {
		return verdict{impure: "an unknown function"}
	}
	for _, r := range found {
		if !r.builtin || !r.immutable || !r.plain {
			return verdict{impure: "a function that is not known to be deterministic"}
		}
	}
	if sqliteImpure[name] || strings.HasPrefix(name, "sqlite_") {
		return verdict{impure: "a function that is not deterministic"}
	}
	return verdict{}
}

// operator judges one operator of a text (PostgreSQL). The server's own may
// depend on settings that the session's fingerprint holds, on nothing else.
func (rs *routines) operator(name string) verdict {
	// OPERATOR(schema.+): the schema is left out, which finds more.
	name = name[strings.LastIndexByte(name, '.')+1:]
	op, user := rs.operators[name]
	switch {
	case user && op.volatile:
		return verdict{impure: "an operator with a volatile user function", writes: "an operator with a volatile user function", session: true}
	case user && !op.immutable:
		return verdict{impure: "a user operator that is not immutable"}
	}
	return verdict{}
}

// pureCasts lists the types to which a cast of the server's own depends on
// nothing but its operand and settings of the fingerprint. Dates and times are
// not among them (the text 'now'), nor are regclass and its like (the catalog).
var pureCasts = map[string]bool{
	"bool": true, "boolean": true, "int2": true, "int4": true, "int8": true, "smallint": true, "int": true,
	"integer": true, "bigint": true, "numeric": true, "decimal": true, "float4": true, "float8": true, "real": true,
	"text": true, "varchar": true, "bpchar": true, "char": true, "name": true, "bytea": true, "uuid": true,
	"json": true, "jsonb": true, "bit": true, "varbit": true, "inet": true, "cidr": true, "macaddr": true, "macaddr8": true,
}

// cast judges one type that a text casts to (PostgreSQL).
func (rs *routines) cast(t parse.Table) verdict {
	name := strings.TrimSuffix(strings.TrimLeft(t.Name, "_"), "[]")
	if pureCasts[name] && !rs.types[name] && (t.Schema == "" || t.Schema == "pg_catalog") && !rs.impureCast {
		return verdict{}
	}
	return verdict{impure: "a cast that is not known to be immutable", writes: rs.volatileCast, session: rs.volatileCast != ""}
}

// all judges everything that a text calls.
func (rs *routines) all(f *parse.Facts) verdict {
	var v verdict
	for _, call := range f.Functions {
		v.merge(rs.call(call))
	}
	if rs.dialect == parse.PostgreSQL && len(f.Tables) > 0 {
		for _, name := range [...]string{"=", "<", ">"} {
			v.merge(rs.operator(name)) // CASE, GREATEST and ORDER BY call them unnamed
		}
	}
	if rs.dialect == parse.PostgreSQL {
		for _, name := range f.Operators {
			v.merge(rs.operator(name))
		}
		for _, t := range f.Types {
			v.merge(rs.cast(t))
		}
	}
	return v
}
