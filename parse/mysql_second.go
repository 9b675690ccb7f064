package parse

import (
	"slices"
	"strings"

	"github.com/xwb1989/sqlparser"
)

// maxSecond bounds what the second parser is given.
const maxSecond = 64 << 10

// The reasons of Facts.Disagreement.
const (
	disagreeKind   = "one parser says write, the other something else"
	disagreeOther  = "one parser sees a change of the schema, the session or the transaction"
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

// second is what sqlparser says of a text.
type second struct {
	writes bool // a statement writes rows
	others bool // a statement changes the schema, the session or the transaction
	unsure bool // of a statement it knows the first word alone, and has no opinion
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
		s.statement(statement)
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

// statement notes what kind of statement it is, and its tables.
func (s *second) statement(n sqlparser.Statement) {
	switch v := n.(type) {
	case *sqlparser.Select:
		if len(v.SelectExprs) > 0 {
			if _, sequence := v.SelectExprs[0].(sqlparser.Nextval); sequence {
				s.unsure = true
				return
			}
		}
		s.walk(v)
	case *sqlparser.Union, *sqlparser.ParenSelect:
		s.walk(v)
	case *sqlparser.Insert:
		s.writes = true
		s.table(v.Table)
		s.walk(v)
	case *sqlparser.Update:
		s.writes = true
		s.walk(v)
	case *sqlparser.Delete:
		s.writes = true
		s.targets(v)
		s.walk(v)
	case *sqlparser.DDL:
		if v.Action == sqlparser.TruncateStr {
			s.writes = true
			s.table(v.Table)
			return
		}
		s.others = true
	case *sqlparser.DBDDL, *sqlparser.Begin, *sqlparser.Commit, *sqlparser.Rollback, *sqlparser.Use:
		s.others = true
	default:
		s.unsure = true // SET, SHOW, DESCRIBE and the administrator's
	}
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
	f.Disagreement = s.disagreement(f)
	switch {
	case f.Disagreement == "":
	case f.Disagreement == disagreeTables && len(f.Writes) > 0:
		s.widen(f)
	case f.Disagreement == disagreeTables && f.Kind == Read:
		// Both say that it reads: the tables are those of both, and it is kept
		// under none.
		f.Select, f.Reason = nil, reasonDisagree
		for _, t := range s.tables.list {
			if !slices.Contains(f.Tables, t) {
				f.Tables = append(f.Tables, t)
			}
		}
	default:
		f.Kind, f.Reason, f.Select, f.Statements = Opaque, reasonDisagree, nil, 0
	}
	return f
}

func (s *second) disagreement(f *Facts) string {
	writes := false
	for _, c := range f.Writes {
		writes = writes || c.Op != Create
	}
	others := f.Kind != Read && f.Kind != Write
	switch {
	case s.writes != writes && !(s.unsure && writes):
		return disagreeKind
	case s.others && !others, others && !s.others && !s.unsure:
		return disagreeOther
	case !s.unsure && !f.Schema && !s.sameTables(f.Tables):
		return disagreeTables
	}
	return ""
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
