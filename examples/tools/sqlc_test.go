package tools

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/examples/tweeter/mysqldb"
	"github.com/moneyclip/moneyclip/examples/tweeter/postgresdb"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
)

// accounts is what this test needs of sqlc's three packages; a program has one
// of them, and writes queries.WithTx(tx) where this calls withTx.
type accounts interface {
	name(ctx context.Context, id int64) (string, error)
	rename(ctx context.Context, id int64, to string) error
	withTx(*sql.Tx) accounts
}

type onSQLite struct{ *sqlitedb.Queries }

func (q onSQLite) withTx(tx *sql.Tx) accounts { return onSQLite{q.WithTx(tx)} }

func (q onSQLite) name(ctx context.Context, id int64) (string, error) {
	a, err := q.GetAccount(ctx, id)
	return a.Username, err
}

func (q onSQLite) rename(ctx context.Context, id int64, to string) error {
	return q.RenameAccount(ctx, sqlitedb.RenameAccountParams{ID: id, Username: to})
}

type onPostgres struct{ *postgresdb.Queries }

func (q onPostgres) withTx(tx *sql.Tx) accounts { return onPostgres{q.WithTx(tx)} }

func (q onPostgres) name(ctx context.Context, id int64) (string, error) {
	a, err := q.GetAccount(ctx, id)
	return a.Username, err
}

func (q onPostgres) rename(ctx context.Context, id int64, to string) error {
	return q.RenameAccount(ctx, postgresdb.RenameAccountParams{ID: id, Username: to})
}

type onMySQL struct{ *mysqldb.Queries }

func (q onMySQL) withTx(tx *sql.Tx) accounts { return onMySQL{q.WithTx(tx)} }

func (q onMySQL) name(ctx context.Context, id int64) (string, error) {
	a, err := q.GetAccount(ctx, id)
	return a.Username, err
}

func (q onMySQL) rename(ctx context.Context, id int64, to string) error {
	return q.RenameAccount(ctx, mysqldb.RenameAccountParams{ID: id, Username: to})
}

func TestSQLCWithTxInvalidatesAtTheCommit(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		dir := b.by("sqlitedb", "postgresdb", "mysqldb")
		schema, err := os.ReadFile("../tweeter/" + dir + "/schema.sql")
		if err != nil {
			t.Fatal(err)
		}
		plain := b.plain(t)
		exec(t, plain, string(schema))
		exec(t, plain, b.by("INSERT INTO accounts (id, username, email, joined_at) VALUES (?, ?, ?, ?)",
			"INSERT INTO accounts (id, username, email, joined_at) VALUES ($1, $2, $3, $4)",
			"INSERT INTO accounts (id, username, email, joined_at) VALUES (?, ?, ?, ?)"), 1, "tom", "tom@pawnee.example", time.Now())

		ctx := t.Context()
		db := b.cached(t)
		h := handle(t, db)
		var q accounts
		switch dir {
		case "sqlitedb":
			q = onSQLite{sqlitedb.New(db)}
		case "postgresdb":
			q = onPostgres{postgresdb.New(db)}
		default:
			q = onMySQL{mysqldb.New(db)}
		}
		sees := func(want string, hit uint64) {
			t.Helper()
			if n := hits(t, h, func() {
				if name, err := q.name(ctx, 1); err != nil || name != want {
					t.Errorf("%q, %v; want %q", name, err, want)
				}
			}); n != hit {
				t.Errorf("%d hits, want %d", n, hit)
			}
		}
		sees("tom", 0)
		sees("tom", 1)
		again := errors.New("no")
		err = InTx(ctx, db, nil, func(tx *sql.Tx) error {
			within := q.withTx(tx)
			if err := within.rename(ctx, 1, "tommy"); err != nil {
				return err
			}
			if name, err := within.name(ctx, 1); err != nil || name != "tommy" {
				t.Errorf("inside: %q, %v", name, err)
			}
			return again
		})
		if !errors.Is(err, again) {
			t.Fatal(err)
		}
		sees("tom", 1)
		err = InTx(ctx, db, nil, func(tx *sql.Tx) error { return q.withTx(tx).rename(ctx, 1, "thomas") })
		if err != nil {
			t.Fatal(err)
		}
		sees("thomas", 0)
		sees("thomas", 1)
		if s := h.Stats().Queries["GetAccount"]; s.Hits == 0 {
			t.Errorf("%+v", s)
		}
	})
}
