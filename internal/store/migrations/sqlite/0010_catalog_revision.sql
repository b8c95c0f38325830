-- +goose Up
-- The number of changes of datasets and fields, for those that keep what they read.
CREATE TABLE catalog_revision (one BOOLEAN PRIMARY KEY CHECK (one), revision BIGINT NOT NULL);
INSERT INTO catalog_revision VALUES (TRUE, 0);
-- +goose StatementBegin
CREATE TRIGGER catalog_dataset_insert AFTER INSERT ON catalog_dataset BEGIN UPDATE catalog_revision SET revision = revision + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_dataset_update AFTER UPDATE ON catalog_dataset BEGIN UPDATE catalog_revision SET revision = revision + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_dataset_delete AFTER DELETE ON catalog_dataset BEGIN UPDATE catalog_revision SET revision = revision + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_field_insert AFTER INSERT ON catalog_field BEGIN UPDATE catalog_revision SET revision = revision + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_field_update AFTER UPDATE ON catalog_field BEGIN UPDATE catalog_revision SET revision = revision + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_field_delete AFTER DELETE ON catalog_field BEGIN UPDATE catalog_revision SET revision = revision + 1; END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER catalog_dataset_insert;
DROP TRIGGER catalog_dataset_update;
DROP TRIGGER catalog_dataset_delete;
DROP TRIGGER catalog_field_insert;
DROP TRIGGER catalog_field_update;
DROP TRIGGER catalog_field_delete;
DROP TABLE catalog_revision;
