package driver

import (
	"context"
	"time"

	"github.com/moneyclip/moneyclip/policy"
)

// stale reports whether the realm must be learnt (again) by a connection of
// this session: there is none, it is of another database (a failover gives the
// same address another timeline), or its catalog could not be read.
func (cn *connector) stale(r *realm, s policy.Session) bool {
	return r == nil || r.session.Namespace != s.Namespace ||
		!r.degraded.IsZero() && time.Now().After(r.degraded)
}

// reload reads the catalog again after a schema change, over a link that the
// caller lends, or over a connection of its own, since the caller's may be in a
// transaction. seen is the realm that
// the caller found outdated, or nil: then it is read in any case.
func (cn *connector) reload(ctx context.Context, seen *realm, over *link) error {
	select {
	case <-cn.learning:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { cn.learning <- struct{}{} }()
	if seen != nil && cn.realm.Load() != seen {
		return nil // another has done it since
	}
	if over != nil && !cn.cfg.mock {
		session, err := policy.Inspect(ctx, cn.cfg.dialect, queryer{over.inner})
		if err != nil || session.Fingerprint != over.session.Fingerprint {
			over.dirty = true
			over = nil
		}
	}
	if cn.cfg.mock {
		over = &link{}
	}
	if over == nil {
		inner, err := cn.inner.Connect(ctx)
		if err != nil {
			return err
		}
		defer inner.Close()
		session, err := policy.Inspect(ctx, cn.cfg.dialect, queryer{inner})
		if err != nil {
			return err
		}
		over = &link{inner: inner, session: session}
	}
	r, err := cn.learn(ctx, over.inner, over.session)
	if err != nil {
		return err
	}
	cn.realm.Store(r)
	return nil
}

// reloadSoon reads the catalog again in the background, once for all who ask.
func (cn *connector) reloadSoon(seen *realm) {
	if !seen.reloading.CompareAndSwap(false, true) {
		return
	}
	cn.spawn(func() {
		ctx, cancel := context.WithTimeout(cn.life(), catalogTimeout)
		defer cancel()
		if err := cn.reload(ctx, seen, nil); err != nil {
			if cn.life().Err() == nil {
				cn.warnings.say("catalog", "moneyclip: the catalog could not be read again", "error", err)
			}
			seen.reloading.Store(false)
		}
	})
}

// ageing asks in the background, now and then, whether the catalog is still the
// newest: a process that looks nothing up does not learn it from lookups.
func (cn *connector) ageing(r *realm) {
	now := time.Now().UnixNano()
	last := r.asked.Load()
	if now-last < int64(catalogRetry) || !r.asked.CompareAndSwap(last, now) {
		return
	}
	cn.spawn(func() {
		epoch, err := r.cache.Epoch(cn.life())
		if err == nil && (!r.known || epoch != r.epoch) {
			cn.reloadSoon(r)
		}
	})
}

// degrade stops caching by a realm whose catalog may be wrong until it can be
// read again: every write then invalidates everything.
func (cn *connector) degrade(seen *realm) {
	<-cn.learning
	defer func() { cn.learning <- struct{}{} }()
	if cn.realm.Load() != seen {
		return
	}
	r := &realm{
		namespace: seen.namespace, cache: seen.cache, session: seen.session, passes: seen.passes,
		catalog: &policy.Catalog{}, degraded: time.Now().Add(catalogRetry),
	}
	var err error
	if r.rules, err = policy.Bind(policy.Policy{}, r.catalog); err != nil {
		return // not reached: the zero policy binds to every catalog
	}
	cn.realm.Store(cn.newRealm(r))
}

// ask runs f over a connection of its own.
func (cn *connector) ask(ctx context.Context, f func(queryer) error) error {
	inner, err := cn.inner.Connect(ctx)
	if err != nil {
		return err
	}
	defer inner.Close()
	return f(queryer{inner})
}
