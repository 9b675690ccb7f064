package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check says what is wrong with a policy whatever the catalog.
func (p Policy) check(m *mistakes) {
	p.Defaults.wish().check(m, "defaults", func(field string) place { return p.at("defaults", field) })
	for _, name := range slices.Sorted(maps.Keys(p.Tables)) {
		t := p.Tables[name]
		t.wish().check(m, "table "+name, func(field string) place { return p.at("tables", name, field) })
		if t.Tenant != "" && !settingName(t.Tenant) {
			m.add(p.at("tables", name, "tenant"), "table %s: tenant %s: want a setting of your own such as app.tenant", name, shown(t.Tenant))
		}
	}
	p.checkQueries(m)
	p.Effects.check(m, p)
}

// settingName reports whether s is the name of a setting that a program makes
// up: PostgreSQL wants a dot in it.
func settingName(s string) bool {
	parts := strings.Split(s, ".")
	for _, part := range parts {
		if !identifier(part) {
			return false
		}
	}
	return len(parts) > 1
}

func identifier(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !('a' <= c && c <= 'z' || s[i] == '_' || i > 0 && '0' <= s[i] && s[i] <= '9') {
			return false
		}
	}
	return s != ""
}

func (p Policy) checkQueries(m *mistakes) {
	said := make(map[string]string) // by template
	for _, name := range slices.Sorted(maps.Keys(p.Queries)) {
		q := p.Queries[name]
		mistake := func(field, format string, args ...any) {
			m.add(p.at("queries", name, field), "query "+shown(name)+": "+format, args...)
		}
		if !identifier(name) {
			mistake("", "want a name as sqlc writes it: letters, digits and underscores")
		}
		if q.TTL != 0 && q.TTL < leastTTL {
			mistake("ttl", "ttl %v: want at least %v", q.TTL, leastTTL)
		}
		if strings.TrimSpace(q.Key) == "" {
			m.missing([]string{"queries", name, "key"}, p.at("queries", name), "query %s: no key: want a template such as %q", shown(name), "account::followers::account-id-%v")
			continue
		}
		verbs, wrong := readTemplate(q.Key)
		if wrong != "" {
			mistake("key", "%s", wrong)
			continue
		}
		if other, twice := said[q.Key]; twice {
			mistake("key", "key %s is that of the query %s too: want another", shown(q.Key), other)
		}
		said[q.Key] = name
		if q.Symmetrical && verbs == 0 {
			mistake("symmetrical", "symmetrical with a key without arguments: want a %%v for each argument")
		}
		p.checkDepends(q, verbs, mistake)
	}
}

func (p Policy) checkDepends(q QueryRule, verbs int, mistake func(field, format string, args ...any)) {
	seen := make(map[string]bool)
	for _, text := range q.Depends {
		table, columns, ok := readDependency(text)
		switch {
		case !ok:
			hint := ""
			if strings.ContainsAny(text, "()") {
				hint = `; where there is a comma in it, write it in quotes: ["friendships(a, b)"]`
			}
			mistake("depends", "depends on %s: want a table and its columns such as followers(account_id)%s", shown(text), hint)
			continue
		case seen[table+"\x00"+strings.Join(columns, "\x00")]:
			mistake("depends", "depends on %s twice", shown(text))
		case len(columns) > verbs:
			mistake("depends", "depends on %s: %d columns, but %%v is %d times in the key", shown(text), len(columns), verbs)
		}
		seen[table+"\x00"+strings.Join(columns, "\x00")] = true
		for i, c := range columns {
			if slices.Contains(columns[:i], c) {
				mistake("depends", "depends on %s: the column %s is there twice", shown(text), shown(c))
			}
		}
	}
}

// readTemplate counts the arguments of a key's template, or says what is wrong
// with it.
func readTemplate(key string) (verbs int, wrong string) {
	for i := 0; i < len(key); i++ {
		switch {
		case key[i] < ' ' || key[i] == 0x7f:
			return 0, fmt.Sprintf("key %s: a control character", shown(key))
		case key[i] != '%':
			continue
		case i+1 == len(key):
			return 0, fmt.Sprintf("key %s: a single %% at the end: want %%v for an argument, %%%% for a percent sign", shown(key))
		case key[i+1] == 'v':
			verbs++
		case key[i+1] != '%':
			_, verb := nextRune(key[i+1:])
			return 0, fmt.Sprintf("key %s: unknown verb %%%s: want %%v for an argument, %%%% for a percent sign", shown(key), verb)
		}
		i++
	}
	return verbs, ""
}

// readDependency takes "table(column, column)" or "table" apart.
func readDependency(text string) (table string, columns []string, ok bool) {
	text = strings.TrimSpace(text)
	table, rest, found := strings.Cut(text, "(")
	table = strings.TrimSpace(table)
	if !found {
		return table, nil, table != "" && !strings.Contains(table, ")")
	}
	rest, found = strings.CutSuffix(rest, ")")
	if !found || table == "" || strings.ContainsAny(rest, "()") {
		return "", nil, false
	}
	for column := range strings.SplitSeq(rest, ",") {
		column = strings.TrimSpace(column)
		if column == "" {
			return "", nil, false
		}
		columns = append(columns, column)
	}
	return table, columns, true
}

// check says what is wrong with the form of declarations.
func (e DeclaredEffects) check(m *mistakes, p Policy) {
	for _, name := range slices.Sorted(maps.Keys(e.Triggers)) {
		t := e.Triggers[name]
		mistake := func(format string, args ...any) {
			m.add(p.at("effects", "triggers", name, "writes"), "trigger "+shown(name)+": "+format, args...)
		}
		if !strings.Contains(name, ".") {
			m.add(p.at("effects", "triggers", name), "trigger %s: want its table before it, such as orders.%s", shown(name), name)
		}
		switch {
		case t.WritesNothing && len(t.Writes) > 0:
			mistake("writes tables and nothing: want one of them")
		case !t.WritesNothing && len(t.Writes) == 0:
			m.missing([]string{"effects", "triggers", name, "writes"}, p.at("effects", "triggers", name),
				"trigger %s: want the tables that it writes, such as writes: [audit_log]; writes: [] if it writes none", shown(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Functions)) {
		f := e.Functions[name]
		said := 0
		for _, one := range [...]bool{len(f.Writes) > 0, f.WritesNothing, f.Pure} {
			if one {
				said++
			}
		}
		at := p.at("effects", "functions", name)
		switch {
		case said > 1:
			m.add(at, "function %s: more than one effect: want either the tables that it writes or pure: true", shown(name))
		case said == 0 && !m.faulty[pathOf("effects", "functions", name, "writes")]:
			m.missing([]string{"effects", "functions", name, "pure"}, at, "function %s: want what it does: writes: [totals], writes: [] or pure: true", shown(name))
		}
	}
}
