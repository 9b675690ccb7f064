package cache

import (
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/internal/imports"
)

func TestImportsKeepTheDirection(t *testing.T) {
	imports.Rules{
		Forbidden: map[string]string{"database/sql": "the cache does not know SQL; the driver puts the two together"},
		Ours:      []string{"internal/pause"},
		Except: func(file, path string) bool { // the entry codec names the types of values and columns
			return strings.HasPrefix(file, "entry") && strings.HasPrefix(path, "database/sql")
		},
	}.Check(t)
}
