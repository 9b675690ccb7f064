package parse

import (
	"testing"

	"github.com/moneyclip/moneyclip/internal/imports"
)

func TestImportsKeepTheDirection(t *testing.T) {
	imports.Rules{Forbidden: map[string]string{
		"database/sql":             "facts are made without a database",
		"net":                      "parsing is pure: no network",
		"github.com/redis":         "parsing is pure: no store",
		"os":                       "parsing is pure: no files, no environment",
		"time":                     "parsing is pure: no clock",
		"log":                      "the library does not print",
		"unsafe":                   "nothing here is worth it",
		"github.com/lib/pq":        "a user brings his own driver",
		"github.com/jackc":         "a user brings his own driver",
		"github.com/mattn":         "a user brings his own driver",
		"github.com/go-sql-driver": "a user brings his own driver",
	}}.Check(t)
}
