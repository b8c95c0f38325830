-- +goose Up
-- Sessions of people who signed in: kept by the digest of their token, and what
-- the provider wants back at sign-out sealed by the token itself.
CREATE TABLE identity_session (
    hash TEXT PRIMARY KEY, provider TEXT NOT NULL, person TEXT NOT NULL, ticket TEXT NOT NULL, proof TEXT NOT NULL,
    began TEXT NOT NULL, seen TEXT NOT NULL, ends TEXT NOT NULL
);
CREATE INDEX identity_session_ticket ON identity_session (ticket);
CREATE INDEX identity_session_person ON identity_session (person, began);
CREATE INDEX identity_session_ends ON identity_session (ends);
CREATE INDEX identity_session_seen ON identity_session (seen);

-- Sign-ins that began and are not finished, each taken once.
CREATE TABLE identity_signin (hash TEXT PRIMARY KEY, provider TEXT NOT NULL, sealed TEXT NOT NULL, ends BIGINT NOT NULL);
CREATE INDEX identity_signin_ends ON identity_signin (ends);

-- +goose Down
DROP TABLE identity_signin;
DROP TABLE identity_session;
