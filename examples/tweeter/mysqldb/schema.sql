CREATE TABLE accounts (
  id        bigint AUTO_INCREMENT PRIMARY KEY,
  username  varchar(191) NOT NULL UNIQUE,
  email     varchar(191) NOT NULL,
  bio       text,
  joined_at datetime(6) NOT NULL
);

CREATE TABLE followers (
  account_id  bigint NOT NULL,
  follower_id bigint NOT NULL,
  PRIMARY KEY (account_id, follower_id),
  FOREIGN KEY (account_id) REFERENCES accounts (id),
  FOREIGN KEY (follower_id) REFERENCES accounts (id)
);

CREATE TABLE tweets (
  id        bigint AUTO_INCREMENT PRIMARY KEY,
  author_id bigint NOT NULL,
  body      text NOT NULL,
  FOREIGN KEY (author_id) REFERENCES accounts (id)
);
