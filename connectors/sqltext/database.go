package sqltext

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Database is an opened database with what its connectors have in common.
type Database struct {
	DB *sql.DB
	// Server is what errors call it, such as "MySQL server"; System is the id of
	// the departmental system.
	Server, System string
}

// Close implements connectors.Source.
func (d Database) Close() error { return d.DB.Close() }

// Unavailable gives the driver's errors their code.
func (d Database) Unavailable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "the %s of system %s cannot be read", d.Server, d.System)
}

// Check implements connectors.Source.
func (d Database) Check(ctx context.Context) error {
	if err := d.DB.PingContext(ctx); err != nil {
		return d.Unavailable(err)
	}
	return nil
}

// Each runs a query and calls scan for every row.
func (d Database) Each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := d.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return d.Unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return d.Unavailable(err)
		}
	}
	if err := rows.Err(); err != nil {
		return d.Unavailable(err)
	}
	return nil
}

// Datasets describes the tables whose names a query gives.
func (d Database) Datasets(ctx context.Context, describe func(ctx context.Context, name string) (Table, error), query string, args ...any) ([]schema.Dataset, error) {
	var names []string
	err := d.Each(ctx, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return connectors.CollectDatasets(ctx, names, func(ctx context.Context, name string) (schema.Dataset, error) {
		table, err := describe(ctx, name)
		return table.Describe(), err
	})
}

// Fill adds the columns that a query gives, and the key. scan reads one row:
// the column, and its place in the key or 0. A table without columns is a
// NotFound fault.
func (d Database) Fill(ctx context.Context, table *Table, scan func(*sql.Rows) (Column, int, error), query string, args ...any) error {
	key := map[int]string{}
	err := d.Each(ctx, func(rows *sql.Rows) error {
		column, place, err := scan(rows)
		table.Columns = append(table.Columns, column)
		if place > 0 {
			key[place] = column.Name
		}
		return err
	}, query, args...)
	if err != nil {
		return err
	}
	if len(table.Columns) == 0 {
		return fault.New(fault.NotFound, "system %s has no table %s", d.System, table.Dataset.Name)
	}
	for place := 1; place <= len(key); place++ {
		table.Dataset.Key = append(table.Dataset.Key, key[place])
	}
	return nil
}

// Rows streams the rows of a request.
func (d Database) Rows(ctx context.Context, table Table, request connectors.ReadRequest, options text.Options) (connectors.Stream, error) {
	stream, err := Read(ctx, d.DB, table, request, options, d.Unavailable)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", request.Dataset, err)
	}
	return stream, nil
}
