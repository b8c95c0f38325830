package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/statement"
)

// SQLRequest asks in SQL: one SELECT over datasets, named as hr.staff.
type SQLRequest struct {
	Text string `json:"sql"`
	// Args are the values of $1, $2 …, nil for NULL. They are texts that take the
	// type of what they stand beside.
	Args []*string `json:"-"`
	// Types are the engine's names of the types of Args, as INTEGER; "" and what is
	// missing take the type of what they stand beside.
	Types []string `json:"-"`
	// Right is View when empty, with MaxPage rows at most; Hold has MaxLimit.
	Right acl.Right `json:"right,omitempty"`
	// Purpose is what the data is wanted for.
	Purpose string `json:"purpose,omitempty"`
	// AsOf asks for the state at a moment; nil is now.
	AsOf *time.Time `json:"as_of,omitempty"`
	// Limit is the number of rows at which the answer is cut off; 0 is all, and
	// more than the right allows is an Invalid fault.
	Limit uint64 `json:"limit,omitempty"`
}

// SQLResult is the answer to a statement; Reader must be released.
type SQLResult struct {
	Reader array.RecordReader
	// Datasets are those that the statement read, as they were shown to it.
	Datasets []Shown
	// More says that the answer was cut off at the limit.
	More bool
}

// Shown is what a statement saw of a dataset.
type Shown struct {
	Dataset       string          `json:"dataset"`
	Source        string          `json:"source"`
	Version       int64           `json:"version"`
	PublishedAt   *time.Time      `json:"published_at,omitempty"`
	Fields        []plan.Field    `json:"fields"`
	Withheld      []plan.Withheld `json:"withheld"`
	SomeRows      bool            `json:"some_rows"`
	Decision      string          `json:"decision"`
	PolicyVersion int64           `json:"policy_version"`
}

// SQL gives the rows of a statement over what the principal may see. The tables of
// the statement are views in which masks and row filters are already inside, so it
// can speak of nothing else; whether it succeeds depends on what is shown alone.
// The read is on record, once for each dataset, before its first row is given.
// Statements about the catalog alone are answered by what Tables lists; they read no
// dataset, and leave no record.
func (g *Gate) SQL(ctx context.Context, principal acl.Principal, request SQLRequest) (*SQLResult, error) {
	if about, err := g.aboutCatalog(ctx, request); err != nil {
		return nil, err
	} else if about != nil {
		return g.catalogSQL(ctx, principal, request, about)
	}
	asked, err := g.planSQL(ctx, principal, request)
	if err == nil {
		var result *SQLResult
		if result, err = g.runSQL(ctx, asked); err == nil {
			return result, nil
		}
	}
	for i := range asked.views {
		record := &asked.views[i].record
		record.Outcome, record.Persons, record.ManyPersons = string(fault.CodeOf(err)), nil, false
	}
	return nil, errors.Join(err, g.recordSQL(ctx, asked.views))
}

// DescribeSQL checks a statement and gives the columns of its answer, and reads
// nothing. Parameters without a value count as NULL.
func (g *Gate) DescribeSQL(ctx context.Context, principal acl.Principal, request SQLRequest) (*arrow.Schema, error) {
	if about, err := g.aboutCatalog(ctx, request); err != nil {
		return nil, err
	} else if about != nil {
		return g.describeCatalogSQL(ctx, principal, request, about)
	}
	asked, err := g.planSQL(ctx, principal, request)
	return asked.schema, err
}

// ParametersOfSQL gives the number of parameters of a statement.
func (g *Gate) ParametersOfSQL(ctx context.Context, text string) (int, error) {
	parsed, err := statement.Parse(ctx, g.Warehouse, text)
	if err != nil {
		return 0, err
	}
	return parsed.Parameters, nil
}

// ParameterTypesOfSQL gives the engine's names of the types of the parameters of a
// statement, as Types takes them; "" where they cannot be told. It reads nothing.
func (g *Gate) ParameterTypesOfSQL(ctx context.Context, principal acl.Principal, request SQLRequest) ([]string, error) {
	parsed, err := statement.Parse(ctx, g.Warehouse, request.Text)
	if err != nil || parsed.OfCatalog() || parsed.Parameters == 0 {
		return make([]string, parametersOf(parsed)), err
	}
	asked, err := g.askSQL(&request)
	if err != nil {
		return nil, err
	}
	if err := g.viewsOf(ctx, principal, request, parsed, &asked); err != nil {
		return nil, err
	}
	sql, err := parsed.SQL(ctx, g.Warehouse)
	if err != nil {
		return nil, err
	}
	types, err := g.Warehouse.ParameterTypes(ctx, asked.overNothing(sql), parsed.Parameters)
	if err != nil {
		return nil, asked.wrong(err)
	}
	return types, nil
}

func parametersOf(parsed *statement.Statement) int {
	if parsed == nil {
		return 0
	}
	return parsed.Parameters
}

// viewOf is a dataset of a statement as it is shown.
type viewOf struct {
	dataset  catalog.Dataset
	decision *acl.Decision
	view     plan.View
	record   audit.Record
	// concerned is the statement for the persons whom the answer is about; empty
	// where that are all of the view.
	concerned string
}

// askedSQL is a statement that was checked and planned.
type askedSQL struct {
	views []viewOf
	// sql names the views as statement.Name does.
	sql    string
	schema *arrow.Schema
	// limit cuts the answer off; beyond most it is refused.
	limit, most int64
}

// askSQL checks right and limit, and fills the right in.
func (g *Gate) askSQL(request *SQLRequest) (askedSQL, error) {
	asked := askedSQL{most: MaxPage}
	switch request.Right {
	case "":
		request.Right = acl.View
	case acl.View:
	case acl.Hold:
		asked.most = int64(min(g.MaxRows, math.MaxInt64))
	default:
		return asked, fault.New(fault.Invalid, "statements read by the right to view or to hold, not to %s", request.Right)
	}
	if request.Limit > uint64(asked.most) {
		return asked, fault.New(fault.Invalid, "by the right to %s a statement gives at most %d rows", request.Right, asked.most)
	}
	asked.limit = asked.most
	if request.Limit > 0 {
		asked.limit = int64(request.Limit)
	}
	return asked, nil
}

func (g *Gate) planSQL(ctx context.Context, principal acl.Principal, request SQLRequest) (askedSQL, error) {
	asked, err := g.askSQL(&request)
	if err != nil {
		return asked, err
	}
	parsed, err := statement.Parse(ctx, g.Warehouse, request.Text)
	if err != nil {
		return asked, err
	}
	if err := refuseSQL(parsed); err != nil {
		return asked, err
	}
	if request.Args == nil {
		request.Args = make([]*string, parsed.Parameters)
	}
	if err := parsed.Bind(request.Args, request.Types...); err != nil {
		return asked, err
	}
	if err := g.viewsOf(ctx, principal, request, parsed, &asked); err != nil {
		return asked, err
	}
	return asked, g.write(ctx, parsed, &asked)
}

// viewsOf decides and plans what is shown of each dataset of a statement.
func (g *Gate) viewsOf(ctx context.Context, principal acl.Principal, request SQLRequest, parsed *statement.Statement, asked *askedSQL) error {
	for _, id := range parsed.Tables {
		seen := viewOf{record: g.recordOf(principal, request, id)}
		err := g.view(ctx, principal, request, id, &seen)
		asked.views = append(asked.views, seen)
		if err != nil {
			return err
		}
	}
	return nil
}

// overNothing puts views without rows before a statement.
func (a *askedSQL) overNothing(sql string) string {
	names, bodies := make([]string, len(a.views)), make([]string, len(a.views))
	for i, seen := range a.views {
		names[i], bodies[i] = warehouse.Ident(statement.Name(seen.dataset.ID)), seen.view.Empty
	}
	return statement.With(sql, names, bodies)
}

// refuseSQL refuses what may not be done with datasets.
func refuseSQL(parsed *statement.Statement) error {
	if len(parsed.Unlisted) > 0 {
		return fault.Wrap(statement.ErrFunction, fault.Invalid, "the function %s may not be used in a statement", parsed.Unlisted[0])
	}
	if len(parsed.System) > 0 && len(parsed.Tables) > 0 {
		return fault.New(fault.Invalid, "a statement reads datasets or the tables of the catalog, as %s, and not both", parsed.System[0])
	}
	return nil
}

func (g *Gate) recordOf(principal acl.Principal, request SQLRequest, dataset string) audit.Record {
	record := g.record(principal, Request{Dataset: dataset, Purpose: request.Purpose, Right: request.Right})
	if text, err := json.Marshal(request); err == nil { // texts: cannot fail
		record.Query = string(text)
	}
	return record
}

// view decides and plans what is shown of one dataset.
func (g *Gate) view(ctx context.Context, principal acl.Principal, request SQLRequest, id string, seen *viewOf) error {
	var err error
	seen.dataset, seen.decision, err = g.Decide(ctx, principal, request.Right, request.Purpose, id)
	if err == nil && !seen.decision.Allowed() {
		err = fault.New(fault.Denied, "nothing of it may be seen")
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) { // alike: what is hidden looks as if it were not there
		return fault.Wrap(err, fault.NotFound, "there is no dataset %s of which anything may be seen by the right to %s", id, request.Right)
	}
	if err != nil {
		return err
	}
	seen.record.Decision, seen.record.PolicyVersion = seen.decision.Fingerprint(), seen.decision.Version()
	means, err := g.means(ctx, principal, seen.decision)
	if err != nil {
		return err
	}
	if seen.view, err = plan.NewView(seen.dataset, seen.decision, request.AsOf, means); err != nil {
		return err
	}
	if seen.dataset.Version == 0 {
		return fault.New(fault.NotFound, "%s has not been published yet: synchronise its system first", id)
	}
	seen.record.Fields = recorded(seen.view.Fields)
	return nil
}

// write writes the statement for the engine and checks it over views without rows:
// what the engine says of that can tell of nothing hidden.
func (g *Gate) write(ctx context.Context, parsed *statement.Statement, asked *askedSQL) error {
	for i, seen := range asked.views {
		if seen.view.WithPerson.SQL == "" {
			continue
		}
		about, plain := parsed.Concerned(seen.dataset.ID, plan.PersonColumn)
		if !plain {
			continue
		}
		text, err := about.SQL(ctx, g.Warehouse)
		if err != nil {
			return err
		}
		asked.views[i].concerned = text
	}
	parsed.Cap(asked.cap())
	var err error
	if asked.sql, err = parsed.SQL(ctx, g.Warehouse); err != nil {
		return err
	}
	parsed.Cap(0)
	empty, err := parsed.SQL(ctx, g.Warehouse)
	if err != nil {
		return err
	}
	reader, err := g.Warehouse.Query(ctx, asked.overNothing(empty))
	if err != nil {
		return asked.wrong(err)
	}
	asked.schema = named(reader.Schema())
	reader.Release()
	return nil
}

// cap is the number of rows that the engine works out: one more than are given,
// to tell that there are more, except of a large part that the caller asked for.
func (a *askedSQL) cap() uint64 {
	if a.limit < a.most && a.limit > bufferedRows {
		return uint64(a.limit)
	}
	return uint64(a.limit) + 1
}

// wrong gives the engine's words on a statement over no rows, with what is
// withheld where a column is missed.
func (a *askedSQL) wrong(err error) error {
	if fault.Is(err, fault.Canceled) {
		return err
	}
	said, _, _ := strings.Cut(err.Error(), "\nLINE ")
	said, _, _ = strings.Cut(said, "Did you mean") // it looks for names everywhere
	said, _, _ = strings.Cut(said, "Possible solutions")
	said = strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(said), `\`, ""), "\n", " ")
	said = strings.ReplaceAll(said, statement.Name(""), "")
	for _, seen := range a.views {
		for _, withheld := range seen.view.Withheld {
			if strings.Contains(said, `"`+withheld.Field+`"`) {
				said += fmt.Sprintf("; %s of %s is withheld: %s", withheld.Field, seen.dataset.ID, withheld.Reason)
			}
		}
	}
	return fault.Wrap(errors.Join(statement.RefusalOf(said), err), fault.Invalid, "the statement cannot be carried out: %s", said)
}

// engine is a state of the warehouse that is given back.
type engine interface {
	state
	io.Closer
}
