package driver

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/internal/nearest"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
	"github.com/redis/go-redis/v9"
)

// serving says what reads do.
type serving uint8

const (
	serve   serving = iota
	off             // pass-through that still invalidates
	observe         // every read asks the database; what the cache would have said is compared
)

// config is all that can be set for one connector.
type config struct {
	params     map[string]string // by code (WithStore and the like), same names as the DSN's
	registered []Option          // what Register was given: a wrapper may open others by the driver of this database

	dialect    parse.Dialect
	policy     *policy.Policy // by code
	policyFile policyFile
	redis      redis.UniversalClient
	shared     bool // SQLite's shared cache
	schema     schema
	database   string // MySQL: the one that the data source name chooses
	mock       bool   // the inner driver is go-sqlmock
	prepares   bool   // the inner driver is expected to leave direct calls with arguments to statements
	identity   string
	identified bool
	outcome    func(error) Outcome
	logger     *slog.Logger
	observers  []func(Event)

	mode        cache.Mode
	hasMode     bool
	maxConns    int
	hasMaxConns bool

	redisURL  string
	memory    bool
	serving   serving
	noFill    bool
	namespace string
	ttl       time.Duration
	lease     time.Duration
}

func (c *config) set(name, value string) {
	if c.params == nil {
		c.params = map[string]string{}
	}
	c.params[name] = value
}

// parameter is one setting with the prefix moneyclip_.
type parameter struct {
	name  string
	apply func(c *config, value string) error
}

var parameters = []parameter{
	{"moneyclip_redis", func(c *config, v string) error {
		if _, err := redis.ParseURL(v); err != nil {
			// The URL's own error may quote the password.
			return errors.New("want a URL such as redis://host:6379/0, rediss://… or unix:///path/to/socket")
		}
		c.redisURL = v
		return nil
	}},
	{"moneyclip_store", func(c *config, v string) error {
		if v != "memory" {
			return fmt.Errorf("unknown store %q: want memory, or name a Redis by moneyclip_redis", v)
		}
		c.memory = true
		return nil
	}},
	{"moneyclip_cache", func(c *config, v string) (err error) {
		c.serving, err = choose(v, map[string]serving{"on": serve, "off": off, "observe": observe})
		return err
	}},
	{"moneyclip_fill", func(c *config, v string) (err error) {
		c.noFill, err = choose(v, map[string]bool{"on": false, "off": true})
		return err
	}},
	{"moneyclip_mode", func(c *config, v string) error {
		m, err := choose(v, map[string]cache.Mode{"available": cache.Available, "strict": cache.Strict})
		if err == nil && !c.hasMode {
			c.mode = m
		}
		return err
	}},
	{"moneyclip_max_conns", func(c *config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a number of connections: want 0 (no limit) or more", v)
		}
		if !c.hasMaxConns {
			c.maxConns = n
		}
		return nil
	}},
	{"moneyclip_dialect", func(c *config, v string) (err error) {
		c.dialect, err = parse.ParseDialect(v)
		return err
	}},
	{"moneyclip_namespace", func(c *config, v string) error {
		if v == "" || len(v) > 128 || strings.ContainsAny(v, "{} \t\r\n*?[]\\\x00") {
			return errors.New("want 1 to 128 characters without blanks, braces, brackets, stars and backslashes")
		}
		c.namespace = v
		return nil
	}},
	{"moneyclip_ttl", func(c *config, v string) (err error) {
		c.ttl, err = duration(v, time.Millisecond, 365*24*time.Hour)
		return err
	}},
	{"moneyclip_lease", func(c *config, v string) (err error) {
		c.lease, err = duration(v, 100*time.Millisecond, time.Hour)
		return err
	}},
	{policyName, policyParameter},
	{"moneyclip_schema", schemaParameter},
}

func choose[T any](v string, from map[string]T) (T, error) {
	t, ok := from[v]
	if ok {
		return t, nil
	}
	var names []string
	for n := range from {
		names = append(names, n)
	}
	slices.Sort(names)
	return t, fmt.Errorf("%q is not one of %s", v, strings.Join(names, ", "))
}

func duration(v string, least, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 10m or 1.5s", v)
	}
	if d < least || d > most {
		return 0, fmt.Errorf("%s is out of range: want %s to %s", d, least, most)
	}
	return d, nil
}

// resolve settles the parameters in their order of precedence: code, DSN,
// environment. All mistakes are reported at once.
func (c *config) resolve(dsn map[string]string) error {
	var mistakes []error
	known := map[string]bool{}
	for _, p := range parameters {
		known[p.name] = true
		value, from, set := c.lookup(p.name, dsn)
		if !set || p.shadowed(c, dsn) {
			continue
		}
		if err := p.apply(c, value); err != nil {
			if p.name != policyName { // each of its mistakes says where it is
				err = fmt.Errorf("moneyclip: %s: %w", from, err)
			}
			mistakes = append(mistakes, err)
		}
	}
	var unknown []string
	for name := range dsn {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		mistakes = append(mistakes, fmt.Errorf("moneyclip: unknown parameter %s: did you mean %s?", name, nearest.Of(name, parameterNames())))
	}
	if len(mistakes) > 0 {
		return errors.Join(mistakes...)
	}
	if err := c.checkPolicy(); err != nil {
		return err
	}
	if c.hasMaxConns && c.maxConns < 0 {
		return fmt.Errorf("moneyclip: WithMaxConns(%d): want 0 (no limit) or more", c.maxConns)
	}
	switch {
	case c.memory && (c.redisURL != "" || c.redis != nil):
		return errors.New("moneyclip: two stores are named, the in-process one and a Redis: name one of them")
	case !c.memory && c.redisURL == "" && c.redis == nil:
		return errors.New("moneyclip: no store is named: add moneyclip_redis=redis://host:6379/0 to the data source name (or set MONEYCLIP_REDIS), or moneyclip_store=memory for a program of one process")
	}
	if c.logger == nil {
		c.logger = slog.Default()
	}
	return nil
}

// lookup finds a parameter's value and the name of the place it came from.
func (c *config) lookup(name string, dsn map[string]string) (value, from string, ok bool) {
	if value, ok = c.params[name]; ok {
		return value, name, true
	}
	if value, ok = dsn[name]; ok {
		return value, name, true
	}
	from = strings.ToUpper(name)
	value = os.Getenv(from)
	return value, from, value != ""
}

// shadowed reports whether a store named at a place of higher precedence makes
// this parameter void: an environment that names a Redis for all programs does
// not contradict a DSN that names the in-process store. So does a policy in
// code.
func (p parameter) shadowed(c *config, dsn map[string]string) bool {
	if p.name == policyName {
		return c.policy != nil
	}
	if p.name != "moneyclip_redis" && p.name != "moneyclip_store" {
		return false
	}
	in := func(m map[string]string) (own, any bool) {
		_, r := m["moneyclip_redis"]
		_, s := m["moneyclip_store"]
		_, own = m[p.name]
		return own, r || s
	}
	own, any := in(c.params)
	if any || c.redis != nil {
		return !own
	}
	own, any = in(dsn)
	return any && !own
}

func parameterNames() []string {
	names := make([]string, len(parameters))
	for i, p := range parameters {
		names[i] = p.name
	}
	return names
}
