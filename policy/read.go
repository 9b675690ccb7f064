package policy

import (
	"database/sql/driver"

	"github.com/moneyclip/moneyclip/parse"
)

// readPlan is the decision on a text as a read, up to its arguments.
type readPlan struct {
	answer Read // Code is Miss where the arguments decide
	table  string
	parts  []keyPart
	others []parse.Value // PostgreSQL: parameters outside of the key
	clock  bool          // any text among them may be compared by the day's clock
}

// keyPart is one column of the key and the value that WHERE gives it.
type keyPart struct {
	pair  pair
	value parse.Value
}

// decide is the hot path: it allocates the key only.
func (p *readPlan) decide(args []driver.NamedValue) Read {
	if p.answer.Code != Miss {
		return p.answer
	}
	b, foreign := bind(args)
	if b == unclear || b == rewriter || foreign {
		return Read{Code: BypassKeyType, Reason: "an argument of a type that is not known"}
	}
	var buffer [128]byte
	key := buffer[:0]
	for i := range p.parts {
		part := &p.parts[i]
		var status partStatus
		if key, status = appendValue(key, part.pair, &part.value, args, b); status != partExact {
			return Read{Code: BypassKeyType, Reason: keyReasons[status]}
		}
	}
	for i := range p.others {
		a := argumentOf(&p.others[i], args, b)
		if !a.known {
			return Read{Code: BypassKeyType, Reason: keyReasons[partMissing]}
		}
		if isText, clock := textual(a.value); clock || isText && p.clock {
			return Read{Code: BypassVolatile, Reason: "an argument that may stand for the current time"}
		}
	}
	answer := p.answer
	answer.Row = Row{Table: p.table, Key: string(key)}
	return answer
}

var keyReasons = [...]string{
	partInexact: "a key value that is not an exact pair with its column",
	partNull:    "a key value is NULL",
	partMissing: "an argument is missing",
}

// textual reports whether a value reaches PostgreSQL as text, and whether that
// can be read as the current time.
func textual(v any) (is, clock bool) {
	switch s := v.(type) {
	case string:
		return true, readsClock(s)
	case []byte:
		return true, readsClock(string(s))
	}
	return false, false
}

// planRead decides on a text as a read, by the rules of soundness.md §3.
func (r *Rules) planRead(f *parse.Facts, called verdict, mayWrite bool) readPlan {
	refuse := func(code Code, reason string) readPlan {
		return readPlan{answer: Read{Code: code, Reason: reason}}
	}
	switch {
	case f.Kind == parse.Opaque:
		return refuse(BypassOpaque, orElse(f.Reason, "a text that is not understood"))
	case f.Kind == parse.Session || f.Session:
		return refuse(BypassSession, "the text changes the session")
	case f.Kind == parse.Transaction || f.TxControl != parse.NoTxControl:
		return refuse(BypassTransaction, "the text controls a transaction")
	case f.Kind != parse.Read || f.Schema || len(f.Writes) > 0:
		return refuse(BypassOpaque, "not a read")
	case f.Locks:
		return refuse(BypassLock, "a lock clause")
	case called.impure != "":
		return refuse(BypassVolatile, called.impure)
	}
	tables := make([]*relation, len(f.Tables))
	for i, t := range f.Tables {
		switch tables[i] = r.catalog.resolve(t); {
		case tables[i] == nil:
			return refuse(BypassNotBaseTable, "a table that is not in the catalog")
		case !tables[i].cacheable():
			return refuse(tables[i].refused, tables[i].reason)
		}
	}
	switch {
	case f.Select == nil || f.Statements != 1 || len(tables) != 1:
		return refuse(BypassNotPrimaryKey, orElse(f.Reason, "not a plain SELECT of one table"))
	case mayWrite:
		return refuse(BypassVolatile, "a statement that may write")
	}
	p := r.planSelect(f.Select, tables[0])
	if p.answer.Code == Miss && r.catalog.dialect == parse.MySQL && mixesTimes(r, f, tables[0], len(p.others)) {
		return refuse(BypassVolatile, "a TIME that may become a date by the day's clock")
	}
	return p
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// planSelect decides on a plain SELECT of a table whose rows may be cached.
func (r *Rules) planSelect(s *parse.Select, t *relation) readPlan {
	refuse := func(code Code, reason string) readPlan {
		return readPlan{answer: Read{Code: code, Reason: reason}}
	}
	rule, bound := r.rules[t]
	switch {
	case r.catalog.resolve(s.Table) != t:
		return refuse(BypassOpaque, "the tables of the text disagree")
	case !bound || rule.off:
		return refuse(BypassPolicy, "the policy says so")
	case s.Rest:
		return refuse(BypassNotPrimaryKey, "WHERE holds more than equalities")
	case s.Limit == parse.LimitOther || s.Offset:
		return refuse(BypassNotPrimaryKey, "a LIMIT or OFFSET that may drop the row")
	}
	for _, c := range s.Columns {
		if _, known := r.column(t, s.Table, s.Alias, c, true); !known {
			return refuse(unresolved(c.Name), "a name that is not a column of the table")
		}
		if r.drifts(t, c.Name) {
			return refuse(BypassVolatile, "a generated column that may be computed from more than the row")
		}
	}
	p := readPlan{
		answer: Read{Code: Miss, TTL: rule.ttl, Jitter: rule.jitter, MaxEntry: rule.maxEntry},
		table:  t.canonical,
		parts:  make([]keyPart, len(t.key)),
	}
	fixed := make([]bool, len(t.key))
	for _, e := range s.Equalities {
		at, known := r.column(t, s.Table, s.Alias, e.Column, false)
		place := -1
		for i, key := range t.key {
			if known && key == at {
				place = i
			}
		}
		switch {
		case place < 0:
			return refuse(BypassNotPrimaryKey, "WHERE names a column outside of the primary key")
		case e.In || e.Any || len(e.Values) != 1:
			return refuse(BypassNotPrimaryKey, "WHERE holds a list of keys")
		case fixed[place]:
			return refuse(BypassNotPrimaryKey, "WHERE names a column twice")
		case e.Values[0].Cast != "":
			return refuse(BypassKeyType, "a cast around the key")
		}
		fixed[place] = true
		p.parts[place] = keyPart{pair: t.columns[at].pair, value: e.Values[0]}
	}
	for i := range fixed {
		if !fixed[i] {
			return refuse(BypassNotPrimaryKey, "WHERE does not fix the whole primary key")
		}
		if refused := refuseValue(p.parts[i], r.catalog.dialect); refused != "" {
			return refuse(BypassKeyType, refused)
		}
	}
	return r.planOthers(s, t, p)
}

// refuseValue says why no execution can have an exact key value here.
func refuseValue(part keyPart, d parse.Dialect) string {
	switch part.value.Kind {
	case parse.Param:
		return ""
	case parse.Literal:
		if _, status := literalPart(part.pair, &part.value, d); status == partExact {
			return ""
		}
		return keyReasons[partInexact]
	case parse.Null:
		return keyReasons[partNull]
	}
	return "a key value that the database computes"
}

// literalPart is appendValue for a literal: PostgreSQL has no literals of
// bytes (X'1F' is a bit string).
func literalPart(p pair, v *parse.Value, d parse.Dialect) ([]byte, partStatus) {
	if _, bytes := v.Go.([]byte); bytes && d != parse.SQLite {
		return nil, partInexact
	}
	return appendValue(nil, p, v, nil, byPosition)
}

// planOthers looks at what the text holds besides the key: it is part of the
// stored result's identity, so it needs only to mean the same each time.
func (r *Rules) planOthers(s *parse.Select, t *relation, p readPlan) readPlan {
	refuse := func(code Code, reason string) readPlan {
		return readPlan{answer: Read{Code: code, Reason: reason}}
	}
	keyUses := 0
	for _, param := range s.Params {
		if usesKey(p.parts, &param) {
			keyUses++
		} else {
			p.others = append(p.others, param)
		}
	}
	params := 0
	for i := range p.parts {
		if p.parts[i].value.Kind == parse.Param {
			params++
		}
	}
	if keyUses != params {
		// The result may show the argument as it was given: 'A…' and 'a…' are
		// one UUID but two results.
		return refuse(BypassNotPrimaryKey, "the key's parameter is used more than once")
	}
	if r.catalog.dialect != parse.PostgreSQL {
		// Elsewhere only date functions read the clock from a text, and they
		// are not known to be deterministic.
		return p
	}
	p.clock = t.clockLiterals
	for _, literal := range s.Literals {
		if readsClock(literal) || p.clock {
			return refuse(BypassVolatile, "a literal that may stand for the current time")
		}
	}
	return p
}

// usesKey reports whether a parameter is one of the key's.
func usesKey(parts []keyPart, param *parse.Value) bool {
	for i := range parts {
		v := &parts[i].value
		if v.Kind != parse.Param {
			continue
		}
		if v.Ordinal != 0 && v.Ordinal == param.Ordinal || v.Name != "" && v.Name == param.Name {
			return true
		}
	}
	return false
}

// column resolves a reference to a column of t, which the text names as table
// or, if not empty, as alias. star says whether * is a column.
func (r *Rules) column(t *relation, table parse.Table, alias string, c parse.Column, star bool) (at int, known bool) {
	if c.Qualifier != "" {
		name := table.Name
		if alias != "" {
			name = alias
		}
		if r.catalog.foldName(c.Qualifier) != r.catalog.foldName(name) {
			return 0, false
		}
	}
	if c.Name == "*" {
		return 0, star
	}
	return r.ownColumn(t, c.Name)
}

// ownColumn resolves a bare column name of t.
func (r *Rules) ownColumn(t *relation, name string) (at int, known bool) {
	name = r.catalog.foldName(name)
	if at, known = t.position[name]; known {
		return at, true
	}
	if r.catalog.dialect == parse.SQLite && t.rowid >= 0 && (name == "rowid" || name == "oid" || name == "_rowid_") {
		return t.rowid, true
	}
	return 0, false
}

// unresolved returns the code for a name that is no column: PostgreSQL's
// system columns and SQLite's rowid change without the row, MySQL's _rowid
// stands for a key.
func unresolved(name string) Code {
	switch lowerASCII(name) {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "rowid", "oid", "_rowid_", "_rowid":
		return BypassVolatile
	}
	return BypassOpaque
}
