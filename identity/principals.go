package identity

import (
	"context"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Principals are all that are known: registered applications and those of the
// directory. It is safe for concurrent use.
type Principals struct {
	registry  *Registry
	directory *Directory
}

// NewPrincipals joins the two.
func NewPrincipals(registry *Registry, directory *Directory) *Principals {
	return &Principals{registry: registry, directory: directory}
}

// Principal finds one by id, among registered applications first, or gives a
// NotFound fault; an Unavailable fault says that it cannot be found out now.
// The id of a disabled application is nobody's, even when the
// directory has it: to disable one must not give its name to another.
func (p *Principals) Principal(id string) (acl.Principal, error) {
	known, err := p.registry.fresh(context.Background())
	if err != nil {
		return acl.Principal{}, err
	}
	found, registered := known.members[id]
	switch {
	case !registered:
		return p.directory.Principal(id)
	case found.application.Disabled:
		return acl.Principal{}, fault.New(fault.NotFound, "there is no principal %q: the application of that id is disabled", id)
	}
	return found.principal, nil
}

// Principals lists the registered applications by id, without the disabled
// ones, and behind them those of the directory in the order of its file. It is
// an Unavailable fault when that cannot be found out now.
func (p *Principals) Principals() ([]acl.Principal, error) {
	known, err := p.registry.fresh(context.Background())
	if err != nil {
		return nil, err
	}
	var all []acl.Principal
	for _, id := range known.order {
		if found := known.members[id]; !found.application.Disabled {
			all = append(all, found.principal)
		}
	}
	for _, principal := range p.directory.Principals() {
		if _, registered := known.members[principal.ID()]; !registered {
			all = append(all, principal)
		}
	}
	return all, nil
}
