package cache

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// lines collects what go-redis would print.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Printf(_ context.Context, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprintf(format, v...))
}

func TestF1AFailedDialIsCountedAndNotPrintedByTheClient(t *testing.T) {
	var printed lines
	redis.SetLogger(&printed)
	// It stays: the client has no way back to its own.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil { // nothing listens there now
		t.Fatal(err)
	}
	c, err := NewRedisURL("redis://"+addr+"/0", Options{Namespace: "quiet", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if got := c.Lookup(t.Context(), Row{Table: "t", Key: "k"}, Fingerprint{}); got.Outcome != Away {
			t.Fatalf("outcome %v without a store", got.Outcome)
		}
	}
	if c.Stats().Errors["refused"] == 0 {
		t.Errorf("not counted as refused: %v", c.Stats().Errors)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	printed.mu.Lock()
	defer printed.mu.Unlock()
	if len(printed.all) > 0 {
		t.Errorf("the client printed %q", printed.all)
	}
}
