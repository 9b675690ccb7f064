package tools

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// backend is an empty database, and the driver that a program opens it by.
type backend struct {
	driver string // without "moneyclip+"
	dsn    string // without moneyclip's parameters
}

// eachBackend runs f on every database. One without a server on this machine
// is skipped, with CI=true it fails.
func eachBackend(t *testing.T, f func(t *testing.T, b backend)) {
	for _, b := range []struct {
		driver string
		dsn    func(testing.TB) string
	}{
		{"sqlite3", sqliteFile},
		{"postgres", testenv.Postgres},
		{"pgx", testenv.Postgres},
		{"mysql", mariaDB},
	} {
		t.Run(b.driver, func(t *testing.T) { f(t, backend{b.driver, b.dsn(t)}) })
	}
}

func sqliteFile(t testing.TB) string {
	return "file:" + filepath.Join(t.TempDir(), "tools.db") + "?_journal_mode=WAL&_busy_timeout=10000&_foreign_keys=on&_txlock=immediate"
}

func mariaDB(t testing.TB) string {
	// golang-migrate sends a whole file as one text; sqlc's structs have times.
	return testenv.MariaDB(t) + "?multiStatements=true&parseTime=true"
}

// with adds parameters to a data source name of any of the drivers.
func with(dsn string, parameters ...string) string {
	for _, p := range parameters {
		if strings.Contains(dsn, "?") {
			dsn += "&" + p
		} else {
			dsn += "?" + p
		}
	}
	return dsn
}

// by chooses what differs between the databases.
func (b backend) by(sqlite, postgres, mysql string) string {
	switch b.driver {
	case "sqlite3", "sqlite":
		return sqlite
	case "mysql":
		return mysql
	}
	return postgres
}

// plain opens the database without a cache.
func (b backend) plain(t *testing.T) *sql.DB { return open(t, b.driver, b.dsn) }

// cached opens it as a program would that has one process; all that a test
// opens have one store between them.
func (b backend) cached(t *testing.T) *sql.DB {
	return open(t, "moneyclip+"+b.driver, with(b.dsn, "moneyclip_store=memory"))
}

func open(t *testing.T, name, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func exec(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func handle(t *testing.T, db *sql.DB) *driver.Handle {
	t.Helper()
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// hits runs f and returns how many reads of it the cache answered. What the
// cache had to do in the background is done before f begins.
func hits(t *testing.T, h *driver.Handle, f func()) uint64 {
	t.Helper()
	if err := h.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := h.Stats()
	f()
	return h.Stats().Sub(before).Hits
}
