-- +goose Up
-- Policies, purposes and mask expressions, with every version they ever had:
-- an entry counts from the version since up to, and without, the version until.
CREATE TABLE acl_entry (
    kind TEXT NOT NULL, id TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT,
    origin TEXT NOT NULL, author TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, id, since)
);
CREATE INDEX acl_entry_until ON acl_entry (until);
CREATE TABLE acl_version (version BIGINT PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL);
CREATE TABLE acl_secret (name TEXT PRIMARY KEY, value TEXT NOT NULL);
-- A consent counts while it is neither ended, withdrawn nor renewed by a later one.
CREATE TABLE acl_consent (
    id TEXT PRIMARY KEY, purpose TEXT NOT NULL, recipient TEXT NOT NULL, person TEXT NOT NULL, given TEXT NOT NULL,
    until TEXT NOT NULL, author TEXT NOT NULL, withdrawn TEXT NOT NULL, renewed TEXT NOT NULL
);
CREATE UNIQUE INDEX acl_consent_standing ON acl_consent (purpose, recipient, person) WHERE withdrawn = '' AND renewed = '';
CREATE INDEX acl_consent_person ON acl_consent (person);
CREATE TABLE acl_delegation (
    id TEXT PRIMARY KEY, lender TEXT NOT NULL, actor TEXT NOT NULL, given TEXT NOT NULL, document TEXT NOT NULL,
    revoked TEXT NOT NULL, revoked_by TEXT NOT NULL
);
CREATE INDEX acl_delegation_lender ON acl_delegation (lender);
CREATE INDEX acl_delegation_actor ON acl_delegation (actor);
CREATE TABLE access_request (
    id TEXT PRIMARY KEY, requester TEXT NOT NULL, dataset TEXT NOT NULL, purpose TEXT NOT NULL, state TEXT NOT NULL,
    revision BIGINT NOT NULL, document TEXT NOT NULL
);
CREATE UNIQUE INDEX access_request_open ON access_request (requester, dataset, purpose) WHERE state = 'open';
CREATE INDEX access_request_dataset ON access_request (dataset);

-- +goose Down
DROP TABLE access_request;
DROP TABLE acl_delegation;
DROP TABLE acl_consent;
DROP TABLE acl_secret;
DROP TABLE acl_version;
DROP TABLE acl_entry;
