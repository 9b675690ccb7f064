package policy

import "time"

// Row is one row of one table: the table's canonical name and the canonical
// form of its primary key (parts length-prefixed, so that no two keys share a
// form).
type Row struct {
	Table string
	Key   string
}

// Read is the decision on one execution of a read. The zero value is a bypass.
type Read struct {
	Code     Code   // Miss where the row may be looked up; else a bypass
	Reason   string // for people: short, without values
	Row      Row
	TTL      time.Duration
	Jitter   float64
	MaxEntry int
}

// Effects is what one execution of a write invalidates. The zero value is not
// a decision: it has the code of a read.
type Effects struct {
	Code   Code // the widest of what follows; InvalidateNothing where nothing does
	Reason string
	All    bool
	Tables []string // whole tables, canonical names
	Rows   []Row
	// Absent lists tables whose absent rows are no longer known to be absent:
	// an INSERT whose key the database makes. It goes with the code of what
	// else there is, InvalidateRow at least.
	Absent []string
	Reload bool // the catalog must be read again once the write is over
}
