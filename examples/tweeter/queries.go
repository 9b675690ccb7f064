package main

import (
	"context"

	"github.com/moneyclip/moneyclip/examples/tweeter/postgresdb"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
)

// onPostgres is the PostgreSQL package in the SQLite package's types, so that
// the story is told once. sqlc makes the same structs from every schema; a
// program on one database needs nothing of this.
type onPostgres struct{ q *postgresdb.Queries }

var _ sqlitedb.Querier = onPostgres{}

func (p onPostgres) CreateAccount(ctx context.Context, arg sqlitedb.CreateAccountParams) (sqlitedb.Account, error) {
	a, err := p.q.CreateAccount(ctx, postgresdb.CreateAccountParams(arg))
	return sqlitedb.Account(a), err
}

func (p onPostgres) GetAccount(ctx context.Context, id int64) (sqlitedb.Account, error) {
	a, err := p.q.GetAccount(ctx, id)
	return sqlitedb.Account(a), err
}

func (p onPostgres) GetAccountByUsername(ctx context.Context, username string) (sqlitedb.Account, error) {
	a, err := p.q.GetAccountByUsername(ctx, username)
	return sqlitedb.Account(a), err
}

func (p onPostgres) RenameAccount(ctx context.Context, arg sqlitedb.RenameAccountParams) error {
	return p.q.RenameAccount(ctx, postgresdb.RenameAccountParams(arg))
}

func (p onPostgres) ClearBios(ctx context.Context) (int64, error) { return p.q.ClearBios(ctx) }

func (p onPostgres) Follow(ctx context.Context, arg sqlitedb.FollowParams) error {
	return p.q.Follow(ctx, postgresdb.FollowParams(arg))
}

func (p onPostgres) Unfollow(ctx context.Context, arg sqlitedb.UnfollowParams) error {
	return p.q.Unfollow(ctx, postgresdb.UnfollowParams(arg))
}

func (p onPostgres) GetFollower(ctx context.Context, arg sqlitedb.GetFollowerParams) (sqlitedb.Follower, error) {
	f, err := p.q.GetFollower(ctx, postgresdb.GetFollowerParams(arg))
	return sqlitedb.Follower(f), err
}

func (p onPostgres) CountFollowers(ctx context.Context, accountID int64) (int64, error) {
	return p.q.CountFollowers(ctx, accountID)
}

func (p onPostgres) CreateTweet(ctx context.Context, arg sqlitedb.CreateTweetParams) (sqlitedb.Tweet, error) {
	t, err := p.q.CreateTweet(ctx, postgresdb.CreateTweetParams(arg))
	return sqlitedb.Tweet(t), err
}

func (p onPostgres) GetTweet(ctx context.Context, id int64) (sqlitedb.Tweet, error) {
	t, err := p.q.GetTweet(ctx, id)
	return sqlitedb.Tweet(t), err
}

func (p onPostgres) ListTweetsOf(ctx context.Context, authorID int64) ([]sqlitedb.Tweet, error) {
	found, err := p.q.ListTweetsOf(ctx, authorID)
	tweets := make([]sqlitedb.Tweet, len(found))
	for i, t := range found {
		tweets[i] = sqlitedb.Tweet(t)
	}
	return tweets, err
}
