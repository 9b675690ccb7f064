package sqlcext

import (
	"context"
	"database/sql"

	"github.com/moneyclip/moneyclip/driver"
)

// DBTX is the interface that sqlc's generated New takes: *sql.DB, *sql.Conn and
// *sql.Tx have it.
type DBTX interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

var (
	_ DBTX = (*sql.DB)(nil)
	_ DBTX = (*sql.Conn)(nil)
	_ DBTX = (*sql.Tx)(nil)
	_ DBTX = uncached{}
)

// Uncached returns the same database with every read asking it: the plain
// manager beside the cached one, over the same pool. Its writes invalidate as
// all others do. A statement that it prepares follows the context it is
// executed under; use [driver.WithBypass] there.
//
//	cached := tweets.New(db)
//	plain := tweets.New(sqlcext.Uncached(db))
func Uncached(db DBTX) DBTX { return uncached{db} }

type uncached struct{ db DBTX }

func (u uncached) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return u.db.ExecContext(driver.WithBypass(ctx), query, args...)
}

func (u uncached) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return u.db.PrepareContext(driver.WithBypass(ctx), query)
}

func (u uncached) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return u.db.QueryContext(driver.WithBypass(ctx), query, args...)
}

func (u uncached) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return u.db.QueryRowContext(driver.WithBypass(ctx), query, args...)
}
