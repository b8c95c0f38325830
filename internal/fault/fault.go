package fault

import (
	"errors"
	"fmt"
)

// Code says what kind of fault it is. Codes never change meaning: the API's
// HTTP status and the command line's exit status are derived from them.
type Code string

const (
	// Internal is any error that nobody gave a code: its text is never shown.
	Internal Code = "internal"
	// Invalid means that the request or definition is wrong and says where.
	Invalid Code = "invalid"
	// NotFound means that nothing of that name exists, or that it may not be known.
	NotFound Code = "not_found"
	// Gone means that it was there, and is not kept any more.
	Gone Code = "gone"
	// Denied means that the principal has no right to what was asked.
	Denied Code = "denied"
	// Conflict means that the state does not allow it now; nothing was changed.
	Conflict Code = "conflict"
	// Unavailable means that a source or server did not answer; trying again may help.
	Unavailable Code = "unavailable"
	// Stopped means that a safeguard kept the last good version of a dataset.
	Stopped Code = "stopped"
	// Canceled means that somebody stopped the work.
	Canceled Code = "canceled"
)

// Error is a coded error. Public is a sentence for people without any row
// value; Err is the cause, for the log only. Where names the place: a file
// and line, a field, a row.
type Error struct {
	Code   Code
	Public string
	Where  string
	Err    error
}

// New makes a coded error with a public sentence.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Public: fmt.Sprintf(format, args...)}
}

// Wrap gives err a code and a public sentence. It returns nil for a nil err.
func Wrap(err error, code Code, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, Public: fmt.Sprintf(format, args...), Err: err}
}

// At returns a copy of e that names the place where it was found.
func (e *Error) At(format string, args ...any) *Error {
	located := *e
	located.Where = fmt.Sprintf(format, args...)
	return &located
}

// Error gives the whole text, cause included: for the log, not for people.
func (e *Error) Error() string {
	text := e.Public
	if e.Where != "" {
		text = e.Where + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the outermost coded error in err's chain,
// Internal when there is none and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var coded *Error
	if errors.As(err, &coded) {
		return coded.Code
	}
	return Internal
}

// Is reports whether err carries code.
func Is(err error, code Code) bool { return CodeOf(err) == code }

// Public returns the sentence that may be shown to anybody: never a cause.
func Public(err error) string {
	var coded *Error
	if !errors.As(err, &coded) {
		return "an internal error occurred; the operator's log has the cause"
	}
	if coded.Where != "" {
		return coded.Where + ": " + coded.Public
	}
	return coded.Public
}
