package ranger

import (
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/acl"
)

// span is a time in which a policy counts; the zero value is always.
type span struct {
	valid acl.Period
	hours *acl.Hours
}

// spans takes the schedules of a policy. There are none where it never counts.
func (c *converter) spans(s *source, towards direction) ([]span, []problem) {
	if len(s.schedules) == 0 {
		return []span{{}}, nil
	}
	var made []span
	var problems []problem
	for _, one := range s.schedules {
		valid := acl.Period{From: one.from, Until: one.until}
		if towards == taking && !valid.Until.IsZero() {
			valid.Until = valid.Until.Add(time.Second) // in Ranger the last moment counts
		}
		if !valid.From.IsZero() && !valid.Until.IsZero() && !valid.From.Before(valid.Until) {
			continue
		}
		hours, always, found := c.recurring(one, towards)
		problems = append(problems, found...)
		if always {
			made = append(made, span{valid: valid})
		}
		for _, open := range hours {
			made = append(made, span{valid, open})
		}
	}
	return made, problems
}

// recurring takes the recurrences of a schedule as hours, or says that it
// counts always.
func (c *converter) recurring(one *schedule, towards direction) (made []*acl.Hours, always bool, problems []problem) {
	always = len(one.recurrences) == 0
	for _, recurrence := range one.recurrences {
		hours, frequency := recurrence.daily(towards, c.changing)
		switch frequency {
		case allTheTime:
			always = true
		case someHours:
			hours.Zone = c.options.Zone
			made = append(made, hours)
			if towards == taking {
				problems = append(problems, less("the end of its hours", "the last moment counts in Ranger, and hours here are of whole minutes", "the policy counts a minute longer"))
			}
		case unsayable:
			found := less("a recurrence of its schedule", "it is not plain hours of days", "it is left out: nothing is given in it")
			if towards == taking {
				found.consequence, always = "the policy counts for the whole of the schedule: more is hidden than in Ranger", true
			}
			problems = append(problems, found)
		}
	}
	if always {
		return nil, true, problems
	}
	return made, false, problems
}

// frequency says when a recurrence holds, as far as hours can say it.
type frequency int

const (
	unsayable frequency = iota
	neverAtAll
	someHours
	allTheTime
)

const (
	minutesOfDay = 24 * 60
	// nightEnds is when no clock in the world is changed any more.
	nightEnds = 5 * 60
)

// changes tells whether clocks change in a zone, in these years.
func changes(zone *time.Location) bool {
	first, until := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)
	_, offset := first.In(zone).Zone()
	for day := first; day.Before(until); day = day.AddDate(0, 0, 14) {
		if _, other := day.In(zone).Zone(); other != offset {
			return true
		}
	}
	return false
}

// daily takes a recurrence as hours of days. Where clocks change for the summer,
// as they do by night, these must not be hours of the night: recurrences have
// their length then, and hours here what the clock says.
func (r *recurrence) daily(towards direction, changing bool) (*acl.Hours, frequency) {
	length := r.days*minutesOfDay + r.hours*60 + r.minutes
	if length == 0 {
		return nil, allTheTime
	}
	minute, okMinute := r.minute.single()
	first, last, okHour := r.hour.between()
	days, often := r.weekdays()
	free := func(f field) bool { return f.all || !f.given() }
	switch {
	case often != someHours:
		return nil, often
	case !okMinute || !okHour || !free(r.month) || !free(r.year), last > first && length < 60:
		return nil, unsayable
	}
	length += (last - first) * 60
	if towards == taking {
		length = min(length+1, max(length, minutesOfDay)) // in Ranger the last moment counts
	}
	if length > minutesOfDay {
		return nil, unsayable
	}
	from := first*60 + minute
	if changing && (from < nightEnds || from+length > minutesOfDay) {
		return nil, unsayable
	}
	text := func(at int) string { return fmt.Sprintf("%02d:%02d", at/60%24, at%60) }
	return &acl.Hours{Days: days, From: text(from), Until: text(from + length)}, someHours
}

// weekdays gives the days on which the recurrence begins, none for every day.
// As in Ranger the later of the days by month and by week counts.
func (r *recurrence) weekdays() ([]string, frequency) {
	var days []string
	for day, name := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		if r.dayOfWeek.takes(day + 1) {
			days = append(days, name)
		}
	}
	switch {
	case r.dayOfWeek.given() && len(days) == 0, !r.dayOfMonth.given() && !r.dayOfWeek.given():
		return nil, neverAtAll
	case r.dayOfMonth.given() && !r.dayOfMonth.all:
		return nil, unsayable
	case r.dayOfMonth.all, len(days) == daysOfWeek:
		return nil, someHours
	}
	return days, someHours
}

// single gives the one value of a field.
func (f field) single() (int, bool) {
	from, until, ok := f.between()
	return from, ok && from == until
}

// between gives the bounds of a field that takes one stretch of values.
func (f field) between() (from, until int, ok bool) {
	from, until = f.max+1, f.min-1
	count := 0
	for value := f.min; value <= f.max; value++ {
		if f.takes(value) {
			from, until = min(from, value), max(until, value)
			count++
		}
	}
	return from, until, f.given() && count > 0 && count == until-from+1
}
