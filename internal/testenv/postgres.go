package testenv

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// Postgres returns the URL of a fresh, empty database on the test binary's
// own PostgreSQL, which the first call starts. The database is dropped when
// the test is over, with whatever connections it still has.
func Postgres(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("MONEYCLIP_TEST_POSTGRES"); given != "" {
		return createDatabase(t, given)
	}
	needMain(t)
	bin, as := postgresBinaries(t)
	sharedPostgres.mu.Lock()
	if sharedPostgres.server == nil {
		s, err := startPostgres(bin, as)
		if err != nil {
			sharedPostgres.mu.Unlock()
			t.Fatal(err)
		}
		sharedPostgres.server = s
		onExit(s.remove)
	}
	server := sharedPostgres.server
	sharedPostgres.mu.Unlock()
	return createDatabase(t, server.URL())
}

var sharedPostgres struct {
	mu     sync.Mutex
	server *PostgresServer
}

// PostgresServer is a PostgreSQL that belongs to one test. Its methods fail
// the test on errors that are not the test's own doing. They may be called
// from several goroutines.
type PostgresServer struct {
	t    testing.TB // nil for the shared one, on which no method with t is called
	proc *process
	addr string
}

// StartPostgres starts a PostgreSQL for this test alone and stops it when the
// test is over. Settings are name=value pairs as in postgresql.conf, for
// example "log_statement=all".
func StartPostgres(t testing.TB, settings ...string) *PostgresServer {
	t.Helper()
	needMain(t)
	bin, as := postgresBinaries(t)
	s, err := startPostgres(bin, as, settings...)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(s.remove)
	return s
}

// Addr returns host:port.
func (s *PostgresServer) Addr() string { return s.addr }

// URL returns the URL of the database postgres, as its superuser.
func (s *PostgresServer) URL() string {
	return "postgres://postgres@" + s.addr + "/postgres?sslmode=disable"
}

// Log returns all that the server has logged since it was first started. A
// statement is in it before its answer is sent, where log_statement says so.
func (s *PostgresServer) Log() string { return string(s.proc.logSince(0)) }

// Stop shuts the server down, ending its connections, and returns once it is
// gone.
func (s *PostgresServer) Stop() {
	s.t.Helper()
	if err := s.proc.stop(syscall.SIGINT); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends the server as a crash would: without a checkpoint, all
// connections lost. It returns once the server is gone.
func (s *PostgresServer) Kill() {
	s.t.Helper()
	if err := s.proc.stop(syscall.SIGQUIT); err != nil {
		s.t.Fatal(err)
	}
}

// Restart stops the server, if it runs, and starts it again on the same port
// with the same data and settings. It returns once the server answers.
func (s *PostgresServer) Restart() {
	s.t.Helper()
	s.Stop()
	if err := s.proc.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *PostgresServer) remove() {
	// As with Redis: leftovers are no reason to fail a test.
	_ = s.proc.stop(syscall.SIGQUIT)
	_ = os.RemoveAll(filepath.Dir(s.proc.dir))
}

// postgresBinaries finds the folder of the server's programs, and the user to
// run them as: nil for the test's own, another where that is root, as whom
// PostgreSQL refuses to run.
func postgresBinaries(t testing.TB) (bin string, as *syscall.Credential) {
	t.Helper()
	bin = findPostgres()
	if bin == "" {
		missing(t, "initdb and postgres", "postgresql")
	}
	if os.Geteuid() != 0 {
		return bin, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
			gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
			if uerr == nil && gerr == nil {
				return bin, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			}
		}
	}
	t.Fatal("testenv: PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
	return "", nil
}

// findPostgres looks in PATH, then where Debian keeps the server's programs,
// the newest version first. It returns "" where there are none.
func findPostgres() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		dir := filepath.Dir(path)
		if _, err := exec.LookPath(filepath.Join(dir, "postgres")); err == nil {
			return dir
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return ""
	}
	version := func(path string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err != nil {
			return 0
		}
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	return filepath.Dir(found[0])
}

// startPostgres makes a cluster in a temporary folder and starts it.
func startPostgres(bin string, as *syscall.Credential, settings ...string) (*PostgresServer, error) {
	base, err := os.MkdirTemp("", "moneyclip-pg-")
	if err != nil {
		return nil, fmt.Errorf("testenv: directory for PostgreSQL: %w", err)
	}
	s, err := startPostgresIn(base, bin, as, settings)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(base))
	}
	return s, nil
}

func startPostgresIn(base, bin string, as *syscall.Credential, settings []string) (*PostgresServer, error) {
	run, data := filepath.Join(base, "run"), filepath.Join(base, "data")
	if err := os.Mkdir(run, 0o700); err != nil {
		return nil, fmt.Errorf("testenv: directory for PostgreSQL: %w", err)
	}
	if as != nil {
		for _, dir := range []string{base, run} {
			if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
				return nil, fmt.Errorf("testenv: directory for PostgreSQL: %w", err)
			}
		}
	}
	if err := initdb(filepath.Join(bin, "initdb"), base, data, as); err != nil {
		return nil, err
	}
	var last error
	for range 5 { // another test binary may take the port before we do
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		args := []string{"-D", data}
		for _, setting := range append([]string{
			"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories=" + socketDir(run),
			// A crash of the machine may cost a test its data.
			"fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"shared_buffers=32MB", "max_connections=100", "logging_collector=off", "log_destination=stderr",
			"lc_messages=C", "autovacuum=off", "jit=off",
		}, settings...) {
			args = append(args, "-c", setting)
		}
		s := &PostgresServer{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), proc: &process{
			path: filepath.Join(bin, "postgres"), args: args, dir: run,
			// SIGQUIT, so that the server takes its own processes with it.
			ready: "database system is ready to accept connections", attr: attributes(as, syscall.SIGQUIT),
		}}
		if last = s.proc.start(); last == nil {
			return s, nil
		}
	}
	return nil, last
}

func initdb(path, dir, data string, as *syscall.Credential) error {
	var out bytes.Buffer
	cmd := exec.Command(path, "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Dir = dir
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = attributes(as, syscall.SIGKILL)
	err := launch(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("testenv: initdb: %w\n%s", err, tail(out.Bytes()))
	}
	return nil
}

// socketDir is where the server puts its Unix socket: nowhere, if the path
// would be too long for one (107 bytes, of which the file's name takes 16).
func socketDir(dir string) string {
	if len(dir) > 90 {
		return ""
	}
	return dir
}
