package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const patientKey = "patient"

// endure writes answers to slow clients as long as they take something.
func (s *Server) endure(c *gin.Context) {
	// The context is set here, before anything looks at it, and ended later.
	ctx, cancel := context.WithCancelCause(c.Request.Context())
	defer cancel(nil)
	c.Request = c.Request.WithContext(ctx)
	writer := &patient{ResponseWriter: c.Writer, controller: http.NewResponseController(c.Writer), stall: s.Limits.Stall, cancel: cancel}
	c.Writer = writer
	c.Set(patientKey, writer)
	c.Next()
	writer.extended = time.Time{}
	_ = writer.extend() // what is still to be sent
	// What is left of a body that nobody read is read as fast, or not at all.
	_ = writer.controller.SetReadDeadline(time.Now().Add(s.Limits.Stall))
}

// patient ends an answer whose client takes nothing for a time, or that takes too
// long as a whole: it holds a place, and a state of the warehouse.
type patient struct {
	gin.ResponseWriter
	controller *http.ResponseController
	stall      time.Duration
	end        time.Time
	extended   time.Time
	cancel     context.CancelCauseFunc
}

// arrived ends the time that the request has to arrive: the server would take its
// end for that of the connection, and break a long answer off.
func (w *patient) arrived() { _ = w.controller.SetReadDeadline(time.Time{}) }

func (w *patient) endsAt(end time.Time) { w.end, w.extended = end, time.Time{} }

// extend gives the client more time, not for each of many small writes.
func (w *patient) extend() error {
	now := time.Now()
	if !w.end.IsZero() && !now.Before(w.end) {
		return errTime
	}
	if now.Sub(w.extended) < w.stall/10 {
		return nil
	}
	w.extended = now
	until := now.Add(w.stall)
	if !w.end.IsZero() && w.end.Before(until) {
		until = w.end
	}
	_ = w.controller.SetWriteDeadline(until) // a recorder of tests has none
	return nil
}

// Write implements io.Writer.
func (w *patient) Write(text []byte) (int, error) {
	if err := w.extend(); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(text)
}

// WriteString implements io.StringWriter.
func (w *patient) WriteString(text string) (int, error) {
	if err := w.extend(); err != nil {
		return 0, err
	}
	return w.ResponseWriter.WriteString(text)
}

// Unwrap serves http.ResponseController.
func (w *patient) Unwrap() http.ResponseWriter { return w.ResponseWriter }
