package query_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

// stream is a world whose dataset is published, version after version, by the
// real pipeline.
type stream struct {
	world
	source  *pipetest.Source
	catalog *pipetest.Catalog
	engine  *pipelines.Engine
	gateway *query.Gate
	key     []string
	drawn   *acl.Resource
	held    map[string]acltest.Row
	ticks   time.Duration
	// consents are who had consented from which moment on.
	consents []consentsFrom
	forgets  bool
}

type consentsFrom struct {
	from time.Time
	who  []string
}

const rowID = "row_id"

// streaming makes the world of a resource. Without a key rows are what they are.
func streaming(t *testing.T, opened *warehouse.Warehouse, resource *acl.Resource, keyed bool) *stream {
	t.Helper()
	full := *resource
	full.Fields = append([]acl.Field{{Name: rowID, Level: schema.L2, Type: schema.Of(schema.String), Column: `"row_id"`}}, full.Fields...)
	s := &stream{world: world{warehouse: opened, resource: acl.NewResource(full), now: acltest.Base}, held: map[string]acltest.Row{}, drawn: resource}
	if keyed {
		s.key = []string{rowID}
	}
	s.source, s.catalog = pipetest.NewSource(), pipetest.NewCatalog(nil, nil)
	s.engine = pipelines.New(pipelines.Config{Warehouse: opened, Catalog: s.catalog, Drivers: []connectors.Driver{s.source.Driver()}, Clock: s.clock})
	s.gateway = query.New(query.Config{Warehouse: opened, Catalog: s, Policies: s, Recorder: s, Now: s.clock})
	return s
}

// clock goes on a little with every look at it.
func (s *stream) clock() time.Time {
	s.ticks += time.Microsecond
	return s.now.Add(s.ticks)
}

func (s *stream) Dataset(ctx context.Context, id string) (catalog.Dataset, error) {
	made, err := s.catalog.Dataset(ctx, id)
	if err != nil {
		return made, err
	}
	made.System, made.Department, made.Person, made.Tags, made.Key = "x", s.resource.Department, s.resource.Person, s.resource.Tags, s.key
	for i := range made.Fields {
		field, _ := s.resource.Field(made.Fields[i].Name)
		made.Fields[i].Element, made.Fields[i].Level, made.Fields[i].Tags = field.Element, field.Level, field.Tags
	}
	return made, nil
}

func (s *stream) ConsentedAt(_ context.Context, _, _ string, at time.Time) ([]string, error) {
	if s.forgets {
		return []string{"nobody that there is"}, nil
	}
	found := []string{}
	for _, one := range s.consents {
		if !one.from.After(at) {
			found = one.who
		}
	}
	return found, nil
}

func (s *stream) consent(who []string) {
	s.consented = who
	s.consents = append(s.consents, consentsFrom{s.clock(), who})
}

// publish publishes what is held as the next version.
func (s *stream) publish(t *testing.T) {
	t.Helper()
	system, name, _ := strings.Cut(s.resource.Dataset, ".")
	columns := make([]schema.Column, len(s.resource.Fields))
	ds := definition.Dataset{Name: name, Source: "T", Key: s.key}
	for i, field := range s.resource.Fields {
		columns[i] = schema.Column{Name: field.Name, Type: field.Type}
	}
	var rows [][]any
	for _, id := range slices.Sorted(maps.Keys(s.held)) {
		row := make([]any, len(columns))
		for i, column := range columns {
			if value := s.held[id][column.Name]; value.Valid {
				row[i] = value.Text
			}
		}
		rows = append(rows, row)
	}
	s.source.Put("T", pipetest.Table{Columns: columns, Rows: rows})
	summary, err := s.engine.Sync(t.Context(), []definition.System{{ID: system, Connector: pipetest.DriverName, Datasets: []definition.Dataset{ds}}}, pipelines.Options{Force: true})
	require.NoError(t, err)
	require.Len(t, summary.Runs, 1)
	require.Contains(t, []string{catalog.OutcomePublished, catalog.OutcomeUnchanged}, summary.Runs[0].Outcome, summary.Runs[0].Message)
}

func (s *stream) put(id string, row acltest.Row) {
	row[rowID] = condition.Value{Text: id, Valid: true}
	s.held[id] = row
}

// evolve inserts, changes and deletes some rows.
func (s *stream) evolve(draw *acltest.Draw) {
	for range 1 + draw.Number(5) {
		id := fmt.Sprintf("r%02d", draw.Number(12))
		if draw.Number(4) == 0 {
			delete(s.held, id)
			continue
		}
		s.put(id, draw.Row(s.drawn))
	}
}

// subscriber holds what the events of a feed make of nothing.
type subscriber struct {
	who     acl.Principal
	request query.ChangesRequest
	rows    map[string][]string
	// bag counts rows without a key.
	bag    bool
	events []query.Change
	places []place
}

// place is what a subscriber held at an offset.
type place struct {
	offset string
	rows   map[string][]string
}

func (s *subscriber) copied() map[string][]string {
	made := map[string][]string{}
	for key, lines := range s.rows {
		made[key] = slices.Clone(lines)
	}
	return made
}

func (s *subscriber) apply(t *testing.T, event query.Change) {
	t.Helper()
	line := ""
	for _, value := range event.Row {
		if value == nil {
			line += "NULL|"
		} else {
			line += *value + "|"
		}
	}
	held := s.rows[event.Key]
	switch event.Type {
	case query.Reset:
		s.rows = map[string][]string{}
	case query.Insert:
		require.True(t, s.bag || len(held) == 0, "an insert of a row that is there")
		s.rows[event.Key] = append(held, line)
	case query.Update:
		require.False(t, s.bag)
		require.Len(t, held, 1, "an update of a row that is not there")
		require.NotEqual(t, held[0], line, "an update that changes nothing")
		s.rows[event.Key] = []string{line}
	case query.Delete:
		require.NotEmpty(t, held, "a delete of a row that is not there")
		require.Nil(t, event.Row, "what a row was is not told")
		if s.rows[event.Key] = held[1:]; len(held) == 1 {
			delete(s.rows, event.Key)
		}
	default:
		t.Fatalf("unknown event %q", event.Type)
	}
	s.events = append(s.events, event)
	s.places = append(s.places, place{event.Offset, s.copied()})
}

func (s *subscriber) lines() []string {
	var all []string
	for _, lines := range s.rows {
		all = append(all, lines...)
	}
	slices.Sort(all)
	return all
}

// catchUp applies all that there is; it gives nil where nothing may be held.
func (s *subscriber) catchUp(t *testing.T, of *stream, limit int) *query.Changes {
	t.Helper()
	for range 1000 {
		s.request.Limit = limit
		batch, err := of.gateway.Changes(t.Context(), s.who, s.request)
		if err != nil {
			require.Contains(t, []fault.Code{fault.Denied, fault.Invalid}, fault.CodeOf(err), "%v", err)
			return nil
		}
		require.LessOrEqual(t, len(batch.Events), limit)
		s.bag = batch.Key == query.KeyOfContent
		for _, event := range batch.Events {
			s.apply(t, event)
		}
		s.request.After, s.request.Again = batch.Next, true
		if !batch.More {
			return batch
		}
	}
	t.Fatal("a feed without an end")
	return nil
}

// sees reads what the subscriber may hold now, through the gate's other exit.
func (s *subscriber) sees(t *testing.T, of *stream, batch *query.Changes) []string {
	t.Helper()
	var names []string
	for _, field := range batch.Fields {
		names = append(names, field.Name)
	}
	result, err := of.gateway.Read(t.Context(), s.who, query.Request{
		Dataset: s.request.Dataset, Fields: names, Where: s.request.Where, Right: acl.Hold, Purpose: s.request.Purpose, AsOf: batch.PublishedAt, Limit: 1000,
	})
	require.NoError(t, err)
	defer result.Reader.Release()
	return cells(t, result.Reader)
}

var feedFilters = []string{"", "", "", "", "", "college = 'math'", "not college = 'math'", "pay > 20", "name >= '张'", "person_id is null"}

// TestEventsMakeWhatIsSeen lets random datasets go through random histories,
// policies and consents, and holds what each subscriber makes of the events
// against what it may read at the same version.
func TestEventsMakeWhatIsSeen(t *testing.T) {
	t.Parallel()
	opened := openWarehouse(t)
	events, resets, hashed, bags, resumed, consents := 0, 0, 0, 0, 0, 0
	worlds := reads(t) / 12
	for seed := range worlds {
		draw := acltest.NewDraw(uint64(seed) + 5000)
		resource := *draw.Resource()
		resource.Dataset = fmt.Sprintf("%s%d", resource.Dataset, seed)
		s := streaming(t, opened, acl.NewResource(resource), seed%4 > 0)
		policies := func() {
			made := append(draw.Policies(draw.Number(policiesAtMost)), draw.Wide("wide"))
			if draw.Number(3) > 0 {
				made = append(made, acl.Policy{ID: "offer", Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Datasets: []string{"*"}}, Rights: []acl.Right{acl.Hold}, Purposes: []string{"offer"}})
			}
			s.enact(t, made...)
		}
		policies()
		s.consent(draw.Consented())
		s.evolve(draw)
		s.publish(t)
		var subscribers []*subscriber
		for range 5 {
			asked := draw.Asked(s.resource)
			one := &subscriber{who: asked.Principal(), rows: map[string][]string{}}
			one.request = query.ChangesRequest{Dataset: s.resource.Dataset, Purpose: asked.Purpose, Where: feedFilters[draw.Number(len(feedFilters))], From: query.FromBeginning}
			if draw.Number(3) == 0 {
				one.request.Purpose = "offer"
			}
			subscribers = append(subscribers, one)
		}
		consentsOnly := false
		for range 6 {
			for _, one := range subscribers {
				batch := one.catchUp(t, s, 1+draw.Number(7))
				if batch == nil {
					continue
				}
				require.Equal(t, one.sees(t, s, batch), one.lines(), "seed %d of %+v", seed, one.request)
				for _, event := range one.events {
					switch {
					case event.Type == query.Reset:
						resets++
					case batch.Key == query.KeyHashed:
						hashed++
						require.NotContains(t, event.Key, "r0")
					case batch.Key == query.KeyOfContent:
						bags++
					}
					if consentsOnly && event.Type != query.Reset {
						consents++
					}
				}
				events += len(one.events)
				one.events = nil
				// From any offset that was given, the same comes out.
				if len(one.places) > 0 {
					at := one.places[draw.Number(len(one.places))]
					again := &subscriber{who: one.who, request: one.request, rows: map[string][]string{}, bag: one.bag}
					for key, lines := range at.rows {
						again.rows[key] = slices.Clone(lines)
					}
					again.request.After = at.offset
					require.NotNil(t, again.catchUp(t, s, 1+draw.Number(7)))
					require.Equal(t, one.lines(), again.lines(), "seed %d resumed", seed)
					resumed++
				}
			}
			action := draw.Number(6)
			consentsOnly = action == 1
			switch action {
			case 0:
				policies()
			case 1:
				s.consent(draw.Consented())
			case 2:
				s.consent(draw.Consented())
				s.evolve(draw)
				s.publish(t)
			default:
				s.evolve(draw)
				s.publish(t)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Log(events, resets, hashed, bags, resumed, consents)
	for what, count := range map[string]int{"events": events, "resets": resets, "hashed keys": hashed, "rows without a key": bags, "resumptions": resumed, "changes by consent": consents} {
		require.Greater(t, count, worlds/10, what)
	}
}
