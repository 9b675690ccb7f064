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
	NoJitter bool          // every entry lives for the whole TTL; not together with Jitter
	MaxEntry int           // bytes of an encoded entry; default 64 KiB; at most 64 MiB
}

// TableRule is what a user says about one table. Zero fields take the default.
type TableRule struct {
	Off      bool // not cached (the file's "cache: false"); its writes still invalidate
	TTL      time.Duration
	MaxEntry int
}

// The defaults, and the limits of what may be said.
const (
	defaultTTL      = 10 * time.Minute
	leastTTL        = time.Millisecond // Redis counts in milliseconds
	defaultJitter   = 0.1
	defaultMaxEntry = 64 << 10
	mostMaxEntry    = 64 << 20 // an entry is read into memory whole, twice
)
