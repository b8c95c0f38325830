package statement

import (
	_ "embed"
	"strings"
)

//go:embed functions.txt
var functionsText string

// scalars are the functions of functions.txt.
func scalars() map[string]bool {
	known := map[string]bool{}
	for line := range strings.Lines(functionsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, name := range strings.Fields(line) {
			known[name] = true
		}
	}
	return known
}

// tableFunctions are those that make rows out of their arguments alone.
var tableFunctions = map[string]bool{"range": true, "generate_series": true, "unnest": true}
