package publish

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Stored is a column of a published table.
type Stored struct {
	Name string
	Type schema.Type
}

// Exists reports whether a dataset was ever published.
func Exists(ctx context.Context, w *warehouse.Warehouse, dataset string) (bool, error) {
	columns, err := Columns(ctx, w, dataset)
	return len(columns) > 0, err
}

type querier interface {
	Rows(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
}

// Columns lists the fields of a dataset's published table; none when it was
// never published.
func Columns(ctx context.Context, db querier, dataset string) ([]Stored, error) {
	rows, err := db.Rows(ctx, `SELECT column_name, data_type FROM duckdb_columns()
		WHERE database_name = 'warehouse' AND schema_name = 'published' AND table_name = ?
		AND column_name NOT IN ('_since', '_hash', '_run') ORDER BY column_index`, dataset)
	if err != nil {
		return nil, fmt.Errorf("list the columns of %s: %w", dataset, err)
	}
	defer rows.Close()
	var columns []Stored
	for rows.Next() {
		var name, stored string
		if err := rows.Scan(&name, &stored); err != nil {
			return nil, err
		}
		logical, err := logicalType(stored)
		if err != nil {
			return nil, err
		}
		columns = append(columns, Stored{Name: name, Type: logical})
	}
	return columns, rows.Err()
}

var storedKinds = map[string]schema.Kind{
	"BOOLEAN": schema.Bool, "TINYINT": schema.Int8, "SMALLINT": schema.Int16, "INTEGER": schema.Int32,
	"BIGINT": schema.Int64, "UTINYINT": schema.Uint8, "USMALLINT": schema.Uint16, "UINTEGER": schema.Uint32,
	"UBIGINT": schema.Uint64, "FLOAT": schema.Float32, "DOUBLE": schema.Float64, "VARCHAR": schema.String,
	"BLOB": schema.Binary, "DATE": schema.Date, "TIME": schema.Time, "TIMESTAMP": schema.Timestamp,
	"TIMESTAMP WITH TIME ZONE": schema.TimestampTZ, "UUID": schema.UUID,
}

func logicalType(stored string) (schema.Type, error) {
	if kind, ok := storedKinds[stored]; ok {
		return schema.Of(kind), nil
	}
	return schema.ParseType(strings.ToLower(stored))
}

// evolution says what became of the tables before rows were touched.
type evolution struct {
	created, altered, rehashed bool
}

func (e evolution) any() bool { return e.created || e.altered }

// evolve makes the published and history tables fit the plan's fields.
func (p *publisher) evolve() (evolution, error) {
	stored, err := Columns(p.ctx, p.tx, p.plan.Dataset)
	if err != nil {
		return evolution{}, err
	}
	if len(stored) == 0 {
		return evolution{created: true}, p.create()
	}
	var done evolution
	types := map[string]schema.Type{}
	for _, column := range stored {
		types[column.Name] = column.Type
	}
	for _, field := range p.plan.Fields {
		old, known := types[field.Name]
		switch {
		case !known:
			err = p.add(field)
		case old != field.Type:
			err = p.retype(field, old)
		default:
			continue
		}
		if err != nil {
			return done, err
		}
		done.altered = true
	}
	done.rehashed, err = p.rehash()
	return done, err
}

func (p *publisher) create() error {
	columns := make([]string, len(p.plan.Fields))
	for i, field := range p.plan.Fields {
		columns[i] = warehouse.Ident(field.Name) + " " + field.Type.SQL()
	}
	fields := strings.Join(columns, ", ")
	for table, own := range map[string]string{
		warehouse.Published(p.plan.Dataset): "_since TIMESTAMPTZ, _hash UBIGINT, _run VARCHAR",
		warehouse.History(p.plan.Dataset):   "_since TIMESTAMPTZ, _until TIMESTAMPTZ, _hash UBIGINT, _run VARCHAR",
	} {
		if _, err := p.tx.Exec(p.ctx, "CREATE TABLE "+table+" ("+fields+", "+own+")"); err != nil {
			return fmt.Errorf("create the tables: %w", err)
		}
	}
	return nil
}

func (p *publisher) tables() []string {
	return []string{warehouse.Published(p.plan.Dataset), warehouse.History(p.plan.Dataset)}
}

func (p *publisher) add(field Field) error {
	for _, table := range p.tables() {
		if _, err := p.tx.Exec(p.ctx, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", table, warehouse.Ident(field.Name), field.Type.SQL())); err != nil {
			return fmt.Errorf("add field %s: %w", field.Name, err)
		}
	}
	return nil
}

// retype changes a field's type where every stored value survives it, and
// stops the load where one would not.
func (p *publisher) retype(field Field, old schema.Type) error {
	column := warehouse.Ident(field.Name)
	for _, table := range p.tables() {
		if !field.Type.Widens(old) {
			var lost int64
			query := fmt.Sprintf("SELECT count(*) FROM %[1]s WHERE TRY_CAST(TRY_CAST(%[2]s AS %[3]s) AS %[4]s) IS DISTINCT FROM %[2]s",
				table, column, field.Type.SQL(), old.SQL())
			if err := p.tx.Get(p.ctx, query, nil, &lost); err != nil {
				return fmt.Errorf("try the new type of %s: %w", field.Name, err)
			}
			if lost > 0 {
				return fault.New(fault.Stopped,
					"the type of field %s changed from %s to %s, which %d stored values do not survive: the last good version stays; give the field another name or a type that holds both",
					field.Name, old, field.Type, lost)
			}
		}
		if _, err := p.tx.Exec(p.ctx, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET DATA TYPE %s", table, column, field.Type.SQL())); err != nil {
			return fmt.Errorf("change the type of field %s: %w", field.Name, err)
		}
	}
	return nil
}

// rehash makes the stored row hashes comparable with those of the plan: they
// depend on the fields, their types and the engine's hash function.
func (p *publisher) rehash() (bool, error) {
	var fields, engine string
	err := p.tx.Get(p.ctx, "SELECT fields, engine_version FROM warehouse.meta.loads WHERE dataset = ? ORDER BY version DESC LIMIT 1",
		[]any{p.plan.Dataset}, &fields, &engine)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("read what the row hashes were made of: %w", err)
	}
	if fields == p.plan.HashInput() && engine == p.engine {
		return false, nil
	}
	_, err = p.tx.Exec(p.ctx, fmt.Sprintf("UPDATE %s SET _hash = %s", warehouse.Published(p.plan.Dataset), p.plan.storedHash()))
	if err != nil {
		return false, fmt.Errorf("renew the row hashes: %w", err)
	}
	return true, nil
}
