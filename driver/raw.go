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

// Raw calls f with the inner driver's own connection, below every layer, so
// that pgx's CopyFrom, SQLite's Backup and the like can be used. What f writes
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
		own, ok := dc.(*conn)
		if !ok {
			return fmt.Errorf("moneyclip: Raw: the connection is a %T, not moneyclip's", dc)
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
	for {
		switch layer := inner.(type) {
		case interface{ Raw() sqldriver.Conn }: // otelsql and its like
			inner = layer.Raw()
		case *conn:
			if layer.link == nil {
				return inner
			}
			inner = layer.link.inner
		default:
			return inner
		}
	}
}
