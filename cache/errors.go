package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	// ErrUnavailable is why a write is refused in mode [Strict]: the store is
	// out of reach, so that other processes could not be told. Nothing was sent.
	ErrUnavailable = errors.New("the store is out of reach and the mode is strict")
	// ErrClosed is why a write is refused after [Cache.Close].
	ErrClosed = errors.New("the cache is closed")
	// ErrMismatch is wrapped where a namespace is in use with another lease,
	// bucket count or protocol version.
	ErrMismatch = errors.New("the namespace is in use with other settings")

	errNoCache = errors.New("a hold that no cache made")
	errVersion = fmt.Errorf("%w: protocol version", ErrMismatch)
)

// mismatch compares the namespace's record with the process's options.
func mismatch(o Options, r record) error {
	switch {
	case r.version != protocolVersion:
		return fmt.Errorf("moneyclip: namespace %q: %w: protocol version %q there, %q here", o.Namespace, ErrMismatch, r.version, protocolVersion)
	case r.lease != o.Lease:
		return fmt.Errorf("moneyclip: namespace %q: %w: lease %v there, %v here", o.Namespace, ErrMismatch, r.lease, o.Lease)
	case r.buckets != o.Buckets:
		return fmt.Errorf("moneyclip: namespace %q: %w: %d buckets there, %d here", o.Namespace, ErrMismatch, r.buckets, o.Buckets)
	}
	return nil
}

// The classes of Stats.Errors.
const (
	classTimeout    = "timeout"
	classRefused    = "refused"
	classOOM        = "oom"
	classReadOnly   = "readonly"
	classLoading    = "loading"
	classNoScript   = "noscript"
	classAuth       = "auth"
	classMaxClients = "maxclients"
	classMisconf    = "misconf"
	classOther      = "other"
)

// classes maps the first words of a reply to its class. Those that the server
// gives to every command count as out of reach.
var classes = []struct {
	prefix, class string
	away          bool
}{
	{"OOM", classOOM, false}, // holds and releases still work
	{"NOSCRIPT", classNoScript, false},
	{"READONLY", classReadOnly, true},
	{"LOADING", classLoading, true},
	{"NOAUTH", classAuth, true},
	{"WRONGPASS", classAuth, true},
	{"NOPERM", classAuth, true},
	{"Protocol error: unauthenticated", classAuth, true}, // NOAUTH for a command of more than ten words
	{"max number of clients", classMaxClients, true},
	{"MISCONF", classMisconf, true},
	{"CLUSTERDOWN", classOther, true},
	{"MASTERDOWN", classOther, true},
	{"MOVED", classOther, true},
	{"BUSY", classOther, true},
	{"NOREPLICAS", classOther, true},
}

// classify names an error's class and whether it means that the store is out
// of reach rather than that it refused one command.
func classify(err error) (class string, away bool) {
	var reply redis.Error
	if errors.As(err, &reply) {
		for _, c := range classes {
			if redis.HasErrorPrefix(err, c.prefix) {
				return c.class, c.away
			}
		}
		return classOther, false
	}
	var n net.Error
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &op) && op.Op == "dial" && !op.Timeout():
		return classRefused, true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, redis.ErrPoolTimeout), errors.As(err, &n) && n.Timeout():
		return classTimeout, true
	}
	return classOther, true
}

// deadlineSlack is how far clocks and timers may be apart on one deadline.
const deadlineSlack = 5 * time.Millisecond

// endedByCaller reports whether a command failed because the caller's context
// has ended. The deadline of a connection, which is the context's, fires before
// the context itself reports its end.
func endedByCaller(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	if class, _ := classify(err); class != classTimeout {
		return false
	}
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < deadlineSlack
}

// dropped reports whether a connection ended under a command. That says little
// of the store: connections that end together fail one after the other, as the
// pool gives them out.
func dropped(err error) bool {
	if class, away := classify(err); class != classOther || !away {
		return false
	}
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
