package policy

import (
	"database/sql/driver"

	"github.com/moneyclip/moneyclip/parse"
)

// Plan is what facts, catalog and policy make of one text, all that can be
// known without its arguments. Plans are immutable and may be shared. The zero
// Plan bypasses and invalidates everything.
type Plan struct {
	Facts *parse.Facts

	// MayWrite is false for an ordinary read: Write then says that nothing is
	// touched, unless an argument [Rewrites] the text. So does WriteDirty, but
	// not for a text with Facts.ByMode, which may write in another sql_mode.
	MayWrite bool

	// Session reports that later answers of the connection may differ once the
	// text has been sent: settings, temporary tables, functions that change
	// them, and every text that is not understood. Transaction control is in
	// Facts.TxControl.
	Session bool

	known bool // made by Rules.Plan
	read  readPlan
	write writePlan
	dirty *writePlan // for WriteDirty; nil where it is write
}

// Plan makes the plan of a text.
func (r *Rules) Plan(f *parse.Facts) *Plan {
	called := r.called(f)
	p := &Plan{
		Facts:   f,
		Session: f.Session || f.Kind == parse.Session || f.Kind == parse.Opaque || called.session,
		known:   true,
	}
	p.write = r.planWrite(f, called, false)
	dirty := r.planWrite(f, called, true)
	p.dirty = &dirty
	p.MayWrite = p.write.touches() || dirty.touches()
	if f.ByMode {
		// With another sql_mode a string ends elsewhere, and what is behind it
		// may be a call or a statement.
		dirty = writePlan{all: "what the text means depends on sql_mode", reload: true}
	}
	p.read = r.planRead(f, called, p.MayWrite)
	return p
}

// called judges what a text calls, by any syntax.
func (r *Rules) called(f *parse.Facts) verdict {
	code := &r.code
	v := code.all(f)
	var plain []*relation
	if f.Select != nil {
		plain = r.named(f.Select.Table, true) // whatever the search path
	}
	for _, a := range f.Attributes {
		column := len(plain) > 0
		for _, table := range plain {
			_, known := r.ownColumn(table, a.Name)
			column = column && known
		}
		if !column {
			v.merge(code.attribute(a, len(f.Functions) > 0))
		}
	}
	return v
}

// Read decides on an execution as a read. An argument whose Value is not one
// of database/sql's value types is of unknown type; Go's own integers are
// known too.
func (p *Plan) Read(args []driver.NamedValue) Read {
	return p.read.decide(args)
}

// Write says what an execution invalidates.
func (p *Plan) Write(args []driver.NamedValue) Effects {
	if !p.known {
		return everything("no plan", false)
	}
	return p.write.effects(args)
}

// WriteDirty is Write for a connection whose settings are not those that the
// catalog was read under, or not known: SET search_path, temporary tables,
// another encoding, another sql_mode. An unqualified name stands for the tables of that name in
// all schemas, and no text makes a key unless every setting reads it alike. In
// SQLite, where such a connection may have temporary triggers, every write
// invalidates everything; in MySQL every text with Facts.ByMode does. It does
// not know of [Session.Foreign].
func (p *Plan) WriteDirty(args []driver.NamedValue) Effects {
	if !p.known {
		return everything("no plan", false)
	}
	return p.dirty.effects(args)
}
