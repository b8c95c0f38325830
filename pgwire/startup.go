package pgwire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/yitong-hub/yitong/internal/fault"
)

// database is the only one there is.
const database = "yitong"

const (
	sslRequest = 80877103
	gssRequest = 80877104
	// maxPassword is the size of a message before a client has signed in.
	maxPassword = 4 << 10
)

// writeTimeout is how long a client may take to read what it was sent.
const writeTimeout = time.Minute

// refuse tells a client why it is not served, without waiting for it for long.
func (s *Server) refuse(conn net.Conn, why *failure) {
	_ = conn.SetDeadline(time.Now().Add(time.Second)) // best effort: the client is not served anyway
	text, err := why.response().Encode(nil)
	if err == nil {
		_, _ = conn.Write(text)
	}
}

// refuseUnread refuses a client of which nothing was read: what it sent is, since
// closing before would take the answer from it.
func (s *Server) refuseUnread(conn net.Conn, why *failure) {
	s.refuse(conn, why)
	_, _ = conn.Read(make([]byte, maxPassword))
}

// startUp signs a client in; nil without an error says that it asked for nothing
// more than to cancel a statement.
func (s *Server) startUp(ctx, working context.Context, conn net.Conn) (*session, error) {
	if err := conn.SetDeadline(time.Now().Add(s.Limits.SignIn)); err != nil {
		return nil, err
	}
	unblock := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer unblock()
	conn, secure, err := s.encrypt(conn)
	if err != nil {
		return nil, err
	}
	received, minor, err := firstMessage(conn)
	if err != nil {
		return nil, err
	}
	backend := pgproto3.NewBackend(received, conn)
	backend.SetMaxBodyLen(maxPassword)
	message, err := backend.ReceiveStartupMessage()
	if err != nil {
		s.refuse(conn, fatal(stateProtocol, "the first message cannot be read"))
		return nil, err
	}
	switch message := message.(type) {
	case *pgproto3.CancelRequest:
		s.cancel(message.ProcessID, message.SecretKey)
		return nil, nil
	case *pgproto3.StartupMessage:
		opened := &session{server: s, conn: conn, backend: backend, ctx: working, from: addressOf(conn), statements: map[string]*prepared{}, portals: map[string]*portal{}}
		if err := opened.signIn(message.Parameters, secure, minor); err != nil {
			why := failureOf(ctx, err)
			why.fatal = true
			s.refuse(conn, why)
			return nil, err
		}
		unblock()
		return opened, opened.begin(ctx, received)
	}
	s.refuse(conn, fatal(stateProtocol, "encryption was agreed already"))
	return nil, errors.New("a client asked for encryption twice")
}

// encrypt answers requests for encryption, of which clients make one of each kind.
func (s *Server) encrypt(conn net.Conn) (made net.Conn, secure bool, err error) {
	for range 2 {
		reader := bufio.NewReaderSize(conn, 16) // no more than the request: what follows may be encrypted
		head, err := reader.Peek(8)
		if err != nil {
			return conn, false, err
		}
		code := binary.BigEndian.Uint32(head[4:])
		if binary.BigEndian.Uint32(head) != 8 || code != sslRequest && code != gssRequest {
			return &restored{conn, io.MultiReader(bytes.NewReader(drain(reader)), conn)}, false, nil
		}
		if reader.Buffered() > 8 { // somebody between may have put it there
			return conn, false, errors.New("a client sent more before it had an answer about encryption")
		}
		if code == sslRequest && s.TLS != nil {
			if _, err := conn.Write([]byte{'S'}); err != nil {
				return conn, false, err
			}
			return tls.Server(conn, s.TLS), true, nil
		}
		if _, err := conn.Write([]byte{'N'}); err != nil {
			return conn, false, err
		}
	}
	return conn, false, nil
}

func drain(reader *bufio.Reader) []byte {
	held := make([]byte, reader.Buffered())
	size, _ := reader.Read(held) // from memory: cannot fail
	return held[:size]
}

// restored is a connection of which something was read already.
type restored struct {
	net.Conn
	reader io.Reader
}

func (r *restored) Read(into []byte) (int, error) { return r.reader.Read(into) }

// firstMessage makes of the newest version that a client wants one that is spoken,
// and gives the minor version that it asked for.
func firstMessage(conn net.Conn) (received *swap, minor uint32, err error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(conn, head); err != nil {
		return nil, 0, err
	}
	version := binary.BigEndian.Uint32(head[4:])
	if version>>16 == 3 {
		if minor = version & 0xffff; minor != 0 && minor != 2 {
			binary.BigEndian.PutUint32(head[4:], pgproto3.ProtocolVersion32)
		}
	}
	return &swap{io.MultiReader(bytes.NewReader(head), conn)}, minor, nil
}

// swap is a reader that can be exchanged.
type swap struct{ reader io.Reader }

func (s *swap) Read(into []byte) (int, error) { return s.reader.Read(into) }

func addressOf(conn net.Conn) netip.Addr {
	parsed, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return parsed.Addr().Unmap()
}

// newestMinor is the newest version that is spoken, 3.2.
const newestMinor = 2

// signIn finds out who the client is.
func (s *session) signIn(parameters map[string]string, secure bool, minor uint32) error {
	s.user = parameters["user"]
	var unknown []string
	for name := range parameters {
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
			delete(parameters, name)
		}
	}
	s.long = minor >= newestMinor
	if minor > newestMinor || len(unknown) > 0 {
		s.backend.Send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: min(minor, newestMinor), UnrecognizedOptions: unknown})
	}
	if !secure && !s.from.IsLoopback() {
		return failed(stateSignIn, "without TLS a key may be sent from this machine alone: connect with sslmode=require, for which the server needs a certificate")
	}
	s.backend.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := s.backend.Flush(); err != nil {
		return err
	}
	message, err := s.backend.Receive()
	if err != nil {
		return failed(stateProtocol, "no password came: %s", "the connection broke off, or the message is none")
	}
	password, is := message.(*pgproto3.PasswordMessage)
	if !is {
		return failed(stateProtocol, "a password is expected")
	}
	s.password = password.Password
	if _, err := s.server.People.Principal(s.ctx, s.user, s.password, s.from); err != nil {
		if fault.Is(err, fault.Unavailable) {
			return err
		}
		return &failure{state: statePassword, message: fmt.Sprintf("password authentication failed for user %q", s.user), cause: err,
			hint: "The user is the id of an application and the password its key."}
	}
	if name, given := parameters["database"]; given && name != database || !given && s.user != database {
		return failed(stateNoDatabase, "database %q does not exist: the only one is %q", orDefault(name, s.user), database)
	}
	return s.setAtStart(parameters)
}

// begin tells a client that it is let in, and how to cancel; from now on received
// comes through an inlet.
func (s *session) begin(stopping context.Context, received *swap) error {
	if err := s.conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	length := 4
	if s.long {
		length = 32
	}
	if err := s.server.register(s, length); err != nil {
		return err
	}
	s.ctx, s.leave = context.WithCancelCause(s.ctx)
	s.inlet = newInlet(s.ctx, stopping, received.reader, func() { s.leave(errGone) })
	s.inlet.patience = s.patience
	received.reader = s.inlet
	s.backend.SetMaxBodyLen(s.server.Limits.Message)
	s.backend.Send(&pgproto3.AuthenticationOk{})
	for _, name := range reported {
		s.report(name)
	}
	s.backend.Send(&pgproto3.BackendKeyData{ProcessID: s.number, SecretKey: s.secret})
	return s.ready()
}
