package driver

import (
	"testing"

	"github.com/moneyclip/moneyclip/internal/imports"
)

// forbidden imports of this package, each with its reason. Tests are free.
var forbidden = map[string]string{
	"github.com/lib/pq":                      "the program brings its own driver",
	"github.com/jackc/pgx":                   "the program brings its own driver",
	"github.com/mattn/go-sqlite3":            "the program brings its own driver, and may build without cgo",
	"github.com/go-sql-driver/mysql":         "the program brings its own driver",
	"github.com/DATA-DOG/go-sqlmock":         "the program brings its own driver",
	"github.com/sqlc-dev":                    "SQL is package parse's",
	"github.com/xwb1989/sqlparser":           "SQL is package parse's",
	"github.com/moneyclip/moneyclip/sqlcext": "sqlcext is built on this package",
}

func TestImportsKeepTheDirection(t *testing.T) { imports.Check(t, forbidden) }
