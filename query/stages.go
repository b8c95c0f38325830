package query

import "context"

// Stages hear of the parts of a read: decide, plan and query.
type Stages interface {
	// Begin begins a stage within ctx; end takes its error.
	Begin(ctx context.Context, stage string) (inside context.Context, end func(error))
}

// unwatched is where nobody wants to hear.
type unwatched struct{}

func (unwatched) Begin(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}
