package policystore

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/casbin/govaluate"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
)

// matching holds the functions of the model. They read a policy's parts from
// their text and match them in the plainest way, without anything that acl
// works out: what two implementations agree on is worth more.
type matching struct{ parsed map[string]any }

func newMatching() *matching { return &matching{parsed: map[string]any{}} }

func (m *matching) functions() map[string]govaluate.ExpressionFunction {
	return map[string]govaluate.ExpressionFunction{
		"covers": m.covers, "serves": m.serves, "who": m.who, "what": m.what, "except": m.except, "when": m.when,
		"amount": m.amount, "rows": m.rows,
	}
}

func parse[T any](m *matching, kind, text string) (T, error) {
	if found, known := m.parsed[kind+text]; known {
		return found.(T), nil
	}
	var made T
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		return made, fmt.Errorf("read a rule's %s: %w", kind, err)
	}
	m.parsed[kind+text] = made
	return made, nil
}

func (m *matching) covers(args ...any) (any, error) {
	right, effect := args[0].(string), args[2].(string)
	rights := strings.Split(args[1].(string), ",")
	if slices.Contains(rights, right) {
		return true, nil
	}
	if effect == string(acl.Allow) {
		return right == "view" && slices.Contains(rights, "hold"), nil
	}
	return (right == "hold" || right == "transmit") && slices.Contains(rights, "view"), nil
}

func (m *matching) serves(args ...any) (any, error) {
	purposes := args[1].(string)
	return purposes == "" || slices.Contains(strings.Split(purposes, ","), args[0].(string)), nil
}

func (m *matching) who(args ...any) (any, error) {
	subject, err := parse[acl.Subject](m, "subject", args[1].(string))
	return err == nil && isSubject(args[0].(acl.Principal).Profile(), subject), err
}

func isSubject(profile acl.Profile, s acl.Subject) bool {
	for name, values := range s.Attributes {
		if !anyOf(values, profile.Attributes[name]) {
			return false
		}
	}
	named := map[string][]string{}
	for list, names := range map[string][]string{"role": s.Roles, "group": s.Groups, "department": s.Departments, "person": s.Persons, "application": s.Applications} {
		if len(names) > 0 {
			named[list] = names
		}
	}
	if len(named) == 0 {
		return s.Anyone || len(s.Attributes) > 0
	}
	isPerson := profile.Kind == "person"
	return anyOf(named["role"], profile.Roles) || anyOf(named["group"], profile.Groups) ||
		anyOf(named["department"], profile.Attributes["department"]) ||
		isPerson && anyOf(named["person"], []string{profile.ID}) || !isPerson && anyOf(named["application"], []string{profile.ID})
}

func anyOf(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

func (m *matching) what(args ...any) (any, error) {
	selector, err := parse[acl.Selector](m, "resource", args[2].(string))
	return err == nil && isSelected(args[0].(acl.Principal).Profile(), args[1].(fieldOf), selector), err
}

func isSelected(profile acl.Profile, f fieldOf, s acl.Selector) bool {
	var departments []string
	for _, department := range s.Departments {
		if department == "@department" {
			departments = append(departments, profile.Attributes["department"]...)
		} else {
			departments = append(departments, department)
		}
	}
	fits := func(patterns []string, names ...string) bool {
		for _, pattern := range patterns {
			for _, name := range names {
				if fitsPattern(pattern, name) {
					return true
				}
			}
		}
		return false
	}
	level := f.field.Level.Effective()
	any := len(s.Datasets)+len(s.Fields)+len(s.Elements)+len(s.Tags)+len(s.Levels)+len(s.Departments) > 0
	return any && (len(s.Datasets) == 0 || fits(s.Datasets, f.resource.Dataset)) &&
		(len(s.Fields) == 0 || fits(s.Fields, f.field.Name)) &&
		(len(s.Elements) == 0 || f.field.Element != "" && fits(s.Elements, f.field.Element)) &&
		(len(s.Tags) == 0 || fits(s.Tags, append(slices.Clone(f.field.Tags), f.resource.Tags...)...)) &&
		(len(s.Levels) == 0 || slices.Contains(s.Levels, level)) &&
		(len(s.Departments) == 0 || f.resource.Department != "" && fits(departments, f.resource.Department))
}

// fitsPattern matches by path.Match, whose other signs are taken as they stand.
func fitsPattern(pattern, name string) bool {
	quoted := strings.NewReplacer(`\`, `\\`, `?`, `\?`, `[`, `\[`).Replace(pattern)
	// path.Match's "*" stops at a slash.
	matched, err := path.Match(strings.ReplaceAll(quoted, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && matched
}

func (m *matching) except(args ...any) (any, error) {
	exceptions, err := parse[[]acl.Exception](m, "except", args[2].(string))
	profile, field := args[0].(acl.Principal).Profile(), args[1].(fieldOf)
	for _, one := range exceptions {
		subject, resource := one.Subject, one.Resource
		if (isEmpty(subject) || isSubject(profile, subject)) && (isEmpty(resource) || isSelected(profile, field, resource)) {
			return true, nil
		}
	}
	return false, err
}

func isEmpty(part any) bool {
	text, err := json.Marshal(part)
	return err == nil && string(text) == "{}"
}

func (m *matching) when(args ...any) (any, error) {
	moments, err := parse[timeOf](m, "time", args[1].(string))
	if err != nil {
		return false, err
	}
	at := args[0].(time.Time)
	if moments.From != nil && at.Before(*moments.From) || moments.Until != nil && !at.Before(*moments.Until) {
		return false, nil
	}
	return moments.Hours == nil || isOpen(*moments.Hours, at), nil
}

// isOpen looks at the minute of the day of the clock on the wall.
func isOpen(h acl.Hours, at time.Time) bool {
	zone := h.Zone
	if zone == "" {
		zone = acl.DefaultZone
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return false
	}
	local := at.In(location)
	clock, from, until := local.Format("15:04"), h.From, h.Until
	isDay := func(day time.Time) bool {
		return len(h.Days) == 0 || slices.ContainsFunc(h.Days, func(name string) bool {
			return strings.EqualFold(name, day.Weekday().String()[:3])
		})
	}
	if from < until {
		return isDay(local) && clock >= from && clock < until
	}
	return isDay(local) && clock >= from || isDay(local.AddDate(0, 0, -1)) && clock < until
}

func (m *matching) rows(args ...any) (any, error) {
	text, allow := args[2].(string), args[3].(string) == string(acl.Allow)
	if text == "" {
		return true, nil
	}
	row := args[1].(rowOf)
	parsed, err := condition.Parse(text)
	if err != nil {
		return false, err
	}
	bound, err := parsed.Bind(row.scope(args[0].(acl.Principal).Profile()))
	if err != nil {
		return !allow, nil //nolint:nilerr // a condition that cannot be told of these fields allows nothing and denies all
	}
	outcome := bound.Holds(row.value)
	return outcome == condition.True || !allow && outcome == condition.Unknown, nil
}

func (m *matching) amount(args ...any) (any, error) {
	field, asked, written := args[0].(fieldOf).field, args[1].(acl.Limit), args[2].(string)
	allow := args[3].(string) == string(acl.Allow)
	limit := acl.Limit{}
	switch written {
	case "allow":
		limit.Access = acl.Clear
	case "deny":
	case "statistics":
		limit.Access = acl.Statistics
	default:
		mask, err := parse[acl.Mask](m, "mask", written)
		if err != nil {
			return false, err
		}
		limit = acl.Limit{Access: acl.Masked, Mask: mask.For(field)}
	}
	if allow {
		return within(asked, limit), nil
	}
	return !leaves(limit, asked), nil
}

// within reports whether an allow up to a limit allows what is asked.
func within(asked, limit acl.Limit) bool {
	sameMask := asked.Mask == limit.Mask || asked.Mask.Kind == acl.MaskNull
	switch limit.Access {
	case acl.Clear:
		return true
	case acl.Masked:
		return asked.Access != acl.Clear && asked.Mask.Kind != "" && sameMask
	}
	return asked.Access == acl.Statistics
}

// leaves reports whether a deny that leaves a limit leaves what is asked.
func leaves(limit, asked acl.Limit) bool {
	switch limit.Access {
	case acl.Masked:
		return asked.Mask.Kind != "" && (asked.Mask == limit.Mask || asked.Mask.Kind == acl.MaskNull)
	case acl.Statistics:
		return asked.Access == acl.Statistics
	}
	return false
}
