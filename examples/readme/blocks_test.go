package readme

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/examples/tweeter/postgresdb"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
	"github.com/moneyclip/moneyclip/sqlcext"
)

// The functions of this file are the README's code blocks with a signature
// around them. TestBlocksOfTheReadmeAreTestedCode compares, and the tests run them.

func registerTraced() error {
	err := driver.Register("tracedpg", "tracedpg", parse.PostgreSQL) // sql.Open("moneyclip+tracedpg", …)
	return err
}

func registerWithPolicy() error {
	err := driver.Register("shop", "pgx", parse.PostgreSQL, driver.WithPolicy(policy.Policy{
		Defaults: policy.Defaults{TTL: time.Hour, MaxEntry: 16 << 10},
		Tables: map[string]policy.TableRule{
			"users":            {TTL: 12 * time.Hour},
			"public.audit_log": {Off: true}, // not cached; its writes still invalidate
		},
	}))
	return err
}

func wrapConnector(config *pgx.ConnConfig) (*sql.DB, error) {
	connector, err := driver.Wrap(stdlib.GetConnector(*config), parse.PostgreSQL,
		driver.WithRedisURL("redis://cache:6379/0"),
		driver.WithIdentity("shop"),
	)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func observe(db *sql.DB, use func()) error {
	h, err := driver.Of(db)
	if err != nil {
		return err
	}
	stop := h.Observe(func(e driver.Event) {
		slog.Debug("query", "name", e.Name, "decision", e.Code, "reason", e.Reason, "took", e.Duration)
	})
	defer stop()
	use()
	return nil
}

func readAround(ctx context.Context, q *postgresdb.Queries, id int64) (postgresdb.Account, error) {
	// Asks the database and keeps nothing.
	account, err := q.GetAccount(driver.WithBypass(ctx), id)
	return account, err
}

func readAndRefresh(ctx context.Context, q *postgresdb.Queries, id int64) (postgresdb.Account, error) {
	// Asks the database and keeps the answer.
	account, err := q.GetAccount(driver.WithRefresh(ctx), id)
	return account, err
}

func bothWays(db *sql.DB) (*postgresdb.Queries, *postgresdb.Queries) {
	// Both over one pool: reads of the second ask the database, writes of both invalidate.
	cached, plain := postgresdb.New(db), postgresdb.New(sqlcext.Uncached(db))
	return cached, plain
}

func copyIn(ctx context.Context, db *sql.DB, rows [][]any) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return driver.Raw(ctx, conn, func(driverConn any) error {
		_, err := driverConn.(*stdlib.Conn).Conn().CopyFrom(ctx,
			pgx.Identifier{"accounts"}, []string{"username", "email"}, pgx.CopyFromRows(rows))
		return err
	}, driver.RawWrites("accounts"))
}

func openMySQL() (*sql.DB, error) {
	db, err := sql.Open("moneyclip+mysql", "app:secret@tcp(db:3306)/shop?parseTime=true&moneyclip_namespace=shop&moneyclip_redis=redis://cache:6379/0")
	return db, err
}

func reload(ctx context.Context, h *driver.Handle) error {
	err := h.ReloadPolicy(ctx)
	return err
}

func TestNameIsReadOnce(t *testing.T) {
	plain, mock, err := sqlmock.NewWithDSN("shop")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	db, err := sql.Open("moneyclip+sqlmock", "shop?moneyclip_store=memory&moneyclip_dialect=postgresql&moneyclip_schema=schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := func() (name string) {
		t.Helper()
		if err := db.QueryRow("SELECT name FROM authors WHERE id = $1", 1).Scan(&name); err != nil {
			t.Fatal(err)
		}
		return name
	}
	mock.ExpectQuery("SELECT name").WithArgs(1).WillReturnRows(sqlmock.NewRows([]string{"name"}).AddRow("Ann"))
	_, _ = name(), name() // once from the mock, once from the cache

	mock.ExpectExec("UPDATE authors").WithArgs("Bea", 1).WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectQuery("SELECT name").WithArgs(1).WillReturnRows(sqlmock.NewRows([]string{"name"}).AddRow("Bea"))
	if _, err := db.Exec("UPDATE authors SET name = $1 WHERE id = $2", "Bea", 1); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "Bea" {
		t.Errorf("the cache served %q after the write", got)
	}
	if err := mock.ExpectationsWereMet(); err != nil {
		t.Error(err)
	}
}
