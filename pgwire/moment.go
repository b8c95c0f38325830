package pgwire

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

const (
	// epochDays is the day of 2000-01-01, from which PostgreSQL counts, in days
	// since 1970-01-01.
	epochDays   = 10957
	microsOfDay = 86_400_000_000
)

// The engine's own infinities, and PostgreSQL's.
const (
	endOfDays   = math.MaxInt32
	startOfDays = -math.MaxInt32
	endOfTime   = math.MaxInt64
	startOfTime = -math.MaxInt64
)

// sinceEpoch gives days since 2000-01-01, the ends of time as PostgreSQL's.
func sinceEpoch(days int32) int32 {
	switch days {
	case endOfDays:
		return math.MaxInt32
	case startOfDays:
		return math.MinInt32
	}
	return days - epochDays
}

// microsSinceEpoch gives microseconds since 2000-01-01.
func microsSinceEpoch(value int64, unit arrow.TimeUnit) int64 {
	switch value {
	case endOfTime:
		return math.MaxInt64
	case startOfTime:
		return math.MinInt64
	}
	return micros(value, unit) - epochDays*microsOfDay
}

// micros gives a value in microseconds.
func micros(value int64, unit arrow.TimeUnit) int64 {
	switch unit {
	case arrow.Second:
		return value * 1_000_000
	case arrow.Millisecond:
		return value * 1_000
	case arrow.Nanosecond:
		return floorDiv(value, 1_000)
	}
	return value
}

func floorDiv(value, by int64) int64 {
	whole := value / by
	if value%by < 0 {
		whole--
	}
	return whole
}

// appendDay writes a year, month and day, and says whether it is before Christ.
func appendDay(to []byte, days int64) (made []byte, before bool) {
	at := time.Unix(days*86_400, 0).UTC()
	year := at.Year()
	if before = year <= 0; before {
		year = 1 - year
	}
	return fmt.Appendf(to, "%04d-%02d-%02d", year, at.Month(), at.Day()), before
}

func appendDate(to []byte, days int32) []byte {
	switch days {
	case endOfDays:
		return append(to, "infinity"...)
	case startOfDays:
		return append(to, "-infinity"...)
	}
	return withEra(appendDay(to, int64(days)))
}

func withEra(text []byte, before bool) []byte {
	if before {
		return append(text, " BC"...)
	}
	return text
}

// appendClock writes microseconds since midnight.
func appendClock(to []byte, value int64) []byte {
	seconds, fraction := value/1_000_000, value%1_000_000
	to = fmt.Appendf(to, "%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	return appendFraction(to, fraction)
}

func appendFraction(to []byte, fraction int64) []byte {
	if fraction == 0 {
		return to
	}
	to = fmt.Appendf(to, ".%06d", fraction)
	for to[len(to)-1] == '0' {
		to = to[:len(to)-1]
	}
	return to
}

func appendTimestamp(to []byte, value int64, of *arrow.TimestampType) []byte {
	switch value {
	case endOfTime:
		return append(to, "infinity"...)
	case startOfTime:
		return append(to, "-infinity"...)
	}
	value = micros(value, of.Unit)
	day := floorDiv(value, microsOfDay)
	to, before := appendDay(to, day)
	to = appendClock(append(to, ' '), value-day*microsOfDay)
	if of.TimeZone != "" {
		to = append(to, "+00"...)
	}
	return withEra(to, before)
}

// appendInterval writes an interval in PostgreSQL's own style.
func appendInterval(to []byte, value arrow.MonthDayNanoInterval) []byte {
	begin := len(to)
	part := func(count int64, name string) {
		if count == 0 {
			return
		}
		if len(to) > begin {
			to = append(to, ' ')
		}
		to = append(strconv.AppendInt(to, count, 10), ' ')
		to = append(to, name...)
		if count != 1 {
			to = append(to, 's')
		}
	}
	part(int64(value.Months)/12, "year")
	part(int64(value.Months)%12, "mon")
	part(int64(value.Days), "day")
	clock := value.Nanoseconds / 1000
	if clock == 0 && len(to) > begin {
		return to
	}
	if len(to) > begin {
		to = append(to, ' ')
	}
	if clock < 0 {
		to, clock = append(to, '-'), -clock
	}
	return appendClock(to, clock)
}
