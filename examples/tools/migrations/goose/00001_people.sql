-- +goose Up
CREATE TABLE person (
  id   bigint NOT NULL PRIMARY KEY,
  name varchar(100) NOT NULL
);
INSERT INTO person (id, name) VALUES (1, 'tom'), (2, 'ann');

-- +goose Down
DROP TABLE person;
