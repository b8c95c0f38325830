package ranger

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ipCondition compares the client's address with addresses and their beginnings.
type ipCondition struct {
	any      bool
	exact    []string
	prefixes []string
}

func newIPCondition(values []string) condition {
	made := ipCondition{any: len(values) == 0}
	for _, value := range values {
		switch beginning := addressBeginning(value); beginning {
		case "":
			made.any = true
		case value:
			made.exact = append(made.exact, value)
		default:
			made.prefixes = append(made.prefixes, beginning)
		}
	}
	return made
}

// addressBeginning gives what is before the wildcards at the end of an address.
func addressBeginning(value string) string {
	separator := ":"
	if strings.Contains(value, ".") {
		separator = "."
	}
	if strings.Trim(value, separator+anything) == "" && strings.HasPrefix(value, anything) {
		return ""
	}
	beginning, wild := value, false
	for strings.HasSuffix(beginning, separator+anything) {
		beginning, wild = strings.TrimSuffix(beginning, separator+anything), true
	}
	if wild {
		beginning += separator
	}
	if separator == ":" {
		beginning = strings.ToLower(beginning)
	}
	return beginning
}

func (c ipCondition) holds(q *query) bool {
	if c.any || q.clientIP == "" {
		return true
	}
	lower := strings.ToLower(q.clientIP)
	if slices.ContainsFunc(c.prefixes, func(p string) bool {
		return strings.HasPrefix(q.clientIP, p) || strings.HasPrefix(lower, p)
	}) {
		return true
	}
	if strings.Contains(q.clientIP, ".") {
		return slices.Contains(c.exact, q.clientIP)
	}
	return slices.Contains(c.exact, lower)
}

// dayTimes holds between minutes of the day, both included.
type dayTimes [][2]int

// dayTimesPattern takes "9am-5pm" and "9:30 a.m. - 4 P.M.".
const dayTimesPattern = `^ *(\d{1,2})(?::(\d{1,2}))? *([aApP])\.?[mM]\.? *- *(\d{1,2})(?::(\d{1,2}))? *([aApP])\.?[mM]\.? *$`

func newDayTimes(values []string) condition {
	pattern := regexp.MustCompile(dayTimesPattern)
	var made dayTimes
	for _, value := range values {
		if parts := pattern.FindStringSubmatch(value); parts != nil {
			made = append(made, [2]int{minuteOfDay(parts[1], parts[2], parts[3]), minuteOfDay(parts[4], parts[5], parts[6])})
		}
	}
	return made
}

func minuteOfDay(hours, minutes, half string) int {
	hour, _ := strconv.Atoi(hours)     // the pattern lets digits only through
	minute, _ := strconv.Atoi(minutes) // none is 0
	switch afternoon := strings.EqualFold(half, "p"); {
	case hour == 12 && !afternoon:
		hour = 0
	case hour != 12 && afternoon:
		hour += 12
	}
	return hour*60 + minute
}

func (d dayTimes) holds(q *query) bool {
	now := q.time.Hour()*60 + q.time.Minute()
	for _, span := range d {
		from, until := span[0], span[1]
		if from < until && from <= now && now <= until || from >= until && (from <= now || now <= until) {
			return true
		}
	}
	return len(d) == 0
}
