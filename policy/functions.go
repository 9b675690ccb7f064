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
	attributes   map[string]attribute    // names after a dot that may call volatile user functions
	implicit     bool                    // a user cast applies by itself
	impureCast   bool                    // user casts are not all immutable
	native       map[string]bool         // MySQL: the server's own functions; true where pure
}

// routine is a function by its name, schema and types; the server's own are
// all functions of one name in one schema.
type routine struct {
	schema    string // pg_catalog, or SQLite's "builtin"
	builtin   bool
	immutable bool
	volatile  bool // it may write
	stable    bool // it is of users, and may change settings
	plain     bool // no aggregate, no window function, does not return a set
	harmless  bool // of an extension known to write nothing

	args string // PostgreSQL: the types of the arguments; SQLite: their number, -1 for any; empty for PostgreSQL's own
	kind string // f: a function, t: one for triggers, p: a procedure, a and w: an aggregate, a window function; empty for PostgreSQL's own

	declared bool        // a user says what it does; the flags are as he says
	writes   []*relation // as he says, and what follows from that
}

// attribute is the functions of one name that need no more than one argument.
type attribute struct {
	volatile bool // any of them may write
	row      bool // one may be given a row
}

type userOperator struct {
	volatile  bool
	immutable bool
}

// verdict is what a call means for its statement.
type verdict struct {
	impure  string      // why a read may not be kept; empty if it may
	writes  string      // why everything is invalidated; empty if nothing need be
	tables  []*relation // which tables are invalidated, as a user declared
	session bool        // later answers of this connection may differ
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
	if rs.dialect == parse.MySQL {
		return rs.callMySQL(f)
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
			if rs.volatileCast != "" && readsTypes[name] {
				v.merge(verdict{impure: rs.volatileCast, writes: rs.volatileCast, session: true})
			}
		}
		if r.volatile && !r.harmless {
			v.merge(verdict{impure: "a volatile user function", writes: "a volatile user function", session: true})
		}
		if r.stable {
			v.session = true
		}
		if len(r.writes) > 0 {
			v.merge(verdict{impure: "a function that is declared to write", tables: r.writes})
		}
		if !r.immutable || !r.plain {
			v.merge(verdict{impure: "a function that is not immutable"})
		}
	}
	return v
}

func (v *verdict) merge(w verdict) {
	if v.impure == "" {
		v.impure = w.impure
	}
	if v.writes == "" {
		v.writes = w.writes
	}
	for _, t := range w.tables {
		if !slices.Contains(v.tables, t) {
			v.tables = append(v.tables, t)
		}
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
	case xmlOfQuery(name), name == "ts_stat", name == "ts_rewrite":
		// The query that they are given as text, or the view that they are
		// given by name, may call a function that writes.
		return verdict{writes: "a function that runs a query given as text", session: true}
	case strings.HasPrefix(name, "brin_summarize_"):
		return verdict{writes: "a function that computes an index", session: true}
	case strings.HasPrefix(name, "pg_file_"), strings.HasPrefix(name, "pg_read_"), strings.HasPrefix(name, "dblink"):
		return verdict{writes: "a function that reaches outside of the database", session: true}
	case strings.HasPrefix(name, "binary_upgrade_"), name == "pg_import_system_collations",
		strings.HasPrefix(name, "pg_restore_"), strings.HasPrefix(name, "pg_clear_"):
		return verdict{writes: "a function that writes the catalog", session: true}
	}
	return verdict{}
}

// xmlOfQuery reports whether a function runs queries to write them as XML.
func xmlOfQuery(name string) bool {
	what, _, found := strings.Cut(name, "_to_xml")
	if !found {
		return false
	}
	switch what {
	case "query", "table", "schema", "database", "cursor":
		return true
	}
	return false
}

// readsTypes lists the server's own functions that make a value of a type that
// they are given as an argument.
var readsTypes = map[string]bool{
	"domain_in": true, "domain_recv": true, "array_in": true, "array_recv": true, "record_in": true, "record_recv": true,
	"range_in": true, "range_recv": true, "multirange_in": true, "multirange_recv": true,
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
	var v verdict
	for _, r := range found {
		if len(r.writes) > 0 {
			v.merge(verdict{impure: "a function that is declared to write", tables: r.writes})
		}
		if !r.builtin && !r.declared || !r.immutable || !r.plain {
			v.merge(verdict{impure: "a function that is not known to be deterministic"})
		}
	}
	if sqliteImpure[name] || strings.HasPrefix(name, "sqlite_") {
		v.merge(verdict{impure: "a function that is not deterministic"})
	}
	return v
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

// attribute judges one name after a dot (PostgreSQL): the server calls a
// function of that name where there is no such column. Without functions in
// the text and user casts that apply by themselves, what stands before the dot
// of a column is a row.
func (rs *routines) attribute(a parse.Attribute, calls bool) verdict {
	var v verdict
	for _, r := range rs.byName[a.Name] {
		if r.builtin {
			v.merge(builtinEffects(a.Name))
		}
	}
	if user := rs.attributes[a.Name]; user.volatile && (user.row || a.Value || calls || rs.implicit) {
		v.merge(verdict{writes: "a name that may call a volatile user function", session: true})
	}
	return v
}

// suspectAll takes every user function and operator for a volatile one: it may
// make a value of a type that runs volatile code.
func (rs *routines) suspectAll() {
	for _, named := range rs.byName {
		for i := range named {
			named[i].volatile = named[i].volatile || !named[i].builtin
		}
	}
	for name := range rs.operators {
		rs.operators[name] = userOperator{volatile: true}
	}
	for name, a := range rs.attributes {
		a.volatile = true
		rs.attributes[name] = a
	}
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
