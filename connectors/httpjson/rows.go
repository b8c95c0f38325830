package httpjson

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// CodeNotAnObject and CodeUnknownField are codes of rejects.
const (
	CodeNotAnObject  = "not_an_object"
	CodeUnknownField = "unknown_field"
)

// place is where a reading stands: the page, by number, offset, cursor or
// address, and the next row in it.
type place struct {
	Page   int    `json:"page,omitempty"`
	Cursor string `json:"cursor,omitempty"`
	Row    int    `json:"row,omitempty"`
	Number int64  `json:"number,omitempty"`
}

// rows gives the rows of one dataset, page after page; it implements text.Rows.
type rows struct {
	client  *client
	path    string
	options Options
	query   url.Values
	columns []Column
	known   map[string]bool
	cells   [][]byte

	at    place
	page  []any
	ended bool // no page behind this one
	ready bool // page is the one that at names
	next  place
	seen  map[string]bool // cursors and addresses, to notice a circle
	last  []byte          // the last page, to notice that pages repeat
}

func newRows(c *client, path string, options Options) *rows {
	r := &rows{client: c, path: path, options: options, query: url.Values{}, seen: map[string]bool{}}
	for name, value := range options.Query {
		r.query.Set(name, value)
	}
	if options.Paging.Kind == PagingPage {
		r.at.Page = 1
		if options.Paging.Start != nil {
			r.at.Page = *options.Paging.Start
		}
	}
	return r
}

// fetch reads the page that at names and finds the place of the next one.
func (r *rows) fetch(ctx context.Context) error {
	query := maps.Clone(r.query)
	p := r.options.Paging
	if p.SizeParam != "" {
		query.Set(p.SizeParam, strconv.Itoa(p.Size))
	}
	path := r.path
	switch p.Kind {
	case PagingPage:
		query.Set(or(p.PageParam, "page"), strconv.Itoa(r.at.Page))
	case PagingOffset:
		query.Set(or(p.OffsetParam, "offset"), strconv.Itoa(r.at.Page))
	case PagingCursor:
		if r.at.Cursor != "" {
			query.Set(or(p.CursorParam, "cursor"), r.at.Cursor)
		}
	case PagingLink:
		if r.at.Cursor != "" {
			path, query = r.at.Cursor, nil
		}
	}
	got, err := r.client.get(ctx, path, query)
	if err != nil {
		return err
	}
	found, err := at(got.body, r.options.Rows)
	if err != nil {
		return fault.New(fault.Invalid, "%s: the answer has nothing at %s: state the path of the rows", describe(r.path), or(r.options.Rows, "its top"))
	}
	page, ok := found.([]any)
	if !ok && found != nil {
		return fault.New(fault.Invalid, "%s: what stands at %s is not an array of rows", describe(r.path), or(r.options.Rows, "the top of the answer"))
	}
	r.page, r.ready = page, true
	return r.follow(got)
}

// follow finds where the next page is, and notices pages that go in a circle.
func (r *rows) follow(got answer) error {
	p := r.options.Paging
	r.next, r.ended = place{Number: r.at.Number}, true
	short := len(r.page) == 0 || p.Size > 0 && p.SizeParam != "" && len(r.page) < p.Size
	switch p.Kind {
	case PagingPage, PagingOffset:
		step := 1
		if p.Kind == PagingOffset {
			step = len(r.page)
		}
		r.next.Page, r.ended = r.at.Page+step, short
		return r.moved()
	case PagingCursor:
		value, err := at(got.body, p.CursorPath)
		if err != nil || value == nil {
			return nil //nolint:nilerr // no cursor: this was the last page
		}
		r.next.Cursor = cellText(value)
	case PagingLink:
		r.next.Cursor = got.next
	}
	r.ended = r.next.Cursor == ""
	if !r.ended && r.seen[r.next.Cursor] {
		return fault.New(fault.Invalid, "%s: the pages go in a circle: the same next page was given twice", describe(r.path))
	}
	r.seen[r.next.Cursor] = true
	return nil
}

// moved refuses a system that ignores the page's number and gives the same
// rows again and again.
func (r *rows) moved() error {
	if r.ended {
		return nil
	}
	page, err := json.Marshal(r.page)
	if err != nil {
		return err
	}
	if r.last != nil && bytes.Equal(page, r.last) {
		return fault.New(fault.Invalid, "%s: the next page holds the same rows as the last one: check the paging parameters", describe(r.path))
	}
	r.last = page
	return nil
}

// Next implements text.Rows.
func (r *rows) Next(ctx context.Context) (text.Row, error) {
	for {
		if !r.ready {
			if err := r.fetch(ctx); err != nil {
				return text.Row{}, err
			}
		}
		if r.at.Row < len(r.page) {
			value := r.page[r.at.Row]
			r.at.Row++
			r.at.Number++
			return r.row(value), nil
		}
		if r.ended {
			return text.Row{}, io.EOF
		}
		r.next.Number = r.at.Number
		r.at, r.ready = r.next, false
	}
}

func (r *rows) row(value any) text.Row {
	row := text.Row{Number: r.at.Number, Cells: r.cells, Raw: func() string { return cellText(value) }}
	refuse := func(column, code, reason string) text.Row {
		row.Reject = &connectors.Reject{Row: r.at.Number, Code: code, Column: column, Reason: reason, Raw: row.Raw()}
		return row
	}
	object, ok := value.(map[string]any)
	if !ok {
		return refuse("", CodeNotAnObject, "the row is not a JSON object")
	}
	if len(r.options.Columns) == 0 {
		for _, name := range flatNames(object) {
			if !r.known[name] {
				return refuse(name, CodeUnknownField, "the field "+name+" was not in the first page: name the columns in the dataset's options")
			}
		}
	}
	for i, column := range r.columns {
		r.cells[i] = nil
		if found, err := at(object, column.Path); err == nil && found != nil {
			r.cells[i] = []byte(cellText(found))
		}
	}
	return row
}

// describeColumns takes the columns from the options, or from the first page.
func (r *rows) describeColumns(ctx context.Context, types map[string]schema.Type) ([]schema.Column, error) {
	if err := r.fetch(ctx); err != nil {
		return nil, err
	}
	r.columns = slices.Clone(r.options.Columns)
	r.known = map[string]bool{}
	if len(r.columns) == 0 {
		for _, value := range r.page {
			object, _ := value.(map[string]any)
			for _, name := range flatNames(object) {
				if !r.known[name] {
					r.known[name] = true
					r.columns = append(r.columns, Column{Name: name, Path: name})
				}
			}
		}
	}
	columns := make([]schema.Column, len(r.columns))
	for i := range r.columns {
		name := r.columns[i].Name
		r.columns[i].Path = or(r.columns[i].Path, name)
		columns[i] = schema.Column{Name: name, Type: schema.Of(schema.String), Nullable: true, Declared: "JSON value", Wire: "JSON text"}
		if stated, ok := types[name]; ok {
			columns[i].Type = stated
		}
	}
	r.cells = make([][]byte, len(columns))
	return columns, nil
}

// Token implements text.Rows.
func (r *rows) Token() connectors.Token {
	encoded, _ := json.Marshal(r.at) // numbers and texts only
	return connectors.Token(encoded)
}

// resume goes to the place that a token names.
func (r *rows) resume(token connectors.Token) bool {
	var at place
	if json.Unmarshal([]byte(token), &at) != nil {
		return false
	}
	r.at, r.ready, r.ended, r.last = at, false, false, nil
	clear(r.seen)
	return true
}

// Close implements text.Rows.
func (r *rows) Close() error { return nil }

// at finds what stands at a dotted path; a name that holds dots is found too.
func at(value any, path string) (any, error) {
	if path == "" {
		return value, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("nothing at %s", path)
	}
	if found, ok := object[path]; ok {
		return found, nil
	}
	first, rest, dotted := strings.Cut(path, ".")
	inner, ok := object[first]
	if !dotted || !ok {
		return nil, fmt.Errorf("nothing at %s", path)
	}
	return at(inner, rest)
}

// flatNames lists the names of an object's values in order, those of objects
// inside it with the dotted path.
func flatNames(object map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if inner, ok := object[name].(map[string]any); ok && len(inner) > 0 {
			for _, further := range flatNames(inner) {
				names = append(names, name+"."+further)
			}
			continue
		}
		names = append(names, name)
	}
	return names
}

// cellText writes a value as text: numbers with all their digits, arrays and
// objects as JSON.
func cellText(value any) string {
	switch typed := value.(type) {
	case string:
		return typed
	case json.Number:
		return typed.String()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// nextLink finds rel="next" among the Link headers (RFC 8288).
func nextLink(headers []string) string {
	for _, header := range headers {
		for link := range strings.SplitSeq(header, ",") {
			target, parameters, _ := strings.Cut(strings.TrimSpace(link), ";")
			for parameter := range strings.SplitSeq(parameters, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
				if strings.EqualFold(name, "rel") && slices.Contains(strings.Fields(strings.Trim(value, `"`)), "next") {
					return strings.Trim(strings.TrimSpace(target), "<>")
				}
			}
		}
	}
	return ""
}
