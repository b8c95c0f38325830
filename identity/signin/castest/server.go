package castest

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Server is a CAS server on this machine. Any user whom it has may sign in
// without a password.
type Server struct {
	URL string

	mu      sync.Mutex
	users   map[string]map[string][]string
	tickets map[string]ticket
	// sessions are the tickets of each ticket-granting cookie.
	sessions map[string]*sso
	made     int
	// answer replaces what validation answers; nil for none.
	answer func(w http.ResponseWriter, r *http.Request)
	// validated are the queries of all validations.
	validated []url.Values
}

type ticket struct {
	user, service string
	// fresh says that the user gave credentials for it.
	fresh bool
	proxy bool
}

type sso struct {
	user     string
	services map[string]string
}

// New starts a server that has these users with their attributes.
func New(t testing.TB, users map[string]map[string][]string) *Server {
	t.Helper()
	s := &Server{users: users, tickets: map[string]ticket{}, sessions: map[string]*sso{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/cas/login", s.login)
	mux.HandleFunc("/cas/logout", s.logout)
	mux.HandleFunc("/cas/serviceValidate", s.validate)
	mux.HandleFunc("/cas/p3/serviceValidate", s.validate)
	served := httptest.NewServer(mux)
	t.Cleanup(served.Close)
	s.URL = served.URL + "/cas"
	return s
}

// Answer lets the server answer validations so; nil as it is right.
func (s *Server) Answer(answer func(w http.ResponseWriter, r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// Validated gives the queries of all validations so far.
func (s *Server) Validated() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.validated)
}

// Proxy makes a proxy ticket for a service, as a proxy that the user trusted gets it.
func (s *Server) Proxy(user, service string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issue(ticket{user: user, service: service, proxy: true})
}

func (s *Server) issue(one ticket) string {
	s.made++
	prefix := "ST"
	if one.proxy {
		prefix = "PT"
	}
	id := fmt.Sprintf("%s-%d-kbF9wEqFVzQYkUkzZRrV-cas.campus.example", prefix, s.made)
	s.tickets[id] = one
	return id
}

// login is /login as credential requestor (section 2.1) and acceptor (2.2).
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	service := r.FormValue("service")
	s.mu.Lock()
	defer s.mu.Unlock()
	user, fresh := "", false
	if r.Method == http.MethodPost {
		if _, known := s.users[r.PostFormValue("username")]; known {
			user, fresh = r.PostFormValue("username"), true
		}
	} else if cookie, err := r.Cookie("TGC"); err == nil && r.FormValue("renew") == "" && s.sessions[cookie.Value] != nil {
		user = s.sessions[cookie.Value].user
	}
	if user == "" {
		if r.FormValue("gateway") != "" && r.FormValue("renew") == "" && r.Method == http.MethodGet {
			http.Redirect(w, r, service, http.StatusSeeOther)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<form method="post"><input name="username"><input name="password" type="password"></form>`)
		return
	}
	granting := ""
	if cookie, err := r.Cookie("TGC"); err == nil {
		granting = cookie.Value
	}
	if s.sessions[granting] == nil {
		s.made++
		granting = fmt.Sprintf("TGC-%d", s.made)
		s.sessions[granting] = &sso{user: user, services: map[string]string{}}
		http.SetCookie(w, &http.Cookie{Name: "TGC", Value: granting, Path: "/cas", HttpOnly: true})
	}
	id := s.issue(ticket{user: user, service: service, fresh: fresh})
	s.sessions[granting].services[id] = service
	back, err := url.Parse(service)
	if err != nil {
		http.Error(w, "service", http.StatusBadRequest)
		return
	}
	query := back.Query()
	query.Set("ticket", id)
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

// validate is /serviceValidate (section 2.5) and /p3/serviceValidate (2.8).
func (s *Server) validate(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	s.validated = append(s.validated, query)
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	id, service := query.Get("ticket"), query.Get("service")
	if id == "" || service == "" {
		fail(w, "INVALID_REQUEST")
		return
	}
	one, known := s.tickets[id]
	delete(s.tickets, id) // "the ticket must be invalidated", right or wrong
	switch {
	case strings.HasPrefix(id, "PT-"):
		fail(w, "INVALID_TICKET_SPEC")
	case !known, query.Get("renew") == "true" && !one.fresh:
		fail(w, "INVALID_TICKET")
	case one.service != service:
		fail(w, "INVALID_SERVICE")
	default:
		s.succeed(w, one.user, strings.Contains(r.URL.Path, "/p3/"))
	}
}

func (s *Server) succeed(w http.ResponseWriter, user string, attributes bool) {
	var text strings.Builder
	text.WriteString(`<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>` + escaped(user) + `</cas:user>`)
	if attributes {
		text.WriteString(`<cas:attributes><cas:authenticationDate>2026-11-24T08:00:00Z</cas:authenticationDate><cas:isFromNewLogin>true</cas:isFromNewLogin>`)
		for name, values := range s.users[user] {
			for _, value := range values {
				text.WriteString("<cas:" + name + ">" + escaped(value) + "</cas:" + name + ">")
			}
		}
		text.WriteString(`</cas:attributes>`)
	}
	text.WriteString(`</cas:authenticationSuccess></cas:serviceResponse>`)
	w.Header().Set("Content-Type", "application/xml;charset=UTF-8")
	_, _ = io.WriteString(w, text.String())
}

func fail(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/xml;charset=UTF-8")
	_, _ = io.WriteString(w, `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationFailure code="`+code+`">Ticket not recognized</cas:authenticationFailure></cas:serviceResponse>`)
}

func escaped(text string) string {
	var into strings.Builder
	if err := xml.EscapeText(&into, []byte(text)); err != nil {
		return ""
	}
	return into.String()
}

// logout is /logout (section 2.3), which tells each service that the session has
// ended (2.3.3).
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var services map[string]string
	if cookie, err := r.Cookie("TGC"); err == nil && s.sessions[cookie.Value] != nil {
		services = s.sessions[cookie.Value].services
		delete(s.sessions, cookie.Value)
	}
	s.mu.Unlock()
	for id, service := range services {
		response, err := http.PostForm(service, url.Values{"logoutRequest": {LogoutRequest(id)}})
		if err == nil {
			response.Body.Close()
		}
	}
	if after := r.FormValue("service"); after != "" {
		http.Redirect(w, r, after, http.StatusSeeOther)
	}
}

// LogoutRequest is the document of single logout (appendix C of the protocol).
func LogoutRequest(ticket string) string {
	return `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="LR-1" Version="2.0" IssueInstant="2026-11-24T08:00:00Z">` +
		`<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">@NOT_USED@</saml:NameID>` +
		`<samlp:SessionIndex>` + escaped(ticket) + `</samlp:SessionIndex></samlp:LogoutRequest>`
}
