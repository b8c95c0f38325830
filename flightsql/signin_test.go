package flightsql_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/flightsql"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
)

const names = "SELECT name FROM hr.staff ORDER BY id LIMIT 1"

func TestApplicationsSignInByKeyAndByHandshake(t *testing.T) {
	t.Parallel()
	c := open(t)
	key := c.key(t, identity.Application{ID: "reader"})
	client := dial(t, c.serve(t, flightsql.Limits{}))
	lines, _, err := read(with(t, key.Text), client, names)
	require.NoError(t, err)
	require.Equal(t, []string{"张三|"}, lines)
	require.Equal(t, "reader", c.recorded()[0].Principal)

	ctx, err := client.Client.AuthenticateBasicToken(t.Context(), "reader", key.Text)
	require.NoError(t, err)
	sent, _ := metadata.FromOutgoingContext(ctx)
	require.Regexp(t, "^Bearer yta_", sent.Get("authorization")[0])
	_, _, err = read(ctx, client, names)
	require.NoError(t, err)
	ctx, err = client.Client.AuthenticateBasicToken(t.Context(), "person", "p1")
	require.NoError(t, err, "a person's bearer in two parts")
	_, _, err = read(ctx, client, names)
	require.NoError(t, err)
	days, err := c.admission.Usage.Of(t.Context(), "reader", time.Now().AddDate(0, 0, -1), time.Now().AddDate(0, 0, 1))
	require.NoError(t, err)
	require.Len(t, days, 1)
	require.EqualValues(t, 4, days[0].Requests)
	require.EqualValues(t, 2, days[0].Rows)
}

func TestWhoIsNotKnownGetsNothing(t *testing.T) {
	t.Parallel()
	c := open(t)
	key := c.key(t, identity.Application{ID: "reader"})
	elsewhere := c.key(t, identity.Application{ID: "elsewhere", Networks: []string{"192.0.2.0/24"}})
	client := dial(t, c.serve(t, flightsql.Limits{}))
	for name, ctx := range map[string]context.Context{
		"nobody": t.Context(), "an unknown bearer": with(t, "x"), "an empty bearer": with(t, ""), "a key with another end": with(t, key.Text+"x"),
		"an unknown key": with(t, "yt_AAAAAAAA_x"), "another network": with(t, elsewhere.Text),
		"a key as Basic":  metadata.AppendToOutgoingContext(t.Context(), "authorization", "Basic cmVhZGVyOng="),
		"two of them":     metadata.AppendToOutgoingContext(with(t, "person:p1"), "authorization", "Bearer person:p2"),
		"of another kind": metadata.AppendToOutgoingContext(t.Context(), "auth-token-bin", key.Text),
	} {
		_, err := client.Execute(ctx, names)
		require.Contains(t, []codes.Code{codes.Unauthenticated, codes.InvalidArgument}, status.Code(err), "%s: %v", name, err)
		require.NotContains(t, err.Error(), "network")
		_, err = client.GetCatalogs(ctx)
		require.Error(t, err, name)
		_, err = client.Prepare(ctx, names)
		require.Error(t, err, name)
		_, err = client.ExecuteUpdate(ctx, names)
		require.NotEqual(t, codes.Unimplemented, status.Code(err), "%s learns nothing", name)
	}
	for _, pair := range [][2]string{{"reader", "x"}, {"reader", ""}, {"", ""}, {"elsewhere", key.Text}, {"reader", elsewhere.Text}, {"elsewhere", elsewhere.Text}} {
		_, err := client.Client.AuthenticateBasicToken(t.Context(), pair[0], pair[1])
		require.Equal(t, codes.Unauthenticated, status.Code(err), "%v: %v", pair, err)
	}
	require.Empty(t, c.recorded())
}

func TestWhoAsksTooOftenIsTold(t *testing.T) {
	t.Parallel()
	c := open(t)
	key := c.key(t, identity.Application{ID: "eager", RatePerSecond: 0.001, Burst: 2})
	client := dial(t, c.serve(t, flightsql.Limits{}))
	_, _, err := read(with(t, key.Text), client, names)
	require.NoError(t, err)
	var trailer metadata.MD
	_, err = client.Execute(with(t, key.Text), names, grpc.Trailer(&trailer))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.ErrorContains(t, err, "too often")
	require.NotEmpty(t, trailer.Get("retry-after"))
	require.Equal(t, "2", trailer.Get("ratelimit-limit")[0])
}

// TestEveryCallIsDecidedAnew changes what counts between the ticket and its rows.
func TestEveryCallIsDecidedAnew(t *testing.T) {
	t.Parallel()
	c := open(t)
	key := c.key(t, identity.Application{ID: "reader"})
	client := dial(t, c.serve(t, flightsql.Limits{}))
	const pay = "SELECT id, pay FROM hr.staff ORDER BY id"
	first, second := with(t, "person:p1"), with(t, "person:p2")
	info, err := client.Execute(first, pay)
	require.NoError(t, err)
	lines, _, err := fetch(second, client, info)
	require.NoError(t, err)
	require.Equal(t, []string{"1|NULL|", "2|777.77|", "3|NULL|"}, lines, "the ticket of another shows what oneself sees")
	lines, _, err = fetch(metadata.AppendToOutgoingContext(second, "x-on-behalf-of", "p1"), client, info)
	require.NoError(t, err)
	require.Equal(t, []string{"1|5000.00|", "2|NULL|", "3|NULL|"}, lines)
	_, _, err = fetch(metadata.AppendToOutgoingContext(first, "x-on-behalf-of", "p2"), client, info)
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	c.enact(t, allow("names", "hr.staff", math, "id", "name"))
	_, _, err = fetch(first, client, info)
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "pay of hr.staff is withheld")
	c.enact(t)
	_, _, err = fetch(first, client, info)
	require.Equal(t, codes.NotFound, status.Code(err))
	c.enact(t, usual()...)

	keyed := with(t, key.Text)
	info, err = client.Execute(keyed, names)
	require.NoError(t, err)
	statement, err := client.Prepare(keyed, names)
	require.NoError(t, err)
	_, err = c.admission.Registry.Revoke(t.Context(), "admin", key.ID)
	require.NoError(t, err)
	_, _, err = fetch(keyed, client, info)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = statement.Execute(keyed)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, _, err = fetch(first, client, info)
	require.NoError(t, err, "the question itself is nobody's")
}

func TestHeadersSayHowSomethingIsAsked(t *testing.T) {
	t.Parallel()
	c := open(t)
	study := allow("for a study", "hr.payroll", "", "id")
	study.Purposes = []string{"study"}
	viewed := allow("to view", "card.trade", "", "place")
	viewed.Rights = []acl.Right{acl.View}
	c.enact(t, append(usual(), study, viewed)...)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	const payroll, place = "SELECT id FROM hr.payroll", "SELECT place FROM card.trade"
	_, _, err := read(ctx, client, payroll)
	require.Equal(t, codes.NotFound, status.Code(err))
	for _, headers := range [][]string{{"x-yitong-purpose", "study"}, {"x-yitong-right", "view", "x-yitong-purpose", "study", "x-yitong-purpose", "study"}} {
		_, _, err = read(with(t, "person:p1", headers...), client, payroll)
		require.NoError(t, err)
	}
	_, _, err = read(ctx, client, place)
	require.ErrorContains(t, err, "withheld", "who fetches holds, where nothing else is said")
	_, _, err = read(with(t, "person:p1", "x-yitong-right", "view"), client, place)
	require.NoError(t, err)
	records := c.recorded()
	require.Equal(t, "study", records[0].Purpose)

	info, err := client.Execute(with(t, "person:p1", "x-yitong-purpose", "study"), payroll)
	require.NoError(t, err)
	_, _, err = fetch(ctx, client, info)
	require.NoError(t, err, "the ticket says what it was asked for")
	_, _, err = fetch(with(t, "person:p1", "x-yitong-purpose", "offer"), client, info)
	require.ErrorContains(t, err, "says something else")
	for _, headers := range [][]string{
		{"x-yitong-right", "transmit"}, {"x-yitong-right", "view", "x-yitong-right", "hold"}, {"x-yitong-as-of", "yesterday"}, {"x-yitong-purpose", "nothing"},
	} {
		_, _, err = read(with(t, "person:p1", headers...), client, names)
		require.Contains(t, []codes.Code{codes.InvalidArgument, codes.NotFound}, status.Code(err), "%v: %v", headers, err)
	}
}

// certificate makes one for loopback that nobody else signed.
func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(made)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key}, pool
}

func TestKeysDoNotTravelInTheOpen(t *testing.T) {
	t.Parallel()
	c := open(t)
	bare, err := flightsql.New(flightsql.Config{Gate: c.gate, People: c, Applications: c.admission, Logger: slog.New(c.log), Now: time.Now})
	require.NoError(t, err)
	anywhere, err := net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	require.True(t, fault.Is(bare.Check(anywhere.Addr()), fault.Invalid))
	require.True(t, fault.Is(bare.Serve(t.Context(), anywhere), fault.Invalid))

	own, trusted := certificate(t)
	sealed, err := flightsql.New(flightsql.Config{Gate: c.gate, People: c, Applications: c.admission, Logger: slog.New(c.log), Now: time.Now, Certificate: own})
	require.NoError(t, err)
	require.NoError(t, sealed.Check(anywhere.Addr()))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sealed.Serve(ctx, listener) }()
	client, err := protocol.NewClient(listener.Addr().String(), nil, nil, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(trusted, "")))
	require.NoError(t, err)
	_, _, err = read(with(t, "person:p1"), client, names)
	require.NoError(t, err)
	plain := dial(t, listener.Addr().String())
	_, err = plain.Execute(with(t, "person:p1"), names)
	require.Error(t, err)
	require.NoError(t, client.Close())
	stop()
	require.NoError(t, <-ended)
}
