package serve

import (
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// endpoint is one path of a system with the table behind it and its own way of
// asking and answering.
type endpoint struct {
	path, system string
	// count and read are the statements for the table behind the path.
	count, read string
	answer      func(asked page) any
	window      func(*http.Request) (offset, limit int)
}

// page is what was asked for and found.
type page struct {
	request       *http.Request
	header        http.Header
	base          string
	rows          []map[string]any
	total         int
	offset, limit int
}

// largest bounds a page, as every interface does.
const largest = 1000

var endpoints = []endpoint{
	{
		path: "/classroom/rooms", system: "classroom", count: "SELECT count(*) FROM rooms", read: "SELECT * FROM rooms ORDER BY rowid LIMIT ? OFFSET ?",
		window: numbered("page", "size"), answer: totalled,
	},
	{
		path: "/classroom/bookings", system: "classroom", count: "SELECT count(*) FROM bookings", read: "SELECT * FROM bookings ORDER BY rowid LIMIT ? OFFSET ?",
		window: numbered("page", "size"), answer: totalled,
	},
	{
		path: "/space/bookings", system: "space", count: "SELECT count(*) FROM bookings", read: "SELECT * FROM bookings ORDER BY rowid LIMIT ? OFFSET ?",
		window: func(r *http.Request) (int, int) { return number(r, "offset", 0), number(r, "limit", 100) },
		answer: func(p page) any { return map[string]any{"list": p.rows} },
	},
	{
		path: "/supervision/tasks", system: "supervision", count: "SELECT count(*) FROM tasks", read: "SELECT * FROM tasks ORDER BY rowid LIMIT ? OFFSET ?",
		window: func(r *http.Request) (int, int) { return number(r, "from", 0), 50 }, answer: linked,
	},
	{
		path: "/seal/uses", system: "seal", count: "SELECT count(*) FROM uses", read: "SELECT * FROM uses ORDER BY rowid LIMIT ? OFFSET ?",
		window: func(r *http.Request) (int, int) { return number(r, "after", 0), number(r, "limit", 100) }, answer: cursored,
	},
	{
		path: "/repair/orders", system: "repair", count: "SELECT count(*) FROM orders", read: "SELECT * FROM orders ORDER BY rowid LIMIT ? OFFSET ?",
		window: numbered("pageNo", "pageSize"), answer: func(p page) any { return map[string]any{"code": 0, "data": p.rows} },
	},
}

func totalled(p page) any {
	return map[string]any{"code": 200, "data": map[string]any{"items": p.rows, "total": p.total}}
}

func linked(p page) any {
	if next := p.offset + len(p.rows); next < p.total {
		p.header.Set("Link", fmt.Sprintf(`<%s%s?from=%d>; rel="next"`, p.base, p.request.URL.Path, next))
	}
	return map[string]any{"items": p.rows}
}

func cursored(p page) any {
	var next any
	if at := p.offset + len(p.rows); at < p.total {
		next = strconv.Itoa(at)
	}
	return map[string]any{"result": map[string]any{"records": p.rows, "next": next}}
}

func numbered(pageParam, sizeParam string) func(*http.Request) (int, int) {
	return func(r *http.Request) (int, int) {
		size := number(r, sizeParam, 50)
		return (max(1, number(r, pageParam, 1)) - 1) * size, size
	}
}

func number(r *http.Request, name string, fallback int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 0 {
		return fallback
	}
	return n
}

// tokenNames are the secrets of the systems' bearer tokens; supervision gives
// its own by OAuth 2.0 client credentials.
var tokenNames = map[string]string{
	"classroom": "DEMO_CLASSROOM_TOKEN", "space": "DEMO_SPACE_TOKEN", "seal": "DEMO_SEAL_TOKEN", "repair": "DEMO_REPAIR_TOKEN",
}

func (s *Servers) routes(data string) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	databases, tokens := map[string]*sql.DB{}, map[string]string{}
	for _, e := range endpoints {
		if databases[e.system] == nil {
			db, err := s.open(data, e.system)
			if err != nil {
				return nil, err
			}
			databases[e.system], tokens[e.system] = db, rand.Text()
			if name, ok := tokenNames[e.system]; ok {
				s.secrets[name] = tokens[e.system]
			}
		}
		mux.HandleFunc("GET "+e.path, s.signedIn(tokens[e.system], s.serve(e, databases[e.system])))
	}
	secret := rand.Text()
	s.secrets["DEMO_SUPERVISION_SECRET"] = secret
	mux.HandleFunc("POST /oauth/token", issue(secret, tokens["supervision"]))
	return mux, nil
}

func (s *Servers) signedIn(token string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) != 1 {
			http.Error(w, "a bearer token of this system is needed", http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

// issue gives a token for client credentials (RFC 6749, section 4.4).
func issue(secret, token string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, given, ok := r.BasicAuth()
		if !ok || id != "yitong" || subtle.ConstantTimeCompare([]byte(given), []byte(secret)) != 1 || r.FormValue("grant_type") != "client_credentials" {
			http.Error(w, `{"error": "invalid_client"}`, http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(time.Hour.Seconds())})
	}
}

func (s *Servers) serve(e endpoint, db *sql.DB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked := page{request: r, header: w.Header(), base: s.address}
		asked.offset, asked.limit = e.window(r)
		err := db.QueryRowContext(r.Context(), e.count).Scan(&asked.total)
		if err == nil {
			asked.rows, err = found(r, db, e.read, min(asked.limit, largest), asked.offset)
		}
		if err != nil {
			s.logger.Error("demo system", "path", e.path, "error", err)
			http.Error(w, "the system has a fault of its own", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(e.answer(asked)) // the client has gone, or gets what it asked for
	}
}

func found(r *http.Request, db *sql.DB, statement string, limit, offset int) ([]map[string]any, error) {
	rows, err := db.QueryContext(r.Context(), statement, limit, offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	all := []map[string]any{}
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make(map[string]any, len(names))
		for i, name := range names {
			row[name] = values[i]
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
