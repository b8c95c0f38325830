package ranger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
	"github.com/yitong-hub/yitong/internal/fault"
)

// scheduled makes an engine whose only policy holds at the times of a schedule.
func scheduled(schedule ranger.Schedule) (*ranger.Engine, error) {
	return ranger.NewEngine(&ranger.File{
		ServiceDef: &ranger.ServiceDef{
			Name:        "lake",
			Resources:   []ranger.ResourceDef{{Name: "table"}},
			AccessTypes: []ranger.AccessTypeDef{{Name: "select"}},
		},
		Policies: ranger.Entries[ranger.Policy]{{
			ID: 1, Name: "scheduled", Schedules: []ranger.Schedule{schedule},
			Resources: map[string]ranger.PolicyResource{"table": {Values: ranger.Texts{"*"}}},
			Allow:     []ranger.Item{{Accesses: []ranger.ItemAccess{{Type: "select"}}, Groups: ranger.Texts{"public"}}},
		}},
	})
}

func at(t *testing.T, text string) ranger.Time {
	t.Helper()
	parsed, err := time.ParseInLocation("2006-01-02 15:04:05", text, time.FixedZone("", 8*60*60))
	require.NoError(t, err)
	return ranger.Time{Time: parsed}
}

func TestRecurrence(t *testing.T) {
	t.Parallel()
	every := func(minute, hour, dayOfMonth, dayOfWeek, month, year ranger.Text) ranger.RecurrenceStart {
		return ranger.RecurrenceStart{
			Minute: minute, Hour: hour, DayOfMonth: dayOfMonth, DayOfWeek: dayOfWeek, Month: month, Year: year,
		}
	}
	for _, c := range []struct {
		name    string
		start   ranger.RecurrenceStart
		lasts   ranger.Interval
		holds   []string
		expires []string
	}{
		{
			name: "minutes", start: every("0,20,40", "*", "*", "", "*", "*"), lasts: ranger.Interval{Minutes: 5},
			holds:   []string{"2026-01-05 10:00:00", "2026-01-05 10:25:00", "2026-01-05 10:44:59"},
			expires: []string{"2026-01-05 10:25:01", "2026-01-05 10:59:00"},
		},
		{
			name: "office hours on working days", start: every("0", "9", "", "2-6", "*", "*"), lasts: ranger.Interval{Hours: 8},
			holds:   []string{"2026-01-05 09:00:00", "2026-01-09 17:00:00"},
			expires: []string{"2026-01-05 08:59:59", "2026-01-09 17:00:01", "2026-01-10 10:00:00", "2026-01-11 10:00:00"},
		},
		{
			name: "nights from Friday", start: every("30", "22", "", "6", "*", "*"), lasts: ranger.Interval{Hours: 9},
			holds:   []string{"2026-01-09 22:30:00", "2026-01-10 00:15:00", "2026-01-10 07:30:00"},
			expires: []string{"2026-01-09 22:29:00", "2026-01-10 07:31:00", "2026-01-09 01:00:00"},
		},
		{
			name: "the first of the month", start: every("0", "0", "1", "", "*", "*"), lasts: ranger.Interval{Days: 2},
			holds:   []string{"2026-02-01 00:00:00", "2026-02-03 00:00:00", "2026-01-02 12:00:00"},
			expires: []string{"2026-02-03 00:00:01", "2026-01-31 23:59:59"},
		},
		{
			name: "the last days of long months only", start: every("0", "0", "31", "", "*", "*"), lasts: ranger.Interval{Days: 1},
			holds:   []string{"2026-01-31 12:00:00", "2026-02-01 00:00:00", "2026-03-31 05:00:00"},
			expires: []string{"2026-02-28 12:00:00", "2026-03-01 12:00:00", "2026-05-01 00:00:01"},
		},
		{
			name: "some months of some years", start: every("0", "0", "*", "", "6-8", "2026-2027"), lasts: ranger.Interval{Hours: 1},
			holds:   []string{"2026-06-01 00:30:00", "2027-08-31 00:59:59"},
			expires: []string{"2026-06-01 01:01:00", "2026-05-31 00:30:00", "2026-09-01 00:30:00", "2028-07-01 00:30:00"},
		},
		{
			name: "the hour before, across midnight", start: every("50", "*", "*", "", "*", "*"), lasts: ranger.Interval{Minutes: 20},
			holds:   []string{"2026-01-01 00:05:00", "2026-01-05 10:10:00"},
			expires: []string{"2026-01-01 00:11:00", "2026-01-05 10:49:00"},
		},
		{
			name: "no interval is always", start: every("0", "0", "1", "", "1", "2026"),
			holds: []string{"2026-07-01 10:00:00"},
		},
		{
			name: "no day is never", start: every("*", "*", "", "", "*", "*"), lasts: ranger.Interval{Hours: 1},
			expires: []string{"2026-07-01 10:00:00"},
		},
		{
			name: "a day that does not exist", start: every("*", "*", "32", "", "*", "*"), lasts: ranger.Interval{Hours: 1},
			expires: []string{"2026-07-01 10:00:00"},
		},
	} {
		engine, err := scheduled(ranger.Schedule{Recurrences: []ranger.Recurrence{{Schedule: c.start, Interval: c.lasts}}})
		require.NoError(t, err, c.name)
		ask := func(text string) bool {
			return engine.Access(ranger.Request{
				Resource: ranger.Resource{Elements: map[string]ranger.Element{"table": ranger.One("t")}},
				User:     "u", AccessType: "select", Time: at(t, text),
			}).Allowed
		}
		for _, text := range c.holds {
			require.True(t, ask(text), "%s: %s", c.name, text)
		}
		for _, text := range c.expires {
			require.False(t, ask(text), "%s: %s", c.name, text)
		}
	}
}

func TestScheduleThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for where, schedule := range map[string]ranger.Schedule{
		"startTime":           {Start: "2026-01-01"},
		"endTime":             {End: "tomorrow"},
		"timeZone":            {Zone: "Campus/Hall"},
		".schedule.hour":      {Recurrences: []ranger.Recurrence{{Schedule: ranger.RecurrenceStart{Hour: "noon"}, Interval: ranger.Interval{Hours: 1}}}},
		".schedule.dayOfWeek": {Recurrences: []ranger.Recurrence{{Schedule: ranger.RecurrenceStart{DayOfWeek: "2-x"}, Interval: ranger.Interval{Hours: 1}}}},
		".interval":           {Recurrences: []ranger.Recurrence{{Interval: ranger.Interval{Hours: -1}}}},
	} {
		_, err := scheduled(schedule)
		require.True(t, fault.Is(err, fault.Invalid), where)
		require.Contains(t, fault.Public(err), "policy 1 (scheduled)", where)
		require.Contains(t, fault.Public(err), where)
	}
}

func TestTimeZones(t *testing.T) {
	t.Parallel()
	for zone, offset := range map[string]string{
		"": "+00:00", "GMT": "+00:00", "GMT+8": "+08:00", "GMT-0330": "-03:30", "GMT+05:45": "+05:45",
		"PST": "-08:00", "IST": "+05:30", "Asia/Shanghai": "+08:00",
	} {
		engine, err := scheduled(ranger.Schedule{Start: "2026/01/15 12:00:00", Zone: zone})
		require.NoError(t, err, zone)
		start, err := time.Parse(time.RFC3339, "2026-01-15T12:00:00"+offset)
		require.NoError(t, err)
		for late, want := range map[time.Duration]bool{-time.Second: false, 0: true} {
			got := engine.Access(ranger.Request{
				Resource: ranger.Resource{Elements: map[string]ranger.Element{"table": ranger.One("t")}},
				User:     "u", AccessType: "select", Time: ranger.Time{Time: start.Add(late)},
			})
			require.Equal(t, want, got.Allowed, "%s %s", zone, late)
		}
	}
}
