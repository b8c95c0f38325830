// Package demo writes a demo campus: departmental systems with their own
// schemas, codes and mistakes, the same from the same seed, and a definition
// for each. It imports internal/fault only. Start at [Build].
package demo
