package driver

import (
	sqldriver "database/sql/driver"
	"sync/atomic"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// text is a statement's plan with all that the driver adds to it. It is
// immutable but for its tallies and its way, and shared.
type text struct {
	*policy.Plan
	direct, prepared identity // the beginnings of its fingerprints
	table, query     *tally

	// way is which of the two the text's direct calls with arguments take in
	// fact: a driver may leave them to a statement (MySQL's does by default).
	way atomic.Int32
}

// The ways of a direct call.
const (
	wayUnknown int32 = iota
	wayDirect
	wayPrepared // the inner connection answers driver.ErrSkip
)

// went notes which way a direct call with arguments took. What one text does
// the connector's next new text is expected to do.
func (t *text) went(cn *connector, way int32) {
	if t.way.Load() != way {
		t.way.Store(way)
		cn.way.Store(way)
	}
}

// acts reports whether running the text does more than read.
func (t *text) acts() bool {
	f := t.Facts
	return t.MayWrite || t.Session || f.Schema || f.Commits || f.TxControl != parse.NoTxControl || f.Kind == parse.Opaque
}

// effects says what an execution on a link invalidates. A session that is not
// as the catalog was read under may mean other tables, and other keys.
func (t *text) effects(r *realm, l *link, args []sqldriver.NamedValue) policy.Effects {
	if l.session.Foreign != "" {
		return policy.Effects{Code: policy.InvalidateAll, Reason: l.session.Foreign, All: true, Reload: t.Write(args).Reload}
	}
	if t.Session && t.MayWrite {
		// The text may change what its own writes mean.
		return policy.Effects{Code: policy.InvalidateAll, Reason: "the text changes the session and writes", All: true, Reload: t.Write(args).Reload}
	}
	if !l.like(r) {
		return t.WriteDirty(args)
	}
	return t.Write(args)
}

// like reports whether a link's session is as the catalog was read under, so
// that texts mean on it what the plans say.
func (l *link) like(r *realm) bool {
	return !l.dirty && !l.unsure && l.session.NoCache == "" && l.session.Fingerprint == r.session.Fingerprint
}

// misspelt reports whether the text is not understood, and does not look like
// transaction control.
func (t *text) misspelt() bool {
	f := t.Facts
	return f.Kind == parse.Opaque && !f.Schema && f.TxControl == parse.NoTxControl
}

// mayEnd reports whether the text may end a transaction that was begun by text
// or by the driver API, so that what is pending may become visible with it:
// in MySQL a schema change commits, and so does the beginning of another one.
func (t *text) mayEnd() bool {
	switch t.Facts.TxControl {
	case parse.TxCommit, parse.TxRollback, parse.TxPrepare, parse.TxSeveral:
		return true
	}
	return t.Facts.Commits || t.Facts.Kind == parse.Opaque
}

// mayBegin reports whether the text may leave a transaction open.
func (t *text) mayBegin() bool {
	switch t.Facts.TxControl {
	case parse.TxBegin, parse.TxSeveral:
		return true
	}
	return t.Facts.Kind == parse.Opaque
}
