package testenv

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	readyWithin = 60 * time.Second      // a loaded machine with one core is slow
	stopWithin  = 20 * time.Second      // an orderly stop; then SIGKILL
	pollEvery   = 10 * time.Millisecond // how often the log is looked at
)

// process is one server process that may be started again. Its methods may be
// called from several goroutines.
type process struct {
	path   string
	args   []string
	dir    string // working directory, data and log
	ready  string // what the server logs once it accepts connections
	attr   *syscall.SysProcAttr
	mu     sync.Mutex
	cmd    *exec.Cmd     // the last one started
	exited chan struct{} // closed when cmd has ended
}

// start starts the process and returns once it has logged that it is ready.
// The process's own log is asked, not its port: another server of another
// test binary may have taken the port.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("testenv: log of %s: %w", p.name(), err)
	}
	defer log.Close() // the process has its own descriptor
	info, err := log.Stat()
	if err != nil {
		return fmt.Errorf("testenv: log of %s: %w", p.name(), err)
	}

	cmd := exec.Command(p.path, p.args...)
	cmd.Dir = p.dir
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = p.attr
	if err := launch(cmd); err != nil {
		return fmt.Errorf("testenv: start %s: %w", p.name(), err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		// How the server ended is in its log; that it ended is all we ask.
		_ = cmd.Wait()
	}()
	p.cmd, p.exited = cmd, exited

	deadline := time.NewTimer(readyWithin)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-exited:
			return fmt.Errorf("testenv: %s ended before it was ready:\n%s", p.name(), tail(p.logSince(info.Size())))
		case <-deadline.C:
			_ = cmd.Process.Kill()
			<-exited
			return fmt.Errorf("testenv: %s not ready after %s:\n%s", p.name(), readyWithin, tail(p.logSince(info.Size())))
		case <-tick.C:
			if bytes.Contains(p.logSince(info.Size()), []byte(p.ready)) {
				return nil
			}
		}
	}
}

// signal sends sig to the process, if it runs.
func (p *process) signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("testenv: signal %s: %w", p.name(), err)
	}
	return nil
}

// stop ends the process with sig and returns once it is gone. A process that
// does not end in time, a frozen one for example, is killed.
func (p *process) stop(sig syscall.Signal) error {
	if err := p.signal(sig); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	select {
	case <-p.exited:
	case <-late.C:
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	return nil
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *process) name() string    { return filepath.Base(p.path) }
func (p *process) logPath() string { return filepath.Join(p.dir, "server.log") }

// logSince returns the log from an offset; empty where it cannot be read.
func (p *process) logSince(offset int64) []byte {
	log, err := os.ReadFile(p.logPath())
	if err != nil || int64(len(log)) < offset {
		return nil
	}
	return log[offset:]
}

// tail returns the last lines of a log, enough to see why a server gave up.
func tail(log []byte) string {
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// environment is the test's own without what would change a server's mind: a
// translated log, or PGDATA and PGPORT.
func environment() []string {
	env := []string{"LC_ALL=C"}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") && !strings.HasPrefix(v, "LANG") {
			env = append(env, v)
		}
	}
	return env
}

// freePort returns a port of 127.0.0.1 on which nobody listens. It lies below
// the range from which Linux takes the ports of outgoing connections: with a
// port of that range, a client dialling a stopped server may be connected to
// itself, and keep the server from coming back.
func freePort() (int, error) {
	for range 100 {
		port := 15000 + rand.IntN(17000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("testenv: probe of port %d: %w", port, err)
		}
		return port, nil
	}
	return 0, errors.New("testenv: no free port between 15000 and 32000")
}

// launcher is the one thread that starts processes. Linux sends the
// parent-death signal when the starting thread ends, not the process, and Go
// ends threads at will; this one is locked and lives until Main stops it.
var launcher struct {
	mu   sync.Mutex
	jobs chan func()
	done chan struct{}
}

// launch starts cmd on the launcher's thread.
func launch(cmd *exec.Cmd) error {
	launcher.mu.Lock()
	if launcher.jobs == nil {
		jobs, done := make(chan func()), make(chan struct{})
		launcher.jobs, launcher.done = jobs, done
		go func() {
			defer close(done)
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			for job := range jobs {
				job()
			}
		}()
	}
	jobs := launcher.jobs
	launcher.mu.Unlock()

	started := make(chan error, 1)
	jobs <- func() { started <- cmd.Start() }
	return <-started
}

// stopLauncher ends the launcher's thread; every process is stopped before.
func stopLauncher() {
	launcher.mu.Lock()
	defer launcher.mu.Unlock()
	if launcher.jobs == nil {
		return
	}
	close(launcher.jobs)
	<-launcher.done
	launcher.jobs = nil
}
