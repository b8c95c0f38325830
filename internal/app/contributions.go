package app

import (
	"context"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/contributions"
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
	return definition.Load(known.File)
}
