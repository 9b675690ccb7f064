package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/policy"
)

// fetch is a miss: the database is asked under a lease, by one call for all
// that looked up the same under the same lease.
type fetch struct {
	*call
	decision policy.Read
	row      cache.Row
	id       identity // under which it was looked up
	fp       cache.Fingerprint
	lease    cache.Lease
	compare  *cache.Result // of observe: what would have been served
}

func (f *fetch) rows(ctx context.Context) (sqldriver.Rows, error) {
	// Waiting with a link that cannot be lent may keep the leader from one.
	stuck := f.c.cn.cfg.maxConns > 0 && f.c.link != nil && !f.c.lendable()
	if stuck || f.compare != nil || requestOf(ctx) == refreshing || f.c.cn.cfg.serving == observe {
		rows, _, err := f.lead(ctx)
		return rows, err
	}
	flight, leads := f.r.flights.join(flightKey{f.row, f.fp, f.lease})
	if leads {
		var entry []byte
		key := flightKey{f.row, f.fp, f.lease}
		defer func() { f.r.flights.land(key, flight, entry) }()
		rows, kept, err := f.lead(ctx)
		entry = kept
		return rows, err
	}
	// While it waits, this connection needs no link; the leader may.
	if f.c.lendable() {
		f.c.cn.real.park(f.c)
	}
	select {
	case <-flight.done:
	case <-ctx.Done():
		f.note(policy.Miss, "")
		return nil, ctx.Err()
	}
	f.c.cn.real.enter(f.c)
	if result, ok := cache.Decode(flight.entry); ok {
		f.note(policy.Miss, "shared")
		return newResultRows(result, nil), nil
	}
	rows, _, err := f.lead(ctx) // the leader had no luck: its reasons may not be ours
	return rows, err
}

// lendable reports whether nobody would miss the link while this connection
// waits: no transaction, no rows, and nothing that a program which keeps the
// connection may ask its session for.
func (c *conn) lendable() bool { return !c.inTx() && c.open == 0 && !c.out && !c.worked }

// lead asks the database, reads the result ahead up to the limit, and fills.
func (f *fetch) lead(ctx context.Context) (rows sqldriver.Rows, entry []byte, err error) {
	inner, err := f.runQuery(ctx)
	if err == sqldriver.ErrSkip { //nolint:errorlint // database/sql compares with ==
		return nil, nil, err
	}
	if err != nil {
		f.failed(policy.Miss, "", err)
		return nil, nil, err
	}
	// Asked again now that the link is there, and the conversion done.
	if code, reason := f.c.sessionBypass(f.r); code != policy.Hit {
		f.note(code, reason)
		return f.c.untouched(inner), nil, nil
	}
	if f.c.cn.realm.Load().namespace != f.r.namespace {
		f.note(policy.BypassSession, "the database behind the address has changed")
		return f.c.untouched(inner), nil, nil
	}
	if fp, ok := f.id.fingerprint(f.values); !ok || fp != f.fp {
		f.note(policy.BypassKeyType, "the driver converts an argument")
		return f.c.untouched(inner), nil, nil
	}
	if id := f.identity(); id != f.id {
		// It went another way than expected: it is kept where the next call
		// will look.
		f.fp, _ = id.fingerprint(f.values)
	}
	rec := record(inner, f.decision.MaxEntry)
	if !rec.complete {
		code, reason := policy.BypassSize, "the result is larger than max_entry"
		if rec.err != nil {
			code, reason = policy.Miss, "the result ended with an error"
		}
		f.note(code, reason)
		return f.c.counted(&prefixRows{Rows: inner, prefix: rec.result.Rows, err: rec.err}), nil, nil
	}
	f.note(policy.Miss, "")
	entry, ok := cache.Encode(&rec.result)
	switch {
	case !ok || len(entry) > f.decision.MaxEntry:
		entry = nil
		f.c.cn.counters.unkept.Add(1)
	case rec.closeErr != nil: // the next one would not see it
		entry = nil
	case len(rec.result.Rows) == 0:
		entry = nil // absent rows are not kept yet
	case f.c.cn.cfg.noFill:
	default:
		f.r.cache.Fill(f.row, f.lease, f.fp, entry, f.ttl())
	}
	if f.compare != nil {
		f.c.cn.counters.compared(entry, f.compare)
	}
	return newResultRows(&rec.result, rec.closeErr), entry, nil
}

// ttl shortens by chance, so that what was filled together does not expire
// together.
func (f *fetch) ttl() time.Duration {
	ttl := f.decision.TTL
	return max(ttl-time.Duration(rand.Float64()*f.decision.Jitter*float64(ttl)), time.Millisecond)
}

// flightKey holds the lease of the caller's own lookup: who looked up after an
// invalidation never joins a flight from before it.
type flightKey struct {
	row   cache.Row
	fp    cache.Fingerprint
	lease cache.Lease
}

// flight is one query on its way; entry is nil where it brought nothing that
// can be shared.
type flight struct {
	done  chan struct{}
	entry []byte
}

// flights is safe for concurrent use.
type flights struct {
	mu     sync.Mutex // guards flying
	flying map[flightKey]*flight
}

func newFlights() *flights { return &flights{flying: map[flightKey]*flight{}} }

func (fs *flights) join(k flightKey) (f *flight, leads bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.flying[k]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	fs.flying[k] = f
	return f, true
}

func (fs *flights) land(k flightKey, f *flight, entry []byte) {
	fs.mu.Lock()
	delete(fs.flying, k)
	fs.mu.Unlock()
	f.entry = entry
	close(f.done)
}
