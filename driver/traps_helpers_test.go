package driver_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
)

// trapPatience is how long a trap waits for what must happen. It decides
// nothing but how long a broken test takes.
const trapPatience = 30 * time.Second

// trapBase is one combination of database, inner driver and store.
type trapBase struct {
	name    string
	inner   string // name of the inner driver
	dialect parse.Dialect
	redis   bool
}

var trapBases = []trapBase{
	{"sqlite memory", "sqlite3", parse.SQLite, false},
	{"sqlite redis", "sqlite3", parse.SQLite, true},
	{"pq redis", "postgres", parse.PostgreSQL, true},
	{"pgx redis", "pgx", parse.PostgreSQL, true},
	{"mysql redis", "mysql", parse.MySQL, true},
}

// trapTable is the table of most traps.
const trapTable = `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL)`

// trapRows are its rows.
const trapRows = `INSERT INTO t (id, v) VALUES (1, 'old 1'), (2, 'old 2'), (3, 'old 3')`

// trap is what a trap needs before it begins.
type trap struct {
	only    parse.Dialect // where it makes sense; unknown: everywhere
	not     parse.Dialect // where it makes none; unknown: nowhere
	inner   string        // only over this inner driver, if not empty
	remote  bool          // only over Redis
	serial  bool          // one database after the other: it sets pause points
	schema  []string      // made through the driver alone; nil: trapTable and trapRows
	lease   time.Duration // default 400ms: a test waits for one quarantine
	private []string      // further arguments of a Redis of its own, which it may break; nil: none
	absent  bool          // that Redis is killed before anything is opened
	server  []string      // settings of a PostgreSQL of its own; nil: none
	shared  *trapDatabases
	inline  bool   // pgx without statements prepared behind the program's back, which a schema change breaks
	params  string // further moneyclip_ parameters, "&name=value"
	mysql   string // further parameters of MySQL's driver, "&name=value"
	options []driver.Option
}

// run runs f over each database.
func (s trap) run(t *testing.T, f func(t *testing.T, g *trapRig)) {
	t.Helper()
	for _, base := range trapBases {
		if s.only != parse.UnknownDialect && s.only != base.dialect || s.not == base.dialect ||
			s.inner != "" && s.inner != base.inner || s.remote && !base.redis || !wanted(base.name) {
			continue
		}
		t.Run(base.name, func(t *testing.T) {
			if !s.serial {
				t.Parallel()
			}
			f(t, s.open(t, base))
		})
	}
}

// wanted reports whether the database is among those that MONEYCLIP_TEST_ONLY
// names a part of, such as "mysql"; without it all are.
func wanted(name string) bool { return strings.Contains(name, os.Getenv("MONEYCLIP_TEST_ONLY")) }

// trapRig is a database with a writer W and a reader R, each a wrapped handle
// of its own, over one store; bare asks through the driver alone.
type trapRig struct {
	trapBase
	t      *testing.T
	ctx    context.Context
	driver *trapDriver

	bare, W, R *sql.DB
	w, r       *driver.Handle
	// Steps of the inner drivers of W and R, where the trap wants to stop or
	// break one.
	stepsW, stepsR *trapSteps

	dsn      string
	redisURL string
	server   *testenv.Server // of a private Redis
	lease    time.Duration
	options  []driver.Option
}

func (s trap) open(t *testing.T, base trapBase) *trapRig {
	t.Helper()
	g := &trapRig{trapBase: base, t: t, ctx: t.Context(), lease: s.lease, options: s.options}
	if g.lease == 0 {
		g.lease = 400 * time.Millisecond
	}
	if base.dialect == parse.SQLite {
		g.dsn = "file:" + filepath.Join(trapFolder(t), "trap.db") + "?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=10000&_foreign_keys=on"
	} else if base.dialect == parse.MySQL {
		// Several statements in one text are a trap of their own.
		g.dsn = testenv.MariaDB(t) + "?multiStatements=true" + s.mysql
	} else if s.server != nil {
		g.dsn = testenv.StartPostgres(t, s.server...).URL()
	} else if s.shared != nil {
		g.dsn = s.shared.url(t, base)
	} else {
		g.dsn = testenv.Postgres(t)
	}
	if s.inline && base.inner == "pgx" {
		g.dsn += "&default_query_exec_mode=exec"
	}
	switch {
	case base.redis && s.private != nil:
		g.server = testenv.StartRedis(t, s.private...)
		g.redisURL = g.server.URL()
		if s.absent {
			g.server.Kill()
		}
	case base.redis:
		g.redisURL = testenv.Redis(t)
	}
	g.driver = newTrapDriver(t, base.inner)
	g.bare = g.openBare()
	schema := s.schema
	if schema == nil {
		schema = []string{trapTable, trapRows}
	}
	if s.shared != nil && base.dialect == parse.PostgreSQL {
		schema = append([]string{"DROP SCHEMA public CASCADE", "CREATE SCHEMA public"}, schema...)
	}
	for _, text := range schema {
		g.exec(g.bare, text)
	}
	g.W, g.w, g.stepsW = g.openWrapped(s.params)
	g.R, g.r, g.stepsR = g.openWrapped(s.params)
	return g
}

// trapDatabases lets the cases of one test, run one after the other, use the
// same PostgreSQL database, emptied between them: to make one and to drop it
// takes longer than a case.
type trapDatabases struct {
	t    *testing.T
	mu   sync.Mutex
	urls map[string]string // by inner driver
}

func (d *trapDatabases) url(t *testing.T, base trapBase) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.urls == nil {
		d.urls = map[string]string{}
	}
	if d.urls[base.name] == "" {
		d.urls[base.name] = testenv.Postgres(trapOutlived{t, d.t})
	}
	return d.urls[base.name]
}

// trapOutlived is a case that skips and fails by itself, but whose server lives
// as long as the test around it.
type trapOutlived struct {
	testing.TB
	around *testing.T
}

func (o trapOutlived) Cleanup(f func()) { o.around.Cleanup(f) }

// trapFolder is a folder whose path needs no escaping in a URI.
func trapFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "moneyclip-trap-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (g *trapRig) openBare() *sql.DB {
	g.t.Helper()
	db, err := sql.Open(g.inner, g.dsn)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = db.Close() })
	return db
}

// wrappedDSN is the data source name of a wrapped handle.
func (g *trapRig) wrappedDSN(params string) string {
	sep := "&"
	if !strings.Contains(g.dsn, "?") {
		sep = "?"
	}
	dsn := g.dsn + sep + "moneyclip_lease=" + g.lease.String()
	if !g.redis {
		return dsn + "&moneyclip_store=memory" + params
	}
	if g.dialect != parse.PostgreSQL {
		dsn += "&moneyclip_namespace=trap" // the Redis database is the test's own
	}
	return dsn + "&moneyclip_redis=" + g.redisURL + params
}

// openWrapped opens a wrapped handle by its name and DSN, as a program does,
// over an inner driver whose steps can be stopped.
func (g *trapRig) openWrapped(params string, opts ...driver.Option) (*sql.DB, *driver.Handle, *trapSteps) {
	g.t.Helper()
	steps := &trapSteps{}
	opts = append(append([]driver.Option{driver.WithLogger(slog.New(slog.DiscardHandler))}, g.options...), opts...)
	db, err := sql.Open(g.driver.register(g.t, g.dialect, steps, opts...), g.wrappedDSN(params))
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			g.t.Errorf("close: %v", err)
		}
	})
	h, err := driver.Of(db)
	if err != nil {
		g.t.Fatal(err)
	}
	return db, h, steps
}

// trapQuerier is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type trapQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// bind writes placeholders as the database wants them.
func (g *trapRig) bind(query string) string {
	switch g.dialect {
	case parse.MySQL: // where || is OR, and what is in double quotes is a string
		return concatenated.ReplaceAllString(quoted.ReplaceAllString(query, "`$1`"), "CONCAT($1, $2)")
	case parse.SQLite:
		return query
	}
	var b strings.Builder
	n := 0
	for _, ch := range query {
		if ch == '?' {
			n++
			fmt.Fprintf(&b, "$%d", n)
		} else {
			b.WriteRune(ch)
		}
	}
	return b.String()
}

var (
	concatenated = regexp.MustCompile(`(\w+) \|\| ('[^']*')`)
	quoted       = regexp.MustCompile(`"([^"]*)"`)
)

// ask returns a query's rows as text; an error is text too.
func (g *trapRig) ask(ctx context.Context, q trapQuerier, query string, args ...any) string {
	rows, err := q.QueryContext(ctx, g.bind(query), args...)
	if err != nil {
		return "error: " + err.Error()
	}
	defer rows.Close()
	var lines []string
	names, err := rows.Columns()
	if err != nil {
		return "error: " + err.Error()
	}
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return "error: " + err.Error()
		}
		cells := make([]string, len(names))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			cells[i] = fmt.Sprintf("%s=%v", names[i], v)
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	if err := rows.Err(); err != nil {
		return "error: " + err.Error()
	}
	if len(lines) == 0 {
		return "no row"
	}
	return strings.Join(lines, "; ")
}

// read is ask where an error ends the test.
func (g *trapRig) read(q trapQuerier, query string, args ...any) string {
	g.t.Helper()
	got := g.ask(g.ctx, q, query, args...)
	if strings.HasPrefix(got, "error: ") {
		g.t.Fatalf("%s: %s", query, got)
	}
	return got
}

func (g *trapRig) exec(q trapQuerier, query string, args ...any) {
	g.t.Helper()
	if _, err := q.ExecContext(g.ctx, g.bind(query), args...); err != nil {
		g.t.Fatalf("%s: %v", query, err)
	}
}

// begin opens a transaction.
func (g *trapRig) begin(db *sql.DB, opts *sql.TxOptions) *sql.Tx {
	g.t.Helper()
	tx, err := db.BeginTx(g.ctx, opts)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func (g *trapRig) commit(tx *sql.Tx) {
	g.t.Helper()
	if err := tx.Commit(); err != nil {
		g.t.Fatalf("commit: %v", err)
	}
}

func (g *trapRig) conn(db *sql.DB) *sql.Conn {
	g.t.Helper()
	c, err := db.Conn(g.ctx)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = c.Close() })
	return c
}

// sync waits for the background work of both handles.
func (g *trapRig) sync() {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, trapPatience)
	defer cancel()
	for _, h := range []*driver.Handle{g.w, g.r} {
		if err := h.Sync(ctx); err != nil {
			g.t.Fatalf("sync: %v", err)
		}
	}
}

// warm reads through R until the read is a hit, and returns what was served.
func (g *trapRig) warm(query string, args ...any) string {
	g.t.Helper()
	return g.warmOn(g.R, g.r, query, args...)
}

func (g *trapRig) warmOn(db *sql.DB, h *driver.Handle, query string, args ...any) string {
	g.t.Helper()
	var got string
	trapUntil(g.t, func() bool {
		before := h.Stats().Hits
		got = g.read(db, query, args...)
		return h.Stats().Hits > before
	}, func() string { return fmt.Sprintf("no hit of %s: %+v", query, h.Stats()) })
	return got
}

// mustHit reads once through R, and fails if that is not a hit.
func (g *trapRig) mustHit(query string, args ...any) string {
	g.t.Helper()
	before := g.r.Stats()
	got := g.read(g.R, query, args...)
	if since := g.r.Stats().Sub(before); since.Hits != 1 {
		g.t.Fatalf("%s was to be a hit: %+v", query, since)
	}
	return got
}

// mustBypass reads once through R, and fails if the store was asked.
func (g *trapRig) mustBypass(query string, args ...any) string {
	g.t.Helper()
	before := g.r.Stats()
	got := g.ask(g.ctx, g.R, query, args...)
	if since := g.r.Stats().Sub(before); since.Hits+since.Misses != 0 || len(since.Bypasses) != 1 {
		g.t.Fatalf("%s was to bypass: %+v", query, since)
	}
	return got
}

// fresh fails unless R and W are served what the database has, now and once it
// is kept again where it can be.
func (g *trapRig) fresh(query string, args ...any) string {
	g.t.Helper()
	want := g.ask(g.ctx, g.bare, query, args...)
	for range 2 {
		if got := g.ask(g.ctx, g.R, query, args...); got != want {
			g.t.Errorf("%s: R is served %q, the database has %q", query, got, want)
		}
		if got := g.ask(g.ctx, g.W, query, args...); got != want {
			g.t.Errorf("%s: W is served %q, the database has %q", query, got, want)
		}
		g.sync()
	}
	return want
}

// changes warms the queries, runs a write, and fails unless each query then
// shows what the database has, and unless that is something new.
func (g *trapRig) changes(write func(), queries ...string) {
	g.t.Helper()
	old := make([]string, len(queries))
	for i, q := range queries {
		old[i] = g.warm(q)
	}
	for _, q := range queries {
		g.mustHit(q) // none of them ended another
	}
	write()
	if g.t.Failed() {
		return
	}
	for i, q := range queries {
		if now := g.fresh(q); now == old[i] {
			g.t.Errorf("%s: the write changed nothing in the database: %s", q, now)
		}
	}
}
