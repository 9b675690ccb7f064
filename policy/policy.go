package policy

import "time"

// Policy is what a user says about caching; the zero value is the default:
// every base table with a primary key, for 10 minutes less up to 10 %. It is
// the Go form of the policy file, which [Parse] and [ReadFile] read.
type Policy struct {
	Defaults Defaults
	Tables   map[string]TableRule // by name, or schema.name
	Queries  map[string]QueryRule // by sqlc's name
	Effects  DeclaredEffects

	file *origin // where it was read from; nil if it was made in Go
}

// Defaults holds for every table without a rule of its own. Zero fields mean
// the documented default.
type Defaults struct {
	Listed   bool          // only the tables in Policy.Tables are cached (the file's "cache: false")
	TTL      time.Duration // how long an entry lives; default 10 minutes; at least 1 ms
	Jitter   float64       // share of the TTL by which it may be shortened, 0 < Jitter < 1; default 0.1; NoJitter for none
	NoJitter bool          // every entry lives for the whole TTL; not together with Jitter
	MaxEntry int           // bytes of an encoded entry; default 64 KiB; at most 64 MiB

	// The fields from here on are not acted on yet: see [Rules.Notices].

	NegativeTTL  time.Duration // how long "no such row" is kept; default 5 s; at least 1 ms
	NoNegative   bool          // "no such row" is not kept (the file's "negative_ttl: 0"); not together with NegativeTTL
	Repopulate   *bool         // the writer refills what was cached before its write; default true
	RefreshAhead time.Duration // one reader refreshes this long before expiry; less than the TTL; default 0: nobody does
	Near         time.Duration // staleness bound of the near cache; default 0: no near cache
}

// TableRule is what a user says about one table. Zero fields take the default.
type TableRule struct {
	Off      bool // not cached (the file's "cache: false"); its writes still invalidate
	TTL      time.Duration
	Jitter   float64
	NoJitter bool
	MaxEntry int

	// The fields from here on are not acted on yet: see [Rules.Notices].

	NegativeTTL    time.Duration
	NoNegative     bool
	Repopulate     *bool
	RefreshAhead   time.Duration
	NoRefreshAhead bool // though the default is another; not together with RefreshAhead
	Near           time.Duration
	NoNear         bool   // though the default is another; not together with Near
	Tenant         string // PostgreSQL: the setting by which row-level security selects the rows that are seen, such as "app.tenant"
}

// QueryRule makes a named query a function whose result is kept under a key of
// its own. It is not acted on yet: see [Rules.Notices].
type QueryRule struct {
	Key         string        // template with one %v for each argument; no two queries have the same
	Depends     []string      // "followers(account_id)": a table and the columns that fill the template; "followers": any of its rows
	TTL         time.Duration // default: Defaults.TTL
	Symmetrical bool          // invalidates the reversed arguments too
}

// DeclaredEffects says what the database does though it cannot be read from
// its catalog. Whoever declares an effect declares all of it: besides what is
// listed the code writes no table and changes no setting of the session,
// whatever it calls in turn. A table that a TRUNCATE with CASCADE empties is
// listed too; what the triggers and foreign keys of the listed tables do is
// known without being listed.
type DeclaredEffects struct {
	Triggers  map[string]TriggerEffect  // by table.trigger or schema.table.trigger
	Functions map[string]FunctionEffect // by name(types) or schema.name(types), the types of the arguments that a call gives
}

// TriggerEffect is what one trigger does. The declaration counts once every
// trigger of the table has one: a write to the table then invalidates the
// table and the tables listed, instead of everything.
type TriggerEffect struct {
	Writes        []string // tables
	WritesNothing bool     // no table at all (the file's "writes: []"); not together with Writes
}

// FunctionEffect is what a call of one function does: exactly one field is set.
type FunctionEffect struct {
	Writes        []string // tables; a call invalidates them, instead of everything
	WritesNothing bool     // no table, though its answers differ (the file's "writes: []")
	Pure          bool     // it depends on nothing but its arguments, and writes nothing
}

// The defaults, and the limits of what may be said.
const (
	defaultTTL      = 10 * time.Minute
	leastTTL        = time.Millisecond // Redis counts in milliseconds
	defaultJitter   = 0.1
	defaultMaxEntry = 64 << 10
	mostMaxEntry    = 64 << 20 // an entry is read into memory whole, twice
	defaultNegative = 5 * time.Second
)
