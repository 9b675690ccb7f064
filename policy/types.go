package policy

import "strings"

// typeAliases maps the names that PostgreSQL knows a type by to the one that
// its catalog shows.
var typeAliases = map[string]string{
	"int": "integer", "int4": "integer", "int2": "smallint", "int8": "bigint",
	"float4": "real", "float8": "double precision", "float": "double precision",
	"bool": "boolean", "decimal": "numeric", "dec": "numeric",
	"varchar": "character varying", "char varying": "character varying",
	"char": "character", "bpchar": "character", "nchar": "character", "varbit": "bit varying",
	"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
	"time": "time without time zone", "timetz": "time with time zone",
}

// splitTypes takes a list of types apart, each in the form that PostgreSQL's
// catalog shows.
func splitTypes(list string) []string {
	if strings.TrimSpace(list) == "" {
		return nil
	}
	var types []string
	depth, quoted, from := 0, false, 0
	for i := range len(list) {
		switch c := list[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			types = append(types, normalType(list[from:i]))
			from = i + 1
		}
	}
	return append(types, normalType(list[from:]))
}

// normalType returns the name of a type without what does not tell one
// function from another: case, blanks, limits, dimensions.
func normalType(s string) string {
	var b strings.Builder
	depth, quoted, array := 0, false, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte(c)
		case quoted:
			b.WriteByte(c)
		case c == '(':
			depth++
		case c == ')':
			depth--
			b.WriteByte(' ') // timestamp(3)with time zone
		case depth > 0:
		case c == '[':
			array = true
		case c == ']', array && '0' <= c && c <= '9':
		default:
			b.WriteByte(c | 0x20*upper(c))
		}
	}
	words := strings.Fields(b.String())
	if strings.Contains(b.String(), `"`) {
		words = []string{strings.TrimSpace(b.String())} // a name may hold blanks
	}
	if len(words) > 1 && words[0] == "variadic" {
		words = words[1:]
	}
	if n := len(words); n > 1 && words[n-1] == "array" {
		words, array = words[:n-1], true
	}
	name := strings.TrimPrefix(strings.Join(words, " "), "pg_catalog.")
	if other, known := typeAliases[name]; known {
		name = other
	}
	if array {
		name += "[]"
	}
	return name
}

// upper is 1 for a capital letter, else 0.
func upper(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return 1
	}
	return 0
}
