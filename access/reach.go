package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

// Catalog lists datasets with their fields.
type Catalog interface {
	Everything(ctx context.Context) ([]catalog.Dataset, error)
}

// Resources gives all datasets as policies see them, in the order of their ids.
func Resources(ctx context.Context, known Catalog) ([]*acl.Resource, error) {
	datasets, err := known.Everything(ctx)
	if err != nil {
		return nil, fmt.Errorf("list datasets: %w", err)
	}
	made := make([]*acl.Resource, len(datasets))
	for i, dataset := range datasets {
		made[i] = query.ResourceOf(dataset)
	}
	return made, nil
}

// Named gives the field as a list, after checking that it is there; none for "".
func Named(resource *acl.Resource, field string) ([]string, error) {
	if field == "" {
		return nil, nil
	}
	if _, known := resource.Field(field); known {
		return []string{field}, nil
	}
	names := make([]string, len(resource.Fields))
	for i := range resource.Fields {
		names[i] = resource.Fields[i].Name
	}
	return nil, fault.New(fault.NotFound, "%s has no field %s%s", resource.Dataset, field, fault.Meant(field, names))
}

// Viewer is who sees a field, and how.
type Viewer struct {
	Principal string `json:"principal"`
	Name      string `json:"name,omitempty"`
	Kind      string `json:"kind"`
	Access    string `json:"access"`
	SomeRows  bool   `json:"some_rows,omitempty"`
	// Consent says that it takes the consent of the person concerned.
	Consent bool   `json:"consent,omitempty"`
	Reason  string `json:"reason"`
}

// WhoCanSee lists the principals who get something of a field by a right.
func WhoCanSee(policies *acl.Set, principals []acl.Principal, resource *acl.Resource, field string, request acl.Request) ([]Viewer, error) {
	if field == "" {
		return nil, fault.New(fault.Invalid, "say which field")
	}
	if _, err := Named(resource, field); err != nil {
		return nil, err
	}
	viewers := []Viewer{}
	classes := map[string]*Viewer{}
	for _, principal := range principals {
		class := policies.Class(principal)
		seen, known := classes[class]
		if !known {
			decision, err := policies.Compile(principal, request, resource)
			if err != nil {
				return nil, err
			}
			seen = viewer(decision, field)
			classes[class] = seen
		}
		if seen == nil {
			continue
		}
		one, profile := *seen, principal.Profile()
		one.Principal, one.Name, one.Kind = profile.ID, profile.Name, profile.Kind
		viewers = append(viewers, one)
	}
	return viewers, nil
}

func viewer(decision *acl.Decision, name string) *Viewer {
	field := decision.Field(name)
	best := field.Best()
	if best.Access == acl.Denied {
		return nil
	}
	return &Viewer{
		Access: best.String(), SomeRows: !field.Whole(), Consent: decision.Consent() != nil, Reason: decision.Reason(name),
	}
}

// Sight is what a principal gets of a dataset.
type Sight struct {
	Dataset  string      `json:"dataset"`
	Fields   []SeenField `json:"fields"`
	Withheld int         `json:"withheld"`
	Consent  bool        `json:"consent,omitempty"`
}

// SeenField is a field of which a principal gets something.
type SeenField struct {
	Field    string `json:"field"`
	Access   string `json:"access"`
	SomeRows bool   `json:"some_rows,omitempty"`
	Reason   string `json:"reason"`
}

// WhatCanSee lists, for each dataset of which a principal gets anything by a
// right, what that is.
func WhatCanSee(policies *acl.Set, principal acl.Principal, resources []*acl.Resource, request acl.Request) ([]Sight, error) {
	sights := []Sight{}
	for _, resource := range resources {
		decision, err := policies.Compile(principal, request, resource)
		if err != nil {
			return nil, err
		}
		made := Sight{Dataset: resource.Dataset, Fields: []SeenField{}, Consent: decision.Consent() != nil}
		for _, field := range decision.Fields() {
			best := field.Best()
			if best.Access == acl.Denied {
				made.Withheld++
				continue
			}
			made.Fields = append(made.Fields, SeenField{field.Field.Name, best.String(), !field.Whole(), decision.Reason(field.Field.Name)})
		}
		if len(made.Fields) > 0 {
			sights = append(sights, made)
		}
	}
	return sights, nil
}

// Find gives the resource of a dataset.
func Find(resources []*acl.Resource, dataset string) (*acl.Resource, error) {
	names := make([]string, len(resources))
	for i, resource := range resources {
		if names[i] = resource.Dataset; names[i] == dataset {
			return resource, nil
		}
	}
	slices.Sort(names)
	return nil, fault.New(fault.NotFound, "there is no dataset %s%s", dataset, fault.Meant(dataset, names))
}

// UnknownNames tells of names in policies that fit nothing in the catalog: such a
// policy is without effect, which may be a slip.
func UnknownNames(policies *acl.Set, resources []*acl.Resource) []string {
	hints := []string{}
	for _, policy := range policies.Policies() {
		if fits := slices.ContainsFunc(resources, func(r *acl.Resource) bool { return policy.Resource.Fits(r) }); !fits {
			hints = append(hints, fmt.Sprintf("policy %s is about %s, which fits no field of the catalog", policy.ID, policy.Resource))
		}
	}
	return hints
}
