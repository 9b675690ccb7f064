-- +goose NO TRANSACTION
-- +goose Up
UPDATE person SET name = upper(name);

-- +goose Down
UPDATE person SET name = lower(name);
