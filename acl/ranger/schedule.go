package ranger

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
)

// schedule says when a policy or tag holds.
type schedule struct {
	from, until time.Time
	recurrences []*recurrence
}

// schedulesOf prepares schedules. A time that cannot be read is an error here,
// though Ranger takes it for none: a policy must not last longer by a slip.
func schedulesOf(given []Schedule) ([]*schedule, error) {
	var made []*schedule
	for i, one := range given {
		prepared, err := newSchedule(one)
		if err != nil {
			return nil, err.At("validitySchedules[%d]%s", i, err.Where)
		}
		made = append(made, prepared)
	}
	return made, nil
}

func newSchedule(given Schedule) (*schedule, *fault.Error) {
	zone, err := zoneNamed(given.Zone)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s", fault.Public(err)).At(".timeZone")
	}
	made := new(schedule)
	var problem *fault.Error
	if made.from, problem = moment(given.Start, zone); problem != nil {
		return nil, problem.At(".startTime")
	}
	if made.until, problem = moment(given.End, zone); problem != nil {
		return nil, problem.At(".endTime")
	}
	for i, one := range given.Recurrences {
		prepared, problem := newRecurrence(one)
		if problem != nil {
			return nil, problem.At(".recurrences[%d]%s", i, problem.Where)
		}
		made.recurrences = append(made.recurrences, prepared)
	}
	return made, nil
}

// schedulesFromJSON reads a list of schedules, or one, that is written as text.
func schedulesFromJSON(text string) ([]*schedule, error) {
	var given []Schedule
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		text = "[" + text + "]"
	}
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return nil, invalidJSON(err, []byte(text))
	}
	return schedulesOf(given)
}

// moment reads "2006/01/02 15:04:05"; the zero time stands for none.
func moment(text string, zone *time.Location) (time.Time, *fault.Error) {
	if text == "" {
		return time.Time{}, nil
	}
	var year, month, day, hour, minute, second int
	if _, err := fmt.Sscanf(text, "%d/%d/%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second); err != nil ||
		!plausible(year, month, day, hour, minute, second) {
		return time.Time{}, fault.New(fault.Invalid, "%q is not a time such as 2026/01/31 08:00:00", text)
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, zone), nil
}

// plausible tells whether numbers may be parts of a time. Ranger's reader lets
// hours and days run over; so much of that is taken as calendars understand.
func plausible(year int, parts ...int) bool {
	for _, part := range parts {
		if part < 0 || part > 99 {
			return false
		}
	}
	return year >= 0 && year <= 9999
}

// holds tells whether the schedule holds at a time. Recurrences are reckoned in
// the zone of the time that is asked for.
func (s *schedule) holds(at time.Time) bool {
	if !s.from.IsZero() && at.Before(s.from) || !s.until.IsZero() && at.After(s.until) {
		return false
	}
	for _, one := range s.recurrences {
		if one.holds(at) {
			return true
		}
	}
	return len(s.recurrences) == 0
}

// anyHolds tells whether one of the schedules holds, or there are none.
func anyHolds(schedules []*schedule, at time.Time) bool {
	for _, one := range schedules {
		if one.holds(at) {
			return true
		}
	}
	return len(schedules) == 0
}
