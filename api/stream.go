package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gin-contrib/sse"
	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

const (
	// sendTimeout is how long a client may take to accept an event. Nothing is
	// held for it meanwhile but the batch it is from.
	sendTimeout = 30 * time.Second
	// batchOfStream is how many events are read at once.
	batchOfStream = 1000
	// Events beside the changes.
	eventMeta = "meta"
	eventEnd  = "end"
)

// stream gives changes as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func (s *Server) stream(ctx context.Context, c *gin.Context, request query.ChangesRequest) {
	request.Limit = batchOfStream
	out := &eventWriter{to: c.Writer, control: http.NewResponseController(c.Writer)}
	decision, sent := "", int64(0)
	err := s.Gate.Follow(ctx, query.Following{
		Request: request, Who: s.asking(c),
		Deliver: func(_ context.Context, next query.Changes) error {
			out.begin()
			if next.Decision != decision {
				decision = next.Decision
				if err := out.event("", eventMeta, feedMetaOf(request.Dataset, next)); err != nil {
					return err
				}
			}
			for _, event := range next.Events {
				if err := out.event(event.Offset, event.Type, changeOf(next, event)); err != nil {
					return err
				}
				sent++
			}
			if len(next.Events) == 0 {
				// An id without data moves the client's place and is no event to it.
				return out.line("id: " + next.Next)
			}
			return nil
		},
		Alive: func(context.Context) error { return out.line(": alive") },
	})
	c.Set(rowsKey, sent)
	if errors.Is(context.Cause(ctx), errServerEnds) {
		err = errServerEnds
	}
	if !out.begun {
		s.fail(c, err)
		return
	}
	s.end(c, out, err)
}

// end tells a client why a stream ends, unless it is the client that ended it.
func (s *Server) end(c *gin.Context, out *eventWriter, err error) {
	code, failed := fault.CodeOf(err), &sendError{}
	if errors.As(err, &failed) || code == fault.Canceled || errors.Is(err, context.Canceled) {
		s.Logger.Info("a feed's client went away", "request", requestID(c))
		return
	}
	if code == fault.Internal || code == fault.Unavailable && !errors.Is(err, errServerEnds) {
		s.Logger.Error("a feed failed", "request", requestID(c), "code", code, "cause", err)
	}
	if err := out.event("", eventEnd, gin.H{"code": code, "detail": fault.Public(err), "request_id": requestID(c)}); err != nil {
		s.Logger.Info("a feed's client went away", "request", requestID(c))
	}
}

// sendError is what a client did not accept.
type sendError struct{ cause error }

func (e *sendError) Error() string { return "send an event: " + e.cause.Error() }

// Unwrap gives the cause.
func (e *sendError) Unwrap() error { return e.cause }

// eventWriter writes events one by one, each within its time.
type eventWriter struct {
	to      gin.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (w *eventWriter) begin() {
	if w.begun {
		return
	}
	w.begun = true
	w.to.Header().Set("Content-Type", mediaEvents+"; charset=utf-8")
	w.to.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.to.WriteHeader(http.StatusOK)
}

func (w *eventWriter) event(id, kind string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var written bytes.Buffer
	if err := sse.Encode(&written, sse.Event{Id: id, Event: kind, Data: string(text)}); err != nil {
		return err
	}
	return w.send(written.Bytes())
}

func (w *eventWriter) line(text string) error { return w.send([]byte(text + "\n\n")) }

func (w *eventWriter) send(text []byte) error {
	err := ignoreUnsupported(w.control.SetWriteDeadline(time.Now().Add(sendTimeout)))
	if err == nil {
		_, err = w.to.Write(text)
	}
	if err == nil {
		err = ignoreUnsupported(w.control.Flush())
	}
	if err != nil {
		return &sendError{err}
	}
	return nil
}

// ignoreUnsupported passes over what a connection of a test cannot do.
func ignoreUnsupported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
