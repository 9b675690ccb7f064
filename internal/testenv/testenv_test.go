package testenv

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) { Main(m) }

// TestServerDiesWithAKilledTestBinary runs this binary again, has it start a
// server, kills it, and waits for the server's connection to end.
func TestServerDiesWithAKilledTestBinary(t *testing.T) {
	if os.Getenv("MONEYCLIP_TESTENV_CHILD") != "" {
		s := StartRedis(t)
		_, _ = os.Stdout.WriteString("\nserver at " + s.Addr() + "\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent kills this process
		return
	}
	if !diesWithParent {
		t.Skip("only Linux has a parent-death signal")
	}
	redisBinary(t)
	child := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithAKilledTestBinary$")
	child.Env = append(os.Environ(), "MONEYCLIP_TESTENV_CHILD=1", "TMPDIR="+t.TempDir())
	if _, err := child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	addr := ""
	for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
		addr, _ = strings.CutPrefix(lines.Text(), "server at ")
		if !strings.Contains(addr, ":") {
			addr = ""
		}
	}
	var conn net.Conn
	if addr != "" {
		conn, err = net.Dial("tcp", addr)
	}
	if kerr := child.Process.Kill(); kerr != nil {
		t.Fatal(kerr)
	}
	_ = child.Wait() // it was killed: an error
	if addr == "" || err != nil {
		t.Fatalf("the child started no server that answers: %q, %v", addr, err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) || err == nil {
		t.Fatalf("server still runs after its test binary was killed: %v", err)
	}
}

func TestRedisGivesEachCallerAnEmptyDatabase(t *testing.T) {
	one, two := redisClient(t, Redis(t)), redisClient(t, Redis(t))
	ctx := t.Context()
	if err := one.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := two.Get(ctx, "k").Err(); !errors.Is(err, redis.Nil) {
		t.Fatalf("second database is not empty: %v", err)
	}
}

func TestRedisServerFaults(t *testing.T) {
	s := StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	c := redisClient(t, s.URL())
	ctx := t.Context()
	if err := c.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}

	s.Stop()
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if err := c.Ping(short).Err(); err == nil {
		t.Fatal("a frozen server answered")
	}
	s.Cont()
	if err := c.Ping(ctx).Err(); err != nil {
		t.Fatalf("server let go on does not answer: %v", err)
	}

	before := s.PID()
	s.Kill()
	if err := syscall.Kill(before, 0); !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("process %d is still there after Kill: %v", before, err)
	}
	if conn, err := net.Dial("tcp", s.Addr()); err == nil {
		conn.Close()
		t.Fatal("a killed server takes connections")
	}

	s.Restart()
	if s.PID() == before {
		t.Fatal("Restart kept the process")
	}
	if v, err := c.Get(ctx, "k").Result(); err != nil || v != "v" {
		t.Fatalf("after Restart with an append-only file: %q, %v", v, err)
	}
	s.Stop() // a frozen server must not outlive the test either
}

func TestStartReportsWhyAServerEnded(t *testing.T) {
	_, err := startRedis(redisBinary(t), "--maxmemory-policy", "no-such-policy")
	if err == nil || !strings.Contains(err.Error(), "maxmemory-policy") {
		t.Fatalf("want the server's own words, got: %v", err)
	}
}

func TestPostgresGivesEachCallerAFreshDatabase(t *testing.T) {
	var first string
	t.Run("first", func(t *testing.T) {
		first = Postgres(t)
		conn := postgresConn(t, first)
		if _, err := conn.Exec(t.Context(), "CREATE TABLE t (id int)"); err != nil {
			t.Fatal(err)
		}
		// The connection stays open: dropping the database must not mind.
	})
	conn := postgresConn(t, Postgres(t))
	var tables int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Fatalf("fresh database has %d tables", tables)
	}
	if conn, err := pgx.Connect(t.Context(), first); err == nil {
		_ = conn.Close(t.Context())
		t.Fatal("the first test's database was not dropped")
	}
}

func TestPostgresServerFaults(t *testing.T) {
	s := StartPostgres(t, "log_statement=all")
	conn := postgresConn(t, s.URL())
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept (id int)"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Log(), "CREATE TABLE kept") {
		t.Fatalf("log holds no statements:\n%s", s.Log())
	}
	for _, end := range []struct {
		name string
		f    func()
	}{{"stopped", s.Stop}, {"killed", s.Kill}} {
		end.f()
		if c, err := net.Dial("tcp", s.Addr()); err == nil {
			c.Close()
			t.Fatalf("a %s server takes connections", end.name)
		}
		s.Restart()
		var tables int
		row := postgresConn(t, s.URL()).QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE tablename = 'kept'")
		if err := row.Scan(&tables); err != nil || tables != 1 {
			t.Fatalf("%s and restarted: %d tables, %v", end.name, tables, err)
		}
	}
}

func TestMariaDBGivesEachCallerAFreshDatabase(t *testing.T) {
	var first string
	t.Run("first", func(t *testing.T) {
		first = MariaDB(t)
		conn := mysqlConn(t, first)
		// The transaction stays open: dropping the database must not wait for it.
		for _, text := range []string{"CREATE TABLE t (id int)", "BEGIN", "SELECT * FROM t"} {
			if _, err := conn.ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
	})
	conn := mysqlConn(t, MariaDB(t))
	var tables int
	var charset string
	if err := conn.QueryRowContext(t.Context(), "SELECT count(*), @@character_set_database FROM information_schema.tables WHERE table_schema = database()").Scan(&tables, &charset); err != nil {
		t.Fatal(err)
	}
	if tables != 0 || charset != "utf8mb4" {
		t.Fatalf("fresh database has %d tables and the character set %s", tables, charset)
	}
	db, err := sql.Open("mysql", first)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); err == nil {
		t.Fatal("the first test's database was not dropped")
	}
}

func TestMariaDBServerFaults(t *testing.T) {
	s := StartMariaDB(t, "general_log=1")
	name := strings.TrimSuffix(s.DSN(), "/") + "/kept"
	if _, err := mysqlConn(t, s.DSN()).ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}
	if _, err := mysqlConn(t, name).ExecContext(t.Context(), "CREATE TABLE kept (id int)"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Log(), "CREATE TABLE kept") {
		t.Fatalf("log holds no statements:\n%s", s.Log())
	}
	for _, end := range []struct {
		name string
		f    func()
	}{{"stopped", s.Stop}, {"killed", s.Kill}} {
		end.f()
		if c, err := net.Dial("tcp", s.Addr()); err == nil {
			c.Close()
			t.Fatalf("a %s server takes connections", end.name)
		}
		s.Restart()
		if _, err := mysqlConn(t, name).ExecContext(t.Context(), "SELECT * FROM kept"); err != nil {
			t.Fatalf("%s and restarted: %v", end.name, err)
		}
	}
}

func TestEnvironmentNamesARunningServer(t *testing.T) {
	t.Run("redis", func(t *testing.T) {
		s := StartRedis(t)
		t.Setenv("MONEYCLIP_TEST_REDIS", s.URL())
		taken := redisClient(t, s.URL()+"/1")
		if err := taken.Set(t.Context(), "somebody", "else", 0).Err(); err != nil {
			t.Fatal(err)
		}
		t.Run("caller", func(t *testing.T) {
			one, two := Redis(t), Redis(t)
			if one != s.URL()+"/2" || two != s.URL()+"/3" {
				t.Fatalf("want databases 2 and 3, got %s and %s", one, two)
			}
			if err := redisClient(t, one).Set(t.Context(), "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
		})
		for n, want := range map[int]int64{0: 0, 1: 1, 2: 0} {
			size, err := redisClient(t, s.URL()+"/"+strconv.Itoa(n)).DBSize(t.Context()).Result()
			if err != nil || size != want {
				t.Errorf("database %d holds %d keys afterwards, want %d (%v)", n, size, want, err)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		s := StartPostgres(t)
		t.Setenv("MONEYCLIP_TEST_POSTGRES", s.URL())
		given := Postgres(t)
		if !strings.HasPrefix(given, "postgres://postgres@"+s.Addr()+"/moneyclip_") {
			t.Fatalf("not a database of the named server: %s", given)
		}
		postgresConn(t, given)
	})
	t.Run("mysql", func(t *testing.T) {
		s := StartMariaDB(t)
		t.Setenv("MONEYCLIP_TEST_MYSQL", s.DSN()+"?parseTime=true")
		given := MariaDB(t)
		if !strings.HasPrefix(given, s.DSN()+"moneyclip_") || !strings.HasSuffix(given, "?parseTime=true") {
			t.Fatalf("not a database of the named server: %s", given)
		}
		mysqlConn(t, given)
	})
}

// outcome is a testing.TB that notes how a test would have ended.
type outcome struct {
	testing.TB
	skipped, failed string
}

func (*outcome) Helper()                             {}
func (o *outcome) Skipf(format string, args ...any)  { o.skipped = format }
func (o *outcome) Fatalf(format string, args ...any) { o.failed = format }

func TestMissingServerSkipsAndFailsInCI(t *testing.T) {
	for _, c := range []struct {
		ci           string
		skips, fails bool
	}{{ci: "", skips: true}, {ci: "true", fails: true}} {
		t.Setenv("CI", c.ci)
		var o outcome
		missing(&o, "redis-server", "redis-server")
		if (o.skipped != "") != c.skips || (o.failed != "") != c.fails {
			t.Errorf("CI=%q: skipped %q, failed %q", c.ci, o.skipped, o.failed)
		}
	}
}

func redisClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	opts.ContextTimeoutEnabled = true
	c := redis.NewClient(opts)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func postgresConn(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mysqlConn(t *testing.T, dsn string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
