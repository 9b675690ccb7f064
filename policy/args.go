package policy

import (
	"database/sql/driver"
	"reflect"
	"strings"
	"time"

	"github.com/moneyclip/moneyclip/parse"
)

// binding is how the arguments of one execution meet the text's parameters.
type binding uint8

const (
	byPosition binding = iota
	byName
	unclear  // named and positional ones together, or numbered otherwise than from 1: no parameter's value is known
	rewriter // an argument may replace the text itself
)

// bind looks at all arguments. foreign reports whether one of them is of a
// type outside of database/sql's and Go's own integers.
func bind(args []driver.NamedValue) (b binding, foreign bool) {
	named := 0
	for i := range args {
		if args[i].Name != "" {
			named++
		} else if args[i].Ordinal != i+1 {
			b = unclear
		}
		switch args[i].Value.(type) {
		case nil, int64, string, []byte, bool, float64, time.Time, int, int32:
			continue
		}
		if _, ok := integer(args[i].Value); ok {
			continue
		}
		foreign = true
		switch option(args[i].Value) {
		case rewriter:
			return rewriter, true
		case unclear:
			b = unclear
		}
	}
	switch {
	case named == 0 || b == unclear:
		return b, foreign
	case named < len(args):
		return unclear, foreign
	}
	for i := range args {
		for j := range i {
			if args[i].Name == args[j].Name {
				return unclear, foreign
			}
		}
	}
	return byName, foreign
}

// Rewrites reports whether an argument replaces the text that it is given
// with, as pgx's QueryRewriter does: what is executed is not what was planned.
// Plan.Write then says everything, also where MayWrite is false.
func Rewrites(args []driver.NamedValue) bool {
	b, _ := bind(args)
	return b == rewriter
}

// option looks at an argument that is no value of database/sql's. pgx takes
// options in front of the arguments proper, which then are numbered one lower,
// and rewriters, which make another text. Go's unnamed types are neither.
func option(v any) binding {
	t := reflect.TypeOf(v)
	if _, found := t.MethodByName("RewriteQuery"); found {
		return rewriter
	}
	if t.PkgPath() != "" || t.Kind() == reflect.Pointer && t.Elem().PkgPath() != "" {
		return unclear
	}
	return byPosition
}

// argument is one value of an execution.
type argument struct {
	value   any
	known   bool // the value is what the database will get
	missing bool // no argument was given: the statement will fail, or we have misread it
}

// argumentOf returns the argument of a parameter.
func argumentOf(p *parse.Value, args []driver.NamedValue, b binding) argument {
	switch b {
	case byPosition:
		if p.Ordinal < 1 {
			return argument{}
		}
		if p.Ordinal > len(args) {
			return argument{missing: true}
		}
		return argument{value: args[p.Ordinal-1].Value, known: true}
	case byName:
		if p.Name == "" {
			return argument{}
		}
		for i := range args {
			if args[i].Name == p.Name {
				return argument{value: args[i].Value, known: true}
			}
		}
		return argument{missing: true}
	}
	return argument{}
}

// partStatus is what became of a value on its way into a key.
type partStatus uint8

const (
	partInexact partStatus = iota
	partExact
	partNull
	partMissing
)

// appendValue appends the canonical form of a value of the text for a column.
func appendValue(key []byte, p pair, v *parse.Value, args []driver.NamedValue, b binding) ([]byte, partStatus) {
	if v.Cast != "" {
		return key, partInexact
	}
	value := v.Go
	switch v.Kind {
	case parse.Literal:
	case parse.Param:
		a := argumentOf(v, args, b)
		if a.missing {
			return key, partMissing
		}
		if !a.known {
			return key, partInexact
		}
		value = a.value
	case parse.Null:
		return key, partNull
	default:
		return key, partInexact
	}
	if value == nil {
		return key, partNull
	}
	key, ok := p.appendPart(key, value)
	if !ok {
		return key, partInexact
	}
	return key, partExact
}

// readsClock reports whether PostgreSQL could read the text as a time that
// depends on the clock: "now", "today", "yesterday" or "tomorrow", in any case
// and among other fields. Its date parser takes a run of letters as one field.
func readsClock(s string) bool {
	for len(s) >= len("now") {
		end := 0
		for end < len(s) && letter(s[end]) {
			end++
		}
		switch strings.ToLower(s[:end]) {
		case "now", "today", "tomorrow", "yesterday":
			return true
		}
		for end < len(s) && !letter(s[end]) {
			end++
		}
		s = s[end:]
	}
	return false
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
