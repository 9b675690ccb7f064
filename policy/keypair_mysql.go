package policy

import (
	"math"
	"strconv"
	"strings"
)

// mysqlColumn is what information_schema says of a column, as far as its exact
// pair depends on it.
type mysqlColumn struct {
	typ       string // DATA_TYPE: tinyint, varchar, …
	full      string // COLUMN_TYPE: with unsigned, and the length
	most      string // CHARACTER_MAXIMUM_LENGTH: characters of text, bytes of bytes
	charset   string
	collation string
}

// mysqlInts are the bits of each integer type.
var mysqlInts = map[string]int{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}

// mysqlPair returns the exact pair of a column, or why there is none. Not
// here are decimal, float, bit, date and time, enum, set and json: "=" finds
// more than one form of their values equal, or rounds. A comparison of a
// string with a number is one of floating point: 5 finds '5', '05' and '5abc'.
func mysqlPair(c mysqlColumn) (pair, string) {
	if bits, ok := mysqlInts[c.typ]; ok {
		return mysqlIntPair(bits, strings.Contains(lowerASCII(c.full), "unsigned")), ""
	}
	switch c.typ {
	case "uuid": // MariaDB
		return pair{kind: uuidPair}, ""
	case "binary", "varbinary", "char", "varchar":
	default:
		return pair{}, "the key's type " + c.typ + " has no exact pair"
	}
	most, err := strconv.Atoi(c.most)
	if err != nil || most <= 0 {
		return pair{}, "the key's type has a limit that cannot be read"
	}
	if c.typ == "binary" || c.typ == "varbinary" {
		return pair{kind: bytePair, most: most, fixed: c.typ == "binary"}, ""
	}
	// Of the other collations some tell case and accents apart, but none tells
	// a letter with its accent from the letter and the accent, or it ignores
	// characters without a weight.
	if c.collation == "" {
		return pair{}, "the key's collation is not known: name it in the schema"
	}
	if !strings.HasSuffix(c.collation, "_bin") {
		return pair{}, "the key's collation " + c.collation + " is not a binary one"
	}
	p := pair{kind: textPair, most: most, padded: true}
	switch c.charset {
	case "utf8mb4":
	case "utf8mb3", "utf8", "latin1", "ascii":
		p.ascii = true
	default:
		return pair{}, "the key's character set " + c.charset + " has no exact pair"
	}
	return p, ""
}

// mysqlIntPair is the pair of an integer of that many bits. Values above those
// of int64 have no canonical form.
func mysqlIntPair(bits int, unsigned bool) pair {
	switch {
	case unsigned && bits == 64:
		return pair{kind: intPair, high: math.MaxInt64}
	case unsigned:
		return pair{kind: intPair, high: 1<<bits - 1}
	}
	return pair{kind: intPair, low: -1 << (bits - 1), high: 1<<(bits-1) - 1}
}
