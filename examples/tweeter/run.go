package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
	"github.com/moneyclip/moneyclip/policy"
)

// run tells the story once and prints it to w.
func run(ctx context.Context, w io.Writer, o options) (err error) {
	s, err := openSite(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	h, err := driver.Of(s.cached)
	if err != nil {
		return err
	}
	t := &teller{w: w, colour: o.colour}
	t.printf("%s\n", t.paint(bold, "tweeter on "+s.where))

	if err := awaitStore(ctx, s, h, o.lease, t); err != nil {
		return err
	}
	stop := h.Observe(t.observe)
	err = tell(ctx, s, h, t)
	stop()
	if err != nil {
		return err
	}
	t.summary()
	return t.err
}

// awaitStore waits until the store may keep rows of our tables. A Redis that
// has never seen a table keeps nothing of it for one lease (10 s by default):
// it might have lost what other processes told it. A program does not wait for
// that, its reads ask the database meanwhile; here there would be nothing to
// see.
func awaitStore(ctx context.Context, s *site, h *driver.Handle, lease time.Duration, t *teller) error {
	if lease == 0 {
		lease = 10 * time.Second // moneyclip's default
	}
	var mu sync.Mutex
	var last policy.Code
	stop := h.Observe(func(e driver.Event) {
		mu.Lock()
		defer mu.Unlock()
		last = e.Code
	})
	defer stop()
	q := s.bind(s.cached)
	ctx, cancel := context.WithTimeoutCause(ctx, 3*lease+5*time.Second, errors.New("the store keeps no rows of these tables: see the warnings"))
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	told := false
	for _, absent := range []func() error{
		func() error { _, err := q.GetAccount(ctx, -1); return err },
		func() error { _, err := q.GetTweet(ctx, -1); return err },
		func() error {
			_, err := q.GetFollower(ctx, sqlitedb.GetFollowerParams{AccountID: -1, FollowerID: -1})
			return err
		},
	} {
		for {
			err := absent()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("read of a row that is not there: %w", err)
			}
			mu.Lock()
			code := last
			mu.Unlock()
			if code != policy.BypassStore {
				break
			}
			if !told {
				t.printf("(a Redis that has not seen these tables keeps nothing of them for %s: waiting)\n", lease)
				told = true
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return nil
}
