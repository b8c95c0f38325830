package conntest

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/yitong-hub/yitong/connectors"
)

// ReadAll reads a dataset to its end: the rows in the form of [Case.Rows], and
// what was rejected.
func ReadAll(ctx context.Context, source connectors.Source, request connectors.ReadRequest) (rows []string, rejects []connectors.Reject, err error) {
	stream, err := source.Read(ctx, request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for {
		batch, err := stream.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, rejects, nil
		}
		if err != nil {
			return rows, rejects, err
		}
		rejects = append(rejects, batch.Rejects...)
		for i := range int(batch.Record.NumRows()) {
			values := make([]string, batch.Record.NumCols())
			for j, column := range batch.Record.Columns() {
				values[j] = strings.Clone(column.ValueStr(i))
			}
			rows = append(rows, strings.Join(values, "|"))
		}
		batch.Record.Release()
	}
}
