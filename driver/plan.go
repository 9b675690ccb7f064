package driver

import (
	sqldriver "database/sql/driver"

	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// text is a statement's plan with all that the driver adds to it. It is
// immutable but for its tallies, and shared.
type text struct {
	*policy.Plan
	direct, prepared identity // the beginnings of its fingerprints
	table, query     *tally
}

// acts reports whether running the text does more than read.
func (t *text) acts() bool {
	f := t.Facts
	return t.MayWrite || t.Session || f.Schema || f.TxControl != parse.NoTxControl || f.Kind == parse.Opaque
}

// effects says what an execution on a link invalidates. A session that is not
// as the catalog was read under may mean other tables, and other keys.
func (t *text) effects(r *realm, l *link, args []sqldriver.NamedValue) policy.Effects {
	if t.Session && t.MayWrite {
		// The text may change what its own writes mean.
		return policy.Effects{Code: policy.InvalidateAll, Reason: "the text changes the session and writes", All: true, Reload: t.Write(args).Reload}
	}
	if l.dirty || l.unsure || l.session.NoCache != "" || l.session.Fingerprint != r.session.Fingerprint {
		return t.WriteDirty(args)
	}
	return t.Write(args)
}

// misspelt reports whether the text is not understood, and does not look like
// transaction control.
func (t *text) misspelt() bool {
	f := t.Facts
	return f.Kind == parse.Opaque && !f.Schema && f.TxControl == parse.NoTxControl
}

// mayEnd reports whether the text may end a transaction that was begun by text
// or by the driver API, so that what is pending may become visible with it.
func (t *text) mayEnd() bool {
	switch t.Facts.TxControl {
	case parse.TxCommit, parse.TxRollback, parse.TxPrepare, parse.TxSeveral:
		return true
	}
	return t.Facts.Kind == parse.Opaque
}

// mayBegin reports whether the text may leave a transaction open.
func (t *text) mayBegin() bool {
	switch t.Facts.TxControl {
	case parse.TxBegin, parse.TxSeveral:
		return true
	}
	return t.Facts.Kind == parse.Opaque
}
