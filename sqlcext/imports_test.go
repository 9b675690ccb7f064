package sqlcext_test

import (
	"testing"

	"github.com/moneyclip/moneyclip/internal/imports"
)

func TestImportsKeepTheDirection(t *testing.T) {
	imports.Check(t, map[string]string{
		"github.com/redis":                     "the store is the driver's",
		"github.com/moneyclip/moneyclip/cache": "the store is the driver's",
		"github.com/lib/pq":                    "the program brings its own driver",
		"github.com/jackc/pgx":                 "the program brings its own driver",
		"github.com/mattn/go-sqlite3":          "the program brings its own driver",
	})
}
