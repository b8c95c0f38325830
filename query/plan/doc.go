// Package plan turns a request and a decision into SQL in which masks and row
// filters are already inside. It is pure: it runs nothing. Start at [New].
//
// A statement has two levels. Inside, [governed] is the dataset as the principal
// sees it; outside stands all that was asked. Filters, orders, groups and
// figures can thus see nothing but what is shown.
package plan
