package api_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/identity/signin/castest"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
)

// place is a campus served at a real address.
type place struct {
	*app.App
	url, campus string
}

// serve serves a campus of a few people: signin.yaml is text in which @url
// stands for the server's own address.
func serve(t *testing.T, text string, demo bool) place {
	t.Helper()
	home := t.TempDir()
	settings := config.Config{Home: home, Campus: filepath.Join(home, "campus"), State: filepath.Join(home, "state.db"), Memory: 512 << 20}
	require.NoError(t, os.MkdirAll(settings.Campus, 0o750))
	server := httptest.NewUnstartedServer(nil)
	made := place{url: "http://" + server.Listener.Addr().String(), campus: settings.Campus}
	made.people(t, "- {id: teacher, name: 一位教师, kind: person, roles: [teacher], attributes: {campus_id: ['10001']}}\n- {id: visitor, kind: person, roles: [visitor]}\n- {id: lib, kind: application, roles: []}\n")
	require.NoError(t, os.WriteFile(filepath.Join(settings.Campus, "signin.yaml"), []byte(strings.ReplaceAll(text, "@url", made.url)), 0o600))
	var err error
	made.App, err = app.New(t.Context(), settings, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, made.Close()) })
	server.Config.Handler, err = made.Handler(slog.New(slog.DiscardHandler), demo)
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Close)
	return made
}

func (p place) people(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(p.campus, "principals.yaml")
	require.NoError(t, os.WriteFile(path+".next", []byte(text), 0o600))
	require.NoError(t, os.Rename(path+".next", path))
}

func (p place) records(t *testing.T) (records []string) {
	t.Helper()
	found, err := p.Audit.Records(t.Context(), audit.Filter{})
	require.NoError(t, err)
	for _, one := range found {
		records = append(records, one.Principal+" "+one.Action+" "+one.Outcome)
	}
	return records
}

// browser follows redirects and keeps cookies.
type browser struct {
	*http.Client
	t *testing.T
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return browser{&http.Client{Jar: jar}, t}
}

// answer is what came in the end.
type answer struct {
	*http.Response
	text string
}

func (b browser) do(method, address string, form url.Values, header ...string) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := b.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return answer{response, string(text)}
}

func (b browser) get(address string, header ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, address, nil, header...)
}

// cookies gives the cookies for an address by their names.
func (b browser) cookies(address string) map[string]string {
	b.t.Helper()
	parsed, err := url.Parse(address)
	require.NoError(b.t, err)
	found := map[string]string{}
	for _, cookie := range b.Jar.Cookies(parsed) {
		found[cookie.Name] = cookie.Value
	}
	return found
}

// demoSignIn chooses somebody at the demo's identity provider.
func (b browser) demoSignIn(p place, id string) answer {
	b.t.Helper()
	page := b.get(p.url + "/signin/demo?return_to=/v1/session")
	require.Equal(b.t, http.StatusOK, page.StatusCode, page.text)
	form := page.Request.URL.Query()
	form.Set("person", id)
	return b.do(http.MethodPost, p.url+"/demo-idp/authorize", form)
}

const casText = `
public_url: @url
providers:
  - {id: cas, kind: cas, title: {zh: 统一身份认证, en: Campus account}, url: "@cas", attribute: employeeNumber}
`

var casUsers = map[string]map[string][]string{
	"wang": {"employeeNumber": {"10001"}}, "nobody": {"employeeNumber": {"99999"}}, "app": {"employeeNumber": {"lib"}}, "visitor": {"employeeNumber": {"visitor"}},
}

func casSignIn(b browser, p place, user string) answer {
	b.t.Helper()
	login := b.get(p.url + "/signin/cas?return_to=/v1/session")
	require.Equal(b.t, "/cas/login", login.Request.URL.Path, login.text)
	return b.do(http.MethodPost, login.Request.URL.String(), url.Values{"username": {user}, "password": {"x"}}, "Accept", "text/html", "Accept-Language", "zh-CN")
}

func TestCASFromTheFirstPageToTheLast(t *testing.T) {
	t.Parallel()
	server := castest.New(t, casUsers)
	p := serve(t, strings.ReplaceAll(casText, "@cas", server.URL), false)
	wang, office := newBrowser(t), newBrowser(t)
	arrived := casSignIn(wang, p, "wang")
	require.Equal(t, "/v1/session", arrived.Request.URL.Path)
	require.Contains(t, arrived.text, `"id":"teacher"`)
	require.Contains(t, casSignIn(office, p, "visitor").text, `"id":"visitor"`)

	// Forged logouts end nothing: the ticket is a secret of CAS, the browser and this server.
	for _, ticket := range []string{"ST-1", "ST-2-x", "teacher"} {
		newBrowser(t).do(http.MethodPost, p.url+"/signin/cas/callback", url.Values{"logoutRequest": {castest.LogoutRequest(ticket)}})
	}
	require.Equal(t, http.StatusOK, wang.get(p.url+"/v1/session").StatusCode)
	wang.get(server.URL + "/logout")
	require.Equal(t, http.StatusUnauthorized, wang.get(p.url+"/v1/session").StatusCode)
	require.Equal(t, http.StatusOK, office.get(p.url+"/v1/session").StatusCode, "others stay signed in")

	out := office.do(http.MethodDelete, p.url+"/v1/session", nil)
	require.JSONEq(t, `{"continue_at":"`+server.URL+`/logout?service=`+url.QueryEscape(p.url+"/docs")+`"}`, out.text)
	require.Equal(t, http.StatusUnauthorized, office.get(p.url+"/v1/session").StatusCode)

	// Who is not in the directory, or is no person in it, is told so and gets nothing.
	for user, campusID := range map[string]string{"nobody": "99999", "app": "lib"} {
		b := newBrowser(t)
		refused := casSignIn(b, p, user)
		require.Equal(t, http.StatusForbidden, refused.StatusCode)
		require.Contains(t, refused.text, "没有登记您的学工号")
		require.NotContains(t, b.cookies(p.url), "yitong")
		require.Contains(t, p.records(t), campusID+" sign_in denied")
	}
	require.Subset(t, p.records(t), []string{"teacher sign_in allowed", "teacher sign_out allowed", "visitor sign_out allowed"})
	_, err := p.Audit.Verify(t.Context())
	require.NoError(t, err)
}

// TestTheFirstAdministrator goes the way that docs/sign-in.md tells operators.
func TestTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	server := castest.New(t, map[string]map[string][]string{"wang": {"employeeNumber": {"20010001"}}})
	p := serve(t, strings.ReplaceAll(casText, "@cas", server.URL), false)
	b := newBrowser(t)
	require.Equal(t, http.StatusForbidden, casSignIn(b, p, "wang").StatusCode, "who comes first is nobody yet")
	p.people(t, `- {id: wang, name: 王老师, kind: person, roles: [administrator], attributes: {campus_id: ["20010001"], department: [information]}}`)
	require.Contains(t, b.get(p.url+"/signin/cas?return_to=/v1/session").text, `"id":"wang"`, "CAS knows the browser")
	require.Equal(t, http.StatusOK, b.get(p.url+"/v1/applications").StatusCode)
}

func TestUnknownPeopleWhereTheyAreWelcome(t *testing.T) {
	t.Parallel()
	server := castest.New(t, casUsers)
	p := serve(t, "unknown: person"+strings.ReplaceAll(casText, "@cas", server.URL), false)
	b := newBrowser(t)
	var signed struct {
		Principal struct {
			ID, Name, Kind string
			Roles          []string
			Attributes     map[string][]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(casSignIn(b, p, "nobody").text), &signed))
	require.Equal(t, "99999", signed.Principal.ID)
	require.Equal(t, "person", signed.Principal.Kind)
	require.Empty(t, signed.Principal.Roles)
	require.Equal(t, map[string][]string{"campus_id": {"99999"}}, signed.Principal.Attributes)
	refused := casSignIn(newBrowser(t), p, "app")
	require.Equal(t, http.StatusForbidden, refused.StatusCode, "nobody gets the id of an application")
	// Once the directory knows them, they are who it says.
	p.people(t, "- {id: dean, name: x, kind: person, roles: [leader], attributes: {campus_id: ['99999']}}\n")
	require.Contains(t, b.get(p.url+"/v1/session").text, `"id":"dean"`)
}

// TestASessionIsWhoTheDirectorySays changes the directory under a session.
func TestASessionIsWhoTheDirectorySays(t *testing.T) {
	t.Parallel()
	p := serve(t, "", true)
	b := newBrowser(t)
	require.Contains(t, b.demoSignIn(p, "teacher").text, `"roles":["teacher"]`)
	p.people(t, "- {id: teacher, name: x, kind: person, roles: [leader], attributes: {campus_id: ['10001']}}\n")
	require.Contains(t, b.get(p.url+"/v1/me").text, `"roles":["leader"]`)
	p.people(t, "- {id: other, name: x, kind: person, roles: []}\n")
	gone := b.get(p.url + "/v1/me")
	require.Equal(t, http.StatusForbidden, gone.StatusCode)
	require.NotContains(t, gone.text, `"roles"`)
	p.people(t, "- {id: a, kind: person, roles: [], attributes: {campus_id: ['10001']}}\n- {id: b, kind: person, roles: [], attributes: {campus_id: ['10001']}}\n")
	require.Equal(t, http.StatusForbidden, b.get(p.url+"/v1/me").StatusCode, "nobody is one of two")
}

// TestASessionNeverOutranks compares what a session sees with what the demo's
// bearer sees, decision by decision, for itself and on behalf of others.
func TestASessionNeverOutranks(t *testing.T) {
	t.Parallel()
	handler := campus(t)
	lent := call(t, handler, scenario{As: "leader", Method: http.MethodPost, Path: "/v1/delegations", Body: `{"to":"assistant","rights":["view"],"resource":{"datasets":["hr.*"],"levels":["L1"]},"valid":{"until":"` + time.Now().AddDate(0, 0, 7).Format(time.DateOnly) + `"},"reason":"x"}`})
	lent.Body.Close()
	require.Equal(t, http.StatusOK, lent.StatusCode)
	for _, id := range []string{"teacher", "leader", "steward_hr", "administrator", "visitor", "undergraduate", "assistant"} {
		cookies := demoCookies(t, handler, id)
		for _, path := range []string{"/v1/me", "/v1/datasets", "/v1/decisions/explain?dataset=hr.staff", "/v1/decisions/explain?dataset=academic.student", "/v1/decisions/what", "/v1/datasets/hr.staff/rows?limit=3"} {
			for _, behalf := range []map[string]string{nil, {"X-On-Behalf-Of": "leader"}} {
				by := call(t, handler, scenario{As: id, Path: path, Headers: behalf})
				with := call(t, handler, scenario{Path: path, cookies: cookies, Headers: behalf})
				require.Equal(t, by.StatusCode, with.StatusCode, "%s %s", id, path)
				require.Equal(t, by.Header.Get("ETag"), with.Header.Get("ETag"), "%s %s", id, path)
				require.Equal(t, decisions(t, by), decisions(t, with), "%s %s", id, path)
			}
		}
	}
}

// demoCookies are those of a browser in which somebody of the demo signed in.
func demoCookies(t *testing.T, handler http.Handler, id string) map[string]string {
	t.Helper()
	cookies := map[string]string{}
	step := func(s scenario) *url.URL {
		s.cookies = cookies
		response := call(t, handler, s)
		response.Body.Close()
		takeCookies(cookies, response)
		to, err := response.Location()
		require.NoError(t, err)
		return to
	}
	to := step(scenario{Path: "/signin/demo?return_to=/v1/me"})
	to = step(scenario{
		Method: http.MethodPost, Path: "/demo-idp/authorize", Body: to.RawQuery + "&person=" + id, Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	})
	require.Equal(t, "/v1/me", step(scenario{Path: to.RequestURI()}).Path)
	return cookies
}

// decisions is a whole answer without what differs from request to request.
func decisions(t *testing.T, response *http.Response) any {
	t.Helper()
	defer response.Body.Close()
	var all map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&all))
	delete(all, "request_id")
	delete(all, "at")
	delete(all, "next") // cursors are sealed anew
	return all
}

func TestSignInTakesNoCookieFromElsewhere(t *testing.T) {
	t.Parallel()
	p := serve(t, "", true)
	attacker, victim := newBrowser(t), newBrowser(t)
	attacker.demoSignIn(p, "visitor")
	planted := attacker.cookies(p.url)["yitong"]
	require.NotEmpty(t, planted)
	address, err := url.Parse(p.url)
	require.NoError(t, err)
	victim.Jar.SetCookies(address, []*http.Cookie{{Name: "yitong", Value: planted, Path: "/"}})
	require.Contains(t, victim.demoSignIn(p, "teacher").text, `"id":"teacher"`)
	require.NotEqual(t, planted, victim.cookies(p.url)["yitong"])
	require.Equal(t, http.StatusUnauthorized, attacker.get(p.url+"/v1/session").StatusCode, "what was planted ended")

	// A sign-in that the attacker began, finished by the victim's browser, is nobody's.
	page := attacker.get(p.url + "/signin/demo")
	form := page.Request.URL.Query()
	form.Set("person", "visitor")
	attacker.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	callback, err := attacker.do(http.MethodPost, p.url+"/demo-idp/authorize", form).Location()
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, victim.get(callback.String()).StatusCode)
	require.Contains(t, victim.get(p.url+"/v1/session").text, `"id":"teacher"`)

	stolen := victim.cookies(p.url)["yitong"]
	require.Equal(t, http.StatusOK, victim.do(http.MethodDelete, p.url+"/v1/session", nil).StatusCode)
	require.NotContains(t, victim.cookies(p.url), "yitong")
	victim.Jar.SetCookies(address, []*http.Cookie{{Name: "yitong", Value: stolen, Path: "/"}})
	require.Equal(t, http.StatusUnauthorized, victim.get(p.url+"/v1/session").StatusCode, "a cookie of an ended session")
}

func TestOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	p := serve(t, "", true)
	b := newBrowser(t)
	b.demoSignIn(p, "teacher")
	for name, header := range map[string][]string{
		"of another site": {"Sec-Fetch-Site", "cross-site"}, "of a sister": {"Sec-Fetch-Site", "same-site"},
		"of another origin": {"Origin", "https://evil.example"}, "of no origin": {"Origin", "null"}, "of another port": {"Origin", "http://127.0.0.1:1"},
	} {
		for method, path := range map[string]string{http.MethodDelete: "/v1/session", http.MethodPost: "/v1/consents", http.MethodPut: "/v1/policies/x"} {
			refused := b.do(method, p.url+path, nil, header...)
			require.Equal(t, http.StatusForbidden, refused.StatusCode, "%s %s", name, path)
			require.Contains(t, refused.text, "another site", name)
		}
	}
	require.Equal(t, http.StatusOK, b.get(p.url+"/v1/session", "Sec-Fetch-Site", "cross-site").StatusCode, "a link may lead here")
	// A key is sent on purpose.
	keyed := newBrowser(t).do(http.MethodDelete, p.url+"/v1/consents/x", nil, "Authorization", "Bearer demo:teacher", "Sec-Fetch-Site", "cross-site")
	require.NotContains(t, keyed.text, "another site")
	require.Equal(t, http.StatusOK, b.do(http.MethodDelete, p.url+"/v1/session", nil, "Origin", p.url).StatusCode)
}
