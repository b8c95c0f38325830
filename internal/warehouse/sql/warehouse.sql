CREATE SCHEMA IF NOT EXISTS warehouse.published;
CREATE SCHEMA IF NOT EXISTS warehouse.history;
CREATE SCHEMA IF NOT EXISTS warehouse.quarantine;
CREATE SCHEMA IF NOT EXISTS warehouse.meta;
CREATE TABLE IF NOT EXISTS warehouse.quarantine.rows (
    id VARCHAR NOT NULL, dataset VARCHAR NOT NULL, run VARCHAR NOT NULL, row BIGINT,
    code VARCHAR NOT NULL, field VARCHAR, reason VARCHAR NOT NULL, raw VARCHAR,
    state VARCHAR NOT NULL, "at" TIMESTAMPTZ NOT NULL
);
CREATE TABLE IF NOT EXISTS warehouse.meta.loads (
    dataset VARCHAR NOT NULL, version BIGINT NOT NULL, run VARCHAR NOT NULL, "at" TIMESTAMPTZ NOT NULL,
    rows BIGINT, inserted BIGINT, updated BIGINT, deleted BIGINT, quarantined BIGINT,
    source_rows BIGINT, source_checksum VARCHAR, landed_checksum VARCHAR,
    token VARCHAR, position VARCHAR, source_version VARCHAR,
    definition_hash VARCHAR, engine_version VARCHAR,
    source_schema VARCHAR, fields VARCHAR, record VARCHAR
);
CREATE TABLE IF NOT EXISTS warehouse.meta.seen (
    dataset VARCHAR NOT NULL, token VARCHAR, position VARCHAR, source_version VARCHAR,
    definition_hash VARCHAR, "at" TIMESTAMPTZ NOT NULL
);
CREATE TABLE IF NOT EXISTS warehouse.meta.contributions (
    dataset VARCHAR NOT NULL, sender VARCHAR NOT NULL, key VARCHAR NOT NULL, digest VARCHAR NOT NULL,
    run VARCHAR NOT NULL, report VARCHAR NOT NULL, "at" TIMESTAMPTZ NOT NULL
);
