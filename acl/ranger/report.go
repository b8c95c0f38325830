package ranger

import (
	"fmt"
	"strings"
)

// State says how a test case went.
type State string

// The states of a test case.
const (
	Agrees        State = "agrees"
	Differs       State = "differs"
	NotApplicable State = "not applicable"
)

// Case is a test case of a file and how it went.
type Case struct {
	Name  string
	State State
	// Expected and Got are what the file expects and what the engine says.
	Expected string
	Got      string
	// Reason says why the case is not applicable.
	Reason string
	// Note says what differs that Ranger's own tests do not compare.
	Note string
}

// Report says how the test cases of a file went.
type Report struct {
	Cases []Case
}

// Count tells how many cases are in a state.
func (r Report) Count(state State) int {
	count := 0
	for _, one := range r.Cases {
		if one.State == state {
			count++
		}
	}
	return count
}

// String writes the report, a line for each case that does not agree.
func (r Report) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d agree, %d differ, %d not applicable\n", r.Count(Agrees), r.Count(Differs), r.Count(NotApplicable))
	for _, one := range r.Cases {
		switch one.State {
		case Differs:
			fmt.Fprintf(&out, "differs: %s: expected %s, got %s\n", one.Name, one.Expected, one.Got)
		case NotApplicable:
			fmt.Fprintf(&out, "not applicable: %s: %s\n", one.Name, one.Reason)
		}
	}
	return out.String()
}
