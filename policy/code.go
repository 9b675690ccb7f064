package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moneyclip/moneyclip/internal/nearest"
)

// Code says what was decided. Codes are stable: statistics, Explain and the
// documentation use the same ones. The zero value is bypass:opaque.
type Code uint8

// The codes. Their order has no meaning outside of the process: what is
// written down is the name.
const (
	BypassOpaque Code = iota
	BypassVolatile
	BypassLock
	BypassNotPrimaryKey
	BypassKeyType
	BypassNotBaseTable
	BypassTransaction
	BypassSession
	BypassPolicy
	BypassRowSecurity
	BypassReplica
	BypassStore
	BypassSize
	BypassRequested
	Hit
	Miss
	Negative
	InvalidateNothing // a write that touches nothing that could be cached
	InvalidateRow
	InvalidateFunction
	InvalidateTable
	InvalidateAll
)

var codeNames = [...]string{
	BypassOpaque:        "bypass:opaque",
	BypassVolatile:      "bypass:volatile",
	BypassLock:          "bypass:lock",
	BypassNotPrimaryKey: "bypass:not-primary-key",
	BypassKeyType:       "bypass:key-type",
	BypassNotBaseTable:  "bypass:not-base-table",
	BypassTransaction:   "bypass:transaction",
	BypassSession:       "bypass:session",
	BypassPolicy:        "bypass:policy",
	BypassRowSecurity:   "bypass:row-security",
	BypassReplica:       "bypass:replica",
	BypassStore:         "bypass:store",
	BypassSize:          "bypass:size",
	BypassRequested:     "bypass:requested",
	Hit:                 "hit",
	Miss:                "miss",
	Negative:            "negative",
	InvalidateNothing:   "invalidate:nothing",
	InvalidateRow:       "invalidate:row",
	InvalidateFunction:  "invalidate:function",
	InvalidateTable:     "invalidate:table",
	InvalidateAll:       "invalidate:all",
}

// Codes lists every code, in the order of their declaration.
func Codes() []Code {
	all := make([]Code, len(codeNames))
	for i := range all {
		all[i] = Code(i)
	}
	return all
}

// String returns the name that [ParseCode] reads, such as "bypass:volatile".
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return codeNames[BypassOpaque]
}

// Bypass reports whether the code is one of the bypasses: the store was not
// asked.
func (c Code) Bypass() bool { return strings.HasPrefix(c.String(), "bypass:") }

// MarshalText returns the code's name.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a code's name.
func (c *Code) UnmarshalText(text []byte) error {
	code, err := ParseCode(string(text))
	if err == nil {
		*c = code
	}
	return err
}

// ParseCode reads the name of a code. The error names the nearest one.
func ParseCode(name string) (Code, error) {
	if i := slices.Index(codeNames[:], name); i >= 0 {
		return Code(i), nil
	}
	return BypassOpaque, fmt.Errorf("moneyclip: unknown decision code %q: did you mean %q?", name, nearest.Of(name, codeNames[:]))
}
