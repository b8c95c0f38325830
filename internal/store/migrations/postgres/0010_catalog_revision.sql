-- +goose Up
-- The number of changes of datasets and fields, for those that keep what they read.
CREATE TABLE catalog_revision (one BOOLEAN PRIMARY KEY CHECK (one), revision BIGINT NOT NULL);
INSERT INTO catalog_revision VALUES (TRUE, 0);
-- +goose StatementBegin
CREATE FUNCTION catalog_changed() RETURNS TRIGGER LANGUAGE plpgsql AS
$$ BEGIN UPDATE catalog_revision SET revision = revision + 1; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER catalog_dataset_changed AFTER INSERT OR UPDATE OR DELETE ON catalog_dataset FOR EACH STATEMENT EXECUTE FUNCTION catalog_changed();
CREATE TRIGGER catalog_field_changed AFTER INSERT OR UPDATE OR DELETE ON catalog_field FOR EACH STATEMENT EXECUTE FUNCTION catalog_changed();

-- +goose Down
DROP TRIGGER catalog_dataset_changed ON catalog_dataset;
DROP TRIGGER catalog_field_changed ON catalog_field;
DROP FUNCTION catalog_changed;
DROP TABLE catalog_revision;
