package driver_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // the inner driver mysql
	_ "github.com/jackc/pgx/v5/stdlib" // the inner driver pgx
	_ "github.com/lib/pq"              // the inner driver postgres

	"github.com/google/go-cmp/cmp"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/testenv"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// site is a real database with a store. All that is opened on it share both.
type site struct {
	inner   string // name of the inner driver
	way     string // how it is used: the inner driver, or "mysqltext" for MySQL's text protocol
	dialect parse.Dialect
	dsn     string // of the inner driver
	store   string // the moneyclip_ parameters that name the store
}

// patience bounds what a test waits for.
const patience = 10 * time.Second

// newSite makes an empty database. redis is the URL of the store; empty for
// the one in the process.
func newSite(t testing.TB, inner, redis string) *site {
	t.Helper()
	s := &site{inner: inner, way: inner, dialect: parse.PostgreSQL}
	switch inner {
	case "sqlite3":
		s.dialect = parse.SQLite
		s.dsn = "file:" + filepath.Join(t.TempDir(), "db") + "?_journal_mode=WAL&_busy_timeout=10000"
	case "mysql":
		s.dialect, s.dsn = parse.MySQL, testenv.MariaDB(t)
	case "mysqltext":
		s.inner, s.dialect, s.dsn = "mysql", parse.MySQL, testenv.MariaDB(t)+"?interpolateParams=true&parseTime=true"
	default:
		s.dsn = testenv.Postgres(t)
	}
	s.store = "moneyclip_namespace=" + strings.NewReplacer("/", ".", "#", ".", "=", ".").Replace(t.Name())
	if len(s.store) > 120 {
		s.store = s.store[:120]
	}
	if redis == "" {
		s.store += "&moneyclip_store=memory"
	} else {
		s.store += "&moneyclip_lease=200ms&moneyclip_redis=" + redis
	}
	return s
}

// eachSite runs a trap on every database, with the stores that it may have.
func eachSite(t *testing.T, run func(t *testing.T, s *site)) {
	for _, inner := range []string{"sqlite3", "postgres", "pgx", "mysql", "mysqltext"} {
		if !wanted(inner) {
			continue
		}
		t.Run(inner, func(t *testing.T) {
			if inner == "sqlite3" {
				t.Run("memory", func(t *testing.T) { run(t, newSite(t, inner, "")) })
			}
			t.Run("redis", func(t *testing.T) { run(t, newSite(t, inner, testenv.Redis(t))) })
		})
	}
}

// q turns the placeholders $1, $2, … into the dialect's own.
func (s *site) q(query string) string {
	switch s.dialect {
	case parse.SQLite:
		return strings.ReplaceAll(query, "$", "?")
	case parse.MySQL:
		return numbered.ReplaceAllString(query, "?")
	}
	return query
}

var numbered = regexp.MustCompile(`\$[0-9]`)

// bind puts arguments in the order in which the dialect counts them: MySQL's
// placeholders have no number.
func (s *site) bind(query string, args []any) []any {
	if s.dialect != parse.MySQL {
		return args
	}
	var bound []any
	for _, p := range numbered.FindAllString(query, -1) {
		n := int(p[1] - '0')
		if n > len(args) {
			return args // too few, as the script wants it
		}
		bound = append(bound, args[n-1])
	}
	if len(args) > len(bound) {
		return args // too many
	}
	return bound
}

// text is a text as the inner driver gives it: MySQL's gives bytes.
func (s *site) text(v string) any {
	if s.dialect == parse.MySQL {
		return []byte(v)
	}
	return v
}

func withParameters(dsn, parameters string) string {
	if strings.Contains(dsn, "?") {
		return dsn + "&" + parameters
	}
	return dsn + "?" + parameters
}

// bare opens the database through the inner driver alone.
func (s *site) bare(t testing.TB) *sql.DB {
	t.Helper()
	return openUntilEnd(t, s.inner, s.dsn)
}

func openUntilEnd(t testing.TB, name, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	})
	return db
}

// mustExec runs statements that the test takes for granted.
func mustExec(t testing.TB, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// setup runs statements beside the cache.
func (s *site) setup(t testing.TB, statements ...string) {
	t.Helper()
	db := s.bare(t)
	for _, text := range statements {
		mustExec(t, db, s.q(text))
	}
}

// open opens the database through moneyclip, with further parameters.
func (s *site) open(t testing.TB, parameters ...string) *watched {
	t.Helper()
	all := strings.Join(append([]string{s.store}, parameters...), "&")
	return watch(t, openUntilEnd(t, "moneyclip+"+s.inner, withParameters(s.dsn, all)))
}

// watched is a database behind moneyclip, with its handle's view of what
// happens. read is for one goroutine at a time.
type watched struct {
	*sql.DB
	*driver.Handle

	mu     sync.Mutex // guards events
	events []driver.Event
}

// Stats is the handle's: that of the pool is not of interest here.
func (w *watched) Stats() driver.Stats { return w.Handle.Stats() }

func watch(t testing.TB, db *sql.DB) *watched {
	t.Helper()
	h, err := driver.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{DB: db, Handle: h}
	t.Cleanup(h.Observe(func(e driver.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, e)
	}))
	return w
}

// since returns the decisions made from mark on, and where to go on.
func (w *watched) since(mark int) (events []driver.Event, next int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.events[mark:], len(w.events)
}

func (w *watched) mark() int {
	_, n := w.since(0)
	return n
}

// sync waits until fills and releases are done.
func (w *watched) sync(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.Sync(ctx); err != nil {
		t.Fatal(err)
	}
}

// asker is what answers queries: a database, a connection, a transaction.
type asker interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// valuesOf reads all rows of a query.
func valuesOf(ctx context.Context, a asker, query string, args ...any) ([][]any, error) {
	rows, err := a.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return drain(rows)
}

func drain(rows *sql.Rows) ([][]any, error) {
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]any
	for rows.Next() {
		row := make([]any, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// told is one answer to a read and how it came about.
type told struct {
	rows [][]any
	code policy.Code
	why  string
}

// ask reads and says how the read was answered.
func (w *watched) ask(t testing.TB, query string, args ...any) told {
	t.Helper()
	return w.askBy(t, context.Background(), w.DB, query, args...)
}

func (w *watched) askBy(t testing.TB, ctx context.Context, a asker, query string, args ...any) told {
	t.Helper()
	mark := w.mark()
	rows, err := valuesOf(ctx, a, query, args...)
	if err != nil {
		t.Fatalf("%s %v: %v", query, args, err)
	}
	events, _ := w.since(mark)
	if len(events) != 1 {
		t.Fatalf("%s %v: %d decisions, want 1: %v", query, args, len(events), events)
	}
	return told{rows, events[0].Code, events[0].Reason}
}

// warm reads until the answer is a hit. The first read of a table on Redis
// meets its quarantine.
func (w *watched) warm(t testing.TB, query string, args ...any) [][]any {
	t.Helper()
	return w.warmBy(t, w.DB, query, args...)
}

func (w *watched) warmBy(t testing.TB, a asker, query string, args ...any) [][]any {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		got := w.askBy(t, context.Background(), a, query, args...)
		if got.code == policy.Hit {
			return got.rows
		}
		if time.Now().After(end) {
			t.Fatalf("%s %v: no hit within %v, at last %v (%s)", query, args, patience, got.code, got.why)
		}
		w.sync(t)
	}
}

// neverHit reads again and again, each time until what may be kept is kept,
// and fails if an answer came about otherwise than wanted. To say something,
// it comes after a warm of the same row.
func (w *watched) neverHit(t testing.TB, want policy.Code, query string, args ...any) {
	t.Helper()
	for range 3 {
		if got := w.ask(t, query, args...); got.code != want {
			t.Errorf("%s %v: %v (%s), want %v", query, args, got.code, got.why, want)
		}
		w.sync(t)
	}
}

// equalRows compares an answer with what the database says.
func equalRows(t testing.TB, what string, want, got [][]any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

func diffLines(want, got []string) string { return cmp.Diff(want, got) }
