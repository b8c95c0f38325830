// Package statement checks SQL that a caller wrote, before the gate runs it. The
// engine's own parser reads the text; of the tree only what is known to do nothing
// but read the caller's tables is taken, and everything else is refused by name.
// Tables are put in the place of what the gate shows of them.
//
// It may import internal/fault. Start at [Parse].
package statement
