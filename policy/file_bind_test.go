package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parsed(t *testing.T, text string) Policy {
	t.Helper()
	p, err := Parse("shop.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// bindError returns what Bind says, without the prefix of each line.
func bindError(p Policy, c *Catalog) string {
	_, err := Bind(p, c)
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "moneyclip: policy: ", "")
}

var shop = []string{
	`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)`, `CREATE TABLE followers (id INTEGER PRIMARY KEY, account_id INTEGER)`,
	`CREATE TABLE audit_log (id INTEGER PRIMARY KEY)`, `CREATE VIEW seen AS SELECT id FROM users`,
}

func TestMistakesOfAFileAgainstTheCatalogHaveTheirPlaces(t *testing.T) {
	c := sqlite(t, shop...).catalog(t)
	got := bindError(parsed(t, `version: 1
defaults: {ttl: 1m, refresh_ahead: 1m}
tables:
  user: {ttl: 1h}
  users: {}
  main.users: {}
  followers:
    tenant: app.tenant
  audit_log:
    ttl: 10s
queries:
  Count: {key: "count::%v", depends: [folowers(account_id)]}
  Mail: {key: "mail::%v", depends: [users(emial)]}
  Seen: {key: "seen", depends: [seen]}
`), c)
	want := strings.TrimSpace(`
shop.yaml:2:21: defaults: refresh_ahead 1m0s: want less than the ttl, 1m0s
shop.yaml:4:3: table user does not exist: did you mean users?
shop.yaml:5:3: table users is the same as main.users: want one of them
shop.yaml:8:5: table followers: tenant: sqlite has no row-level security
shop.yaml:9:3: table audit_log: refresh_ahead 1m0s: want less than the ttl, 10s
shop.yaml:12:29: query Count: table folowers does not exist: did you mean followers?
shop.yaml:13:27: query Mail: table users has no column emial: did you mean email?
shop.yaml:14:23: query Seen: depends on seen, a view table: want plain tables`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRulesOfAFile(t *testing.T) {
	db := sqlite(t, shop...)
	r := db.rules(t, parsed(t, `version: 1
defaults: {cache: false, ttl: 1h, jitter: 0%, max_entry: 1KiB}
tables:
  users: {jitter: 50%}
  followers:
  audit_log: {cache: false}
`))
	if got := r.planOf(`SELECT * FROM users WHERE id = 1`).Read(nil); got.Code != Miss || got.TTL != time.Hour || got.Jitter != 0.5 || got.MaxEntry != 1024 {
		t.Errorf("%+v", got)
	}
	if got := r.planOf(`SELECT * FROM followers WHERE id = 1`).Read(nil); got.Code != Miss || got.Jitter != 0 {
		t.Errorf("%+v", got)
	}
	if got := r.planOf(`SELECT * FROM audit_log WHERE id = 1`).Read(nil); got.Code != BypassPolicy {
		t.Errorf("%+v", got)
	}
	if got := r.Notices(); len(got) != 0 {
		t.Errorf("notices %q", got)
	}
}

// What asks for what happens anyway needs no notice.
func TestNoticesNameEachFieldOnce(t *testing.T) {
	db := postgres(t, shop[:2]...)
	r := db.rules(t, parsed(t, `version: 1
defaults: {negative_ttl: 0, repopulate: false, refresh_ahead: 0s, near: 0s}
tables:
  users: {near: 1s, repopulate: false, tenant: app.tenant}
  followers: {near: 2s, refresh_ahead: 1s, negative_ttl: 5s}
queries:
  Count: {key: "count::%v", depends: [followers(account_id)]}
`))
	want := []string{
		"shop.yaml:4:11: near is read but not acted on by this version",
		"shop.yaml:4:40: tenant is read but not acted on by this version",
		"shop.yaml:5:25: refresh_ahead is read but not acted on by this version",
		"shop.yaml:5:44: negative_ttl is read but not acted on by this version",
		"shop.yaml:6:1: queries is read but not acted on by this version",
	}
	if got := r.Notices(); !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	r = db.rules(t, Policy{Defaults: Defaults{Near: time.Second, Repopulate: new(true)}})
	if got := r.Notices(); !slices.Equal(got, []string{"near is read but not acted on by this version", "repopulate is read but not acted on by this version"}) {
		t.Errorf("%q", got)
	}
}

func TestGoFormIsCheckedLikeTheFile(t *testing.T) {
	c := sqlite(t, shop...).catalog(t)
	got := bindError(Policy{
		Defaults: Defaults{NegativeTTL: -1, Near: -1},
		Tables:   map[string]TableRule{"users": {Jitter: 2, NoNegative: true, NegativeTTL: time.Second, Near: 1, NoNear: true}},
		Queries:  map[string]QueryRule{"Count": {}, "Other": {Key: "%s"}},
		Effects: DeclaredEffects{
			Triggers:  map[string]TriggerEffect{"users.t": {}},
			Functions: map[string]FunctionEffect{"f()": {}},
		},
	}, c)
	for _, want := range []string{
		"defaults: negative_ttl -1ns", "defaults: near -1ns", "table users: jitter 2", "table users: negative_ttl together with NoNegative",
		"table users: near together with NoNear", "query Count: no key", "query Other: key %s: unknown verb %s",
		"trigger users.t: want the tables", "function f(): want what it does",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}
