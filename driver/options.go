package driver

import (
	"log/slog"
	"time"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/policy"
	"github.com/redis/go-redis/v9"
)

// Option sets something for one registration or one connector. An option in
// code comes before the DSN's parameter, that before the environment variable,
// and that before the default.
type Option func(*config)

// WithPolicy sets what is cached, and for how long. Default: every base table
// with a primary key, 10 minutes less up to 10 %.
func WithPolicy(p policy.Policy) Option { return func(c *config) { c.policy = &p } }

// WithStore names the store: "memory" for the in-process one. Redis is named
// by [WithRedis], [WithRedisURL] or the parameter moneyclip_redis.
func WithStore(name string) Option { return func(c *config) { c.set("moneyclip_store", name) } }

// WithRedis keeps entries in the Redis behind client, which stays the
// caller's to close, after the database.
func WithRedis(client redis.UniversalClient) Option { return func(c *config) { c.redis = client } }

// WithRedisURL keeps entries in the Redis at url (redis, rediss or unix).
func WithRedisURL(url string) Option { return func(c *config) { c.set("moneyclip_redis", url) } }

// WithNamespace sets the prefix of every key. Default: the database's own
// identity, where it has one.
func WithNamespace(ns string) Option { return func(c *config) { c.set("moneyclip_namespace", ns) } }

// WithIdentity distinguishes a connector given to [Wrap] from others of the
// same database whose answers differ (other decoding options, other connect
// hooks). Without it nothing that comes through a wrapped connector is cached,
// because a connector does not reveal its configuration.
func WithIdentity(id string) Option {
	return func(c *config) { c.identity, c.identified = id, true }
}

// WithOutcome replaces the classification of the inner driver's errors after
// a write. Default: [OutcomeOf] the dialect, which is Unknown where the error
// does not say.
func WithOutcome(f func(error) Outcome) Option { return func(c *config) { c.outcome = f } }

// WithLogger sets where warnings go: at most one per change of state, without
// values or addresses. Default: slog.Default().
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithObserver calls f after each statement. f must be quick and may be called
// concurrently.
func WithObserver(f func(Event)) Option {
	return func(c *config) { c.observers = append(c.observers, f) }
}

// WithMode says what a write does when the store is out of reach.
func WithMode(m cache.Mode) Option { return func(c *config) { c.mode, c.hasMode = m, true } }

// WithLease sets how long a hold lives unrenewed; default 10 s. It must be the
// same for all processes of a namespace.
func WithLease(d time.Duration) Option {
	return func(c *config) { c.set("moneyclip_lease", d.String()) }
}

// WithMaxConns limits the real connections to the database, below the pool's
// own limit, which counts connections that may never have been dialled. 0, the
// default, is no limit.
func WithMaxConns(n int) Option { return func(c *config) { c.maxConns, c.hasMaxConns = n, true } }

// Outcome says what is known of a write after its error.
type Outcome uint8

// The outcomes. The zero value is the safe one.
const (
	Unknown  Outcome = iota // it may have taken effect, or still may
	Answered                // the server answered: it is over, either way
	NotSent                 // nothing reached the server
)
