package policy

import (
	"github.com/goccy/go-yaml/ast"
)

// policy reads the whole file. The fields that a user may write are those of
// the functions below, and no others.
func (r *reader) policy(body ast.Node, p *Policy) {
	versioned := false
	r.object(node{Node: body}, []field{
		{"version", func(n node) { versioned = true; r.version(n) }},
		{"defaults", func(n node) { r.defaults(n, &p.Defaults) }},
		{"tables", func(n node) {
			p.Tables = make(map[string]TableRule)
			r.named(n, "tables by name, such as users: {ttl: 12h}", func(name string, n node) {
				n.what = "table " + shown(name)
				p.Tables[name] = r.table(n)
			})
		}},
		{"queries", func(n node) {
			p.Queries = make(map[string]QueryRule)
			r.named(n, "queries by sqlc's name", func(name string, n node) {
				n.what = "query " + shown(name)
				p.Queries[name] = r.query(n)
			})
		}},
		{"effects", func(n node) { r.effects(n, &p.Effects) }},
	})
	if _, mapping := body.(*ast.MappingNode); mapping && !versioned {
		r.add(place{1, 1}, "no version: want version: 1")
	}
}

// version 1 is the only one so far.
func (r *reader) version(n node) {
	text, ok := value(n.Node)
	_, number := n.Node.(*ast.IntegerNode)
	switch {
	case ok && number && text == "1":
	case ok && number:
		r.wrong(n, "version %s: this release reads version 1", shown(text))
	default:
		r.want(n, "the number 1")
	}
}

// named reads a mapping whose keys are names of a user's things.
func (r *reader) named(n node, wanted string, each func(name string, n node)) {
	if _, null := n.Node.(*ast.NullNode); null {
		return // a heading with nothing below it yet
	}
	r.mapping(n, wanted, func(key string, _ place, value node) { each(key, value) })
}

// lifetime is the fields that the defaults and each table have.
func (r *reader) lifetime(w *wish) []field {
	return []field{
		{"ttl", r.duration(&w.ttl, nil)},
		{"jitter", r.percent(&w.jitter, func() { w.noJitter = true })},
		{"max_entry", r.size(&w.maxEntry)},
		{"negative_ttl", r.duration(&w.negative, func() { w.noNegative = true })},
		{"repopulate", r.bool(func(b bool) { w.repopulate = &b })},
		{"refresh_ahead", r.duration(&w.ahead, func() { w.noAhead = true })},
		{"near", r.duration(&w.near, func() { w.noNear = true })},
	}
}

func (r *reader) defaults(n node, d *Defaults) {
	if _, null := n.Node.(*ast.NullNode); null {
		return
	}
	var w wish
	n.what = "defaults"
	r.object(n, append(r.lifetime(&w),
		field{"cache", r.bool(func(b bool) { d.Listed = !b })}))
	d.TTL, d.Jitter, d.NoJitter, d.MaxEntry = w.ttl, w.jitter, w.noJitter, w.maxEntry
	d.NegativeTTL, d.NoNegative, d.Repopulate, d.RefreshAhead, d.Near = w.negative, w.noNegative, w.repopulate, w.ahead, w.near
}

func (r *reader) table(n node) (t TableRule) {
	if _, null := n.Node.(*ast.NullNode); null {
		return t // listed, with the defaults
	}
	var w wish
	r.object(n, append(r.lifetime(&w),
		field{"cache", r.bool(func(b bool) { t.Off = !b })},
		field{"tenant", r.text(&t.Tenant, "a setting such as app.tenant")}))
	t.TTL, t.Jitter, t.NoJitter, t.MaxEntry = w.ttl, w.jitter, w.noJitter, w.maxEntry
	t.NegativeTTL, t.NoNegative, t.Repopulate = w.negative, w.noNegative, w.repopulate
	t.RefreshAhead, t.NoRefreshAhead, t.Near, t.NoNear = w.ahead, w.noAhead, w.near, w.noNear
	return t
}

func (r *reader) query(n node) (q QueryRule) {
	r.object(n, []field{
		{"key", r.text(&q.Key, `a template such as "account::followers::account-id-%v"`)},
		{"depends", r.texts(&q.Depends, "a list such as [followers(account_id)]", func() {})},
		{"ttl", r.duration(&q.TTL, nil)},
		{"symmetrical", r.bool(func(b bool) { q.Symmetrical = b })},
	})
	return q
}

func (r *reader) effects(n node, e *DeclaredEffects) {
	if _, null := n.Node.(*ast.NullNode); null {
		return
	}
	const tables = "a list of tables such as [audit_log]"
	r.object(n, []field{
		{"triggers", func(n node) {
			e.Triggers = make(map[string]TriggerEffect)
			r.named(n, "triggers by table.trigger", func(name string, n node) {
				var t TriggerEffect
				n.what = "trigger " + shown(name)
				r.object(n, []field{{"writes", r.texts(&t.Writes, tables, func() { t.WritesNothing = true })}})
				e.Triggers[name] = t
			})
		}},
		{"functions", func(n node) {
			e.Functions = make(map[string]FunctionEffect)
			r.named(n, "functions by name(types)", func(name string, n node) {
				var f FunctionEffect
				n.what = "function " + shown(name)
				r.object(n, []field{
					{"writes", r.texts(&f.Writes, tables, func() { f.WritesNothing = true })},
					{"pure", func(n node) {
						r.bool(func(b bool) {
							if f.Pure = b; !b {
								r.wrong(n, "%s: false says nothing: leave the function out, or say what it writes", n.what)
							}
						})(n)
					}},
				})
				e.Functions[name] = f
			})
		}},
	})
}
