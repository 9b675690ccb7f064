package driver_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/fakedb"
	"github.com/moneyclip/moneyclip/parse"
)

// database/sql keeps the connection of a transaction whose context ended only
// where the driver can both reset and validate it.
func TestConnectionAfterTheContextOfItsTransactionEnded(t *testing.T) {
	for _, conn := range []fakedb.ConnRole{
		0, fakedb.SessionResetter, fakedb.Validator, fakedb.SessionResetter | fakedb.Validator,
		fakedb.ConnBeginTx | fakedb.SessionResetter, fakedb.ConnBeginTx | fakedb.Validator,
		fakedb.ConnBeginTx | fakedb.SessionResetter | fakedb.Validator, fakedb.ModernConn,
	} {
		for _, isolation := range []sql.IsolationLevel{sql.LevelDefault, sql.LevelSerializable} {
			t.Run(fmt.Sprintf("%010b/%v", conn, isolation), func(t *testing.T) {
				script{
					fake: fakedb.Config{Conn: conn, Replies: replies()},
					run: func(p *program) {
						var tx *sql.Tx
						p.cancellable(func() {
							p.begin(&sql.TxOptions{Isolation: isolation}, func(begun *sql.Tx) {
								tx = begun
								p.exec(tx, update, "x", 1)
								p.cancel()
							})
						})
						// The pool has one connection: this waits for the rollback.
						p.exec(p.db, update, "y", 1)
						p.query(p.db, selectAll)
						if tx != nil {
							p.fail("commit", tx.Commit())
							p.fail("rollback", tx.Rollback())
						}
					},
				}.compare(t)
			})
		}
	}
}

// A statement of the database is prepared again on each connection that it
// runs on, and a transaction takes its own.
func TestStatementsMoveBetweenConnections(t *testing.T) {
	for _, conn := range []fakedb.ConnRole{0, fakedb.Queryer | fakedb.Execer, fakedb.ModernConn} {
		t.Run(fmt.Sprintf("%010b", conn), func(t *testing.T) {
			script{
				fake:  fakedb.Config{Conn: conn, Stmt: fakedb.ModernStmt, Rows: fakedb.AllRows, Replies: replies()},
				conns: 2,
				run: func(p *program) {
					open, err := p.db.QueryContext(p.ctx, selectAll)
					p.fail("query", err)
					stmt, err := p.db.PrepareContext(p.ctx, update)
					p.fail("prepare", err)
					exec := func(stmt *sql.Stmt) {
						r, err := stmt.ExecContext(p.ctx, "x", 1)
						p.result("exec", r, err)
					}
					exec(stmt)
					p.conn(func(c *sql.Conn) {
						p.exec(c, update, "y", 2)
						p.rows("the first connection", open, nil)
						exec(stmt)
						p.begin(nil, func(tx *sql.Tx) {
							exec(tx.StmtContext(p.ctx, stmt))
							own, err := tx.PrepareContext(p.ctx, update)
							p.fail("prepare", err)
							exec(own)
							exec(own)
							p.fail("commit", tx.Commit())
							r, err := own.Exec("z", 1)
							p.result("after the transaction", r, err)
						})
					})
					exec(stmt)
					p.fail("close", stmt.Close())
					r, err := stmt.Exec("z", 1)
					p.result("after close", r, err)
				},
			}.compare(t)
		})
	}
}

func TestSeveralResultSets(t *testing.T) {
	second := fakedb.ResultSet{Columns: fakedb.Columns("x", "y", "z"), Rows: [][]sqldriver.Value{{int64(1), []byte{}, nil}, {2.5, true, "s"}}}
	broken := fakedb.ResultSet{Columns: fakedb.Columns("b"), Rows: [][]sqldriver.Value{{int64(1)}}, Err: errFake}
	first := authors([]sqldriver.Value{int64(1), "Ada"})
	for name, sets := range map[string][]fakedb.ResultSet{
		"none":                 nil,
		"one":                  {first},
		"two":                  {first, second},
		"empty between":        {first, {}, second},
		"no columns":           {{Rows: [][]sqldriver.Value{{}, {}}}, second},
		"broken first":         {broken, second},
		"broken second":        {first, broken, second},
		"next fails":           {first, {NextErr: errFake}, second},
		"next has a bad conn":  {first, {NextErr: sqldriver.ErrBadConn}},
		"broken by bad conn":   {{Columns: first.Columns, Rows: first.Rows, Err: sqldriver.ErrBadConn}},
		"broken by wrapped":    {{Columns: first.Columns, Rows: first.Rows, Err: wrap(sqldriver.ErrBadConn)}},
		"broken before a row":  {{Columns: first.Columns, Err: errFake}},
		"the end, wrapped":     {{Columns: first.Columns, Rows: first.Rows, Err: fmt.Errorf("at %w", context.Canceled)}},
		"names that are equal": {{Columns: fakedb.Columns("a", "a"), Rows: [][]sqldriver.Value{{int64(1), int64(2)}}}},
	} {
		for _, role := range []fakedb.RowsRole{0, fakedb.NextResultSet, fakedb.AllRows} {
			for _, closeErr := range []error{nil, errFake, sqldriver.ErrBadConn} {
				t.Run(fmt.Sprintf("%s/%06b/%v", name, role, closeErr), func(t *testing.T) {
					cfg := fakedb.Config{Conn: fakedb.ModernConn, Stmt: fakedb.ModernStmt, Rows: role, Replies: replies()}
					for query, r := range cfg.Replies {
						r.Sets, r.CloseErr = sets, closeErr
						cfg.Replies[query] = r
					}
					script{
						fake: cfg,
						// Rows by key are read ahead, in one of the runs.
						sees: true,
						run: func(p *program) {
							for range 2 {
								p.query(p.db, selectOne, 1)
								p.queryRow(p.db, selectOne, 1)
								p.settle()
								p.early(selectOne, 1)
								p.early(selectAll)
								p.prepared(p.db, selectOne, 1)
							}
							for _, query := range []string{selectAll, returning, opaque} {
								p.query(p.db, query)
								p.queryRow(p.db, query)
								p.early(query)
								p.prepared(p.db, query)
							}
						},
						mayHit: true,
					}.compare(t)
				})
			}
		}
	}
}

// early closes rows after the first.
func (p *program) early(query string, args ...any) {
	rows, err := p.db.QueryContext(p.ctx, query, args...)
	p.fail("query", err)
	if err != nil {
		return
	}
	p.note("next %v", rows.Next())
	p.fail("close", rows.Close())
	p.fail("after close", rows.Err())
	p.note("next %v, next set %v", rows.Next(), rows.NextResultSet())
}

// A driver may say of a column that it has no scan type.
func TestMissingScanTypeStaysMissing(t *testing.T) {
	none := authors([]sqldriver.Value{int64(1), "Ada"})
	none.Columns[0].ScanType = nil
	cfg := fakedb.Config{Conn: fakedb.ModernConn, Rows: fakedb.AllRows, Replies: replies()}
	for query, r := range cfg.Replies {
		r.Sets = []fakedb.ResultSet{none}
		cfg.Replies[query] = r
	}
	script{fake: cfg, reads: true, run: func(p *program) {
		for range 2 {
			p.query(p.db, selectAll)
			p.query(p.db, returning, "n")
			p.query(p.db, selectOne, 1)
			p.settle()
			p.query(p.db, selectOne, 1)
		}
	}}.compare(t)
}

// What a bypassed query returns is the inner driver's own, with the interfaces
// that only it knows.
func TestBypassedRowsAreTheDriversOwn(t *testing.T) {
	fake := fakedb.New(t, fakedb.Config{Conn: fakedb.ModernConn, Stmt: fakedb.ModernStmt, Rows: fakedb.ScanType, Replies: replies()})
	bare, err := fake.Connector().Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	db := wrapped(t, fake, parse.PostgreSQL)
	defer db.Close()
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	query := func(dc any) reflect.Type {
		rows, err := dc.(sqldriver.QueryerContext).QueryContext(context.Background(), selectAll, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		return reflect.TypeOf(rows)
	}
	want := query(bare)
	if err := c.Raw(func(dc any) error {
		if got := query(dc); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestRawGivesTheDriversOwnConnection(t *testing.T) {
	fake := fakedb.New(t, fakedb.Config{Conn: fakedb.ModernConn, Replies: replies()})
	bare, err := fake.Connector().Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	db := wrapped(t, fake, parse.PostgreSQL)
	defer db.Close()
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := driver.Raw(context.Background(), c, func(dc any) error {
		if reflect.TypeOf(dc) != reflect.TypeOf(bare) {
			t.Errorf("got a %T", dc)
		}
		return errFake
	})
	if got != errFake {
		t.Errorf("got %v, want the function's own error", got)
	}
}

func TestClosingTheDatabaseClosesTheConnector(t *testing.T) {
	for _, closer := range []bool{false, true} {
		fake := fakedb.New(t, fakedb.Config{ConnectorCloser: closer})
		if err := wrapped(t, fake, parse.SQLite).Close(); err != nil {
			t.Error(err)
		}
		if got := slices.Contains(fake.Transcript(), "0 Connector.Close"); got != closer {
			t.Errorf("closer %v: %q", closer, fake.Transcript())
		}
	}
}

// A registered driver is given the data source name byte for byte, by the way
// that database/sql would take.
func TestRegisteredDriversAreOpenedAsByDatabaseSQL(t *testing.T) {
	const dsn = "file:any thing?a=%20b&c=ü&a=&&x"
	for _, withContext := range []bool{false, true} {
		t.Run(fmt.Sprint(withContext), func(t *testing.T) {
			transcript := func(prefix string) []string {
				fake := fakedb.New(t, fakedb.Config{DriverContext: withContext, Conn: fakedb.ModernConn, Replies: replies()})
				name := strings.ReplaceAll(t.Name()+prefix, "/", "_")
				sql.Register(name, fake.Driver())
				if prefix != "" {
					if err := driver.Register(name, name, parse.SQLite, driver.WithStore("memory"), driver.WithLogger(slog.New(slog.DiscardHandler))); err != nil {
						t.Fatal(err)
					}
				}
				db, err := sql.Open(prefix+name, dsn)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := db.Exec(update, "x", 1); err != nil {
					t.Fatal(err)
				}
				db.Close()
				fake.WaitClosed(t)
				// database/sql's own Open of the inner name makes a connector, too.
				return slices.Compact(fake.Transcript())
			}
			want, got := transcript(""), transcript("moneyclip+")
			if !slices.Equal(want[:len(want)-1], got[:len(want)-1]) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
