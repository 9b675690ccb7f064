package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"time"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// query runs a text that may return rows.
func (k *call) run(ctx context.Context) (sqldriver.Rows, error) {
	if !k.acts {
		return k.read(ctx)
	}
	var rows sqldriver.Rows
	w, err := k.write(ctx, true, func() (err error) {
		rows, err = k.runQuery(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if w == nil {
		return k.c.untouched(rows), nil
	}
	k.c.worked = true
	k.c.open++
	closed := func() { k.c.open-- }
	over := w.over
	if k.c.cn.cfg.dialect == parse.SQLite {
		w.l.openWrites++
		over = func(err error) { w.l.openWrites--; w.over(err) }
	}
	return &writeRows{prefixRows: prefixRows{Rows: rows, closed: closed}, over: over}, nil
}

// exec runs a text for its effect.
func (k *call) exec(ctx context.Context) (sqldriver.Result, error) {
	if !k.acts {
		return k.runExec(ctx)
	}
	var result sqldriver.Result
	w, err := k.write(ctx, false, func() (err error) {
		result, err = k.runExec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if w != nil {
		w.over(nil)
	}
	return result, nil
}

// write runs a text that does more than read. After success it returns what is
// still held: nil where nothing is, or where a transaction gathers it.
func (k *call) write(ctx context.Context, query bool, run func() error) (*writing, error) {
	if err := k.ready(ctx, query); err != nil {
		return nil, err
	}
	c, l := k.c, k.c.link
	if l.session.Namespace != k.r.session.Namespace {
		// The dial found another database behind the address.
		k.r = c.cn.realm.Load()
		k.t = k.r.texts.Of(k.query)
	}
	effects := k.t.effects(k.r, l, k.values)
	if policy.Rewrites(k.args) {
		effects = k.t.effects(k.r, l, k.args)
	}
	control := k.t.Facts.TxControl
	if control == parse.TxFinishPrepared { // another session's writes
		effects = policy.Effects{Code: policy.InvalidateAll, Reason: "a prepared transaction", All: true}
	}
	ends, begins := k.t.mayEnd(), k.t.mayBegin()
	if control == parse.TxSavepoint && c.tx == nil && c.cn.cfg.dialect == parse.SQLite {
		// The outermost savepoint begins a transaction, and its release
		// commits: a text does not say whether it is the outermost.
		ends, begins = true, true
	}
	if l.session.Foreign != "" || k.t.Facts.ByMode && !l.like(k.r) {
		ends, begins = true, true // it may hold more statements than were seen
	}
	var held keySet
	if ends && control != parse.TxRollback {
		held = l.pending.clone()
	}
	held.add(effects, k.r)
	k.count(effects)
	k.owed = true // a second time it would be counted, and told, once more
	defer k.tell(effects.Code, effects.Reason, held.names())

	wasDirty, wasTextTx := l.dirty, l.textTx
	l.dirty = l.dirty || k.t.Session
	l.textTx = l.textTx || begins
	l.unsure = l.unsure || effects.All && c.cn.cfg.dialect != parse.SQLite
	if c.inTx() {
		l.pending.add(effects, k.r)
	}
	l.loose = l.loose || ends && c.tx != nil
	gathered := c.tx != nil && !l.loose && control != parse.TxFinishPrepared
	if gathered || held.empty() && !held.reload {
		err := run()
		if err == nil && c.tx == nil && control == parse.TxRollback {
			l.pending = keySet{}
		}
		return nil, err
	}
	w, err := c.hold(ctx, k.r, &held)
	if err != nil {
		return nil, err
	}
	defer w.unlessDone()
	if err := run(); err != nil {
		switch {
		case err == sqldriver.ErrSkip: //nolint:errorlint // database/sql compares with ==
			w.done = true
			w.hold.Release() // it comes again, prepared
		case k.t.misspelt() && c.refusedSyntax(err):
			// The server did not understand it either: nothing of it has run.
			l.dirty, l.textTx = wasDirty, wasTextTx
			w.done = true
			w.hold.Release()
		default:
			w.over(err)
		}
		return nil, err
	}
	w.done = true // by the caller
	if c.tx == nil && control == parse.TxCommit && !k.t.MayWrite {
		// A text that writes as well may have done so behind COMMIT AND CHAIN.
		l.pending = keySet{}
	}
	return w, nil
}

// count counts what a text invalidates, and a read that must not be served.
func (k *call) count(e policy.Effects) {
	if k.t.Facts.Kind == parse.Read {
		k.c.cn.counters.read(policy.BypassVolatile, k.t)
	}
	k.c.cn.counters.write(e, k.t)
}

// writing is a write in flight, with its hold.
type writing struct {
	c      *conn
	l      *link
	r      *realm
	hold   *cache.Hold
	reload bool
	done   bool // whoever runs the write has ended it, or handed it on
}

// unlessDone ends a write whose inner driver panicked: a program may recover.
func (w *writing) unlessDone() {
	if !w.done {
		w.c.bad = true // in what state the session is, nobody knows
		w.over(errPanicked)
	}
}

// unknown keeps the hold until the session that ran the write is gone.
func (w *writing) unknown() {
	w.c.cn.counters.unknown.Add(1)
	w.hold.Unresolved(w.gone(), w.r.rules.LongestTTL())
}

// hold announces what is to be written.
func (c *conn) hold(ctx context.Context, r *realm, keys *keySet) (*writing, error) {
	if keys.from != nil && keys.from != r { // the catalog was read again since
		keys.all = true
	}
	if ctx.Err() != nil {
		// The inner driver says what it says of an ended context. Some write
		// all the same, so that it is not asked without a hold.
		ctx = context.WithoutCancel(ctx)
	}
	h, err := r.cache.Hold(ctx, keys.keys())
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err() // as it would be without a cache
	case err != nil:
		return nil, err
	}
	w := &writing{c: c, l: c.link, r: r, hold: h, reload: keys.reload}
	if epoch, known := h.Epoch(); known && (!r.known || epoch != r.epoch) {
		// Another process changed what this one's catalog says: what the write
		// touches is not known until it is read again.
		c.cn.reloadSoon(r)
		if !keys.all {
			if err := h.Extend(ctx, cache.Keys{All: true}); err != nil {
				h.Release()
				return nil, err
			}
		}
	}
	return w, nil
}

// over ends the hold of a write that returned err.
func (w *writing) over(err error) {
	w.done = true
	if w.l.openWrites > 0 && w.c.tx == nil {
		w.l.waiting = append(w.l.waiting, w)
		return
	}
	waiting := w.l.waiting
	w.l.waiting = nil
	for _, before := range waiting {
		before.end(nil)
	}
	w.end(err)
}

func (w *writing) end(err error) {
	if err != nil && w.c.outcome(err) == Unknown && !w.answers() {
		w.unknown()
		return
	}
	if w.reload && w.republish(w.own()) == announced && !w.c.cn.cfg.memory {
		// Another process serves by its old catalog until it has seen the new
		// epoch, a third of a lease at most: until then it must not keep rows
		// under keys that no write of the new catalog would invalidate.
		w.hold.Unresolved(nil, w.r.cache.Lease()/3)
		return
	}
	w.hold.Release()
}

// schemaChange is what became of telling others of a schema change.
type schemaChange uint8

const (
	untold    schemaChange = iota // the catalog could not be read, or the store not told
	unchanged                     // the catalog is as it was
	announced                     // the other processes have been told
)

// republish reads the catalog again after what may have been a schema change,
// and tells the other processes if it was one, still under the hold.
func (w *writing) republish(over *link) schemaChange {
	cn := w.c.cn
	ctx, cancel := context.WithTimeout(context.Background(), catalogTimeout)
	defer cancel()
	before := cn.realm.Load()
	if err := cn.reload(ctx, nil, over); err != nil {
		cn.warnings.say("catalog", "moneyclip: the catalog could not be read again after a schema change", "error", err)
		cn.degrade(before)
	} else if cn.realm.Load().catalog.Digest() == w.r.catalog.Digest() {
		if cn.cfg.schema.declared() && !cn.cfg.mock {
			cn.warnings.say("schema", "moneyclip: the database's schema may have changed through this program, but the declared one has not: keep the files in step with the database")
		}
		return unchanged
	}
	if err := w.r.cache.BumpEpoch(ctx); err != nil {
		cn.warnings.say("epoch", "moneyclip: other processes could not be told of a schema change: they learn of it when the store answers again", "error", err)
		return untold
	}
	cn.warnings.over("epoch")
	// Once more, so that this process's catalog is known to be of the new epoch.
	if err := cn.reload(ctx, nil, over); err != nil {
		cn.degrade(cn.realm.Load())
	}
	return announced
}

// own returns the link of the write to read the catalog over, where that shows
// what any other connection would see; nil elsewhere. A second connection may
// not be had: SQLite's exclusive locking, a server's last place.
func (w *writing) own() *link {
	l := w.c.link
	if l == nil || l != w.l || l.dirty || l.textTx || w.c.tx != nil || w.c.bad || l.session.Fingerprint != w.r.session.Fingerprint {
		return nil
	}
	return l
}

// answerTimeout bounds the question whether a connection still answers.
const answerTimeout = time.Second

// answers asks the session that ran the write: if it answers, the write before
// it is over, whatever its error meant.
func (w *writing) answers() bool {
	if w.l.session.Backend == "" || w.c.link != w.l {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	s, err := policy.Inspect(ctx, w.c.cn.cfg.dialect, queryer{w.l.inner})
	if err != nil {
		return w.c.refused(err) // in an aborted transaction, say
	}
	return s.Backend == w.l.session.Backend
}

// gone returns how to ask whether the session that ran the write has ended; nil
// where it cannot be asked.
func (w *writing) gone() func(context.Context) (bool, error) {
	cn, backend := w.c.cn, w.l.session.Backend
	if backend == "" {
		return nil
	}
	told := false
	return func(ctx context.Context) (gone bool, err error) {
		err = cn.ask(ctx, func(q queryer) error {
			s, err := policy.Inspect(ctx, cn.cfg.dialect, q)
			if err != nil || s.Namespace != w.l.session.Namespace {
				return err // another server knows nothing of the session
			}
			gone, err = policy.Gone(ctx, cn.cfg.dialect, q, backend)
			return err
		})
		if !gone || !w.reload || told {
			return gone, err
		}
		switch w.republish(nil) { // the link may be in other hands
		case unchanged:
			return true, nil
		case announced:
			told = true // asked again after a third of a lease: see end
		}
		return false, nil
	}
}
