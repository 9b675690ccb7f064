ALTER TABLE person DROP COLUMN surname;
