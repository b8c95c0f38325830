package ranger

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
)

// recurrence says when within a schedule a policy holds: for an interval from
// each time that its fields name.
type recurrence struct {
	days, hours, minutes int

	minute, hour, dayOfMonth, dayOfWeek, month, year field
}

// field is one field of a recurrence: the values it takes, and its bounds. A
// field without values takes the present's.
type field struct {
	ranges   [][2]int
	all      bool
	min, max int
}

func (f field) given() bool { return f.all || len(f.ranges) > 0 }

func (f field) takes(value int) bool {
	if f.all {
		return true
	}
	for _, one := range f.ranges {
		if value >= one[0] && value <= one[1] {
			return true
		}
	}
	return false
}

const (
	firstYear, lastYear = 2017, 2100
	// maxInterval bounds an interval's parts, far above any use.
	maxInterval = 1 << 20
	// maxMonthsBack is how far back a day of the month is looked for: no day
	// that exists is farther.
	maxMonthsBack = 12
	daysOfWeek    = 7
)

func newRecurrence(given Recurrence) (*recurrence, *fault.Error) {
	for _, part := range []Number{given.Interval.Days, given.Interval.Hours, given.Interval.Minutes} {
		if part < 0 || part > maxInterval {
			return nil, fault.New(fault.Invalid, "%d cannot be part of an interval", part).At(".interval")
		}
	}
	made := &recurrence{
		days: int(given.Interval.Days), hours: int(given.Interval.Hours), minutes: int(given.Interval.Minutes),
	}
	if made.days+made.hours+made.minutes == 0 {
		return made, nil
	}
	parts := []struct {
		name             string
		text             Text
		to               *field
		min, max, offset int
	}{
		{"minute", given.Schedule.Minute, &made.minute, 0, 59, 0},
		{"hour", given.Schedule.Hour, &made.hour, 0, 23, 0},
		{"dayOfMonth", given.Schedule.DayOfMonth, &made.dayOfMonth, 1, 31, 0},
		{"dayOfWeek", given.Schedule.DayOfWeek, &made.dayOfWeek, 1, 7, 0},
		{"month", given.Schedule.Month, &made.month, 0, 11, -1}, // kept from 0, as Java counts
		{"year", given.Schedule.Year, &made.year, firstYear, lastYear, 0},
	}
	for _, part := range parts {
		parsed, err := parseField(string(part.text), part.offset)
		if err != nil {
			return nil, fault.New(fault.Invalid, "%q is not a list of numbers and ranges", part.text).At(".schedule.%s", part.name)
		}
		parsed.min, parsed.max = part.min, part.max
		*part.to = parsed
	}
	return made, nil
}

// parseField reads "1,3-5" or "*".
func parseField(text string, offset int) (field, error) {
	var parsed field
	if strings.TrimSpace(text) == "" {
		return parsed, nil
	}
	for _, spec := range strings.Split(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(spec), "-")
		if !isRange {
			to = from
		}
		if from == anything || to == anything {
			return field{all: true}, nil
		}
		low, lowErr := strconv.Atoi(strings.TrimSpace(from))
		high, highErr := strconv.Atoi(strings.TrimSpace(to))
		if lowErr != nil || highErr != nil {
			return field{}, errors.Join(lowErr, highErr)
		}
		parsed.ranges = append(parsed.ranges, [2]int{low + offset, high + offset})
	}
	return parsed, nil
}

// carried is a value of a field, and whether the next larger field must be one less.
type carried struct {
	value  int
	borrow bool
}

// past gives the closest value, going back from a value, that the field takes.
// Below the field's least it goes on from largest.
func (f field) past(from carried, largest int) (carried, bool) {
	value := from.value
	if from.borrow {
		value--
	}
	if !f.given() {
		if value < f.min {
			value = largest
		}
		return carried{value: value}, true
	}
	borrow := false
	for range f.max - f.min + 1 {
		if value < f.min {
			value, borrow = largest, true
		}
		if f.takes(value) {
			return carried{value: value, borrow: borrow}, true
		}
		value--
	}
	return carried{}, false
}

// holds tells whether the time lies in the interval that began last.
func (r *recurrence) holds(at time.Time) bool {
	if r.days+r.hours+r.minutes == 0 {
		return true
	}
	start, ok := r.lastStart(at)
	if !ok || start.After(at) {
		return false
	}
	end := start.Add(time.Duration(r.minutes)*time.Minute+time.Duration(r.hours)*time.Hour).AddDate(0, 0, r.days)
	return !end.Before(at)
}

func (r *recurrence) lastStart(at time.Time) (time.Time, bool) {
	minute, okMinute := r.minute.past(carried{value: at.Minute()}, r.minute.max)
	hour, okHour := r.hour.past(carried{value: at.Hour(), borrow: minute.borrow}, r.hour.max)
	if !okMinute || !okHour {
		return time.Time{}, false
	}
	var best time.Time
	if r.dayOfMonth.given() {
		day, ok := r.byDayOfMonth(at, minute.value, hour)
		if !ok {
			return time.Time{}, false
		}
		best = day
	}
	if r.dayOfWeek.given() {
		day, ok := r.byDayOfWeek(at, minute.value, hour)
		if !ok {
			return time.Time{}, false
		}
		if !best.After(day) {
			best = day
		}
	}
	return best, !best.IsZero()
}

func (r *recurrence) byDayOfMonth(at time.Time, minute int, hour carried) (time.Time, bool) {
	current := at
	if hour.borrow {
		current = at.AddDate(0, 0, -1)
	}
	for range maxMonthsBack {
		day, ok := r.dayOfMonth.past(carried{value: current.Day()}, daysBefore(current))
		if ok {
			month := current.Month()
			if day.borrow {
				month--
			}
			return r.fill(time.Date(current.Year(), month, day.value, hour.value, minute, 0, 0, at.Location()))
		}
		current = monthBefore(current)
	}
	return time.Time{}, false
}

// daysBefore is how many days the month before has.
func daysBefore(at time.Time) int {
	return time.Date(at.Year(), at.Month(), 0, 0, 0, 0, 0, time.UTC).Day()
}

// monthBefore goes back a month, to its last day if it has not as many.
func monthBefore(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month()-1, min(at.Day(), daysBefore(at)), 0, 0, 0, 0, at.Location())
}

func (r *recurrence) byDayOfWeek(at time.Time, minute int, hour carried) (time.Time, bool) {
	today := int(at.Weekday()) + 1 // from 1 for Sunday, as Java counts
	day, ok := r.dayOfWeek.past(carried{value: today, borrow: hour.borrow}, r.dayOfWeek.max)
	if !ok {
		return time.Time{}, false
	}
	back := today - day.value
	if day.borrow {
		yesterday := 0
		if hour.borrow {
			yesterday = 1
		}
		if back != yesterday {
			back += daysOfWeek
		}
	}
	return r.fill(time.Date(at.Year(), at.Month(), at.Day()-back, hour.value, minute, 0, 0, at.Location()))
}

// fill moves a time to the closest past month and year.
func (r *recurrence) fill(at time.Time) (time.Time, bool) {
	month, okMonth := r.month.past(carried{value: int(at.Month()) - 1}, r.month.max)
	year, okYear := r.year.past(carried{value: at.Year(), borrow: month.borrow}, r.year.max)
	if !okMonth || !okYear {
		return time.Time{}, false
	}
	return time.Date(year.value, time.Month(month.value+1), at.Day(), at.Hour(), at.Minute(), 0, 0, at.Location()), true
}
