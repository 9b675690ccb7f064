package policy

import (
	"regexp"
	"slices"
	"sync"

	"github.com/moneyclip/moneyclip/parse"
)

var pgRisky = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(riskyNames) })

// pgVolatile is what [pgCode] finds in a real server: the code that may write,
// or change the session, though no statement says so.
type pgVolatile struct {
	d     *declaredPostgreSQL
	any   bool // there is a volatile function that others could call
	names map[string]bool
	ops   map[string]bool
	known map[string]bool // every function of users and extensions
}

// own reports whether a function is of users, or of an extension that is not
// known to be harmless. Functions of triggers run by triggers alone.
func (f *declaredFunction) own() bool {
	return (f.extension == "" || !pgHarmless(f.extension)) && f.Returns.Name != "trigger" && f.Returns.Name != "event_trigger"
}

// trusted reports whether a function is compiled code of an extension that is
// taken at its word.
func (f *declaredFunction) trusted() bool {
	return f.Compiled && f.extension != "" && !slices.Contains([]string{"dblink", "tablefunc", "xml2"}, f.extension)
}

func (d *declaredPostgreSQL) volatile(code []*declaredFunction) *pgVolatile {
	v := &pgVolatile{d: d, names: make(map[string]bool), ops: make(map[string]bool), known: make(map[string]bool)}
	for _, f := range code {
		v.known[f.name] = true
		v.any = v.any || f.own() && f.Volatility == parse.Volatile
	}
	// A function that runs such code makes those that call it such code.
	for changed := true; changed; {
		changed = false
		for _, f := range code {
			if f.own() && !v.names[f.name] && v.runs(f) {
				v.names[f.name] = true
				changed = true
			}
		}
		for _, op := range d.operators() {
			if !v.ops[op.Name] && v.calls(op.Function) {
				v.ops[op.Name] = true
				changed = true
			}
		}
	}
	return v
}

// runs reports whether one function may write.
func (v *pgVolatile) runs(f *declaredFunction) bool {
	switch {
	case !f.own():
		return false
	case f.Volatility == parse.Volatile, v.any && !f.trusted():
		return true
	}
	return f.Uses != nil && v.used(f.Uses)
}

// calls reports whether a function's name may be that of such code. A name
// that is not known is.
func (v *pgVolatile) calls(f parse.Function) bool {
	if _, known := syntax[f.Name]; known {
		return false
	}
	if v.names[f.Name] {
		return true
	}
	if v.d.server.functions[f.Name] != "" || v.d.server.schema[f.Name] != "" {
		return pgRisky().MatchString(f.Name)
	}
	return !v.known[f.Name]
}

// used reports whether an expression or a query may run such code.
func (v *pgVolatile) used(f *parse.Facts) bool {
	if f == nil {
		return false
	}
	if f.Kind == parse.Opaque || slices.ContainsFunc(f.Functions, v.calls) {
		return true
	}
	if slices.ContainsFunc(f.Attributes, func(a parse.Attribute) bool {
		return v.names[a.Name] || pgRisky().MatchString(a.Name) && v.d.server.functions[a.Name] != ""
	}) {
		return true
	}
	return slices.ContainsFunc(f.Operators, func(name string) bool { return v.ops[baseName(name)] })
}

// baseName cuts the schema off OPERATOR(schema.+).
func baseName(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return name
}

// functions returns those of users and of extensions.
func (d *declaredPostgreSQL) functions() []*declaredFunction {
	list := slices.Clone(d.code)
	for name, schema := range d.extended {
		if e := d.server.extensions[name]; e != nil {
			for _, f := range e.functions {
				f := f
				list = append(list, &declaredFunction{schema: schema, name: f.Function.Name, extension: name, CreateFunction: &f})
			}
		}
	}
	return list
}

func (d *declaredPostgreSQL) operators() []parse.CreateOperator {
	list := slices.Clone(d.ops)
	for name := range d.extended {
		if e := d.server.extensions[name]; e != nil {
			list = append(list, e.operators...)
		}
	}
	return list
}

// volatility returns what is known of a function that an operator or a cast
// calls; the least that any of the name promises.
func (d *declaredPostgreSQL) volatility(f parse.Function) parse.Volatility {
	least := parse.Immutable
	found := false
	for _, own := range d.functions() {
		if own.name == f.Name {
			least, found = min(least, own.Volatility), true
		}
	}
	if flags := d.server.functions[f.Name]; !found && flags != "" {
		found = true
		if !hasFlag(flags, 'i') {
			least = parse.Stable
		}
	}
	if !found {
		return parse.Volatile
	}
	return least
}

func hasFlag(flags string, flag byte) bool {
	return slices.Contains([]byte(flags), flag)
}
