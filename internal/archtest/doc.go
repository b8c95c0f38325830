// Package archtest holds the tests of the shape of the code: who may import
// whom (docs/architecture.md), a doc.go in every package, the size of files.
package archtest
