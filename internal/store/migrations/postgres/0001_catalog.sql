-- +goose Up
CREATE TABLE catalog_system (
    id TEXT PRIMARY KEY, document TEXT NOT NULL, retired BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE catalog_dataset (
    id TEXT PRIMARY KEY, system TEXT NOT NULL REFERENCES catalog_system (id), document TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 0, row_count BIGINT NOT NULL DEFAULT 0, quarantined BIGINT NOT NULL DEFAULT 0,
    published_at TEXT, retired BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX catalog_dataset_system ON catalog_dataset (system);
CREATE TABLE catalog_field (
    dataset TEXT NOT NULL REFERENCES catalog_dataset (id), name TEXT NOT NULL, position BIGINT NOT NULL,
    element TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (dataset, name)
);
CREATE INDEX catalog_field_element ON catalog_field (element);
CREATE TABLE catalog_run (
    id TEXT PRIMARY KEY, batch TEXT NOT NULL, system TEXT NOT NULL, dataset TEXT NOT NULL,
    outcome TEXT NOT NULL, started TEXT NOT NULL, document TEXT NOT NULL
);
CREATE INDEX catalog_run_system ON catalog_run (system, started);
CREATE INDEX catalog_run_dataset ON catalog_run (dataset, started);
CREATE TABLE catalog_edge (
    dataset TEXT NOT NULL, origin TEXT NOT NULL, target TEXT NOT NULL, how TEXT NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (dataset, origin, target)
);
CREATE INDEX catalog_edge_origin ON catalog_edge (origin);
CREATE INDEX catalog_edge_target ON catalog_edge (target);

-- +goose Down
DROP TABLE catalog_edge;
DROP TABLE catalog_run;
DROP TABLE catalog_field;
DROP TABLE catalog_dataset;
DROP TABLE catalog_system;
