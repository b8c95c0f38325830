package pgwire

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/yitong-hub/yitong/query/statement"
)

// setAtStart takes the settings of a startup message, those of options too.
func (s *session) setAtStart(parameters map[string]string) error {
	s.state = outside
	s.settings = settings{values: map[string]string{"session_authorization": s.user}}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		value := parameters[name]
		switch name {
		case "user", "database":
		case "replication":
			if !slices.Contains([]string{"false", "off", "no", "0"}, strings.ToLower(value)) {
				return failed(stateUnsupported, "there is no replication: the change feed of the HTTP API tells of changes")
			}
		case "options":
			if err := s.setOptions(value); err != nil {
				return err
			}
		default:
			if err := s.change(name, value, false); err != nil {
				return err
			}
		}
	}
	s.settings.start = maps.Clone(s.settings.values)
	return nil
}

// setOptions reads -c name=value and --name=value; a backslash stands before a
// blank that belongs to a value.
func (s *session) setOptions(options string) error {
	words := optionWords(options)
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "-c" && i+1 < len(words):
			i++
			word = words[i]
		case strings.HasPrefix(word, "-c"):
			word = word[2:]
		case strings.HasPrefix(word, "--"):
			word = word[2:]
		default:
			return failed(stateValue, "options are written as -c name=value")
		}
		name, value, is := strings.Cut(word, "=")
		if !is {
			return failed(stateValue, "options are written as -c name=value")
		}
		if err := s.change(strings.ReplaceAll(name, "-", "_"), value, false); err != nil {
			return err
		}
	}
	return nil
}

func optionWords(options string) []string {
	var words []string
	var word strings.Builder
	begun, escaped := false, false
	for _, one := range options {
		switch {
		case escaped:
			word.WriteRune(one)
			escaped = false
		case one == '\\':
			escaped, begun = true, true
		case one == ' ' || one == '\t' || one == '\n':
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteRune(one)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// set is SET [SESSION | LOCAL] name {TO | =} value, and its other forms.
func set(s *session, c *command) (string, error) {
	tokens, local := c.tokens, false
	if len(tokens) > 0 && tokens[0].Is("local") {
		tokens, local = tokens[1:], true
	} else if len(tokens) > 1 && tokens[0].Is("session") && !tokens[1].Is("authorization") {
		tokens = tokens[1:]
	}
	switch {
	case len(tokens) == 0:
		return "", failed(stateSyntax, "write SET name = value")
	case tokens[0].Is("characteristics"):
		return "SET", nil // what clients wish: BEGIN says what cannot be
	case tokens[0].Is("transaction"):
		return "SET", transactionModes(tokens)
	case tokens[0].Is("session"):
		if last := tokens[len(tokens)-1]; last.Is("default") || last.Value() == s.user {
			return "SET", nil
		}
		return "", failed(stateDenied, "permission denied to set session authorization: who asks is who signed in")
	case tokens[0].Is("time") && len(tokens) > 2 && tokens[1].Is("zone"):
		return "SET", s.change("TimeZone", valueOf(tokens[2:]), local)
	case tokens[0].Is("names"):
		return "SET", s.change("client_encoding", valueOf(tokens[1:]), local)
	case tokens[0].Is("role"):
		return "SET", s.change("role", valueOf(tokens[1:]), local)
	}
	name, rest := nameOf(tokens)
	if len(rest) < 2 || rest[0].Text != "=" && !rest[0].Is("to") {
		return "", failed(stateSyntax, "write SET name = value")
	}
	if rest = rest[1:]; len(rest) == 1 && rest[0].Is("default") {
		return "SET", s.reset(name)
	}
	return "SET", s.change(name, valueOf(rest), local)
}

// nameOf gives a name that may have parts, and what comes behind it.
func nameOf(tokens []statement.Token) (string, []statement.Token) {
	if len(tokens) == 0 {
		return "", nil
	}
	name, at := tokens[0].Value(), 1
	for at+1 < len(tokens) && tokens[at].Text == "." {
		name += "." + tokens[at+1].Value()
		at += 2
	}
	return name, tokens[at:]
}

// valueOf gives a value, of a list with commas between.
func valueOf(tokens []statement.Token) string {
	var value strings.Builder
	for _, one := range tokens {
		if one.Text == "," {
			value.WriteString(", ")
			continue
		}
		if one.Kind == statement.Word {
			value.WriteString(one.Text)
			continue
		}
		value.WriteString(one.Value())
	}
	return value.String()
}

func reset(s *session, c *command) (string, error) {
	if len(c.tokens) == 1 && c.tokens[0].Is("all") {
		s.resetAll()
		return "RESET", nil
	}
	name, rest := nameOf(c.tokens)
	if len(c.tokens) == 2 && c.tokens[0].Is("session") && c.tokens[1].Is("authorization") {
		return "RESET", nil
	}
	if len(c.tokens) == 2 && c.tokens[0].Is("time") {
		name, rest = "TimeZone", nil
	}
	if name == "" || len(rest) > 0 {
		return "", failed(stateSyntax, "write RESET name, or RESET ALL")
	}
	return "RESET", s.reset(name)
}

func (s *session) reset(name string) error {
	name = strings.ToLower(name)
	of, is := known()[name]
	if !is {
		return failed(stateNoSetting, "unrecognized configuration parameter %q", name)
	}
	if value, set := s.settings.start[name]; set {
		s.settings.values[name] = value
	} else {
		delete(s.settings.values, name)
	}
	s.reportChange(of.name)
	return nil
}

// show gives the columns and lines of SHOW name and SHOW ALL.
func (s *session) show(c *command) (names []string, lines [][]string, err error) {
	if len(c.tokens) == 1 && c.tokens[0].Is("all") {
		all := known()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			lines = append(lines, []string{all[name].name, s.settings.value(name), all[name].about})
		}
		return []string{"name", "setting", "description"}, lines, nil
	}
	name, rest := nameOf(c.tokens)
	switch {
	case c.is("time", "zone"):
		name, rest = "TimeZone", nil
	case c.is("transaction", "isolation", "level"):
		name, rest = "transaction_isolation", nil
	case c.is("session", "authorization"):
		name, rest = "session_authorization", nil
	}
	of, is := known()[strings.ToLower(name)]
	if !is || len(rest) > 0 {
		why := failed(stateNoSetting, "unrecognized configuration parameter %q", name)
		why.hint = "information_schema.tables and information_schema.columns tell what there is."
		return nil, nil, why
	}
	return []string{of.name}, [][]string{{s.settings.value(name)}}, nil
}

// is reports whether the tokens are some words.
func (c *command) is(words ...string) bool {
	return slices.EqualFunc(c.tokens, words, statement.Token.Is)
}

func (s *session) giveSettings(c *command) error {
	_, lines, err := s.show(c)
	if err != nil {
		return err
	}
	for _, line := range lines {
		row := &pgproto3.DataRow{}
		for _, value := range line {
			row.Values = append(row.Values, []byte(value))
		}
		s.backend.Send(row)
	}
	s.backend.Send(&pgproto3.CommandComplete{CommandTag: fmt.Append(nil, "SHOW")})
	return nil
}
