package driver

import (
	"context"
	"crypto/rand"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

var (
	_ sqldriver.Connector = (*connector)(nil)
	_ io.Closer           = (*connector)(nil)
)

// connector makes the pool's connections for one open database and owns what
// they share. Safe for concurrent use.
type connector struct {
	id        string
	inner     sqldriver.Connector
	innerName string
	cfg       *config
	driver    *Driver
	counters  *counters
	warnings  *warnings
	watchers  watchers
	real      *realConns

	realm    atomic.Pointer[realm]
	way      atomic.Int32  // see text.way: of the last text that changed its own
	learning chan struct{} // holds one token: who has it may learn
	policies policyState

	background sync.WaitGroup // reloads

	mu     sync.Mutex         // guards what follows
	closed context.Context    // until Close
	close  context.CancelFunc // ends it
	caches map[string]*cache.Cache
	conns  int  // connections that are not closed
	ended  bool // Close was called
}

func newConnector(inner sqldriver.Connector, innerName string, cfg *config) (*connector, error) {
	if cfg.dialect == parse.SQLite && !cfg.memory && cfg.namespace == "" {
		return nil, errors.New("moneyclip: a SQLite database on Redis has no identity of its own: name it with moneyclip_namespace, the same for all programs that use it")
	}
	if cfg.schema.declared() {
		if err := cfg.schema.absolute(); err != nil {
			return nil, err
		}
		if _, err := cfg.schema.catalog(context.Background(), nil, cfg.dialect, cfg.database); err != nil {
			return nil, err
		}
	}
	cn := &connector{
		id:        rand.Text(),
		inner:     inner,
		innerName: innerName,
		cfg:       cfg,
		counters:  newCounters(),
		warnings:  newWarnings(cfg.logger),
		learning:  make(chan struct{}, 1),
		caches:    map[string]*cache.Cache{},
	}
	cn.closed, cn.close = context.WithCancel(context.Background())
	if cfg.prepares {
		// What the first call of each text learns otherwise: a row that another
		// process has kept is found at once.
		cn.way.Store(wayPrepared)
	}
	cn.learning <- struct{}{}
	cn.real = newRealConns(cfg.maxConns)
	cn.driver = &Driver{inner: innerName, dialect: cfg.dialect, opts: cfg.registered, handle: &Handle{cn: cn}}
	for _, f := range cfg.observers {
		cn.watchers.add(f)
	}
	return cn, nil
}

// Connect returns a connection that has not dialled the database yet: it does
// at its first real use.
func (cn *connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.ended && cn.conns == 0 {
		// A connector that another sql.OpenDB was given, and has closed.
		cn.ended = false
		cn.caches = map[string]*cache.Cache{}
		cn.realm.Store(nil)
		cn.closed, cn.close = context.WithCancel(context.Background())
	}
	cn.conns++
	return &conn{cn: cn}, nil
}

// Driver returns the driver that [Of] reads.
func (cn *connector) Driver() sqldriver.Driver { return cn.driver }

// Close waits for what is under way in the background and ends it. A
// connection that is still in use, with a transaction perhaps, keeps the store
// until it is closed: its commit must invalidate.
func (cn *connector) Close() error {
	cn.mu.Lock()
	cn.ended = true
	idle, end := cn.conns == 0, cn.close
	cn.mu.Unlock()
	end()
	cn.background.Wait()
	var ours, theirs error
	if idle {
		ours = cn.closeCaches()
	}
	if c, ok := cn.inner.(io.Closer); ok {
		theirs = c.Close()
	}
	return joined(theirs, ours)
}

// left is called when a connection is closed.
func (cn *connector) left() error {
	cn.mu.Lock()
	cn.conns--
	last := cn.ended && cn.conns == 0
	cn.mu.Unlock()
	if last {
		return cn.closeCaches()
	}
	return nil
}

func (cn *connector) closeCaches() error {
	cn.mu.Lock()
	caches := maps.Clone(cn.caches)
	cn.mu.Unlock()
	var errs []error
	for _, c := range caches {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// cacheOf returns the cache of a namespace, which lives until Close.
func (cn *connector) cacheOf(namespace string) (*cache.Cache, error) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if c := cn.caches[namespace]; c != nil {
		return c, nil
	}
	if cn.ended {
		return nil, errClosed
	}
	o := cache.Options{Namespace: namespace, Lease: cn.cfg.lease, Mode: cn.cfg.mode, Logger: cn.cfg.logger}
	var c *cache.Cache
	var err error
	switch {
	case cn.cfg.memory:
		c, err = cache.NewMemory(o)
	case cn.cfg.redis != nil:
		c, err = cache.NewRedis(cn.cfg.redis, o)
	default:
		c, err = cache.NewRedisURL(cn.cfg.redisURL, o)
	}
	if err != nil {
		return nil, err
	}
	cn.caches[namespace] = c
	return c, nil
}

// dial opens a real connection and learns its session; with it the realm, if
// that is not known yet, or no longer right.
func (cn *connector) dial(ctx context.Context) (sqldriver.Conn, policy.Session, error) {
	inner, err := cn.inner.Connect(ctx)
	if err != nil {
		return nil, policy.Session{}, err
	}
	session, err := cn.inspect(ctx, inner)
	if err == nil && cn.stale(cn.realm.Load(), session) {
		if cn.cfg.mock {
			// Nobody is asked for anything, and a test that lets the call's
			// context end wants to see what the mock says to that.
			err = cn.learnOnce(inner, session)
		} else {
			err = cn.attend(ctx, inner, session)
		}
		if errors.Is(err, errAbandoned) {
			return nil, session, ctx.Err()
		}
	}
	if err != nil {
		inner.Close()
		return nil, policy.Session{}, err
	}
	return inner, session, nil
}

func (cn *connector) inspect(ctx context.Context, inner sqldriver.Conn) (policy.Session, error) {
	if cn.cfg.mock {
		return policy.Session{}, nil
	}
	session, err := policy.Inspect(ctx, cn.cfg.dialect, queryer{inner})
	if err == nil || ctx.Err() != nil || errors.Is(err, sqldriver.ErrBadConn) {
		return session, err
	}
	cn.warnings.say("session", "moneyclip: a connection's session could not be read: it is not cached", "error", err)
	session = policy.Session{NoCache: "the session could not be read"}
	if r := cn.realm.Load(); r != nil {
		session.Namespace = r.session.Namespace
	}
	return session, nil
}

// errAbandoned says that the connection belongs to the goroutine that learns.
var errAbandoned = errors.New("moneyclip: the caller's context ended while the catalog was read")

// attend learns the realm over a new connection. That may take longer than the
// first caller waits: it goes on without it, for the next one.
func (cn *connector) attend(ctx context.Context, inner sqldriver.Conn, session policy.Session) error {
	done := make(chan error, 1)
	var parted atomic.Bool // by whoever is first: the caller who leaves, or the end
	learn := func() {
		err := cn.learnOnce(inner, session)
		if !parted.CompareAndSwap(false, true) {
			inner.Close()
			return
		}
		done <- err
	}
	if !cn.spawn(learn) {
		return errClosed
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if parted.CompareAndSwap(false, true) {
		return errAbandoned
	}
	return <-done
}

func (cn *connector) learnOnce(inner sqldriver.Conn, session policy.Session) error {
	ctx, cancel := context.WithTimeout(cn.life(), catalogTimeout)
	defer cancel()
	select {
	case <-cn.learning:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { cn.learning <- struct{}{} }()
	if !cn.stale(cn.realm.Load(), session) {
		return nil
	}
	r, err := cn.learn(ctx, inner, session)
	if err == nil {
		cn.realm.Store(r)
	}
	return err
}

var errClosed = errors.New("moneyclip: the database is closed")

// life is the context of what runs in the background.
func (cn *connector) life() context.Context {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	return cn.closed
}

// spawn runs f in the background; false where the connector is closed.
func (cn *connector) spawn(f func()) bool {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.ended {
		return false
	}
	cn.background.Go(f)
	return true
}

// openOnce opens one connection whose end is the connector's too.
func openOnce(c sqldriver.Connector) (sqldriver.Conn, error) {
	ci, err := c.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	ci.(*conn).owned = true
	return ci, nil
}
