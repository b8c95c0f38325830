package signin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Kinds of providers.
const (
	KindOIDC = "oidc"
	KindCAS  = "cas"
)

// What is done with people whom a provider knows and the directory does not.
const (
	UnknownRefuse = "refuse"
	UnknownPerson = "person"
)

const (
	defaultLife     = 12 * time.Hour
	defaultIdle     = time.Hour
	defaultLanding  = "/docs"
	defaultAttempts = 120
	defaultFailures = 60
	defaultVersion  = "3.0"
	defaultClaim    = "sub"
	// userAttribute names what CAS says beside all attributes: cas:user.
	userAttribute = "user"
)

// Config is what signin.yaml says.
type Config struct {
	// PublicURL is where people reach this server, as https://data.campus.edu.cn.
	PublicURL string `yaml:"public_url"`
	// Unknown is UnknownRefuse or UnknownPerson.
	Unknown string `yaml:"unknown"`
	// Landing is the path to which people come who asked for none.
	Landing string        `yaml:"landing"`
	Session SessionLimits `yaml:"session"`
	Limits  Limits        `yaml:"limits"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []string   `yaml:"trusted_proxies"`
	Providers      []Provider `yaml:"providers"`
}

// SessionLimits say how long people stay signed in.
type SessionLimits struct {
	// Life is how long at most, Idle how long without a request.
	Life time.Duration `yaml:"life"`
	Idle time.Duration `yaml:"idle"`
}

// Limits hold each client address to what a minute may have.
type Limits struct {
	// AttemptsPerMinute bounds requests for tokens and sign-ins, right or wrong,
	// FailuresPerMinute keys, tokens and sessions that are refused.
	AttemptsPerMinute int `yaml:"attempts_per_minute"`
	FailuresPerMinute int `yaml:"failures_per_minute"`
}

// Provider is one that vouches for people.
type Provider struct {
	// ID stands in paths; Title is what people choose by.
	ID    string `yaml:"id"`
	Title Text   `yaml:"title"`
	// Kind is KindOIDC or KindCAS.
	Kind string `yaml:"kind"`
	// Renew makes people prove who they are even when the provider knows them.
	Renew bool `yaml:"renew"`

	// Issuer, ClientID, ClientSecret, Scopes and Claim are of OIDC. Claim is what
	// holds the campus id in the ID token or else in the user info. Without a
	// secret the client is a public one.
	Issuer       string    `yaml:"issuer"`
	ClientID     string    `yaml:"client_id"`
	ClientSecret SecretRef `yaml:"client_secret"`
	Scopes       []string  `yaml:"scopes"`
	Claim        string    `yaml:"claim"`

	// URL, Version and Attribute are of CAS. URL is the one before /login,
	// Version 2.0 or 3.0, Attribute what holds the campus id: user, or an attribute.
	URL       string `yaml:"url"`
	Version   string `yaml:"version"`
	Attribute string `yaml:"attribute"`
}

// Text is one in Chinese and in English.
type Text struct {
	ZH string `yaml:"zh" json:"zh"`
	EN string `yaml:"en" json:"en"`
}

// SecretRef names a secret, which itself stands in no definition.
type SecretRef struct {
	Secret string `yaml:"secret"`
}

// UnmarshalYAML implements [yaml.Unmarshaler]. Its errors repeat nothing of a
// secret that somebody wrote where only its name may stand.
func (s *SecretRef) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode || len(node.Content) != 2 || node.Content[0].Value != "secret" || node.Content[1].Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: a secret is named, as {secret: SSO_SECRET}, and its value stands in the environment or in secrets.env", node.Line)
	}
	s.Secret = node.Content[1].Value
	return nil
}

// Load reads signin.yaml. Without the file nobody signs in, and the rest is as
// it is by default. What is wrong is an Invalid fault with the file, the line,
// the key and what would be right.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Parse(path, nil)
	}
	if err != nil {
		return Config{}, fault.Wrap(err, fault.Invalid, "%s cannot be read", path)
	}
	return Parse(path, text)
}

// Parse reads the text of a signin.yaml; path is its name in faults.
func Parse(path string, text []byte) (Config, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var config Config
	if err := decoder.Decode(&config); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, fault.New(fault.Invalid, "%v; docs/sign-in.md explains each key", err).At("%s", path)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Config{}, fault.New(fault.Invalid, "there is a second document behind ---: write one").At("%s", path)
	}
	config.complete()
	if place, err := config.check(); err != nil {
		return Config{}, fault.New(fault.Invalid, "%s", err).At("%s", located(path, text, place))
	}
	return config, nil
}

// complete sets what is not given to its default.
func (c *Config) complete() {
	// Browsers write origins in small letters.
	c.PublicURL = strings.TrimSuffix(strings.ToLower(c.PublicURL), "/")
	orElse(&c.Unknown, UnknownRefuse)
	orElse(&c.Landing, defaultLanding)
	orElse(&c.Session.Life, defaultLife)
	orElse(&c.Session.Idle, min(defaultIdle, c.Session.Life))
	orElse(&c.Limits.AttemptsPerMinute, defaultAttempts)
	orElse(&c.Limits.FailuresPerMinute, defaultFailures)
	for i := range c.Providers {
		one := &c.Providers[i]
		switch one.Kind {
		case KindOIDC:
			orElse(&one.Claim, defaultClaim)
		case KindCAS:
			orElse(&one.Version, defaultVersion)
			orElse(&one.Attribute, userAttribute)
		}
	}
}

func orElse[T comparable](value *T, otherwise T) {
	if *value == *new(T) {
		*value = otherwise
	}
}
