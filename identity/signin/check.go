package signin

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// DemoProvider is the id of the demo's own identity provider.
const DemoProvider = "demo"

const (
	maxProviders = 20
	maxTitle     = 100
	maxLife      = 30 * 24 * time.Hour
	minIdle      = time.Minute
	maxPerMinute = 1_000_000
)

var (
	idForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	secretForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// place is where in the file something is: keys and numbers of entries.
type place []any

// check says what is wrong, and where.
func (c *Config) check() (place, error) {
	if c.PublicURL != "" {
		if err := checkURL(c.PublicURL); err != nil {
			return place{"public_url"}, err
		}
		if parsed, err := url.Parse(c.PublicURL); err == nil && parsed.Path != "" {
			return place{"public_url"}, errors.New("it ends with the host, as https://data.campus.edu.cn: this server answers at / alone")
		}
	} else if len(c.Providers) > 0 {
		return place{"public_url"}, errors.New("public_url is missing: providers send people back to it, as https://data.campus.edu.cn")
	}
	if !slices.Contains([]string{UnknownRefuse, UnknownPerson}, c.Unknown) {
		return place{"unknown"}, fmt.Errorf("%q is neither refuse nor person", c.Unknown)
	}
	if _, err := ReturnTo(c.Landing, ""); err != nil {
		return place{"landing"}, errors.New("it is a path of this server, as /docs")
	}
	if c.Session.Life < minIdle || c.Session.Life > maxLife {
		return place{"session", "life"}, fmt.Errorf("it is between %s and %s, as 12h", minIdle, maxLife)
	}
	if c.Session.Idle < minIdle || c.Session.Idle > c.Session.Life {
		return place{"session", "idle"}, fmt.Errorf("it is between %s and the life of a session, as 1h", minIdle)
	}
	for _, limit := range []struct {
		key   string
		value int
	}{{"attempts_per_minute", c.Limits.AttemptsPerMinute}, {"failures_per_minute", c.Limits.FailuresPerMinute}} {
		if limit.value < 1 || limit.value > maxPerMinute {
			return place{"limits", limit.key}, fmt.Errorf("it is between 1 and %d", maxPerMinute)
		}
	}
	if _, err := c.Proxies(); err != nil {
		return place{"trusted_proxies"}, err
	}
	return c.checkProviders()
}

// Proxies gives the networks whose X-Forwarded-For is believed.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range c.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no network: write 10.1.2.3/32 or fd00::/8", text)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

func (c *Config) checkProviders() (place, error) {
	if len(c.Providers) > maxProviders {
		return place{"providers"}, fmt.Errorf("there are more than %d", maxProviders)
	}
	seen := map[string]bool{DemoProvider: true}
	for i, one := range c.Providers {
		where, err := one.check()
		if err == nil && seen[one.ID] {
			where, err = place{"id"}, fmt.Errorf("%q is the id of another provider; %s is the demo's", one.ID, DemoProvider)
		}
		if err != nil {
			return append(place{"providers", i}, where...), err
		}
		seen[one.ID] = true
	}
	return nil, nil
}

func (p *Provider) check() (place, error) {
	switch {
	case !idForm.MatchString(p.ID):
		return place{"id"}, errors.New("it has 1 to 40 small letters, digits and -, as sso")
	case p.Title.ZH == "" || p.Title.EN == "" || len(p.Title.ZH)+len(p.Title.EN) > 2*maxTitle:
		return place{"title"}, errors.New("it is what people choose by, in zh and en, as {zh: 统一身份认证, en: Campus account}")
	case p.Kind == KindOIDC:
		return p.checkOIDC()
	case p.Kind == KindCAS:
		return p.checkCAS()
	}
	return place{"kind"}, fmt.Errorf("%q is neither oidc nor cas", p.Kind)
}

func (p *Provider) checkOIDC() (place, error) {
	if err := checkURL(p.Issuer); err != nil {
		return place{"issuer"}, err
	}
	switch {
	case p.ClientID == "":
		return place{"client_id"}, errors.New("it is the name that the provider gave this server")
	case p.ClientSecret.Secret != "" && !secretForm.MatchString(p.ClientSecret.Secret):
		return place{"client_secret"}, errors.New("it names a secret, as {secret: SSO_SECRET}, whose value stands in the environment or in secrets.env")
	case slices.ContainsFunc(p.Scopes, func(s string) bool { return s == "" || strings.ContainsAny(s, " \t\n\"\\") }):
		return place{"scopes"}, errors.New("they are names without spaces, as [openid, profile]")
	case p.URL != "" || p.Version != "" || p.Attribute != "":
		return nil, errors.New("url, version and attribute are of kind cas; kind oidc has issuer and claim")
	}
	return nil, nil
}

func (p *Provider) checkCAS() (place, error) {
	if err := checkURL(p.URL); err != nil {
		return place{"url"}, err
	}
	switch {
	case p.Version != "2.0" && p.Version != "3.0":
		return place{"version"}, fmt.Errorf(`%q is neither "2.0" nor "3.0"`, p.Version)
	case p.Issuer != "" || p.ClientID != "" || p.ClientSecret.Secret != "" || p.Claim != "" || len(p.Scopes) > 0:
		return nil, errors.New("issuer, client_id, client_secret, scopes and claim are of kind oidc; kind cas has url and attribute")
	}
	return nil, nil
}

// checkURL demands https, or http on this machine, for tests and trials: what a
// provider says decides who somebody is.
func checkURL(text string) error {
	parsed, err := url.Parse(text)
	switch {
	case text == "":
		return errors.New("it is missing: write an address, as https://sso.campus.edu.cn")
	case err != nil || parsed.Hostname() == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.ForceQuery || strings.Contains(text, "#"):
		return errors.New("it is an address without user, ? and #, as https://sso.campus.edu.cn")
	case parsed.Scheme != "https" && (parsed.Scheme != "http" || !isLoopback(parsed.Hostname())):
		return errors.New("it begins with https://; http:// only of this machine (127.0.0.1, ::1, localhost)")
	}
	return nil
}

// isLoopback reports whether a host is this machine by its very name.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// loopbackBase is the address of this server as a browser on this machine named
// it in the Host header; "" when it named anything else.
func loopbackBase(host string) string {
	name := host
	if split, port, err := net.SplitHostPort(host); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return ""
		}
		name = split
	} else {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	}
	if !isLoopback(name) {
		return ""
	}
	return "http://" + strings.ToLower(host)
}

// located names file, line and key of a place in a text.
func located(path string, text []byte, where place) string {
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil || len(document.Content) == 0 {
		return path
	}
	node, keys := document.Content[0], ""
	for _, step := range where {
		switch step := step.(type) {
		case string:
			keys = strings.TrimPrefix(keys+"."+step, ".")
			for i := 0; i+1 < len(node.Content); i += 2 {
				if node.Content[i].Value == step {
					node = node.Content[i+1]
					break
				}
			}
		case int:
			keys += "[" + strconv.Itoa(step) + "]"
			if step < len(node.Content) {
				node = node.Content[step]
			}
		}
	}
	if keys == "" {
		return path
	}
	return fmt.Sprintf("%s line %d, %s", path, node.Line, keys)
}
