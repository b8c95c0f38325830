package ldapdir

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// nameColumn stands for the entry's distinguished name.
const nameColumn = "dn"

// entries gives the entries of a search, page after page; it implements
// text.Rows.
type entries struct {
	session *session
	system  string
	options Options
	dataset schema.Dataset
	paging  *ldap.ControlPaging
	page    []*ldap.Entry
	ended   bool
	number  int64
	cells   [][]byte
}

func (s *source) entries(ctx context.Context, dataset string) (*entries, error) {
	options, declared := s.options[dataset]
	if !declared {
		return nil, fault.New(fault.NotFound, "system %s declares no dataset %s", s.config.System, dataset)
	}
	opened, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	e := &entries{session: opened, system: s.config.System, options: options, paging: ldap.NewControlPaging(s.connection.PageSize)}
	if err := e.fetch(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	names := options.Attributes
	if len(names) == 0 {
		names = e.attributes()
	}
	e.dataset = schema.Dataset{Name: dataset, RowEstimate: -1, Comment: options.Filter + " below " + options.Base}
	for _, name := range names {
		column := schema.Column{Name: name, Type: schema.Of(schema.String), Nullable: true, Declared: "attribute", Wire: "octet string"}
		if stated, ok := s.types[dataset][name]; ok {
			column.Type = stated
		}
		e.dataset.Columns = append(e.dataset.Columns, column)
	}
	e.cells = make([][]byte, len(names))
	return e, nil
}

// attributes lists those of the first entries in order of name.
func (e *entries) attributes() []string {
	names := []string{nameColumn}
	for _, entry := range e.page[:min(len(e.page), sampleEntries)] {
		for _, attribute := range entry.Attributes {
			names = append(names, attribute.Name)
		}
	}
	slices.Sort(names[1:])
	return slices.Compact(names)
}

// fetch reads the next page.
func (e *entries) fetch(ctx context.Context) error {
	wanted := e.options.Attributes
	if len(wanted) == 0 {
		wanted = []string{"*"}
	}
	request := ldap.NewSearchRequest(e.options.Base, scopes[e.options.Scope], ldap.NeverDerefAliases, 0, 0, false, e.options.Filter, wanted, []ldap.Control{e.paging})
	result, err := e.session.conn.Search(request)
	if err != nil {
		return e.told(ctx, err)
	}
	e.page, e.ended = result.Entries, true
	if control, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging); ok && len(control.Cookie) > 0 {
		e.paging.SetCookie(control.Cookie)
		e.ended = false
	}
	return nil
}

func (e *entries) told(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
		return fault.New(fault.NotFound, "the directory of system %s has nothing at %s", e.system, e.options.Base)
	case ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded):
		return fault.New(fault.Invalid, "the directory of system %s gives no more entries: it limits their number, also over pages", e.system)
	case ldap.IsErrorWithCode(err, ldap.LDAPResultInsufficientAccessRights):
		return fault.New(fault.Unavailable, "the directory of system %s lets the account not read %s", e.system, e.options.Base)
	}
	return fault.Wrap(err, fault.Unavailable, "the directory of system %s cannot be read on", e.system)
}

// Next implements text.Rows.
func (e *entries) Next(ctx context.Context) (text.Row, error) {
	for len(e.page) == 0 {
		if e.ended {
			return text.Row{}, io.EOF
		}
		if err := e.fetch(ctx); err != nil {
			return text.Row{}, err
		}
	}
	entry := e.page[0]
	e.page = e.page[1:]
	e.number++
	for i, column := range e.dataset.Columns {
		e.cells[i] = e.cell(entry, column.Name)
	}
	return text.Row{Number: e.number, Cells: e.cells, Raw: func() string { return entry.DN }}, nil
}

func (e *entries) cell(entry *ldap.Entry, name string) []byte {
	if name == nameColumn {
		return []byte(entry.DN)
	}
	values := entry.GetEqualFoldRawAttributeValues(name)
	if len(values) == 0 {
		return nil
	}
	if e.options.Multi == "first" {
		values = values[:1]
	}
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = string(value)
		if !utf8.Valid(value) || slices.Contains(value, 0) {
			texts[i] = "0x" + hex.EncodeToString(value)
		}
	}
	return []byte(strings.Join(texts, ";"))
}

// Token implements text.Rows. It cannot be resumed from.
func (e *entries) Token() connectors.Token {
	return connectors.Token(strconv.FormatInt(e.number, 10))
}

// Close implements text.Rows.
func (e *entries) Close() error { return e.session.close() }
