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

// Quarantine gives refused rows: in clear the columns whose fields the
// principal sees in clear, without a value all others. Who sees only rows about
// themselves gets none, since nobody knows whom a refused row is about.
func (g *Gate) Quarantine(ctx context.Context, principal acl.Principal, request QuarantineRequest) ([]QuarantinedRow, error) {
	record := audit.Record{Principal: principal.ID, Action: "quarantine", Dataset: request.Dataset, Outcome: "allowed"}
	clear, err := g.clearColumns(ctx, principal, request, &record)
	if err != nil {
		record.Outcome = string(fault.CodeOf(err))
		return nil, errors.Join(err, g.recorder.Append(ctx, record))
	}
	if err := g.recorder.Append(ctx, record); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the read could not be recorded, so nothing is shown")
	}
	return g.quarantined(ctx, request, clear)
}

// clearColumns lists the source columns that may be shown. The raw text of a
// whole row is one of them when every field is.
func (g *Gate) clearColumns(ctx context.Context, principal acl.Principal, request QuarantineRequest, record *audit.Record) (map[string]bool, error) {
	dataset, decision, err := g.decide(ctx, principal, acl.View, request.Dataset)
	if err != nil {
		return nil, err
	}
	record.Decision = decision.Fingerprint()
	if _, _, limited := decision.OwnRows(); limited || !decision.Allowed() {
		return nil, fault.New(fault.Denied, "nothing of the quarantine of %s may be seen: no rule allows it", dataset.ID)
	}
	clear, all := map[string]bool{}, true
	for _, field := range dataset.Fields {
		if field.State == catalog.FieldDropped {
			continue
		}
		access, _ := decision.Field(field.Name)
		if access != acl.Clear {
			all = false
			continue
		}
		clear[field.From] = true
		record.Fields = append(record.Fields, field.Name)
	}
	clear[rawColumn] = all
	return clear, nil
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
	reader, err := g.warehouse.Query(ctx, query, args...)
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
