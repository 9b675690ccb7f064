package readme

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"
	"github.com/redis/go-redis/v9"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/examples/tweeter/postgresdb"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/policy"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unindented leaves out what differs between a block and the function around it.
func unindented(code string) string {
	var lines []string
	for line := range strings.Lines(code) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

func TestBlocksOfTheReadmeAreTestedCode(t *testing.T) {
	tested, err := os.ReadFile("blocks_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)\n```").FindAllStringSubmatch(readme(t), -1)
	if len(blocks) != 11 {
		t.Errorf("README has %d Go blocks, 11 are tested", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(unindented(string(tested)), unindented(b[1])) {
			t.Errorf("not in blocks_test.go:\n%s", b[1])
		}
	}
}

func TestReadmeListsEveryDecisionCode(t *testing.T) {
	text := readme(t)
	for _, c := range policy.Codes() {
		if !strings.Contains(text, "\n| `"+c.String()+"` |") {
			t.Errorf("README does not explain %s", c)
		}
	}
}

func TestReadmeListsExactlyTheKnownParameters(t *testing.T) {
	_, table, _ := strings.Cut(readme(t), "## Settings")
	table, _, _ = strings.Cut(table, "\n## ")
	found := map[string]bool{}
	for _, p := range regexp.MustCompile("moneyclip_[a-z_]+").FindAllString(table, -1) {
		found[p] = true
	}
	if len(found) != 12 {
		t.Errorf("README lists %d parameters, want 12: %v", len(found), found)
	}
	for p := range found {
		_, err := sql.Open("moneyclip+sqlite3", "file:x?"+p+"=%20")
		if err != nil && strings.Contains(err.Error(), "unknown parameter") {
			t.Errorf("README lists %s, which does not exist: %v", p, err)
		}
	}
}

func TestMySQLNameOfTheReadme(t *testing.T) {
	db, err := openMySQL() // dials nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestPolicyFileOfTheReadme(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)\n```").FindStringSubmatch(readme(t))
	if block == nil {
		t.Fatal("README has no policy file")
	}
	if _, err := policy.Parse("README.md", []byte(block[1])); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte("version: 1\ndefaults: {ttl: 5m}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := openSQLite(t, "moneyclip_store=memory&moneyclip_policy="+file)
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	if err := reload(t.Context(), h); err != nil {
		t.Error(err)
	}
}

func TestRegistrationsOfTheReadme(t *testing.T) {
	sql.Register("tracedpg", stdlib.GetDefaultDriver())
	if err := errors.Join(registerTraced(), registerWithPolicy()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"moneyclip+tracedpg", "moneyclip+shop"} {
		db, err := sql.Open(name, "postgres://localhost/x?moneyclip_store=memory")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWrappedConnectorOfTheReadme(t *testing.T) {
	config, err := pgx.ParseConfig("postgres://localhost/x")
	if err != nil {
		t.Fatal(err)
	}
	db, err := wrapConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(observe(db, func() {}), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// codes collects the decisions on a database.
type codes struct {
	mu   sync.Mutex
	seen []policy.Code
}

func watch(t *testing.T, db *sql.DB) *codes {
	t.Helper()
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	c := &codes{}
	t.Cleanup(h.Observe(func(e driver.Event) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen = append(c.seen, e.Code)
	}))
	return c
}

func (c *codes) last() policy.Code {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) == 0 {
		return policy.BypassOpaque
	}
	return c.seen[len(c.seen)-1]
}

// untilHit repeats a read until the cache answers it.
func (c *codes) untilHit(t *testing.T, read func() error) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := read(); err != nil {
			t.Fatal(err)
		}
		if c.last() == policy.Hit {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("no hit, the last decision is %s", c.last())
		}
	}
}

func TestReadsAroundTheCacheAndTheDriversOwnConnection(t *testing.T) {
	ctx := t.Context()
	dsn := testenv.Postgres(t) + "&moneyclip_store=memory"
	db, err := sql.Open("moneyclip+pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// For raw access, since its connections bypass from then on.
	raw, err := sql.Open("moneyclip+pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	schema, err := os.ReadFile("../tweeter/postgresdb/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, string(schema)+"ALTER TABLE accounts ALTER joined_at SET DEFAULT now()"); err != nil {
		t.Fatal(err)
	}
	c := watch(t, db)
	q := postgresdb.New(db)
	if err := copyIn(ctx, raw, [][]any{{"tom", "tom@pawnee.example"}, {"ann", "ann@pawnee.example"}}); err != nil {
		t.Fatal(err)
	}
	c.untilHit(t, func() error { _, err := q.GetAccount(ctx, 1); return err })

	if a, err := readAround(ctx, q, 1); err != nil || a.Username != "tom" || c.last() != policy.BypassRequested {
		t.Errorf("WithBypass: %q, %v, %s", a.Username, err, c.last())
	}
	_, plain := bothWays(db)
	if a, err := plain.GetAccount(ctx, 1); err != nil || a.Username != "tom" || c.last() != policy.BypassRequested {
		t.Errorf("Uncached: %q, %v, %s", a.Username, err, c.last())
	}
	if a, err := readAndRefresh(ctx, q, 1); err != nil || a.Username != "tom" || c.last() == policy.Hit {
		t.Errorf("WithRefresh: %q, %v, %s", a.Username, err, c.last())
	}
	c.untilHit(t, func() error { _, err := q.GetAccount(ctx, 1); return err })
	if err := observe(db, func() {
		if _, err := q.GetAccount(ctx, 1); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}

	// What is copied in is a write of the table that RawWrites names.
	if err := copyIn(ctx, raw, [][]any{{"leslie", "leslie@pawnee.example"}}); err != nil {
		t.Fatal(err)
	}
	if a, err := q.GetAccount(ctx, 1); err != nil || a.Username != "tom" || c.last() == policy.Hit {
		t.Errorf("after a copy into the table: %q, %v, %s", a.Username, err, c.last())
	}
}

// TestACLLineIsEnough runs reads and all widths of writes as the user that the
// README's line makes; Redis itself keeps a list of what it denied.
func TestACLLineIsEnough(t *testing.T) {
	line := regexp.MustCompile(`(?m)^ACL SETUSER moneyclip on >secret .*$`).FindString(readme(t))
	if line == "" {
		t.Fatal("README has no ACL line")
	}
	server := testenv.StartRedis(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
	ctx := t.Context()
	var words []any
	for _, w := range strings.Fields(line) {
		words = append(words, w)
	}
	if err := admin.Do(ctx, words...).Err(); err != nil {
		t.Fatalf("%s: %v", line, err)
	}

	t.Cleanup(func() {
		denied, err := admin.ACLLog(context.Background(), 20).Result()
		if err != nil {
			t.Error(err)
		}
		for _, d := range denied {
			t.Errorf("Redis denied %s %s (%s)", d.Context, d.Object, d.Reason)
		}
		_ = admin.Close()
	})
	db := openSQLite(t, fmt.Sprintf("moneyclip_redis=redis://moneyclip:secret@%s/1&moneyclip_namespace=acl&moneyclip_lease=500ms", server.Addr()))
	c := watch(t, db)
	q := sqlitedb.New(db)
	read := func() error { _, err := q.GetAccount(ctx, 1); return err }
	c.untilHit(t, read)
	for name, write := range map[string]func() error{
		"row":   func() error { return q.RenameAccount(ctx, sqlitedb.RenameAccountParams{Username: "t", ID: 1}) },
		"table": func() error { _, err := q.ClearBios(ctx); return err },
		"all":   func() error { _, err := db.ExecContext(ctx, "CREATE TABLE more (id INTEGER PRIMARY KEY)"); return err },
	} {
		if err := write(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.untilHit(t, read)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func openSQLite(t *testing.T, parameters string) *sql.DB {
	t.Helper()
	schema, err := os.ReadFile("../tweeter/sqlitedb/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	file := "file:" + filepath.Join(t.TempDir(), "t.db") + "?_journal_mode=WAL&_busy_timeout=5000"
	plain, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.Exec(string(schema) + "INSERT INTO accounts VALUES (1, 'tom', 'tom@pawnee.example', NULL, '2009-04-09');"); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("moneyclip+sqlite3", file+"&"+parameters)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
