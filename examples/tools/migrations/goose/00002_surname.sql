-- +goose Up
ALTER TABLE person ADD COLUMN surname varchar(100) NOT NULL DEFAULT '';
UPDATE person SET surname = 'haverford' WHERE id = 1;

-- +goose Down
ALTER TABLE person DROP COLUMN surname;
