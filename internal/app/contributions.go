package app

import (
	"context"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/contributions"
	"github.com/yitong-hub/yitong/internal/fault"
)

// contributions makes the gate by which applications write.
func (a *App) contributions() *contributions.Gate {
	return contributions.New(contributions.Config{
		Decider: a.Gate, Pipelines: a.Pipelines, Consents: a.Policies, Recorder: a.Audit, System: a.definition,
	})
}

// definition reads the definition of a system that the catalog knows.
func (a *App) definition(ctx context.Context, id string) (definition.System, error) {
	known, err := a.Catalog.System(ctx, id)
	if err != nil {
		return definition.System{}, err
	}
	system, err := definition.Load(known.File)
	if err != nil {
		// It is the operator's mistake, and where the file is is not for clients.
		return system, fault.Wrap(err, fault.Unavailable, "the definition of system %s cannot be read at the moment", id)
	}
	return system, nil
}
