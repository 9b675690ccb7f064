package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/policy"
)

// Handle is the cache behind an open database. It may be used concurrently,
// and lives as long as the database is open.
type Handle struct{ cn *connector }

// Stats returns what was counted since the database was opened.
func (h *Handle) Stats() Stats {
	s := h.cn.counters.snapshot()
	h.cn.mu.Lock()
	defer h.cn.mu.Unlock()
	for _, c := range h.cn.caches {
		s.addCache(c.Stats())
	}
	return s
}

// Observe calls f after each statement from now on, until stop is called. f
// must be quick and may be called concurrently.
func (h *Handle) Observe(f func(Event)) (stop func()) { return h.cn.watchers.add(f) }

// Sync waits until the fills and releases begun before it are done, or ctx
// ends.
func (h *Handle) Sync(ctx context.Context) error {
	h.cn.mu.Lock()
	var caches []*cache.Cache
	for _, c := range h.cn.caches {
		caches = append(caches, c)
	}
	h.cn.mu.Unlock()
	for _, c := range caches {
		if err := c.Sync(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Decision is what would be done with a statement.
type Decision struct {
	Code   policy.Code // miss where the row would be looked up
	Reason string      // for people, often empty
	Tables []string    // the tables looked up or invalidated; nil for everything
	Rows   int         // how many single rows are concerned
	TTL    time.Duration
}

// Explain says what would be done with a statement outside of a transaction,
// without running it. It asks the database only for the catalog, if that was
// not read yet.
func (h *Handle) Explain(ctx context.Context, query string, args ...any) (Decision, error) {
	r, err := h.realm(ctx)
	if err != nil {
		return Decision{}, err
	}
	named := make([]sqldriver.NamedValue, len(args))
	for i, a := range args {
		named[i] = sqldriver.NamedValue{Ordinal: i + 1, Value: a}
		if n, ok := a.(sql.NamedArg); ok {
			named[i].Name, named[i].Value = n.Name, n.Value
		}
	}
	t := r.texts.Of(query)
	values := meanings(named, r.passes)
	if t.acts() {
		e := t.effects(r, &link{session: r.session}, values)
		var keys keySet
		keys.add(e, r)
		return Decision{Code: e.Code, Reason: e.Reason, Tables: keys.names(), Rows: len(e.Rows)}, nil
	}
	c := conn{cn: h.cn}
	if code, reason := c.bypass(ctx, r); code != policy.Hit {
		return Decision{Code: code, Reason: reason}, nil
	}
	d := t.Read(values)
	if d.Code != policy.Miss {
		return Decision{Code: d.Code, Reason: d.Reason}, nil
	}
	if _, ok := t.direct.fingerprint(values); !ok {
		return Decision{Code: policy.BypassKeyType, Reason: "an argument has no exact form"}, nil
	}
	return Decision{Code: d.Code, Reason: d.Reason, Tables: []string{d.Row.Table}, Rows: 1, TTL: d.TTL}, nil
}

// Invalidate drops one row of a table, by its primary key in the key's order.
// Key values that are no exact pair with the key drop the whole table.
func (h *Handle) Invalidate(ctx context.Context, table string, key ...any) error {
	return h.invalidate(ctx, table, func(r *realm, name string) policy.Effects {
		values := make([]any, len(key))
		for i, v := range key {
			values[i] = meaning(v, r.passes)
		}
		if row, ok := r.rules.RowOf(name, values...); ok {
			return policy.Effects{Code: policy.InvalidateRow, Rows: []policy.Row{row}}
		}
		return policy.Effects{Code: policy.InvalidateTable, Tables: []string{name}}
	})
}

// InvalidateTable drops all rows of a table.
func (h *Handle) InvalidateTable(ctx context.Context, table string) error {
	return h.invalidate(ctx, table, func(_ *realm, name string) policy.Effects {
		return policy.Effects{Code: policy.InvalidateTable, Tables: []string{name}}
	})
}

// InvalidateAll drops everything in the namespace.
func (h *Handle) InvalidateAll(ctx context.Context) error {
	r, err := h.realm(ctx)
	if err != nil {
		return err
	}
	return h.drop(ctx, r, policy.Effects{Code: policy.InvalidateAll, All: true})
}

func (h *Handle) invalidate(ctx context.Context, table string, effects func(*realm, string) policy.Effects) error {
	r, err := h.realm(ctx)
	if err != nil {
		return err
	}
	name, ok := r.rules.TableName(table)
	if !ok {
		return fmt.Errorf("moneyclip: the catalog has no table %q, or more than one", table)
	}
	return h.drop(ctx, r, effects(r, name))
}

// drop invalidates as a write would that is over at once. It returns when no
// reader is served what was there before.
func (h *Handle) drop(ctx context.Context, r *realm, e policy.Effects) error {
	var keys keySet
	keys.add(e, r)
	hold, err := r.cache.Hold(ctx, keys.keys())
	if err != nil {
		return err
	}
	h.cn.counters.codes[e.Code].Add(1)
	hold.Release()
	return nil
}

// realm learns the database if no connection has done so yet.
func (h *Handle) realm(ctx context.Context) (*realm, error) {
	if r := h.cn.realm.Load(); r != nil {
		return r, nil
	}
	if h.cn.cfg.mock { // which would want to be told of the connection's end
		if err := h.cn.learnOnce(nil, policy.Session{}); err != nil {
			return nil, err
		}
		return h.cn.realm.Load(), nil
	}
	inner, _, err := h.cn.dial(ctx)
	if err != nil {
		return nil, err
	}
	if err := inner.Close(); err != nil {
		return nil, err
	}
	if r := h.cn.realm.Load(); r != nil {
		return r, nil
	}
	return nil, errors.New("moneyclip: the database is not known yet") // not reached: dialling learns it
}

// Tables lists the tables that are cached, sorted. It is empty until the first
// statement has read the catalog.
func (h *Handle) Tables() []string {
	if r := h.cn.realm.Load(); r != nil {
		return slices.Clone(r.rules.Cached())
	}
	return nil
}
