package driver_test

import (
	"context"
	"database/sql"
	"encoding/gob"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/internal/pause"
	"github.com/moneyclip/moneyclip/parse"
)

// TestRaceProcess is one process of a race; alone it does nothing.
func TestRaceProcess(t *testing.T) {
	text := os.Getenv(raceEnv)
	if text == "" {
		t.Skip("a part of TestRaceOfProcesses")
	}
	p := &racer{t: t, ctx: t.Context(), began: time.Now()}
	if err := json.Unmarshal([]byte(text), &p.raceOrder); err != nil {
		t.Fatal(err)
	}
	p.run()
	f, err := os.Create(p.Result)
	if err != nil {
		t.Fatal(err)
	}
	if err := gob.NewEncoder(f).Encode(&p.raceHistory); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// racer is one process.
type racer struct {
	raceOrder
	t     *testing.T
	ctx   context.Context
	began time.Time
	db    *sql.DB

	mu sync.Mutex // guards raceHistory
	raceHistory
}

// now is the machine's clock, which all processes share; that nobody sets it
// meanwhile is checked at the end.
func (p *racer) now() time.Duration { return time.Now().Round(0).Sub(p.Start) }

func (p *racer) over() bool { return p.now() > p.Time }

func (p *racer) failed(what string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.Errors) < 5 {
		p.Errors = append(p.Errors, what+": "+err.Error())
	}
}

// q turns a placeholder $1 into the dialect's own.
func (p *racer) q(query string) string {
	if p.Dialect == parse.MySQL {
		return strings.ReplaceAll(query, "$1", "?")
	}
	return query
}

func (p *racer) run() {
	g := &trapRig{
		t: p.t, ctx: p.ctx, dsn: p.DSN, lease: p.Lease,
		trapBase: trapBase{inner: p.Inner, dialect: p.Dialect, redis: true},
	}
	if p.Bare {
		p.db = g.openBare()
	} else {
		// wrappedDSN wants the URL alone.
		g.redisURL = p.Params[len("&moneyclip_redis="):]
		g.driver = newTrapDriver(p.t, p.Inner)
		var h *driver.Handle
		var steps *trapSteps
		p.db, h, steps = g.openWrapped("")
		p.dawdle(steps)
		defer func() {
			pause.Set(nil)
			s := h.Stats()
			p.Hits, p.Misses, p.Fills, p.Refused = s.Hits, s.Misses, s.Fills, s.RefusedFills
			p.Journal, p.Unknown, p.Renewals = s.Journalled, s.UnknownOutcomes, s.Renewals
			for _, n := range s.Bypasses {
				p.Bypasses += n
			}
		}()
	}
	if !p.together() {
		return
	}
	var group sync.WaitGroup
	if p.Writer {
		group.Go(func() { p.write(rand.New(rand.NewPCG(p.Seed, 1))) })
	} else {
		for i := range uint64(2) { // so that flights are shared
			group.Go(func() { p.read(rand.New(rand.NewPCG(p.Seed, 2+i))) })
		}
	}
	group.Wait()
	end := time.Now()
	p.Step = end.Round(0).Sub(p.began.Round(0)) - end.Sub(p.began)
}

// together waits until all processes know the database, which on a busy machine
// takes one longer than another, and takes the time that they begin at.
func (p *racer) together() bool {
	if err := p.db.PingContext(p.ctx); err != nil {
		p.failed("ping", err)
		return false
	}
	if h, err := driver.Of(p.db); err == nil { // it is not, of the bare driver
		if _, err := h.Explain(p.ctx, "SELECT 1"); err != nil {
			p.failed("catalog", err)
			return false
		}
	}
	if err := os.WriteFile(p.Result+raceReady, nil, 0o600); err != nil {
		p.failed("ready", err)
		return false
	}
	var text []byte
	trapUntil(p.t, func() (told bool) {
		var err error
		text, err = os.ReadFile(p.Go)
		return err == nil
	}, func() string { return "the race does not begin" })
	if err := p.Start.UnmarshalText(text); err != nil {
		p.failed("start", err)
		return false
	}
	return true
}

// dawdle makes the process wait between any two steps: mostly not at all, now
// and then for long. Here waiting is the point. Waits of a writer under its
// hold stay well below the lease; a reader may fill after any time.
func (p *racer) dawdle(steps *trapSteps) {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(p.Seed, 99))
	wait := func(most time.Duration) {
		mu.Lock()
		var d time.Duration
		switch rng.IntN(40) {
		case 0:
			d = time.Duration(rng.Int64N(int64(most)))
		case 1, 2, 3, 4, 5, 6, 7, 8:
			d = time.Duration(rng.Int64N(int64(most) / 50))
		}
		mu.Unlock()
		if d > 0 {
			time.Sleep(d)
		}
	}
	pause.Set(func(point string) {
		switch point {
		case "fill":
			mu.Lock()
			long := rng.IntN(100) == 0
			mu.Unlock()
			if long {
				time.Sleep(p.Lease * 3 / 2)
			} else {
				wait(p.Lease / 20)
			}
		case "lookup", "release", "settle":
			wait(p.Lease / 20)
		case "hold", "held":
			wait(p.Lease / 20)
		case "contact":
			wait(p.Lease / 50)
		}
	})
	steps.set(func(trapStep) error {
		wait(p.Lease / 50)
		return nil
	}, func(_ trapStep, err error) error {
		wait(p.Lease / 50)
		return err
	})
}

// read asks for the hot row again and again, in the ways in which programs do.
func (p *racer) read(rng *rand.Rand) {
	stmt, err := p.db.PrepareContext(p.ctx, p.q("SELECT version FROM hot WHERE id = $1"))
	if err != nil {
		p.failed("prepare", err)
		return
	}
	defer stmt.Close()
	for !p.over() {
		var version int64
		var id int
		start := p.now()
		switch rng.IntN(12) {
		case 0:
			err = p.db.QueryRowContext(p.ctx, p.q("SELECT id, version FROM hot WHERE id = $1"), 1).Scan(&id, &version)
		case 1, 2:
			err = stmt.QueryRowContext(p.ctx, 1).Scan(&version)
		case 3:
			err = p.db.QueryRowContext(driver.WithRefresh(p.ctx), p.q("SELECT version FROM hot WHERE id = $1"), 1).Scan(&version)
		case 4:
			err = p.readInTx(rng, &version)
		case 5: // its fills go to another row of the same table
			err = p.db.QueryRowContext(p.ctx, p.q("SELECT id FROM hot WHERE id = $1"), 2+rng.IntN(19)).Scan(&id)
			version = 1 << 62
		default:
			err = p.db.QueryRowContext(p.ctx, p.q("SELECT version FROM hot WHERE id = $1"), 1).Scan(&version)
		}
		if err != nil {
			p.failed("read", err)
			return
		}
		if version < 1<<62 {
			p.mu.Lock()
			p.Reads = append(p.Reads, raceRead{start, version})
			p.mu.Unlock()
		}
	}
}

func (p *racer) readInTx(rng *rand.Rand, version *int64) error {
	level := []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelRepeatableRead}[rng.IntN(2)]
	tx, err := p.db.BeginTx(p.ctx, &sql.TxOptions{Isolation: level, ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := tx.QueryRowContext(p.ctx, p.q("SELECT version FROM hot WHERE id = $1"), 1).Scan(version); err != nil {
		return err
	}
	return tx.Commit()
}

// write makes new versions of the hot row. They are numbered under the row's
// lock, so that their order is that of the commits.
func (p *racer) write(rng *rand.Rand) {
	stmt, err := p.db.PrepareContext(p.ctx, p.one())
	if err != nil {
		p.failed("prepare", err)
		return
	}
	defer stmt.Close()
	for !p.over() {
		var c raceCommit
		committed, bulk := true, false
		switch n := rng.IntN(10); {
		case n < 2:
			err = p.writeOne(func(query bool) (*sql.Rows, sql.Result, error) {
				if !query {
					result, err := p.db.ExecContext(p.ctx, p.one(), 1)
					return nil, result, err
				}
				rows, err := p.db.QueryContext(p.ctx, p.one(), 1)
				return rows, nil, err
			}, &c.Version)
		case n < 4:
			err = p.writeOne(func(query bool) (*sql.Rows, sql.Result, error) {
				if !query {
					result, err := stmt.ExecContext(p.ctx, 1)
					return nil, result, err
				}
				rows, err := stmt.QueryContext(p.ctx, 1)
				return rows, nil, err
			}, &c.Version)
		case n < 5:
			err = p.writeByText(&c.Version)
		case n < 7 && p.Bulky:
			bulk = true
			err = p.writeInTx("UPDATE hot SET version = version + 1", true, &c.Version)
		default:
			committed = rng.IntN(3) > 0
			err = p.writeInTx("UPDATE hot SET version = version + 1 WHERE id = 1", committed, &c.Version)
		}
		c.Done = p.now()
		if err != nil {
			p.failed("write", err)
			return
		}
		p.mu.Lock()
		switch {
		case !committed:
			p.Rollbacks = append(p.Rollbacks, c)
		case bulk:
			p.Bulk = append(p.Bulk, c)
			fallthrough
		default:
			p.Commits = append(p.Commits, c)
		}
		p.mu.Unlock()
		rest := 20 * time.Millisecond
		if rng.IntN(8) == 0 {
			rest = 300 * time.Millisecond // so that somebody hits
		}
		time.Sleep(time.Duration(rng.Int64N(int64(rest))))
	}
}

// one makes a new version and tells it: MySQL's UPDATE returns no rows, but an
// id, which may be of any expression.
func (p *racer) one() string {
	if p.Dialect == parse.MySQL {
		return "UPDATE hot SET version = LAST_INSERT_ID(version + 1) WHERE id = ?"
	}
	return "UPDATE hot SET version = version + 1 WHERE id = $1 RETURNING version"
}

// writeOne runs one, by a query or by an execution.
func (p *racer) writeOne(run func(query bool) (*sql.Rows, sql.Result, error), version *int64) error {
	rows, result, err := run(p.Dialect != parse.MySQL)
	switch {
	case err != nil:
		return err
	case result != nil:
		*version, err = result.LastInsertId()
		return err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(version); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (p *racer) writeInTx(update string, commit bool, version *int64) error {
	tx, err := p.db.BeginTx(p.ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(p.ctx, update); err != nil {
		return err
	}
	if err := tx.QueryRowContext(p.ctx, p.q("SELECT version FROM hot WHERE id = $1"), 1).Scan(version); err != nil {
		return err
	}
	if !commit {
		return tx.Rollback()
	}
	return tx.Commit()
}

// writeByText is a transaction that the driver API does not see.
func (p *racer) writeByText(version *int64) error {
	c, err := p.db.Conn(p.ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ExecContext(p.ctx, "BEGIN"); err != nil {
		return err
	}
	err = p.writeOne(func(query bool) (*sql.Rows, sql.Result, error) {
		if !query {
			result, err := c.ExecContext(p.ctx, p.one(), 1)
			return nil, result, err
		}
		rows, err := c.QueryContext(p.ctx, p.one(), 1)
		return rows, nil, err
	}, version)
	if err != nil {
		return err
	}
	_, err = c.ExecContext(p.ctx, "COMMIT")
	return err
}
