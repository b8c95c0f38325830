package ranger

import (
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl/ranger/script"
)

// timeTest gives the functions that compare the time of access.
func (s *scope) timeTest(name string) script.Function {
	switch name {
	case "isAccessedAfter":
		return func(args []script.Value) (script.Value, error) {
			value, _ := s.attribute(args)
			limit := attributeTime(value)
			return limit.IsZero() || !s.q.time.Before(limit), nil
		}
	case "isAccessedBefore":
		return func(args []script.Value) (script.Value, error) {
			value, _ := s.attribute(args)
			limit := attributeTime(value)
			return !limit.IsZero() && !s.q.time.After(limit), nil
		}
	case "isAccessTimeAfter":
		return func(args []script.Value) (script.Value, error) { return s.after(text(args, 0), text(args, 1)) }
	case "isAccessTimeBefore":
		return func(args []script.Value) (script.Value, error) { return s.between("", text(args, 0), text(args, 1)) }
	case "isAccessTimeBetween":
		return func(args []script.Value) (script.Value, error) {
			return s.between(text(args, 0), text(args, 1), text(args, 2))
		}
	default:
		return nil
	}
}

// after tells whether the time of access lies after another.
func (s *scope) after(from, zone string) (script.Value, error) {
	location, err := s.location(zone)
	if err != nil {
		return nil, err
	}
	start, err := clock(from, location)
	return s.q.time.After(start), err
}

// location is the zone named, or that of the time of access.
func (s *scope) location(zone string) (*time.Location, error) {
	if strings.TrimSpace(zone) == "" {
		return s.q.time.Location(), nil
	}
	named, err := zoneNamed(zone)
	if err != nil {
		return nil, script.Unsupported("the time zone %q", zone)
	}
	return named, nil
}

// between tells whether the time of access lies in a span that holds its
// beginning but not its end; a bound that is empty is none.
func (s *scope) between(from, until, zone string) (script.Value, error) {
	location, err := s.location(zone)
	if err != nil {
		return nil, err
	}
	start, err := clock(from, location)
	if err != nil {
		return nil, err
	}
	end, err := clock(until, location)
	if err != nil {
		return nil, err
	}
	inside := (start.IsZero() || !s.q.time.Before(start)) && (end.IsZero() || s.q.time.Before(end))
	return inside, nil
}

func clock(given string, zone *time.Location) (time.Time, error) {
	if given == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006/1/2 15:4:5", "2006/1/2 15:4", "2006/1/2"} {
		if parsed, err := time.ParseInLocation(layout, given, zone); err == nil {
			return parsed, nil
		}
	}
	return time.Time{}, script.Unsupported("%q as a time", given)
}

// attributeTime reads the time that a tag's attribute gives, in UTC; the zero
// time where there is none.
func attributeTime(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, layout := range []string{"2006-01-02T15:04:05.999Z", "2006/01/02T15:04:05.999Z"} {
		if parsed, err := time.Parse(layout, text); err == nil {
			return parsed
		}
	}
	day := text[:min(len(text), len("2006/01/02"))]
	for _, layout := range []string{"2006/01/02", "2006/1/2"} {
		if parsed, err := time.Parse(layout, day); err == nil {
			return parsed
		}
	}
	return time.Time{}
}
