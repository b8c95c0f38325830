// Package api will serve authorized data to applications and the web: an
// OpenAPI contract first, then one table of endpoints, each with its declared
// action, over gin. It may import the public parts of the layers below it and
// never the warehouse. It holds no code yet: the command line is the only exit
// of the gate so far.
package api
