package tools

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
	"github.com/mattn/go-sqlite3"
)

// attempts is how often a transaction is tried before its error is returned.
const attempts = 5

// InTx runs f in a transaction: committed if f returns nil, rolled back if it
// returns an error or panics, and tried again where the database says that it
// lost against another. Nothing of it knows of a cache. moneyclip gathers what
// the attempt wrote and invalidates it at the commit; a rollback leaves the
// cache as it is.
func InTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, f func(*sql.Tx) error) error {
	for n := 1; ; n++ {
		err := inTx(ctx, db, opts, f)
		if err == nil || n == attempts || ctx.Err() != nil || !lost(err) {
			return err
		}
	}
}

func inTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, f func(*sql.Tx) error) (err error) {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	committing := false
	defer func() {
		if committing { // over, whatever Commit returned
			return
		}
		// Also while f panics: the panic goes on after this.
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("rollback: %w", e))
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	committing = true
	return tx.Commit()
}

// lost reports whether a transaction did nothing because of another one: a
// serialization failure, a deadlock, a lock that was not to be had. A lost
// connection is not among them: the commit may have happened.
func lost(err error) bool {
	var state interface{ SQLState() string } // lib/pq and pgx
	if errors.As(err, &state) {
		return state.SQLState() == "40001" || state.SQLState() == "40P01"
	}
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number == 1213 || my.Number == 1205
	}
	var lite sqlite3.Error
	return errors.As(err, &lite) && (lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked)
}
