package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// place is where something stands in a policy file; the zero place is nowhere.
type place struct{ line, column int }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.line, q.line), cmp.Compare(p.column, q.column))
}

// origin remembers where the parts of a policy stand in its file.
type origin struct {
	name string
	at   map[string]place // by path
}

// at returns where a part of the policy stands in its file, or the nearest
// part around it that is there.
func (p Policy) at(path ...string) place {
	if p.file == nil {
		return place{}
	}
	for ; len(path) > 0; path = path[:len(path)-1] {
		if at, known := p.file.at[pathOf(path...)]; known {
			return at
		}
	}
	return place{}
}

// pathOf makes one key of a path. Names may hold any character but this one.
func pathOf(path ...string) string { return strings.Join(path, "\x00") }

// mistakes gathers all that is wrong with a policy, so that it is said at once.
type mistakes struct {
	file string // name of the policy file; empty for a policy made in Go
	all  []mistake

	// What was read wrongly, by path: that it is missing then, is no second
	// mistake.
	faulty map[string]bool
}

type mistake struct {
	at  place
	err error
}

func (p Policy) mistakes() *mistakes {
	if p.file == nil {
		return &mistakes{}
	}
	return &mistakes{file: p.file.name}
}

func (m *mistakes) add(at place, format string, args ...any) {
	m.all = append(m.all, mistake{at, fmt.Errorf(format, args...)})
}

// spoilt notes that a part of the file could not be read.
func (m *mistakes) spoilt(path []string) {
	if m.faulty == nil {
		m.faulty = make(map[string]bool)
	}
	m.faulty[pathOf(path...)] = true
}

// missing adds a mistake about something that is not there, unless it is, and
// was said to be wrong.
func (m *mistakes) missing(path []string, at place, format string, args ...any) {
	for n := len(path); n > 0; n-- {
		if m.faulty[pathOf(path[:n]...)] {
			return
		}
	}
	m.add(at, format, args...)
}

// mostMistakes bounds what is said of a file that is no policy at all.
const mostMistakes = 200

// err returns the mistakes as one error, in the order of the file; nil if there
// are none.
func (m *mistakes) err() error {
	slices.SortStableFunc(m.all, func(a, b mistake) int {
		return a.at.compare(b.at)
	})
	var errs []error
	for i, one := range m.all {
		if i == mostMistakes {
			errs = append(errs, fmt.Errorf("moneyclip: policy: %s%d more mistakes", m.prefix(place{}), len(m.all)-i))
			break
		}
		errs = append(errs, fmt.Errorf("moneyclip: policy: %s%w", m.prefix(one.at), one.err))
	}
	return errors.Join(errs...)
}

// prefix says where a mistake is, as compilers do.
func (m *mistakes) prefix(at place) string {
	switch {
	case m.file == "":
		return ""
	case at.line == 0:
		return m.file + ": "
	}
	return fmt.Sprintf("%s:%d:%d: ", m.file, at.line, at.column)
}
