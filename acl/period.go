package acl

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Period is a span of time: From is in it, Until is not. A bound that is zero is
// none. Written as days, both days are in it: "2026-12-31" as Until is the end
// of that day, in the zone of the machine.
type Period struct {
	From  time.Time `json:"from,omitzero" yaml:"from,omitempty"`
	Until time.Time `json:"until,omitzero" yaml:"until,omitempty"`
}

// writtenPeriod is a period as people write it.
type writtenPeriod struct {
	From  string `json:"from" yaml:"from"`
	Until string `json:"until" yaml:"until"`
}

// Contains reports whether a moment is in the period.
func (p Period) Contains(at time.Time) bool {
	return (p.From.IsZero() || !at.Before(p.From)) && (p.Until.IsZero() || at.Before(p.Until))
}

// IsZero reports whether the period has no bounds.
func (p Period) IsZero() bool { return p.From.IsZero() && p.Until.IsZero() }

// String gives the bounds, as "2026-01-01 00:00 to 2026-12-31 00:00".
func (p Period) String() string {
	const layout = "2006-01-02 15:04"
	from, until := "the beginning", "no end"
	if !p.From.IsZero() {
		from = p.From.Format(layout)
	}
	if !p.Until.IsZero() {
		until = p.Until.Format(layout)
	}
	return from + " to " + until
}

// UnmarshalYAML reads days or moments.
func (p *Period) UnmarshalYAML(node *yaml.Node) error {
	var written writtenPeriod
	if err := node.Decode(&written); err != nil {
		return err
	}
	return p.read(written)
}

// UnmarshalJSON reads days or moments.
func (p *Period) UnmarshalJSON(text []byte) error {
	var written writtenPeriod
	if err := json.Unmarshal(text, &written); err != nil {
		return err
	}
	return p.read(written)
}

func (p *Period) read(written writtenPeriod) error {
	var err error
	if p.From, err = ParseMoment(written.From, false); err != nil {
		return err
	}
	if p.Until, err = ParseMoment(written.Until, true); err != nil {
		return err
	}
	if !p.From.IsZero() && !p.Until.IsZero() && !p.From.Before(p.Until) {
		return fault.New(fault.Invalid, "the period from %s until %s is empty", written.From, written.Until)
	}
	return nil
}

// ParseMoment reads a day, or a moment with its zone; "" is the zero time. A
// day is its beginning or, where end is set, the beginning of the next one.
func ParseMoment(text string, end bool) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if moment, err := time.Parse(time.RFC3339, text); err == nil {
		return moment, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "%q is not a time: write 2026-01-31 or 2026-01-31T08:00:00+08:00", text)
	}
	if end {
		day = day.AddDate(0, 0, 1)
	}
	return day, nil
}

// DefaultZone is where a campus's clocks are, when hours name no zone.
const DefaultZone = "Asia/Shanghai"

// Hours are the hours of the days of the week in which a policy counts.
type Hours struct {
	// Days are mon to sun; empty means every day.
	Days []string `json:"days,omitempty" yaml:"days,omitempty"`
	// From and Until are times of day as 08:00; Until at or before From is on the
	// next day. Days count by From.
	From  string `json:"from" yaml:"from"`
	Until string `json:"until" yaml:"until"`
	// Zone is a name of the time zone database, [DefaultZone] when empty.
	Zone string `json:"zone,omitempty" yaml:"zone,omitempty"`
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// clock is Hours made ready.
type clock struct {
	days        [7]bool
	from, until time.Duration // since midnight; until may be above 24 hours
	zone        *time.Location
}

func (h *Hours) clock() (*clock, error) {
	zone := h.Zone
	if zone == "" {
		zone = DefaultZone
	}
	made := &clock{}
	var err error
	if made.zone, err = time.LoadLocation(zone); err != nil {
		return nil, fault.New(fault.Invalid, "hours: there is no time zone %q", zone)
	}
	if made.from, err = timeOfDay(h.From); err != nil {
		return nil, err
	}
	if made.until, err = timeOfDay(h.Until); err != nil {
		return nil, err
	}
	if made.until <= made.from {
		made.until += 24 * time.Hour
	}
	for _, day := range h.Days {
		i := slices.Index(weekdays, strings.ToLower(day))
		if i < 0 {
			return nil, fault.New(fault.Invalid, "hours: %q is no day: write mon, tue, wed, thu, fri, sat or sun", day)
		}
		made.days[i] = true
	}
	if len(h.Days) == 0 {
		made.days = [7]bool{true, true, true, true, true, true, true}
	}
	return made, nil
}

func timeOfDay(text string) (time.Duration, error) {
	at, err := time.Parse("15:04", text)
	if err != nil && text == "24:00" {
		return 24 * time.Hour, nil
	}
	if err != nil {
		return 0, fault.New(fault.Invalid, "hours: %q is no time of day: write it as 08:00", text)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

// spans gives the open hours that begin on the day before, the day of and the
// eight days after a moment.
func (c *clock) spans(at time.Time, use func(from, until time.Time) bool) {
	local := at.In(c.zone)
	for offset := -1; offset <= 8; offset++ {
		day := time.Date(local.Year(), local.Month(), local.Day()+offset, 0, 0, 0, 0, c.zone)
		if !c.days[day.Weekday()] {
			continue
		}
		// Wall clock, not elapsed time: a day may have 23 or 25 hours.
		moment := func(since time.Duration) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day(), 0, int(since/time.Minute), 0, 0, c.zone)
		}
		if !use(moment(c.from), moment(c.until)) {
			return
		}
	}
}

// state reports whether the clock is open at a moment, and until when that is so.
func (c *clock) state(at time.Time) (open bool, change time.Time) {
	c.spans(at, func(from, until time.Time) bool {
		switch {
		case !at.Before(until): // past
		case !at.Before(from), open && !from.After(change): // now, or touching what is open
			open, change = true, later(change, until)
		default:
			if !open {
				change = from
			}
			return false
		}
		return true
	})
	return open, change
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
