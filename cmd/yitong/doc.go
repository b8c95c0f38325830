// Command yitong is the whole product in one binary: it builds the demo campus,
// synchronises departmental systems into a governed catalog, and answers from
// it through the one gate. One file a verb; the parts are put together in
// internal/app. Start at main.go and root.go.
package main
