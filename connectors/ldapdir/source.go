package ldapdir

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Connection is the `connection:` of a directory.
type Connection struct {
	// URL is ldap://host:port or ldaps://host:port.
	URL connectors.Setting `yaml:"url"`
	// BindDN and Password sign in; without them the bind is anonymous.
	BindDN   string               `yaml:"bind_dn"`
	Password connectors.SecretRef `yaml:"password"`
	// StartTLS encrypts a connection of ldap:// before the sign-in.
	StartTLS bool `yaml:"start_tls"`
	// CAFile holds the certificates to trust, in PEM; empty: the system's.
	CAFile string `yaml:"ca_file"`
	// BaseDN is where searches begin.
	BaseDN string `yaml:"base_dn"`
	// PageSize is the number of entries asked for at once, 500 when 0.
	PageSize uint32 `yaml:"page_size"`
}

// Options are the `options:` of a dataset.
type Options struct {
	// Base replaces the connection's BaseDN.
	Base string `yaml:"base"`
	// Filter is an LDAP filter (RFC 4515), (objectClass=*) when empty.
	Filter string `yaml:"filter"`
	// Scope is sub (the default), one or base.
	Scope string `yaml:"scope"`
	// Attributes are the columns; dn gives the entry's name. Empty: those of the
	// first entries.
	Attributes []string `yaml:"attributes"`
	// Multi says what several values of an attribute become: "join" (the default)
	// puts a semicolon between them, "first" keeps the first.
	Multi string `yaml:"multi"`
}

const (
	defaultPage = 500
	// sampleEntries is how many entries tell the attributes when none are named.
	sampleEntries = 200
	dialWithin    = 10 * time.Second
	// answerWithin bounds one page.
	answerWithin = 60 * time.Second
)

var scopes = map[string]int{"": ldap.ScopeWholeSubtree, "sub": ldap.ScopeWholeSubtree, "one": ldap.ScopeSingleLevel, "base": ldap.ScopeBaseObject}

// Driver is the connector for LDAP directories. A dataset is a name with a search.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "ldap", Title: "LDAP directories", Open: open}
}

type source struct {
	config     connectors.Config
	connection Connection
	address    string
	password   string
	tls        *tls.Config
	options    map[string]Options
	types      map[string]map[string]schema.Type
	names      []string
}

func open(config connectors.Config) (connectors.Source, error) {
	s := &source{config: config, options: map[string]Options{}, types: map[string]map[string]schema.Type{}}
	if err := config.DecodeConnection(&s.connection); err != nil {
		return nil, err
	}
	var err error
	if s.address, err = s.connection.URL.Resolve(config); err != nil {
		return nil, err
	}
	parsed, err := url.Parse(s.address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "ldap" && parsed.Scheme != "ldaps" {
		return nil, fault.New(fault.Invalid, "connection of system %s: url is not ldap://host:port or ldaps://host:port", config.System)
	}
	if s.password, err = s.connection.Password.Resolve(config); err != nil {
		return nil, err
	}
	if s.connection.PageSize == 0 {
		s.connection.PageSize = defaultPage
	}
	if s.tls, err = s.trust(parsed.Hostname()); err != nil {
		return nil, err
	}
	for _, dataset := range config.Datasets {
		if err := s.declare(dataset); err != nil {
			return nil, err
		}
	}
	slices.Sort(s.names)
	return s, nil
}

func (s *source) declare(dataset connectors.DatasetConfig) error {
	var options Options
	if err := dataset.DecodeOptions(&options); err != nil {
		return err
	}
	if _, known := scopes[options.Scope]; !known {
		return fault.New(fault.Invalid, "dataset %s: unknown scope %q: write sub, one or base", dataset.Source, options.Scope)
	}
	if options.Multi != "" && options.Multi != "join" && options.Multi != "first" {
		return fault.New(fault.Invalid, "dataset %s: unknown multi %q: write join or first", dataset.Source, options.Multi)
	}
	if options.Filter == "" {
		options.Filter = "(objectClass=*)"
	}
	if _, err := ldap.CompileFilter(options.Filter); err != nil {
		return fault.New(fault.Invalid, "dataset %s: %q is not an LDAP filter such as (objectClass=person)", dataset.Source, options.Filter)
	}
	if options.Base == "" {
		options.Base = s.connection.BaseDN
	}
	if options.Base == "" {
		return fault.New(fault.Invalid, "dataset %s: there is no base_dn to begin the search at", dataset.Source)
	}
	s.options[dataset.Source], s.types[dataset.Source] = options, dataset.Types
	s.names = append(s.names, dataset.Source)
	return nil
}

func (s *source) trust(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.connection.CAFile == "" {
		return config, nil
	}
	certificates, err := os.ReadFile(s.config.Path(s.connection.CAFile))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "connection of system %s: ca_file cannot be read", s.config.System)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(certificates) {
		return nil, fault.New(fault.Invalid, "connection of system %s: ca_file holds no certificate in PEM", s.config.System)
	}
	return config, nil
}

// connect dials and signs in. The connection is closed when ctx ends.
func (s *source) connect(ctx context.Context) (*session, error) {
	dialer := &net.Dialer{Timeout: dialWithin}
	if deadline, ok := ctx.Deadline(); ok {
		dialer.Deadline = deadline
	}
	conn, err := ldap.DialURL(s.address, ldap.DialWithDialer(dialer), ldap.DialWithTLSConfig(s.tls))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the directory of system %s does not answer", s.config.System)
	}
	conn.SetTimeout(answerWithin)
	opened := &session{conn: conn, stop: context.AfterFunc(ctx, func() { _ = conn.Close() })} // what fails then says why
	if s.connection.StartTLS {
		if err := conn.StartTLS(s.tls); err != nil {
			return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "the directory of system %s refuses TLS", s.config.System), opened.close())
		}
	}
	if s.connection.BindDN != "" {
		if err := conn.Bind(s.connection.BindDN, s.password); err != nil {
			return nil, errors.Join(fault.New(fault.Unavailable, "the directory of system %s refuses the sign-in of %s: check the password's secret", s.config.System, s.connection.BindDN), opened.close())
		}
	}
	return opened, nil
}

// session is one signed-in connection.
type session struct {
	conn *ldap.Conn
	stop func() bool
}

func (s *session) close() error {
	s.stop()
	err := s.conn.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Check implements connectors.Source.
func (s *source) Check(ctx context.Context) error {
	opened, err := s.connect(ctx)
	if err != nil {
		return err
	}
	return opened.close()
}

// Close implements connectors.Source.
func (s *source) Close() error { return nil }

// Discover implements connectors.Source: it lists the declared searches.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	return connectors.CollectDatasets(ctx, slices.Compact(slices.Clone(s.names)), func(ctx context.Context, name string) (schema.Dataset, error) {
		opened, err := s.entries(ctx, name)
		if err != nil {
			return schema.Dataset{}, err
		}
		return opened.dataset, opened.Close()
	})
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	zone, err := s.config.Zone()
	if err != nil {
		return nil, err
	}
	opened, err := s.entries(ctx, request.Dataset)
	if err != nil {
		return nil, err
	}
	return text.NewStream(opened.dataset, request, text.Options{Location: zone}, opened, request.Resume != "")
}
