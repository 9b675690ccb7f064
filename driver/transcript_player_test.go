package driver_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/policy"
)

// player plays a script on one database and writes down what a program sees.
type player struct {
	t    *testing.T
	site *site
	db   *sql.DB
	w    *watched // nil for the bare driver
	warm bool     // ask twice; what is marked as a hit must become one
	none bool     // nothing can be kept: what is marked as a hit never is

	hits  int // the answers that came out of the store where one was expected
	conns map[string]*sql.Conn
	txs   map[string]*sql.Tx
	ends  map[string]context.CancelFunc // of transactions
	stmts map[string]*sql.Stmt
	texts map[string]string // of the statements
	rows  map[string]*sql.Rows
}

// seen is the transcript of one step.
type seen struct {
	head  string
	lines []string
}

func newPlayer(t *testing.T, s *site, db *sql.DB) *player {
	return &player{
		t: t, site: s, db: db,
		conns: map[string]*sql.Conn{}, txs: map[string]*sql.Tx{}, ends: map[string]context.CancelFunc{},
		stmts: map[string]*sql.Stmt{}, texts: map[string]string{}, rows: map[string]*sql.Rows{},
	}
}

func (p *player) play(steps []step, between func(done int)) []seen {
	p.t.Helper()
	defer p.clear()
	var transcript []seen
	for i := range steps {
		s := &steps[i]
		if s.verb == "setup" || !s.runsOn(p.site.way) {
			continue
		}
		if between != nil {
			between(i)
		}
		for _, args := range s.args {
			head := fmt.Sprintf("line %d: %s %s %s (%s)", s.line, s.verb, s.name, s.text, args)
			transcript = append(transcript, p.step(s, head, args)...)
		}
	}
	return transcript
}

// clear ends what a script left open.
func (p *player) clear() {
	for _, r := range p.rows {
		r.Close()
	}
	for _, s := range p.stmts {
		s.Close()
	}
	for _, tx := range p.txs {
		_ = tx.Rollback() // most are over
	}
	for _, c := range p.conns {
		_ = c.Close()
	}
	for _, end := range p.ends {
		end()
	}
}

func (p *player) step(s *step, head, args string) []seen {
	text := s.text
	if name, prepared := s.flags["stmt"]; prepared {
		text = p.texts[name]
	}
	query, values := p.site.q(s.text), p.site.bind(text, scriptArgs(p.t, s.line, args))
	if s.verb == "read" {
		return p.read(s, head, query, values)
	}
	do := func(n *program) { p.once(n, s, query, values) }
	if s.flag("hit") && (s.verb == "query" || s.verb == "row") {
		return []seen{p.repeat(s, head, true, do)}
	}
	return []seen{p.note(head, do)}
}

// read asks in every way there is.
func (p *player) read(s *step, head, query string, args []any) []seen {
	ctx := context.Background()
	prepared := func(n *program, f func(*sql.Stmt)) {
		stmt, err := p.db.PrepareContext(ctx, query)
		n.fail("prepare", err)
		if err == nil {
			f(stmt)
			n.fail("close statement", stmt.Close())
		}
	}
	ways := []struct {
		name string
		hit  bool
		do   func(n *program)
	}{
		{"directly", true, func(n *program) {
			rows, err := p.db.QueryContext(ctx, query, args...)
			p.all(n, s, rows, err, nil)
		}},
		{"prepared", true, func(n *program) {
			prepared(n, func(stmt *sql.Stmt) {
				rows, err := stmt.QueryContext(ctx, args...)
				p.all(n, s, rows, err, nil)
			})
		}},
		{"by QueryRow", true, func(n *program) { p.row(n, p.db.QueryRowContext(ctx, query, args...), p.width(query, args)) }},
		{"prepared, by QueryRow", true, func(n *program) {
			prepared(n, func(stmt *sql.Stmt) { p.row(n, stmt.QueryRowContext(ctx, args...), p.width(query, args)) })
		}},
		{"on a connection", true, func(n *program) {
			c, err := p.db.Conn(ctx)
			n.fail("conn", err)
			if err == nil {
				rows, err := c.QueryContext(ctx, query, args...)
				p.all(n, s, rows, err, nil)
				n.fail("close connection", c.Close())
			}
		}},
		{"in a transaction", false, func(n *program) {
			tx, err := p.db.BeginTx(ctx, nil)
			n.fail("begin", err)
			if err == nil {
				rows, err := tx.QueryContext(ctx, query, args...)
				p.all(n, s, rows, err, nil)
				n.fail("commit", tx.Commit())
			}
		}},
	}
	var out []seen
	for _, way := range ways {
		out = append(out, p.repeat(s, head+", "+way.name, way.hit, way.do))
	}
	return out
}

// width is the number of columns of a query's answer, asked beside the cache.
func (p *player) width(query string, args []any) int {
	rows, err := p.db.QueryContext(driverBypass(), query, args...)
	if err != nil {
		return 1
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil || len(names) == 0 {
		return 1
	}
	return len(names)
}

// note does something once; without a mark no answer of it is a hit.
func (p *player) note(head string, do func(*program)) seen {
	p.t.Helper()
	mark := p.mark()
	n := &program{t: p.t, ctx: context.Background()}
	do(n)
	if p.hit(mark) {
		p.t.Errorf("%s: answered out of the store", head)
	}
	return seen{head, shortened(n.seen)}
}

// byNumber is pgx's name for a type of the program's own: its OID, which is
// another in each database.
var byNumber = regexp.MustCompile(`^(column "[^"]*") "[0-9]+"`)

// byDatabase is the name of a test's database, which MySQL puts into errors.
var byDatabase = regexp.MustCompile(`moneyclip_[a-z0-9]+`)

// shortened keeps long values comparable and out of sight.
func shortened(lines []string) []string {
	for i, line := range lines {
		line = byNumber.ReplaceAllString(line, "$1 an OID")
		line = byDatabase.ReplaceAllString(line, "a database")
		lines[i] = line
		if len(line) > 1000 {
			lines[i] = fmt.Sprintf("%.100s… %d bytes, %x", line, len(line), sha256.Sum256([]byte(line)))
		}
	}
	return lines
}

// repeat does a read as often as the way of playing wants it. The transcript
// is that of the last time; all are equal.
func (p *player) repeat(s *step, head string, mayHit bool, do func(*program)) seen {
	p.t.Helper()
	if p.w == nil || !mayHit || !s.flag("hit") {
		out := p.note(head, do)
		if p.warm {
			p.w.sync(p.t)
			return p.same(out, p.note(head, do))
		}
		return out
	}
	first := seen{head: head}
	for again, end := false, time.Now().Add(patience); ; again = true {
		mark := p.mark()
		n := &program{t: p.t, ctx: context.Background()}
		do(n)
		n.seen = shortened(n.seen)
		hit := p.hit(mark)
		if hit {
			p.hits++
		}
		if hit && p.none {
			p.t.Errorf("%s: answered out of the store", head)
		}
		if !again {
			first.lines = n.seen
		} else if p.same(first, seen{head, n.seen}); !slices.Equal(first.lines, n.seen) {
			return first
		}
		switch {
		case !p.warm, again && (p.none || hit):
			return seen{head, n.seen}
		case time.Now().After(end):
			events, _ := p.w.since(mark)
			p.t.Fatalf("%s: no hit within %v: %v", head, patience, events)
		}
		p.w.sync(p.t)
	}
}

func (p *player) same(first, second seen) seen {
	p.t.Helper()
	if !slices.Equal(first.lines, second.lines) {
		p.t.Errorf("%s: the second answer differs from the first:\n%s\n\n%s", first.head, strings.Join(first.lines, "\n"), strings.Join(second.lines, "\n"))
	}
	return second
}

func (p *player) mark() int {
	if p.w == nil {
		return 0
	}
	return p.w.mark()
}

func (p *player) hit(mark int) bool {
	if p.w == nil {
		return false
	}
	events, _ := p.w.since(mark)
	for _, e := range events {
		if e.Code == policy.Hit {
			return true
		}
	}
	return false
}

// once does one step.
func (p *player) once(n *program, s *step, query string, args []any) {
	ctx, cancel := s.context(p.t)
	keep := false
	defer func() {
		if !keep {
			cancel()
		}
	}()
	on := s.flags["on"]
	switch s.verb {
	case "ping":
		if c := p.conns[on]; c != nil {
			n.fail("ping", c.PingContext(ctx))
		} else {
			n.fail("ping", p.db.PingContext(ctx))
		}
	case "conn":
		c, err := p.db.Conn(ctx)
		n.fail("conn", err)
		if err == nil {
			p.conns[s.name] = c
		}
	case "begin":
		opts := &sql.TxOptions{ReadOnly: s.flag("readonly"), Isolation: sql.IsolationLevel(max(s.number(p.t, "isolation"), 0))}
		if former := p.txs[s.name]; former != nil {
			_ = former.Rollback() // drivers differ in the levels that they begin
		}
		begin := p.db.BeginTx
		if c := p.conns[on]; c != nil {
			begin = c.BeginTx
		}
		tx, err := begin(ctx, opts)
		n.fail("begin", err)
		if err == nil {
			keep = true
			p.txs[s.name], p.ends[s.name] = tx, cancel
		}
	case "commit":
		n.fail("commit", p.txs[s.name].Commit())
	case "rollback":
		n.fail("rollback", p.txs[s.name].Rollback())
	case "cancel":
		p.endContext(n, s.name)
	case "prepare":
		stmt, err := p.caller(on).PrepareContext(ctx, query)
		n.fail("prepare", err)
		if err == nil {
			p.stmts[s.name], p.texts[s.name] = stmt, s.text
		}
	case "close":
		p.close(n, s)
	case "open":
		rows, err := p.query(ctx, s, query, args)
		n.fail("open", err)
		if err == nil {
			keep = true
			p.rows[s.name], p.ends["rows "+s.name] = rows, cancel
		}
	case "next":
		rows := p.rows[s.name]
		n.note("next %v", rows.Next())
		n.fail("so far", rows.Err())
		p.values(n, rows, true)
	case "query":
		rows, err := p.query(ctx, s, query, args)
		p.all(n, s, rows, err, cancel)
	case "row":
		if name := s.flags["stmt"]; name != "" {
			p.row(n, p.stmt(on, name).QueryRowContext(ctx, args...), 1)
		} else {
			p.row(n, p.caller(on).QueryRowContext(ctx, query, args...), 1)
		}
	case "exec":
		var r sql.Result
		var err error
		if name := s.flags["stmt"]; name != "" {
			r, err = p.stmt(on, name).ExecContext(ctx, args...)
		} else {
			r, err = p.caller(on).ExecContext(ctx, query, args...)
		}
		p.state(n, err)
		n.result("exec", r, err)
	}
}

// endContext ends a transaction's context and waits until database/sql has
// noticed: what a program sees before is chance.
func (p *player) endContext(n *program, name string) {
	p.ends[name]()
	for end := time.Now().Add(patience); ; {
		_, err := p.txs[name].Exec("SELECT 1")
		if errors.Is(err, sql.ErrTxDone) {
			n.fail("the transaction's next", err)
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("the transaction %s lives on: %v", name, err)
		}
	}
}

func (p *player) caller(on string) querier {
	if tx := p.txs[on]; tx != nil {
		return tx
	}
	if c := p.conns[on]; c != nil {
		return c
	}
	if on != "" {
		p.t.Fatalf("there is no %s", on)
	}
	return p.db
}

func (p *player) stmt(on, name string) *sql.Stmt {
	stmt := p.stmts[name]
	if stmt == nil {
		p.t.Fatalf("there is no statement %s", name)
	}
	if tx := p.txs[on]; tx != nil {
		return tx.Stmt(stmt)
	}
	return stmt
}

func (p *player) query(ctx context.Context, s *step, query string, args []any) (*sql.Rows, error) {
	if name := s.flags["stmt"]; name != "" {
		return p.stmt(s.flags["on"], name).QueryContext(ctx, args...)
	}
	return p.caller(s.flags["on"]).QueryContext(ctx, query, args...)
}

func (p *player) close(n *program, s *step) {
	var c interface{ Close() error }
	switch {
	case p.rows[s.name] != nil:
		c = p.rows[s.name]
	case p.stmts[s.name] != nil:
		c = p.stmts[s.name]
	case p.conns[s.name] != nil:
		c = p.conns[s.name]
	default:
		p.t.Fatalf("line %d: there is no %s", s.line, s.name)
	}
	n.fail("close", c.Close())
	if s.flag("twice") {
		n.fail("close again", c.Close())
	}
}

// all reads rows, as far as the step says.
func (p *player) all(n *program, s *step, rows *sql.Rows, err error, cancel context.CancelFunc) {
	p.state(n, err)
	n.fail("query", err)
	if err != nil {
		return
	}
	limit, end := s.number(p.t, "rows"), s.number(p.t, "cancel")
	for {
		n.columns(rows)
		for i := 0; i != limit; i++ {
			if i == end {
				cancel()
				for late := time.Now().Add(patience); time.Now().Before(late); {
					if _, err := rows.Columns(); err != nil {
						break // database/sql has noticed
					}
				}
			}
			if !rows.Next() {
				break
			}
			p.values(n, rows, end < 0)
		}
		p.state(n, rows.Err())
		n.fail("end of the set", rows.Err())
		if limit >= 0 || !rows.NextResultSet() {
			break
		}
	}
	n.fail("close", rows.Close())
	if s.flag("twice") {
		n.fail("close again", rows.Close())
		n.note("next %v", rows.Next())
	}
	n.fail("afterwards", rows.Err())
}

// values scans a row into everything that programs scan into. raw says whether
// RawBytes are among it: rows are not closed while a program has some.
func (p *player) values(n *program, rows *sql.Rows, raw bool) {
	names, err := rows.Columns()
	if err != nil {
		n.fail("columns", err)
		return
	}
	kinds := []func() any{
		func() any { return new(any) }, func() any { return new(string) },
		func() any { return new([]byte) }, func() any { return new(int64) }, func() any { return new(float64) },
		func() any { return new(bool) }, func() any { return new(time.Time) }, func() any { return new(sql.NullString) },
		func() any { return new(sql.NullTime) }, func() any { return new(*int32) },
	}
	if raw { // the last, since Scan refuses others after it
		kinds = append(kinds, func() any { return new(sql.RawBytes) })
	}
	for _, kind := range kinds {
		into := make([]any, len(names))
		for i := range into {
			into[i] = kind()
		}
		if err := rows.Scan(into...); err != nil {
			n.note("scan: %T %q", err, err)
			if len(into) > 1 {
				continue // which columns were scanned before it is not of interest
			}
		}
		for i := range into {
			n.note("%s: %s", names[i], shown(into[i]))
		}
	}
}

// row scans by way of QueryRow.
func (p *player) row(n *program, row *sql.Row, columns int) {
	into := make([]any, columns)
	for i := range into {
		into[i] = new(any)
	}
	n.fail("row's error", row.Err())
	err := row.Scan(into...)
	p.state(n, err)
	n.fail("row", err)
	for _, v := range into {
		n.note("%s", shown(v))
	}
}

// shown tells values apart that print alike.
func shown(v any) string {
	switch v := v.(type) {
	case *any:
		switch x := (*v).(type) {
		case time.Time:
			name, offset := x.Zone()
			return fmt.Sprintf("time %v %q %d %#v", x, name, offset, x)
		case float64:
			return fmt.Sprintf("float64 %x %v", math.Float64bits(x), x)
		}
		if x, ok := (*v).([]byte); ok {
			return fmt.Sprintf("[]byte %v %q", x == nil, x)
		}
		if s, ok := (*v).(fmt.Stringer); ok {
			return fmt.Sprintf("%T %s", *v, s)
		}
		return fmt.Sprintf("%T %#v", *v, *v)
	case *time.Time:
		return fmt.Sprintf("%#v", *v)
	case **int32:
		if *v == nil {
			return "nil pointer"
		}
		return fmt.Sprint("pointer to ", **v)
	case *string:
		return fmt.Sprintf("%q", *v)
	case *[]byte:
		return fmt.Sprintf("%v %q", *v == nil, *v)
	case *sql.RawBytes:
		return fmt.Sprintf("raw %v %q", *v == nil, *v)
	case *sql.NullString:
		return fmt.Sprintf("%#v", *v)
	case *sql.NullTime:
		return fmt.Sprintf("%v %#v", v.Valid, v.Time)
	case *int64:
		return fmt.Sprint(*v)
	case *float64:
		return fmt.Sprintf("%x", math.Float64bits(*v))
	case *bool:
		return fmt.Sprint(*v)
	}
	return fmt.Sprintf("%T", v)
}

// state notes what a program finds out about a database's own error.
func (p *player) state(n *program, err error) {
	var stated interface{ SQLState() string }
	if errors.As(err, &stated) {
		n.note("state %s", stated.SQLState())
	}
}
