package imports

import "testing"

type record struct {
	testing.TB
	errors int
}

func (r *record) Helper()               {}
func (r *record) Errorf(string, ...any) { r.errors++ }

func TestAForbiddenImportFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules Rules
		want  int
	}{
		{"forbidden", Rules{Forbidden: map[string]string{"go/parser": "for the test"}}, 1},
		{"forbidden below", Rules{Forbidden: map[string]string{"go": "for the test"}}, 2},
		{"only whole path elements count", Rules{Forbidden: map[string]string{"go/pars": "for the test"}}, 0},
		{"excepted", Rules{Forbidden: map[string]string{"go": "for the test"}, Except: func(_, path string) bool { return path == "go/token" }}, 1},
	} {
		r := &record{TB: t}
		c.rules.Check(r)
		if r.errors != c.want {
			t.Errorf("%s: %d errors, want %d", c.name, r.errors, c.want)
		}
	}
	r := &record{TB: t}
	rules := Rules{Ours: []string{"parse"}}
	rules.check(r, "x.go", module+"/parse")
	if r.errors != 0 {
		t.Error("an allowed package of the module is an error")
	}
	rules.check(r, "x.go", module+"/driver")
	if r.errors != 1 {
		t.Error("another package of the module is no error")
	}
}
