-- +goose Up
CREATE TABLE audit_record (
    seq BIGINT PRIMARY KEY, document TEXT NOT NULL, hash TEXT NOT NULL
);

-- +goose Down
DROP TABLE audit_record;
