package flightsql

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Codes of errors beside those of faults.
const (
	codeUnauthenticated fault.Code = "unauthenticated"
	codeUnsupported     fault.Code = "unsupported"
)

// statuses gives the gRPC code of each code.
var statuses = map[fault.Code]codes.Code{
	fault.Invalid: codes.InvalidArgument, codeUnauthenticated: codes.Unauthenticated, fault.Denied: codes.PermissionDenied,
	fault.NotFound: codes.NotFound, fault.Conflict: codes.FailedPrecondition, codeUnsupported: codes.Unimplemented,
	identity.TooMany: codes.ResourceExhausted, fault.Unavailable: codes.Unavailable, fault.Stopped: codes.Unavailable,
	fault.Canceled: codes.Canceled, fault.Internal: codes.Internal,
}

// maxMessage bounds the text of an error, which travels in a header.
const maxMessage = 2000

// unary bounds and guards a call that has one answer.
func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.Call)
	defer cancel()
	err = s.guarded(info.FullMethod, func() error {
		answer, err = handler(ctx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// stream bounds and guards a call that has many.
func (s *Server) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, cancel := context.WithTimeout(stream.Context(), s.Limits.Call)
	defer cancel()
	return s.guarded(info.FullMethod, func() error { return handler(server, bounded{stream, ctx}) })
}

// bounded is a stream with a time to end.
type bounded struct {
	grpc.ServerStream
	ctx context.Context
}

func (b bounded) Context() context.Context { return b.ctx }

// guarded does the work of a call and gives the status of what went wrong; a
// panic is an internal error.
func (s *Server) guarded(method string, work func() error) (err error) {
	defer func() {
		if found := recover(); found != nil {
			s.Logger.Error("panic", "method", method, "panic", found, "stack", string(debug.Stack()))
			err = status.Error(codes.Internal, fault.Public(nil))
		}
	}()
	return s.status(method, work())
}

// status gives the public text of a fault, never its cause, which goes to the
// log. What the protocol's own parts say of a request stays as it is.
func (s *Server) status(method string, err error) error {
	if err == nil {
		return nil
	}
	var coded *fault.Error
	if errors.As(err, &coded) {
		code, known := statuses[fault.CodeOf(err)]
		if !known {
			code = codes.Internal
		}
		if code == codes.Internal || code == codes.Unavailable {
			s.Logger.Error("call failed", "method", method, "code", code.String(), "cause", err)
		}
		if code == codes.Internal {
			return status.Error(code, fault.Public(nil))
		}
		return status.Error(code, message(fault.Public(err)))
	}
	said, plain := status.FromError(err)
	if !plain || said.Code() == codes.Unknown || said.Code() == codes.Internal {
		said = status.FromContextError(err)
	}
	if said.Code() == codes.Unknown || said.Code() == codes.Internal {
		s.Logger.Error("call failed", "method", method, "cause", err)
		return status.Error(codes.Internal, fault.Public(nil))
	}
	return status.Error(said.Code(), message(said.Message()))
}

// message makes a text short enough for a header.
func message(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage] + " …"
	}
	return strings.ToValidUTF8(text, "")
}
