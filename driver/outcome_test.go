package driver_test

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
)

func TestOutcomeOfAnErrorIsUnknownUnlessItSays(t *testing.T) {
	lost := errors.New("connection reset by peer")
	for _, c := range []struct {
		dialect parse.Dialect
		err     error
		want    driver.Outcome
	}{
		{parse.PostgreSQL, &pgconn.PgError{Code: "23505"}, driver.Answered},
		{parse.PostgreSQL, fmt.Errorf("layer: %w", &pq.Error{Code: "23505"}), driver.Answered},
		{parse.PostgreSQL, &pgconn.PgError{Code: "57P01"}, driver.Unknown},
		{parse.PostgreSQL, fmt.Errorf("layer: %v", &pgconn.PgError{Code: "23505"}), driver.Unknown}, // hidden
		{parse.PostgreSQL, lost, driver.Unknown},
		{parse.MySQL, &mysql.MySQLError{Number: 1062}, driver.Answered},
		{parse.MySQL, lost, driver.Unknown},
		{parse.SQLite, sqlite3.Error{Code: sqlite3.ErrBusy}, driver.Answered},
		{parse.Dialect(99), sql.ErrNoRows, driver.Unknown},
	} {
		if got := driver.OutcomeOf(c.dialect, c.err); got != c.want {
			t.Errorf("%v: %v: %v, want %v", c.dialect, c.err, got, c.want)
		}
	}
}
