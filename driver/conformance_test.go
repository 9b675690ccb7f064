package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/fakedb"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// A script is what a program does with a database. It runs over a fake driver
// alone and over the same driver wrapped. What the program sees must be equal,
// and what the driver receives too.
type script struct {
	fake fakedb.Config
	// fail makes the fake's Config.Fail for one run.
	fail func(*program) func(fakedb.Call) error
	// replies are made for one run and added to the fake's.
	replies func(*program) map[string]fakedb.Reply
	// conns limits the pool; the default is one connection, so that it is
	// known which one serves.
	conns int
	// reads says that the script reads rows that are kept: the wrapped driver
	// is then asked less often and reads ahead, and its calls are not compared.
	reads bool
	// mayHit says that a read may be served from the store, or not.
	mayHit bool
	// sees says that the driver receives other calls on purpose: only what the
	// program sees is compared.
	sees bool
	// unchecked leaves out which arguments were shown to the driver's checkers.
	unchecked bool
	run       func(*program)
}

// The ways in which a script runs. With a catalog, tables are known and their
// rows are kept; without, the driver behind knows no catalog query and every
// read bypasses.
var wraps = []struct {
	name    string
	dialect parse.Dialect
	catalog bool
	opts    []driver.Option
	reads   bool // of interest only to scripts that read what is kept
}{
	{name: "sqlite, no catalog", dialect: parse.SQLite},
	{name: "sqlite", dialect: parse.SQLite, catalog: true},
	{name: "sqlite, nothing fits", dialect: parse.SQLite, catalog: true, reads: true,
		opts: []driver.Option{driver.WithPolicy(policy.Policy{Defaults: policy.Defaults{MaxEntry: 1}})}},
	{name: "postgres, no catalog", dialect: parse.PostgreSQL},
}

func (s script) compare(t *testing.T) {
	t.Helper()
	bare := s.play(t, sqlDB)
	for _, w := range wraps {
		if w.reads && !s.reads {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			open := func(t *testing.T, fake *fakedb.DB) *sql.DB { return wrapped(t, fake, w.dialect, w.opts...) }
			got := s.play(t, open, catalogOf(w.catalog))
			if wantHits := s.reads && w.catalog && w.opts == nil; !s.mayHit && wantHits != (got.stats.Hits > 0) {
				t.Errorf("hits: %+v", got.stats)
			}
			if diff := cmp.Diff(bare.seen, got.seen); diff != "" {
				t.Errorf("the program sees (- bare, + wrapped):\n%s", diff)
			}
			if s.sees || s.reads && w.catalog {
				return
			}
			lingering := w.dialect == parse.SQLite
			if diff := cmp.Diff(s.used(bare.calls, lingering), s.used(got.calls, lingering)); diff != "" {
				t.Errorf("the driver receives (- bare, + wrapped):\n%s", diff)
			}
		})
	}
}

// used brings transcripts into a form that a wrapper must not change. It leaves
// out the connections on which nothing of the program's was done: the wrapped
// driver reads the catalog again over a connection of its own. And it moves
// ResetSession to before the next real use, for which the wrapped driver waits.
// Where statements linger, their Close is left out: over SQLite the wrapped
// driver closes one that may return rows as soon as it was executed.
func (s script) used(calls map[int][]string, lingering bool) [][]string {
	var transcripts [][]string
	for _, n := range slices.Sorted(maps.Keys(calls)) {
		var lines []string
		reset, did := false, false
		for _, call := range calls[n] {
			op, _, _ := strings.Cut(call, " ")
			switch op {
			case "Conn.CheckNamedValue", "Stmt.CheckNamedValue", "Stmt.ColumnConverter":
				if s.unchecked {
					continue
				}
			case "Conn.ResetSession":
				reset = true
				continue
			case "Stmt.Close":
				if lingering {
					continue
				}
			case "Conn.Ping", "Conn.Prepare", "Conn.PrepareContext", "Conn.Begin", "Conn.BeginTx",
				"Conn.Query", "Conn.QueryContext", "Conn.Exec", "Conn.ExecContext",
				"Stmt.Query", "Stmt.QueryContext", "Stmt.Exec", "Stmt.ExecContext":
				if reset {
					lines = append(lines, "Conn.ResetSession")
				}
				reset, did = false, true
			}
			lines = append(lines, call)
		}
		if did {
			transcripts = append(transcripts, lines)
		}
	}
	return transcripts
}

func sqlDB(_ *testing.T, fake *fakedb.DB) *sql.DB { return sql.OpenDB(fake.Connector()) }

func wrapped(t *testing.T, fake *fakedb.DB, dialect parse.Dialect, opts ...driver.Option) *sql.DB {
	t.Helper()
	opts = append([]driver.Option{
		driver.WithIdentity("fake"),
		driver.WithStore("memory"),
		driver.WithNamespace(t.Name()),
		driver.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)
	c, err := driver.Wrap(fake.Connector(), dialect, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return sql.OpenDB(c)
}

// played is what came of a script.
type played struct {
	seen  []string
	calls map[int][]string // by connection: between two of them there is no order
	stats driver.Stats     // of a wrapped driver
}

// warmUp is what each script begins with: the wrapped driver dials, and learns
// what it wants to know.
const warmUp = "SELECT 1"

func (s script) play(t *testing.T, open func(*testing.T, *fakedb.DB) *sql.DB, settings ...func(*fakedb.Config)) played {
	t.Helper()
	cfg := s.fake
	cfg.Replies = map[string]fakedb.Reply{warmUp: {}}
	maps.Copy(cfg.Replies, s.fake.Replies)
	p := &program{t: t, ctx: context.Background()}
	if s.replies != nil {
		maps.Copy(cfg.Replies, s.replies(p))
	}
	if s.fail != nil {
		fail := s.fail(p)
		var mu sync.Mutex // the wrapped driver reads its catalog in the background, too
		cfg.Fail = func(c fakedb.Call) error {
			mu.Lock()
			defer mu.Unlock()
			if !p.begun.Load() {
				return nil
			}
			return fail(c)
		}
	}
	for _, set := range settings {
		set(&cfg)
	}
	p.fake = fakedb.New(t, cfg)
	p.db = open(t, p.fake)
	p.db.SetMaxOpenConns(max(s.conns, 1))
	p.db.SetMaxIdleConns(max(s.conns, 1))
	if _, err := p.db.Exec(warmUp); err != nil {
		t.Fatal(err)
	}
	p.fake.Reset()
	p.begun.Store(true)
	s.run(p)
	var stats driver.Stats
	if h, err := driver.Of(p.db); err == nil {
		stats = h.Stats()
	}
	p.fail("close database", p.db.Close())
	p.fake.WaitClosed(t)

	calls := map[int][]string{}
	for _, c := range p.fake.Calls() {
		calls[c.Conn] = append(calls[c.Conn], strings.TrimPrefix(c.String(), fmt.Sprint(c.Conn, " ")))
	}
	return played{seen: p.seen, calls: calls, stats: stats}
}

// settle waits for what the wrapped driver does in the background, so that what
// was read before is kept after.
func (p *program) settle() {
	if h, err := driver.Of(p.db); err == nil {
		if err := h.Sync(p.ctx); err != nil {
			p.t.Error(err)
		}
	}
}

// failing makes calls of an operation fail: the nth, or all where n is 0.
func failing(op string, n int, err error) func(*program) func(fakedb.Call) error {
	return func(*program) func(fakedb.Call) error {
		seen := 0
		return func(c fakedb.Call) error {
			if c.Op != op {
				return nil
			}
			if seen++; n == 0 || seen == n {
				return err
			}
			return nil
		}
	}
}

// cancelling ends the program's context in the middle of an operation, which
// itself succeeds.
func cancelling(op string) func(*program) func(fakedb.Call) error {
	return func(p *program) func(fakedb.Call) error {
		return func(c fakedb.Call) error {
			if c.Op == op && p.cancel != nil {
				p.cancel()
			}
			return nil
		}
	}
}

// catalogOf makes a fake answer what it has no script for from a real SQLite
// database, in which authors has a primary key; without it nothing is answered.
func catalogOf(known bool) func(*fakedb.Config) {
	return func(cfg *fakedb.Config) {
		if !known {
			return
		}
		cfg.Fallback = func(query string, args []sqldriver.NamedValue) (fakedb.Reply, error) {
			return catalog.ask(query, args)
		}
	}
}

// catalog is one SQLite connection for all tests: nothing writes to it.
var catalog catalogConn

type catalogConn struct {
	mu   sync.Mutex
	conn sqldriver.Conn
}

func (c *catalogConn) ask(query string, args []sqldriver.NamedValue) (fakedb.Reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx := context.Background()
	if c.conn == nil {
		conn, err := (&sqlite3.SQLiteDriver{}).Open(":memory:")
		if err != nil {
			return fakedb.Reply{}, err
		}
		if _, err := conn.(sqldriver.ExecerContext).ExecContext(ctx, "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT)", nil); err != nil {
			return fakedb.Reply{}, err
		}
		c.conn = conn
	}
	rows, err := c.conn.(sqldriver.QueryerContext).QueryContext(ctx, query, args)
	if err != nil {
		return fakedb.Reply{}, fmt.Errorf("fakedb: unknown query %q", query)
	}
	defer rows.Close()
	set := fakedb.ResultSet{Columns: fakedb.Columns(rows.Columns()...)}
	for {
		row := make([]sqldriver.Value, len(set.Columns))
		if err := rows.Next(row); err == io.EOF {
			return fakedb.Reply{Sets: []fakedb.ResultSet{set}}, nil
		} else if err != nil {
			return fakedb.Reply{}, err
		}
		if query == "PRAGMA database_list" {
			row[2] = "/fake.db" // rows of a database without a file are not kept
		}
		set.Rows = append(set.Rows, row)
	}
}
