package pgwire

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/yitong-hub/yitong/query/statement"
)

// begin opens a block. Every statement in it reads the newest state that there is,
// as in PostgreSQL's isolation level READ COMMITTED.
func begin(s *session, c *command) (string, error) {
	if err := transactionModes(c.tokens); err != nil {
		return "", err
	}
	if s.state == outside {
		s.state = inside
		s.settings.before = maps.Clone(s.settings.values)
	} else {
		s.notice("there is already a transaction in progress")
	}
	if c.verb == "start" {
		return "START TRANSACTION", nil
	}
	return "BEGIN", nil
}

// transactionModes refuses the mode in which things are written.
func transactionModes(tokens []statement.Token) error {
	for i, one := range tokens {
		if one.Is("write") && i > 0 && tokens[i-1].Is("read") {
			return failed(stateReadOnly, "cannot set transaction read-write mode: data is read here, and never written")
		}
	}
	return nil
}

func commit(s *session, c *command) (string, error) {
	if c.has("prepared") {
		return "", failed(stateUnsupported, "there are no prepared transactions")
	}
	tag := "COMMIT"
	if s.state == insideIt {
		tag = "ROLLBACK"
	}
	s.leaveBlock(tag == "COMMIT")
	return tag, nil
}

func rollback(s *session, c *command) (string, error) {
	if c.has("prepared") {
		return "", failed(stateUnsupported, "there are no prepared transactions")
	}
	if c.has("to") { // a savepoint: nothing was written since
		if s.state == outside {
			return "", failed(stateNoTransaction, "ROLLBACK TO SAVEPOINT can only be used in transaction blocks")
		}
		s.state = inside
		return "ROLLBACK", nil
	}
	s.leaveBlock(false)
	return "ROLLBACK", nil
}

func (s *session) leaveBlock(kept bool) {
	if s.state == outside {
		s.notice("there is no transaction in progress")
		return
	}
	s.state = outside
	s.closePortals(false)
	s.settle(kept)
}

func savepoint(s *session, c *command) (string, error) {
	if s.state == outside {
		return "", failed(stateNoTransaction, "SAVEPOINT can only be used in transaction blocks")
	}
	if c.verb == "release" {
		return "RELEASE", nil
	}
	return "SAVEPOINT", nil
}

// has reports whether a word is among the tokens.
func (c *command) has(word string) bool {
	for _, one := range c.tokens {
		if one.Is(word) {
			return true
		}
	}
	return false
}

func discard(s *session, c *command) (string, error) {
	if len(c.tokens) != 1 {
		return "", failed(stateSyntax, "write DISCARD ALL")
	}
	switch what := c.tokens[0].Value(); what {
	case "all":
		if s.state != outside {
			return "", failed("25001", "DISCARD ALL cannot run inside a transaction block")
		}
		s.closePortals(true)
		s.statements = map[string]*prepared{}
		s.resetAll()
		return "DISCARD ALL", nil
	case "plans", "sequences", "temp", "temporary":
		return "DISCARD", nil
	}
	return "", failed(stateSyntax, "write DISCARD ALL")
}

func deallocate(s *session, c *command) (string, error) {
	tokens := c.tokens
	if len(tokens) > 1 && tokens[0].Is("prepare") {
		tokens = tokens[1:]
	}
	if len(tokens) != 1 {
		return "", failed(stateSyntax, "write DEALLOCATE with one name, or ALL")
	}
	if tokens[0].Is("all") {
		s.statements = map[string]*prepared{}
		return "DEALLOCATE ALL", nil
	}
	name := tokens[0].Value()
	if s.statements[name] == nil {
		return "", failed(stateNoStatement, "prepared statement %q does not exist", name)
	}
	delete(s.statements, name)
	return "DEALLOCATE", nil
}

// declare opens a cursor: DECLARE name [options] CURSOR [WITH HOLD] FOR query.
func declare(s *session, c *command) (string, error) {
	name, hold, at := "", false, -1
	for i, one := range c.tokens {
		switch {
		case i == 0:
			name = one.Value()
		case one.Is("hold"):
			hold = !c.tokens[i-1].Is("without")
		case one.Is("binary"):
			return "", failed(stateUnsupported, "binary cursors are not taken: drivers ask for binary values by the extended protocol")
		case one.Is("scroll") && !c.tokens[i-1].Is("no"):
			return "", failed(stateUnsupported, "cursors go forward: write NO SCROLL")
		}
		if one.Is("for") {
			at = i + 1
			break
		}
	}
	if at < 0 || at >= len(c.tokens) {
		return "", failed(stateSyntax, "write DECLARE name CURSOR FOR SELECT …")
	}
	if s.state == outside && !hold {
		return "", failed(stateNoTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	if s.portals[name] != nil {
		return "", failed(stateCursorExists, "cursor %q already exists", name)
	}
	of, err := s.prepare(c.from(at), nil)
	if err != nil {
		return "", err
	}
	if of.command != nil || of.parameters > 0 {
		return "", failed(stateUnsupported, "a cursor is for a query without parameters")
	}
	made := &portal{of: of, hold: hold}
	if err := s.keep(name, made); err != nil {
		return "", err
	}
	if err := s.open(made); err != nil {
		s.closeNamed('P', name)
		return "", err
	}
	return "DECLARE CURSOR", nil
}

// cursor gives the cursor of a FETCH and the number of rows that it asks for, 0 for
// all: FETCH [NEXT | n | ALL | FORWARD [n | ALL]] [FROM | IN] name.
func (s *session) cursor(c *command) (*portal, uint32, error) {
	if len(c.tokens) == 0 {
		return nil, 0, failed(stateSyntax, "write FETCH n FROM name")
	}
	last := len(c.tokens) - 1
	name, count := c.tokens[last].Value(), uint32(1)
	for _, one := range c.tokens[:last] {
		switch {
		case one.Is("next"), one.Is("forward"), one.Is("from"), one.Is("in"):
		case one.Is("all"):
			count = 0
		case one.Kind == statement.Number:
			number, err := strconv.ParseUint(one.Text, 10, 31)
			if err != nil || number == 0 {
				return nil, 0, failed(stateUnsupported, "a FETCH is for 1 row or more")
			}
			count = uint32(number)
		default:
			return nil, 0, failed(stateUnsupported, "cursors go forward: write FETCH n FROM name")
		}
	}
	found := s.portals[name]
	if found == nil {
		return nil, 0, failed(stateNoCursor, "cursor %q does not exist", name)
	}
	return found, count, nil
}

// fetch gives rows of a cursor, in the formats that the FETCH asks for.
func (s *session) fetch(p *portal, most uint32) error {
	cursor, count, err := s.cursor(p.of.command)
	if err != nil {
		return err
	}
	if err := s.describe(p); err != nil {
		return err
	}
	if most > 0 && (count == 0 || most < count) {
		return failed(stateUnsupported, "FETCH gives as many rows as it says")
	}
	var given int64
	if !cursor.done && cursor.rows != nil {
		var more bool
		given, more, err = s.give(p, cursor.rows, cursor.columns, count)
		if err != nil || !more {
			cursor.close()
		}
		if err != nil {
			return err
		}
	}
	s.backend.Send(&pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "FETCH %d", given)})
	return nil
}

func closeCursor(s *session, c *command) (string, error) {
	if len(c.tokens) != 1 {
		return "", failed(stateSyntax, "write CLOSE name, or CLOSE ALL")
	}
	if c.tokens[0].Is("all") {
		s.closePortals(true)
		return "CLOSE CURSOR ALL", nil
	}
	name := c.tokens[0].Value()
	if s.portals[name] == nil {
		return "", failed(stateNoCursor, "cursor %q does not exist", name)
	}
	s.closeNamed('P', name)
	return "CLOSE CURSOR", nil
}
