package query

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/schema"
)

const (
	// runnersOfGroup is how many statements of a group run at once: one for each of
	// two cores. Reads that come meanwhile wait, and then are read together.
	runnersOfGroup = 2
	// keysTogether and maxKey bound the statement for keys that are read together.
	keysTogether = 100
	maxKey       = 100
	// timeTogether bounds such a statement: it belongs to no caller alone.
	timeTogether = 30 * time.Second
)

// byKey is a read of the row with one key.
type byKey struct {
	group groupKey
	value string
	plan  func(values []string) (plan.Plan, error)
}

// groupKey is all in which reads by key must be alike to be read together.
type groupKey struct {
	dataset   string
	version   int64
	decision  *acl.Decision
	principal string
	fields    string
}

// keyOfRequest tells whether a request is for the row with one key, a text that is shown
// as it is, and for nothing else.
func keyOfRequest(dataset catalog.Dataset, decision *acl.Decision, principal acl.Principal, wanted plan.Request, planned plan.Plan, means plan.Means) *byKey {
	if !planned.Single || wanted.Offset > 0 || len(wanted.Sort) > 0 || len(dataset.Key) != 1 || decision.Consent() != nil {
		return nil
	}
	name, value, only := wanted.Only()
	field := decision.Field(dataset.Key[0])
	if !only || name != dataset.Key[0] || field == nil || field.Field.Type.Kind != schema.String || len(value) > maxKey || len(wanted.Fields) > 100 {
		return nil
	}
	names := wanted.Fields
	if len(names) > 0 && !slices.Contains(names, name) {
		names = append(slices.Clone(names), name)
	}
	return &byKey{
		group: groupKey{dataset.ID, dataset.Version, decision, principal.ID(), strings.Join(wanted.Fields, "\x00")}, value: value,
		plan: func(values []string) (plan.Plan, error) {
			return plan.New(dataset, decision, plan.Request{Fields: names, Where: oneOf(name, values), Limit: uint64(len(values))}, means)
		},
	}
}

// oneOf writes the condition that a field has one of some values.
func oneOf(name string, values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = "'" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `" in (` + strings.Join(quoted, ", ") + ")"
}

// groups are the reads by key that are under way.
type groups struct {
	mu     sync.Mutex
	groups map[groupKey]*group
}

type group struct {
	running int
	waiting []*keyedRead
}

// keyedRead is one caller's read. done is closed when the rest is set.
type keyedRead struct {
	value  string
	done   chan struct{}
	schema *arrow.Schema
	row    arrow.RecordBatch
	person string
	err    error
}

// together reads the row with a key: at once, or with those that wait as well.
func (g *Gate) together(ctx context.Context, asked asked, record *audit.Record) (array.RecordReader, error) {
	read := &keyedRead{value: asked.key.value, done: make(chan struct{})}
	if g.groups.enter(asked.key.group, read) {
		go g.runGroup(context.WithoutCancel(ctx), asked, []*keyedRead{read})
	}
	select {
	case <-read.done:
	case <-ctx.Done():
		go func() { <-read.done; read.release() }()
		return nil, unreadable(fault.Wrap(context.Cause(ctx), fault.Canceled, "the read was canceled"), asked)
	}
	defer read.release()
	if read.err != nil {
		return nil, unreadable(read.err, asked)
	}
	var rows []arrow.RecordBatch
	if read.row != nil {
		rows, record.Rows = []arrow.RecordBatch{read.row}, 1
	}
	if read.person != "" {
		record.Persons = []string{read.person}
	}
	if err := g.append(ctx, *record); err != nil {
		return nil, err
	}
	return array.NewRecordReader(read.schema, rows)
}

func (r *keyedRead) release() {
	if r.row != nil {
		r.row.Release()
		r.row = nil
	}
}

// enter reports whether the read is to be run now; otherwise it waits.
func (g *groups) enter(key groupKey, read *keyedRead) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.groups == nil {
		g.groups = map[groupKey]*group{}
	}
	found := g.groups[key]
	if found == nil {
		found = &group{}
		g.groups[key] = found
	}
	if found.running == runnersOfGroup {
		found.waiting = append(found.waiting, read)
		return false
	}
	found.running++
	return true
}

// next gives those that wait, or ends a runner.
func (g *groups) next(key groupKey) []*keyedRead {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := g.groups[key]
	size := min(len(found.waiting), keysTogether)
	if size == 0 {
		if found.running--; found.running == 0 {
			delete(g.groups, key)
		}
		return nil
	}
	taken := found.waiting[:size:size]
	found.waiting = found.waiting[size:]
	return taken
}

// runGroup runs statements until nobody of the group waits.
func (g *Gate) runGroup(ctx context.Context, asked asked, reads []*keyedRead) {
	for len(reads) > 0 {
		g.readTogether(ctx, asked, reads)
		reads = g.groups.next(asked.key.group)
	}
}

func (g *Gate) readTogether(ctx context.Context, asked asked, reads []*keyedRead) {
	ctx, cancel := context.WithTimeout(ctx, timeTogether)
	defer cancel()
	err := g.fill(ctx, asked, reads)
	for _, read := range reads {
		if err != nil {
			read.release()
			read.err = err
		}
		close(read.done)
	}
}

// fill reads the rows of all keys in one statement and gives each to whom it is for.
func (g *Gate) fill(ctx context.Context, asked asked, reads []*keyedRead) error {
	wanting := map[string][]*keyedRead{}
	var values []string
	for _, read := range reads {
		if wanting[read.value] == nil {
			values = append(values, read.value)
		}
		wanting[read.value] = append(wanting[read.value], read)
	}
	planned, err := asked.key.plan(values)
	if err != nil {
		return err
	}
	reader, err := g.Warehouse.Query(ctx, planned.SQL, planned.Args...)
	if err != nil {
		return err
	}
	defer reader.Release()
	shown := shownSchema(reader.Schema(), asked.plan)
	for _, read := range reads {
		read.schema = shown
	}
	place := slices.IndexFunc(planned.Fields, func(f plan.Field) bool { return f.Name == asked.dataset.Key[0] })
	for reader.Next() {
		deal(reader.RecordBatch(), place, planned.HasPerson, shown, wanting)
	}
	return reader.Err()
}

// deal gives the rows of a batch to those who want them.
func deal(batch arrow.RecordBatch, place int, hasPerson bool, shown *arrow.Schema, wanting map[string][]*keyedRead) {
	keys, _ := batch.Column(place).(*array.String)
	persons, _ := batch.Column(int(batch.NumCols()) - 1).(*array.String)
	columns := array.NewRecordBatch(shown, batch.Columns()[:shown.NumFields()], batch.NumRows())
	defer columns.Release()
	for row := range int(batch.NumRows()) {
		for _, read := range wanting[keys.Value(row)] {
			if read.row != nil {
				continue // one row has the key
			}
			read.row = columns.NewSlice(int64(row), int64(row)+1)
			if hasPerson && persons != nil && !persons.IsNull(row) {
				read.person = strings.Clone(persons.Value(row))
			}
		}
	}
}
