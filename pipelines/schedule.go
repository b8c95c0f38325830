package pipelines

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Run synchronises systems at the times of their schedules until ctx ends.
// systems is asked every minute, so that changed definitions count at once. A
// sync that takes longer than its interval lets moments pass.
func (e *Engine) Run(ctx context.Context, systems func(context.Context) ([]definition.System, error)) error {
	for {
		now := e.config.Clock()
		timer := time.NewTimer(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if err := e.runDue(ctx, systems); err != nil && ctx.Err() == nil {
			e.config.Logger.Error("scheduled synchronisation", "error", err)
		}
	}
}

func (e *Engine) runDue(ctx context.Context, systems func(context.Context) ([]definition.System, error)) error {
	all, err := systems(ctx)
	if err != nil {
		return err
	}
	now := e.config.Clock()
	var due []string
	for _, system := range all {
		if system.Schedule == "" {
			continue
		}
		zone := system.Timezone
		if zone == "" {
			zone = defaultZone
		}
		location, err := time.LoadLocation(zone)
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "system %s: unknown time zone %q", system.ID, zone)
		}
		match, err := Due(system.Schedule, now.In(location))
		if err != nil {
			return err
		}
		if match {
			due = append(due, system.ID)
		}
	}
	if len(due) == 0 {
		return nil
	}
	_, err = e.Sync(ctx, all, Options{Systems: due})
	return err
}

// Due reports whether a five-field cron line (minute, hour, day of month,
// month, day of week; with *, lists, ranges and steps) names the minute of at.
// As in cron, when both days are restricted, either suffices.
func Due(line string, at time.Time) (bool, error) {
	fields := strings.Fields(line)
	if len(fields) != 5 {
		return false, fault.New(fault.Invalid, "schedule %q has %d fields: write minute, hour, day, month and weekday", line, len(fields))
	}
	values := [5]int{at.Minute(), at.Hour(), at.Day(), int(at.Month()), int(at.Weekday())}
	bounds := [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}
	var match [5]bool
	for i, field := range fields {
		var err error
		if match[i], err = matches(field, values[i], bounds[i]); err != nil {
			return false, fault.Wrap(err, fault.Invalid, "schedule %q: %s", line, fault.Public(err))
		}
	}
	if values[4] == 0 && !match[4] {
		match[4], _ = matches(fields[4], 7, bounds[4]) // Sunday has two numbers; the field was read above
	}
	day := match[2] && match[4]
	if fields[2] != "*" && fields[4] != "*" {
		day = match[2] || match[4]
	}
	return match[0] && match[1] && match[3] && day, nil
}

func matches(field string, value int, bounds [2]int) (bool, error) {
	found := false
	for part := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			var err error
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
				return false, fault.New(fault.Invalid, "%q is not a step", stepText)
			}
		}
		first, last, err := spanOf(span, stepped, bounds)
		if err != nil {
			return false, err
		}
		found = found || value >= first && value <= last && (value-first)%step == 0
	}
	return found, nil
}

func spanOf(text string, stepped bool, bounds [2]int) (first, last int, err error) {
	if text == "*" {
		return bounds[0], bounds[1], nil
	}
	from, to, isSpan := strings.Cut(text, "-")
	first, errFirst := strconv.Atoi(from)
	last = first
	var errLast error
	if isSpan {
		last, errLast = strconv.Atoi(to)
	} else if stepped {
		last = bounds[1]
	}
	if errFirst != nil || errLast != nil || first < bounds[0] || last > bounds[1] || first > last {
		return 0, 0, fault.New(fault.Invalid, "%q is not between %d and %d", text, bounds[0], bounds[1])
	}
	return first, last, nil
}
