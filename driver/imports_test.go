package driver

import (
	"testing"

	"github.com/moneyclip/moneyclip/internal/imports"
)

func TestImportsKeepTheDirection(t *testing.T) {
	imports.Rules{
		Forbidden: map[string]string{
			"github.com/lib/pq":              "the program brings its own driver",
			"github.com/jackc":               "the program brings its own driver",
			"github.com/mattn":               "the program brings its own driver, and may build without cgo",
			"github.com/go-sql-driver":       "the program brings its own driver",
			"github.com/DATA-DOG/go-sqlmock": "the program brings its own driver",
			"github.com/sqlc-dev":            "SQL is package parse's",
			"github.com/xwb1989/sqlparser":   "SQL is package parse's",
		},
		Ours: []string{"parse", "policy", "cache", "internal/nearest", "internal/pause"},
	}.Check(t)
}
