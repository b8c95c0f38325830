package pgwire_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/query/statement"
)

// FuzzBytes sends anything at all instead of a startup message, and behind a
// sign-in: the server goes on serving.
func FuzzBytes(f *testing.F) {
	startup := func(code uint32, rest string) []byte {
		made := binary.BigEndian.AppendUint32(nil, uint32(8+len(rest)))
		return append(binary.BigEndian.AppendUint32(made, code), rest...)
	}
	for _, seed := range [][]byte{
		nil, {0}, startup(196608, "user\x00app_bi\x00\x00"), startup(196608, "user"), startup(80877103, ""), append(startup(80877103, ""), "more"...), startup(80877104, ""),
		startup(80877102, "\x00\x00\x00\x01\x00\x00\x00\x02"), startup(80877102, ""), {0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0}, {0, 0, 0, 4}, startup(196608+9999, "user\x00app_bi\x00_pq_.x\x001\x00\x00"), startup(131072, "x\x00\x00"),
		[]byte("GET / HTTP/1.1\r\n\r\n"), {'Q', 0, 0, 0, 4}, {'Q', 0xff, 0xff, 0xff, 0xff}, {'P', 0, 0, 0, 8, 'x', 0, 'y', 0}, {'B', 0, 0, 0, 6, 0, 0}, {'D', 0, 0, 0, 4}, {'E', 0, 0, 0, 4}, {'F', 0, 0, 0, 4}, {'p', 0, 0, 0, 4}, {'Z', 0, 0, 0, 4},
		message(f, &pgproto3.Parse{Query: "SELECT $1", ParameterOIDs: []uint32{23}}, &pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{1}}}, &pgproto3.Sync{}),
		message(f, &pgproto3.Parse{Query: "SELECT $1"}, &pgproto3.Bind{ParameterFormatCodes: []int16{7, 7}, Parameters: [][]byte{nil}, ResultFormatCodes: []int16{9}}, &pgproto3.Execute{MaxRows: 1 << 31}, &pgproto3.Sync{}),
		message(f, &pgproto3.Parse{Query: "SELECT $1", ParameterOIDs: []uint32{1700}}, &pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{0, 1, 0x7f, 0xff, 0, 0, 0, 0, 0, 1}}}, &pgproto3.Execute{}, &pgproto3.Sync{}),
		message(f, &pgproto3.Parse{Query: "SELECT 1, 2"}, &pgproto3.Bind{ResultFormatCodes: []int16{1, 1, 1}}, &pgproto3.Execute{}, &pgproto3.Sync{}),
		message(f, &pgproto3.Query{String: "DECLARE c CURSOR WITH HOLD FOR SELECT 1"}, &pgproto3.Bind{}, &pgproto3.Execute{Portal: "c"}, &pgproto3.Describe{ObjectType: 'P', Name: "c"}, &pgproto3.Describe{ObjectType: 'x'}, &pgproto3.Sync{}),
		message(f, &pgproto3.Query{String: "SET x"}, &pgproto3.Query{String: "SET"}, &pgproto3.Query{String: "FETCH"}, &pgproto3.Query{String: "DECLARE"}, &pgproto3.Query{String: "SET LOCAL SESSION TIME ZONE"}, &pgproto3.Query{String: "RESET"}),
	} {
		f.Add(seed)
	}
	s := serveFor(f)
	f.Fuzz(func(t *testing.T, sent []byte) {
		for _, signed := range []bool{false, true} {
			conn, err := net.Dial("tcp", s.address())
			require.NoError(t, err)
			require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
			if signed {
				signIn(t, conn)
			}
			_, _ = conn.Write(sent) // it may be refused before all is sent
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
			require.NoError(t, conn.Close())
		}
		conn, err := net.Dial("tcp", s.address())
		require.NoError(t, err)
		signIn(t, conn)
		require.NoError(t, conn.Close())
	})
}

func message(t testing.TB, messages ...pgproto3.FrontendMessage) []byte {
	t.Helper()
	var made []byte
	for _, one := range messages {
		var err error
		made, err = one.Encode(made)
		require.NoError(t, err)
	}
	return made
}

// signIn signs in by hand, until the server is ready.
func signIn(t testing.TB, conn net.Conn) {
	t.Helper()
	start := message(t, &pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": user, "database": "yitong"}}, &pgproto3.PasswordMessage{Password: password})
	_, err := conn.Write(start)
	require.NoError(t, err)
	frontend := pgproto3.NewFrontend(conn, conn)
	for {
		received, err := frontend.Receive()
		require.NoError(t, err)
		if _, ready := received.(*pgproto3.ReadyForQuery); ready {
			return
		}
	}
}

// FuzzTokens takes texts apart: nothing is lost, and statements apart are the text.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"SELECT 'a;b'; SELECT 1", "$$;$$;", "$a$ $$ $a$", "E'\\';'", "/* /* */ ; */ x", "\"a\"\";\"", "--x\n;", "1.5e3;a$b", "'", "中文;", "\x00\xff", "::\"char\" OPERATOR(pg_catalog.~)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := statement.Tokens(text)
		if err != nil {
			return
		}
		end := 0
		for _, one := range tokens {
			require.GreaterOrEqual(t, one.At, end)
			require.Equal(t, text[one.At:one.At+len(one.Text)], one.Text)
			end = one.At + len(one.Text)
			_ = one.Value()
		}
		parts, err := statement.Split(text)
		require.NoError(t, err)
		for _, part := range parts {
			again, err := statement.Split(part)
			require.NoError(t, err)
			require.Len(t, again, 1, "%q", part)
			require.True(t, bytes.Contains([]byte(text), []byte(part)))
		}
	})
}
