package driver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/policy"
)

func policyPath(t *testing.T, name, ttl string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("version: 1\ndefaults: {ttl: "+ttl+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPolicyInCodeComesBeforeTheFileOfTheDSNAndThatBeforeTheEnvironments(t *testing.T) {
	code, dsn, env := policyPath(t, "code.yaml", "1m"), policyPath(t, "dsn.yaml", "2m"), policyPath(t, "env.yaml", "3m")
	wrong := policyPath(t, "wrong.yaml", "never")
	for _, c := range []struct {
		name   string
		opts   []Option
		dsn    string
		env    string
		ttl    time.Duration
		policy bool
	}{
		{name: "code", opts: []Option{WithPolicyFile(code)}, dsn: wrong, env: wrong, ttl: time.Minute},
		{name: "code in Go", opts: []Option{WithPolicy(policy.Policy{})}, dsn: wrong, env: wrong, policy: true},
		{name: "data source name", dsn: dsn, env: wrong, ttl: 2 * time.Minute},
		{name: "environment", env: env, ttl: 3 * time.Minute},
		{name: "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("MONEYCLIP_POLICY", c.env)
			cfg := &config{}
			for _, o := range c.opts {
				o(cfg)
			}
			params := map[string]string{"moneyclip_store": "memory"}
			if c.dsn != "" {
				params["moneyclip_policy"] = c.dsn
			}
			if err := cfg.resolve(params); err != nil {
				t.Fatal(err)
			}
			if cfg.policyFile.opened.Defaults.TTL != c.ttl || (cfg.policy != nil) != c.policy || (cfg.policyFile.path != "") != (c.ttl != 0) {
				t.Errorf("%+v", cfg.policyFile)
			}
		})
	}
}

func TestWrongPolicyFilesFailAtOpenWithAllTheirMistakes(t *testing.T) {
	t.Setenv("MONEYCLIP_POLICY", "")
	path := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(path, []byte("version: 1\ndefaults: {tll: 1m}\ntables:\n  users: {ttl: soon}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		opts []Option
		path string
		want []string
	}{
		{name: "mistakes", path: path, want: []string{
			"moneyclip: policy: " + path + ":2:12: defaults: unknown key tll: did you mean ttl?",
			"moneyclip: policy: " + path + ":4:16: table users: ttl: want a duration such as 10m, not soon",
		}},
		{name: "no file", path: path + ".no", want: []string{"moneyclip: policy: open " + path + ".no: "}},
		{name: "no path", path: "", want: []string{"moneyclip: moneyclip_policy: want the path of a YAML file"}},
		{name: "two policies", path: path, opts: []Option{WithPolicy(policy.Policy{}), WithPolicyFile(policyPath(t, "a.yaml", "1m"))}, want: []string{
			"moneyclip: WithPolicy and WithPolicyFile: want one of them",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := &config{}
			for _, o := range c.opts {
				o(cfg)
			}
			err := cfg.resolve(map[string]string{"moneyclip_store": "memory", "moneyclip_policy": c.path})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in:\n%v", want, err)
				}
			}
		})
	}
}
