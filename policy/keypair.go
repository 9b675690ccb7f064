package policy

import (
	"math"
	"strings"
	"unicode/utf8"
)

// pair says which Go values are an exact pair with a key column: the column's
// "=" holds for at most one canonical form, and storing the value stores that
// form. The zero value is no exact pair at all. Each pair has a test against
// the real database (keypair_test.go).
type pair struct {
	kind      pairKind
	most      int   // text: the column's limit in characters, bytes: in bytes; 0 for none
	low, high int64 // integers: the column's range; 0 and 0 for none
	ascii     bool  // text: the column keeps ASCII only as it is
	padded    bool  // text: a trailing blank makes no difference
	fixed     bool  // bytes: what is shorter than most is stored longer
}

type pairKind uint8

const (
	inexact  pairKind = iota
	intPair           // PostgreSQL int2, int4, int8; SQLite INTEGER affinity, the rowid's alias included; MySQL tinyint to bigint
	textPair          // PostgreSQL text, varchar; SQLite TEXT affinity, compared as bytes; MySQL char, varchar of a binary collation
	bytePair          // PostgreSQL bytea; SQLite BLOB affinity; MySQL binary, varbinary
	uuidPair          // PostgreSQL uuid; MariaDB uuid
)

// appendPart appends the canonical form of v. ok is false where column and
// value are not an exact pair: bool, float64, time.Time, NULL and every type
// outside of database/sql's, and what follows at each kind.
func (p pair) appendPart(key []byte, v any) (_ []byte, ok bool) {
	switch p.kind {
	case intPair:
		n, ok := integer(v)
		// What is out of the column's range is stored as another number where
		// MySQL is not strict.
		if !ok || p.low < p.high && (n < p.low || n > p.high) {
			return key, false
		}
		return appendInt(key, n), true
	case textPair:
		s, ok := v.(string)
		if !ok || !plainText(s) {
			return key, false
		}
		// What is longer than varchar(n) allows is stored shorter if only
		// blanks are lost: another key than the one written.
		if p.most > 0 && utf8.RuneCountInString(s) > p.most {
			return key, false
		}
		if p.padded && strings.HasSuffix(s, " ") || p.ascii && !asciiOnly(s) {
			return key, false
		}
		return appendText(key, s), true
	case bytePair:
		b, ok := v.([]byte)
		if !ok || b == nil { // drivers bind a nil slice as NULL
			return key, false
		}
		if p.most > 0 && len(b) > p.most || p.fixed && len(b) < p.most {
			return key, false
		}
		return appendBytes(key, b), true
	case uuidPair:
		s, ok := v.(string)
		if !ok {
			return key, false
		}
		return appendUUID(key, s)
	}
	return key, false
}

// integer returns v where it is one of Go's own integers. database/sql makes
// them int64 before a driver sees them; pgx takes them as they are. A type
// made from one may have a Valuer that says something else.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case int16:
		return int64(n), true
	case int8:
		return int64(n), true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	case uint64:
		return int64(n), n <= math.MaxInt64
	case uint:
		return int64(n), uint64(n) <= math.MaxInt64
	}
	return 0, false
}

// plainText reports whether a database stores and compares s as it is: a NUL
// ends the text for some and is refused by others, and what is not UTF-8 is
// repaired, refused or kept.
func plainText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

func asciiOnly(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
