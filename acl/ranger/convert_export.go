package ranger

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// completed is a file with all that it takes to evaluate it.
type completed struct {
	file     *File
	service  string
	problems []problem
}

// Complete gives a file that can be evaluated: an export has no service
// definitions, for which Hive's own stand then. service names the one that is
// meant, where an export has those of several.
func (f *File) Complete(service string) (*File, error) {
	made, err := f.complete(service)
	return made.file, err
}

func (f *File) complete(service string) (completed, error) {
	if f == nil {
		return completed{}, fault.New(fault.Invalid, "there is no file of policies")
	}
	if f.ServiceDef == nil {
		return f.fromExport(service)
	}
	if !hiveLike(f.ServiceDef) {
		return completed{}, fault.New(fault.Invalid,
			"only services of databases, tables and columns can be carried over, as Hive's; this is one of %s", f.ServiceDef.Name).At("serviceDef")
	}
	made := *f
	made.TagInfo, made.TagPolicies = f.TagInfo.defined(f.ServiceDef), f.TagPolicies.defined(f.ServiceDef)
	return completed{file: &made, service: f.ServiceName}, nil
}

// hiveLike tells whether a service has databases, tables and columns to select from.
func hiveLike(def *ServiceDef) bool {
	defined := define(def, AccessPolicy)
	selects := slices.ContainsFunc(defined.accessTypes, func(name string) bool { return strings.EqualFold(name, accessSelect) })
	return selects && slices.ContainsFunc(defined.hierarchies, func(way []string) bool {
		return slices.Equal(way, []string{levelDatabase, levelTable, levelColumn})
	})
}

// The levels of resources that are carried over.
const (
	levelDatabase = "database"
	levelTable    = "table"
	levelColumn   = "column"
)

// fromExport takes the policies of one service, and those of tags, out of what
// Ranger Admin exports.
func (f *File) fromExport(service string) (completed, error) {
	var services, tagServices []string
	var own, tags []Policy
	others := map[string]bool{}
	for _, policy := range f.Policies {
		switch {
		case policy.ServiceType == tagLevel:
			tags = append(tags, policy)
			tagServices = append(tagServices, policy.Service)
		case policy.ServiceType != "" && policy.ServiceType != hiveService, service != "" && policy.Service != service:
			others[policy.Service] = true
		default:
			own = append(own, policy)
			services = append(services, policy.Service)
		}
	}
	for _, list := range []*[]string{&services, &tagServices} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	switch {
	case len(own) == 0:
		return completed{}, fault.New(fault.Invalid, "the file has no policies of Hive%s", named(service))
	case len(services) > 1:
		return completed{}, fault.New(fault.Invalid, "the file has policies of several services: name one of %s", strings.Join(services, ", "))
	case len(tagServices) > 1:
		return completed{}, fault.New(fault.Invalid, "the file has tag policies of several services (%s): export those of one", strings.Join(tagServices, ", "))
	}
	made := *f
	made.ServiceName, made.ServiceDef, made.Policies, made.TagPolicies = services[0], hiveDefinition(), own, nil
	problems := []problem{same("the service definition", "an export has none", "that which comes with Ranger is taken")}
	if len(tags) > 0 {
		made.TagPolicies = (&TagPolicies{ServiceName: tagServices[0], Policies: tags}).defined(made.ServiceDef)
	} else {
		problems = append(problems, more("tag policies", "the export has none", "if the service has a tag service, export its policies with it: what they deny is not denied here"))
	}
	for _, other := range sortedKeys(others) {
		problems = append(problems, same("the service "+other, "it is another service than the one that is carried over", "its policies are left out"))
	}
	return completed{&made, services[0], problems}, nil
}

func named(service string) string {
	if service == "" {
		return ""
	}
	return " for the service " + service
}

// defined gives tag policies with a definition, where they have none.
func (t *TagPolicies) defined(service *ServiceDef) *TagPolicies {
	if t == nil || t.ServiceDef != nil || len(t.InfoPolicies)+len(t.Policies) == 0 {
		return t
	}
	made := *t
	if made.ServiceName == "" {
		made.ServiceName = tagLevel
	}
	made.ServiceDef = &ServiceDef{Name: tagLevel, Resources: []ResourceDef{
		{Name: tagLevel, Level: 1, Mandatory: yes, MatcherOptions: Options{"wildCard": string(yes), "ignoreCase": string(no)}},
	}}
	for _, access := range service.AccessTypes {
		own := AccessTypeDef{Name: service.Name + componentSeparator + access.Name}
		for _, implied := range access.ImpliedGrants {
			own.ImpliedGrants = append(own.ImpliedGrants, service.Name+componentSeparator+implied)
		}
		made.ServiceDef.AccessTypes = append(made.ServiceDef.AccessTypes, own)
	}
	return &made
}

// hiveService is the kind of Hive's services.
const hiveService = "hive"

// hiveDefinition is what of Ranger's definition of Hive decides about tables.
func hiveDefinition() *ServiceDef {
	accesses := []string{accessSelect, accessUpdate, "create", "drop", "alter", "index", "lock", "read", "write", "repladmin", "serviceadmin", "tempudfadmin", "refresh", "rwstorage"}
	made := &ServiceDef{Name: hiveService, Resources: []ResourceDef{
		{Name: levelDatabase, Level: 1, Mandatory: yes}, {Name: levelTable, Level: 2, Parent: levelDatabase}, {Name: "udf", Level: 2, Parent: levelDatabase},
		{Name: levelColumn, Level: 3, Parent: levelTable}, {Name: "url", Level: 1}, {Name: "hiveservice", Level: 1}, {Name: "global", Level: 1},
	}}
	for _, name := range accesses {
		made.AccessTypes = append(made.AccessTypes, AccessTypeDef{Name: name})
	}
	made.AccessTypes = append(made.AccessTypes, AccessTypeDef{Name: "all", ImpliedGrants: accesses})
	made.Mask.Resources = []ResourceDef{{Name: levelDatabase}, {Name: levelTable}, {Name: levelColumn}}
	made.RowFilter.Resources = []ResourceDef{{Name: levelDatabase}, {Name: levelTable}}
	return made
}
