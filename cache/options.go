package cache

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Mode says what a write does when the store is out of reach.
type Mode uint8

// The modes.
const (
	Available Mode = iota // the write goes through and is journalled
	Strict                // the write is refused before it reaches the database
)

// Options configures a Cache. The zero value works but for Namespace.
type Options struct {
	Namespace string        // prefix of every key; required; without braces
	Lease     time.Duration // default 10 s, at least 100 ms
	Buckets   int           // control keys per table; default 1
	Mode      Mode
	Timeout   time.Duration // of one command to the store; default 500 ms
	Retry     time.Duration // how long a hold is tried before the mode decides; default 1 s
	Logger    *slog.Logger  // nil: slog.Default()
	MaxBytes  int           // of the in-process store's rows; default 64 MiB

	now func() time.Time // nil: time.Now
}

func (o Options) normalized() (Options, error) {
	if o.Namespace == "" {
		return o, errors.New("moneyclip: cache: no namespace")
	}
	if strings.ContainsAny(o.Namespace, "{}") {
		return o, fmt.Errorf("moneyclip: cache: namespace %q contains a brace", o.Namespace)
	}
	o.Lease = orDefault(o.Lease, 10*time.Second).Truncate(time.Millisecond)
	o.Buckets = orDefault(o.Buckets, 1)
	o.Timeout = orDefault(o.Timeout, 500*time.Millisecond)
	o.Retry = orDefault(o.Retry, time.Second)
	o.MaxBytes = orDefault(o.MaxBytes, 64<<20)
	switch {
	case o.Lease < 100*time.Millisecond:
		return o, fmt.Errorf("moneyclip: cache: lease %v is shorter than 100ms", o.Lease)
	case o.Buckets < 0 || o.Buckets > 1024:
		return o, fmt.Errorf("moneyclip: cache: %d buckets, want 1 to 1024", o.Buckets)
	case o.Timeout < 0 || o.Retry < 0 || o.MaxBytes < 0:
		return o, errors.New("moneyclip: cache: a negative timeout, retry or size")
	case o.Mode > Strict:
		return o, fmt.Errorf("moneyclip: cache: unknown mode %d", o.Mode)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.now == nil {
		o.now = time.Now
	}
	return o, nil
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// NewMemory returns a cache over the in-process store: all caches of one
// namespace in a process share one store. Fills and releases are done when
// their calls return.
func NewMemory(o Options) (*Cache, error) {
	o, err := o.normalized()
	if err != nil {
		return nil, err
	}
	st, give, err := openMemory(o)
	if err != nil {
		return nil, err
	}
	return newCache(o, st, true, give), nil
}

// NewRedis returns a cache over a Redis client, which stays the caller's to
// close, after the cache. It sends nothing yet: an unreachable Redis is found
// at first use. The client gets a hook that notices new connections; it should
// have ContextTimeoutEnabled, short timeouts and few retries, or a Redis that
// does not answer is waited for longer than Options.Timeout.
func NewRedis(client redis.UniversalClient, o Options) (*Cache, error) {
	o, err := o.normalized()
	if err != nil {
		return nil, err
	}
	if _, ok := client.(*redis.Client); !ok {
		return nil, fmt.Errorf("moneyclip: cache: a client of type %T: only *redis.Client, of one node or of Sentinel, is supported so far", client)
	}
	return newRedisCache(client, o, nil), nil
}

// NewRedisURL is NewRedis with a client of its own, made from a URL as go-redis
// reads it: redis://, rediss:// or unix://. Close closes the client. Errors do
// not show the URL, which may hold a password.
func NewRedisURL(url string, o Options) (*Cache, error) {
	o, err := o.normalized()
	if err != nil {
		return nil, err
	}
	ro, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if ro.DialTimeout == 0 {
		ro.DialTimeout = o.Timeout
	}
	if ro.ReadTimeout == 0 {
		ro.ReadTimeout = o.Timeout
	}
	if ro.WriteTimeout == 0 {
		ro.WriteTimeout = o.Timeout
	}
	if ro.PoolTimeout == 0 {
		ro.PoolTimeout = o.Timeout
	}
	if ro.PoolSize == 0 {
		ro.PoolSize = 10 * runtime.GOMAXPROCS(0)
	}
	ro.ContextTimeoutEnabled = true
	ro.MaxRetries = -1 // the breaker decides; a lookup that waits is worse than one that asks the database
	ro.DialerRetries = 1
	ro.PipelinePoolSize = -1  // everything is a pipeline: one pool, and fewer new connections to doubt
	ro.DisableIdentity = true // CLIENT SETINFO would be one more command to allow
	ro.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	quietly(ro)
	client := redis.NewClient(ro)
	return newRedisCache(client, o, func() { _ = client.Close() }), nil
}

// parseURL hides what url.Parse would quote in its error.
func parseURL(url string) (*redis.Options, error) {
	ro, err := redis.ParseURL(url)
	if err == nil {
		return ro, nil
	}
	scheme, _, ok := strings.Cut(url, "://")
	if !ok || (scheme != "redis" && scheme != "rediss" && scheme != "unix") {
		return nil, errors.New("moneyclip: cache: the Redis URL does not begin with redis://, rediss:// or unix://")
	}
	if msg := err.Error(); strings.HasPrefix(msg, "redis: unexpected option") || strings.HasPrefix(msg, "redis: invalid database number") {
		return nil, fmt.Errorf("moneyclip: cache: the Redis URL: %w", err)
	}
	return nil, errors.New("moneyclip: cache: the Redis URL cannot be read")
}

func newRedisCache(client redis.UniversalClient, o Options, give func()) *Cache {
	st := &redisStore{client: client, namespace: o.Namespace}
	st.shape.Store(&shape{layout: layout{o.Namespace, o.Buckets}, lease: o.Lease})
	c := newCache(o, st, false, give)
	st.known = c.trust.identity
	client.AddHook(dialHook{&c.trust})
	return c
}
