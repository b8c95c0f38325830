package query_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/render"
	"github.com/yitong-hub/yitong/schema"
)

// truths are scenarios/policies.yaml.
type truths struct {
	Dataset struct {
		ID, Department, Person string
		Fields                 []struct {
			Name, Type, Element, Level string
			Tags                       []string
		}
		Rows [][]*string
	}
	People    map[string]acl.Profile
	Purposes  []acl.Purpose
	Consented map[string][]string
	Scenarios []struct {
		Name      string
		Policies  []acl.Policy
		Questions []question
	}
}

type question struct {
	Who, Purpose, Where string
	Right               acl.Right
	At                  time.Time
	Fields, Sort        []string
	GroupBy             []string `yaml:"group_by"`
	Metrics             []string
	Rows                [][]*string
	Denied, Invalid     string
}

// consenting is a world whose consents are told by purpose.
type consenting struct {
	*world
	by map[string][]string
}

func (c consenting) Consented(_ context.Context, purpose, _ string) ([]string, error) {
	return c.by[purpose], nil
}

func TestPolicyScenarios(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "scenarios", "policies.yaml"))
	require.NoError(t, err)
	var all truths
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&all))
	require.GreaterOrEqual(t, len(all.Scenarios), 15)
	w := &world{warehouse: openWarehouse(t)}
	w.resource, w.rows = all.table(t)
	w.dataset = publish(t, w.warehouse, w.resource, w.rows)
	for _, scenario := range all.Scenarios {
		w.set, err = acl.NewSet(1, acl.Contents{Policies: scenario.Policies, Purposes: all.Purposes})
		require.NoError(t, err, scenario.Name)
		for _, q := range scenario.Questions {
			t.Run(scenario.Name+"/"+q.Who, func(t *testing.T) { answer(t, consenting{w, all.Consented}, all.People, q) }) //nolint:paralleltest // one warehouse
		}
	}
}

func (a truths) table(t *testing.T) (*acl.Resource, []acltest.Row) {
	t.Helper()
	resource := acl.Resource{Dataset: a.Dataset.ID, Department: a.Dataset.Department, Person: a.Dataset.Person}
	for _, field := range a.Dataset.Fields {
		made := acl.Field{Name: field.Name, Element: field.Element, Tags: field.Tags, Column: warehouse.Ident(field.Name)}
		var err error
		made.Type, err = schema.ParseType(field.Type)
		require.NoError(t, err)
		require.NoError(t, made.Level.UnmarshalText([]byte(field.Level)))
		resource.Fields = append(resource.Fields, made)
	}
	var rows []acltest.Row
	for _, cells := range a.Dataset.Rows {
		row := acltest.Row{}
		for i, text := range cells {
			if text != nil {
				row[a.Dataset.Fields[i].Name] = condition.Value{Text: *text, Valid: true}
			}
		}
		rows = append(rows, row)
	}
	return acl.NewResource(resource), rows
}

func answer(t *testing.T, w consenting, people map[string]acl.Profile, q question) {
	t.Helper()
	profile, known := people[q.Who]
	require.True(t, known, q.Who)
	profile.ID = q.Who
	w.now = q.At
	if w.now.IsZero() {
		w.now = acltest.Base
	}
	gate := query.New(query.Config{Warehouse: w.warehouse, Catalog: w, Policies: w, Recorder: w, Now: func() time.Time { return w.now }})
	request := query.Request{Dataset: w.dataset.ID, Right: q.Right, Purpose: q.Purpose, Fields: q.Fields, Where: q.Where, Sort: q.Sort, GroupBy: q.GroupBy, Limit: 100}
	for _, text := range q.Metrics {
		metric, err := plan.ParseMetric(text)
		require.NoError(t, err)
		request.Metrics = append(request.Metrics, metric)
	}
	result, err := gate.Read(t.Context(), acl.NewPrincipal(profile), request)
	if refusal := q.Denied + q.Invalid; refusal != "" {
		code := fault.Denied
		if q.Invalid != "" {
			code = fault.Invalid
		}
		require.Equal(t, code, fault.CodeOf(err), "%v", err)
		require.Contains(t, fault.Public(err), refusal)
		return
	}
	require.NoError(t, err)
	want := lines(q.Rows)
	require.Equal(t, want, cells(t, result.Reader))
	result.Reader.Release()
	if q.Right != acl.Hold {
		return
	}
	for _, format := range []string{render.NDJSON, render.Arrow, render.Parquet} {
		result, err := gate.Read(t.Context(), acl.NewPrincipal(profile), request)
		require.NoError(t, err)
		var written bytes.Buffer
		_, err = render.Write(&written, format, result.Reader)
		require.NoError(t, err)
		require.Equal(t, want, readBack(t, format, written.Bytes(), result.Fields), format)
		result.Reader.Release()
	}
}

func lines(rows [][]*string) []string {
	var made []string
	for _, row := range rows {
		var line strings.Builder
		for _, text := range row {
			value := condition.Value{}
			if text != nil {
				value = condition.Value{Text: *text, Valid: true}
			}
			line.WriteString(cell(value))
		}
		made = append(made, line.String())
	}
	slices.Sort(made)
	return made
}
