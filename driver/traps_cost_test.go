package driver_test

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// commands returns how often Redis was called with each command, those within
// scripts included.
func (g *trapRig) commands() map[string]int {
	g.t.Helper()
	info, err := g.admin().Info(g.ctx, "commandstats").Result()
	if err != nil {
		g.t.Fatal(err)
	}
	calls := map[string]int{}
	for _, m := range regexp.MustCompile(`cmdstat_([^:]+):calls=(\d+)`).FindAllStringSubmatch(info, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			g.t.Fatal(err)
		}
		calls[m[1]] = n
	}
	for _, own := range []string{"info", "hello", "client|setinfo", "client|maint_notifications", "config|resetstat"} {
		delete(calls, own)
	}
	return calls
}

// A bulk write costs Redis the same whether the table has 10 rows or 100,000,
// and however many of them are kept.
func TestBulkInvalidationCostsTheSameForAnyNumberOfRows(t *testing.T) {
	t.Run("pgx", func(t *testing.T) {
		bulkCost(t, "pgx", "INSERT INTO t SELECT n, 'old ' || n FROM generate_series(1, %d) AS n")
	})
	t.Run("mysql", func(t *testing.T) {
		bulkCost(t, "mysql", "INSERT INTO t SELECT seq, CONCAT('old ', seq) FROM seq_1_to_%d")
	})
}

func bulkCost(t *testing.T, inner, rowsOf string) {
	for _, text := range []string{"UPDATE t SET v = 'new'", "DELETE FROM t WHERE id > 0"} {
		t.Run(text, func(t *testing.T) {
			costs := map[int]map[string]int{}
			for _, rows := range []int{10, 100_000} {
				trap{
					serial: true, inner: inner, private: trapPrivate, lease: 3 * time.Second,
					schema: []string{trapTable, fmt.Sprintf(rowsOf, rows)},
				}.run(t, func(t *testing.T, g *trapRig) {
					g.exec(g.W, "UPDATE t SET v = v WHERE id < 0") // scripts are loaded, the catalog is read
					kept := min(rows, 500)
					g.warm(readV, 1)
					for id := range kept {
						g.read(g.R, readV, id+1)
					}
					g.sync()
					for id := range kept {
						g.mustHit(readV, id+1)
					}
					if err := g.R.Close(); err != nil { // its heartbeat would be counted
						t.Fatal(err)
					}
					g.order(g.admin(), "CONFIG", "RESETSTAT")
					before := g.w.Stats()
					result, err := g.W.Exec(text)
					if err != nil {
						t.Fatal(err)
					}
					if n, err := result.RowsAffected(); err != nil || n != int64(rows) {
						t.Fatalf("%d rows affected, %v", n, err)
					}
					if err := g.w.Sync(g.ctx); err != nil {
						t.Fatal(err)
					}
					cost := g.commands()
					since := g.w.Stats().Sub(before)
					if since.Renewals > 0 {
						t.Skipf("the write took so long that its hold was renewed %d times", since.Renewals)
					}
					if since.Holds != 1 || since.Releases != 1 {
						t.Errorf("the write was announced otherwise: %+v", since)
					}
					costs[rows] = cost
				})
			}
			if len(costs) < 2 {
				t.Skip("nothing to compare")
			}
			if diff := cmp.Diff(costs[10], costs[100_000]); diff != "" || len(costs[10]) == 0 {
				t.Errorf("commands for 10 rows (-) and 100,000 rows (+):\n%s", diff)
			}
			t.Logf("commands: %v", costs[10])
		})
	}
}

// trapProxy stands between a program and Redis, and notes what the program
// sends: what arrives in one piece was sent in one.
type trapProxy struct {
	listener net.Listener
	to       string
	wg       sync.WaitGroup

	mu    sync.Mutex // guards what follows
	sent  [][]byte
	conns map[net.Conn]bool
}

func newTrapProxy(t *testing.T, to string) *trapProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &trapProxy{listener: l, to: to, conns: map[net.Conn]bool{}}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for c := range maps.Keys(p.conns) {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

func (p *trapProxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		p.mu.Lock()
		p.conns[from], p.conns[to] = true, true
		p.mu.Unlock()
		p.wg.Go(func() { p.forward(from, to, true) })
		p.wg.Go(func() { p.forward(to, from, false) })
	}
}

func (p *trapProxy) forward(from, to net.Conn, note bool) {
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && note {
			p.mu.Lock()
			p.sent = append(p.sent, bytes.Clone(buf[:n]))
			p.mu.Unlock()
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// take returns what was sent since it was last asked.
func (p *trapProxy) take() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := p.sent
	p.sent = nil
	return sent
}

// A hit is one round trip: two HMGET sent in one piece, and nothing else. A miss
// begins with one such lookup, and a write has one hold and one release, also
// where the driver leaves a call with arguments to a statement (MySQL's).
func TestAHitIsOneRoundTrip(t *testing.T) {
	for _, inner := range []string{"pgx", "mysql"} {
		t.Run(inner, func(t *testing.T) { oneRoundTrip(t, inner) })
	}
}

func oneRoundTrip(t *testing.T, inner string) {
	rows := []string{trapTable}
	for id := range 30 {
		rows = append(rows, fmt.Sprintf("INSERT INTO t VALUES (%d, 'old')", id+1))
	}
	trap{serial: true, inner: inner, lease: 2 * time.Second, schema: rows}.run(t, func(t *testing.T, g *trapRig) {
		u, err := url.Parse(g.redisURL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := newTrapProxy(t, u.Host)
		u.Host = proxy.listener.Addr().String()
		g.redisURL = u.String()
		db, h, _ := g.openWrapped("")
		g.warmOn(db, h, readV, 1)
		proxy.take()
		before := h.Stats()
		const hits = 100
		for range hits {
			g.read(db, readV, 1)
		}
		if n := h.Stats().Sub(before).Hits; n != hits {
			t.Fatalf("%d hits, want %d", n, hits)
		}
		lookups := func() (pieces, commands int) {
			t.Helper()
			for _, piece := range proxy.take() {
				if n := bytes.Count(bytes.ToLower(piece), []byte("\r\nhmget\r\n")); n > 0 {
					pieces++
					commands += n
					if bytes.Count(piece, []byte("\r\n*"))+1 != n {
						t.Errorf("a lookup sends more than its HMGETs: %q", piece)
					}
				}
			}
			return pieces, commands
		}
		if pieces, commands := lookups(); pieces != hits || commands != 2*hits {
			t.Errorf("%d hits sent %d HMGET in %d pieces, want %d in %d", hits, commands, pieces, 2*hits, hits)
		}
		before = h.Stats()
		const misses = 20
		for id := range misses {
			g.read(db, readV, id+2)
			if err := h.Sync(g.ctx); err != nil { // the fill is sent by itself
				t.Fatal(err)
			}
		}
		if s := h.Stats().Sub(before); s.Misses != misses || s.Fills != misses {
			t.Errorf("%d misses and %d fills, want %d of each", s.Misses, s.Fills, misses)
		}
		if pieces, commands := lookups(); pieces != misses || commands != 2*misses {
			t.Errorf("%d misses sent %d HMGET in %d pieces, want %d in %d", misses, commands, pieces, 2*misses, misses)
		}
		before = h.Stats()
		const writes = 10
		for i := range writes {
			g.exec(db, "UPDATE t SET v = ? WHERE id = ?", fmt.Sprint(i), 1)
		}
		if err := h.Sync(g.ctx); err != nil {
			t.Fatal(err)
		}
		if s := h.Stats().Sub(before); s.Holds != writes || s.Releases != writes {
			t.Errorf("%d writes had %d holds and %d releases", writes, s.Holds, s.Releases)
		}
	})
}
