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
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MariaDB returns the DSN, as go-sql-driver reads it, of a fresh, empty
// database on the test binary's own MariaDB, which the first call starts. The
// database is dropped when the test is over, with whatever connections it
// still has.
func MariaDB(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("MONEYCLIP_TEST_MYSQL"); given != "" {
		return createMySQLDatabase(t, given)
	}
	needMain(t)
	bin, as := mariadbBinaries(t)
	sharedMariaDB.mu.Lock()
	if sharedMariaDB.server == nil {
		s, err := startMariaDB(bin, as)
		if err != nil {
			sharedMariaDB.mu.Unlock()
			t.Fatal(err)
		}
		sharedMariaDB.server = s
		onExit(s.remove)
	}
	server := sharedMariaDB.server
	sharedMariaDB.mu.Unlock()
	return createMySQLDatabase(t, server.DSN())
}

var sharedMariaDB struct {
	mu     sync.Mutex
	server *MariaDBServer
}

// MariaDBServer is a MariaDB that belongs to one test. Its methods fail the
// test on errors that are not the test's own doing. They may be called from
// several goroutines.
type MariaDBServer struct {
	t    testing.TB // nil for the shared one, on which no method with t is called
	proc *process
	addr string
}

// StartMariaDB starts a MariaDB for this test alone and stops it when the test
// is over. Settings are name=value pairs as in a configuration file, for
// example "general_log=1".
func StartMariaDB(t testing.TB, settings ...string) *MariaDBServer {
	t.Helper()
	needMain(t)
	bin, as := mariadbBinaries(t)
	s, err := startMariaDB(bin, as, settings...)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(s.remove)
	return s
}

// Addr returns host:port.
func (s *MariaDBServer) Addr() string { return s.addr }

// DSN returns the DSN of the server without a database, as its root.
func (s *MariaDBServer) DSN() string { return "root@tcp(" + s.addr + ")/" }

// Log returns the general log: every statement since the server was first
// started, each before its answer is sent, where the setting general_log=1
// asks for it; empty otherwise.
func (s *MariaDBServer) Log() string {
	log, err := os.ReadFile(filepath.Join(s.proc.dir, generalLog))
	if err != nil {
		return ""
	}
	return string(log)
}

const generalLog = "general.log"

// Stop shuts the server down, ending its connections, and returns once it is
// gone.
func (s *MariaDBServer) Stop() {
	s.t.Helper()
	if err := s.proc.stop(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends the server as a crash would. It returns once the server is gone.
func (s *MariaDBServer) Kill() {
	s.t.Helper()
	if err := s.proc.stop(syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
}

// Restart stops the server, if it runs, and starts it again on the same port
// with the same data and settings. It returns once the server answers.
func (s *MariaDBServer) Restart() {
	s.t.Helper()
	s.Stop()
	if err := s.proc.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *MariaDBServer) remove() {
	// As with Redis: leftovers are no reason to fail a test.
	_ = s.proc.stop(syscall.SIGKILL)
	_ = os.RemoveAll(filepath.Dir(s.proc.dir))
}

// mariadbPrograms are the server and what makes its data directory.
type mariadbPrograms struct{ server, install string }

// mariadbBinaries finds the programs, and the user to run them as: nil for the
// test's own, another where that is root, as whom MariaDB refuses to run.
func mariadbBinaries(t testing.TB) (bin mariadbPrograms, as *syscall.Credential) {
	t.Helper()
	bin = mariadbPrograms{
		server:  firstProgram("mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "mysqld", "/usr/sbin/mysqld"),
		install: firstProgram("mariadb-install-db", "mysql_install_db"),
	}
	if bin.server == "" || bin.install == "" {
		missing(t, "mariadbd", "mariadb-server")
	}
	if os.Geteuid() != 0 {
		return bin, nil
	}
	for _, name := range []string{"mysql", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
			gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
			if uerr == nil && gerr == nil {
				return bin, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			}
		}
	}
	t.Fatal("testenv: MariaDB does not run as root, and there is no user mysql or nobody to run it as")
	return bin, nil
}

// firstProgram returns the path of the first program that exists; names
// without a slash are looked for in PATH, which need not hold /usr/sbin.
func firstProgram(names ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// startMariaDB makes a data directory in a temporary folder and starts a
// server on it.
func startMariaDB(bin mariadbPrograms, as *syscall.Credential, settings ...string) (*MariaDBServer, error) {
	base, err := os.MkdirTemp("", "moneyclip-my-")
	if err != nil {
		return nil, fmt.Errorf("testenv: directory for MariaDB: %w", err)
	}
	s, err := startMariaDBIn(base, bin, as, settings)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(base))
	}
	return s, nil
}

// smallLog keeps a data directory at a tenth of its usual 110 MB.
const smallLog = "--innodb-log-file-size=8M"

func startMariaDBIn(base string, bin mariadbPrograms, as *syscall.Credential, settings []string) (*MariaDBServer, error) {
	run, data := filepath.Join(base, "run"), filepath.Join(base, "data")
	if err := os.Mkdir(run, 0o700); err != nil {
		return nil, fmt.Errorf("testenv: directory for MariaDB: %w", err)
	}
	if as != nil {
		for _, dir := range []string{base, run} {
			if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
				return nil, fmt.Errorf("testenv: directory for MariaDB: %w", err)
			}
		}
	}
	if err := installMariaDB(bin.install, base, data, as); err != nil {
		return nil, err
	}
	var last error
	for range 5 { // another test binary may take the port before we do
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		args := []string{"--no-defaults", "--datadir=" + data, "--port=" + strconv.Itoa(port), "--bind-address=127.0.0.1",
			"--socket=" + mariadbSocket(run), "--pid-file=" + filepath.Join(run, "pid"), "--tmpdir=" + run,
			// Without it 127.0.0.1 may be localhost, whose accounts are others.
			"--skip-name-resolve",
			"--general-log-file=" + filepath.Join(run, generalLog),
			// A crash of the machine may cost a test its data.
			"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", smallLog, "--skip-log-bin",
			"--innodb-buffer-pool-size=32M", "--key-buffer-size=1M", "--max-connections=200", "--performance-schema=OFF",
			"--innodb-buffer-pool-dump-at-shutdown=OFF", "--innodb-buffer-pool-load-at-startup=OFF",
			"--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci",
		}
		for _, setting := range settings {
			args = append(args, "--"+setting)
		}
		s := &MariaDBServer{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), proc: &process{
			path: bin.server, args: args, dir: run,
			ready: "ready for connections", attr: attributes(as, syscall.SIGKILL),
		}}
		if last = s.proc.start(); last == nil {
			return s, nil
		}
	}
	return nil, last
}

// installMariaDB makes a data directory whose root has no password.
func installMariaDB(path, dir, data string, as *syscall.Credential) error {
	var out bytes.Buffer
	cmd := exec.Command(path, "--no-defaults", "--datadir="+data, "--tmpdir="+dir, "--skip-test-db",
		"--auth-root-authentication-method=normal", "--skip-name-resolve", smallLog)
	cmd.Dir = dir
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = attributes(as, syscall.SIGKILL)
	err := launch(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("testenv: mariadb-install-db: %w\n%s", err, tail(out.Bytes()))
	}
	return nil
}

// mariadbSocket is the server's Unix socket, whose path has at most 107 bytes:
// a longer one is in the working directory of the server, its data directory.
func mariadbSocket(dir string) string {
	if path := filepath.Join(dir, "socket"); len(path) <= 100 {
		return path
	}
	return "socket"
}

// withMySQLDatabase returns a DSN with another database.
func withMySQLDatabase(t testing.TB, given, name string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(given)
	if err != nil {
		t.Fatal("testenv: MONEYCLIP_TEST_MYSQL is not a DSN of go-sql-driver") // the error may hold the password
	}
	cfg.DBName = name
	return cfg.FormatDSN()
}
