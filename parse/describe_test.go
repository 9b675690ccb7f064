package parse

import (
	"fmt"
	"strings"
)

var (
	opNames       = [...]string{"unknown", "insert", "update", "delete", "truncate", "copy", "merge", "create"}
	conflictNames = [...]string{"", "do-nothing", "do-update", "replaces", "update-on-key", "abort-or-rollback"}
	txNames       = [...]string{"", "begin", "commit", "rollback", "savepoint", "prepare", "finish-prepared", "several", "other"}
	limitNames    = [...]string{"", "at-least-1", "other"}
)

// describe writes facts down, one line for each that is not zero.
func describe(f *Facts) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		if s := strings.TrimSpace(fmt.Sprintf(format, args...)); s != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, s)
		}
	}
	flag := func(name string, set bool) {
		if set {
			b.WriteString(name + "\n")
		}
	}
	b.WriteString(f.Kind.String() + "\n")
	line("reason", "%s", f.Reason)
	line("name", "%s %s", f.Query, f.Command)
	if f.Statements != 1 {
		line("statements", "%d", f.Statements)
	}
	line("tables", "%s", list(f.Tables, tableText))
	for _, c := range f.Writes {
		line(opNames[c.Op], "%s", changeText(c))
	}
	if s := f.Select; s != nil {
		line("select", "%s", selectText(s))
		line("columns", "%s", list(s.Columns, columnText))
		line("literals", "%s", strings.Join(s.Literals, " | "))
		line("params", "%s", list(s.Params, valueText))
	}
	line("functions", "%s", list(f.Functions, func(f Function) string { return tableText(Table(f)) }))
	line("operators", "%s", strings.Join(f.Operators, " "))
	line("types", "%s", list(f.Types, tableText))
	flag("locks", f.Locks)
	flag("schema", f.Schema)
	flag("session", f.Session)
	line("tx", "%s", txNames[f.TxControl])
	flag("commits", f.Commits)
	flag("by mode", f.ByMode)
	line("disagreement", "%s", f.Disagreement)
	flag("panicked", f.Panicked)
	return b.String()
}

// brief is describe in one line, without what every text has.
func brief(f *Facts) string {
	var out []string
	for _, l := range strings.Split(strings.TrimSpace(describe(f)), "\n") {
		name, _, _ := strings.Cut(l, ":")
		switch name {
		case "columns", "params", "operators", "types", "literals", "tables":
		default:
			out = append(out, l)
		}
	}
	return strings.Join(out, "; ")
}

func list[T any](all []T, text func(T) string) string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = text(v)
	}
	return strings.Join(out, ", ")
}

func tableText(t Table) string {
	if t.Schema != "" {
		return t.Schema + "." + t.Name
	}
	return t.Name
}

func columnText(c Column) string { return tableText(Table{c.Qualifier, c.Name}) }

func valueText(v Value) string {
	s := "<expression>"
	switch v.Kind {
	case Param:
		s = fmt.Sprintf("$%d", v.Ordinal)
		if v.Name != "" {
			s += ":" + v.Name
		}
	case Literal:
		s = fmt.Sprintf("%T %v", v.Go, v.Go)
		if text, ok := v.Go.(string); ok {
			s = "'" + text + "'"
		}
		if i, ok := v.Go.(int64); ok {
			s = fmt.Sprint(i)
		}
	case Null:
		s = "null"
	case Default:
		s = "default"
	}
	if v.Cast != "" {
		s += "::" + v.Cast
	}
	return s
}

func equalityText(e Equality) string {
	values := list(e.Values, valueText)
	switch {
	case e.Any:
		return columnText(e.Column) + "=any(" + values + ")"
	case e.In:
		return columnText(e.Column) + " in (" + values + ")"
	}
	return columnText(e.Column) + "=" + values
}

func whereText(equalities []Equality, rest bool) string {
	s := ""
	if len(equalities) > 0 {
		s = " where " + list(equalities, equalityText)
	}
	if rest {
		s += " rest"
	}
	return s
}

func assignmentText(a Assignment) string { return a.Column + "=" + valueText(a.Value) }

func changeText(c Change) string {
	s := tableText(c.Table)
	if c.Alias != "" {
		s += " as " + c.Alias
	}
	if c.Columns != nil {
		s += "(" + strings.Join(c.Columns, ", ") + ")"
	}
	for _, row := range c.Rows {
		s += " row(" + list(row, valueText) + ")"
	}
	s += whereText(c.Equalities, c.Rest)
	if c.Set != nil {
		s += " set " + list(c.Set, assignmentText)
	}
	if c.Conflict != NoConflict {
		s += " on conflict"
		if c.Target != nil {
			s += "(" + strings.Join(c.Target, ", ") + ")"
		}
		s += " " + conflictNames[c.Conflict]
		if c.DoSet != nil {
			s += " set " + list(c.DoSet, assignmentText)
		}
	}
	if c.Returning {
		s += " returning"
	}
	return s
}

func selectText(p *Select) string {
	s := tableText(p.Table)
	if p.Alias != "" {
		s += " as " + p.Alias
	}
	s += whereText(p.Equalities, p.Rest)
	if p.Limit != NoLimit {
		s += " limit " + limitNames[p.Limit]
	}
	if p.Offset {
		s += " offset"
	}
	return s
}
