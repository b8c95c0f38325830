package contributions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/contributions/body"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

// Decider gives a dataset and what a principal gets of it.
type Decider interface {
	Decide(ctx context.Context, principal acl.Principal, right acl.Right, purpose, dataset string) (catalog.Dataset, *acl.Decision, error)
}

// Pipelines take contributions.
type Pipelines interface {
	Contribute(ctx context.Context, system definition.System, contribution pipelines.Contribution) (pipelines.ContributionReport, error)
}

// Consents tell who consented to a purpose.
type Consents interface {
	Consented(ctx context.Context, purpose, recipient string) ([]string, error)
}

// Recorder keeps the record of what was done.
type Recorder interface {
	Append(ctx context.Context, record audit.Record) error
}

// Config is what a gate is made of.
type Config struct {
	Decider   Decider
	Pipelines Pipelines
	Consents  Consents
	Recorder  Recorder
	// System gives the definition of a system.
	System func(ctx context.Context, id string) (definition.System, error)
}

// atOnce bounds the contributions whose rows are in memory at one time.
const atOnce = 4

// Gate is the one way for principals to write rows. It is safe for concurrent use.
type Gate struct {
	Config
	slots chan struct{}
}

// New makes a gate.
func New(config Config) *Gate { return &Gate{config, make(chan struct{}, atOnce)} }

// Request asks for rows to be taken.
type Request struct {
	Dataset string
	Mode    pipelines.ContributionMode
	// Purpose is what the rows are written for; policies may be for one purpose.
	Purpose string
	// Abort takes nothing where any row is refused; DryRun tells what would be.
	Abort, DryRun bool
	// Key makes a request that is sent again the same one.
	Key string
	// Media is the media type of Content, which holds the rows.
	Media   string
	Content []byte
}

// digest stands for all that is asked, on whose behalf, beside the dataset and
// the key.
func (r Request) digest(principal acl.Principal) string {
	sum := sha256.New()
	text, err := json.Marshal([]any{principal.ID(), r.Mode, r.Purpose, r.Abort, r.Media})
	if err != nil { // texts: cannot fail
		return ""
	}
	sum.Write(text)
	sum.Write(r.Content)
	return hex.EncodeToString(sum.Sum(nil))
}

// Contribute takes rows and reports on each that it refuses. No right to write
// anything, or a field among those given that may not be written on any row, is
// a Denied fault; a dataset that is read from its source, and a key that was
// used for another request, are Conflict ones. Each call is on record; what
// cannot be recorded is not taken.
func (g *Gate) Contribute(ctx context.Context, principal acl.Principal, request Request) (pipelines.ContributionReport, error) {
	record := recordOf(principal, request)
	recorded := false
	report, err := g.contribute(ctx, principal, request, &record, func(ctx context.Context, taken pipelines.Taken) error {
		record.Rows, record.Persons, record.ManyPersons = taken.Rows, taken.Persons, taken.ManyPersons
		recorded = true
		return fault.Wrap(g.Recorder.Append(ctx, record), fault.Unavailable, "the contribution could not be recorded, so nothing is taken")
	})
	if err == nil && recorded {
		return report, nil
	}
	if err != nil {
		record.Outcome = string(fault.CodeOf(err))
	}
	record.Rows, record.Persons, record.ManyPersons = 0, nil, false
	told := g.Recorder.Append(ctx, record)
	if err == nil { // an earlier report, given again
		err = fault.Wrap(told, fault.Unavailable, "the request could not be recorded, so nothing is shown")
	} else {
		err = errors.Join(err, told)
	}
	return report, err
}

func recordOf(principal acl.Principal, request Request) audit.Record {
	record := audit.Record{
		Principal: principal.ID(), Action: "create", Dataset: request.Dataset, Purpose: request.Purpose, Outcome: audit.Allowed,
	}
	if actor := principal.Actor(); actor != "" {
		record.Principal, record.OnBehalfOf = actor, principal.ID()
	}
	text, err := json.Marshal(map[string]any{"mode": request.Mode, "abort": request.Abort, "dry_run": request.DryRun})
	if err == nil { // texts and truths: cannot fail
		record.Query = string(text)
	}
	return record
}

func (g *Gate) contribute(ctx context.Context, principal acl.Principal, request Request, record *audit.Record, witness func(context.Context, pipelines.Taken) error) (pipelines.ContributionReport, error) {
	none := pipelines.ContributionReport{}
	if !slices.Contains([]pipelines.ContributionMode{pipelines.ContributeInsert, pipelines.ContributeUpsert, pipelines.ContributeDelete}, request.Mode) {
		return none, fault.New(fault.Invalid, "mode is insert, upsert or delete")
	}
	dataset, decision, err := g.Decider.Decide(ctx, principal, acl.Create, request.Purpose, request.Dataset)
	if err != nil {
		return none, err
	}
	record.Decision, record.PolicyVersion = decision.Fingerprint(), decision.Version()
	permits, err := g.permits(ctx, decision)
	if err != nil {
		return none, err
	}
	if len(permits) == 0 {
		return none, fault.New(fault.Denied, "nothing of %s may be written: no policy lets %s create it", dataset.ID, principal.ID())
	}
	system, err := g.System(ctx, dataset.System)
	if err != nil {
		return none, err
	}
	asked := pipelines.Contribution{
		Dataset: dataset.ID, By: by(principal), Sender: sender(principal), Key: request.Key, Digest: request.digest(principal),
		Mode: request.Mode, Abort: request.Abort, DryRun: request.DryRun, Permits: permits, Witness: witness,
	}
	if request.DryRun {
		asked.Key = "" // it takes nothing, so that sending it again does no harm
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return none, fault.Wrap(ctx.Err(), fault.Canceled, "the contribution was canceled")
	}
	sent, err := body.Read(request.Media, request.Content)
	if err != nil {
		return none, err
	}
	names := namesOf(sent)
	for _, name := range names {
		record.Fields = append(record.Fields, audit.FieldAccess{Name: name, Access: "written"})
	}
	may := writable{dataset: dataset, decision: decision, permits: permits}
	if err := may.check(names, request.Mode); err != nil {
		return none, err
	}
	asked.Rows = may.rows(sent)
	return g.Pipelines.Contribute(ctx, system, asked)
}

// sender is who sends: keys of one do not meet those of another.
func sender(principal acl.Principal) string {
	if actor := principal.Actor(); actor != "" {
		return actor
	}
	return principal.ID()
}

func by(principal acl.Principal) string {
	if actor := principal.Actor(); actor != "" {
		return fmt.Sprintf("%s for %s", actor, principal.ID())
	}
	return principal.ID()
}
