package cache

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// Row is one row of one table; Key is any bytes, unique within the table.
type Row struct {
	Table string
	Key   string
}

// Fingerprint identifies one result of one row: query text, arguments,
// session, driver and catalog. Collisions are excluded by its length.
type Fingerprint [16]byte

// Keys is what a write holds. The zero value is nothing.
type Keys struct {
	All    bool     // every table known to any process
	Tables []string // whole tables
	Rows   []Row
	Absent []string // tables whose negative entries end
}

// Outcome is what a lookup found. The zero value is a bypass.
type Outcome uint8

// The outcomes.
const (
	Away        Outcome = iota // the store could not be asked, or not trusted: the breaker is open, an error, no recent proof of a write
	Held                       // a writer holds the row or its table: neither lead nor join a flight
	Quarantined                // control state was lost or is new: wait out one lease
	Found                      // Entry is current
	Absent                     // nothing kept: Lease allows one fill
)

// Lease is the right to fill a row once, and only if nothing was written
// since. It is comparable: two lookups with an equal lease saw the same state.
type Lease struct {
	generation string
	sequence   string
}

// Lookup is the answer of [Cache.Lookup].
type Lookup struct {
	Outcome Outcome
	Entry   []byte // of Found; shared, must not be changed
	Lease   Lease  // of Absent
}

// Mode says what a write does when the store is out of reach.
type Mode uint8

// The modes.
const (
	Available Mode = iota // the write goes through and is journalled
	Strict                // the write is refused before it reaches the database
)

// Options configures a Cache. The zero value works but for Namespace.
type Options struct {
	Namespace string        // prefix of every key; required
	Lease     time.Duration // default 10 s, at least 100 ms
	Buckets   int           // control keys per table; default 1
	Mode      Mode
	Timeout   time.Duration // of one command to the store; default 500 ms
	Retry     time.Duration // how long a hold is tried before the mode decides; default 1 s
	Logger    *slog.Logger  // nil: slog.Default()
	// Reload is called, never concurrently, when another process has changed
	// the epoch: catalog, policy or registrations. It returns the tables to
	// register.
	MaxBytes int // of the in-process store's rows; default 64 MiB
}

// Cache is one process's side of the coherence protocol over one store and
// one namespace. It may be used concurrently.
type Cache struct{}

// NewRedis returns a cache over a Redis client, which stays the caller's to
// close. It sends nothing yet: an unreachable Redis is found at first use.
func NewRedis(client redis.UniversalClient, o Options) (*Cache, error) { return &Cache{}, nil }

// NewMemory returns a cache over the in-process store: all caches of one
// namespace in a process share one store.
func NewMemory(o Options) (*Cache, error) { return &Cache{}, nil }

// Register makes tables known to every process of the namespace, so that a
// write that invalidates everything reaches them, and starts their control
// state. It returns the epoch that the caller's catalog must be at least as
// new as: load the catalog after Epoch, register after loading.
func (c *Cache) Register(ctx context.Context, tables []string) error { return nil }

// Epoch reads the namespace's epoch.
func (c *Cache) Epoch(ctx context.Context) (int64, error) { return 0, nil }

// BumpEpoch tells every process that catalog, policy or registrations have
// changed. It is called under a hold of what they concern.
func (c *Cache) BumpEpoch(ctx context.Context) error { return nil }

// Lookup asks for one result of a row: one round trip. It never fails: what
// keeps it from an answer is in the outcome and in the statistics.
func (c *Cache) Lookup(ctx context.Context, row Row, fp Fingerprint) Lookup { return Lookup{} }

// Fill keeps a result that was read from the database after the lookup that
// gave the lease. It works in the background, bounded, and never waits.
func (c *Cache) Fill(row Row, lease Lease, fp Fingerprint, entry []byte, ttl time.Duration) {}

// Hold announces a write: from its return until Release, no reader keeps or
// is served what the write may change. It is renewed until it is released.
// The error is not nil only in mode Strict, or when ctx ends: nothing is held
// then and the write must not be sent.
func (c *Cache) Hold(ctx context.Context, keys Keys) (*Hold, error) { return &Hold{}, nil }

// Hold is a write in flight. Exactly one of Release and Unresolved ends it;
// further calls do nothing.
type Hold struct{}

// Epoch is the epoch as the store answered it with the hold; known is false
// where the store could not be asked.
func (h *Hold) Epoch() (epoch int64, known bool) { return 0, false }

// Extend adds keys before the write is sent (the catalog was reloaded).
func (h *Hold) Extend(ctx context.Context, keys Keys) error { return nil }

// Release ends the hold when the write is over, and invalidates what it held.
// It works in the background while no hit is possible before it arrives, and
// otherwise before it returns. It does not depend on any caller's context.
func (h *Hold) Release() {}

// Unresolved says that nobody knows whether the write took effect. The hold is
// renewed until over reports true (asked every third of a lease; nil: never
// known) or limit has passed, and is then released. It returns at once.
func (h *Hold) Unresolved(over func(ctx context.Context) (bool, error), limit time.Duration) {}

// Sync waits until all fills and releases begun before it are done.
func (c *Cache) Sync(ctx context.Context) error { return nil }

// Close waits for the releases under way, within the time limit of one lease,
// and stops every goroutine. It is idempotent.
func (c *Cache) Close() error { return nil }

// Stats is a snapshot of the counters since the cache was made.
type Stats struct {
	Fills, RefusedFills, DroppedFills uint64
	Holds, Releases, Renewals         uint64
	Errors                            map[string]uint64 // by class: timeout, refused, oom, readonly, loading, noscript, auth, maxclients, misconf, other
	Journalled                        uint64            // keys that a write could not hold
	Quarantines                       uint64
}

// Stats returns the counters.
func (c *Cache) Stats() Stats { return Stats{} }
