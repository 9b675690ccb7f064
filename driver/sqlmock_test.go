package driver_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/DATA-DOG/go-sqlmock"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/parse"
	"github.com/moneyclip/moneyclip/policy"
)

// mockSchemas are the same two tables in the three dialects.
var mockSchemas = map[string]string{
	"postgresql": "CREATE TABLE authors (id BIGINT PRIMARY KEY, name TEXT NOT NULL); CREATE TABLE visits (at TIMESTAMPTZ NOT NULL);",
	"mysql":      "CREATE TABLE authors (id BIGINT PRIMARY KEY, name VARCHAR(50) NOT NULL); CREATE TABLE visits (at DATETIME NOT NULL);",
	"sqlite":     "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL); CREATE TABLE visits (at TEXT NOT NULL);",
}

var mocks atomic.Int64

// eachMock runs a test on a mock of each dialect. What the mock expects it says
// itself; at the end all of it must have come.
func eachMock(t *testing.T, run func(t *testing.T, w *watched, mock sqlmock.Sqlmock), options ...func(m *mockSetting)) {
	for _, dialect := range []string{"postgresql", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			m := mockSetting{name: fmt.Sprintf("shop-%d", mocks.Add(1))}
			for _, o := range options {
				o(&m)
			}
			plain, mock, err := sqlmock.NewWithDSN(m.name, sqlmock.MonitorPingsOption(m.pings))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "schema.sql")
			if err := os.WriteFile(file, []byte(mockSchemas[dialect]), 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("moneyclip+sqlmock", m.name+"?moneyclip_store=memory&moneyclip_dialect="+dialect+"&moneyclip_schema="+file)
			if err != nil {
				t.Fatal(err)
			}
			run(t, watch(t, db), mock)
			if err := mock.ExpectationsWereMet(); err != nil {
				t.Error(err)
			}
			// Whoever does not expect a close is told of it: not a concern here.
			_ = db.Close()
			_ = plain.Close()
		})
	}
}

type mockSetting struct {
	name  string
	pings bool
}

// The texts, without placeholders, which differ between the dialects.
const (
	mockGet    = "SELECT name FROM authors WHERE id = 1"
	mockRename = "UPDATE authors SET name = 'bea' WHERE id = 1"
)

func mockName(name string) *sqlmock.Rows { return sqlmock.NewRows([]string{"name"}).AddRow(name) }

func mockRead(t *testing.T, a asker, want string) {
	t.Helper()
	rows, err := valuesOf(context.Background(), a, mockGet)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0][0] != want {
		t.Fatalf("%v, want %q", rows, want)
	}
}

func TestMockIsAskedOnceForARowThatIsReadTwice(t *testing.T) {
	eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann"))
		for range 3 {
			mockRead(t, w.DB, "ann")
		}
		if s := w.Stats(); s.Hits != 2 || s.Misses != 1 {
			t.Errorf("%d hits and %d misses, want 2 and 1", s.Hits, s.Misses)
		}
	})
}

func TestMockIsAskedAgainAfterAWrite(t *testing.T) {
	for _, text := range []string{mockRename, "UPDATE authors SET name = 'bea'", "DELETE FROM authors WHERE name = 'x'"} {
		t.Run(text, func(t *testing.T) {
			eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
				mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann"))
				mock.ExpectExec("authors").WillReturnResult(sqlmock.NewResult(0, 1))
				mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("bea"))
				mockRead(t, w.DB, "ann")
				mustExec(t, w.DB, text)
				for range 2 {
					mockRead(t, w.DB, "bea")
				}
			})
		})
	}
}

func TestMockedWriteOfAnotherTableLeavesTheEntry(t *testing.T) {
	eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann"))
		mock.ExpectExec("DELETE FROM visits").WillReturnResult(sqlmock.NewResult(0, 7))
		mockRead(t, w.DB, "ann")
		mustExec(t, w.DB, "DELETE FROM visits")
		mockRead(t, w.DB, "ann")
	})
}

func TestMockedTransactions(t *testing.T) {
	type call struct {
		name   string
		end    func(*sql.Tx) error
		expect func(sqlmock.Sqlmock)
		kept   bool
	}
	for _, c := range []call{
		{"rolled back", (*sql.Tx).Rollback, func(m sqlmock.Sqlmock) { m.ExpectRollback() }, true},
		{"committed", (*sql.Tx).Commit, func(m sqlmock.Sqlmock) { m.ExpectCommit() }, false},
		{"commit fails", (*sql.Tx).Commit, func(m sqlmock.Sqlmock) { m.ExpectCommit().WillReturnError(errMocked) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
				mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann"))
				mock.ExpectBegin()
				mock.ExpectExec("UPDATE authors").WillReturnResult(sqlmock.NewResult(0, 1))
				mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("in the transaction"))
				c.expect(mock)
				if !c.kept {
					mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("afterwards"))
				}
				mockRead(t, w.DB, "ann")
				tx, err := w.Begin()
				if err != nil {
					t.Fatal(err)
				}
				mustExec(t, tx, mockRename)
				mockRead(t, tx, "in the transaction") // reads in a transaction go to the database
				if err := c.end(tx); err != nil && !errors.Is(err, errMocked) {
					t.Fatal(err)
				}
				for range 2 {
					if c.kept {
						mockRead(t, w.DB, "ann")
					} else {
						mockRead(t, w.DB, "afterwards")
					}
				}
			})
		})
	}
}

var errMocked = errors.New("as the test wants it")

func TestMockedErrorsArriveAndNothingIsKeptOfThem(t *testing.T) {
	eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
		mock.ExpectQuery("SELECT name FROM authors").WillReturnError(errMocked)
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann").RowError(0, errMocked))
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann").CloseError(errMocked))
		mock.ExpectExec("UPDATE authors").WillReturnError(errMocked)
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann"))
		for range 2 {
			if rows, err := valuesOf(context.Background(), w.DB, mockGet); !errors.Is(err, errMocked) {
				t.Fatalf("%v, %v", rows, err)
			}
		}
		rows, err := w.Query(mockGet)
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := rows.Close(); !errors.Is(err, errMocked) {
			t.Errorf("close: %v", err)
		}
		if _, err := w.Exec(mockRename); !errors.Is(err, errMocked) {
			t.Fatal(err)
		}
		for range 2 { // the write is over, though it failed: what is read now is kept
			mockRead(t, w.DB, "ann")
		}
	})
}

func TestMockedPreparedStatements(t *testing.T) {
	eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
		w.SetMaxOpenConns(1)
		get := mock.ExpectPrepare("SELECT name FROM authors").WillBeClosed()
		put := mock.ExpectPrepare("UPDATE authors").WillBeClosed()
		get.ExpectQuery().WillReturnRows(mockName("ann"))
		put.ExpectExec().WillReturnResult(sqlmock.NewResult(0, 1))
		get.ExpectQuery().WillReturnRows(mockName("bea"))
		reads, err := w.Prepare(mockGet)
		if err != nil {
			t.Fatal(err)
		}
		writes, err := w.Prepare(mockRename)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"ann", "ann", "bea", "bea"} {
			var got string
			if err := reads.QueryRow().Scan(&got); err != nil || got != want {
				t.Fatalf("%q, %v, want %q", got, err, want)
			}
			if w.Stats().Hits == 1 && want == "ann" {
				if _, err := writes.Exec(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := errors.Join(reads.Close(), writes.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMockedRowsThatAWriteReturns(t *testing.T) {
	eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann"))
		mock.ExpectQuery("INSERT INTO authors").WillReturnRows(sqlmock.NewRows([]string{"id"}).AddRow(int64(2)))
		mock.ExpectQuery("DELETE FROM authors").WillReturnRows(sqlmock.NewRows([]string{"id"}).AddRow(int64(1)))
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(sqlmock.NewRows([]string{"name"}))
		mockRead(t, w.DB, "ann")
		for _, text := range []string{"INSERT INTO authors (name) VALUES ('eve') RETURNING id", "DELETE FROM authors WHERE id = 1 RETURNING id"} {
			mockRead(t, w.DB, "ann") // another row's, or not written yet
			if rows, err := valuesOf(context.Background(), w.DB, text); err != nil || len(rows) != 1 {
				t.Fatalf("%s: %v, %v", text, rows, err)
			}
		}
		if rows, err := valuesOf(context.Background(), w.DB, mockGet); err != nil || len(rows) != 0 {
			t.Errorf("%v, %v, want no row", rows, err)
		}
	})
}

// Nothing that the wrapper does by itself reaches the mock: a ping for a
// session, a query for the catalog, a reset.
func TestMockNeverMeetsWhatItDidNotExpect(t *testing.T) {
	eachMock(t, func(t *testing.T, w *watched, mock sqlmock.Sqlmock) {
		mock.ExpectExec("ALTER TABLE authors").WillReturnResult(sqlmock.NewResult(0, 0))
		mock.ExpectExec("SET TIME ZONE|SET time_zone|PRAGMA").WillReturnResult(sqlmock.NewResult(0, 0))
		mock.ExpectExec("not SQL at all").WillReturnError(errMocked)
		mock.ExpectPing()
		mock.ExpectQuery("SELECT name FROM authors").WillReturnRows(mockName("ann"))
		ctx := context.Background()
		if d, err := w.Explain(ctx, mockGet); err != nil || d.Code != policy.Miss {
			t.Errorf("%+v, %v", d, err)
		}
		if err := errors.Join(w.InvalidateAll(ctx), w.Invalidate(ctx, "authors", 1), w.InvalidateTable(ctx, "authors")); err != nil {
			t.Error(err)
		}
		mustExec(t, w.DB, "ALTER TABLE authors ADD COLUMN bio TEXT")
		mustExec(t, w.DB, map[parse.Dialect]string{parse.PostgreSQL: "SET TIME ZONE 'UTC'", parse.MySQL: "SET time_zone = '+00:00'", parse.SQLite: "PRAGMA case_sensitive_like = 1"}[dialectOf(t)])
		if _, err := w.Exec("it is not SQL at all"); !errors.Is(err, errMocked) {
			t.Error(err)
		}
		if err := w.PingContext(ctx); err != nil {
			t.Error(err)
		}
		w.SetMaxIdleConns(0) // a fresh one, whose session is not changed
		w.SetMaxIdleConns(2)
		for range 2 {
			mockRead(t, w.DB, "ann")
		}
		if got := w.Tables(); len(got) != 1 || !strings.HasSuffix(got[0], "authors") {
			t.Errorf("cached: %v", got)
		}
	}, func(m *mockSetting) { m.pings = true })
}

func dialectOf(t *testing.T) parse.Dialect {
	t.Helper()
	d, err := parse.ParseDialect(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMockExpectsItsClose(t *testing.T) {
	plain, mock, err := sqlmock.NewWithDSN("closing")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }() // it expects the other close only
	mock.ExpectQuery("SELECT name").WillReturnRows(mockName("ann"))
	mock.ExpectClose()
	if err := driver.Register("closingmock", "sqlmock", parse.PostgreSQL, driver.WithStore("memory"), driver.WithSchemaText("schema.sql", mockSchemas["postgresql"])); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("moneyclip+closingmock", "closing")
	if err != nil {
		t.Fatal(err)
	}
	mockRead(t, db, "ann")
	if err := errors.Join(db.Close(), mock.ExpectationsWereMet()); err != nil {
		t.Error(err)
	}
}

func TestMockWithoutDialectOrSchemaIsRefusedAtOpen(t *testing.T) {
	for parameters, want := range map[string]string{
		"moneyclip_store=memory":                                                      "moneyclip_dialect=",
		"moneyclip_store=memory&moneyclip_dialect=mysql":                              "moneyclip_schema=",
		"moneyclip_dialect=mysql&moneyclip_schema=no/such.sql":                        "no store is named",
		"moneyclip_store=memory&moneyclip_dialect=mysql&moneyclip_schema=no/such.sql": "no/such.sql",
		"moneyclip_store=memory&moneyclip_dialect=mysql&moneyclip_schema=,":           "paths of SQL files",
	} {
		db, err := sql.Open("moneyclip+sqlmock", "refused?"+parameters)
		if err == nil {
			_ = db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %q", parameters, err, want)
		}
	}
}
