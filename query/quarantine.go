package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/Masterminds/squirrel"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
)

// QuarantineRequest asks for the open quarantined rows of a dataset.
type QuarantineRequest struct {
	Dataset string
	// Code keeps only rows with this reason; empty keeps all.
	Code  string
	Limit uint64
}

// QuarantinedRow is a refused row as the principal may see it.
type QuarantinedRow struct {
	ID     string `json:"id"`
	Row    int64  `json:"row"`
	Code   string `json:"code"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	// Values are the source's columns; nil is NULL. Columns that the principal
	// may not see in clear are in Hidden.
	Values map[string]*string `json:"values"`
	Hidden []string           `json:"hidden,omitempty"`
}

// rawColumn holds the text of a row that the connector could not take apart.
const rawColumn = "_raw"

// Quarantine gives refused rows to who may correct them: in clear the columns
// whose fields the principal sees in clear on all rows and may create, without a
// value all others. Who sees only some rows gets none, since nobody knows whom a
// refused row is about.
func (g *Gate) Quarantine(ctx context.Context, principal acl.Principal, request QuarantineRequest) ([]QuarantinedRow, error) {
	record := g.record(principal, Request{Dataset: request.Dataset})
	record.Action = "quarantine"
	clear, err := g.clearColumns(ctx, principal, request, &record)
	if err != nil {
		record.Outcome = string(fault.CodeOf(err))
		return nil, errors.Join(err, g.Recorder.Append(ctx, record))
	}
	rows, err := g.quarantined(ctx, request, clear)
	if err != nil {
		return nil, err
	}
	record.Rows = int64(len(rows))
	if err := g.append(ctx, record); err != nil {
		return nil, err
	}
	return rows, nil
}

// clearColumns lists the source columns that may be shown. The raw text of a
// whole row is one of them when every field is.
func (g *Gate) clearColumns(ctx context.Context, principal acl.Principal, request QuarantineRequest, record *audit.Record) (map[string]bool, error) {
	dataset, seen, err := g.Decide(ctx, principal, acl.View, "", request.Dataset)
	if err != nil {
		return nil, err
	}
	_, corrected, err := g.Decide(ctx, principal, acl.Create, "", request.Dataset)
	if err != nil {
		return nil, err
	}
	record.Decision, record.PolicyVersion = seen.Fingerprint(), seen.Version()
	clear, hidden := map[string]bool{}, map[string]bool{}
	for _, field := range dataset.Fields {
		if !wholly(seen, field.Name) || !wholly(corrected, field.Name) {
			hidden[field.From] = true
		}
	}
	for _, field := range dataset.Fields {
		// Two fields of one column may tell unlike parts of it.
		if field.State == catalog.FieldDropped || hidden[field.From] {
			continue
		}
		clear[field.From] = true
		record.Fields = append(record.Fields, audit.FieldAccess{Name: field.Name, Access: acl.Clear.String()})
	}
	if len(clear) == 0 {
		return nil, fault.New(fault.Denied, "nothing of the quarantine of %s may be seen: it is for those who may correct all of its rows", dataset.ID)
	}
	clear[rawColumn] = len(hidden) == 0
	return clear, nil
}

// wholly reports whether a field is clear on every row.
func wholly(decision *acl.Decision, name string) bool {
	field := decision.Field(name)
	return field != nil && field.Best().Access == acl.Clear && field.Whole()
}

func (g *Gate) quarantined(ctx context.Context, request QuarantineRequest, clear map[string]bool) ([]QuarantinedRow, error) {
	if request.Limit == 0 || request.Limit > MaxLimit {
		request.Limit = DefaultLimit
	}
	statement := squirrel.Select("id", "row", "code", "coalesce(field, '')", "reason", "raw").From("warehouse.quarantine.rows").
		Where(squirrel.Eq{"dataset": request.Dataset, "state": "open"}).OrderBy("row", "id").Limit(request.Limit)
	if request.Code != "" {
		statement = statement.Where(squirrel.Eq{"code": request.Code})
	}
	query, args, err := statement.ToSql()
	if err != nil {
		return nil, err
	}
	reader, err := g.Warehouse.Query(ctx, query, args...)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the quarantine of %s could not be read", request.Dataset)
	}
	defer reader.Release()
	found := []QuarantinedRow{}
	for reader.Next() {
		batch := reader.RecordBatch()
		text := func(column, row int) string { return string([]byte(batch.Column(column).ValueStr(row))) }
		for row := range int(batch.NumRows()) {
			one := QuarantinedRow{
				ID: text(0, row), Row: batch.Column(1).(*array.Int64).Value(row), Code: text(2, row), Field: text(3, row), Reason: text(4, row),
			}
			if err := one.show(text(5, row), clear); err != nil {
				return nil, err
			}
			found = append(found, one)
		}
	}
	return found, reader.Err()
}

// show keeps the values that may be seen and names the others.
func (r *QuarantinedRow) show(raw string, clear map[string]bool) error {
	var values map[string]*string
	if err := json.Unmarshal([]byte(raw), &values); err != nil {
		return fmt.Errorf("read quarantined row %s: %w", r.ID, err)
	}
	r.Values = map[string]*string{}
	for column, value := range values {
		if clear[column] {
			r.Values[column] = value
		} else {
			r.Hidden = append(r.Hidden, column)
		}
	}
	return nil
}
