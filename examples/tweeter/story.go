package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/moneyclip/moneyclip/driver"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
)

// people are the accounts of the story, as the database made them.
type people struct {
	tom, andy, ann, leslie sqlitedb.Account
	tweet                  sqlitedb.Tweet // Tom's
}

// settle creates the accounts; Tom follows everyone, and tweets.
func settle(ctx context.Context, q sqlitedb.Querier) (p people, err error) {
	for _, a := range []struct {
		to   *sqlitedb.Account
		name string
	}{{&p.tom, "tom"}, {&p.andy, "andy"}, {&p.ann, "ann"}, {&p.leslie, "leslie"}} {
		*a.to, err = q.CreateAccount(ctx, sqlitedb.CreateAccountParams{
			Username: a.name,
			Email:    a.name + "@pawnee.example",
			Bio:      sql.NullString{String: "I work in a park.", Valid: a.name != "andy"},
			JoinedAt: time.Date(2009, time.April, 9, 20, 30, 0, 123456000, time.UTC),
		})
		if err != nil {
			return p, err
		}
	}
	for _, whom := range []int64{p.andy.ID, p.ann.ID, p.leslie.ID} {
		if err := q.Follow(ctx, sqlitedb.FollowParams{AccountID: whom, FollowerID: p.tom.ID}); err != nil {
			return p, err
		}
	}
	p.tweet, err = q.CreateTweet(ctx, sqlitedb.CreateTweetParams{AuthorID: p.tom.ID, Body: "Tweet!!!"})
	return p, err
}

// unhurried lets what the cache does in the background come to its end before
// the next statement. Redis is filled there: without this, what is printed as
// a hit would now and then be a miss.
type unhurried struct {
	sqlitedb.DBTX
	h *driver.Handle
}

func (u unhurried) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := u.h.Sync(ctx); err != nil {
		return nil, err
	}
	return u.DBTX.ExecContext(ctx, query, args...)
}

func (u unhurried) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := u.h.Sync(ctx); err != nil {
		return nil, err
	}
	return u.DBTX.QueryContext(ctx, query, args...)
}

func (u unhurried) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	// An error of the wait is the context's, which the query meets as well.
	_ = u.h.Sync(ctx)
	return u.DBTX.QueryRowContext(ctx, query, args...)
}

// tell runs the story on a site and has each query printed under its chapter.
func tell(ctx context.Context, s *site, h *driver.Handle, t *teller) error {
	q := s.bind(unhurried{s.cached, h})

	t.chapter("Four people join, Tom follows the others and tweets")
	p, err := settle(ctx, q)
	if err != nil {
		return err
	}
	for _, chapter := range []struct {
		title string
		f     func(context.Context, *site, sqlitedb.Querier, people) error
	}{
		{"A row is read: by the first reader from the database, by the next from the cache", readTwice},
		{"Who wrote this tweet? A foreign key is a primary key elsewhere", author},
		{"A row is changed: the next read is fresh", rename},
		{"A key of two columns", unfollow},
		{"In a transaction reads see the transaction, and others see nothing before its commit", transaction},
		{"Every row is changed at once, without WHERE: the whole table is invalidated", clearBios},
		{"What is not asked by primary key is asked of the database", count},
	} {
		t.chapter(chapter.title)
		if err := chapter.f(ctx, s, q, p); err != nil {
			return err
		}
	}
	return nil
}

func readTwice(ctx context.Context, _ *site, q sqlitedb.Querier, p people) error {
	for range 3 {
		if _, err := q.GetAccount(ctx, p.tom.ID); err != nil {
			return err
		}
	}
	// Around the cache, where a caller wants the database's own answer.
	_, err := q.GetAccount(driver.WithBypass(ctx), p.tom.ID)
	return err
}

func author(ctx context.Context, _ *site, q sqlitedb.Querier, p people) error {
	for range 2 {
		tweet, err := q.GetTweet(ctx, p.tweet.ID)
		if err != nil {
			return err
		}
		if _, err := q.GetAccount(ctx, tweet.AuthorID); err != nil {
			return err
		}
	}
	return nil
}

func rename(ctx context.Context, _ *site, q sqlitedb.Querier, p people) error {
	if err := q.RenameAccount(ctx, sqlitedb.RenameAccountParams{Username: "tom haverford", ID: p.tom.ID}); err != nil {
		return err
	}
	for range 2 {
		a, err := q.GetAccount(ctx, p.tom.ID)
		if err != nil {
			return err
		}
		if a.Username != "tom haverford" {
			return fmt.Errorf("stale: the account is still called %q", a.Username)
		}
	}
	return nil
}

func unfollow(ctx context.Context, _ *site, q sqlitedb.Querier, p people) error {
	for range 2 {
		if _, err := q.GetFollower(ctx, sqlitedb.GetFollowerParams{AccountID: p.ann.ID, FollowerID: p.tom.ID}); err != nil {
			return err
		}
	}
	if err := q.Unfollow(ctx, sqlitedb.UnfollowParams{AccountID: p.ann.ID, FollowerID: p.tom.ID}); err != nil {
		return err
	}
	_, err := q.GetFollower(ctx, sqlitedb.GetFollowerParams{AccountID: p.ann.ID, FollowerID: p.tom.ID})
	if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("stale: Tom still follows Ann (%v)", err)
	}
	return nil
}

func transaction(ctx context.Context, s *site, q sqlitedb.Querier, p people) error {
	tx, err := s.cached.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	within := s.bind(tx)
	if err := within.RenameAccount(ctx, sqlitedb.RenameAccountParams{Username: "andy dwyer", ID: p.andy.ID}); err != nil {
		return err
	}
	if _, err := within.GetAccount(ctx, p.andy.ID); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	a, err := q.GetAccount(ctx, p.andy.ID)
	if err == nil && a.Username != "andy dwyer" {
		return fmt.Errorf("stale: the account is still called %q", a.Username)
	}
	return err
}

func clearBios(ctx context.Context, _ *site, q sqlitedb.Querier, p people) error {
	if _, err := q.GetAccount(ctx, p.tom.ID); err != nil {
		return err
	}
	if _, err := q.ClearBios(ctx); err != nil {
		return err
	}
	for range 2 {
		a, err := q.GetAccount(ctx, p.tom.ID)
		if err != nil {
			return err
		}
		if a.Bio.String != "" {
			return fmt.Errorf("stale: the bio is still %q", a.Bio.String)
		}
	}
	return nil
}

func count(ctx context.Context, _ *site, q sqlitedb.Querier, p people) error {
	if _, err := q.GetAccountByUsername(ctx, "leslie"); err != nil {
		return err
	}
	if _, err := q.ListTweetsOf(ctx, p.tom.ID); err != nil {
		return err
	}
	before, err := q.CountFollowers(ctx, p.leslie.ID)
	if err != nil {
		return err
	}
	if err := q.Follow(ctx, sqlitedb.FollowParams{AccountID: p.leslie.ID, FollowerID: p.andy.ID}); err != nil {
		return err
	}
	after, err := q.CountFollowers(ctx, p.leslie.ID)
	if err == nil && (before != 1 || after != 2) {
		return fmt.Errorf("Leslie had %d followers and then %d, not 1 and 2", before, after)
	}
	return err
}
