-- +goose Up
-- The node whose journal continues the records of audit_record; none yet is NULL.
ALTER TABLE audit_head ADD COLUMN node TEXT;

-- How far the journal of each node is copied: the last record, and the place behind it.
CREATE TABLE audit_node (
    node TEXT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL, segment TEXT NOT NULL, position BIGINT NOT NULL
);
-- The copy of the journals. Times are nanoseconds since 1970.
CREATE TABLE audit_copy (
    node TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL,
    principal TEXT NOT NULL, on_behalf_of TEXT NOT NULL, purpose TEXT NOT NULL, dataset TEXT NOT NULL,
    outcome TEXT NOT NULL, many_persons BOOLEAN NOT NULL, document TEXT NOT NULL, PRIMARY KEY (node, seq)
);
CREATE INDEX audit_copy_at ON audit_copy (at, node, seq);
CREATE INDEX audit_copy_principal ON audit_copy (principal, at);
CREATE INDEX audit_copy_dataset ON audit_copy (dataset, at);
CREATE INDEX audit_copy_many ON audit_copy (dataset, at) WHERE many_persons;
CREATE TABLE audit_person (
    person TEXT NOT NULL, at BIGINT NOT NULL, node TEXT NOT NULL, seq BIGINT NOT NULL,
    PRIMARY KEY (person, at, node, seq)
);
CREATE TABLE audit_usage (
    principal TEXT NOT NULL, dataset TEXT NOT NULL, node TEXT NOT NULL,
    reads BIGINT NOT NULL, last_at BIGINT NOT NULL, PRIMARY KEY (principal, dataset, node)
);

-- +goose Down
DROP TABLE audit_usage;
DROP TABLE audit_person;
DROP TABLE audit_copy;
DROP TABLE audit_node;
ALTER TABLE audit_head DROP COLUMN node;
