package flightsql

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
)

const authorization = "authorization"

// addressOf is where a call came from; the zero address where that cannot be told.
func addressOf(ctx context.Context) netip.Addr {
	caller, found := peer.FromContext(ctx)
	if !found {
		return netip.Addr{}
	}
	tcp, is := caller.Addr.(*net.TCPAddr)
	if !is {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}

// header gives the value of a header of a call; one that is sent twice with
// different values is an Invalid fault.
func header(ctx context.Context, name string) (string, error) {
	values := metadata.ValueFromIncomingContext(ctx, name)
	for _, value := range values {
		if value != values[0] {
			return "", fault.New(fault.Invalid, "the header %s is there twice, with different values", name)
		}
	}
	if len(values) == 0 {
		return "", nil
	}
	return strings.TrimSpace(values[0]), nil
}

// signIn finds who calls, and with whose rights. The application is that of the
// key, "" for people; it is there too when it asks too often.
func (s *Server) signIn(ctx context.Context) (acl.Principal, string, error) {
	sent, err := header(ctx, authorization)
	if err != nil {
		return acl.Principal{}, "", err
	}
	scheme, bearer, _ := strings.Cut(sent, " ")
	if bearer = strings.TrimSpace(bearer); !strings.EqualFold(scheme, "Bearer") || bearer == "" {
		return acl.Principal{}, "", fault.New(codeUnauthenticated, "send the key of an application as the header authorization: Bearer …, or sign in with the application's id and key")
	}
	principal, application, err := s.who(ctx, bearer)
	if err != nil {
		return acl.Principal{}, application, err
	}
	lender, err := header(ctx, "x-on-behalf-of")
	if err == nil && lender != "" {
		principal, err = s.People.Acting(ctx, principal, lender)
	}
	return principal, application, err
}

// who tells whose a bearer is.
func (s *Server) who(ctx context.Context, bearer string) (acl.Principal, string, error) {
	if !identity.IsCredential(bearer) {
		principal, err := s.People.Principal(ctx, bearer)
		return principal, "", unauthenticated(err)
	}
	admitted, err := s.Applications.Admit(ctx, bearer, addressOf(ctx), s.Now())
	switch {
	case fault.Is(err, identity.TooMany):
		limits := metadata.MD{}
		admitted.Allowance.Fields(fields(limits))
		err = errors.Join(err, grpc.SetTrailer(ctx, limits))
	case err != nil:
		s.Logger.Info("a key was refused", "cause", err)
	}
	return admitted.Principal, admitted.Application.ID, unauthenticated(err)
}

// fields sets what a client is told of its limits.
type fields metadata.MD

func (f fields) Set(name, value string) { metadata.MD(f).Set(name, value) }

// unauthenticated tells who is not known from who may not.
func unauthenticated(err error) error {
	if fault.Is(err, fault.Denied) {
		return fault.Wrap(err, codeUnauthenticated, "%s", fault.Public(err))
	}
	return err
}

// Handshake exchanges an application's id and key, sent as Basic authorization
// (RFC 7617), for a bearer token that counts an hour.
func (s *Server) Handshake(stream flight.FlightService_HandshakeServer) error {
	token, err := s.exchange(stream.Context())
	if err != nil {
		return err
	}
	bearer := metadata.Pairs(authorization, "Bearer "+token)
	if err := stream.SetHeader(bearer); err != nil {
		return err
	}
	stream.SetTrailer(bearer)
	return stream.Send(&flight.HandshakeResponse{})
}

func (s *Server) exchange(ctx context.Context) (string, error) {
	sent, err := header(ctx, authorization)
	if err != nil {
		return "", err
	}
	id, key, err := basic(sent)
	if err != nil {
		return "", err
	}
	if !identity.IsCredential(key) { // in the demo "demo:leader" is the leader's
		bearer := id + ":" + key
		_, err := s.People.Principal(ctx, bearer)
		return bearer, unauthenticated(err)
	}
	token, err := s.Applications.Registry.Grant(ctx, id, key, addressOf(ctx))
	if err != nil {
		s.Logger.Info("a token was refused", "cause", err)
		return "", unauthenticated(err)
	}
	return token.AccessToken, nil
}

// basic reads Basic authorization, with or without the padding of base64.
func basic(sent string) (id, key string, err error) {
	scheme, coded, _ := strings.Cut(sent, " ")
	text, wrong := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(coded), "="))
	id, key, parted := strings.Cut(string(text), ":")
	unprintable := func(r rune) bool { return r < ' ' || r > '~' } // no header has them
	if !strings.EqualFold(scheme, "Basic") || wrong != nil || !parted || strings.ContainsFunc(id+key, unprintable) {
		return "", "", fault.New(codeUnauthenticated, "sign in by Basic authorization: the application's id as user, its key as password")
	}
	return id, key, nil
}
