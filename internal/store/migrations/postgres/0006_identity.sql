-- +goose Up
-- Rises by one with every change of applications and keys; who has written its row changes alone until the commit.
CREATE TABLE identity_version (id INTEGER PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL);
INSERT INTO identity_version (id, version) VALUES (1, 0);
CREATE TABLE identity_application (id TEXT PRIMARY KEY, document TEXT NOT NULL);
-- Two applications whose ids differ only in capitals would be taken for one another.
CREATE UNIQUE INDEX identity_application_alike ON identity_application (lower(id));
CREATE TABLE identity_change (
    version BIGINT PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, application TEXT NOT NULL, action TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX identity_change_application ON identity_change (application, version);
-- Keys and tokens are kept as the SHA-256 of their text, in hexadecimal.
CREATE TABLE identity_key (
    id TEXT PRIMARY KEY, application TEXT NOT NULL REFERENCES identity_application (id), hash TEXT NOT NULL,
    made TEXT NOT NULL, made_by TEXT NOT NULL, ends TEXT NOT NULL, revoked TEXT NOT NULL, revoked_by TEXT NOT NULL,
    used TEXT NOT NULL
);
CREATE INDEX identity_key_application ON identity_key (application);
CREATE TABLE identity_token (
    hash TEXT PRIMARY KEY, application TEXT NOT NULL, key_id TEXT NOT NULL, made TEXT NOT NULL, ends TEXT NOT NULL
);
CREATE INDEX identity_token_application ON identity_token (application, ends);
CREATE INDEX identity_token_ends ON identity_token (ends);
-- What applications did on each day of the campus; reads count towards the quota of the day.
CREATE TABLE identity_usage (
    day TEXT NOT NULL, application TEXT NOT NULL, requests BIGINT NOT NULL, refused BIGINT NOT NULL,
    row_count BIGINT NOT NULL, reads BIGINT NOT NULL, PRIMARY KEY (day, application)
);
CREATE INDEX identity_usage_application ON identity_usage (application, day);

-- +goose Down
DROP TABLE identity_usage;
DROP TABLE identity_token;
DROP TABLE identity_key;
DROP TABLE identity_change;
DROP TABLE identity_application;
DROP TABLE identity_version;
