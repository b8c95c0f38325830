package warehouse

import (
	"context"
	"fmt"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// ParameterTypes gives the engine's names of the types of the parameters $1, $2 … of
// a statement, "" where it cannot tell. It runs nothing.
func (w *Warehouse) ParameterTypes(ctx context.Context, statement string, count int) ([]string, error) {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("connect to the warehouse: %w", err))
	}
	defer conn.Close()
	types := make([]string, count)
	err = conn.Raw(func(raw any) error {
		prepared, err := raw.(*duckdb.Conn).PrepareContext(ctx, statement)
		if err != nil {
			return err
		}
		defer prepared.Close()
		own := prepared.(*duckdb.Stmt)
		for i := range types {
			of, err := own.ParamType(i + 1)
			if err != nil {
				return err
			}
			types[i] = typeNames[of]
		}
		return nil
	})
	return types, coded(ctx, err)
}

// typeNames are those of the types that values come in.
var typeNames = map[duckdb.Type]string{
	duckdb.TYPE_BOOLEAN: "BOOLEAN", duckdb.TYPE_TINYINT: "SMALLINT", duckdb.TYPE_SMALLINT: "SMALLINT", duckdb.TYPE_UTINYINT: "SMALLINT", duckdb.TYPE_INTEGER: "INTEGER",
	duckdb.TYPE_USMALLINT: "INTEGER", duckdb.TYPE_BIGINT: "BIGINT", duckdb.TYPE_UINTEGER: "BIGINT", duckdb.TYPE_FLOAT: "FLOAT", duckdb.TYPE_DOUBLE: "DOUBLE",
	duckdb.TYPE_DECIMAL: "DECIMAL", duckdb.TYPE_HUGEINT: "DECIMAL", duckdb.TYPE_UBIGINT: "DECIMAL", duckdb.TYPE_DATE: "DATE", duckdb.TYPE_TIME: "TIME",
	duckdb.TYPE_TIMESTAMP: "TIMESTAMP", duckdb.TYPE_TIMESTAMP_TZ: "TIMESTAMP WITH TIME ZONE", duckdb.TYPE_INTERVAL: "INTERVAL", duckdb.TYPE_UUID: "UUID", duckdb.TYPE_BLOB: "BLOB",
}
