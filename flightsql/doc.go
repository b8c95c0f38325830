// Package flightsql gives BI tools and programs the answers of the gate by Arrow
// Flight SQL: statements, prepared statements, and what there is to ask about. It
// only reads. A ticket or handle is a question that was asked and no right to its
// answer: whoever brings one signs in and is decided about anew.
//
// It stands beside api, which it may not import nor be imported by, on the public
// parts of the layers below, and never imports the warehouse. Start at [New].
package flightsql
