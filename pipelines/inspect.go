package pipelines

import (
	"context"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Finding is a mistake in a definition that only the live system or the
// catalog can show.
type Finding struct {
	// Dataset is the declared name; empty when the whole system is meant.
	Dataset string `json:"dataset,omitempty"`
	// Line is the place in the definition's file, from 1; 0 when it has none.
	Line int `json:"line,omitempty"`
	// Message says what is wrong and what would be right.
	Message string `json:"message"`
}

// CheckSystem compares a definition with the live system: it connects, and
// looks for each dataset, column, element, rule and check that is named. The
// error is for a cancellation; what is wrong with the definition or the
// system is in the findings.
func (e *Engine) CheckSystem(ctx context.Context, system definition.System) ([]Finding, error) {
	opened, err := e.open(system)
	if err != nil {
		return []Finding{{Message: fault.Public(err)}}, nil
	}
	defer opened.close()
	if _, err := opened.discover(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, fault.Wrap(ctx.Err(), fault.Canceled, "the check was canceled")
		}
		return []Finding{{Message: fault.Public(err)}}, nil
	}
	var findings []Finding
	for _, dataset := range system.Datasets {
		l := load{engine: e, system: system, dataset: dataset, id: system.ID + "." + dataset.Name, opened: opened}
		findings = append(findings, l.findings(ctx)...)
	}
	return findings, nil
}

// findings inspects each field alone, so that one mistake does not hide the
// next, and then the dataset with the fields that are right.
func (l load) findings(ctx context.Context) []Finding {
	about := func(line int, err error) Finding {
		return Finding{Dataset: l.dataset.Name, Line: line, Message: fault.Public(err)}
	}
	if _, err := l.describe(ctx); err != nil {
		return []Finding{about(l.dataset.Line, err)}
	}
	var found []Finding
	var right []definition.Field
	for _, field := range l.dataset.Fields {
		alone := l
		alone.dataset = definition.Dataset{
			Name: l.dataset.Name, Source: l.dataset.Source, Options: l.dataset.Options, Load: definition.LoadFull, Fields: []definition.Field{field},
		}
		if err := alone.inspect(ctx); err != nil {
			found = append(found, about(field.Line, err))
			continue
		}
		right = append(right, field)
	}
	whole := l
	whole.dataset.Fields = right
	err := whole.contributable()
	if err == nil {
		err = whole.inspect(ctx)
	}
	if err != nil {
		found = append(found, about(l.dataset.Line, err))
	}
	return found
}

// inspect does what a load does before it reads.
func (l *load) inspect(ctx context.Context) error {
	var err error
	if l.terms, err = l.engine.terms(ctx, l.dataset); err != nil {
		return err
	}
	declared, err := l.describe(ctx)
	if err != nil {
		return err
	}
	if _, _, err := l.request(declared); err != nil {
		return err
	}
	columns := declared.Project(l.projection(declared)).Columns
	_, err = resolver{
		system: l.system, dataset: l.dataset, id: l.id, columns: columns, terms: l.terms,
	}.resolve(ctx)
	return err
}

// Discover lists what a system offers, for writing a definition.
func (e *Engine) Discover(ctx context.Context, system definition.System) ([]schema.Dataset, error) {
	opened, err := e.open(system)
	if err != nil {
		return nil, err
	}
	defer opened.close()
	return opened.discover(ctx)
}
