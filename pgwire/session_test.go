package pgwire_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/pgwire"
)

func (s *serving) tryToConnect(t *testing.T, dsn string) error {
	t.Helper()
	connection, err := pgconn.Connect(t.Context(), dsn)
	if err == nil {
		require.NoError(t, connection.Close(t.Context()))
	}
	return err
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for more, state := range map[string]string{
		"": "", "dbname=other": "3D000", "user=leader": "28P01", "password=wrong": "28P01", "password=": "28P01",
		"options='-c yitong.purpose=x -c yitong.right=view'": "", "options='-c nonsense=1'": "42704", "options='nonsense'": "22023", "options='-c yitong.right=create'": "22023",
		"application_name=x": "", "search_path=hr": "", "datestyle=German": "22023", "client_encoding=GBK": "22023", "client_encoding=UTF8": "", "timezone=Asia/Shanghai": "",
		"options='-c server_version=1'": "55000", "options='-c role=admin'": "42501", "replication=database": "0A000", "statement_timeout=5s": "",
		`options='-c yitong.purpose=x\\;\\ DROP\\ TABLE\\ y'`: "", "options='-c yitong.as_of=yesterday'": "22023", "options='-c session_authorization=admin'": "55000",
	} {
		require.Equal(t, state, stateOf(s.tryToConnect(t, s.dsn(more))), "%s", more)
	}
	require.Equal(t, "3D000", stateOf(s.tryToConnect(t, strings.Replace(s.dsn(""), "dbname=yitong", "", 1))))
}

// TestWithoutTLSOnlyThisMachineSignsIn connects from an address that is no loopback.
func TestWithoutTLSOnlyThisMachineSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		config *tls.Config
		mode   string
		state  string
	}{
		"without": {nil, "disable", "28000"}, "with, and not used": {certificate(t), "disable", "28000"}, "with": {certificate(t), "require", ""},
	} {
		gate := w.gate()
		t.Cleanup(gate.Close)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
		ended := make(chan error, 1)
		go func() {
			ended <- pgwire.New(pgwire.Config{Gate: gate, People: w, Logger: quiet(), TLS: c.config}).Serve(ctx, afar{listener})
		}()
		s := &serving{world: w, port: listener.Addr().(*net.TCPAddr).Port}
		err = s.tryToConnect(t, strings.Replace(s.dsn(""), "sslmode=prefer", "sslmode="+c.mode, 1))
		require.Equal(t, c.state, stateOf(err), "%s: %v", name, err)
		stop()
		require.NoError(t, <-ended)
	}
}

// afar makes all clients come from another machine.
type afar struct{ net.Listener }

func (a afar) Accept() (net.Conn, error) {
	conn, err := a.Listener.Accept()
	return fromAfar{conn}, err
}

type fromAfar struct{ net.Conn }

func (fromAfar) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{made}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// TestEveryStatementIsDecidedAnew takes grants and keys away in a session.
func TestEveryStatementIsDecidedAnew(t *testing.T) {
	t.Parallel()
	s := serve(t)
	connection := s.connect(t, pgx.QueryExecModeCacheStatement, "")
	names := "SELECT table_schema FROM information_schema.tables WHERE table_schema IN ('hr', 'hidden_system')"
	_, err := texts(t, connection, "SELECT id FROM hr.staff")
	require.NoError(t, err)
	found, err := texts(t, connection, names)
	require.NoError(t, err)
	require.Equal(t, []string{"hr"}, found)
	s.allow(t, "hidden_system.hidden_table")
	_, err = texts(t, connection, "SELECT id FROM hr.staff")
	require.Equal(t, "42P01", stateOf(err))
	found, err = texts(t, connection, names)
	require.NoError(t, err)
	require.Equal(t, []string{"hidden_system"}, found)
	s.revoke(false, true)
	_, err = texts(t, connection, "SELECT 1")
	require.Equal(t, "53400", stateOf(err))
	s.revoke(true, false)
	_, err = texts(t, connection, "SELECT 2")
	require.Equal(t, "28000", stateOf(err))
	require.True(t, connection.IsClosed(), "an ended key ends the session")
}

func TestSettingsAndTransactions(t *testing.T) {
	t.Parallel()
	s := serve(t)
	connection := s.connect(t, pgx.QueryExecModeSimpleProtocol, "")
	for _, step := range []struct{ sql, want string }{
		{"SHOW yitong.right", "hold"}, {"SELECT count(*) FROM (SELECT * FROM range(1001))", "1001"}, {"SET yitong.right = 'view'", ""}, {"SHOW yitong.right", "view"},
		{"SELECT x FROM range(1001) r(x)", "!54000"}, {"SET SESSION yitong.purpose TO 'study'", ""}, {"SHOW yitong.purpose", "study"}, {"SELECT current_setting('yitong.purpose')", "study"},
		{"RESET ALL", ""}, {"SHOW yitong.right", "hold"}, {"SET yitong.right TO create", "!22023"}, {"SET yitong.as_of = '2020-01-01'", ""}, {"SELECT count(*) FROM hr.staff", "0"},
		{"RESET yitong.as_of", ""}, {"SELECT count(*) FROM hr.staff", "3"}, {"SET yitong.as_of = 'x'", "!22023"}, {"SET nothing = 1", "!42704"}, {"SHOW nothing", "!42704"},
		{"SET client_encoding TO 'UTF8'; SET extra_float_digits = 3; SET search_path TO hr, public; SET application_name = 'x'; SET NAMES 'UTF8'", ""}, {"SHOW search_path", "hr, public"},
		{"SET TIME ZONE 'Asia/Shanghai'", ""}, {"SHOW TIME ZONE", "UTC"}, {"SET datestyle = 'ISO, DMY'", ""}, {"SET DateStyle TO German", "!22023"}, {"SET statement_timeout = '5s'", ""},
		{"SHOW statement_timeout", "5000"}, {"SET statement_timeout = 0", ""}, {"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", ""}, {"SHOW transaction_read_only", "on"}, {"SET transaction_read_only = off", "!25006"},
		{"SET ROLE admin", "!42501"}, {"SET ROLE none", ""}, {"SET SESSION AUTHORIZATION admin", "!42501"}, {"SET SESSION AUTHORIZATION DEFAULT", ""}, {"SET server_version = 1", "!55000"},
		{"BEGIN; SET LOCAL yitong.right = 'view'", ""}, {"SHOW yitong.right", "view"}, {"COMMIT", ""}, {"SHOW yitong.right", "hold"},
		{"BEGIN; SET yitong.right = 'view'", ""}, {"ROLLBACK", ""}, {"SHOW yitong.right", "hold"}, {"BEGIN READ WRITE", "!25006"}, {"START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", ""},
		{"SELECT nothing", "!42703"}, {"SELECT 1", "!25P02"}, {"SHOW yitong.right", "!25P02"}, {"COMMIT", ""}, {"SELECT 1", "1"}, {"BEGIN", ""}, {"SAVEPOINT a", ""}, {"SELECT nothing", "!42703"},
		{"ROLLBACK TO SAVEPOINT a", ""}, {"SELECT 1", "1"}, {"RELEASE a", ""}, {"END", ""}, {"SAVEPOINT a", "!25P01"}, {"DISCARD ALL", ""}, {"DEALLOCATE ALL", ""}, {"DEALLOCATE x", "!26000"}, {"UNLISTEN *", ""},
		{"DECLARE c CURSOR FOR SELECT 1", "!25P01"}, {"BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT x FROM range(5) r(x)", ""}, {"FETCH 2 FROM c", "0,1"}, {"FETCH FORWARD 2 FROM c", "2,3"}, {"FETCH ALL FROM c", "4"},
		{"FETCH NEXT FROM c", ""}, {"FETCH PRIOR FROM c", "!0A000"}, {"ROLLBACK", ""}, {"FETCH c", "!34000"}, {"DECLARE h CURSOR WITH HOLD FOR SELECT 7", ""}, {"SELECT 1", "1"}, {"FETCH h", "7"}, {"CLOSE h", ""}, {"CLOSE h", "!34000"},
		{"SELECT 1; SELECT 'a;b'", "1,a;b"}, {"SELECT $$a;b$$ -- ; c", "a;b"}, {"", ""}, {";", ""}, {"/* x */", ""}, {"SELECT $1", "!42P18"}, {"SELECT 'a", "!42601"}, {"NONSENSE", "!42601"},
		{"INSERT INTO hr.staff VALUES (1)", "!25006"}, {"CREATE TABLE x (y int)", "!25006"}, {"WITH x AS (SELECT 1) DELETE FROM hr.staff", "!25006"}, {"COPY hr.staff TO STDOUT", "!0A000"}, {"EXPLAIN SELECT 1", "!0A000"},
		{"ATTACH 'x'", "!42501"}, {"LOAD 'x'", "!42501"}, {"PRAGMA version", "!42501"}, {"DO $$ x $$", "!25006"}, {"LISTEN x", "!0A000"}, {"PREPARE x AS SELECT 1", "!0A000"}, {"VACUUM", "!25006"},
	} {
		result, err := connection.PgConn().Exec(t.Context(), step.sql).ReadAll()
		if state, refused := strings.CutPrefix(step.want, "!"); refused {
			require.Equal(t, state, stateOf(err), "%s", step.sql)
			continue
		}
		require.NoError(t, err, "%s", step.sql)
		var cells []string
		for _, one := range result {
			for _, row := range one.Rows {
				cells = append(cells, string(row[0]))
			}
		}
		require.Equal(t, step.want, strings.Join(cells, ","), "%s", step.sql)
	}
}

// slow is a statement that takes minutes.
const slow = "SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x * y % 7 = 3"

func TestStatementsAreStopped(t *testing.T) {
	t.Parallel()
	s := serve(t)
	connection := s.connect(t, pgx.QueryExecModeExec, "")
	_, err := connection.Exec(t.Context(), "SET statement_timeout = 100")
	require.NoError(t, err)
	_, err = connection.Exec(t.Context(), slow)
	require.Equal(t, "57014", stateOf(err))
	_, err = connection.Exec(t.Context(), "SET statement_timeout = 0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := connection.Exec(context.WithoutCancel(t.Context()), slow)
		ended <- err
	}()
	for stopped := false; !stopped; {
		require.NoError(t, connection.PgConn().CancelRequest(t.Context()))
		select {
		case err := <-ended:
			require.Equal(t, "57014", stateOf(err))
			stopped = true
		default:
		}
	}
	lines, err := texts(t, connection, "SELECT 1")
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, lines)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, func(config *pgwire.Config) {
		config.Limits = pgwire.Limits{Connections: 2, Idle: 50 * time.Millisecond, Message: 100_000}
	})
	first, err := pgconn.Connect(t.Context(), s.dsn(""))
	require.NoError(t, err)
	require.NotEmpty(t, first.ParameterStatus("server_version"))
	_, err = first.ReceiveMessage(t.Context()) // it waits to be told that it is idle for too long
	require.Equal(t, "57P05", stateOf(err))
	second, err := pgconn.Connect(t.Context(), s.dsn(""))
	require.NoError(t, err)
	_, err = second.Exec(t.Context(), "SELECT '"+strings.Repeat("x", 200_000)+"'").ReadAll()
	require.Error(t, err)

	full := serve(t, func(config *pgwire.Config) { config.Limits.Connections = 1 })
	_ = full.connect(t, pgx.QueryExecModeExec, "sslmode=disable")
	require.Equal(t, "53300", stateOf(full.tryToConnect(t, full.dsn("sslmode=disable"))))
}

func TestShutdownEndsSessions(t *testing.T) {
	t.Parallel()
	s := serve(t, func(config *pgwire.Config) { config.Limits.Grace = 10 * time.Millisecond })
	idle, err := pgconn.Connect(t.Context(), s.dsn(""))
	require.NoError(t, err)
	busy := s.connect(t, pgx.QueryExecModeExec, "")
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.WithoutCancel(t.Context()), slow)
		ended <- err
	}()
	require.NoError(t, s.stop())
	_, err = idle.ReceiveMessage(t.Context())
	require.Equal(t, "57P01", stateOf(err))
	require.Error(t, <-ended)
}
