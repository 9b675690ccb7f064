package cache

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

var _ store = (*memoryStore)(nil)

// memoryStore keeps rows and control state in the process. It needs no
// quarantine and no identity: its control state cannot be lost while a process
// that relies on it lives. It may be used concurrently.
type memoryStore struct {
	lease time.Duration
	now   func() time.Time

	mu     sync.Mutex
	epoch  int64
	every  control // holds of everything
	tables map[string]*control
	rows   rowList
}

// control is the state of a table, or of everything.
type control struct {
	generation uint64
	holders    holders
	negative   holders
	stripes    map[int]*stripe
}

type stripe struct {
	sequence uint64
	holders  holders
}

// holders maps the token of a write to the time when its hold runs out.
type holders map[string]time.Time

// live reports whether a hold is running, and drops those that have run out;
// lapsed tells that there were some, so that the caller ends the leases given
// out meanwhile.
func (h holders) live(now time.Time) (live, lapsed bool) {
	for token, until := range h {
		if until.After(now) {
			live = true
		} else {
			delete(h, token)
			lapsed = true
		}
	}
	return live, lapsed
}

// memoryStores are the stores open in this process, by namespace.
var memoryStores = struct {
	sync.Mutex
	open map[string]*sharedMemory
}{open: make(map[string]*sharedMemory)}

type sharedMemory struct {
	store *memoryStore
	users int
}

// openMemory returns the namespace's store and what gives it back. The last to
// give it back drops it with all its rows.
func openMemory(o Options) (*memoryStore, func(), error) {
	memoryStores.Lock()
	defer memoryStores.Unlock()
	shared := memoryStores.open[o.Namespace]
	if shared == nil {
		shared = &sharedMemory{store: newMemoryStore(o)}
		memoryStores.open[o.Namespace] = shared
	}
	if shared.store.lease != o.Lease {
		return nil, nil, fmt.Errorf("moneyclip: namespace %q is open in this process with a lease of %v, not %v",
			o.Namespace, shared.store.lease, o.Lease)
	}
	shared.users++
	shared.store.rows.raise(o.MaxBytes)
	var once sync.Once
	return shared.store, func() {
		once.Do(func() {
			memoryStores.Lock()
			defer memoryStores.Unlock()
			if shared.users--; shared.users == 0 {
				delete(memoryStores.open, o.Namespace)
			}
		})
	}, nil
}

func newMemoryStore(o Options) *memoryStore {
	return &memoryStore{
		lease:  o.Lease,
		now:    o.now,
		epoch:  freshEpoch(),
		tables: make(map[string]*control),
		rows:   newRowList(o.MaxBytes),
	}
}

func (s *memoryStore) meta(_ context.Context, change metaChange) (record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if change.bump {
		s.epoch++
	}
	return record{identity: "memory", id: "memory", epoch: s.epoch, version: protocolVersion, buckets: 1, lease: s.lease}, nil
}

func (s *memoryStore) lookup(_ context.Context, row Row, fp Fingerprint) (view, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.viewLocked(row, &fp, now), nil
}

func (s *memoryStore) begin(_ context.Context, row Row) (view, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.viewLocked(row, nil, now), nil
}

func (s *memoryStore) viewLocked(row Row, fp *Fingerprint, now time.Time) view {
	generation, held := s.generationLocked(row.Table, now)
	if held {
		return view{identity: "memory", held: true}
	}
	st := s.stripeLocked(row)
	live, lapsed := st.holders.live(now)
	if lapsed {
		st.sequence++
	}
	v := view{identity: "memory", held: live}
	if fp != nil {
		v.entry, v.current = s.rows.find(row, generation, *fp, now)
	}
	if !v.current {
		v.lease = Lease{generation: generation.String(), sequence: strconv.FormatUint(st.sequence, 10)}
	}
	return v
}

// generation of a table: both move at every hold and release.
type generation struct{ every, table uint64 }

func (g generation) String() string {
	return strconv.FormatUint(g.every, 36) + "." + strconv.FormatUint(g.table, 36)
}

// generationLocked returns a table's generation, and whether it is held whole.
func (s *memoryStore) generationLocked(table string, now time.Time) (generation, bool) {
	t := s.tableLocked(table)
	everyLive := s.every.settle(now)
	tableLive := t.settle(now)
	return generation{s.every.generation, t.generation}, everyLive || tableLive
}

// settle drops holds that have run out, ending the generation they leave.
func (c *control) settle(now time.Time) (live bool) {
	live, lapsed := c.holders.live(now)
	if lapsed {
		c.generation++
	}
	return live
}

func (s *memoryStore) tableLocked(table string) *control {
	t := s.tables[table]
	if t == nil {
		t = &control{stripes: make(map[int]*stripe)}
		s.tables[table] = t
	}
	return t
}

func (s *memoryStore) stripeLocked(row Row) *stripe {
	t := s.tableLocked(row.Table)
	n := int(hash(row.Key) % stripes)
	st := t.stripes[n]
	if st == nil {
		st = &stripe{}
		t.stripes[n] = st
	}
	return st
}

func (s *memoryStore) fill(_ context.Context, f fill) (bool, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	generation, held := s.generationLocked(f.row.Table, now)
	if held || generation.String() != f.lease.generation {
		return false, nil
	}
	st := s.stripeLocked(f.row)
	live, lapsed := st.holders.live(now)
	if lapsed {
		st.sequence++
	}
	if live || strconv.FormatUint(st.sequence, 10) != f.lease.sequence {
		return false, nil
	}
	s.rows.keep(f, generation, now)
	return true, nil
}

func (s *memoryStore) write(_ context.Context, w write) (receipt, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	until := now.Add(s.lease)
	change := func(h *holders) {
		if w.release {
			delete(*h, w.token)
			return
		}
		if *h == nil {
			*h = make(holders)
		}
		(*h)[w.token] = until
	}
	if w.keys.All {
		s.every.settle(now)
		s.every.generation++
		change(&s.every.holders)
	}
	for _, table := range w.keys.Tables {
		t := s.tableLocked(table)
		t.settle(now)
		t.generation++
		change(&t.holders)
	}
	for _, table := range w.keys.Absent {
		change(&s.tableLocked(table).negative)
	}
	for _, row := range w.keys.Rows {
		st := s.stripeLocked(row)
		st.holders.live(now)
		st.sequence++
		change(&st.holders)
		s.rows.drop(row)
	}
	return receipt{epoch: s.epoch, id: "memory", known: true}, nil
}
