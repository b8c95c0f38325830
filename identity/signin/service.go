package signin

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/yitong-hub/yitong/identity/sealed"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

// DemoPath is where the demo's own identity provider answers.
const DemoPath = "/demo-idp"

// campusIDForm is what a campus id looks like: it stands in records and rows.
var campusIDForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// Person is whom a provider vouches for.
type Person struct {
	// CampusID is the id that the provider's claim or attribute gave.
	CampusID string
	// Ticket is what the provider names at single logout; "" for none.
	Ticket string
	// Proof is what the provider wants to see at sign-out; "" for none.
	Proof string
}

// provider signs people in.
type provider interface {
	// begin gives the address to which the browser is sent.
	begin(ctx context.Context, state string, one flow) (string, error)
	// finish judges the answer with which it comes back. A silent sign-in of
	// which the provider knows nobody gives nobody.
	finish(ctx context.Context, one flow, answer url.Values) (Person, error)
	// signOut gives the address that ends the provider's session, "" for none.
	signOut(ctx context.Context, proof, after string) (string, error)
}

// Options are what a Service is made of.
type Options struct {
	Config Config
	// Secret looks secrets up by name.
	Secret func(name string) (string, error)
	Store  *store.Store
	Now    func() time.Time
	Logger *slog.Logger
	// Transport calls the providers, http.DefaultTransport when nil.
	Transport http.RoundTripper
	// Demo makes the demo's own identity provider, which then is one to choose;
	// nil outside of the demo. Base says by which address it is reached.
	Demo func(base func(host string) (string, error)) http.Handler
}

// Service signs people in at the providers of a campus. It is safe for
// concurrent use.
type Service struct {
	config    Config
	providers map[string]provider
	listed    []Listed
	flows     *flows
	demo      http.Handler
	make      func(p Provider, secret, base string, transport http.RoundTripper) provider

	mu sync.Mutex
	// demos are the demo's provider as clients by the addresses of this server.
	demos map[string]provider
}

// Listed is a provider as people choose it.
type Listed struct {
	ID    string
	Title Text
	Kind  string
}

// New makes a service. A secret that is not set is an Invalid fault.
func New(options Options) (*Service, error) {
	if options.Transport == nil {
		options.Transport = http.DefaultTransport
	}
	s := &Service{
		config: options.Config, providers: map[string]provider{}, demos: map[string]provider{},
		flows: &flows{store: options.Store, now: options.Now},
		make: func(p Provider, secret, base string, transport http.RoundTripper) provider {
			client := boundedClient(transport)
			if p.Kind == KindCAS {
				return &casProvider{config: p, client: client}
			}
			return &oidcProvider{config: p, secret: secret, client: client, now: options.Now, logger: options.Logger}
		},
	}
	for _, one := range options.Config.Providers {
		secret := ""
		if name := one.ClientSecret.Secret; name != "" {
			var err error
			if secret, err = options.Secret(name); err != nil {
				return nil, err
			}
		}
		s.providers[one.ID] = s.make(one, secret, options.Config.PublicURL, options.Transport)
		s.listed = append(s.listed, Listed{one.ID, one.Title, one.Kind})
	}
	if options.Demo != nil {
		s.demo = options.Demo(s.Base)
		s.listed = append(s.listed, Listed{DemoProvider, Text{"演示校园", "Demo campus"}, KindOIDC})
	}
	return s, nil
}

// Demo is the demo's own identity provider, nil outside of the demo.
func (s *Service) Demo() http.Handler { return s.demo }

// Config gives what signin.yaml says.
func (s *Service) Config() Config { return s.config }

// Providers lists the providers in the order of signin.yaml.
func (s *Service) Providers() []Listed { return s.listed }

// Base is the address by which people reach this server: the configured one. In
// the demo, where none is configured, it is what the browser asked for, as long
// as that is this machine: the Host header is anybody's to write.
func (s *Service) Base(host string) (string, error) {
	if s.config.PublicURL != "" {
		return s.config.PublicURL, nil
	}
	if s.demo != nil {
		if base := loopbackBase(host); base != "" {
			return base, nil
		}
	}
	return "", fault.New(fault.Conflict, "nobody can sign in by this address: open the server as 127.0.0.1, or write its address as public_url into signin.yaml")
}

// Secure reports whether people reach this server by https.
func (s *Service) Secure() bool {
	return strings.HasPrefix(s.config.PublicURL, "https:")
}

// has reports whether there is a provider.
func (s *Service) has(id string) bool {
	_, known := s.providers[id]
	return known || id == DemoProvider && s.demo != nil
}

func noProvider() error {
	return fault.New(fault.NotFound, "there is no such provider; /v1/signin/providers lists them")
}

// maxDemos bounds the addresses by which a demo is reached at once.
const maxDemos = 16

// provider finds a provider by id, or gives a NotFound fault.
func (s *Service) provider(id, base string) (provider, error) {
	if found, known := s.providers[id]; known {
		return found, nil
	}
	if !s.has(id) {
		return nil, noProvider()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, known := s.demos[base]; known {
		return found, nil
	}
	if len(s.demos) >= maxDemos {
		clear(s.demos)
	}
	made := s.make(Provider{
		ID: DemoProvider, Kind: KindOIDC, Issuer: base + DemoPath, ClientID: DemoClient, Claim: defaultClaim,
	}, "", base, inProcess{s.demo})
	s.demos[base] = made
	return made, nil
}

// DemoClient is the client id of this server at the demo's provider.
const DemoClient = "yitong"

// Callback is the path to which a provider sends browsers back.
func Callback(provider string) string { return "/signin/" + provider + "/callback" }

// Start is how a sign-in begins.
type Start struct {
	Provider, ReturnTo string
	// Silent asks the provider only whether it knows the person already.
	Silent bool
	// Host is the Host header, Browser the cookie of a sign-in in progress if any.
	Host, Browser string
}

// Began is where the browser is sent, with the cookie that it must bring back.
type Began struct {
	URL, Browser string
}

// Begin begins a sign-in.
func (s *Service) Begin(ctx context.Context, start Start) (Began, error) {
	if !s.has(start.Provider) {
		return Began{}, noProvider()
	}
	base, err := s.Base(start.Host)
	if err != nil {
		return Began{}, err
	}
	with, err := s.provider(start.Provider, base)
	if err != nil {
		return Began{}, err
	}
	returnTo, err := ReturnTo(start.ReturnTo, s.config.Landing)
	if err != nil {
		return Began{}, err
	}
	state := sealed.NewSecret()
	one := flow{
		ReturnTo: returnTo, Base: base, Callback: base + Callback(start.Provider),
		Nonce: sealed.NewSecret(), Verifier: sealed.NewSecret(), Silent: start.Silent, Began: s.flows.now(),
	}
	address, err := with.begin(ctx, state, one)
	if err != nil {
		return Began{}, err
	}
	// A second tab goes on with the cookie of the first, so that both can finish.
	browser := start.Browser
	if !sealed.IsSecret(browser) {
		browser = sealed.NewSecret()
	}
	if err := s.flows.keep(ctx, start.Provider, state, browser, one); err != nil {
		return Began{}, err
	}
	return Began{address, browser}, nil
}

// Finished is a sign-in that is done.
type Finished struct {
	// Person is nobody (without an id) when a silent sign-in found nobody.
	Person   Person
	ReturnTo string
}

// Finish judges with what the browser came back from a provider. Of a sign-in
// that began here, it also tells where to return to when it is refused.
func (s *Service) Finish(ctx context.Context, id string, answer url.Values, browser string) (Finished, error) {
	if !s.has(id) {
		return Finished{}, noProvider()
	}
	one, err := s.flows.take(ctx, id, answer.Get("state"), browser)
	if err != nil {
		return Finished{}, err
	}
	back := Finished{ReturnTo: one.ReturnTo}
	with, err := s.provider(id, one.Base)
	if err != nil {
		return back, err
	}
	person, err := with.finish(ctx, one, answer)
	if err != nil {
		return back, err
	}
	if person.CampusID == "" && one.Silent {
		return back, nil
	}
	if !campusIDForm.MatchString(person.CampusID) {
		return back, refused(ErrCampusID, campusIDText)
	}
	return Finished{Person: person, ReturnTo: one.ReturnTo}, nil
}

// LoggedOut reads the single logout that a CAS provider posts, and gives the
// ticket whose session it ends.
func (s *Service) LoggedOut(id, request string) (string, error) {
	if _, is := s.providers[id].(*casProvider); !is {
		return "", fault.New(fault.NotFound, "there is no CAS provider of this id; /v1/signin/providers lists them")
	}
	return parseLogout([]byte(request))
}

// SignOut gives the address at which the provider's own session ends and from
// which the browser comes back to this server; "" when the provider has none.
func (s *Service) SignOut(ctx context.Context, id, host, proof string) (string, error) {
	base, err := s.Base(host)
	if err != nil {
		return "", err
	}
	with, err := s.provider(id, base)
	if err != nil {
		return "", err
	}
	return with.signOut(ctx, proof, base+s.config.Landing)
}
