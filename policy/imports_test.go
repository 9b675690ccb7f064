package policy

import (
	"testing"

	"github.com/moneyclip/moneyclip/internal/imports"
)

func TestImportsKeepTheDirection(t *testing.T) {
	imports.Rules{
		Forbidden: map[string]string{
			"github.com/redis":    "policy never knows Redis",
			"github.com/lib/pq":   "a user brings his own driver",
			"github.com/jackc":    "a user brings his own driver",
			"github.com/mattn":    "a user brings his own driver",
			"github.com/sqlc-dev": "texts are read in parse",
			"database/sql":        "only its driver's value types are known here",
		},
		Ours:   []string{"parse", "internal/nearest"},
		Except: func(_, path string) bool { return path == "database/sql/driver" },
	}.Check(t)
}
