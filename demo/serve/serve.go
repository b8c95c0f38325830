package serve

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	_ "github.com/mattn/go-sqlite3" // what is served stands in SQLite files

	"github.com/yitong-hub/yitong/internal/fault"
)

// Servers are the running servers of one campus.
type Servers struct {
	http      *http.Server
	address   string
	databases []*sql.DB
	directory *directory
	secrets   map[string]string
	logger    *slog.Logger
}

// There reports whether a campus has data to serve.
func There(campus string) bool {
	_, err := os.Stat(filepath.Join(campus, "data", "http"))
	return err == nil
}

// Start serves the campus in this folder until Close.
func Start(ctx context.Context, campus string, logger *slog.Logger) (*Servers, error) {
	if !There(campus) {
		return nil, fault.New(fault.NotFound, "%s is not a demo campus with systems to serve: yitong demo build makes one", campus)
	}
	s := &Servers{secrets: map[string]string{}, logger: logger}
	if err := s.start(ctx, filepath.Join(campus, "data")); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Servers) start(ctx context.Context, data string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "no free port on loopback")
	}
	s.address = "http://" + listener.Addr().String()
	mux, err := s.routes(data)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("the demo's HTTP systems ended", "error", err)
		}
	}()
	s.secrets["DEMO_HTTP_URL"] = s.address
	s.secrets["DEMO_TOKEN_URL"] = s.address + "/oauth/token"
	s.secrets["DEMO_LDAP_PASSWORD"] = rand.Text()
	s.directory, err = serveDirectory(ctx, filepath.Join(data, "ldap", "directory.ldif"), s.secrets["DEMO_LDAP_PASSWORD"])
	if err != nil {
		return err
	}
	s.secrets["DEMO_LDAP_URL"] = "ldap://" + s.directory.address
	return nil
}

// Secret gives an address or secret of the servers by the name that the demo's
// definitions use.
func (s *Servers) Secret(name string) (string, bool) {
	value, ok := s.secrets[name]
	return value, ok
}

// Names lists the addresses, for people; secrets are not among them.
func (s *Servers) Names() []string {
	return []string{s.secrets["DEMO_HTTP_URL"], s.secrets["DEMO_LDAP_URL"]}
}

// Close ends the servers.
func (s *Servers) Close() error {
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Close())
	}
	if s.directory != nil {
		errs = append(errs, s.directory.close())
	}
	for _, db := range s.databases {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

func (s *Servers) open(data, system string) (*sql.DB, error) {
	path := filepath.Join(data, "http", system+".db")
	if _, err := os.Stat(path); err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the demo campus has no data of %s", system)
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, fmt.Errorf("open the data of %s: %w", system, err)
	}
	s.databases = append(s.databases, db)
	return db, nil
}
