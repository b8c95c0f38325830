package ranger

import (
	"slices"
	"strings"
)

// simpleCondition compares an attribute of the context with patterns.
func simpleCondition(attribute string, values []string) condition {
	return conditionFunc(func(q *query) bool {
		if attribute == "" || len(values) == 0 {
			return true
		}
		given, known := q.contextText(attribute)
		if !known || strings.TrimSpace(given) == "" {
			return false
		}
		return slices.ContainsFunc(values, func(pattern string) bool { return exactCase.like(given, pattern) })
	})
}

// attributeCondition asks whether an attribute of the context is one of the values.
func attributeCondition(attribute string, values []string, wanted bool) condition {
	return conditionFunc(func(q *query) bool {
		given, known := q.contextText(attribute)
		if !known || attribute == "" || len(values) == 0 {
			return true
		}
		return slices.Contains(values, given) == wanted
	})
}

func clusterCondition(of func(q *query) *string, values []string, wanted bool) condition {
	return conditionFunc(func(q *query) bool {
		given := of(q)
		switch {
		case len(values) == 0:
			return true
		case given == nil:
			return !wanted
		default:
			return slices.Contains(values, *given) == wanted
		}
	})
}

// actionCondition compares the action with names and beginnings of names.
func actionCondition(values []string) condition {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.TrimSpace(v) == "" })
	return conditionFunc(func(q *query) bool {
		switch action := q.Action; {
		case len(values) == 0:
			return true
		case strings.TrimSpace(action) == "":
			return false
		default:
			return slices.ContainsFunc(values, func(v string) bool { return ignoreCase.like(action, v) })
		}
	})
}

// validityCondition holds while one of the schedules, each written as JSON, does.
func validityCondition(values []string) condition {
	var schedules []*schedule
	for _, value := range values {
		made, err := schedulesFromJSON(value)
		if err != nil {
			return unknownCondition("a condition's schedule cannot be read: " + err.Error())
		}
		schedules = append(schedules, made...)
	}
	return conditionFunc(func(q *query) bool { return anyHolds(schedules, q.time) })
}
