package fault

import "strings"

// Meant names the candidate nearest to a name that was not found, as
// "; is T_JZG meant?", or nothing when none is near.
func Meant(name string, candidates []string) string {
	best, distance := "", len([]rune(name))/2+1
	for _, candidate := range candidates {
		if len(name) >= shortestPrefix && strings.HasPrefix(strings.ToLower(candidate), strings.ToLower(name)) {
			return "; is " + candidate + " meant?"
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "; is " + best + " meant?"
}

// shortestPrefix is the length from which the beginning of a name stands for it.
const shortestPrefix = 4

// editDistance is Levenshtein's, over characters.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j := range to {
			cost := diagonal
			if from[i] != to[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(to)]
}
