package driver

import (
	"strings"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/cache"
)

func TestParametersTakePrecedenceByPlace(t *testing.T) {
	t.Setenv("MONEYCLIP_TTL", "3m")
	t.Setenv("MONEYCLIP_LEASE", "3s")
	t.Setenv("MONEYCLIP_MODE", "strict")
	c := &config{}
	c.set("moneyclip_ttl", "1m")
	err := c.resolve(map[string]string{"moneyclip_ttl": "2m", "moneyclip_lease": "2s", "moneyclip_store": "memory"})
	if err != nil {
		t.Fatal(err)
	}
	if c.ttl != time.Minute || c.lease != 2*time.Second || c.mode != cache.Strict {
		t.Errorf("ttl %v, lease %v, mode %v", c.ttl, c.lease, c.mode)
	}
}

func TestE9TheStoreNamedNearestIsTheOneUsed(t *testing.T) {
	t.Setenv("MONEYCLIP_REDIS", "redis://elsewhere:6379/0")
	c := &config{}
	if err := c.resolve(map[string]string{"moneyclip_store": "memory"}); err != nil {
		t.Fatal(err)
	}
	if !c.memory || c.redisURL != "" {
		t.Errorf("the environment's Redis came before the data source name's store")
	}
	c = &config{}
	if err := c.resolve(nil); err != nil {
		t.Fatal(err)
	}
	if c.memory || c.redisURL != "redis://elsewhere:6379/0" {
		t.Errorf("the environment's Redis is not used: %+v", c)
	}
}

func TestMistakesAreAllReportedAndNameTheParameter(t *testing.T) {
	for _, v := range []string{"REDIS", "STORE", "TTL", "LEASE", "MODE", "CACHE", "FILL", "MAX_CONNS", "DIALECT", "NAMESPACE", "POLICY", "SCHEMA"} {
		t.Setenv("MONEYCLIP_"+v, "")
	}
	for _, c := range []struct {
		name string
		dsn  map[string]string
		want []string
	}{
		{"unknown", map[string]string{"moneyclip_redi": "redis://h"}, []string{"unknown parameter moneyclip_redi", "moneyclip_redis?"}},
		{"no store", nil, []string{"no store is named", "moneyclip_redis=", "moneyclip_store=memory"}},
		{"two stores", map[string]string{"moneyclip_redis": "redis://h", "moneyclip_store": "memory"}, []string{"two stores"}},
		{"values", map[string]string{
			"moneyclip_redis": "http://u:secret@h", "moneyclip_ttl": "ten", "moneyclip_lease": "1ms", "moneyclip_mode": "loose",
			"moneyclip_cache": "yes", "moneyclip_fill": "no", "moneyclip_max_conns": "-1", "moneyclip_dialect": "oracle",
			"moneyclip_namespace": "a{b}", "moneyclip_store": "disk",
		}, []string{
			"moneyclip_redis: want a URL", "moneyclip_ttl: \"ten\"", "moneyclip_lease: 1ms", "available, strict", "observe, off, on",
			"moneyclip_fill: \"no\"", "moneyclip_max_conns: \"-1\"", "unknown dialect", "moneyclip_namespace: want", "unknown store \"disk\"",
		}},
		{"a file", map[string]string{"moneyclip_store": "memory", "moneyclip_policy": "p.yaml"}, []string{"moneyclip: policy: open ", "p.yaml: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := (&config{}).resolve(c.dsn)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not in: %v", w, err)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("a secret in: %v", err)
			}
		})
	}
}
