package driver_test

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/internal/fakedb"
)

// The texts of the scripts. With the catalog, only selectOne is kept.
const (
	selectAll = "SELECT id, name FROM authors ORDER BY name"
	selectOne = "SELECT id, name FROM authors WHERE id = ?"
	update    = "UPDATE authors SET name = ? WHERE id = ?"
	returning = "INSERT INTO authors (name) VALUES (?) RETURNING id"
	opaque    = "MAKE IT SO"
	remove    = "DELETE FROM authors"
)

// authors is what a driver says that says everything.
func authors(rows ...[]sqldriver.Value) fakedb.ResultSet {
	return fakedb.ResultSet{
		Columns: []fakedb.Column{
			{Name: "id", DatabaseType: "BIGINT", ScanType: reflect.TypeFor[int64](), NullableOK: true, Precision: 20, DecimalOK: true},
			{Name: "name", DatabaseType: "VARCHAR", ScanType: reflect.TypeFor[sql.NullString](), Nullable: true, NullableOK: true, Length: 40, LengthOK: true},
		},
		Rows: rows,
	}
}

func replies() map[string]fakedb.Reply {
	return map[string]fakedb.Reply{
		selectAll: {Sets: []fakedb.ResultSet{authors([]sqldriver.Value{int64(1), "Ada"}, []sqldriver.Value{int64(2), []byte("Grace")})}},
		selectOne: {Sets: []fakedb.ResultSet{authors([]sqldriver.Value{int64(1), []byte("Ada")})}},
		update:    {RowsAffected: 1, LastInsertID: 7},
		returning: {Sets: []fakedb.ResultSet{authors([]sqldriver.Value{int64(3), "new"})}, RowsAffected: 1},
		opaque:    {Sets: []fakedb.ResultSet{authors()}, RowsAffected: 2},
		remove:    {RowsAffected: 9, LastInsertIDErr: errFake},
	}
}

// everything does each thing once that a program can do with a database.
func everything(p *program) {
	p.marked("ping", func() { p.fail("ping", p.db.PingContext(p.ctx)) })
	p.marked("direct", func() {
		p.query(p.db, selectAll)
		p.query(p.db, "SELECT nothing FROM nowhere") // an error
		p.exec(p.db, update, "x", 1)
		p.query(p.db, returning, "n")
		p.query(p.db, opaque)
		p.exec(p.db, opaque)
		p.exec(p.db, remove)
		p.queryRow(p.db, selectAll)
	})
	p.marked("prepared", func() {
		p.prepared(p.db, selectAll)
		p.prepared(p.db, update, "x", 1)
		p.prepared(p.db, returning, "n")
		p.prepared(p.db, "unknown")
	})
	p.marked("transaction", func() {
		p.begin(nil, func(tx *sql.Tx) {
			p.query(tx, selectAll)
			p.exec(tx, update, "x", 1)
			p.prepared(tx, returning, "n")
			p.fail("commit", tx.Commit())
			p.fail("commit again", tx.Commit())
		})
		p.begin(&sql.TxOptions{Isolation: sql.LevelSerializable}, func(tx *sql.Tx) {
			p.exec(tx, update, "x", 1)
			p.fail("rollback", tx.Rollback())
		})
		p.begin(&sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) { p.fail("rollback", tx.Rollback()) })
	})
	p.marked("conn", func() {
		p.conn(func(c *sql.Conn) {
			p.fail("ping", c.PingContext(p.ctx))
			p.exec(c, update, "x", 1)
			p.prepared(c, selectAll)
			p.query(c, selectAll)
		})
	})
	p.marked("arguments", func() { arguments(p) })
}

type valuer struct{ text string }

func (v valuer) Value() (sqldriver.Value, error) {
	if v.text == "" {
		return nil, errFake
	}
	return strings.ToUpper(v.text), nil
}

type text string

// arguments sends all kinds of arguments, directly and prepared.
func arguments(p *program) {
	n := 5
	for _, args := range [][]any{
		{},
		{"too few"},
		{"one", 2, "too many"},
		{"x", int8(1)},
		{"x", uint64(math.MaxUint64)},
		{"x", float32(0.5)},
		{"x", true},
		{[]byte("bytes"), &n},
		{nil, (*int)(nil)},
		{text("named type"), time.Unix(1, 0).UTC()},
		{valuer{"valuer"}, 1},
		{&valuer{"pointer"}, 1},
		{valuer{}, 1},
		{sql.NullString{String: "null string", Valid: true}, sql.NullInt64{}},
		{struct{}{}, 1},
		{[]int{1}, 1},
		{"x", func() {}},
		{sql.Named("name", "named"), sql.Named("id", 1)},
		{sql.Named("bad name", "x"), 1},
		{sql.Named("", "x"), 1},
		{sql.Out{Dest: &n}, 1},
	} {
		p.note("arguments %T", args)
		p.exec(p.db, update, args...)
		p.query(p.db, update, args...)
		stmt, err := p.db.PrepareContext(p.ctx, update)
		p.fail("prepare", err)
		if err != nil {
			continue
		}
		r, err := stmt.ExecContext(p.ctx, args...)
		p.result("prepared exec", r, err)
		rows, err := stmt.QueryContext(p.ctx, args...)
		p.rows("prepared query", rows, err)
		stmt.Close()
	}
}

func TestEverySetOfConnectionInterfaces(t *testing.T) {
	for _, conn := range fakedb.ConnRoles() {
		t.Run(fmt.Sprintf("%010b", conn), func(t *testing.T) {
			script{
				fake: fakedb.Config{Conn: conn, Stmt: fakedb.ModernStmt, Rows: fakedb.AllRows, Replies: replies()},
				run:  everything,
			}.compare(t)
		})
	}
}

func TestEverySetOfStatementInterfaces(t *testing.T) {
	for _, conn := range []fakedb.ConnRole{0, fakedb.ConnNamedValueChecker, fakedb.ModernConn} {
		for _, stmt := range fakedb.StmtRoles() {
			t.Run(fmt.Sprintf("%010b/%04b", conn, stmt), func(t *testing.T) {
				script{
					fake: fakedb.Config{Conn: conn, Stmt: stmt, Rows: fakedb.AllRows, Replies: replies()},
					run:  everything,
				}.compare(t)
			})
		}
	}
}

func TestEverySetOfRowsInterfaces(t *testing.T) {
	for _, rows := range fakedb.RowsRoles() {
		t.Run(fmt.Sprintf("%06b", rows), func(t *testing.T) {
			script{
				fake: fakedb.Config{Conn: fakedb.ModernConn, Stmt: fakedb.ModernStmt, Rows: rows, Replies: replies()},
				run: func(p *program) {
					p.query(p.db, selectAll)
					p.query(p.db, returning, "n")
					p.query(p.db, opaque)
					p.prepared(p.db, selectAll)
					p.prepared(p.db, opaque)
					p.begin(nil, func(tx *sql.Tx) {
						p.query(tx, selectAll)
						p.query(tx, returning, "n")
						p.fail("commit", tx.Commit())
					})
				},
			}.compare(t)
		})
	}
}

// The same rows from a miss, from a hit, and prepared.
func TestD7KeptRowsLookLikeTheDriversOwn(t *testing.T) {
	for _, rows := range fakedb.RowsRoles() {
		t.Run(fmt.Sprintf("%06b", rows), func(t *testing.T) {
			script{
				fake:  fakedb.Config{Conn: fakedb.ModernConn, Stmt: fakedb.ModernStmt, Rows: rows, Replies: replies()},
				reads: true,
				run: func(p *program) {
					for range 3 {
						for range 2 {
							p.query(p.db, selectOne, 1)
							p.settle()
							p.queryRow(p.db, selectOne, 1)
							p.prepared(p.db, selectOne, 1)
							p.settle()
						}
						p.begin(nil, func(tx *sql.Tx) {
							p.query(tx, selectOne, 1)
							p.fail("commit", tx.Commit())
						})
						p.exec(p.db, update, "x", 1)
					}
				},
			}.compare(t)
		})
	}
}
