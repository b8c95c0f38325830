package identity

import (
	"database/sql"
	"time"
)

// momentLayout sorts as text in the order of time.
const momentLayout = "2006-01-02T15:04:05.000000Z"

// moment writes a time so that texts sort as times do; the zero time is "".
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(momentLayout)
}

// kept is a time as the state database keeps it.
func kept(at time.Time) time.Time { return at.UTC().Truncate(time.Microsecond) }

// momentInto reads what moment wrote.
type momentInto struct{ at *time.Time }

// Scan implements sql.Scanner.
func (m momentInto) Scan(from any) error {
	var text sql.NullString
	if err := text.Scan(from); err != nil {
		return err
	}
	if text.String == "" {
		*m.at = time.Time{}
		return nil
	}
	var err error
	*m.at, err = time.Parse(momentLayout, text.String)
	return err
}
