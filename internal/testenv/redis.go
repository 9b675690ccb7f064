package testenv

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// databases is the number of logical databases of the shared Redis: one for
// each call of Redis in a binary.
const databases = 4096

// Redis returns the URL of an empty logical database of the test binary's own
// redis-server, which the first call starts. No other call gets the same
// database; the server is shared, so a test that changes its configuration or
// sends FLUSHALL uses [StartRedis].
func Redis(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("MONEYCLIP_TEST_REDIS"); given != "" {
		return claimDatabase(t, given)
	}
	needMain(t)
	binary := redisBinary(t)
	sharedRedis.mu.Lock()
	defer sharedRedis.mu.Unlock()
	if sharedRedis.server == nil {
		s, err := startRedis(binary, "--databases", strconv.Itoa(databases))
		if err != nil {
			t.Fatal(err)
		}
		sharedRedis.server = s
		onExit(s.remove)
	}
	if sharedRedis.next == databases {
		t.Fatalf("testenv: all %d databases of the shared Redis are given out", databases)
	}
	n := sharedRedis.next
	sharedRedis.next++
	return sharedRedis.server.URL() + "/" + strconv.Itoa(n)
}

var sharedRedis struct {
	mu     sync.Mutex
	server *Server
	next   int // the first database not given out
}

// Server is a redis-server that belongs to one test. Its methods fail the
// test on errors that are not the test's own doing. They may be called from
// several goroutines.
type Server struct {
	t    testing.TB // nil for the shared one, on which no method with t is called
	proc *process
	addr string
}

// StartRedis starts a redis-server for this test alone, with args added to
// its command line, and stops it when the test is over. Nothing is written to
// disk unless args say so.
func StartRedis(t testing.TB, args ...string) *Server {
	t.Helper()
	needMain(t)
	s, err := startRedis(redisBinary(t), args...)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(s.remove)
	return s
}

// Addr returns host:port.
func (s *Server) Addr() string { return s.addr }

// URL returns redis://host:port, without a database number.
func (s *Server) URL() string { return "redis://" + s.addr }

// Dir returns the working directory, where a dump or append-only file is.
func (s *Server) Dir() string { return s.proc.dir }

// PID returns the process id of the server last started.
func (s *Server) PID() int { return s.proc.pid() }

// Kill ends the server with SIGKILL and returns once it is gone.
func (s *Server) Kill() {
	s.t.Helper()
	if err := s.proc.stop(syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
}

// Stop freezes the server: connections stay open and nothing is answered.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.proc.signal(syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// Cont lets a frozen server go on.
func (s *Server) Cont() {
	s.t.Helper()
	if err := s.proc.signal(syscall.SIGCONT); err != nil {
		s.t.Fatal(err)
	}
}

// Restart kills the server, if it runs, and starts it again on the same port,
// in the same directory, with the same arguments. It returns once the server
// answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.proc.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) remove() {
	// What is left is a process that Linux ends with this one, and a directory
	// in the temporary folder: no reason to fail a test.
	_ = s.proc.stop(syscall.SIGKILL)
	_ = os.RemoveAll(s.proc.dir)
}

func redisBinary(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "redis-server", "redis-server")
	return ""
}

// startRedis starts a server on a free port. Another test binary may take the
// port between the probe and the start, so it tries a few.
func startRedis(binary string, args ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "moneyclip-redis-")
	if err != nil {
		return nil, fmt.Errorf("testenv: directory for Redis: %w", err)
	}
	var last error
	for range 5 {
		port, err := freePort()
		if err != nil {
			last = err
			break
		}
		base := []string{
			"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
			"--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "notice", "--logfile", "",
		}
		s := &Server{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), proc: &process{
			path: binary, args: append(base, args...), dir: dir,
			ready: "Ready to accept connections", attr: attributes(nil, syscall.SIGKILL),
		}}
		if last = s.proc.start(); last == nil {
			return s, nil
		}
	}
	return nil, errors.Join(last, os.RemoveAll(dir))
}
