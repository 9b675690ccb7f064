package driver

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/parse"
)

func TestSplitDSN(t *testing.T) {
	for _, c := range []struct {
		name    string
		dialect parse.Dialect
		dsn     string
		inner   string
		params  map[string]string
		others  []string
	}{
		{"URL without ours", parse.PostgreSQL, "postgres://u:p%40@h:5432/db?sslmode=disable&x=1", "postgres://u:p%40@h:5432/db?sslmode=disable&x=1", nil, []string{"x=1"}},
		{"URL, raw value", parse.PostgreSQL, "postgres://u@h/db?sslmode=disable&moneyclip_redis=redis://user:p%40w@h:6379/0?protocol=3&search_path=a", "postgres://u@h/db?sslmode=disable&search_path=a", map[string]string{"moneyclip_redis": "redis://user:p%40w@h:6379/0?protocol=3"}, []string{"search_path=a"}},
		{"URL, escaped value", parse.PostgreSQL, "postgresql://h/db?moneyclip_redis=redis%3A%2F%2Fh%3A6379%2F0", "postgresql://h/db", map[string]string{"moneyclip_redis": "redis://h:6379/0"}, nil},
		{"URL, two of ours", parse.PostgreSQL, "postgres://h/db?moneyclip_store=memory&moneyclip_ttl=1m", "postgres://h/db", map[string]string{"moneyclip_store": "memory", "moneyclip_ttl": "1m"}, nil},
		{"key=value without ours", parse.PostgreSQL, "host=h  password='a b\\' c' dbname = d", "host=h  password='a b\\' c' dbname = d", nil, nil},
		{"key=value", parse.PostgreSQL, "host=h moneyclip_redis=redis://h:6379/0 password='moneyclip_ttl=1s' moneyclip_ttl = '5m' work_mem=4MB", "host=h password='moneyclip_ttl=1s' work_mem=4MB", map[string]string{"moneyclip_redis": "redis://h:6379/0", "moneyclip_ttl": "5m"}, []string{"work_mem=4MB"}},
		{"key=value, ours first", parse.PostgreSQL, "moneyclip_store=memory host=h", "host=h", map[string]string{"moneyclip_store": "memory"}, nil},
		{"a registered configuration", parse.PostgreSQL, "registeredConnConfig0", "registeredConnConfig0", nil, nil},
		{"empty", parse.PostgreSQL, "", "", nil, nil},
		{"MySQL without ours", parse.MySQL, "u:p/?&@@tcp(h:3306)/db?parseTime=true&loc=Europe%2FBerlin", "u:p/?&@@tcp(h:3306)/db?parseTime=true&loc=Europe%2FBerlin", nil, []string{"loc=Europe%2FBerlin", "parseTime=true"}},
		{"MySQL, raw value", parse.MySQL, "u:p@tcp(h:3306)/db?parseTime=true&moneyclip_redis=redis://user:pw@host:6379/0", "u:p@tcp(h:3306)/db?parseTime=true", map[string]string{"moneyclip_redis": "redis://user:pw@host:6379/0"}, []string{"parseTime=true"}},
		{"MySQL, raw value in between", parse.MySQL, "u:a/b?c@tcp(h)/db?timeout=1s&moneyclip_redis=redis://h:6379/0?protocol=3&loc=Local&moneyclip_ttl=1m", "u:a/b?c@tcp(h)/db?timeout=1s&loc=Local", map[string]string{"moneyclip_redis": "redis://h:6379/0?protocol=3", "moneyclip_ttl": "1m"}, []string{"loc=Local"}},
		{"MySQL, ours first and alone", parse.MySQL, "/?moneyclip_redis=unix:///run/redis.sock&moneyclip_namespace=shop", "/", map[string]string{"moneyclip_redis": "unix:///run/redis.sock", "moneyclip_namespace": "shop"}, nil},
		{"MySQL, ours first", parse.MySQL, "u@unix(/run/my.sock)/db?moneyclip_redis=redis%3A%2F%2Fh&parseTime=1", "u@unix(/run/my.sock)/db?parseTime=1", map[string]string{"moneyclip_redis": "redis://h"}, []string{"parseTime=1"}},
		{"MySQL, no parameters", parse.MySQL, "u:p@/", "u:p@/", nil, nil},
		{"sqlmock", parse.UnknownDialect, "shop?moneyclip_store=memory&moneyclip_dialect=mysql", "shop", map[string]string{"moneyclip_store": "memory", "moneyclip_dialect": "mysql"}, nil},
		{"SQLite file", parse.SQLite, "/tmp/a b.db", "/tmp/a b.db", nil, nil},
		{"SQLite file with ours", parse.SQLite, "file:a.db?_loc=auto&moneyclip_store=memory&_fk=1", "file:a.db?_loc=auto&_fk=1", map[string]string{"moneyclip_store": "memory"}, []string{"_loc=auto"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := splitDSN(c.dialect, c.dsn)
			if err != nil {
				t.Fatal(err)
			}
			if s.inner != c.inner {
				t.Errorf("inner %q, want %q", s.inner, c.inner)
			}
			if !maps.Equal(s.params, c.params) && len(s.params)+len(c.params) > 0 {
				t.Errorf("parameters %q, want %q", s.params, c.params)
			}
			if !slices.Equal(s.others, c.others) {
				t.Errorf("others %q, want %q", s.others, c.others)
			}
		})
	}
}

func TestMalformedMySQLNameIsAnErrorWithoutTheName(t *testing.T) {
	for _, dsn := range []string{
		"u:secret@tcp(h)/db?moneyclip_ttl=1m&moneyclip_ttl=2m",
		"u:secret@tcp(h)/db?moneyclip_ttl=%zz",
		"u:secret@tcp(h)/db&moneyclip_ttl=1m",
	} {
		_, err := splitDSN(parse.MySQL, dsn)
		if err == nil {
			t.Errorf("%q: no error", dsn)
		} else if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "moneyclip_") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

func TestMalformedDSNIsAnErrorWithoutTheDSN(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:secret@h/db?moneyclip_ttl=1m&moneyclip_ttl=2m",
		"postgres://u:secret@h/db?moneyclip_ttl=%zz",
		"password=secret moneyclip_ttl='1m",
		"password=secret moneyclip_ttl",
		"password=secret moneyclip_ttl=1m moneyclip_ttl=2m",
	} {
		_, err := splitDSN(parse.PostgreSQL, dsn)
		if err == nil {
			t.Errorf("%q: no error", dsn)
		} else if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "moneyclip_") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

// The inner part never holds a parameter of ours, and a name without any is
// left alone.
func FuzzSplitDSN(f *testing.F) {
	f.Add("postgres://h/db?a=1&moneyclip_ttl=1m", byte(parse.PostgreSQL))
	f.Add("host=h moneyclip_ttl='1m' x='a b'", byte(parse.PostgreSQL))
	f.Add("file:a.db?moneyclip_store=memory", byte(parse.SQLite))
	f.Add("u:p@tcp(h)/db?a=1&moneyclip_redis=redis://h/0&b=2", byte(parse.MySQL))
	f.Fuzz(func(t *testing.T, dsn string, dialect byte) {
		d := parse.Dialect(dialect % 4)
		s, err := splitDSN(d, dsn)
		if err != nil {
			return
		}
		if len(s.params) == 0 && s.inner != dsn {
			t.Fatalf("%q became %q", dsn, s.inner)
		}
		again, err := splitDSN(d, s.inner)
		if err == nil && len(again.params) > 0 && len(s.params) > 0 {
			t.Fatalf("%q still holds %q", s.inner, again.params)
		}
	})
}
