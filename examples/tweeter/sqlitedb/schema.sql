CREATE TABLE accounts (
  id        INTEGER PRIMARY KEY,
  username  TEXT NOT NULL UNIQUE,
  email     TEXT NOT NULL,
  bio       TEXT,
  joined_at TIMESTAMP NOT NULL
);

CREATE TABLE followers (
  account_id  INTEGER NOT NULL REFERENCES accounts (id),
  follower_id INTEGER NOT NULL REFERENCES accounts (id),
  PRIMARY KEY (account_id, follower_id)
);

CREATE TABLE tweets (
  id        INTEGER PRIMARY KEY,
  author_id INTEGER NOT NULL REFERENCES accounts (id),
  body      TEXT NOT NULL
);
