package check

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Severities.
const (
	Hard = "hard"
	Soft = "soft"
)

// The rules. A check other than NotNull lets NULL pass.
const (
	NotNull   = "not_null"
	Unique    = "unique"
	InCodeSet = "in_code_set"
	IDNumber  = "id_number"
	Luhn      = "luhn"
	Pattern   = "pattern"
	Range     = "range"
	Length    = "length"
	DateRange = "date_range"
)

// Subject is the field that a check looks at.
type Subject struct {
	// Field is the published name, Type its type.
	Field string
	Type  schema.Type
	// Value is the SQL expression of the standardised value.
	Value string
	// Codes are the codes of the field's code set, for InCodeSet.
	Codes []string
	// CodeSet is the code set's id, for the message.
	CodeSet string
}

// Condition is a compiled check.
type Condition struct {
	Field, Rule, Severity string
	// Fails is the SQL condition that is true for a failing row; empty for
	// Unique, which looks at more than one row.
	Fails string
	// Reason says what is wrong and what would be right.
	Reason string
}

// Compile makes a condition of a check; a mistake in the check is an Invalid fault.
func Compile(check definition.Check, subject Subject) (Condition, error) {
	severity := check.Severity
	if severity == "" {
		severity = Hard
	}
	if severity != Hard && severity != Soft {
		return Condition{}, fault.New(fault.Invalid, "field %s: unknown severity %q: write hard or soft", subject.Field, severity)
	}
	compile, ok := compilers[check.Rule]
	if !ok {
		return Condition{}, fault.New(fault.Invalid,
			"field %s: unknown check %q: the checks are not_null, unique, in_code_set, id_number, luhn, pattern, range, length, date_range", subject.Field, check.Rule)
	}
	fails, reason, err := compile(check, subject)
	if err != nil {
		return Condition{}, err
	}
	if fails != "" && check.Rule != NotNull {
		fails = fmt.Sprintf("(%s IS NOT NULL AND %s)", subject.Value, fails)
	}
	return Condition{Field: subject.Field, Rule: check.Rule, Severity: severity, Fails: fails, Reason: reason}, nil
}

type compiler func(definition.Check, Subject) (fails, reason string, err error)

var compilers = map[string]compiler{
	NotNull: func(_ definition.Check, s Subject) (string, string, error) {
		return s.Value + " IS NULL", "the field is empty; a value is needed", nil
	},
	Unique: func(definition.Check, Subject) (string, string, error) {
		return "", "another row has the same value; it must be unique", nil
	},
	InCodeSet: inCodeSet,
	IDNumber: func(_ definition.Check, s Subject) (string, string, error) {
		return "NOT coalesce(" + idNumber(text(s)) + ", false)", "not a valid resident ID number: 18 characters with a real date of birth and a matching check digit", nil
	},
	Luhn: func(_ definition.Check, s Subject) (string, string, error) {
		return "NOT coalesce(" + luhn(text(s)) + ", false)", "the check digit does not match (Luhn)", nil
	},
	Pattern: pattern, Range: within, Length: length, DateRange: within,
}

func text(s Subject) string {
	if s.Type.Kind == schema.String {
		return s.Value
	}
	return fmt.Sprintf("CAST(%s AS VARCHAR)", s.Value)
}

func inCodeSet(_ definition.Check, s Subject) (string, string, error) {
	if s.CodeSet == "" || len(s.Codes) == 0 {
		return "", "", fault.New(fault.Invalid, "field %s: in_code_set needs an element that has a code set with codes", s.Field)
	}
	quoted := make([]string, len(s.Codes))
	for i, code := range s.Codes {
		quoted[i] = warehouse.Literal(code)
	}
	return fmt.Sprintf("%s NOT IN (%s)", text(s), strings.Join(quoted, ", ")), "the code is not in code set " + s.CodeSet, nil
}

func pattern(check definition.Check, s Subject) (string, string, error) {
	// RE2 is Go's and the engine's syntax alike.
	if _, err := regexp.Compile(check.Pattern); err != nil || check.Pattern == "" {
		return "", "", fault.New(fault.Invalid, "field %s: pattern %q is not a regular expression (RE2)", s.Field, check.Pattern)
	}
	return fmt.Sprintf("NOT regexp_full_match(%s, %s)", text(s), warehouse.Literal(check.Pattern)),
		"the value does not have the form " + check.Pattern, nil
}

func length(check definition.Check, s Subject) (string, string, error) {
	return bounds(check, s, fmt.Sprintf("length(%s)", text(s)), "the number of characters", func(bound string) (string, error) {
		if _, err := strconv.ParseUint(bound, 10, 31); err != nil {
			return "", fault.New(fault.Invalid, "field %s: length bound %q is not a whole number", s.Field, bound)
		}
		return bound, nil
	})
}

// within compares with constants of the field's own type. In date_range, the
// word today is the day of the run.
func within(check definition.Check, s Subject) (string, string, error) {
	return bounds(check, s, s.Value, "the value", func(bound string) (string, error) {
		if bound == "today" && check.Rule == DateRange {
			return "current_date", nil
		}
		if check.Rule == DateRange || s.Type.Kind == schema.Date {
			if _, err := time.Parse(time.DateOnly, bound); err != nil {
				return "", fault.New(fault.Invalid, "field %s: date bound %q is not of the form 2006-01-02", s.Field, bound)
			}
			return "DATE " + warehouse.Literal(bound), nil
		}
		if _, ok := new(big.Rat).SetString(bound); !ok && numeric(s.Type.Kind) {
			return "", fault.New(fault.Invalid, "field %s: %s bound %q is not a number", s.Field, check.Rule, bound)
		}
		return fmt.Sprintf("CAST(%s AS %s)", warehouse.Literal(bound), s.Type.SQL()), nil
	})
}

func numeric(kind schema.Kind) bool {
	switch kind {
	case schema.String, schema.Binary, schema.Bool, schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.UUID:
		return false
	}
	return true
}

func bounds(check definition.Check, s Subject, value, what string, constant func(string) (string, error)) (string, string, error) {
	var fails, wanted []string
	for _, side := range []struct{ bound, comparison, word string }{{check.Min, "<", "at least"}, {check.Max, ">", "at most"}} {
		if side.bound == "" {
			continue
		}
		bound, err := constant(side.bound)
		if err != nil {
			return "", "", err
		}
		fails = append(fails, fmt.Sprintf("%s %s %s", value, side.comparison, bound))
		wanted = append(wanted, side.word+" "+side.bound)
	}
	if len(fails) == 0 {
		return "", "", fault.New(fault.Invalid, "field %s: check %s needs min, max or both", s.Field, check.Rule)
	}
	return "(" + strings.Join(fails, " OR ") + ")", what + " must be " + strings.Join(wanted, " and "), nil
}
