package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/telemetry"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/render"
)

// format is a form of an answer. Copies need the right to hold.
type format struct {
	media, name string
	right       acl.Right
	copied      bool
}

var (
	formatJSON = format{"application/json", render.JSON, acl.View, false}
	formats    = []format{
		formatJSON,
		{"application/x-ndjson", render.NDJSON, acl.Hold, true},
		{"text/csv", render.CSV, acl.Hold, true},
		{"application/vnd.apache.parquet", render.Parquet, acl.Hold, true},
		{"application/vnd.apache.arrow.stream", render.Arrow, acl.Hold, true},
		{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", render.XLSX, acl.Hold, true},
	}
)

// negotiate chooses the form that the caller likes best (RFC 9110, 12.5.1).
func negotiate(accept string) (format, error) {
	if strings.TrimSpace(accept) == "" {
		return formatJSON, nil
	}
	best, weight := format{}, 0.0
	for _, part := range strings.Split(accept, ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			return format{}, fault.New(fault.Invalid, "the header Accept cannot be read")
		}
		q := 1.0
		if text, given := parameters["q"]; given {
			if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
				return format{}, fault.New(fault.Invalid, "the header Accept has a weight that is not between 0 and 1")
			}
		}
		for _, known := range formats {
			group, _, _ := strings.Cut(known.media, "/")
			fits := media == known.media || media == "*/*" && known == formatJSON || media == group+"/*" && (known == formatJSON || group == "text")
			if fits && q > weight {
				best, weight = known, q
			}
		}
	}
	if weight == 0 {
		names := make([]string, len(formats))
		for i, known := range formats {
			names[i] = known.media
		}
		return format{}, fault.New(fault.Invalid, "none of the forms that are accepted can be given: these can: %s", strings.Join(names, ", "))
	}
	return best, nil
}

// answer reads through the gate and writes the answer.
func (s *Server) answer(c *gin.Context, request query.Request, as format, bom bool) {
	if as.copied && request.Limit == 0 {
		request.Limit = min(s.Gate.MaxRows, render.MaxRows(as.name))
		if len(request.Sort) == 0 && as.name != render.XLSX {
			request.All, request.Limit = true, 0
		}
	}
	if err := render.CheckRows(as.name, request.Limit); err != nil {
		s.fail(c, err)
		return
	}
	principal := principalOf(c)
	same := sameness{principal.ID(), request, request.Cursor, as.media, bom}
	if s.unchanged(c, principal, same) {
		return
	}
	c.Header("Vary", "Accept, Authorization, Cookie, X-On-Behalf-Of")
	result, err := s.Gate.Read(c, principal, request)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer result.Reader.Release()
	if result.Lasting {
		c.Header("ETag", same.tag(result.Version, result.Decision))
	}
	c.Header("Yitong-Fields", fieldsHeader(result.Fields, result.Withheld))
	c.Header("Yitong-Source", sourceHeader(request.Dataset, result.Source, result.Version, result.PublishedAt))
	if !as.copied {
		s.page(c, request, result)
		return
	}
	s.copy(c, request.Dataset, result.Decision, result.Reader, as, bom)
}

// sameness is all that two answers with one tag have in common beside the rows and
// what may be seen of them.
type sameness struct {
	Principal string
	Request   query.Request
	Cursor    string
	Media     string
	BOM       bool
}

// tag stands for the rows, what may be seen of them, and the form. It is weak: the
// same answer in another coding has the same one.
func (s sameness) tag(version int64, decision string) string {
	text, err := json.Marshal([]any{version, decision, s})
	if err != nil { // texts and numbers: cannot fail
		return ""
	}
	sum := sha256.Sum256(text)
	return `W/"` + hex.EncodeToString(sum[:16]) + `"`
}

// unchanged answers who has the answer already, without reading any row.
func (s *Server) unchanged(c *gin.Context, principal acl.Principal, same sameness) bool {
	held := c.GetHeader("If-None-Match")
	if held == "" {
		return false
	}
	dataset, decision, err := s.Gate.Decide(c, principal, same.Request.Right, same.Request.Purpose, same.Request.Dataset)
	if err != nil || decision.Consent() != nil || !decision.Allowed() {
		return false // the read says why
	}
	tag := same.tag(dataset.Version, decision.Fingerprint())
	if !matches(held, tag) {
		return false
	}
	c.Header("ETag", tag)
	c.Status(http.StatusNotModified)
	return true
}

// matches reports whether a tag is among those that the caller has (RFC 9110, 13.1.2).
func matches(held, tag string) bool {
	for _, one := range strings.Split(held, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// fieldsHeader tells each field's access. Names are quoted where they are more
// than plain letters, so that no name can look like two.
func fieldsHeader(fields []plan.Field, withheld []plan.Withheld) string {
	var parts []string
	add := func(name, access string) {
		if strings.ContainsFunc(name, func(r rune) bool { return r > '~' || r <= ' ' || strings.ContainsRune(`=,;"\`, r) }) {
			name = strconv.QuoteToASCII(name)
		}
		parts = append(parts, name+"="+access)
	}
	for _, field := range fields {
		access := field.Access
		if field.Mask != "" {
			access += ";" + strconv.QuoteToASCII(field.Mask)
		}
		add(field.Name, access)
	}
	for _, field := range withheld {
		add(field.Field, "withheld")
	}
	return strings.Join(parts, ", ")
}

// sourceHeader tells from which system the rows came and when.
func sourceHeader(dataset, source string, version int64, publishedAt *time.Time) string {
	made := fmt.Sprintf("%s;source=%s;version=%d", dataset, source, version)
	if publishedAt != nil {
		made += ";published=" + strconv.Quote(publishedAt.UTC().Format(time.RFC3339))
	}
	return made
}

// page writes rows as JSON. They were held whole already, so an error can still
// be told.
func (s *Server) page(c *gin.Context, request query.Request, result *query.Result) {
	var err error
	end := s.rendering(c, request.Dataset, result.Decision)
	defer func() { end(err) }()
	rows, err := rowsOf(result.Reader, result.Fields)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Set(rowsKey, int64(len(rows)))
	made := gin.H{"rows": rows, "next": nil, "meta": metaOf(request, result)}
	if result.Next != "" {
		made["next"] = result.Next
	}
	c.JSON(http.StatusOK, made)
}

func rowsOf(reader array.RecordReader, fields []plan.Field) ([]map[string]*string, error) {
	rows := []map[string]*string{}
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			one := make(map[string]*string, len(fields))
			for i, field := range fields {
				one[field.Name] = nil
				if text, null := render.Text(batch.Column(i), row); !null {
					one[field.Name] = &text
				}
			}
			rows = append(rows, one)
		}
	}
	return rows, reader.Err()
}

func metaOf(request query.Request, result *query.Result) contract.Meta {
	return describeShown(query.Shown{
		Dataset: request.Dataset, Source: result.Source, Version: result.Version, PublishedAt: result.PublishedAt,
		Fields: result.Fields, Withheld: result.Withheld, SomeRows: result.SomeRows, Decision: result.Decision, PolicyVersion: result.PolicyVersion,
	}, result.AsOf)
}

// describeShown tells what was shown of a dataset, from where and when.
func describeShown(shown query.Shown, asOf *time.Time) contract.Meta {
	meta := contract.Meta{
		Dataset: shown.Dataset, Source: shown.Source, Version: shown.Version, PublishedAt: shown.PublishedAt, AsOf: asOf,
		SomeRows: shown.SomeRows, Decision: shown.Decision, PolicyVersion: shown.PolicyVersion,
		Fields: []contract.SeenField{}, Withheld: []contract.Withheld{},
	}
	for _, field := range shown.Fields {
		kind, some := field.Type.String(), field.SomeRows
		seen := contract.SeenField{Name: field.Name, Access: contract.SeenFieldAccess(field.Access), Type: &kind, SomeRows: &some, Reason: field.Reason}
		if field.Mask != "" {
			seen.Mask = &field.Mask
		}
		meta.Fields = append(meta.Fields, seen)
	}
	for _, withheld := range shown.Withheld {
		meta.Withheld = append(meta.Withheld, contract.Withheld{Field: withheld.Field, Reason: withheld.Reason})
	}
	return meta
}

// byteOrderMark begins a text that Excel is to read as UTF-8.
const byteOrderMark = "\ufeff"

// brokenKey marks an answer that broke off.
const brokenKey = "broken"

// copy streams a copy. Once it began an error can only break it off: the
// connection ends without the end of the answer.
func (s *Server) copy(c *gin.Context, name, decision string, reader array.RecordReader, as format, bom bool) {
	kind := as.media
	if as.name == render.CSV {
		kind += "; charset=utf-8; header=present"
	}
	c.Header("Content-Type", kind)
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + as.name}))
	c.Status(http.StatusOK)
	if bom && as.name == render.CSV {
		if _, err := c.Writer.WriteString(byteOrderMark); err != nil {
			return
		}
	}
	end := s.rendering(c, name, decision)
	rows, err := render.Write(c.Writer, as.name, reader)
	end(err)
	c.Set(rowsKey, rows)
	if err != nil && !c.Writer.Written() { // nothing has left yet: it can still be told
		for _, name := range []string{"ETag", "Content-Disposition", "Yitong-Fields", "Yitong-Source"} {
			c.Writer.Header().Del(name)
		}
		s.fail(c, err)
		return
	}
	if err != nil {
		c.Set(brokenKey, true)
		s.Logger.Warn("a copy broke off", "request", requestID(c), "cause", telemetry.Redact(timely(c, err).Error()))
		panic(http.ErrAbortHandler)
	}
}
