CREATE TABLE articles (
    id     bigint PRIMARY KEY,
    price  bigint NOT NULL,
    number bigint NOT NULL CHECK (number >= 0)
);

CREATE TABLE sales (
    article bigint NOT NULL REFERENCES articles (id),
    number  bigint NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
