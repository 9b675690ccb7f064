package cache

import (
	"io"
	"net"
	"sync"
	"testing"
)

// relay is a way to a server on which connections can be ended while the
// server lives.
type relay struct {
	listener net.Listener
	to       string
	done     sync.WaitGroup

	mu       sync.Mutex
	links    map[*link]struct{}
	refusing bool // new connections end at once
}

// link is one connection of the client and the server's end of it.
type link struct {
	client, server net.Conn
	doomed         bool // it ends at its next request
}

func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, to: to, links: make(map[*link]struct{})}
	r.done.Go(r.accept)
	t.Cleanup(func() {
		_ = l.Close()
		r.refuse(true)
		r.done.Wait()
	})
	return r
}

func (r *relay) url() string { return "redis://" + r.listener.Addr().String() }

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		k := &link{client: client, server: server}
		r.mu.Lock()
		if r.refusing {
			k.end()
		} else {
			r.links[k] = struct{}{}
			r.done.Go(func() { defer k.end(); _, _ = io.Copy(client, server) })
			r.done.Go(func() { defer r.drop(k); r.forward(k) })
		}
		r.mu.Unlock()
	}
}

func (k *link) end() {
	_ = k.client.Close()
	_ = k.server.Close()
}

func (r *relay) drop(k *link) {
	k.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.links, k)
}

// forward passes requests on. Each arrives in one piece here: it is small.
func (r *relay) forward(k *link) {
	buf := make([]byte, 1<<16)
	for {
		n, err := k.client.Read(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		doomed := k.doomed
		r.mu.Unlock()
		if doomed {
			return
		}
		if _, err := k.server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// count returns how many connections there are.
func (r *relay) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.links)
}

// cut ends all connections now.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.links {
		k.end()
	}
}

// doom lets every connection end at its next request, so that the client
// cannot see before that it is stale.
func (r *relay) doom() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.links {
		k.doomed = true
	}
}

// refuse ends all connections, and new ones as soon as they are made.
func (r *relay) refuse(on bool) {
	r.mu.Lock()
	r.refusing = on
	r.mu.Unlock()
	if on {
		r.cut()
	}
}
