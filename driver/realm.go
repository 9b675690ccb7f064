package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// realm is what a connector has learnt of its database: immutable, replaced
// as a whole when the catalog or the database behind the address changes.
type realm struct {
	namespace string
	cache     *cache.Cache
	catalog   *policy.Catalog
	rules     *policy.Rules
	epoch     int64 // of the namespace, read before the catalog was
	known     bool  // whether epoch could be read
	session   policy.Session
	passes    bool // the inner driver checks arguments itself
	texts     *parse.Plans[*text]
	flights   *flights
	reloading atomic.Bool  // someone is reading the catalog again
	asked     atomic.Int64 // when the epoch was last asked for on purpose, in Unix nanoseconds

	degraded time.Time // not zero: the catalog could not be read, try again from then on
}

// identityVersion is part of every fingerprint: it changes when what a
// fingerprint covers does.
const identityVersion = "1"

func (cn *connector) newRealm(r *realm) *realm {
	digest := r.catalog.Digest()
	base := newIdentity(identityVersion, cn.innerName, cn.cfg.identity, string(digest[:]), string(r.session.Fingerprint[:]))
	r.texts = parse.NewPlans(func(query string) *text {
		facts := parse.Parse(cn.cfg.dialect, query)
		plan := r.rules.Plan(facts)
		cn.counters.parsed(facts)
		return &text{
			Plan:     plan,
			direct:   newIdentity(string(base[:]), "direct", query),
			prepared: newIdentity(string(base[:]), "prepared", query),
			table:    cn.counters.table(r.tableOf(facts)),
			query:    cn.counters.query(facts.Query),
		}
	})
	r.flights = newFlights()
	return r
}

// catalogTimeout bounds the reading of the catalog where no caller's context
// does.
const catalogTimeout = 30 * time.Second

// catalogRetry is how long nothing is cached after the catalog could not be
// read, before that is tried again.
const catalogRetry = 5 * time.Second

// learn finds out which database is behind conn, and reads its catalog. It is
// called under cn.learning.
func (cn *connector) learn(ctx context.Context, conn sqldriver.Conn, session policy.Session) (*realm, error) {
	q := queryer{conn}
	namespace, err := cn.namespaceOf(session)
	if err != nil {
		return nil, err
	}
	c, err := cn.cacheOf(namespace)
	if err != nil {
		return nil, err
	}
	r := &realm{namespace: namespace, cache: c, session: session}
	if _, r.passes = conn.(sqldriver.NamedValueChecker); cn.cfg.mock {
		r.passes = true // conn may be nil: go-sqlmock checks arguments itself
	}
	epoch, err := c.Epoch(ctx)
	r.epoch, r.known = epoch, err == nil

	r.catalog, err = cn.catalogOf(ctx, q)
	switch {
	case err == nil:
		if r.rules, err = cn.bind(r.catalog); err != nil {
			return nil, err
		}
		if err := c.Register(ctx, r.rules.Cached()); err != nil {
			return nil, err
		}
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, sqldriver.ErrBadConn):
		return nil, err
	default:
		cn.warnings.say("catalog", "moneyclip: the catalog could not be read: nothing is cached and every write invalidates everything until it can", "error", err)
		r.catalog = &policy.Catalog{}
		if r.rules, err = policy.Bind(policy.Policy{}, r.catalog); err != nil {
			return nil, err
		}
		r.degraded = time.Now().Add(catalogRetry)
	}
	return cn.newRealm(r), nil
}

// namespaceOf names the database. Two databases never share a namespace; two
// DSNs of one database do.
func (cn *connector) namespaceOf(s policy.Session) (string, error) {
	given := cn.cfg.namespace
	switch {
	case s.Namespace != "" && given != "":
		return given + ":" + s.Namespace, nil
	case s.Namespace != "":
		return s.Namespace, nil
	case given != "":
		return given, nil
	case !cn.cfg.memory:
		why := s.NoNamespace
		if why == "" {
			why = cn.cfg.dialect.String()
		}
		return "", fmt.Errorf("moneyclip: the database does not say who it is (%s): name it with moneyclip_namespace, the same for all programs that use it", why)
	case s.Server != "":
		return "server:" + s.Server, nil
	case s.File != "":
		file, err := filepath.Abs(s.File)
		if err == nil {
			if real, err := filepath.EvalSymlinks(file); err == nil {
				file = real
			}
		}
		return "file:" + file, nil
	}
	return "connector:" + cn.id, nil
}

// tableOf names the table that a text is counted under: the first it changes,
// else the first it reads.
func (r *realm) tableOf(f *parse.Facts) string {
	var t parse.Table
	switch {
	case len(f.Writes) > 0:
		t = f.Writes[0].Table
	case len(f.Tables) > 0:
		t = f.Tables[0]
	default:
		return ""
	}
	name := t.Name
	if t.Schema != "" {
		name = t.Schema + "." + name
	}
	canonical, ok := r.rules.TableName(name)
	if !ok {
		return ""
	}
	return canonical
}
