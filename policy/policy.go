package policy

import "time"

// Policy is what a user says about caching; the zero value is the default:
// every base table with a primary key, for 10 minutes less up to 10 %. It is
// the Go form of the policy file.
type Policy struct {
	Defaults Defaults
	Tables   map[string]TableRule // by name, or schema.name
}

// Defaults holds for every table without a rule of its own. Zero fields mean
// the documented default.
type Defaults struct {
	Listed   bool          // only the tables in Policy.Tables are cached (the file's "cache: false")
	TTL      time.Duration // how long an entry lives; default 10 minutes; at least 1 ms
	Jitter   float64       // share of the TTL by which it may be shortened, 0 < Jitter < 1; default 0.1; NoJitter for none
	MaxEntry int           // bytes of an encoded entry; default 64 KiB
}

// TableRule is what a user says about one table. Zero fields take the default.
type TableRule struct {
	Off      bool // not cached (the file's "cache: false"); its writes still invalidate
	TTL      time.Duration
	MaxEntry int
}
