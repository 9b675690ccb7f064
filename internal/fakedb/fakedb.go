package fakedb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Config is what a fake database is and does. The zero value has none of the
// optional interfaces and knows no query.
type Config struct {
	Conn ConnRole
	Stmt StmtRole
	Rows RowsRole

	ConnectorCloser bool // the connector is an io.Closer
	DriverContext   bool // the driver is a driver.DriverContext

	// Replies are the answers by query text. A query that is not here is
	// answered by Fallback, or with an error where there is none. Its calls are
	// not written down: it is what a wrapper asks for itself.
	Replies  map[string]Reply
	Fallback func(query string, args []driver.NamedValue) (Reply, error)

	// Fail is called with every call after it is written down; the call
	// returns its error. An IsValid that fails answers false.
	Fail func(Call) error

	// Check is CheckNamedValue of connections and statements that have it,
	// Converter the ColumnConverter of a statement. The default accepts what
	// driver.DefaultParameterConverter accepts.
	Check     func(*driver.NamedValue) error
	Converter func(index int) driver.ValueConverter

	// NumInput is the number of placeholders in a text. The default counts
	// question marks.
	NumInput func(query string) int
}

// Reply is the answer to one query, asked in any of the ways there are.
type Reply struct {
	Sets []ResultSet // of a query

	LastInsertID, RowsAffected       int64 // of an execution
	LastInsertIDErr, RowsAffectedErr error

	// Err is returned instead of the above.
	Err error
	// Do is called first, with the context of the call, which is
	// context.Background for a method without one. Its error is returned.
	Do func(ctx context.Context) error
	// CloseErr is returned when the rows are closed.
	CloseErr error
}

// ResultSet is one result set of a query.
type ResultSet struct {
	Columns []Column
	Rows    [][]driver.Value
	Err     error // instead of io.EOF after the rows
	NextErr error // of the NextResultSet that asks for this set
}

// Column is what the rows say of one column, where they have the interface.
type Column struct {
	Name                 string
	DatabaseType         string
	ScanType             reflect.Type
	Nullable, NullableOK bool
	Length               int64
	LengthOK             bool
	Precision, Scale     int64
	DecimalOK            bool
}

// Columns returns columns of which only the names are known.
func Columns(names ...string) []Column {
	columns := make([]Column, len(names))
	for i, name := range names {
		columns[i].Name = name
	}
	return columns
}

// Call is one call that the driver received.
type Call struct {
	Conn  int    // number of the connection, from 1
	Op    string // role and method, such as "Conn.QueryContext"
	Query string // of the statement, too
	Args  []driver.NamedValue
	Opts  driver.TxOptions
	Mark  string // of the context, see WithMark
}

// String is a line of a transcript.
func (c Call) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", c.Conn, c.Op)
	if c.Query != "" {
		fmt.Fprintf(&b, " %q", c.Query)
	}
	for _, a := range c.Args {
		fmt.Fprintf(&b, " $%d", a.Ordinal)
		if a.Name != "" {
			fmt.Fprintf(&b, "/%s", a.Name)
		}
		fmt.Fprintf(&b, "=%T", a.Value)
		if driver.IsValue(a.Value) { // others may hold addresses, different each time
			fmt.Fprintf(&b, "(%v)", a.Value)
		}
	}
	if c.Opts != (driver.TxOptions{}) {
		fmt.Fprintf(&b, " isolation=%d read-only=%v", c.Opts.Isolation, c.Opts.ReadOnly)
	}
	if c.Mark != "" {
		fmt.Fprintf(&b, " ctx=%s", c.Mark)
	}
	return b.String()
}

type markKey struct{}

// WithMark returns a context that a call shows in the transcript, so that one
// sees whose context the driver was given.
func WithMark(ctx context.Context, mark string) context.Context {
	return context.WithValue(ctx, markKey{}, mark)
}

// DB is a fake database. It may be used concurrently.
type DB struct {
	cfg Config

	mu         sync.Mutex
	calls      []Call
	conns      int
	open       map[string]int // by role
	changed    chan struct{}  // closed when open changes
	violations []string
}

// New returns a fake database. The test fails where it ends with a violation
// of the contract of package driver, and at once where there is no type with
// the interfaces that are asked for.
func New(t testing.TB, cfg Config) *DB {
	t.Helper()
	if _, ok := conns[cfg.Conn]; !ok {
		t.Fatalf("fakedb: no type of connection for %b: add it to conns", cfg.Conn)
	}
	if _, ok := stmts[cfg.Stmt]; !ok {
		t.Fatalf("fakedb: no type of statement for %b: add it to stmts", cfg.Stmt)
	}
	if _, ok := rowses[cfg.Rows]; !ok {
		t.Fatalf("fakedb: no type of rows for %b: add it to rowses", cfg.Rows)
	}
	if cfg.Check == nil {
		cfg.Check = func(nv *driver.NamedValue) (err error) {
			nv.Value, err = driver.DefaultParameterConverter.ConvertValue(nv.Value)
			return err
		}
	}
	if cfg.Converter == nil {
		cfg.Converter = func(int) driver.ValueConverter { return driver.DefaultParameterConverter }
	}
	if cfg.NumInput == nil {
		cfg.NumInput = func(query string) int { return strings.Count(query, "?") }
	}
	db := &DB{cfg: cfg, open: make(map[string]int), changed: make(chan struct{})}
	t.Cleanup(func() {
		for _, v := range db.Violations() {
			t.Errorf("fakedb: %s", v)
		}
	})
	return db
}

// Calls returns what was received since the last Reset.
func (db *DB) Calls() []Call {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(db.calls)
}

// Transcript returns the calls as lines.
func (db *DB) Transcript() []string {
	var lines []string
	for _, c := range db.Calls() {
		lines = append(lines, c.String())
	}
	return lines
}

// Reset forgets the calls.
func (db *DB) Reset() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.calls = nil
}

// Open returns how many of each role ("conn", "stmt", "rows", "tx") are open.
// The map holds no zeroes.
func (db *DB) Open() map[string]int {
	db.mu.Lock()
	defer db.mu.Unlock()
	open := make(map[string]int)
	for role, n := range db.open {
		if n != 0 {
			open[role] = n
		}
	}
	return open
}

// WaitClosed waits until nothing is open: database/sql closes some of it in
// goroutines of its own. The test fails where that takes long.
func (db *DB) WaitClosed(t testing.TB) {
	t.Helper()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for {
		db.mu.Lock()
		changed := db.changed
		db.mu.Unlock()
		open := db.Open()
		if len(open) == 0 {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Errorf("fakedb: left open: %v", open)
			return
		}
	}
}

// Violations returns how the contract of package driver was broken.
func (db *DB) Violations() []string {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(db.violations)
}

func (db *DB) violation(format string, args ...any) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.violations = append(db.violations, fmt.Sprintf(format, args...))
}

func (db *DB) count(role string, delta int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.open[role] += delta
	close(db.changed)
	db.changed = make(chan struct{})
}

// record writes a call down, and returns the error that it is to have. The
// calls of a query that is not in the script are neither written down nor made
// to fail.
func (db *DB) record(ctx context.Context, c Call) error {
	if c.Query != "" {
		if _, ok := db.cfg.Replies[c.Query]; !ok {
			return nil
		}
	}
	c.Mark, _ = ctx.Value(markKey{}).(string)
	c.Args = slices.Clone(c.Args)
	for i, a := range c.Args {
		if b, ok := a.Value.([]byte); ok {
			c.Args[i].Value = slices.Clone(b)
		}
	}
	db.mu.Lock()
	db.calls = append(db.calls, c)
	db.mu.Unlock()
	if db.cfg.Fail == nil {
		return nil
	}
	return db.cfg.Fail(c)
}

func (db *DB) reply(ctx context.Context, query string, args []driver.NamedValue) (Reply, error) {
	r, ok := db.cfg.Replies[query]
	if !ok {
		if db.cfg.Fallback == nil {
			return Reply{}, fmt.Errorf("fakedb: unknown query %q", query)
		}
		var err error
		if r, err = db.cfg.Fallback(query, args); err != nil {
			return Reply{}, err
		}
	}
	if r.Do != nil {
		if err := r.Do(ctx); err != nil {
			return Reply{}, err
		}
	}
	return r, r.Err
}

// Connector returns the connector of the database.
func (db *DB) Connector() driver.Connector {
	c := &connector{db: db}
	if db.cfg.ConnectorCloser {
		return closingConnector{c}
	}
	return c
}

// Driver returns the driver of the database. It opens any name.
func (db *DB) Driver() driver.Driver {
	if db.cfg.DriverContext {
		return contextDriver{sqlDriver{db}}
	}
	return sqlDriver{db}
}

type connector struct{ db *DB }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	n := c.db.nextConn()
	if err := c.db.record(ctx, Call{Conn: n, Op: "Connector.Connect"}); err != nil {
		return nil, err
	}
	return c.db.newConn(n), nil
}

func (c *connector) Driver() driver.Driver { return c.db.Driver() }

type closingConnector struct{ *connector }

var _ io.Closer = closingConnector{}

func (c closingConnector) Close() error {
	return c.db.record(context.Background(), Call{Op: "Connector.Close"})
}

type sqlDriver struct{ db *DB }

func (d sqlDriver) Open(name string) (driver.Conn, error) {
	if err := d.db.record(context.Background(), Call{Op: "Driver.Open " + name}); err != nil {
		return nil, err
	}
	return d.db.newConn(d.db.nextConn()), nil
}

type contextDriver struct{ sqlDriver }

var _ driver.DriverContext = contextDriver{}

func (d contextDriver) OpenConnector(name string) (driver.Connector, error) {
	if err := d.db.record(context.Background(), Call{Op: "Driver.OpenConnector " + name}); err != nil {
		return nil, err
	}
	return d.db.Connector(), nil
}
