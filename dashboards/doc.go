// Package dashboards will hold metrics and boards for leaders and analysts. It
// is a consumer of the gate: it may import query, the catalog's public types,
// acl.Principal, audit and the state store, and never the warehouse. It holds
// no code yet.
package dashboards
