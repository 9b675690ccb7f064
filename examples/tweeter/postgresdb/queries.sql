-- name: CreateAccount :one
INSERT INTO accounts (username, email, bio, joined_at) VALUES ($1, $2, $3, $4) RETURNING *;

-- name: GetAccount :one
SELECT * FROM accounts WHERE id = $1;

-- name: GetAccountByUsername :one
SELECT * FROM accounts WHERE username = $1;

-- name: RenameAccount :exec
UPDATE accounts SET username = $1 WHERE id = $2;

-- name: ClearBios :execrows
UPDATE accounts SET bio = '';

-- name: Follow :exec
INSERT INTO followers (account_id, follower_id) VALUES ($1, $2);

-- name: Unfollow :exec
DELETE FROM followers WHERE account_id = $1 AND follower_id = $2;

-- name: GetFollower :one
SELECT * FROM followers WHERE account_id = $1 AND follower_id = $2;

-- name: CountFollowers :one
SELECT count(*) FROM followers WHERE account_id = $1;

-- name: CreateTweet :one
INSERT INTO tweets (author_id, body) VALUES ($1, $2) RETURNING *;

-- name: GetTweet :one
SELECT * FROM tweets WHERE id = $1;

-- name: ListTweetsOf :many
SELECT * FROM tweets WHERE author_id = $1 ORDER BY id;
