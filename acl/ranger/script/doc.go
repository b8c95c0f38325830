// Package script evaluates the small JavaScript expressions that Apache Ranger
// policies carry in their conditions, row filters and masks, without a script
// engine: literals, variables, if and else, comparisons, and, or, not, string
// and list functions, and whatever the caller binds.
//
// There are no loops, functions or objects to make, so that every program ends
// and takes little. What the package does not know is [ErrUnsupported], never a
// guess; what JavaScript itself would refuse at run time is [ErrRaised].
//
// Start at [Parse].
package script
