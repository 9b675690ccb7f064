ALTER TABLE person ADD COLUMN surname varchar(100) NOT NULL DEFAULT '';
UPDATE person SET surname = 'haverford' WHERE id = 1;
