// Package contributions is the gate by which applications write: rows and
// corrections of datasets whose system is of the connector contributed, by the
// right to create.
//
// [Gate.Contribute] asks acl for the decision, refuses fields that may not be
// written, and gives the pipelines the rows with the conditions under which each
// field may be: these are evaluated inside the engine, over each row as it is
// and as it will be. The record is written before anything is committed.
//
// It stands above pipelines and acl, which do not know one another, and imports
// catalog, audit, internal/fault and schema beside them. contributions/body reads
// what clients send. Start at [Gate].
package contributions
