package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

var _ store = (*redisStore)(nil)

// protocolVersion names layout, scripts and key encoding. Processes of two
// versions do not share a namespace.
const protocolVersion = "1"

// redisStore keeps rows and control state in Redis. It may be used concurrently.
type redisStore struct {
	client    redis.UniversalClient
	namespace string
	known     func() string // the server's identity as last learnt, or ""
	shape     atomic.Pointer[shape]
}

// shape is what the processes of a namespace agree on. It is what the record
// says, once that is known: a process configured otherwise serves nothing, but
// its holds must reach the control keys that the others look at.
type shape struct {
	layout layout
	lease  time.Duration
}

func (s *redisStore) lookup(ctx context.Context, row Row, fp Fingerprint) (view, error) {
	control, key, stripe := s.shape.Load().layout.locate(row)
	pipe := s.client.Pipeline()
	// The row first: read after the control key, it may be of a generation
	// and a hold that began in between.
	r := pipe.HMGet(ctx, key, "g", string(fp[:]))
	c := pipe.HMGet(ctx, control, "g", "rid", "s"+stripe, "k"+stripe, "T")
	if _, err := pipe.Exec(ctx); err != nil {
		return view{}, err
	}
	rv, cv := r.Val(), c.Val()
	if len(rv) != 2 || len(cv) != 5 {
		return view{}, fmt.Errorf("moneyclip: lookup: unexpected reply of %d and %d fields", len(rv), len(cv))
	}
	v := view{
		identity: text(cv[1]),
		lease:    Lease{generation: text(cv[0]), sequence: text(cv[2])},
		held:     cv[3] != nil || cv[4] != nil,
	}
	if v.lease.sequence == "" {
		v.lease.sequence = "0"
	}
	if entry, ok := rv[1].(string); ok && v.lease.generation != "" && text(rv[0]) == v.lease.generation {
		v.entry, v.current = []byte(entry), true
	}
	return v, nil
}

func (s *redisStore) begin(ctx context.Context, row Row) (view, error) {
	sh := s.shape.Load()
	control, _, stripe := sh.layout.locate(row)
	answers, _, err := s.run(ctx, []call{sh.begin(control, stripe)}, false)
	if err != nil {
		return view{}, err
	}
	vs, err := views(answers)
	if err != nil {
		return view{}, err
	}
	return vs[0], nil
}

func (sh *shape) begin(control, stripe string) call {
	return call{initScript, []string{control}, []any{nonce(), sh.lease.Milliseconds(), stripe}}
}

func views(answers []any) ([]view, error) {
	views := make([]view, len(answers))
	for i, a := range answers {
		f, ok := a.([]any)
		if !ok || len(f) != 6 {
			return nil, fmt.Errorf("moneyclip: init: unexpected reply %T", a)
		}
		what, wait, started := number(f[0]), number(f[4]), number(f[5])
		views[i] = view{
			identity: text(f[3]),
			lease:    Lease{generation: text(f[1]), sequence: text(f[2])},
			held:     what == 2,
			fenced:   what == 3,
			wait:     time.Duration(wait) * time.Millisecond,
			started:  started == 1,
		}
	}
	return views, nil
}

func (s *redisStore) fill(ctx context.Context, f fill) (bool, error) {
	control, key, stripe := s.shape.Load().layout.locate(f.row)
	answers, _, err := s.run(ctx, []call{{fillScript, []string{control, key}, []any{
		f.lease.generation, f.lease.sequence, stripe, max(1, f.ttl.Milliseconds()), string(f.fp[:]), f.entry,
	}}}, false)
	if err != nil {
		return false, err
	}
	return number(answers[0]) == 1, nil
}

func (s *redisStore) meta(ctx context.Context, change metaChange) (record, error) {
	args := []any{protocolVersion, change.buckets, change.lease.Milliseconds(), nonce(), freshEpoch(), ""}
	if change.bump {
		args[5] = "1"
	}
	for _, t := range change.tables {
		args = append(args, t)
	}
	answers, _, err := s.run(ctx, []call{{metaScript, []string{metaKey(s.namespace)}, args}}, false)
	if err != nil {
		return record{}, err
	}
	r, err := readRecord(answers[0])
	if err != nil || r.version != protocolVersion {
		return r, err
	}
	sh := &shape{layout: layout{s.namespace, r.buckets}, lease: r.lease}
	s.shape.Store(sh)
	if len(change.tables) == 0 {
		return r, nil
	}
	// All the tables' quarantines run together from now on, instead of one by
	// one from each table's first read.
	var calls []call
	for _, t := range change.tables {
		for b := range sh.layout.buckets {
			calls = append(calls, sh.begin(sh.layout.control(t, b), "0"))
		}
	}
	if answers, _, err = s.run(ctx, calls, false); err != nil {
		return record{}, err
	}
	vs, err := views(answers)
	for _, v := range vs {
		if v.started {
			r.started++
		}
	}
	return r, err
}

func readRecord(answer any) (record, error) {
	f, ok := answer.([]any)
	if !ok || len(f) != 7 {
		return record{}, fmt.Errorf("moneyclip: meta: unexpected reply %T", answer)
	}
	r := record{identity: text(f[0]), version: text(f[1]), id: text(f[4])}
	if r.version != protocolVersion {
		return r, nil
	}
	var err error
	if r.buckets, err = strconv.Atoi(text(f[2])); err != nil || r.buckets < 1 {
		return record{}, fmt.Errorf("moneyclip: meta: buckets %q", text(f[2]))
	}
	ms, err := strconv.ParseInt(text(f[3]), 10, 64)
	if err != nil {
		return record{}, fmt.Errorf("moneyclip: meta: %w", err)
	}
	r.lease = time.Duration(ms) * time.Millisecond
	if r.epoch, err = strconv.ParseInt(text(f[5]), 10, 64); err != nil {
		return record{}, fmt.Errorf("moneyclip: meta: %w", err)
	}
	r.age = time.Duration(number(f[6])) * time.Millisecond
	return r, nil
}

// freshEpoch is where a new record starts. It is far from any other record's,
// so that a lost record reads as a changed epoch.
func freshEpoch() int64 { return 1 + rand.Int64N(1<<52) }

func (s *redisStore) write(ctx context.Context, w write) (receipt, error) {
	tables := w.keys.Tables
	if w.keys.All {
		all, err := s.everything(ctx)
		if err != nil {
			return receipt{}, err
		}
		tables = unique(append(all, w.own...))
	}
	calls := s.calls(w, tables)
	answers, meta, err := s.run(ctx, calls, true)
	if err != nil {
		return s.force(ctx, calls, err)
	}
	var r receipt
	if !w.release {
		for _, a := range answers {
			r.started += int(number(a))
		}
	}
	if len(meta) == 3 && text(meta[0]) == protocolVersion {
		r.id = text(meta[2])
		r.epoch, err = strconv.ParseInt(text(meta[1]), 10, 64)
		r.known = err == nil && r.id != ""
	}
	return r, nil
}

// force removes the control keys where the server answers but refuses the
// scripts: whoever finds none starts a quarantine of one lease, which bars
// the rows as a hold would.
func (s *redisStore) force(ctx context.Context, calls []call, refusal error) (receipt, error) {
	var reply redis.Error
	if !errors.As(refusal, &reply) {
		return receipt{}, refusal
	}
	pipe := s.client.Pipeline()
	for _, c := range calls {
		pipe.Unlink(ctx, c.keys[0])
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return receipt{}, refusal
	}
	return receipt{forced: true}, nil
}

// calls makes one script call per control key touched: a bulk invalidation is
// the same number of commands whatever the number of rows.
func (s *redisStore) calls(w write, tables []string) []call {
	sh := s.shape.Load()
	type group struct {
		rows, stripes   []string
		table, negative bool
	}
	groups := make(map[string]*group)
	var order []string
	at := func(control string) *group {
		g := groups[control]
		if g == nil {
			g = &group{}
			groups[control] = g
			order = append(order, control)
		}
		return g
	}
	for _, t := range tables {
		for b := range sh.layout.buckets {
			at(sh.layout.control(t, b)).table = true
		}
	}
	for _, t := range w.keys.Absent {
		for b := range sh.layout.buckets {
			at(sh.layout.control(t, b)).negative = true
		}
	}
	for _, row := range w.keys.Rows {
		control, key, stripe := sh.layout.locate(row)
		g := at(control)
		g.rows = append(g.rows, key)
		g.stripes = append(g.stripes, stripe)
	}
	calls := make([]call, 0, len(order))
	for _, control := range order {
		g := groups[control]
		table, negative := "", ""
		if g.table {
			table = "T"
		}
		if g.negative {
			negative = "N"
		}
		c := call{script: holdScript, keys: append([]string{control}, g.rows...)}
		if w.release {
			c.script = releaseScript
			c.args = []any{w.token, nonce(), table, negative}
		} else {
			c.args = []any{w.token, sh.lease.Milliseconds(), sh.lease.Milliseconds(), s.known(), table, negative}
		}
		for _, stripe := range unique(g.stripes) {
			c.args = append(c.args, stripe)
		}
		calls = append(calls, c)
	}
	return calls
}
