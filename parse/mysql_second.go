package parse

import (
	"strings"

	"github.com/xwb1989/sqlparser"
)

// maxSecond bounds what the second parser is given.
const maxSecond = 64 << 10

// The kinds on which the two parsers have to agree. The second one has no
// opinion on what it only recognises by its first word.
type verdict uint8

const (
	noOpinion verdict = iota
	saysRead
	saysWrite
	saysOther // schema, session, transaction
)

// The reasons of Facts.Disagreement.
const (
	disagreeKind   = "one parser says write, the other something else"
	disagreeRead   = "one parser says read, the other something else"
	disagreeTables = "the parsers find different tables"
)

// secondOpinion compares the facts made from marino's tree with what
// sqlparser, another grammar of another origin, says of the same text. Where
// it does not accept the text the facts stand. Where the two disagree, a read
// is opaque, and a write changes whatever either of them found.
func secondOpinion(text string, f *Facts) *Facts {
	if f.Kind == Opaque || f.Statements == 0 || len(text) > maxSecond {
		return f
	}
	s := secondParse(text)
	if s == nil {
		return f
	}
	return s.compare(f)
}

// second is what sqlparser says.
type second struct {
	says   verdict
	tables set[Table]
}

// secondParse parses each statement of a text. It is nil where one of them is
// not accepted; a panic of the parser is no acceptance.
func secondParse(text string) (s *second) {
	defer func() {
		if recover() != nil {
			s = nil
		}
	}()
	s = &second{}
	for _, piece := range pieces(text) {
		statement, err := sqlparser.ParseStrictDDL(piece)
		if err != nil || statement == nil {
			return nil
		}
		s.says = max(s.says, s.statement(statement))
	}
	return s
}

// pieces cuts a text at the semicolons between its statements.
func pieces(text string) []string {
	var out []string
	start, depth, empty := 0, 0, true
	s := scanner{dialect: MySQL, text: text}
	for s.next() {
		c := byte(0)
		if s.kind == punctToken {
			c = text[s.start]
		}
		switch {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			if !empty {
				out = append(out, text[start:s.start])
			}
			start, empty = s.end, true
			continue
		}
		empty = false
	}
	if !empty {
		out = append(out, text[start:])
	}
	return out
}

// statement says what kind of statement it is, and collects its tables.
func (s *second) statement(n sqlparser.Statement) verdict {
	switch v := n.(type) {
	case *sqlparser.Select, *sqlparser.Union, *sqlparser.ParenSelect:
		s.walk(v)
		return saysRead
	case *sqlparser.Insert:
		s.table(v.Table)
		s.walk(v)
		return saysWrite
	case *sqlparser.Update:
		s.walk(v)
		return saysWrite
	case *sqlparser.Delete:
		s.targets(v)
		s.walk(v)
		return saysWrite
	case *sqlparser.DDL:
		if v.Action == sqlparser.TruncateStr {
			s.table(v.Table)
			return saysWrite
		}
		return saysOther
	case *sqlparser.DBDDL, *sqlparser.Begin, *sqlparser.Commit, *sqlparser.Rollback, *sqlparser.Use:
		return saysOther
	}
	return noOpinion // SET, SHOW, DESCRIBE and the administrator's
}

// walk collects the tables of FROM, wherever it stands. sqlparser's own walk
// leaves out what stands behind a UNION.
func (s *second) walk(n sqlparser.SQLNode) {
	sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		switch v := n.(type) {
		case *sqlparser.AliasedTableExpr:
			if t, ok := v.Expr.(sqlparser.TableName); ok {
				s.table(t)
			}
		case *sqlparser.Union:
			s.walk(v.OrderBy)
			s.walk(v.Limit)
		}
		return true, nil
	}, n)
}

func (s *second) table(t sqlparser.TableName) {
	if name := t.Name.String(); !strings.EqualFold(name, "dual") || !t.Qualifier.IsEmpty() {
		s.tables.add(Table{Schema: t.Qualifier.String(), Name: name})
	}
}

// targets collects what a DELETE over several tables names before its FROM
// and does not find there, as a table or as an alias.
func (s *second) targets(d *sqlparser.Delete) {
	var known set[string]
	sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		if v, ok := n.(*sqlparser.AliasedTableExpr); ok {
			known.add(v.As.String())
			if t, ok := v.Expr.(sqlparser.TableName); ok && v.As.IsEmpty() {
				known.add(t.Name.String())
			}
		}
		return true, nil
	}, d.TableExprs)
	for _, t := range d.Targets {
		found := false
		for _, name := range known.list {
			found = found || strings.EqualFold(name, t.Name.String())
		}
		if !found {
			s.table(t)
		}
	}
}

// compare decides.
func (s *second) compare(f *Facts) *Facts {
	says := saysOther
	switch f.Kind {
	case Read:
		says = saysRead
	case Write:
		says = saysWrite
	}
	disagreement := ""
	switch {
	case s.says == noOpinion:
	case says != s.says && (says == saysRead || s.says == saysRead) && says != saysWrite && s.says != saysWrite:
		disagreement = disagreeRead
	case says != s.says:
		disagreement = disagreeKind
	case says != saysOther && !s.sameTables(f.Tables):
		disagreement = disagreeTables
	}
	if disagreement == "" {
		return f
	}
	f.Disagreement = disagreement
	if f.Kind == Write && s.says == saysWrite {
		s.widen(f)
		return f
	}
	f.Kind, f.Reason, f.Select, f.Statements = Opaque, reasonDisagree, nil, 0
	return f
}

// sameTables compares the tables that both found, without dual. sqlparser
// spells a keyword that names a table in small letters, whatever the text.
func (s *second) sameTables(ours []Table) bool {
	count := 0
	for _, t := range ours {
		if t.Schema == "" && strings.EqualFold(t.Name, "dual") {
			continue
		}
		count++
		if !s.tables.has(t) && !s.tables.has(Table{t.Schema, lower(t.Name)}) {
			return false
		}
	}
	return count == len(s.tables.list)
}

// widen adds a change without bounds for every table that either parser
// found, unless there is one.
func (s *second) widen(f *Facts) {
	var all set[Table]
	for _, t := range f.Tables {
		all.add(t)
	}
	for _, t := range s.tables.list {
		all.add(t)
	}
	f.Tables = all.list
	for _, t := range all.list {
		if !changedAsAWhole(f.Writes, t) {
			f.Writes = append(f.Writes, Change{Table: t, Op: Update, Rest: true})
		}
	}
}

func changedAsAWhole(writes []Change, t Table) bool {
	for _, c := range writes {
		if c.Table == t && len(c.Equalities) == 0 && c.Set == nil && (c.Op == Update || c.Op == Delete || c.Op == Truncate) {
			return true
		}
	}
	return false
}
