package sqlcext_test

import (
	"testing"

	"github.com/moneyclip/moneyclip/internal/imports"
)

func TestImportsKeepTheDirection(t *testing.T) {
	imports.Rules{
		Forbidden: map[string]string{
			"github.com/redis":  "the store is the driver's",
			"github.com/lib/pq": "the program brings its own driver",
			"github.com/jackc":  "the program brings its own driver",
			"github.com/mattn":  "the program brings its own driver",
		},
		Ours: []string{"driver", "policy", "parse"},
	}.Check(t)
}
