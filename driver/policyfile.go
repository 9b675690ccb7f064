package driver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/moneyclip/moneyclip/policy"
)

// WithPolicyFile reads the policy from a YAML file: when the database is
// opened, with [Handle.ReloadPolicy], and whenever the catalog is read again.
// Not together with [WithPolicy].
func WithPolicyFile(path string) Option {
	return func(c *config) { c.set(policyName, path) }
}

const policyName = "moneyclip_policy"

// policyFile is the file that a connector's policy is read from.
type policyFile struct {
	path   string // absolute; empty: the policy is given in Go, or is the default
	opened policy.Policy
}

// policyParameter reads the file at once: a mistake in it is one of opening.
func policyParameter(c *config, path string) error {
	if path == "" {
		return errors.New("moneyclip: " + policyName + ": want the path of a YAML file")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	p, err := policy.ReadFile(absolute)
	if err != nil {
		return err
	}
	c.policyFile = policyFile{path: absolute, opened: p}
	return nil
}

// checkPolicy refuses two policies in code.
func (c *config) checkPolicy() error {
	if _, file := c.params[policyName]; file && c.policy != nil {
		return errors.New("moneyclip: WithPolicy and WithPolicyFile: want one of them")
	}
	return nil
}

// policyState is the policy in force, and what became of the file that was
// read last.
type policyState struct {
	mu    sync.Mutex // guards what follows
	known bool       // inForce is set
	p     policy.Policy
	err   error // why the file is not in force; nil if it is
}

// inForce is the policy that was bound last: at first what opening has found.
func (cn *connector) inForce() policy.Policy {
	s := &cn.policies
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.known:
		return s.p
	case cn.cfg.policyFile.path != "":
		return cn.cfg.policyFile.opened
	case cn.cfg.policy != nil:
		return *cn.cfg.policy
	}
	return policy.Policy{}
}

// bound notes which policy is in force, and why not the file's, if so.
func (cn *connector) bound(p policy.Policy, err error) {
	s := &cn.policies
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.p, s.err = true, p, err
}

// bind binds the policy to a catalog: that of the file as it is now, or, where
// that is wrong, the one that was in force before. The epoch must have been
// read before: whoever changes the file then tells of it by another epoch.
func (cn *connector) bind(c *policy.Catalog) (*policy.Rules, error) {
	before := cn.inForce()
	if cn.cfg.policyFile.path == "" {
		rules, err := policy.Bind(cn.withTTL(before), c)
		if err == nil {
			cn.notice(rules)
		}
		return rules, err
	}
	now, wrong := policy.ReadFile(cn.cfg.policyFile.path)
	if wrong == nil {
		var rules *policy.Rules
		if rules, wrong = policy.Bind(cn.withTTL(now), c); wrong == nil {
			cn.bound(now, nil)
			cn.warnings.over("policy")
			cn.notice(rules)
			return rules, nil
		}
	}
	rules, err := policy.Bind(cn.withTTL(before), c)
	if err != nil {
		return nil, wrong // neither: what the file says now is what must be put right
	}
	cn.bound(before, wrong)
	cn.warnings.say("policy", "moneyclip: the policy file cannot be put into force: the policy stays as it was", "error", wrong)
	return rules, nil
}

// withTTL is a policy with the default TTL of the data source name or the
// environment, where it sets none itself.
func (cn *connector) withTTL(p policy.Policy) policy.Policy {
	if p.Defaults.TTL == 0 {
		p.Defaults.TTL = cn.cfg.ttl
	}
	return p
}

// notice warns, once for each text, of what a policy asks for in vain.
func (cn *connector) notice(rules *policy.Rules) {
	if notices := rules.Notices(); len(notices) > 0 {
		text := strings.Join(notices, "; ")
		cn.warnings.say("notices "+text, "moneyclip: parts of the policy have no effect", "notices", text)
	}
}

// ReloadPolicy reads the policy file again and puts it into force: in this
// process when it returns, and in every other one of the namespace, which then
// reads its own file, as soon as it has seen that there is news: within a third
// of a lease where it looks anything up or writes, else some seconds after its
// next read. Everything that is kept is dropped. A file with a mistake in it is an error, and leaves the old policy in
// force. Replace the file by renaming another one to its name: half a file may
// be a policy too.
//
// An error about telling the others means that the policy is in force here
// alone: call again.
func (h *Handle) ReloadPolicy(ctx context.Context) error {
	cn := h.cn
	if cn.cfg.policyFile.path == "" {
		return errors.New("moneyclip: reload of the policy: it was not read from a file: name one with WithPolicyFile or moneyclip_policy")
	}
	r, err := h.realm(ctx)
	if err != nil {
		return err
	}
	p, err := policy.ReadFile(cn.cfg.policyFile.path)
	if err != nil {
		return err
	}
	if !r.degraded.IsZero() {
		return errors.New("moneyclip: reload of the policy: the catalog could not be read, without which it cannot be checked: try again")
	}
	if _, err := policy.Bind(cn.withTTL(p), r.catalog); err != nil && !cn.fitsNow(ctx, p) {
		return err
	}
	var everything keySet
	everything.add(policy.Effects{Code: policy.InvalidateAll, All: true}, r)
	hold, err := r.cache.Hold(ctx, everything.keys())
	if err != nil {
		return err
	}
	// From here on the change is carried through, whoever still waits for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), catalogTimeout)
	defer cancel()
	if err := cn.replacePolicy(ctx); err != nil {
		hold.Release()
		return err
	}
	cn.counters.codes[policy.InvalidateAll].Add(1)
	if cn.cfg.memory {
		hold.Release()
		return nil
	}
	// Another process goes by its old policy until it has seen the new epoch, a
	// third of a lease at most: until then it must not keep what the new one
	// would not, nor what no write of the new one would invalidate.
	hold.Unresolved(nil, r.cache.Lease()/3)
	return nil
}

// fitsNow reports whether a policy fits the catalog as it is by now: a table
// may have been made by another program.
func (cn *connector) fitsNow(ctx context.Context, p policy.Policy) bool {
	return cn.ask(ctx, func(q queryer) error {
		c, err := cn.catalogOf(ctx, q)
		if err != nil {
			return err
		}
		_, err = policy.Bind(cn.withTTL(p), c)
		return err
	}) == nil
}

// replacePolicy binds the file anew and tells the other processes, under a hold
// of everything. A write that was announced before, by rules that are withdrawn
// now, sees at its release that the epoch is another, and invalidates
// everything.
func (cn *connector) replacePolicy(ctx context.Context) error {
	if err := cn.reload(ctx, nil, nil); err != nil {
		return err
	}
	cn.policies.mu.Lock()
	err := cn.policies.err
	cn.policies.mu.Unlock()
	if err != nil {
		return err // the catalog, or the file, is another than a moment ago
	}
	r := cn.realm.Load()
	if !r.degraded.IsZero() {
		return errors.New("moneyclip: reload of the policy: the catalog could not be read: try again")
	}
	if err := r.cache.BumpEpoch(ctx); err != nil {
		return fmt.Errorf("moneyclip: reload of the policy: it is in force here, but other processes could not be told: %w", err)
	}
	// Once more, so that this process's catalog and policy are known to be of
	// the new epoch. Until they are, every read asks the database.
	if err := cn.reload(ctx, nil, nil); err != nil {
		cn.reloadSoon(cn.realm.Load())
	}
	return nil
}
