package query_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/render"
	"github.com/yitong-hub/yitong/schema"
)

// published is when every row by hand was published.
const published = "2026-02-01T00:00:00Z"

// byHand makes a world of rows that are written out: values in the order of the
// fields between "|", "-" for NULL. Its tables have what the warehouse adds.
func byHand(t *testing.T, opened *warehouse.Warehouse, resource *acl.Resource, rows []string, policies ...acl.Policy) *world {
	t.Helper()
	w := &world{warehouse: opened, resource: resource, now: acltest.Base, policies: policies}
	for _, line := range rows {
		w.rows = append(w.rows, rowOf(resource, line))
	}
	w.dataset = publish(t, opened, resource, w.rows)
	table, history := warehouse.Published(resource.Dataset), warehouse.History(resource.Dataset)
	for _, statement := range []string{
		"ALTER TABLE " + table + " ADD COLUMN _since TIMESTAMPTZ DEFAULT CAST('" + published + "' AS TIMESTAMPTZ)",
		"ALTER TABLE " + table + " ADD COLUMN _hash UBIGINT DEFAULT 77000077",
		"ALTER TABLE " + table + " ADD COLUMN _run VARCHAR DEFAULT 'secret-run'",
		"CREATE OR REPLACE TABLE " + history + " AS SELECT *, _since AS _until FROM " + table + " LIMIT 0",
	} {
		require.NoError(t, opened.Exec(t.Context(), statement))
	}
	w.enact(t, policies...)
	return w
}

func rowOf(resource *acl.Resource, line string) acltest.Row {
	row := acltest.Row{}
	for i, value := range strings.Split(line, "|") {
		if value != "-" {
			row[resource.Fields[i].Name] = condition.Value{Text: value, Valid: true}
		}
	}
	return row
}

// closed puts a row into history.
func (w *world) closed(t *testing.T, line, since, until string) {
	t.Helper()
	var names, values []string
	row := rowOf(w.resource, line)
	for _, field := range w.resource.Fields {
		if value := row[field.Name]; value.Valid {
			names = append(names, field.Column)
			values = append(values, "CAST("+warehouse.Literal(value.Text)+" AS "+field.Type.SQL()+")")
		}
	}
	require.NoError(t, w.warehouse.Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (%s, _since, _until) VALUES (%s, CAST(? AS TIMESTAMPTZ), CAST(? AS TIMESTAMPTZ))",
		warehouse.History(w.resource.Dataset), strings.Join(names, ", "), strings.Join(values, ", ")), since, until))
}

// enact makes policies those that count.
func (w *world) enact(t *testing.T, policies ...acl.Policy) {
	t.Helper()
	version := int64(1)
	if w.set != nil {
		version = w.set.Version() + 1
	}
	var err error
	w.set, err = acl.NewSet(version, acl.Contents{Policies: policies, Purposes: acltest.Purposes})
	require.NoError(t, err)
}

// allow lets everybody view fields.
func allow(rows string, fields ...string) acl.Policy {
	return acl.Policy{
		ID: fmt.Sprint(fields[0], " and ", len(fields)-1, " more ", rows), Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Rights: []acl.Right{acl.View},
		Resource: acl.Selector{Fields: fields}, Rows: rows,
	}
}

func masked(policy acl.Policy, mask acl.Mask) acl.Policy {
	policy.ID += " masked " + mask.String()
	policy.Mask = &mask
	return policy
}

func counted(policy acl.Policy, people int, dimensions ...string) acl.Policy {
	policy.ID += " in statistics"
	policy.Aggregate = &acl.Aggregate{MinPeople: people, Dimensions: dimensions}
	return policy
}

func fieldsOf(types map[string]schema.Type, names ...string) []acl.Field {
	made := make([]acl.Field, len(names))
	for i, name := range names {
		made[i] = acl.Field{Name: name, Column: warehouse.Ident(name), Type: schema.Of(schema.String)}
		if kind, other := types[name]; other {
			made[i].Type = kind
		}
	}
	return made
}

// seen is all that a caller gets to see of a request, the order of rows included.
func seen(t *testing.T, w *world, who acl.Profile, request query.Request) (string, fault.Code) {
	t.Helper()
	request.Dataset = w.resource.Dataset
	principal := acl.NewPrincipal(who)
	explanation, explained := w.gate().Explain(t.Context(), principal, request)
	result, err := w.gate().Read(t.Context(), principal, request)
	if err != nil {
		require.Equal(t, fault.CodeOf(err), fault.CodeOf(w.explained(explained, err)), "explain refuses what read refuses")
		return fmt.Sprintf("%s: %s", fault.CodeOf(err), fault.Public(err)), fault.CodeOf(err)
	}
	require.NoError(t, explained)
	defer result.Reader.Release()
	text, err := json.Marshal([]any{result, explanation, result.Reader.Schema().String()})
	require.NoError(t, err)
	return strings.Join(linesOf(t, result.Reader), "\n") + "\n" + string(text), ""
}

// explained is the refusal of Explain; what fails only while it runs is none.
func (w *world) explained(err, read error) error {
	if err == nil {
		return read
	}
	return err
}

func linesOf(t *testing.T, reader array.RecordReader) []string {
	t.Helper()
	var lines []string
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			line := ""
			for _, column := range batch.Columns() {
				text, null := render.Text(column, row)
				line += cell(condition.Value{Text: text, Valid: !null})
			}
			lines = append(lines, line)
		}
	}
	require.NoError(t, reader.Err())
	return lines
}

// rowsSeen reads and gives the rows in order of their text.
func rowsSeen(t *testing.T, w *world, who acl.Profile, request query.Request) []string {
	t.Helper()
	request.Dataset = w.resource.Dataset
	result, err := w.gate().Read(t.Context(), acl.NewPrincipal(who), request)
	require.NoError(t, err)
	defer result.Reader.Release()
	return cells(t, result.Reader)
}

func refusal(t *testing.T, w *world, who acl.Profile, request query.Request) error {
	t.Helper()
	if request.Dataset == "" {
		request.Dataset = w.resource.Dataset
	}
	_, err := w.gate().Read(t.Context(), acl.NewPrincipal(who), request)
	require.Error(t, err)
	return err
}
