package ranger

import (
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/acl/ranger/script"
)

// condition is a condition of a policy or item, ready to be asked.
type condition interface {
	holds(q *query) bool
}

// conditionFunc makes a function a condition.
type conditionFunc func(q *query) bool

func (f conditionFunc) holds(q *query) bool { return f(q) }

// expressionCondition is the condition that every service has without defining it.
const expressionCondition = "_expression"

// conditionsOf prepares conditions. Those that the service does not define are
// left out, as Ranger leaves them out.
func conditionsOf(def *ServiceDef, given []Condition) []condition {
	var made []condition
	for _, one := range given {
		found := slices.IndexFunc(def.PolicyConditions, func(d ConditionDef) bool { return d.Name == one.Type })
		switch {
		case found >= 0:
			made = append(made, newCondition(def, def.PolicyConditions[found], one.Values))
		case one.Type == expressionCondition:
			made = append(made, scriptCondition(first(one.Values), false))
		}
	}
	return made
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func newCondition(service *ServiceDef, def ConditionDef, values []string) condition {
	class := className(def.Evaluator)
	switch class {
	case "RangerScriptConditionEvaluator":
		return scriptCondition(first(values), false)
	case "RangerScriptTemplateConditionEvaluator":
		return templateCondition(def.Options["scriptTemplate"], values)
	case "RangerSimpleMatcher":
		return simpleCondition(def.Options["CONTEXT_NAME"], values)
	case "RangerIpMatcher":
		return newIPCondition(values)
	case "RangerActionMatcher":
		return actionCondition(values)
	case "RangerTimeOfDayMatcher":
		return newDayTimes(values)
	case "RangerValidityScheduleConditionEvaluator":
		return validityCondition(values)
	case "RangerHiveResourcesAccessedTogetherCondition":
		return newTogether(service, values, true)
	case "RangerHiveResourcesNotAccessedTogetherCondition":
		return newTogether(service, values, false)
	}
	if made := contextCondition(class, def, values); made != nil {
		return made
	}
	return unknownCondition("the condition " + def.Name + " is decided by " + def.Evaluator)
}

// contextCondition makes those conditions that compare a part of the request
// with the values given.
func contextCondition(class string, def ConditionDef, values []string) condition {
	switch class {
	case "RangerContextAttributeValueInCondition":
		return attributeCondition(def.Options["attributeName"], values, true)
	case "RangerContextAttributeValueNotInCondition":
		return attributeCondition(def.Options["attributeName"], values, false)
	case "RangerAccessedFromClusterCondition":
		return clusterCondition(func(q *query) *string { return q.ClusterName }, values, true)
	case "RangerAccessedNotFromClusterCondition":
		return clusterCondition(func(q *query) *string { return q.ClusterName }, values, false)
	case "RangerAccessedFromClusterTypeCondition":
		return clusterCondition(func(q *query) *string { return q.ClusterType }, values, true)
	case "RangerAccessedNotFromClusterTypeCondition":
		return clusterCondition(func(q *query) *string { return q.ClusterType }, values, false)
	case "RangerTagsAllPresentConditionEvaluator":
		return conditionFunc(func(q *query) bool { return containsAll(q.tagTypes(), values) })
	case "RangerAnyOfExpectedTagsPresentConditionEvaluator":
		return conditionFunc(func(q *query) bool { return intersect(q.tagTypes(), values) })
	case "RangerNoneOfExpectedTagsPresentConditionEvaluator":
		return conditionFunc(func(q *query) bool { return !intersect(q.tagTypes(), values) })
	default:
		return nil
	}
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(one string) bool { return slices.Contains(b, one) })
}

// unknownCondition is one that cannot be evaluated, and why.
func unknownCondition(reason string) condition {
	return conditionFunc(func(q *query) bool {
		q.doubt(reason)
		return false
	})
}

// scriptCondition holds if the script gives true, or sets the result to true.
func scriptCondition(source string, reversed bool) condition {
	if strings.TrimSpace(source) == "" {
		return conditionFunc(func(*query) bool { return true })
	}
	program, err := script.Parse(doubleBrackets(source))
	if err != nil {
		return unknownCondition("a condition's script cannot be evaluated: " + err.Error())
	}
	return conditionFunc(func(q *query) bool { return q.decide(program) != reversed })
}

// templateCondition is a script of the service that a policy asks for by "yes",
// and for its contrary by "no".
func templateCondition(template string, values []string) condition {
	if template == "" {
		return conditionFunc(func(*query) bool { return true })
	}
	value := strings.ToLower(first(values))
	return scriptCondition(template, value == "false" || value == "no")
}
