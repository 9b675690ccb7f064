package parse

import "slices"

// builder collects the facts of one text, statement by statement. The
// dialects walk their trees and tell it what they see.
type builder struct {
	facts Facts

	tables    set[Table]
	functions set[Function]
	operators set[string]
	types     set[Table]

	attributes set[Attribute]

	opaque   string // the first thing that is not understood
	notPlain string // the first reason why the text is no plain read of one table
	depth    int    // of the tree being walked
	scope    *scope // the common table expressions in sight

	unnumbered bool // the parameters' numbers are not known

	// What Select will hold, if there is one.
	columns  []Column
	literals []string
	params   []Value
}

func newBuilder() *builder {
	return &builder{facts: Facts{Kind: Read}}
}

// enter goes one level down the tree; false where it is too deep to walk.
// Each true is followed by a leave.
func (b *builder) enter() bool {
	if b.depth++; b.depth > maxTree {
		b.unknown(reasonTooDeep)
		b.depth--
		return false
	}
	return true
}

func (b *builder) leave() { b.depth-- }

// unknown makes the text opaque.
func (b *builder) unknown(reason string) {
	if b.opaque == "" {
		b.opaque = reason
	}
}

// special notes that the text is no plain read of one table.
func (b *builder) special(reason string) {
	if b.notPlain == "" {
		b.notPlain = reason
	}
}

// kind notes what one statement does.
func (b *builder) kind(k Kind) {
	b.facts.Kind = min(b.facts.Kind, k)
	switch k {
	case Schema:
		b.facts.Schema = true
	case Session:
		b.facts.Session = true
	}
}

func (b *builder) transaction(c TxControl) {
	b.kind(Transaction)
	if b.facts.TxControl != NoTxControl {
		c = TxSeveral
	}
	b.facts.TxControl = c
}

// temporary notes a table that only this connection sees.
func (b *builder) temporary() { b.facts.Session = true }

// write adds a change and its table.
func (b *builder) write(c Change) {
	if c.Op == Create {
		b.kind(Schema)
	} else {
		b.kind(Write)
	}
	b.tables.add(c.Table)
	b.facts.Writes = append(b.facts.Writes, c)
}

func (b *builder) param(v Value)    { b.params = append(b.params, v) }
func (b *builder) column(c Column)  { b.columns = append(b.columns, c) }
func (b *builder) literal(s string) { b.literals = append(b.literals, s) }
func (b *builder) function(schema, name string) {
	b.functions.add(Function{Schema: schema, Name: name})
}

// plain is what a dialect knows of a SELECT that may be Facts.Select.
type plain struct {
	table      Table
	alias      string
	equalities []Equality
	rest       bool
	limit      LimitKind
	offset     bool
}

// name is what a column of the table is qualified with.
func (p *plain) name() string {
	if p.alias != "" {
		return p.alias
	}
	return p.table.Name
}

// finish makes the facts. The plain SELECT is nil where there is none; same
// compares two identifiers.
func (b *builder) finish(p *plain, same func(a, b string) bool) *Facts {
	f := &b.facts
	f.Tables, f.Functions = b.tables.list, b.functions.list
	f.Operators, f.Types = b.operators.list, b.types.list
	f.Attributes = b.attributes.list
	if b.opaque != "" {
		f.Kind, f.Reason, f.Statements = Opaque, b.opaque, 0
		return f
	}
	if f.Kind != Read {
		return f
	}
	if p == nil {
		b.special(reasonNoQuery)
	} else {
		for _, c := range b.columns {
			if c.Qualifier != "" && !same(c.Qualifier, p.name()) {
				b.special(reasonQualifier)
			}
		}
	}
	if b.notPlain != "" {
		f.Reason = b.notPlain
		return f
	}
	f.Select = &Select{
		Table: p.table, Alias: p.alias,
		Equalities: p.equalities, Rest: p.rest,
		Columns: b.columns, Limit: p.limit, Offset: p.offset,
		Literals: b.literals, Params: b.params,
	}
	return f
}

// restrict keeps the equalities of an UPDATE or DELETE over one target, if
// they are all the target's.
func (c *Change) restrict(equalities []Equality, rest bool, same func(a, b string) bool) {
	name := (&plain{table: c.Table, alias: c.Alias}).name()
	for _, e := range equalities {
		if e.Column.Qualifier != "" && !same(e.Column.Qualifier, name) {
			rest = true
			continue
		}
		c.Equalities = append(c.Equalities, e)
	}
	c.Rest = rest
}

// scope is the common table expressions that a query sees, the nearest first.
type scope struct {
	names map[string]struct{}
	fold  func(string) string
	outer *scope
}

func (b *builder) open(fold func(string) string) *scope {
	return &scope{names: make(map[string]struct{}), fold: fold, outer: b.scope}
}

func (s *scope) add(name string) { s.names[s.fold(name)] = struct{}{} }

// has reports whether an unqualified name is a common table expression.
func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if _, ok := s.names[s.fold(name)]; ok {
			return true
		}
	}
	return false
}

// set keeps the order in which its elements were first added.
type set[T comparable] struct {
	list []T
	seen map[T]struct{} // once the list is too long to be searched
}

func (s *set[T]) add(v T) {
	if s.seen != nil {
		if _, ok := s.seen[v]; ok {
			return
		}
		s.seen[v] = struct{}{}
		s.list = append(s.list, v)
		return
	}
	for _, have := range s.list {
		if have == v {
			return
		}
	}
	s.list = append(s.list, v)
	if len(s.list) > 16 {
		s.seen = make(map[T]struct{}, 2*len(s.list))
		for _, have := range s.list {
			s.seen[have] = struct{}{}
		}
	}
}

func (s *set[T]) has(v T) bool {
	if s.seen != nil {
		_, ok := s.seen[v]
		return ok
	}
	return slices.Contains(s.list, v)
}
