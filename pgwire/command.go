package pgwire

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/yitong-hub/yitong/query/statement"
)

// command is a statement that is no query.
type command struct {
	verb   string
	tokens []statement.Token
	// ends says that it may end a transaction in which a statement failed.
	ends bool
	// run does it, and gives the tag of its completion.
	run  func(s *session, c *command) (tag string, err error)
	text string
}

// from gives the text from a token on.
func (c *command) from(token int) string { return c.text[c.tokens[token].At:] }

// queries are the words that queries begin with.
var queries = map[string]bool{"select": true, "with": true, "values": true, "table": true, "from": true, "(": true, "describe": true, "summarize": true, "pivot": true, "unpivot": true}

// commands are what is answered beside queries.
func commands() map[string]command {
	return map[string]command{
		"begin": {run: begin}, "start": {run: begin},
		"commit": {run: commit, ends: true}, "end": {run: commit, ends: true},
		"rollback": {run: rollback, ends: true}, "abort": {run: rollback, ends: true},
		"savepoint": {run: savepoint}, "release": {run: savepoint},
		"set": {run: set}, "reset": {run: reset}, "show": {},
		"discard": {run: discard}, "deallocate": {run: deallocate},
		"declare": {run: declare}, "close": {run: closeCursor}, "fetch": {},
		"unlisten": {run: func(*session, *command) (string, error) { return "UNLISTEN", nil }},
	}
}

// refusals say what is not done, and why.
var refusals = map[string]struct{ state, hint string }{
	"copy":    {stateUnsupported, "psql --csv -c 'SELECT …' writes a copy, and so does the HTTP API."},
	"explain": {stateUnsupported, "POST /v1/sql explains what a statement may see."},
	"prepare": {stateUnsupported, "Drivers prepare statements by the extended protocol."}, "execute": {stateUnsupported, "Drivers prepare statements by the extended protocol."},
	"listen": {stateUnsupported, "The change feed of the HTTP API tells of changes."}, "notify": {stateUnsupported, ""}, "move": {stateUnsupported, "FETCH goes forward."},
	"lock": {stateUnsupported, "Nothing needs to be locked: rows are read in one state."}, "load": {stateDenied, ""}, "install": {stateDenied, ""}, "attach": {stateDenied, ""}, "detach": {stateDenied, ""},
	"use": {stateUnsupported, ""}, "pragma": {stateDenied, ""}, "checkpoint": {stateDenied, ""}, "export": {stateDenied, ""},
}

// writers are the words that statements that change something begin with.
var writers = map[string]bool{
	"insert": true, "update": true, "delete": true, "merge": true, "truncate": true, "create": true, "alter": true, "drop": true, "grant": true, "revoke": true,
	"comment": true, "security": true, "vacuum": true, "analyze": true, "cluster": true, "reindex": true, "refresh": true, "import": true, "do": true, "call": true, "reassign": true,
}

// interpret says what a statement is; nil without an error is a query.
func interpret(text string) (*command, error) {
	tokens, err := statement.Tokens(text)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return &command{ends: true}, nil
	}
	verb := tokens[0].Value()
	if tokens[0].Kind != statement.Word && verb != "(" {
		return nil, failed(stateSyntax, "syntax error at or near %q", tokens[0].Text)
	}
	if queries[verb] {
		return nil, nil
	}
	if found, known := commands()[verb]; known {
		found.verb, found.tokens, found.text = verb, tokens[1:], text
		return &found, nil
	}
	word := strings.ToUpper(verb)
	if writers[verb] {
		return nil, failed(stateReadOnly, "cannot execute %s in a read-only transaction: data is read here, and never written", word)
	}
	if why, known := refusals[verb]; known {
		refused := failed(why.state, "%s is not taken here", word)
		refused.hint = why.hint
		return nil, refused
	}
	return nil, failed(stateSyntax, "syntax error at or near %q", tokens[0].Text)
}

// columns gives the columns of a command's answer, nil where it has none.
func (c *command) columns(s *session) ([]column, error) {
	switch c.verb {
	case "show":
		names, _, err := s.show(c)
		if err != nil {
			return nil, err
		}
		fields := make([]arrow.Field, len(names))
		for i, name := range names {
			fields[i] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
		}
		return columnsOf(arrow.NewSchema(fields, nil)), nil
	case "fetch":
		cursor, _, err := s.cursor(c)
		if err != nil {
			return nil, err
		}
		return cursor.columns, nil
	}
	return nil, nil
}

// command carries a command out.
func (s *session) command(p *portal, most uint32) error {
	c := p.of.command
	if s.state == insideIt && !c.ends {
		return errInFailedBlock()
	}
	switch c.verb {
	case "":
		s.backend.Send(&pgproto3.EmptyQueryResponse{})
		return nil
	case "show":
		return s.giveSettings(c)
	case "fetch":
		return s.fetch(p, most)
	}
	tag, err := c.run(s, c)
	if err != nil {
		return err
	}
	s.backend.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
	return nil
}
