package signin_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/identity/signin/castest"
	"github.com/yitong-hub/yitong/internal/fault"
)

var users = map[string]map[string][]string{
	"wang": {"employeeNumber": {"10001"}, "mail": {"wang@campus.example", "w@campus.example"}},
	"li":   {},
}

func casAt(server *castest.Server, version string) signin.Provider {
	return signin.Provider{ID: "cas", Kind: signin.KindCAS, URL: server.URL, Version: version, Attribute: "user"}
}

// atServer signs in at the CAS server as user, or with the cookie that the jar
// has, and gives with what it sends the browser back.
func atServer(t *testing.T, jar http.CookieJar, address, user string) url.Values {
	t.Helper()
	browser := noRedirects(jar)
	var response *http.Response
	var err error
	if user == "" {
		response, err = browser.Get(address)
	} else {
		response, err = browser.PostForm(address, url.Values{"username": {user}, "password": {"x"}})
	}
	require.NoError(t, err)
	defer response.Body.Close()
	back, err := response.Location()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(back.String(), here+"/signin/cas/callback?"), back)
	return back.Query()
}

func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return jar
}

func TestCASSignsIn(t *testing.T) {
	t.Parallel()
	server := castest.New(t, users)
	for _, test := range []struct {
		name, version, attribute, user, id string
		refused                            signin.RefusalError
	}{
		{name: "2.0 tells the user", version: "2.0", attribute: "user", user: "wang", id: "wang"},
		{name: "3.0 tells the user", version: "3.0", attribute: "user", user: "wang", id: "wang"},
		{name: "3.0 tells attributes", version: "3.0", attribute: "employeeNumber", user: "wang", id: "10001"},
		{name: "2.0 has none", version: "2.0", attribute: "employeeNumber", user: "wang", refused: signin.ErrCampusID},
		{name: "somebody without the attribute", version: "3.0", attribute: "employeeNumber", user: "li", refused: signin.ErrCampusID},
		{name: "several values name nobody", version: "3.0", attribute: "mail", user: "wang", refused: signin.ErrCampusID},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			provider := casAt(server, test.version)
			provider.Attribute = test.attribute
			s := service(t, state(t), newHands(), provider)
			began, _ := begin(t, s, signin.Start{Provider: "cas", ReturnTo: "/v1/me?x=1"})
			answer := atServer(t, newJar(t), began.URL, test.user)
			finished, err := s.Finish(t.Context(), "cas", answer, began.Browser)
			if test.refused != "" {
				requireRefused(t, err, test.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.id, finished.Person.CampusID)
			require.Equal(t, answer.Get("ticket"), finished.Person.Ticket)
			require.Equal(t, "/v1/me?x=1", finished.ReturnTo)
		})
	}
}

func TestCASRenewDemandsCredentials(t *testing.T) {
	t.Parallel()
	server, jar := castest.New(t, users), newJar(t)
	lax, strict := casAt(server, "3.0"), casAt(server, "3.0")
	strict.ID, strict.Renew = "strict", true
	s := service(t, state(t), newHands(), lax, strict)

	began, asked := begin(t, s, signin.Start{Provider: "cas"})
	require.False(t, asked.Has("renew"))
	atServer(t, jar, began.URL, "wang")
	began, _ = begin(t, s, signin.Start{Provider: "cas"})
	finished, err := s.Finish(t.Context(), "cas", atServer(t, jar, began.URL, ""), began.Browser)
	require.NoError(t, err, "single sign-on is enough")
	require.Equal(t, "wang", finished.Person.CampusID)

	began, asked = begin(t, s, signin.Start{Provider: "strict", Silent: true})
	require.Equal(t, "true", asked.Get("renew"))
	require.False(t, asked.Has("gateway"), "renew takes precedence")
	// The person strikes renew out of the address, and gets a ticket without credentials.
	struck := strings.Replace(began.URL, "renew=true", "", 1)
	response, err := noRedirects(jar).Get(struck)
	require.NoError(t, err)
	defer response.Body.Close()
	back, err := response.Location()
	require.NoError(t, err)
	require.NotEmpty(t, back.Query().Get("ticket"))
	_, err = s.Finish(t.Context(), "strict", back.Query(), began.Browser)
	requireRefused(t, err, signin.ErrReplayed)
	require.Equal(t, "true", server.Validated()[len(server.Validated())-1].Get("renew"))
}

func TestCASGatewayAsksOnly(t *testing.T) {
	t.Parallel()
	server, jar := castest.New(t, users), newJar(t)
	s := service(t, state(t), newHands(), casAt(server, "3.0"))
	began, asked := begin(t, s, signin.Start{Provider: "cas", Silent: true, ReturnTo: "/x"})
	require.Equal(t, "true", asked.Get("gateway"))
	finished, err := s.Finish(t.Context(), "cas", atServer(t, jar, began.URL, ""), began.Browser)
	require.NoError(t, err)
	require.Equal(t, signin.Finished{ReturnTo: "/x"}, finished)

	began, _ = begin(t, s, signin.Start{Provider: "cas"})
	_, err = s.Finish(t.Context(), "cas", url.Values{"state": atServer(t, jar, began.URL, "wang")["state"]}, began.Browser)
	requireRefused(t, err, signin.ErrAnswer)

	began, _ = begin(t, s, signin.Start{Provider: "cas", Silent: true})
	finished, err = s.Finish(t.Context(), "cas", atServer(t, jar, began.URL, ""), began.Browser)
	require.NoError(t, err)
	require.Equal(t, "wang", finished.Person.CampusID)
}

// TestCASRefusesOtherTickets plays the ticket of one sign-in in others.
func TestCASRefusesOtherTickets(t *testing.T) {
	t.Parallel()
	server := castest.New(t, users)
	s := service(t, state(t), newHands(), casAt(server, "3.0"))
	began, _ := begin(t, s, signin.Start{Provider: "cas"})
	stolen := atServer(t, newJar(t), began.URL, "wang")

	other, _ := begin(t, s, signin.Start{Provider: "cas"})
	answer := atServer(t, newJar(t), other.URL, "li")
	answer.Set("ticket", stolen.Get("ticket"))
	_, err := s.Finish(t.Context(), "cas", answer, other.Browser)
	require.True(t, fault.Is(err, fault.Unavailable), "the ticket is of another service: %v", err)

	_, err = s.Finish(t.Context(), "cas", stolen, other.Browser)
	requireRefused(t, err, signin.ErrState)

	used, _ := begin(t, s, signin.Start{Provider: "cas"})
	answer = atServer(t, newJar(t), used.URL, "wang")
	_, err = s.Finish(t.Context(), "cas", answer, used.Browser)
	require.NoError(t, err)
	_, err = s.Finish(t.Context(), "cas", answer, used.Browser)
	requireRefused(t, err, signin.ErrState)
	replay, asked := begin(t, s, signin.Start{Provider: "cas"})
	service, err := url.Parse(asked.Get("service"))
	require.NoError(t, err)
	_, err = s.Finish(t.Context(), "cas", url.Values{"state": service.Query()["state"], "ticket": answer["ticket"]}, replay.Browser)
	requireRefused(t, err, signin.ErrReplayed)
	require.NotContains(t, err.Error(), answer.Get("ticket"))

	for _, odd := range []string{"PT-1-x", "ST-", "ST-a b", "ST-\r\n", "ST-" + strings.Repeat("a", 600), server.Proxy("wang", asked.Get("service"))} {
		odder, asked := begin(t, s, signin.Start{Provider: "cas"})
		service, err := url.Parse(asked.Get("service"))
		require.NoError(t, err)
		_, err = s.Finish(t.Context(), "cas", url.Values{"state": service.Query()["state"], "ticket": {odd}}, odder.Browser)
		requireRefused(t, err, signin.ErrAnswer)
	}
}

// TestCASAnswers lets the server answer validations in all kinds of ways.
func TestCASAnswers(t *testing.T) {
	t.Parallel()
	response := func(inner string) string {
		return `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">` + inner + `</cas:serviceResponse>`
	}
	failure := func(code string) string {
		return response(`<cas:authenticationFailure code="` + code + `">why</cas:authenticationFailure>`)
	}
	success := func(inner string) string {
		return response(`<cas:authenticationSuccess>` + inner + `</cas:authenticationSuccess>`)
	}
	for name, test := range map[string]struct {
		status  int
		text    string
		refused signin.RefusalError
		id      string
	}{
		"a success":              {text: success(`<cas:user>wang</cas:user>`), id: "wang"},
		"with spaces around":     {text: success("\n <cas:user>\n wang\n</cas:user>\n"), id: "wang"},
		"with a declaration":     {text: `<?xml version="1.0" encoding="UTF-8"?>` + success(`<cas:user>wang</cas:user>`), id: "wang"},
		"in GBK":                 {text: `<?xml version="1.0" encoding="GBK"?>` + success("<cas:user>wang</cas:user><cas:attributes><cas:cn>\xcd\xf5</cas:cn></cas:attributes>"), id: "wang"},
		"invalid ticket":         {text: failure("INVALID_TICKET"), refused: signin.ErrReplayed},
		"invalid ticket spec":    {text: failure("INVALID_TICKET_SPEC"), refused: signin.ErrReplayed},
		"invalid service":        {text: failure("INVALID_SERVICE")},
		"invalid request":        {text: failure("INVALID_REQUEST")},
		"unauthorized proxy":     {text: failure("UNAUTHORIZED_SERVICE_PROXY")},
		"invalid proxy callback": {text: failure("INVALID_PROXY_CALLBACK")},
		"internal error":         {text: failure("INTERNAL_ERROR")},
		"an unknown code":        {text: failure("x")},
		"no code":                {text: response(`<cas:authenticationFailure>why</cas:authenticationFailure>`)},
		"a proxied success":      {text: success(`<cas:user>wang</cas:user><cas:proxies><cas:proxy>https://evil.example/</cas:proxy></cas:proxies>`), refused: signin.ErrProxied},
		"both":                   {text: response(`<cas:authenticationFailure code="INVALID_TICKET"/><cas:authenticationSuccess><cas:user>wang</cas:user></cas:authenticationSuccess>`)},
		"neither":                {text: response("")},
		"two users":              {text: success(`<cas:user>wang</cas:user><cas:user>li</cas:user>`)},
		"no user":                {text: success("")},
		"an empty user":          {text: success(`<cas:user/>`)},
		"a user with a comment":  {text: success(`<cas:user>wang<!-- -->.evil</cas:user>`)},
		"a user with elements":   {text: success(`<cas:user>wang<cas:x/></cas:user>`)},
		"a user with a space":    {text: success(`<cas:user>wang li</cas:user>`), refused: signin.ErrCampusID},
		"a user of markup":       {text: success(`<cas:user>&lt;script&gt;</cas:user>`), refused: signin.ErrCampusID},
		"a user in full width":   {text: success(`<cas:user>１０００１</cas:user>`), refused: signin.ErrCampusID},
		"another namespace":      {text: strings.ReplaceAll(success(`<cas:user>wang</cas:user>`), "yale", "evil")},
		"no namespace":           {text: `<serviceResponse><authenticationSuccess><user>wang</user></authenticationSuccess></serviceResponse>`},
		"an entity bomb":         {text: `<!DOCTYPE x [<!ENTITY a "wang"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>` + success(`<cas:user>&b;</cas:user>`)},
		"an outer entity":        {text: `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + success(`<cas:user>&a;</cas:user>`)},
		"an unknown entity":      {text: success(`<cas:user>&a;</cas:user>`)},
		"too deep":               {text: success(`<cas:user>wang</cas:user>` + strings.Repeat("<x>", 5000) + strings.Repeat("</x>", 5000))},
		"too many elements":      {text: success(`<cas:user>wang</cas:user>` + strings.Repeat("<x/>", 5000))},
		"too large":              {text: success(`<cas:user>wang</cas:user>` + strings.Repeat(" ", 300<<10))},
		"endless":                {text: strings.Repeat(" ", 2<<20)},
		"half":                   {text: `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>wang</cas:user>`},
		"two documents":          {text: success(`<cas:user>wang</cas:user>`) + success(`<cas:user>li</cas:user>`)},
		"HTML":                   {text: `<html><body>yes</body></html>`},
		"the answer of CAS 1.0":  {text: "yes\nwang\n"},
		"nothing":                {text: ""},
		"an error":               {status: http.StatusInternalServerError, text: success(`<cas:user>wang</cas:user>`)},
		"sent elsewhere":         {status: http.StatusFound, text: success(`<cas:user>wang</cas:user>`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := castest.New(t, users)
			server.Answer(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(max(test.status, http.StatusOK))
				_, _ = io.WriteString(w, test.text)
			})
			s := service(t, state(t), newHands(), casAt(server, "3.0"))
			began, _ := begin(t, s, signin.Start{Provider: "cas"})
			finished, err := s.Finish(t.Context(), "cas", atServer(t, newJar(t), began.URL, "wang"), began.Browser)
			switch {
			case test.id != "":
				require.NoError(t, err)
				require.Equal(t, test.id, finished.Person.CampusID)
			case test.refused != "":
				requireRefused(t, err, test.refused)
			default:
				require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
			}
			if err != nil {
				require.Empty(t, finished.Person)
				require.NotContains(t, fault.Public(err), "wang")
			}
		})
	}
}

func TestCASSignOut(t *testing.T) {
	t.Parallel()
	server := castest.New(t, users)
	old := casAt(server, "2.0")
	old.ID = "old"
	s := service(t, state(t), newHands(), casAt(server, "3.0"), old)
	address, err := s.SignOut(t.Context(), "cas", "evil.example", "")
	require.NoError(t, err)
	require.Equal(t, server.URL+"/logout?service="+url.QueryEscape(here+"/docs"), address)
	address, err = s.SignOut(t.Context(), "old", "evil.example", "")
	require.NoError(t, err)
	require.Equal(t, server.URL+"/logout?url="+url.QueryEscape(here+"/docs"), address)
}

func TestLoggedOutReadsTheTicket(t *testing.T) {
	t.Parallel()
	s := service(t, state(t), newHands(), casAt(castest.New(t, users), "3.0"))
	ticket, err := s.LoggedOut("cas", castest.LogoutRequest("ST-1-abc"))
	require.NoError(t, err)
	require.Equal(t, "ST-1-abc", ticket)
	for name, text := range map[string]string{
		"nothing": "", "no XML": "x", "another ticket": castest.LogoutRequest("TGT-1"), "no ticket": castest.LogoutRequest(""),
		"another document": strings.ReplaceAll(castest.LogoutRequest("ST-1"), "LogoutRequest", "LogoutResponse"),
		"two tickets":      strings.Replace(castest.LogoutRequest("ST-1"), "</samlp:SessionIndex>", "</samlp:SessionIndex><samlp:SessionIndex>ST-2</samlp:SessionIndex>", 1),
		"a document type":  "<!DOCTYPE x>" + castest.LogoutRequest("ST-1"),
	} {
		_, err := s.LoggedOut("cas", text)
		require.True(t, fault.Is(err, fault.Invalid), name)
	}
	_, err = s.LoggedOut("other", castest.LogoutRequest("ST-1-abc"))
	require.True(t, fault.Is(err, fault.NotFound))
}
