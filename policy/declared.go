package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// aftermath is what a write to a table brings about by its triggers.
type aftermath struct {
	tables []*relation // all that is written, the table itself aside
	all    string      // why everything is invalidated; empty if that is not so
}

// follows says why a write to t invalidates everything; empty if it need not:
// what its triggers write besides is in r.after then.
func (r *Rules) follows(t *relation) string {
	if t.writesAll != "" {
		return t.writesAll
	}
	if len(t.triggers) == 0 {
		return ""
	}
	after, declared := r.after[t]
	if !declared {
		return "a write to a table with a trigger"
	}
	return after.all
}

// bindEffects takes in what a user declares that the database does.
func (r *Rules) bindEffects(p Policy, m *mistakes) {
	r.code = r.catalog.code
	known := r.bindTriggers(p, m)
	// Which tables a write to one writes directly, all triggers being known.
	direct := make(map[*relation][]*relation)
	for t, triggers := range known {
		if len(triggers) < len(t.triggers) {
			continue
		}
		direct[t] = nil
		for _, writes := range triggers {
			direct[t] = append(direct[t], writes...)
		}
	}
	r.after = make(map[*relation]aftermath, len(direct))
	for t := range direct {
		tables, all := reach(direct, direct[t])
		r.after[t] = aftermath{tables: tables, all: all}
	}
	r.bindFunctions(p, direct, m)
}

// reach returns all tables that writes to some tables end up writing, or why
// that cannot be said.
func reach(direct map[*relation][]*relation, from []*relation) (tables []*relation, all string) {
	for next := slices.Clone(from); len(next) > 0; {
		t := next[0]
		next = next[1:]
		if slices.Contains(tables, t) {
			continue
		}
		tables = append(tables, t)
		writes, declared := direct[t]
		switch {
		case t.writesAll != "":
			return nil, t.writesAll
		case t.readsRun != "":
			return nil, t.readsRun
		case t.actions:
			return nil, "a write to a table that foreign-key actions follow"
		case t.hiddenActions != "":
			return nil, t.hiddenActions
		case len(t.triggers) > 0 && !declared:
			return nil, "a write to a table with a trigger"
		}
		next = append(next, writes...)
	}
	slices.SortFunc(tables, func(a, b *relation) int { return strings.Compare(a.canonical, b.canonical) })
	return tables, ""
}

// bindTriggers finds the declared triggers: by table and name, what each
// writes.
func (r *Rules) bindTriggers(p Policy, m *mistakes) map[*relation]map[string][]*relation {
	known := make(map[*relation]map[string][]*relation)
	for _, name := range slices.Sorted(maps.Keys(p.Effects.Triggers)) {
		said := p.Effects.Triggers[name]
		at := p.at("effects", "triggers", name)
		writes := r.written(said.Writes, "trigger "+shown(name), p.at("effects", "triggers", name, "writes"), m)
		if !strings.Contains(name, ".") {
			continue // said by check
		}
		t, trigger, err := r.lookupTrigger(name)
		if err != nil {
			m.add(at, "%w", err)
			continue
		}
		if _, twice := known[t][trigger]; twice {
			m.add(at, "trigger %s is there under another spelling: want one of them", shown(name))
			continue
		}
		if known[t] == nil {
			known[t] = make(map[string][]*relation)
		}
		known[t][trigger] = writes
	}
	return known
}

// written resolves the tables that a declaration names.
func (r *Rules) written(names []string, what string, at place, m *mistakes) (tables []*relation) {
	for _, name := range names {
		t, err := r.lookup(name)
		switch {
		case err != nil:
			m.add(at, "%s writes: %w", what, err)
		case slices.Contains(tables, t):
			m.add(at, "%s writes: table %s is there twice", what, shown(name))
		default:
			tables = append(tables, t)
		}
	}
	return tables
}

// lookupTrigger resolves table.trigger. Either name may hold a dot itself.
func (r *Rules) lookupTrigger(name string) (t *relation, trigger string, err error) {
	var found []*relation
	for at := range len(name) {
		if name[at] != '.' {
			continue
		}
		table, lookup := r.lookup(name[:at])
		if lookup != nil {
			if t == nil {
				err = fmt.Errorf("trigger %s: %w", shown(name), lookup)
			}
			continue
		}
		own := r.catalog.foldName(name[at+1:])
		t, err = table, nil
		for _, known := range table.triggers {
			if r.catalog.foldName(known) == own {
				found, trigger = append(found, table), known
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], trigger, nil
	case len(found) > 1:
		return nil, "", fmt.Errorf("trigger %s is ambiguous: want the schema before the table", shown(name))
	case err != nil:
		return nil, "", err
	case len(t.triggers) == 0:
		return nil, "", fmt.Errorf("trigger %s: table %s has no triggers", shown(name), t.canonical)
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return nil, "", fmt.Errorf("trigger %s: table %s has no such trigger%s", shown(name), t.canonical, suggest(last, t.triggers))
}

// idle lists the triggers whose declaration changes nothing, and why.
func (r *Rules) idle(p Policy) (notices []string) {
	m := p.mistakes()
	note := func(at place, format string, args ...any) {
		notices = append(notices, m.prefix(at)+fmt.Sprintf(format, args...))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Effects.Triggers)) {
		t, _, err := r.lookupTrigger(name)
		if err != nil {
			continue // not reached: Bind has said so
		}
		reason := r.follows(t)
		if _, all := r.after[t]; !all {
			reason = "not all of its triggers are declared: it has " + strings.Join(t.triggers, ", ")
		}
		if reason == "" && t.actions {
			reason = "foreign-key actions follow its updates and deletes"
		}
		if reason != "" {
			note(p.at("effects", "triggers", name), "trigger %s: writes to %s invalidate everything all the same (%s)", shown(name), t.canonical, reason)
		}
	}
	return notices
}
