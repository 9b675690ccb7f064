package driver_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

func TestE1KeysThatLookAlikeAreKeptApart(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		text := "TEXT"
		if s.dialect == parse.MySQL {
			text = "VARCHAR(350) COLLATE utf8mb4_nopad_bin"
		}
		s.setup(t, "CREATE TABLE parts (a "+text+", b "+text+", v TEXT, PRIMARY KEY (a, b))")
		long := strings.Repeat("x", 300)
		keys := [][2]string{
			{"a", "b:c"}, {"a:b", "c"}, {"a", "b"}, {"", "ab"}, {"ab", ""}, {"", ""}, {"1", "1"}, {"11", ""}, {"1", "01"},
			{"a\x01", "b"}, {"a", "\x01b"}, {"{a}", "b"}, {"a", "%7B"}, {"g", "r:"}, {"ä", "b"}, {"a ", "b"}, {" a", "b"}, {"A", "b"},
			{long + "1", "b"}, {long, "1b"}, {long + "2", "b"}, {"a.b", "c"}, {"a|b", "c"}, {`a\`, "b"}, {"a,b", "c"},
		}
		if s.dialect == parse.MySQL { // where a blank at the end is never part of an exact key
			keys = slices.DeleteFunc(keys, func(k [2]string) bool { return k[0] == "a " })
		}
		w, r := s.open(t), s.open(t)
		for _, k := range keys {
			mustExec(t, w, s.q("INSERT INTO parts VALUES ($1, $2, $3)"), k[0], k[1], k[0]+"/"+k[1])
		}
		read := s.q("SELECT v FROM parts WHERE a = $1 AND b = $2")
		for range 2 {
			for _, k := range keys {
				equalRows(t, "a kept row", [][]any{{s.text(k[0] + "/" + k[1])}}, r.warm(t, read, k[0], k[1]))
			}
		}
		// A write to one ends that one only.
		mustExec(t, w, s.q("UPDATE parts SET v = 'changed' WHERE a = $1 AND b = $2"), "a", "b:c")
		equalRows(t, "the row that was written", [][]any{{s.text("changed")}}, r.ask(t, read, "a", "b:c").rows)
		if got := r.ask(t, read, "a:b", "c"); got.code != policy.Hit || fmt.Sprintf("%s", got.rows[0][0]) != "a:b/c" {
			t.Errorf("its neighbour: %v %v (%s), want a hit", got.rows, got.code, got.why)
		}

		// 1 is not "1", where a column takes both.
		if s.dialect == parse.SQLite {
			s.setup(t, "CREATE TABLE anything (k BLOB PRIMARY KEY, v TEXT)", "INSERT INTO anything VALUES (1, 'number'), ('1', 'text'), (x'31', 'bytes')")
			r := s.open(t)
			for range 3 {
				for arg, want := range map[any]string{int64(1): "number", "1": "text"} {
					equalRows(t, "of one of three kinds", [][]any{{want}}, r.ask(t, s.q("SELECT v FROM anything WHERE k = $1"), arg).rows)
				}
				equalRows(t, "of bytes", [][]any{{s.text("bytes")}}, r.warm(t, s.q("SELECT v FROM anything WHERE k = $1"), []byte("1")))
			}
		}
	})
}

func TestE2TwoDatabasesNeverShareAndTwoNamesOfOneDo(t *testing.T) {
	pair := func(t *testing.T, a, b *site, alias string) {
		a.setup(t, authorsAt(a)...)
		b.setup(t, authorsAt(b)...)
		b.setup(t, "UPDATE authors SET name = 'of the other'")
		ra, rb := a.open(t), b.open(t)
		equalRows(t, "one database", [][]any{{int64(1), a.text("ann")}}, ra.warm(t, a.q(byID), 1))
		for range 3 {
			got := rb.ask(t, b.q(byID), 1)
			equalRows(t, "the other", [][]any{{int64(1), b.text("of the other")}}, got.rows)
			rb.sync(t)
		}
		rb.warm(t, b.q(byID), 1)
		mustExec(t, rb, b.q("UPDATE authors SET name = 'again'"))
		if got := ra.ask(t, a.q(byID), 1); got.code != policy.Hit {
			t.Errorf("a write to the other database: %v (%s), want a hit", got.code, got.why)
		}
		same := *a
		same.dsn = alias
		rs := same.open(t)
		if got := rs.ask(t, a.q(byID), 1); got.code != policy.Hit {
			t.Errorf("by another name: %v (%s), want a hit", got.code, got.why)
		}
		mustExec(t, rs, a.q("UPDATE authors SET name = 'by another name' WHERE id = $1"), 1)
		equalRows(t, "after a write by another name", [][]any{{int64(1), a.text("by another name")}}, ra.ask(t, a.q(byID), 1).rows)
	}
	for _, inner := range []string{"postgres", "pgx"} {
		t.Run(inner, func(t *testing.T) {
			url := testenv.Redis(t)
			a, b := newSite(t, inner, url), newSite(t, inner, url)
			for _, s := range []*site{a, b} { // by their own identity
				_, s.store, _ = strings.Cut(s.store, "&")
			}
			pair(t, a, b, withParameters(strings.Replace(a.dsn, "127.0.0.1", "localhost", 1), "application_name=another"))
		})
		t.Run(inner+" in one namespace", func(t *testing.T) {
			url := testenv.Redis(t)
			a, b := newSite(t, inner, url), newSite(t, inner, url)
			pair(t, a, b, withParameters(a.dsn, "connect_timeout=7"))
		})
	}
	t.Run("mysql in one namespace", func(t *testing.T) {
		url := testenv.Redis(t)
		a, b := newSite(t, "mysql", url), newSite(t, "mysql", url)
		pair(t, a, b, withParameters(strings.Replace(a.dsn, "127.0.0.1", "localhost", 1), "timeout=7s&readTimeout=1m"))
	})
	t.Run("mysql in memory, without a namespace", func(t *testing.T) {
		a, b := newSite(t, "mysql", ""), newSite(t, "mysql", "")
		for _, s := range []*site{a, b} {
			_, s.store, _ = strings.Cut(s.store, "&")
		}
		pair(t, a, b, withParameters(a.dsn, "timeout=7s&columnsWithAlias=false"))
	})
	t.Run("sqlite3", func(t *testing.T) {
		a, b := newSite(t, "sqlite3", ""), newSite(t, "sqlite3", "")
		for _, s := range []*site{a, b} {
			_, s.store, _ = strings.Cut(s.store, "&")
		}
		file, parameters, _ := strings.Cut(strings.TrimPrefix(a.dsn, "file:"), "?")
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(filepath.Dir(file), link); err != nil {
			t.Fatal(err)
		}
		pair(t, a, b, "file:"+filepath.Join(link, "db")+"?"+parameters)
	})
}

func TestE6ADamagedEntryIsAMissAndReplaced(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		if s.redis() == "" {
			t.Skip("entries in the process are out of everybody's reach")
		}
		s.setup(t, authorsAt(s)...)
		r := s.open(t)
		opts, err := redis.ParseURL(s.redis())
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(opts)
		defer client.Close()
		for what, damage := range map[string]func(string) string{
			"another version": func(e string) string { return string(e[0]+1) + e[1:] },
			"version 0":       func(e string) string { return "\x00" + e[1:] },
			"cut short":       func(e string) string { return e[:len(e)-1] },
			"longer":          func(e string) string { return e + "x" },
			"one bit":         func(e string) string { return e[:len(e)/2] + string([]byte{e[len(e)/2] ^ 1}) + e[len(e)/2+1:] },
			"empty":           func(string) string { return "" },
			"the version":     func(e string) string { return e[:1] },
			"something else":  func(string) string { return `{"id": 1, "name": "mallory"}` },
			"a huge length":   func(e string) string { return e[:1] + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + e[10:] },
		} {
			want := r.warm(t, s.q(byID), 1)
			if damageEntries(t, client, damage) == 0 {
				t.Fatal("no entry found to damage")
			}
			got := r.ask(t, s.q(byID), 1)
			equalRows(t, what, want, got.rows)
			if got.code != policy.Miss {
				t.Errorf("%s: %v (%s), want a miss", what, got.code, got.why)
			}
			r.sync(t)
			if got := r.ask(t, s.q(byID), 1); got.code != policy.Hit {
				t.Errorf("%s: then %v (%s), want a hit on what replaced it", what, got.code, got.why)
			}
		}
	})
}

// damageEntries changes every entry of every row, and returns how many.
func damageEntries(t *testing.T, client *redis.Client, damage func(string) string) (n int) {
	t.Helper()
	ctx := context.Background()
	keys, err := client.Keys(ctx, "*}:r:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		fields, err := client.HGetAll(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		for field, entry := range fields {
			if field == "g" {
				continue
			}
			if err := client.HSet(ctx, key, field, damage(entry)).Err(); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return n
}

func TestE9TheRedisThatWasNamedIsUsed(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		if s.redis() == "" {
			t.Skip("no Redis is named")
		}
		s.setup(t, authorsAt(s)...)
		other := testenv.Redis(t)
		keys := func(url string) int64 {
			t.Helper()
			opts, err := redis.ParseURL(url)
			if err != nil {
				t.Fatal(err)
			}
			client := redis.NewClient(opts)
			defer client.Close()
			n, err := client.DBSize(context.Background()).Result()
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		// The environment names another one; the data source name comes first.
		t.Setenv("MONEYCLIP_REDIS", other)
		t.Setenv("MONEYCLIP_STORE", "")
		r := s.open(t)
		r.warm(t, s.q(byID), 1)
		if named, elsewhere := keys(s.redis()), keys(other); named == 0 || elsewhere != 0 {
			t.Errorf("%d keys in the one that was named, %d in the other", named, elsewhere)
		}
		// One that does not answer is not replaced by the other, nor by memory.
		t.Setenv("MONEYCLIP_STORE", "memory")
		dead := *s
		dead.store = strings.ReplaceAll(s.store, s.redis(), "redis://"+deadAddress(t))
		away := dead.open(t)
		for range 3 {
			got := away.ask(t, s.q(byID), 1)
			if got.code != policy.BypassStore {
				t.Errorf("%v (%s), want a bypass", got.code, got.why)
			}
			away.sync(t)
		}
		stats := away.Stats()
		if stats.Hits != 0 || stats.Fills != 0 || len(stats.StoreErrors) == 0 {
			t.Errorf("%d hits, %d fills, store errors %v", stats.Hits, stats.Fills, stats.StoreErrors)
		}
		if n := keys(other); n != 0 {
			t.Errorf("%d keys in the other", n)
		}
	})
}

func TestE9ASettingThatCannotBeUnderstoodFailsAtOpen(t *testing.T) {
	t.Setenv("MONEYCLIP_REDIS", "")
	t.Setenv("MONEYCLIP_STORE", "")
	for _, inner := range []string{"sqlite3", "postgres", "pgx", "mysql"} {
		dsn := map[string]string{"mysql": "u:secret@tcp(127.0.0.1:1)/db", "sqlite3": "file:nowhere.db?_fk=1", "postgres": "postgres://u:secret@127.0.0.1:1/db", "pgx": "postgres://u:secret@127.0.0.1:1/db"}[inner]
		for _, c := range []struct{ parameters, want string }{
			{"", "no store is named"},
			{"moneyclip_store=memory&moneyclip_lese=1s", "moneyclip_lease"},
			{"moneyclip_rediss=redis://127.0.0.1", "moneyclip_redis"},
			{"moneyclip_store=disk", "moneyclip_store"},
			{"moneyclip_store=", "moneyclip_store"},
			{"moneyclip_redis=127.0.0.1:6379", "moneyclip_redis"},
			{"moneyclip_redis=redis://:secret@127.0.0.1:port/x", "moneyclip_redis"},
			{"moneyclip_redis=redis://127.0.0.1/zero", "moneyclip_redis"},
			{"moneyclip_store=memory&moneyclip_redis=redis://127.0.0.1", "two stores"},
			{"moneyclip_store=memory&moneyclip_lease=soon", "moneyclip_lease"},
			{"moneyclip_store=memory&moneyclip_lease=-1s", "moneyclip_lease"},
			{"moneyclip_store=memory&moneyclip_ttl=10", "moneyclip_ttl"},
			{"moneyclip_store=memory&moneyclip_ttl=0s", "moneyclip_ttl"},
			{"moneyclip_store=memory&moneyclip_max_conns=many", "moneyclip_max_conns"},
			{"moneyclip_store=memory&moneyclip_max_conns=-1", "moneyclip_max_conns"},
			{"moneyclip_store=memory&moneyclip_mode=lax", "available, strict"},
			{"moneyclip_store=memory&moneyclip_cache=maybe", "observe, off, on"},
			{"moneyclip_store=memory&moneyclip_fill=maybe", "moneyclip_fill"},
			{"moneyclip_store=memory&moneyclip_dialect=oracle", "moneyclip_dialect"},
			{"moneyclip_store=memory&moneyclip_namespace={x}", "moneyclip_namespace"},
			{"moneyclip_store=memory&moneyclip_store=memory", "twice"},
			{"moneyclip_store=memory&moneyclip_ttl=%zz", "moneyclip_ttl"},
		} {
			full := dsn
			if c.parameters != "" {
				full = withParameters(dsn, c.parameters)
			}
			db, err := sql.Open("moneyclip+"+inner, full)
			if err == nil {
				t.Errorf("%s %s: no error", inner, c.parameters)
				db.Close()
				continue
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "moneyclip: ") {
				t.Errorf("%s %s: %v, want it to name %q", inner, c.parameters, err, c.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s %s: %v: the password is shown", inner, c.parameters, err)
			}
		}
		// The same in the environment, whose name is told.
		t.Setenv("MONEYCLIP_TTL", "long")
		_, err := sql.Open("moneyclip+"+inner, withParameters(dsn, "moneyclip_store=memory"))
		if err == nil || !strings.Contains(err.Error(), "MONEYCLIP_TTL") {
			t.Errorf("%s: %v, want MONEYCLIP_TTL named", inner, err)
		}
		t.Setenv("MONEYCLIP_TTL", "")
	}
	if _, err := sql.Open("moneyclip+sqlite3", "file:x?moneyclip_redis=redis://127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "moneyclip_namespace") {
		t.Errorf("SQLite on Redis without a name: %v", err)
	}
}
