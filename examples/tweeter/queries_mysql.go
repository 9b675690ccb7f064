package main

import (
	"context"

	"github.com/moneyclip/moneyclip/examples/tweeter/mysqldb"
	"github.com/moneyclip/moneyclip/examples/tweeter/sqlitedb"
)

// onMySQL is the MySQL package in the SQLite package's types. MySQL has no
// RETURNING: the row just made is what was asked for, under the id that the
// server gave it.
type onMySQL struct{ q *mysqldb.Queries }

var _ sqlitedb.Querier = onMySQL{}

func (m onMySQL) CreateAccount(ctx context.Context, arg sqlitedb.CreateAccountParams) (sqlitedb.Account, error) {
	id, err := m.q.CreateAccount(ctx, mysqldb.CreateAccountParams(arg))
	return sqlitedb.Account{ID: id, Username: arg.Username, Email: arg.Email, Bio: arg.Bio, JoinedAt: arg.JoinedAt}, err
}

func (m onMySQL) GetAccount(ctx context.Context, id int64) (sqlitedb.Account, error) {
	a, err := m.q.GetAccount(ctx, id)
	return sqlitedb.Account(a), err
}

func (m onMySQL) GetAccountByUsername(ctx context.Context, username string) (sqlitedb.Account, error) {
	a, err := m.q.GetAccountByUsername(ctx, username)
	return sqlitedb.Account(a), err
}

func (m onMySQL) RenameAccount(ctx context.Context, arg sqlitedb.RenameAccountParams) error {
	return m.q.RenameAccount(ctx, mysqldb.RenameAccountParams(arg))
}

func (m onMySQL) ClearBios(ctx context.Context) (int64, error) { return m.q.ClearBios(ctx) }

func (m onMySQL) Follow(ctx context.Context, arg sqlitedb.FollowParams) error {
	return m.q.Follow(ctx, mysqldb.FollowParams(arg))
}

func (m onMySQL) Unfollow(ctx context.Context, arg sqlitedb.UnfollowParams) error {
	return m.q.Unfollow(ctx, mysqldb.UnfollowParams(arg))
}

func (m onMySQL) GetFollower(ctx context.Context, arg sqlitedb.GetFollowerParams) (sqlitedb.Follower, error) {
	f, err := m.q.GetFollower(ctx, mysqldb.GetFollowerParams(arg))
	return sqlitedb.Follower(f), err
}

func (m onMySQL) CountFollowers(ctx context.Context, accountID int64) (int64, error) {
	return m.q.CountFollowers(ctx, accountID)
}

func (m onMySQL) CreateTweet(ctx context.Context, arg sqlitedb.CreateTweetParams) (sqlitedb.Tweet, error) {
	id, err := m.q.CreateTweet(ctx, mysqldb.CreateTweetParams(arg))
	return sqlitedb.Tweet{ID: id, AuthorID: arg.AuthorID, Body: arg.Body}, err
}

func (m onMySQL) GetTweet(ctx context.Context, id int64) (sqlitedb.Tweet, error) {
	t, err := m.q.GetTweet(ctx, id)
	return sqlitedb.Tweet(t), err
}

func (m onMySQL) ListTweetsOf(ctx context.Context, authorID int64) ([]sqlitedb.Tweet, error) {
	found, err := m.q.ListTweetsOf(ctx, authorID)
	tweets := make([]sqlitedb.Tweet, len(found))
	for i, t := range found {
		tweets[i] = sqlitedb.Tweet(t)
	}
	return tweets, err
}
