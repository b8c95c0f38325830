// Package ranger reads the policies of Apache Ranger and answers requests as
// Ranger's own policy engine does, so that a site can see what its policies
// mean before and after it moves them here.
//
// It reads Ranger's policy-engine test files, whose cases [File.Check] runs, the
// policies that Ranger Admin sends to plugins, and its exports; these last need
// a service definition beside them to be evaluated. Resources, principals,
// conditions, schedules, tags, zones, masks and row filters follow the current
// engine of Ranger. Where a policy turns on something that is not here, a
// plug-in's own class or a script beyond what package script knows, the result
// says so instead of guessing.
//
// Start at [Read], [NewEngine] and [File.Check].
package ranger
