package query

import (
	"context"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/render"
)

// maxLoads is how many versions one batch looks at: a batch without events ends.
const maxLoads = 256

// load is one publish of a dataset.
type load struct {
	version, at int64
	moved       int64
}

const (
	newestLoad = `SELECT version, epoch_us("at"), inserted + updated + deleted FROM warehouse.meta.loads
WHERE dataset = ? AND version <= ? ORDER BY version DESC LIMIT 1`
	// The load at which a feed stands comes first, if it is kept: what came after
	// it can then be told.
	laterLoads = `SELECT version, epoch_us("at"), inserted + updated + deleted FROM warehouse.meta.loads
WHERE dataset = ? AND version <= ? AND version >= ? ORDER BY version LIMIT ?`
)

// delivery makes one batch in one snapshot of the warehouse.
type delivery struct {
	gate     *Gate
	feed     *feed
	snapshot *warehouse.Snapshot
	made     *Changes
	limit    int
	seen     *persons

	at    position
	later []load
	// cut says that there are later loads than those of later.
	cut bool
}

func (d *delivery) deliver(ctx context.Context, request ChangesRequest) error {
	if err := d.begin(ctx, request); err != nil {
		return err
	}
	var err error
	if d.made.Start, err = d.feed.offsets.seal(d.at); err != nil {
		return err
	}
	turned, err := d.turn(ctx)
	if err != nil {
		return err
	}
	// Where the feed took a turn that its offset does not know of yet, that comes
	// first: events behind it then have the same offsets whenever they are made.
	if !turned {
		if err := d.run(ctx); err != nil {
			return err
		}
	}
	d.made.More = turned || d.at.Phase != settled || len(d.later) > 0 || d.cut
	d.made.Reached = d.at.reached()
	d.made.Next, err = d.feed.offsets.seal(d.at)
	return err
}

// begin finds where the feed stands.
func (d *delivery) begin(ctx context.Context, request ChangesRequest) error {
	if request.After == "" {
		newest, err := d.newest(ctx)
		if err != nil {
			return err
		}
		d.at = d.fresh(newest)
		if request.From == FromNow {
			d.at.Phase = settled
		}
		return nil
	}
	var err error
	if d.at, err = d.feed.offsets.open(request.After); err != nil {
		return err
	}
	found, err := d.loads(ctx, laterLoads, d.feed.dataset.ID, d.feed.dataset.Version, d.at.Version, int64(maxLoads+1))
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].version != d.at.Version || found[0].at != d.at.At {
		return fault.New(fault.Gone, "what changed in %s since this offset is not kept any more: begin anew with from=beginning", d.feed.dataset.ID)
	}
	d.later, d.cut = found[1:], len(found) > maxLoads
	return nil
}

// fresh is the beginning of the rows of a version as they may be seen now.
func (d *delivery) fresh(of load) position {
	made := position{Version: of.version, At: of.at, Phase: inSnapshot, View: d.feed.view, Consents: d.feed.consents}
	if d.feed.consent != nil {
		made.ConsentAt = d.feed.now.UnixMicro()
	}
	return made
}

// turn changes the way of the feed where what may be seen changed.
func (d *delivery) turn(ctx context.Context) (bool, error) {
	if d.at.View != d.feed.view {
		return true, d.reset(ctx, DecisionChanged)
	}
	same, was, wasAt := d.at.Consents == d.feed.consents, d.at.Consents, d.at.ConsentAt
	if d.at.Phase == inConsents {
		was, wasAt = d.at.Were, d.at.WereAt
	} else if same {
		return false, nil
	}
	before, err := d.consented(ctx, was, wasAt)
	switch {
	case err != nil:
		return false, err
	case same && before != nil: // a difference under way that can go on
		return false, nil
	case same || before == nil || d.at.Phase != settled:
		return true, d.reset(ctx, ConsentChanged)
	}
	d.at.Phase, d.at.Were, d.at.WereAt = inConsents, was, wasAt
	d.at.Consents, d.at.ConsentAt = d.feed.consents, d.feed.now.UnixMicro()
	return true, nil
}

// reset begins the feed anew with the rows of now.
func (d *delivery) reset(ctx context.Context, why string) error {
	newest, err := d.newest(ctx)
	if err != nil {
		return err
	}
	d.at, d.later, d.cut = d.fresh(newest), nil, false
	d.at.Phase, d.at.Why = resetting, why
	return nil
}

// remembering policies can tell who had consented at a moment.
type remembering interface {
	ConsentedAt(ctx context.Context, purpose, recipient string, at time.Time) ([]string, error)
}

// consented gives who had consented at a moment; nil where that is not what it
// was then, since it was entered late.
func (d *delivery) consented(ctx context.Context, as string, at int64) ([]string, error) {
	past, remembers := d.gate.Policies.(remembering)
	if !remembers || d.feed.consent == nil {
		return nil, nil
	}
	found, err := past.ConsentedAt(ctx, d.feed.consent.Purpose, d.feed.consent.Recipient, time.UnixMicro(at).UTC())
	if err != nil {
		return nil, err
	}
	is, err := digestOf(found)
	if err != nil || is != as {
		return nil, err
	}
	return found, nil
}

// run delivers until the batch is full or there is no more.
func (d *delivery) run(ctx context.Context) error {
	for len(d.made.Events) < d.limit {
		if d.at.Phase != settled {
			if err := d.step(ctx); err != nil {
				return err
			}
			continue
		}
		if len(d.later) == 0 {
			return nil
		}
		next := d.later[0]
		d.later = d.later[1:]
		d.at.Version, d.at.At = next.version, next.at
		if next.moved > 0 {
			d.at.Phase = inVersion
		}
	}
	return nil
}

// step delivers what fits of the phase.
func (d *delivery) step(ctx context.Context) error {
	if d.at.Phase == resetting {
		why := d.at.Why
		d.at.Phase, d.at.Why = inSnapshot, ""
		return d.add(Change{Type: Reset, Version: d.at.Version, At: d.at.moment(), Why: why})
	}
	room := d.limit - len(d.made.Events)
	statement, at, err := d.statement(ctx, uint64(room))
	if err != nil {
		return err
	}
	given, err := d.read(ctx, statement, at)
	if err != nil {
		return err
	}
	if given < room {
		d.at.Phase, d.at.Behind, d.at.Were, d.at.WereAt = settled, nil, "", 0
	}
	return nil
}

func (d *delivery) statement(ctx context.Context, limit uint64) (plan.Statement, time.Time, error) {
	moment := d.at.moment()
	switch d.at.Phase {
	case inSnapshot:
		statement, err := d.feed.plan.Snapshot(moment, d.at.Behind, limit)
		return statement, moment, err
	case inVersion:
		statement, err := d.feed.plan.Changes(moment, d.at.Behind, limit)
		return statement, moment, err
	case inConsents:
		before, err := d.consented(ctx, d.at.Were, d.at.WereAt)
		if err != nil {
			return plan.Statement{}, moment, err
		}
		statement, err := d.feed.plan.Consents(moment, before, d.at.Behind, limit)
		return statement, time.UnixMicro(d.at.ConsentAt).UTC(), err
	}
	return plan.Statement{}, moment, fault.New(fault.Invalid, "the offset is of another version of the server: begin anew with from=beginning")
}

func (d *delivery) add(event Change) error {
	var err error
	event.Offset, err = d.feed.offsets.seal(d.at)
	d.made.Events = append(d.made.Events, event)
	return err
}

// read appends the rows of a statement as events.
func (d *delivery) read(ctx context.Context, statement plan.Statement, at time.Time) (int, error) {
	reader, err := d.snapshot.Query(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return 0, unreadable(err, asked{dataset: d.feed.dataset})
	}
	defer reader.Release()
	given := 0
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			if err := d.row(batch, row, at); err != nil {
				return given, err
			}
			given++
		}
		last := int(batch.NumCols())
		d.seen.add(batch.Column(last - 2))
		d.seen.add(batch.Column(last - 1))
	}
	if err := reader.Err(); err != nil {
		return given, unreadable(err, asked{dataset: d.feed.dataset})
	}
	return given, nil
}

func (d *delivery) row(batch arrow.RecordBatch, row int, at time.Time) error {
	fields := len(d.feed.plan.Fields)
	key, _ := render.Text(batch.Column(fields), row)
	copied, _ := batch.Column(fields + 1).(*array.Int64)
	operation, _ := render.Text(batch.Column(fields+2), row)
	d.at.Behind = &plan.Place{Key: key, Copy: copied.Value(row)}
	event := Change{Type: operation, Key: key, Version: d.at.Version, At: at}
	if operation != Delete {
		event.Row = make([]*string, fields)
		for i := range fields {
			if text, null := render.Text(batch.Column(i), row); !null {
				event.Row[i] = &text
			}
		}
	}
	return d.add(event)
}

func (d *delivery) newest(ctx context.Context) (load, error) {
	found, err := d.loads(ctx, newestLoad, d.feed.dataset.ID, d.feed.dataset.Version)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.Unavailable, "%s is being published for the first time: try again", d.feed.dataset.ID)
	}
	if err != nil {
		return load{}, err
	}
	return found[0], nil
}

func (d *delivery) loads(ctx context.Context, statement string, args ...any) ([]load, error) {
	reader, err := d.snapshot.Query(ctx, statement, args...)
	if err != nil {
		return nil, unreadable(err, asked{dataset: d.feed.dataset})
	}
	defer reader.Release()
	var found []load
	for reader.Next() {
		batch := reader.RecordBatch()
		columns := make([]*array.Int64, batch.NumCols())
		for i := range columns {
			columns[i] = batch.Column(i).(*array.Int64)
		}
		for row := range int(batch.NumRows()) {
			found = append(found, load{columns[0].Value(row), columns[1].Value(row), columns[2].Value(row)})
		}
	}
	if err := reader.Err(); err != nil {
		return nil, unreadable(err, asked{dataset: d.feed.dataset})
	}
	return slices.Clip(found), nil
}
