package fakedb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

type (
	legacyQueryer interface {
		Query(string, []driver.Value) (driver.Rows, error)
	}
	legacyExecer interface {
		Exec(string, []driver.Value) (driver.Result, error)
	}
	legacyConverter interface {
		ColumnConverter(int) driver.ValueConverter
	}
)

func TestEveryTypeHasExactlyTheInterfacesAskedFor(t *testing.T) {
	c := &conn{db: New(t, Config{})}
	for role, build := range conns {
		v := build(c)
		for bit, has := range map[ConnRole]bool{
			Queryer:               is[legacyQueryer](v),
			QueryerContext:        is[driver.QueryerContext](v),
			Execer:                is[legacyExecer](v),
			ExecerContext:         is[driver.ExecerContext](v),
			ConnPrepareContext:    is[driver.ConnPrepareContext](v),
			ConnBeginTx:           is[driver.ConnBeginTx](v),
			Pinger:                is[driver.Pinger](v),
			SessionResetter:       is[driver.SessionResetter](v),
			Validator:             is[driver.Validator](v),
			ConnNamedValueChecker: is[driver.NamedValueChecker](v),
		} {
			if has != (role&bit != 0) {
				t.Errorf("connection %b, interface %b: %v", role, bit, has)
			}
		}
	}
	for role, build := range stmts {
		v := build(&stmt{c: c})
		for bit, has := range map[StmtRole]bool{
			StmtQueryContext:      is[driver.StmtQueryContext](v),
			StmtExecContext:       is[driver.StmtExecContext](v),
			ColumnConverter:       is[legacyConverter](v),
			StmtNamedValueChecker: is[driver.NamedValueChecker](v),
		} {
			if has != (role&bit != 0) {
				t.Errorf("statement %b, interface %b: %v", role, bit, has)
			}
		}
	}
	for role, build := range rowses {
		v := build(&rows{c: c})
		for bit, has := range map[RowsRole]bool{
			NextResultSet:    is[driver.RowsNextResultSet](v),
			ScanType:         is[driver.RowsColumnTypeScanType](v),
			DatabaseTypeName: is[driver.RowsColumnTypeDatabaseTypeName](v),
			Length:           is[driver.RowsColumnTypeLength](v),
			Nullable:         is[driver.RowsColumnTypeNullable](v),
			PrecisionScale:   is[driver.RowsColumnTypePrecisionScale](v),
		} {
			if has != (role&bit != 0) {
				t.Errorf("rows %b, interface %b: %v", role, bit, has)
			}
		}
	}
	for _, want := range []bool{false, true} {
		db := New(t, Config{ConnectorCloser: want, DriverContext: want})
		if is[io.Closer](db.Connector()) != want || is[driver.DriverContext](db.Driver()) != want {
			t.Errorf("connector and driver, %v: it is not", want)
		}
	}
}

func open(t *testing.T, cfg Config) (*sql.DB, *DB) {
	fake := New(t, cfg)
	db := sql.OpenDB(fake.Connector())
	t.Cleanup(func() { db.Close() })
	return db, fake
}

func TestTranscriptOfAPlainDriver(t *testing.T) {
	db, fake := open(t, Config{Replies: map[string]Reply{
		"select ?": {Sets: []ResultSet{{Columns: Columns("a"), Rows: [][]driver.Value{{[]byte("one")}, {[]byte("two")}}}}},
		"insert":   {RowsAffected: 3, LastInsertID: 4},
	}})
	rows, err := db.Query("select ?", 7)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	if err := rows.Err(); err != nil || !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("got %q, %v", got, err)
	}
	result, err := db.Exec("insert")
	if err != nil {
		t.Fatal(err)
	}
	affected, _ := result.RowsAffected()
	id, _ := result.LastInsertId()
	if affected != 3 || id != 4 {
		t.Errorf("got %d, %d", affected, id)
	}
	want := []string{
		`1 Connector.Connect`,
		`1 Conn.Prepare "select ?"`,
		`1 Stmt.Query "select ?" $1=int64(7)`,
		`1 Rows.Next "select ?"`,
		`1 Rows.Next "select ?"`,
		`1 Rows.Next "select ?"`,
		`1 Rows.Close "select ?"`,
		`1 Stmt.Close "select ?"`,
		`1 Conn.Prepare "insert"`,
		`1 Stmt.Exec "insert"`,
		`1 Stmt.Close "insert"`,
	}
	if got := fake.Transcript(); !slices.Equal(got, want) {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
	if open := fake.Open(); len(open) != 1 || open["conn"] != 1 {
		t.Errorf("open: %v", open)
	}
	db.Close()
	fake.WaitClosed(t)
}

func TestArgumentsAndContextsAreWrittenDown(t *testing.T) {
	db, fake := open(t, Config{Conn: ModernConn, Replies: map[string]Reply{"q": {}}})
	ctx := WithMark(context.Background(), "mine")
	if _, err := db.ExecContext(ctx, "q", sql.Named("n", 5), []byte("b")); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	tx.Rollback()
	got := strings.Join(fake.Transcript(), "\n")
	for _, want := range []string{
		`1 Conn.ExecContext "q" $1/n=int64(5) $2=[]uint8([98]) ctx=mine`,
		`1 Conn.ResetSession ctx=mine`,
		`1 Conn.BeginTx isolation=6 read-only=true ctx=mine`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no line %q in:\n%s", want, got)
		}
	}
}

func TestUnscriptedQueriesAreAnsweredButNotWrittenDown(t *testing.T) {
	errNo := errors.New("no")
	db, fake := open(t, Config{
		Conn: ModernConn &^ ConnNamedValueChecker,
		Fallback: func(query string, args []driver.NamedValue) (Reply, error) {
			if query == "no" {
				return Reply{}, errNo
			}
			return Reply{Sets: []ResultSet{{Columns: Columns("a"), Rows: [][]driver.Value{{fmt.Sprint(query, len(args))}}}}}, nil
		},
	})
	var s string
	if err := db.QueryRow("catalog", 1).Scan(&s); err != nil || s != "catalog1" {
		t.Errorf("got %q, %v", s, err)
	}
	if _, err := db.Query("no"); !errors.Is(err, errNo) {
		t.Errorf("got %v", err)
	}
	for _, line := range fake.Transcript() {
		if strings.Contains(line, "catalog") || strings.Contains(line, `"no"`) {
			t.Errorf("written down: %s", line)
		}
	}
}

func TestMemoryOfARowIsUsedAgain(t *testing.T) {
	fake := New(t, Config{Conn: QueryerContext | ExecerContext, Replies: map[string]Reply{
		"q": {Sets: []ResultSet{{Columns: Columns("a"), Rows: [][]driver.Value{{[]byte("one")}}}}},
	}})
	c, err := fake.Connector().Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := c.(driver.QueryerContext).QueryContext(context.Background(), "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	dest := make([]driver.Value, 1)
	if err := rows.Next(dest); err != nil || string(dest[0].([]byte)) != "one" {
		t.Fatalf("got %q, %v", dest, err)
	}
	rows.Close()
	if string(dest[0].([]byte)) != "XXX" {
		t.Errorf("got %q", dest)
	}
	c.Close()
}

func TestViolationsAreSeen(t *testing.T) {
	fake := &DB{open: map[string]int{}, changed: make(chan struct{})}
	c := &conn{db: fake, n: 1}
	end := c.use("one")
	c.use("another")()
	end()
	r := &rows{c: c}
	r.Close()
	_ = r.Next(nil)
	(&stmt{c: c}).use("fine")()
	s := &stmt{c: c}
	s.Close()
	s.use("closed")()
	x := &tx{c: c}
	_ = x.Commit()
	_ = x.Rollback()
	c.Close()
	_, _ = c.Begin()
	if n := len(fake.Violations()); n != 5 {
		t.Errorf("%d violations: %q", n, fake.Violations())
	}
}
