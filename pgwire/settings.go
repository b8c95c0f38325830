package pgwire

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/acl"
)

// Yitong's own settings.
const (
	settingRight   = "yitong.right"
	settingPurpose = "yitong.purpose"
	settingAsOf    = "yitong.as_of"
)

// serverVersion is the version of PostgreSQL whose catalog clients find.
const serverVersion = "15.0 (Yitong)"

// setting is something that clients set and show.
type setting struct {
	// name is how it is shown, standard its value at the beginning.
	name, standard string
	about          string
	// fixed says that it shows something and cannot be set.
	fixed bool
	// take checks a value and gives it as it is kept; nil takes any.
	take func(value string) (string, error)
}

// known are the settings that there are, by their names in small letters.
func known() map[string]setting {
	all := map[string]setting{}
	for _, one := range slices.Concat(ours(), clients(), fixed()) {
		all[strings.ToLower(one.name)] = one
	}
	return all
}

func ours() []setting {
	return []setting{
		{name: settingRight, standard: string(acl.Hold), about: "The right by which statements read: hold, or view with at most 1,000 rows.", take: one(string(acl.Hold), string(acl.View))},
		{name: settingPurpose, about: "What the data is wanted for."},
		{name: settingAsOf, about: "The moment whose state is read; nothing is now.", take: takeMoment},
	}
}

// clients are those that clients usually set. Those without a check change nothing.
func clients() []setting {
	return []setting{
		{name: "client_encoding", standard: "UTF8", about: "The client's character set encoding.", take: takeEncoding},
		{name: "DateStyle", standard: "ISO, MDY", about: "The format of dates.", take: takeDateStyle},
		{name: "IntervalStyle", standard: "postgres", about: "The format of intervals.", take: one("postgres")},
		{name: "bytea_output", standard: "hex", about: "The format of bytes.", take: one("hex")},
		{name: "standard_conforming_strings", standard: "on", about: "Backslashes in texts are plain.", take: one("on")},
		{name: "TimeZone", standard: "UTC", about: "The zone of instants, always UTC.", take: takeZone},
		{name: "statement_timeout", standard: "0", about: "How long a statement may take, in milliseconds.", take: takeTime},
		{name: "transaction_read_only", standard: "on", about: "Data is read, and never written.", take: takeReadOnly},
		{name: "transaction_isolation", standard: "read committed", about: "The isolation level of the transaction."},
		{name: "default_transaction_isolation", standard: "read committed", about: "The isolation level of transactions."},
		{name: "default_transaction_read_only", standard: "on", about: "What clients wish; data is never written."},
		{name: "role", standard: "none", about: "The current role.", take: takeRole},
		{name: "application_name", about: "The name of the client."}, {name: "extra_float_digits", standard: "1", about: "Numbers are always given exactly."},
		{name: "search_path", standard: `"$user", public`, about: "Datasets are named in full, as hr.staff."},
		{name: "client_min_messages", standard: "notice", about: "No effect."}, {name: "lock_timeout", standard: "0", about: "No effect."},
		{name: "idle_in_transaction_session_timeout", standard: "0", about: "No effect."}, {name: "row_security", standard: "on", about: "Rows are always filtered."},
		{name: "jit", standard: "off", about: "No effect."}, {name: "geqo", standard: "on", about: "No effect."}, {name: "lc_messages", standard: "C", about: "No effect."},
		{name: "lc_monetary", standard: "C", about: "No effect."}, {name: "lc_numeric", standard: "C", about: "No effect."}, {name: "lc_time", standard: "C", about: "No effect."},
		{name: "default_transaction_deferrable", standard: "off", about: "No effect."}, {name: "transaction_deferrable", standard: "off", about: "No effect."},
		{name: "synchronize_seqscans", standard: "on", about: "No effect."}, {name: "quote_all_identifiers", standard: "off", about: "No effect."},
		{name: "xmloption", standard: "content", about: "No effect."}, {name: "check_function_bodies", standard: "on", about: "No effect."}, {name: "work_mem", standard: "4MB", about: "No effect."},
	}
}

func fixed() []setting {
	var all []setting
	for name, value := range map[string]string{
		"server_version": serverVersion, "server_version_num": "150000", "server_encoding": "UTF8", "integer_datetimes": "on", "is_superuser": "off",
		"in_hot_standby": "off", "session_authorization": "", "max_identifier_length": "63", "max_index_keys": "32", "block_size": "8192",
		"lc_collate": "C", "lc_ctype": "C.UTF-8", "ssl": "on", "max_connections": "100",
	} {
		all = append(all, setting{name: name, standard: value, fixed: true})
	}
	return all
}

// reported are the settings whose values clients are told unasked.
var reported = []string{
	"server_version", "server_encoding", "client_encoding", "application_name", "is_superuser", "session_authorization", "DateStyle", "IntervalStyle",
	"TimeZone", "integer_datetimes", "standard_conforming_strings", "default_transaction_read_only", "in_hot_standby",
}

// settings are those of a session.
type settings struct {
	// values are those that were set, by their names in small letters.
	values map[string]string
	// start are those of the connection, to which RESET goes back, before those of
	// before the transaction, and local those of before SET LOCAL.
	start, before, local map[string]string
}

// value gives the value of a setting.
func (s *settings) value(name string) string {
	name = strings.ToLower(name)
	if value, set := s.values[name]; set {
		return value
	}
	return known()[name].standard
}

// asOf is the moment whose state is read, nil for now.
func (s *settings) asOf() *time.Time {
	at, err := time.Parse(time.RFC3339Nano, s.value(settingAsOf))
	if err != nil {
		return nil
	}
	return &at
}

// one takes one of some words.
func one(words ...string) func(string) (string, error) {
	return func(value string) (string, error) {
		if slices.Contains(words, strings.ToLower(value)) {
			return strings.ToLower(value), nil
		}
		return "", failed(stateValue, "the value can be %s", strings.Join(words, " or "))
	}
}

func takeMoment(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			return at.UTC().Format(time.RFC3339Nano), nil
		}
	}
	return "", failed(stateValue, "a moment is written as 2026-01-31 or 2026-01-31T08:00:00Z")
}

func takeEncoding(value string) (string, error) {
	switch strings.ReplaceAll(strings.ToLower(value), "-", "") {
	case "utf8", "unicode":
		return "UTF8", nil
	}
	return "", failed(stateValue, "texts are UTF-8: set client_encoding to UTF8")
}

func takeDateStyle(value string) (string, error) {
	if strings.HasPrefix(strings.ToLower(value), "iso") {
		return "ISO, MDY", nil
	}
	return "", failed(stateValue, "dates are written as in ISO 8601: set DateStyle to ISO")
}

// takeZone takes any zone and keeps UTC, so that nobody takes a clock for another.
func takeZone(string) (string, error) { return "UTC", nil }

func takeTime(value string) (string, error) {
	for unit, factor := range map[string]int64{"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "": 1} {
		if number, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, unit)), 10, 32); err == nil && number >= 0 {
			return strconv.FormatInt(number*factor, 10), nil
		}
	}
	return "", failed(stateValue, "a time is written as 5000 or 5s")
}

func takeReadOnly(value string) (string, error) {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		return "on", nil
	}
	return "", failed(stateReadOnly, "cannot set transaction read-write mode: data is read here, and never written")
}

func takeRole(value string) (string, error) {
	if strings.EqualFold(value, "none") {
		return "none", nil
	}
	return "", failed(stateDenied, "permission denied to set role: who asks is who signed in")
}

// change sets a setting.
func (s *session) change(name, value string, local bool) error {
	name = strings.ToLower(name)
	of, is := known()[name]
	switch {
	case !is:
		return failed(stateNoSetting, "unrecognized configuration parameter %q", name)
	case of.fixed:
		return failed(stateCondition, "parameter %q cannot be changed", name)
	case strings.ContainsRune(value, 0) || len(value) > 1000:
		return failed(stateValue, "invalid value for parameter %q", name)
	}
	if of.take != nil {
		var err error
		if value, err = of.take(value); err != nil {
			return err
		}
	}
	if local && s.state == inside {
		if s.settings.local == nil {
			s.settings.local = map[string]string{}
		}
		if _, kept := s.settings.local[name]; !kept {
			s.settings.local[name] = s.settings.value(name)
		}
	} else if local {
		s.notice("SET LOCAL can only be used in transaction blocks")
		return nil
	}
	s.settings.values[name] = value
	s.reportChange(of.name)
	return nil
}

func (s *session) reportChange(name string) {
	if s.inlet != nil && slices.Contains(reported, name) { // it is told all of them when it is let in
		s.report(name)
	}
}

// settle ends what counts within a transaction.
func (s *session) settle(kept bool) {
	if !kept {
		s.restore(s.settings.before)
	} else if s.settings.local != nil {
		values := maps.Clone(s.settings.values)
		maps.Copy(values, s.settings.local)
		s.restore(values)
	}
	s.settings.before, s.settings.local = nil, nil
}

func (s *session) resetAll() { s.restore(s.settings.start) }

// restore goes back to values, and tells the client.
func (s *session) restore(values map[string]string) {
	was := s.settings
	s.settings.values = maps.Clone(values)
	if s.settings.values == nil {
		s.settings.values = map[string]string{}
	}
	for _, name := range reported {
		if was.value(name) != s.settings.value(name) {
			s.report(name)
		}
	}
}

// statementTime is how long a statement may take: the server's time, or less where
// the client wishes so.
func (s *session) statementTime() time.Duration {
	most := s.server.Limits.Statement
	wished, err := strconv.ParseInt(s.settings.value("statement_timeout"), 10, 64)
	if err != nil || wished == 0 {
		return most
	}
	return min(most, time.Duration(wished)*time.Millisecond)
}
