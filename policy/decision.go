package policy

import (
	"database/sql/driver"
	"time"

	"github.com/moneyclip/moneyclip/parse"
)

// Code says what was decided. Codes are stable: statistics, Explain and the
// documentation use the same ones. The zero value is bypass:opaque.
type Code uint8

// The codes.
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

// Row is one row of one table: the table's canonical name and the canonical
// form of its primary key (parts length-prefixed, so that no two keys share a
// form).
type Row struct {
	Table string
	Key   string
}

// Plan is what facts, catalog and policy make of one text, all that can be
// known without its arguments. Plans are immutable and may be shared.
type Plan struct {
	Facts *parse.Facts
}

// Read is the decision on one execution of a read.
type Read struct {
	Code     Code   // Miss where the row may be looked up; else a bypass
	Reason   string // for people: short, without values
	Row      Row
	TTL      time.Duration
	Jitter   float64
	MaxEntry int
}

// Effects is what one execution of a write invalidates. The zero value is a
// write that touches nothing cached.
type Effects struct {
	Code   Code // the widest of what follows
	Reason string
	All    bool
	Tables []string // whole tables, canonical names
	Rows   []Row
	// Absent lists tables whose absent rows are no longer known to be absent:
	// an INSERT whose key the database makes.
	Absent []string
	Reload bool // the catalog must be read again once the write is over
}

// Read decides on an execution as a read. An argument whose Value is not one
// of database/sql's value types is of unknown type.
func (p *Plan) Read(args []driver.NamedValue) Read { return Read{} }

// Write says what an execution invalidates.
func (p *Plan) Write(args []driver.NamedValue) Effects {
	return Effects{Code: InvalidateAll, All: true}
}
