package cache

import (
	"slices"
	"sync"
	"sync/atomic"
)

// tableSet is the tables a process has registered, or is to register at the
// next contact. It may be used concurrently.
type tableSet struct {
	mu       sync.Mutex
	wanted   map[string]struct{}
	under    string // id of the record that has all but missing
	missing  []string
	revision int
	done     atomic.Pointer[registration]
}

// registration is the tables that one record is known to hold.
type registration struct {
	record string
	tables map[string]struct{}
}

// want adds tables and reports whether any of them is not registered.
func (s *tableSet) want(tables []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tables {
		if _, ok := s.wanted[t]; ok {
			continue
		}
		if s.wanted == nil {
			s.wanted = make(map[string]struct{})
		}
		s.wanted[t] = struct{}{}
		s.missing = append(s.missing, t)
		s.revision++
	}
	return len(s.missing) > 0 || s.under == ""
}

// pending returns what the next contact is to register.
func (s *tableSet) pending() ([]string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.missing), s.revision
}

// registered notes that a record holds what was pending. It reports false
// where the record is not the one that holds the others: all are pending then.
func (s *tableSet) registered(record string, pending []string, revision int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under != record && len(pending) < len(s.wanted) {
		s.missing = s.missing[:0]
		for t := range s.wanted {
			s.missing = append(s.missing, t)
		}
		s.done.Store(nil)
		return false
	}
	s.under = record
	if len(pending) == 0 && s.done.Load() != nil && s.done.Load().record == record {
		return true
	}
	s.missing = slices.DeleteFunc(s.missing, func(t string) bool { return slices.Contains(pending, t) })
	done := &registration{record: record, tables: make(map[string]struct{}, len(s.wanted))}
	for t := range s.wanted {
		if !slices.Contains(s.missing, t) {
			done.tables[t] = struct{}{}
		}
	}
	s.done.Store(done)
	return true
}

// holds reports whether a record is known to hold the table.
func (s *tableSet) holds(table, record string) bool {
	done := s.done.Load()
	if done == nil || done.record != record {
		return false
	}
	_, ok := done.tables[table]
	return ok
}

// record is the record under which the tables are registered.
func (s *tableSet) record() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.under
}

func (s *tableSet) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.wanted))
	for t := range s.wanted {
		names = append(names, t)
	}
	return names
}
