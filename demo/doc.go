// Package demo writes a demo campus: departmental systems with their own
// schemas, codes and mistakes, the same from the same seed, and a definition
// for each; [Evolve] moves it on from day to day. demo/serve answers for the
// systems that are servers. It imports internal/fault and the libraries of the
// files that it writes. Start at [Build].
package demo
