package api

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/yitong-hub/yitong/internal/telemetry"
)

// compressible are the media types that compression makes smaller; Parquet is
// compressed already.
var compressible = map[string]bool{
	"application/json": true, "application/x-ndjson": true, "text/csv": true, "text/plain": true, "application/yaml": true,
	"application/vnd.apache.arrow.stream": true, "application/problem+json": true,
}

// compress writes answers in the coding that the caller accepts (RFC 9110,
// 12.5.3): zstd before gzip, which costs more for less.
func (s *Server) compress(c *gin.Context) {
	coding := acceptedCoding(c.GetHeader("Accept-Encoding"))
	if coding == "" {
		return
	}
	wrapped := &compressed{ResponseWriter: c.Writer, coding: coding}
	c.Writer = wrapped
	defer func() {
		if err := wrapped.end(); err != nil {
			s.Logger.Warn("an answer could not be ended", "request", requestID(c), "cause", telemetry.Redact(err.Error()))
		}
	}()
	c.Next()
}

func acceptedCoding(header string) string {
	accepted := map[string]bool{}
	for _, part := range strings.Split(header, ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight, given := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
		if q, err := strconv.ParseFloat(weight, 64); given && (err != nil || q <= 0) {
			continue
		}
		accepted[strings.ToLower(name)] = true
	}
	for _, coding := range []string{"zstd", "gzip"} {
		if accepted[coding] {
			return coding
		}
	}
	return ""
}

// compressed begins to compress with the first byte of an answer that is worth it.
type compressed struct {
	gin.ResponseWriter
	coding  string
	begun   bool
	encoder io.WriteCloser
}

func (w *compressed) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	media, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil || !compressible[media] || w.Header().Get("Content-Encoding") != "" {
		return nil //nolint:nilerr // what has no readable type is left as it is
	}
	w.Header().Set("Content-Encoding", w.coding)
	w.Header().Add("Vary", "Accept-Encoding")
	w.Header().Del("Content-Length")
	if w.coding == "gzip" {
		w.encoder = gzip.NewWriter(w.ResponseWriter)
		return nil
	}
	// A small window keeps the memory of many answers at once small.
	w.encoder, err = zstd.NewWriter(w.ResponseWriter, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<18), zstd.WithEncoderLevel(zstd.SpeedFastest))
	return err
}

// Write implements io.Writer.
func (w *compressed) Write(text []byte) (int, error) {
	if err := w.begin(); err != nil {
		return 0, err
	}
	if w.encoder == nil {
		return w.ResponseWriter.Write(text)
	}
	return w.encoder.Write(text)
}

// WriteString implements io.StringWriter.
func (w *compressed) WriteString(text string) (int, error) { return w.Write([]byte(text)) }

// Unwrap lets http.ResponseController find the connection.
func (w *compressed) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Written reports whether an answer began, be it only inside of the encoder.
func (w *compressed) Written() bool { return w.begun || w.ResponseWriter.Written() }

func (w *compressed) end() error {
	if w.encoder == nil {
		return nil
	}
	return w.encoder.Close()
}
