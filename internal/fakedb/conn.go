package fakedb

import (
	"context"
	"database/sql/driver"
	"sync/atomic"
)

// conn is what every connection has.
type conn struct {
	db     *DB
	n      int
	busy   atomic.Bool
	closed atomic.Bool
}

// nextConn gives a number to a connection, or to an attempt at one.
func (db *DB) nextConn() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.conns++
	return db.conns
}

func (db *DB) newConn(n int) driver.Conn {
	db.count("conn", 1)
	return conns[db.cfg.Conn](&conn{db: db, n: n})
}

// use begins a call, which ends with the function that it returns. One
// connection, with all that was made of it, serves one goroutine at a time.
func (c *conn) use(op string) (end func()) {
	if c.closed.Load() {
		c.db.violation("%s on closed connection %d", op, c.n)
	}
	if !c.busy.CompareAndSwap(false, true) {
		c.db.violation("%s on connection %d, which another goroutine uses", op, c.n)
		return func() {}
	}
	return func() { c.busy.Store(false) }
}

func (c *conn) record(ctx context.Context, call Call) error {
	call.Conn = c.n
	return c.db.record(ctx, call)
}

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.prepare(context.Background(), "Conn.Prepare", query)
}

func (c *conn) prepare(ctx context.Context, op, query string) (driver.Stmt, error) {
	defer c.use(op)()
	if err := c.record(ctx, Call{Op: op, Query: query}); err != nil {
		return nil, err
	}
	c.db.count("stmt", 1)
	return stmts[c.db.cfg.Stmt](&stmt{c: c, query: query}), nil
}

func (c *conn) Close() error {
	defer c.use("Conn.Close")()
	if !c.closed.Swap(true) {
		c.db.count("conn", -1)
	}
	return c.record(context.Background(), Call{Op: "Conn.Close"})
}

func (c *conn) Begin() (driver.Tx, error) {
	return c.begin(context.Background(), "Conn.Begin", driver.TxOptions{})
}

func (c *conn) begin(ctx context.Context, op string, opts driver.TxOptions) (driver.Tx, error) {
	defer c.use(op)()
	if err := c.record(ctx, Call{Op: op, Opts: opts}); err != nil {
		return nil, err
	}
	c.db.count("tx", 1)
	return &tx{c: c}, nil
}

func (c *conn) query(ctx context.Context, op, query string, args []driver.NamedValue) (driver.Rows, error) {
	defer c.use(op)()
	if err := c.record(ctx, Call{Op: op, Query: query, Args: args}); err != nil {
		return nil, err
	}
	r, err := c.db.reply(ctx, query, args)
	if err != nil {
		return nil, err
	}
	c.db.count("rows", 1)
	return rowses[c.db.cfg.Rows](&rows{c: c, query: query, reply: r}), nil
}

func (c *conn) exec(ctx context.Context, op, query string, args []driver.NamedValue) (driver.Result, error) {
	defer c.use(op)()
	if err := c.record(ctx, Call{Op: op, Query: query, Args: args}); err != nil {
		return nil, err
	}
	r, err := c.db.reply(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return result{r}, nil
}

func (c *conn) check(op, query string, nv *driver.NamedValue) error {
	defer c.use(op)()
	if err := c.record(context.Background(), Call{Op: op, Query: query, Args: []driver.NamedValue{*nv}}); err != nil {
		return err
	}
	return c.db.cfg.Check(nv)
}

// named gives the values of a method without names their places.
func named(args []driver.Value) []driver.NamedValue {
	nv := make([]driver.NamedValue, len(args))
	for i, a := range args {
		nv[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return nv
}

// The optional interfaces of a connection, one type each.
type (
	queryer         struct{ c *conn }
	queryerContext  struct{ c *conn }
	execer          struct{ c *conn }
	execerContext   struct{ c *conn }
	prepareContext  struct{ c *conn }
	beginTx         struct{ c *conn }
	pinger          struct{ c *conn }
	sessionResetter struct{ c *conn }
	validator       struct{ c *conn }
	connChecker     struct{ c *conn }
)

func (f queryer) Query(query string, args []driver.Value) (driver.Rows, error) {
	return f.c.query(context.Background(), "Conn.Query", query, named(args))
}

func (f queryerContext) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return f.c.query(ctx, "Conn.QueryContext", query, args)
}

func (f execer) Exec(query string, args []driver.Value) (driver.Result, error) {
	return f.c.exec(context.Background(), "Conn.Exec", query, named(args))
}

func (f execerContext) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return f.c.exec(ctx, "Conn.ExecContext", query, args)
}

func (f prepareContext) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return f.c.prepare(ctx, "Conn.PrepareContext", query)
}

func (f beginTx) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return f.c.begin(ctx, "Conn.BeginTx", opts)
}

func (f pinger) Ping(ctx context.Context) error {
	defer f.c.use("Conn.Ping")()
	return f.c.record(ctx, Call{Op: "Conn.Ping"})
}

func (f sessionResetter) ResetSession(ctx context.Context) error {
	defer f.c.use("Conn.ResetSession")()
	return f.c.record(ctx, Call{Op: "Conn.ResetSession"})
}

func (f validator) IsValid() bool {
	defer f.c.use("Conn.IsValid")()
	return f.c.record(context.Background(), Call{Op: "Conn.IsValid"}) == nil
}

func (f connChecker) CheckNamedValue(nv *driver.NamedValue) error {
	return f.c.check("Conn.CheckNamedValue", "", nv)
}

type tx struct {
	c    *conn
	done bool
}

func (t *tx) Commit() error   { return t.end("Tx.Commit") }
func (t *tx) Rollback() error { return t.end("Tx.Rollback") }

func (t *tx) end(op string) error {
	defer t.c.use(op)()
	if t.done {
		t.c.db.violation("%s on connection %d after the transaction's end", op, t.c.n)
	} else {
		t.done = true
		t.c.db.count("tx", -1)
	}
	return t.c.record(context.Background(), Call{Op: op})
}

type result struct{ r Reply }

func (r result) LastInsertId() (int64, error) { return r.r.LastInsertID, r.r.LastInsertIDErr }
func (r result) RowsAffected() (int64, error) { return r.r.RowsAffected, r.r.RowsAffectedErr }
