package httpjson

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Connection is the `connection:` of a system.
type Connection struct {
	// BaseURL is what the datasets' paths are put behind.
	BaseURL connectors.Setting `yaml:"base_url"`
	// Headers are sent with every request. No secrets: they stand in the definition.
	Headers map[string]string `yaml:"headers"`
	// Token is sent as a bearer token.
	Token connectors.SecretRef `yaml:"token"`
	// OAuth2 gets the token by client credentials.
	OAuth2 *OAuth2 `yaml:"oauth2"`
	// RatePerSecond bounds the requests; 0 means no bound.
	RatePerSecond float64 `yaml:"rate_per_second"`
	// Timeout bounds one request ("30s" when empty).
	Timeout string `yaml:"timeout"`
	// Retries is how often a failed request is tried again, 4 when not given.
	Retries *int `yaml:"retries"`
}

// OAuth2 are client credentials.
type OAuth2 struct {
	TokenURL     connectors.Setting   `yaml:"token_url"`
	ClientID     string               `yaml:"client_id"`
	ClientSecret connectors.SecretRef `yaml:"client_secret"`
	Scopes       []string             `yaml:"scopes"`
}

// Options are the `options:` of a dataset.
type Options struct {
	// Rows is the dotted path of the array of rows; empty: the answer is the array.
	Rows string `yaml:"rows"`
	// Paging says how further rows are asked for.
	Paging Paging `yaml:"paging"`
	// Query is sent with every request.
	Query map[string]string `yaml:"query"`
	// Columns names the columns; empty: those of the first page's rows.
	Columns []Column `yaml:"columns"`
	// SinceParam is the parameter that takes the cursor's lower bound.
	SinceParam string `yaml:"since_param"`
}

// Paging kinds.
const (
	PagingNone   = "none"
	PagingPage   = "page"
	PagingOffset = "offset"
	PagingCursor = "cursor"
	PagingLink   = "link"
)

// Paging says how further rows are asked for.
type Paging struct {
	// Kind is none (the default), page, offset, cursor or link.
	Kind string `yaml:"kind"`
	// PageParam ("page") counts pages from Start (1).
	PageParam string `yaml:"page_param"`
	Start     *int   `yaml:"start"`
	// OffsetParam ("offset") counts rows from 0.
	OffsetParam string `yaml:"offset_param"`
	// CursorParam ("cursor") takes what stands at CursorPath of the last answer.
	CursorParam string `yaml:"cursor_param"`
	CursorPath  string `yaml:"cursor_path"`
	// SizeParam asks for Size rows; a page with fewer is the last one.
	SizeParam string `yaml:"size_param"`
	Size      int    `yaml:"size"`
}

// Column is a column and the dotted path of its value in a row (its name when
// no path is given). In a definition it is a name or a mapping.
type Column struct {
	Name string `yaml:"name"`
	Path string `yaml:"path"`
}

// UnmarshalYAML reads either form.
func (c *Column) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&c.Name)
	}
	type plain Column
	return node.Decode((*plain)(c))
}

const (
	defaultTimeout = 30 * time.Second
	defaultRetries = 4
)

func (o Options) check(dataset string) error {
	p := o.Paging
	switch p.Kind {
	case "", PagingNone, PagingPage, PagingOffset, PagingLink:
	case PagingCursor:
		if p.CursorPath == "" {
			return fault.New(fault.Invalid, "dataset %s: paging by cursor needs cursor_path, the place of the next cursor in the answer", dataset)
		}
	default:
		return fault.New(fault.Invalid, "dataset %s: unknown paging %q: write none, page, offset, cursor or link", dataset, p.Kind)
	}
	if p.SizeParam != "" && p.Size <= 0 {
		return fault.New(fault.Invalid, "dataset %s: paging has size_param but no size", dataset)
	}
	return nil
}

func (c Connection) timeout(system string) (time.Duration, error) {
	if c.Timeout == "" {
		return defaultTimeout, nil
	}
	span, err := time.ParseDuration(c.Timeout)
	if err != nil || span <= 0 {
		return 0, fault.New(fault.Invalid, `connection of system %s: timeout %q is not a duration such as "30s"`, system, c.Timeout)
	}
	return span, nil
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// describe gives a request's path for messages: without parameters, which may
// hold what must not be seen.
func describe(path string) string { return fmt.Sprintf("GET %s", path) }
