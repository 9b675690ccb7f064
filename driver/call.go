package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"time"

	"github.com/moneyclip/moneyclip/cache"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// call is one execution of a text, direct or prepared: both take the same way
// from here.
type call struct {
	c      *conn
	r      *realm
	t      *text
	stmt   *stmt // nil: direct
	query  string
	args   []sqldriver.NamedValue // as given; of a direct call, or of a statement whose link was taken, not yet converted
	sent   []sqldriver.NamedValue // converted; nil until ready
	values []sqldriver.NamedValue // what they mean
	start  time.Time              // zero where nobody watches
	acts   bool                   // it does, or may do, more than read
	// owed says that the call has told the store something, or learnt from it,
	// or was counted: where the inner connection answers ErrSkip it goes on
	// here, and does not come again through database/sql, for which all that
	// would be done twice.
	owed    bool
	skipped bool // it went on by a statement of its own
}

func (c *conn) call(ctx context.Context, query string, s *stmt, args []sqldriver.NamedValue) (*call, error) {
	r, err := c.realm(ctx)
	if err != nil {
		return nil, err
	}
	c.reassure(ctx)
	if !r.degraded.IsZero() && time.Now().After(r.degraded) {
		c.cn.reloadSoon(r)
	}
	k := &call{c: c, r: r, t: r.texts.Of(query), stmt: s, query: query, args: args, values: meanings(args, r.passes)}
	k.acts = k.t.acts() || policy.Rewrites(args) // pgx: an argument may make another text of it
	if c.cn.watchers.any() {
		k.start = time.Now()
	}
	return k, nil
}

// ready makes the link and, of a prepared call, the inner statement ready, and
// converts the arguments of a direct one: all that can fail before anything is
// held or sent. values keeps only the meanings that the conversion left alone.
// It returns ErrSkip where the inner connection does not take the call.
func (k *call) ready(ctx context.Context, query bool) error {
	var si sqldriver.Stmt
	inner, err := k.c.use(ctx)
	switch {
	case err != nil:
		return err
	case k.stmt == nil && !takes(inner, query):
		return sqldriver.ErrSkip
	case k.stmt != nil:
		if si, err = k.stmt.use(ctx); err != nil {
			return err
		}
		if !k.stmt.unchecked {
			k.sent = k.args // database/sql has had them checked
		}
	}
	if k.sent == nil {
		args, err := checkArgs(inner, si, k.args)
		if err != nil {
			return err
		}
		k.sent, k.values = args, agree(k.values, args, k.r.passes)
	}
	return nil
}

// runQuery asks the database.
func (k *call) runQuery(ctx context.Context) (rows sqldriver.Rows, err error) {
	err = k.ready(ctx, true)
	switch {
	case (err == nil || err == sqldriver.ErrSkip) && k.misread(): //nolint:errorlint // database/sql compares with ==
		k.acts = true
		return k.run(ctx)
	case err == sqldriver.ErrSkip && k.skips(err): //nolint:errorlint // database/sql compares with ==
		rows, err = k.querySkipped(ctx)
	case err != nil:
		return nil, err
	case k.stmt != nil:
		rows, err = stmtQuery(ctx, k.stmt.inner, k.sent)
	default:
		rows, err = connQuery(ctx, k.c.link.inner, k.query, k.sent)
		if k.skips(err) {
			rows, err = k.querySkipped(ctx)
		}
	}
	k.c.failed(err)
	return rows, err
}

func (k *call) runExec(ctx context.Context) (result sqldriver.Result, err error) {
	if err := k.ready(ctx, false); err != nil {
		return nil, err
	}
	k.c.worked = true
	if k.misread() {
		k.acts = true
		return k.exec(ctx)
	}
	if k.stmt == nil {
		result, err = connExec(ctx, k.c.link.inner, k.query, k.sent)
		if k.skips(err) {
			result, err = k.execSkipped(ctx)
		}
	} else if result, err = stmtExec(ctx, k.stmt.inner, k.sent); k.lingers() {
		k.stmt.forget()
	}
	k.c.failed(err)
	return result, err
}

// misread reports whether a text that reads may be one that writes to this
// session: its sql_mode may end a quoted string elsewhere (MySQL).
func (k *call) misread() bool {
	return k.t.Facts.ByMode && !k.acts && !k.c.link.like(k.r)
}

// lingers reports whether a prepared execution leaves its statement open in the
// database: SQLite's driver takes one step of a text that returns rows, and
// resets it with the next binding. Until then a write is not committed, and a
// read keeps its snapshot.
func (k *call) lingers() bool {
	if k.c.cn.cfg.dialect != parse.SQLite || k.c.cn.cfg.mock {
		return false
	}
	f := k.t.Facts
	if f.Kind != parse.Write {
		return true
	}
	for _, w := range f.Writes {
		if w.Returning {
			return true
		}
	}
	return false
}

// failed notes an error in a transaction that the database may have rolled
// back by itself: SQLite after a conflict clause or an interrupt, MySQL to break
// a deadlock. What follows is then in autocommit.
func (c *conn) failed(err error) {
	if err != nil && err != sqldriver.ErrSkip && c.tx != nil && c.cn.cfg.dialect != parse.PostgreSQL { //nolint:errorlint // database/sql compares with ==
		c.link.loose = true
	}
}

// read serves a text that changes nothing.
func (k *call) read(ctx context.Context) (sqldriver.Rows, error) {
	code, reason := k.c.bypass(ctx, k.r)
	if ctx.Err() != nil { // the inner driver says it in its own words
		code, reason = policy.BypassRequested, "the context has ended"
	}
	var d policy.Read
	if code == policy.Hit {
		d = k.t.Read(k.values)
		code, reason = d.Code, d.Reason
	}
	if code != policy.Miss {
		if code == policy.BypassNotBaseTable || k.c.cn.cfg.policyFile.path != "" {
			k.c.cn.ageing(k.r) // made or renamed elsewhere, or allowed by another policy, perhaps
		}
		return k.live(ctx, code, reason)
	}
	id := k.expected()
	fp, ok := id.fingerprint(k.values)
	if !ok {
		return k.live(ctx, policy.BypassKeyType, "an argument has no exact form")
	}
	k.owed = true
	f := fetch{call: k, decision: d, row: cache.Row(d.Row), id: id, fp: fp}
	if requestOf(ctx) == refreshing {
		return k.missed(ctx, f, k.lease(ctx, &f))
	}
	look := k.r.cache.Lookup(ctx, f.row, fp)
	if look.Outcome != cache.Found || k.outdated() {
		return k.missed(ctx, f, look)
	}
	result, ok := cache.Decode(look.Entry)
	switch {
	case !ok: // of another version, or damaged: a miss, and replaced
	case k.c.cn.cfg.serving == observe:
		f.compare = result
	default:
		k.note(policy.Hit, "")
		return newResultRows(result, nil), nil
	}
	return k.missed(ctx, f, k.lease(ctx, &f))
}

// lease asks for the right to replace what is there: a lookup for something
// that is never kept.
func (k *call) lease(ctx context.Context, f *fetch) cache.Lookup {
	never := f.fp
	never[0] ^= 0xff
	return k.r.cache.Lookup(ctx, f.row, never)
}

// outdated reports whether another process has changed what this one's catalog
// says, and has it read again. It is asked after the lookup, which may have
// learnt of the change itself.
func (k *call) outdated() bool {
	epoch, seen := k.r.cache.SeenEpoch()
	if !seen || k.r.known && epoch == k.r.epoch {
		return false
	}
	k.c.cn.reloadSoon(k.r)
	return true
}

// missed asks the database, and fills if the lookup allows it.
func (k *call) missed(ctx context.Context, f fetch, look cache.Lookup) (sqldriver.Rows, error) {
	if k.outdated() {
		return k.live(ctx, policy.BypassPolicy, "the catalog changed and is being read again")
	}
	switch look.Outcome {
	case cache.Absent:
		f.lease = look.Lease
		return f.rows(ctx)
	case cache.Held:
		return k.live(ctx, policy.BypassStore, "a writer holds the row")
	case cache.Quarantined:
		return k.live(ctx, policy.BypassStore, "the table's control state is new: waiting out one lease")
	}
	return k.live(ctx, policy.BypassStore, "the store does not answer")
}

// live asks the database and hands its rows on as they are. Only SQLite's are
// counted: an open result there holds a snapshot.
func (k *call) live(ctx context.Context, code policy.Code, reason string) (sqldriver.Rows, error) {
	rows, err := k.runQuery(ctx)
	if err == sqldriver.ErrSkip { //nolint:errorlint // database/sql compares with ==
		return nil, err // it comes again, prepared
	}
	if err != nil {
		k.failed(code, reason, err)
		return nil, err
	}
	k.note(code, reason)
	return k.c.untouched(rows), nil
}

// note counts a decision on a read and tells the watchers.
func (k *call) note(code policy.Code, reason string) {
	k.c.cn.counters.read(code, k.t)
	k.tell(code, reason, nil)
}

// failed notes a read that the database did not answer, unless database/sql
// tries it again on another connection.
func (k *call) failed(code policy.Code, reason string, err error) {
	if !errors.Is(err, sqldriver.ErrBadConn) {
		k.note(code, reason)
	}
}

func (k *call) tell(code policy.Code, reason string, tables []string) {
	if k.start.IsZero() {
		return
	}
	k.c.cn.watchers.tell(Event{
		Name:     k.t.Facts.Query,
		Query:    k.query,
		Code:     code,
		Reason:   reason,
		Tables:   tables,
		Duration: time.Since(k.start),
	})
}
