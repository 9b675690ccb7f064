-- name: CreateAccount :execlastid
INSERT INTO accounts (username, email, bio, joined_at) VALUES (?, ?, ?, ?);

-- name: GetAccount :one
SELECT * FROM accounts WHERE id = ?;

-- name: GetAccountByUsername :one
SELECT * FROM accounts WHERE username = ?;

-- name: RenameAccount :exec
UPDATE accounts SET username = ? WHERE id = ?;

-- name: ClearBios :execrows
UPDATE accounts SET bio = '';

-- name: Follow :exec
INSERT INTO followers (account_id, follower_id) VALUES (?, ?);

-- name: Unfollow :exec
DELETE FROM followers WHERE account_id = ? AND follower_id = ?;

-- name: GetFollower :one
SELECT * FROM followers WHERE account_id = ? AND follower_id = ?;

-- name: CountFollowers :one
SELECT count(*) FROM followers WHERE account_id = ?;

-- name: CreateTweet :execlastid
INSERT INTO tweets (author_id, body) VALUES (?, ?);

-- name: GetTweet :one
SELECT * FROM tweets WHERE id = ?;

-- name: ListTweetsOf :many
SELECT * FROM tweets WHERE author_id = ? ORDER BY id;
