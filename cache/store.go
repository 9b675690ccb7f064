package cache

import (
	"context"
	"time"
)

// store is where rows and control state live. It is the seam between the
// protocol's process side, written once, and the two places that keep state.
// A store never decides what to do about an error; it reports it.
//
// Cases that every store passes are numbered in contract_test.go. A store may
// be used concurrently.
type store interface {
	// meta makes the namespace's record if there is none, adds tables to it,
	// starts their control state and reads the record. Its success proves
	// that the store takes writes.
	meta(ctx context.Context, change metaChange) (record, error)
	// lookup reads one result and the control state of its row in one round
	// trip, the row first.
	lookup(ctx context.Context, row Row, fp Fingerprint) (view, error)
	// begin starts or repairs the control state of a row: lost state, ended
	// quarantines, holds that ran out.
	begin(ctx context.Context, row Row) (view, error)
	// fill keeps an entry unless something was held since the lease was read.
	fill(ctx context.Context, f fill) (kept bool, err error)
	// write holds or releases everything in the set, in one round trip.
	write(ctx context.Context, w write) (receipt, error)
}

// metaChange is what a call of store.meta adds to the record.
type metaChange struct {
	buckets int // of a new record
	lease   time.Duration
	tables  []string
	bump    bool // the epoch
}

// record is the namespace's record, which binds its processes together.
type record struct {
	identity string // of the server that answered
	id       string // of the record: a lost one comes back with another
	epoch    int64
	version  string
	buckets  int
	lease    time.Duration
	age      time.Duration // since the record was made
	started  int           // quarantines that the change has started
}

// view is what a store says of one row.
type view struct {
	entry    []byte
	current  bool // entry is there and belongs to the table's generation
	identity string
	lease    Lease // generation is empty where there is none
	held     bool
	fenced   bool          // in quarantine; of begin only
	wait     time.Duration // of begin: until asking again can help
	started  bool          // of begin: control state was lost or new
}

// fill is one entry on its way to the store.
type fill struct {
	row   Row
	lease Lease
	fp    Fingerprint
	entry []byte
	ttl   time.Duration
}

// write is one HOLD or one RELEASE.
type write struct {
	token   string
	keys    Keys
	own     []string // tables this process has registered: part of Keys.All
	release bool
}

// receipt is the store's answer to a write.
type receipt struct {
	epoch   int64
	id      string // of the record
	known   bool   // the record was there: epoch and id are its own
	started int    // quarantines that the write has started
	forced  bool   // the control keys were removed, because the write was refused
}
