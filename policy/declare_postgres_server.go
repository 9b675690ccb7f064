package policy

import (
	"strings"
	"sync"

	"github.com/moneyclip/moneyclip/parse"
)

// pgServer is what a server of PostgreSQL has in an empty database, and what
// its own extensions add. Flags of functions:
//
//	i  immutable in every overload   p  plain: no aggregate, no set, no window function
//	v  volatile in an overload       s  stable or volatile in one that is not compiled
//	c  all compiled                  t  all for triggers
//	a  callable by row.name          r  then perhaps with a row
//	-  none of these
type pgServer struct {
	functions  map[string]string // of pg_catalog
	schema     map[string]string // of information_schema
	types      map[string]bool
	relations  map[parse.Table]string
	extensions map[string]*pgExtension
}

type pgExtension struct {
	functions []parse.CreateFunction
	flags     map[string]string
	operators []parse.CreateOperator
	equality  bool
	types     map[string]string
	casts     []string // context/varchar/volatility
	relations map[string]string
	requires  []string
}

var builtinPostgreSQL = sync.OnceValue(func() *pgServer {
	list := parseBuiltin(builtinPostgreSQLText)
	s := &pgServer{functions: flagged(list["functions"]), schema: flagged(list["functions information_schema"]),
		types: make(map[string]bool), relations: make(map[parse.Table]string), extensions: make(map[string]*pgExtension)}
	for _, name := range list["types"] {
		s.types[name] = true
	}
	for _, schema := range []string{"pg_catalog", "information_schema"} {
		for name, kind := range flagged(list["relations "+schema]) {
			s.relations[parse.Table{Schema: schema, Name: name}] = kind
		}
	}
	for section, entries := range list {
		if name, found := strings.CutPrefix(section, "extension "); found {
			s.extensions[name] = &pgExtension{requires: entries}
		}
	}
	for name, e := range s.extensions {
		e.flags = flagged(list["functions of "+name])
		e.types, e.relations = flagged(list["types of "+name]), flagged(list["relations of "+name])
		e.casts = list["casts of "+name]
		for function, flags := range e.flags {
			e.functions = append(e.functions, flaggedFunction(function, flags))
		}
		for op, flags := range flagged(list["operators of "+name]) {
			e.equality = e.equality || hasFlag(flags, 'e')
			// What its function is called does not matter: only how it
			// behaves.
			function := parse.Function{Schema: "pg_catalog", Name: "pg_typeof"} // stable
			switch {
			case hasFlag(flags, 'i'):
				function.Name = "int4pl"
			case hasFlag(flags, 'v'):
				function.Name = ""
			}
			e.operators = append(e.operators, parse.CreateOperator{Name: op, Function: function})
		}
	}
	return s
})

func flagged(entries []string) map[string]string {
	m := make(map[string]string, len(entries))
	for _, entry := range entries {
		name, flags := cutFlags(entry)
		m[name] = flags
	}
	return m
}

// flaggedFunction makes a function that the catalog's rules take for the ones
// that the flags tell of.
func flaggedFunction(name, flags string) parse.CreateFunction {
	f := parse.CreateFunction{Function: parse.Function{Name: name}, Volatility: parse.Stable, Compiled: hasFlag(flags, 'c'), Aggregate: !hasFlag(flags, 'p')}
	switch {
	case hasFlag(flags, 'v'):
		f.Volatility = parse.Volatile
	case hasFlag(flags, 'i'):
		f.Volatility = parse.Immutable
	}
	if hasFlag(flags, 't') {
		f.Returns = parse.Type{Schema: "pg_catalog", Name: "trigger"}
	}
	if hasFlag(flags, 'a') {
		f.Signature, f.Required, f.Variadic = []parse.Type{{Schema: "pg_catalog", Name: "int4"}}, 1, hasFlag(flags, 'r')
	}
	return f
}

// pgHarmless reports whether an extension is on [harmlessList].
func pgHarmless(name string) bool { return name != "" && strings.Contains(harmlessList, "'"+name+"'") }
