package imports

import (
	"testing"
)

type record struct {
	testing.TB
	errors int
}

func (r *record) Helper()               {}
func (r *record) Errorf(string, ...any) { r.errors++ }

func TestAForbiddenImportFails(t *testing.T) {
	r := &record{TB: t}
	Check(r, map[string]string{"go/parser": "for the test"})
	if r.errors != 1 {
		t.Errorf("%d errors, want 1", r.errors)
	}
	Check(t, map[string]string{"go/pars": "only whole path elements count"})
}
