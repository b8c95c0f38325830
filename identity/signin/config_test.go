package signin_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/fault"
)

const right = `public_url: https://data.campus.example
providers:
  - id: sso
    kind: oidc
    title: {zh: 统一身份认证, en: Campus account}
    issuer: https://sso.campus.example
    client_id: yitong
    client_secret: {secret: SSO_SECRET}
  - id: cas
    kind: cas
    title: {zh: 统一身份认证, en: Campus account}
    url: https://cas.campus.example/cas
`

func TestParseCompletesWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	config, err := signin.Parse("signin.yaml", []byte(right))
	require.NoError(t, err)
	require.Equal(t, signin.UnknownRefuse, config.Unknown)
	require.Equal(t, "/docs", config.Landing)
	require.Equal(t, signin.SessionLimits{Life: 12 * time.Hour, Idle: time.Hour}, config.Session)
	require.Equal(t, signin.Limits{AttemptsPerMinute: 120, FailuresPerMinute: 60}, config.Limits)
	require.Equal(t, "sub", config.Providers[0].Claim)
	require.Equal(t, "3.0", config.Providers[1].Version)
	require.Equal(t, "user", config.Providers[1].Attribute)
	config, err = signin.Parse("signin.yaml", []byte(strings.Replace(right, "https://data.campus.example", "HTTPS://Data.Campus.Example:8443/", 1)))
	require.NoError(t, err)
	require.Equal(t, "https://data.campus.example:8443", config.PublicURL)
	empty, err := signin.Parse("signin.yaml", nil)
	require.NoError(t, err)
	require.Empty(t, empty.Providers)
	require.Equal(t, 12*time.Hour, empty.Session.Life)
}

func TestParseSaysWhereItIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, to, says string }{
		"an unknown key":          {"public_url:", "public_uri: x\npublic_url:", "public_uri"},
		"another document":        {"public_url:", "a: 1\n---\npublic_url:", "a"},
		"no address":              {"public_url: https://data.campus.example\n", "", "public_url is missing"},
		"an address over http":    {"https://data.campus.example", "http://data.campus.example", "signin.yaml line 1, public_url: it begins with https://"},
		"an address with a path":  {"https://data.campus.example", "https://data.campus.example/x", "it ends with the host"},
		"an address with a query": {"https://data.campus.example", "https://data.campus.example?x", "without user, ? and #"},
		"a user in the address":   {"https://data.campus.example", "https://a@data.campus.example", "without user"},
		"an unknown unknown":      {"providers:", "unknown: maybe\nproviders:", `line 2, unknown: "maybe" is neither refuse nor person`},
		"a landing elsewhere":     {"providers:", "landing: //evil.example\nproviders:", "line 2, landing: it is a path"},
		"a life without end":      {"providers:", "session: {life: 9999h}\nproviders:", "session.life: it is between"},
		"an idle time":            {"providers:", "session: {idle: 13h}\nproviders:", "session.idle: it is between"},
		"a limit of nothing":      {"providers:", "limits: {failures_per_minute: -1}\nproviders:", "limits.failures_per_minute: it is between 1"},
		"a network":               {"providers:", "trusted_proxies: [10.0.0.1]\nproviders:", `"10.0.0.1" is no network`},
		"an id":                   {"id: sso", "id: SSO", "line 3, providers[0].id: it has 1 to 40 small letters"},
		"the demo's id":           {"id: sso", "id: demo", "providers[0].id"},
		"an id twice":             {"id: cas", "id: sso", `line 9, providers[1].id: "sso" is the id of another provider`},
		"no title":                {"title: {zh: 统一身份认证, en: Campus account}\n    issuer", "issuer", "providers[0].title"},
		"a kind":                  {"kind: oidc", "kind: saml", `line 4, providers[0].kind: "saml" is neither oidc nor cas`},
		"an issuer over http":     {"issuer: https://sso", "issuer: http://sso", "line 6, providers[0].issuer: it begins with https://"},
		"no issuer":               {"    issuer: https://sso.campus.example\n", "", "providers[0].issuer: it is missing"},
		"no client":               {"    client_id: yitong\n", "", "providers[0].client_id"},
		"a secret in the open":    {"{secret: SSO_SECRET}", "hunter2!", "line 8: a secret is named"},
		"a secret for a name":     {"{secret: SSO_SECRET}", `{secret: "hunter2!"}`, "providers[0].client_secret: it names a secret"},
		"a scope":                 {"client_id: yitong", "client_id: yitong\n    scopes: [a b]", "providers[0].scopes"},
		"a version":               {"kind: cas", "kind: cas\n    version: \"1.0\"", `providers[1].version: "1.0" is neither`},
		"keys of another kind":    {"kind: cas", "kind: cas\n    claim: x", "kind cas has url and attribute"},
		"and the other way":       {"kind: oidc", "kind: oidc\n    attribute: x", "kind oidc has issuer and claim"},
		"no CAS address":          {"    url: https://cas.campus.example/cas\n", "", "providers[1].url: it is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, right, test.old)
			_, err := signin.Parse("signin.yaml", []byte(strings.Replace(right, test.old, test.to, 1)))
			require.True(t, fault.Is(err, fault.Invalid))
			require.Contains(t, fault.Public(err), test.says)
			require.Contains(t, fault.Public(err), "signin.yaml")
			require.NotContains(t, fault.Public(err), "hunter2!")
		})
	}
}

// TestManualsExamplesAreRight reads every example of docs/sign-in.md.
func TestManualsExamplesAreRight(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sign-in.md"))
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(example[1], "providers:") {
			continue
		}
		config, err := signin.Parse("docs/sign-in.md", []byte(example[1]))
		require.NoError(t, err, example[1])
		_, err = signin.New(signin.Options{
			Config: config, Store: state(t), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
			Secret: func(string) (string, error) { return "x", nil },
		})
		require.NoError(t, err)
		for _, one := range config.Providers {
			kinds[one.Kind]++
		}
	}
	require.Positive(t, kinds[signin.KindOIDC])
	require.Positive(t, kinds[signin.KindCAS])
}

func TestAMissingSecretIsTold(t *testing.T) {
	t.Parallel()
	config, err := signin.Parse("signin.yaml", []byte(right))
	require.NoError(t, err)
	_, err = signin.New(signin.Options{
		Config: config, Store: state(t), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Secret: func(name string) (string, error) { return "", fault.New(fault.Invalid, "secret %s is not set", name) },
	})
	require.Contains(t, fault.Public(err), "SSO_SECRET")
}
