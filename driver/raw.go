package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"

	"github.com/moneyclip/moneyclip/policy"
)

// RawOption says what a function given to [Raw] does.
type RawOption func(*rawUse)

type rawUse struct {
	tables   []string
	readOnly bool
}

// RawWrites says that the function writes these tables and no others.
func RawWrites(tables ...string) RawOption {
	return func(u *rawUse) { u.tables = append(u.tables, tables...) }
}

// RawReadOnly says that the function writes nothing.
func RawReadOnly() RawOption { return func(u *rawUse) { u.readOnly = true } }

// Raw calls f with the inner driver's own connection, below every layer (those
// around moneyclip as well), so that pgx's CopyFrom, SQLite's Backup and the like can be used. What f writes
// cannot be seen: unless an option says otherwise everything is held until f
// returns and is then invalidated. The connection bypasses the cache until it
// is closed.
func Raw(ctx context.Context, c *sql.Conn, f func(driverConn any) error, opts ...RawOption) error {
	var u rawUse
	for _, o := range opts {
		o(&u)
	}
	if u.readOnly && len(u.tables) > 0 {
		return errors.New("moneyclip: Raw: RawReadOnly and RawWrites contradict each other")
	}
	return c.Raw(func(dc any) error {
		own, err := ownConn(dc)
		if err != nil {
			return fmt.Errorf("moneyclip: Raw: %w", err)
		}
		return own.raw(ctx, f, u)
	})
}

func (c *conn) raw(ctx context.Context, f func(any) error, u rawUse) error {
	inner, err := c.use(ctx)
	if err != nil {
		return err
	}
	r := c.cn.realm.Load()
	var e policy.Effects
	switch {
	case u.readOnly:
	case len(u.tables) > 0:
		e.Code = policy.InvalidateTable
		for _, name := range u.tables {
			t, ok := r.rules.TableName(name)
			if !ok {
				return fmt.Errorf("moneyclip: Raw: the catalog has no table %q, or more than one", name)
			}
			e.Tables = append(e.Tables, t)
		}
	default:
		e = policy.Effects{Code: policy.InvalidateAll, All: true, Reload: true}
	}
	l := c.link
	l.dirty = true
	if u.readOnly {
		return f(peel(inner))
	}
	l.textTx = true // f may leave a transaction open
	held := l.pending.clone()
	held.add(e, r)
	l.pending.add(e, r)
	w, err := c.hold(ctx, r, &held)
	if err != nil {
		return err
	}
	err = errPanicked
	defer func() { w.over(err) }()
	err = f(peel(inner))
	return err
}

var errPanicked = errors.New("moneyclip: the inner driver, or the function given to Raw, panicked")

// peel takes off what other wrappers put around the driver's connection.
func peel(inner sqldriver.Conn) sqldriver.Conn {
	for range deepest {
		if c, ok := inner.(*conn); ok {
			if c.link == nil {
				return inner
			}
			inner = c.link.inner
			continue
		}
		below, ok := under(inner)
		if !ok {
			return inner
		}
		inner = below
	}
	return inner
}

// ownConn finds our connection under what other wrappers put around it.
func ownConn(dc any) (*conn, error) {
	layer := dc
	for range deepest {
		if c, ok := layer.(*conn); ok {
			return c, nil
		}
		below, ok := under(layer)
		if !ok {
			break
		}
		layer = below
	}
	return nil, fmt.Errorf("the connection is a %T, not moneyclip's, and no method Raw or Unwrap leads from it to one", dc)
}

// deepest bounds how many layers are taken off: one may reveal itself.
const deepest = 32

// under asks a wrapper for the connection below it.
func under(layer any) (sqldriver.Conn, bool) {
	switch l := layer.(type) {
	case interface{ Raw() sqldriver.Conn }: // otelsql and its like
		return l.Raw(), true
	case interface{ Unwrap() sqldriver.Conn }: // what modernc.org/sqlite asks of wrappers
		return l.Unwrap(), true
	}
	return nil, false
}
