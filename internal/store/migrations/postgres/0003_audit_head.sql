-- +goose Up
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1), seq BIGINT NOT NULL, hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash)
SELECT 1, seq, hash FROM audit_record ORDER BY seq DESC LIMIT 1;

-- +goose Down
DROP TABLE audit_head;
