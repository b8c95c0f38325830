package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
)

// gateRows is the size of the table that is read through the gate.
const gateRows = 10_000_000

// gateBench is what the gate needs in the bench: one dataset and its policies.
type gateBench struct {
	warehouse *warehouse.Warehouse
	dataset   catalog.Dataset
	set       *acl.Set
}

func (g *gateBench) Dataset(context.Context, string) (catalog.Dataset, error) { return g.dataset, nil }
func (g *gateBench) Revision(context.Context) (int64, error)                  { return 1, nil }
func (g *gateBench) Everything(context.Context) ([]catalog.Dataset, error) {
	return []catalog.Dataset{g.dataset}, nil
}
func (g *gateBench) Current() *acl.Set                    { return g.set }
func (g *gateBench) Salt(context.Context) (string, error) { return "salt", nil }
func (g *gateBench) Consented(context.Context, string, string) ([]string, error) {
	return nil, nil
}

// timed notes how long each record takes inside a read.
type timed struct {
	log   *audit.Log
	times []time.Duration
}

func (t *timed) Append(ctx context.Context, record audit.Record) error {
	began := time.Now()
	err := t.log.Append(ctx, record)
	t.times = append(t.times, time.Since(began))
	return err
}

// noRecord keeps no record: what the record costs is the difference to one.
type noRecord struct{}

func (noRecord) Append(context.Context, audit.Record) error { return nil }

func (g *gateBench) gate(recorder query.Recorder) *query.Gate {
	return query.New(query.Config{Warehouse: g.warehouse, Catalog: g, Policies: g, Recorder: recorder, Now: time.Now})
}

// measureGate reads 10 million rows through the gate and by hand, and takes what
// the record costs.
func measureGate(ctx context.Context, o options) ([]result, error) {
	g, err := openGate(ctx, o)
	if err != nil {
		return nil, err
	}
	defer g.warehouse.Close()
	opened, err := store.Open(ctx, filepath.Join(o.dir, "gate.db"))
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	log, err := audit.Open(ctx, filepath.Join(o.dir, "audit"), opened, audit.Options{})
	if err != nil {
		return nil, err
	}
	defer log.Close()
	var results []result
	for _, c := range byHand {
		one, err := g.against(ctx, log, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		results = append(results, one)
	}
	record, err := g.recordCost(ctx, log)
	return append(results, record...), err
}

func openGate(ctx context.Context, o options) (*gateBench, error) {
	opened, err := warehouse.Open(ctx, warehouse.Config{Dir: filepath.Join(o.dir, "gate"), Memory: 2 << 30})
	if err != nil {
		return nil, err
	}
	g := &gateBench{warehouse: opened, dataset: catalog.Dataset{ID: "hr.pay", System: "hr", Department: "hr", Person: "id", Version: 1}}
	for _, field := range []catalog.Field{
		{Name: "id", Type: schema.Of(schema.String), Level: schema.L2}, {Name: "college", Type: schema.Of(schema.String), Level: schema.L1},
		{Name: "mobile", Type: schema.Of(schema.String), Level: schema.L3, Element: "person.mobile"},
		{Name: "born", Type: schema.Of(schema.Date), Level: schema.L3}, {Name: "pay", Type: schema.DecimalOf(10, 2), Level: schema.L2},
	} {
		field.State, field.From = catalog.FieldActive, field.Name
		g.dataset.Fields = append(g.dataset.Fields, field)
	}
	err = opened.Exec(ctx, "CREATE TABLE "+warehouse.Published("hr.pay")+` AS SELECT CAST(i AS VARCHAR) AS id, 'college ' || (i % 40) AS college,
		'138' || lpad(CAST(hash(i) % 100000000 AS VARCHAR), 8, '0') AS mobile, DATE '1960-01-01' + CAST(hash(i + 1) % 15000 AS INTEGER) AS born,
		CAST((hash(i + 2) % 3000000) / 100.0 AS DECIMAL(10,2)) AS pay FROM range(`+fmt.Sprint(gateRows)+`) t(i)`)
	if err != nil {
		return nil, err
	}
	g.set, err = acl.NewSet(1, acl.Contents{Policies: []acl.Policy{
		{ID: "own", Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Levels: []schema.Level{schema.L1, schema.L2}}, Rights: []acl.Right{acl.View}, Rows: "college in @college"},
		{ID: "masked", Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Levels: []schema.Level{schema.L3}}, Rights: []acl.Right{acl.View}, Mask: &acl.Mask{Kind: acl.MaskAuto}, Rows: "college in @college"},
	}})
	return g, err
}

// reader sees half of the colleges.
func reader() acl.Principal {
	colleges := make([]string, 20)
	for i := range colleges {
		colleges[i] = fmt.Sprintf("college %d", 2*i)
	}
	return acl.NewPrincipal(acl.Profile{ID: "dean", Kind: acl.KindPerson, Attributes: map[string][]string{"college": colleges}})
}

// handWritten is a read and the same statement as somebody would write it who
// knows the policies.
type handWritten struct {
	name    string
	request query.Request
	sql     string
}

const (
	handColleges = `college IN ('college 0', 'college 2', 'college 4', 'college 6', 'college 8', 'college 10', 'college 12', 'college 14', 'college 16', 'college 18', 'college 20', 'college 22', 'college 24', 'college 26', 'college 28', 'college 30', 'college 32', 'college 34', 'college 36', 'college 38')`
	handMobile   = `CASE WHEN mobile IS NULL THEN NULL WHEN length(mobile) < 11 THEN '***' ELSE left(mobile, 3) || '****' || right(mobile, 4) END`
)

var byHand = []handWritten{
	{
		"groups over a masked date", query.Request{GroupBy: []string{"born"}, Metrics: []plan.Metric{{Function: plan.Count}, {Function: plan.Average, Field: "pay"}}},
		"SELECT born, count(*), avg(pay) FROM (SELECT CAST(date_trunc('year', born) AS DATE) AS born, pay FROM published.\"hr.pay\" WHERE " + handColleges + ") GROUP BY born LIMIT 1000",
	},
	{
		"a filter and an order over a masked phone", query.Request{Where: "mobile like '138****12%' and pay > 20000", Sort: []string{"mobile", "id"}},
		"SELECT * FROM (SELECT id, college, " + handMobile + " AS mobile, CAST(date_trunc('year', born) AS DATE) AS born, pay FROM published.\"hr.pay\" WHERE " + handColleges + ") WHERE mobile LIKE '138****12%' AND pay > 20000 ORDER BY mobile NULLS LAST, id NULLS LAST LIMIT 1000",
	},
	{
		"a sum over everything", query.Request{Metrics: []plan.Metric{{Function: plan.Sum, Field: "pay"}, {Function: plan.CountDistinct, Field: "mobile"}}},
		"SELECT CAST(sum(pay) AS DECIMAL(38,2)), count(DISTINCT mobile) FROM (SELECT " + handMobile + " AS mobile, pay FROM published.\"hr.pay\" WHERE " + handColleges + ")",
	},
}

const gateRounds = 9

// against runs a read through the gate and by hand, one after the other.
func (g *gateBench) against(ctx context.Context, log *audit.Log, c handWritten) (result, error) {
	gate, principal := g.gate(log), reader()
	c.request.Dataset, c.request.Limit = "hr.pay", 1000
	var governed, manual []time.Duration
	var ratios []float64
	for round := range gateRounds + 1 {
		began := time.Now()
		read, err := gate.Read(ctx, principal, c.request)
		if err != nil {
			return result{}, err
		}
		rows := drain(read.Reader)
		through := time.Since(began)
		began = time.Now()
		reader, err := g.warehouse.Query(ctx, c.sql)
		if err != nil {
			return result{}, err
		}
		if byHand := drain(reader); byHand != rows {
			return result{}, fmt.Errorf("the gate gave %d rows, the hand-written statement %d", rows, byHand)
		}
		hand := time.Since(began)
		if round > 0 { // the first warms up
			governed, manual, ratios = append(governed, through), append(manual, hand), append(ratios, float64(through)/float64(hand))
		}
	}
	slices.Sort(governed)
	slices.Sort(manual)
	slices.Sort(ratios)
	ratio := ratios[len(ratios)/2]
	return result{
		name: fmt.Sprintf("%d rows, %s", gateRows, c.name), goal: "within 5% of hand", figure: fmt.Sprintf("%.3f of it", ratio), met: ratio <= 1.05,
		parts: []string{fmt.Sprintf("%.0f ms, by hand %.0f ms", ms(governed[len(governed)/2]), ms(manual[len(manual)/2]))},
	}, nil
}

func drain(reader array.RecordReader) int64 {
	defer reader.Release()
	var rows int64
	for reader.Next() {
		rows += reader.RecordBatch().NumRows()
	}
	return rows
}

// smallRows is the size of the table that is read by key to see what the record
// costs of a request.
const smallRows = 10_000

// recordCost reads one row by its key, with and without a record, and appends
// records alone.
func (g *gateBench) recordCost(ctx context.Context, log *audit.Log) ([]result, error) {
	err := g.warehouse.Exec(ctx, "CREATE TABLE "+warehouse.Published("hr.small")+" AS SELECT * FROM "+warehouse.Published("hr.pay")+fmt.Sprintf(" LIMIT %d", smallRows))
	if err != nil {
		return nil, err
	}
	small := *g
	small.dataset.ID = "hr.small"
	inside := &timed{log: log}
	recorded, plain := small.gate(inside), small.gate(noRecord{})
	request := query.Request{Dataset: "hr.small", Where: "id = '4000'", Limit: 1}
	principal := reader()
	var with, without, appends []time.Duration
	for i := range 3000 {
		for _, one := range []struct {
			gate *query.Gate
			into *[]time.Duration
		}{{recorded, &with}, {plain, &without}} {
			began := time.Now()
			read, err := one.gate.Read(ctx, principal, request)
			if err != nil {
				return nil, err
			}
			drain(read.Reader)
			if i > 100 {
				*one.into = append(*one.into, time.Since(began))
			}
		}
	}
	record := audit.Record{Principal: "dean", Action: "read", Dataset: "hr.pay", Rows: 50, Outcome: audit.Allowed, Query: `{"dataset":"hr.pay"}`}
	for f := range wideFields {
		record.Fields = append(record.Fields, audit.FieldAccess{Name: fmt.Sprintf("field_%d", f), Access: "clear"})
	}
	for p := range 50 {
		record.Persons = append(record.Persons, fmt.Sprint(10_000+p))
	}
	for range 5000 {
		began := time.Now()
		if err := log.Append(ctx, record); err != nil {
			return nil, err
		}
		appends = append(appends, time.Since(began))
	}
	for _, times := range [][]time.Duration{with, without, appends, inside.times} {
		slices.Sort(times)
	}
	median := func(times []time.Duration) time.Duration { return times[len(times)/2] }
	cost := median(with) - median(without)
	return []result{
		{
			name: "the record's part of a read of one row by key", goal: "50 µs", figure: fmt.Sprintf("%d µs", cost.Microseconds()), met: cost <= 50*time.Microsecond,
			parts: []string{fmt.Sprintf("with it %.2f ms, without %.2f ms, medians of %d; the record itself takes %d µs there", ms(median(with)), ms(median(without)), len(with), median(inside.times).Microseconds())},
		},
		{
			name: "one record of 60 fields and 50 people", goal: "50 µs", figure: fmt.Sprintf("%d µs", median(appends).Microseconds()), met: median(appends) <= 50*time.Microsecond,
			parts: []string{fmt.Sprintf("slowest of a hundred: %d µs", appends[len(appends)*99/100].Microseconds())},
		},
	}, nil
}
