package serve

import (
	"bufio"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/jimlambrt/gldap"

	"github.com/yitong-hub/yitong/internal/fault"
)

// bindDN is who may read the directory.
const bindDN = "cn=yitong,dc=demo,dc=edu"

// directory is the campus's LDAP directory.
type directory struct {
	address  string
	password string
	server   *gldap.Server
	done     chan error
	entries  []*entry
	// signed holds the connections that have signed in.
	mu     sync.Mutex
	signed map[int]bool
}

type entry struct {
	dn         string
	attributes map[string][]string
}

// startWithin bounds the time until the directory answers.
const startWithin = 10 * time.Second

func serveDirectory(ctx context.Context, path, password string) (*directory, error) {
	entries, err := readLDIF(path)
	if err != nil {
		return nil, err
	}
	d := &directory{password: password, entries: entries, signed: map[int]bool{}, done: make(chan error, 1)}
	quiet := gldap.WithLogger(hclog.NewNullLogger())
	if d.server, err = gldap.NewServer(quiet, gldap.WithOnClose(d.signOut)); err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	mux, err := gldap.NewMux()
	if err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	if err := errors.Join(mux.Bind(d.bind), mux.Search(d.search), d.server.Router(mux)); err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	if d.address, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	go func() { d.done <- d.server.Run(d.address) }()
	within, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for !d.server.Ready() {
		select {
		case err := <-d.done:
			return nil, fault.Wrap(err, fault.Unavailable, "the demo's directory cannot be started")
		case <-within.Done():
			return nil, errors.Join(fault.Wrap(within.Err(), fault.Unavailable, "the demo's directory does not start"), d.server.Stop())
		case <-time.After(time.Millisecond):
		}
	}
	return d, nil
}

// freeAddress finds a port: the server takes an address only, no listener.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "no free port on loopback")
	}
	return listener.Addr().String(), listener.Close()
}

func (d *directory) close() error {
	if err := d.server.Stop(); err != nil {
		return fmt.Errorf("stop the directory: %w", err)
	}
	return <-d.done
}

func (d *directory) signOut(connection int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.signed, connection)
}

func (d *directory) bind(w *gldap.ResponseWriter, r *gldap.Request) {
	response := r.NewBindResponse(gldap.WithResponseCode(gldap.ResultInvalidCredentials))
	message, err := r.GetSimpleBindMessage()
	if err == nil && message.UserName == bindDN && subtle.ConstantTimeCompare([]byte(message.Password), []byte(d.password)) == 1 {
		d.mu.Lock()
		d.signed[r.ConnectionID()] = true
		d.mu.Unlock()
		response.SetResultCode(gldap.ResultSuccess)
	}
	_ = w.Write(response) // the client has gone, or gets it
}

// search gives all entries below the people's branch, page by page. The
// filter of the demo's definition names their class, which all have.
func (d *directory) search(w *gldap.ResponseWriter, r *gldap.Request) {
	done := r.NewSearchDoneResponse(gldap.WithResponseCode(gldap.ResultInsufficientAccessRights))
	defer func() { _ = w.Write(done) }() // the client has gone, or gets it
	d.mu.Lock()
	signed := d.signed[r.ConnectionID()]
	d.mu.Unlock()
	if !signed {
		return
	}
	message, err := r.GetSearchMessage()
	if err != nil {
		done.SetResultCode(gldap.ResultProtocolError)
		return
	}
	if !strings.EqualFold(message.BaseDN, "ou=people,dc=demo,dc=edu") {
		done.SetResultCode(gldap.ResultNoSuchObject)
		return
	}
	found, next := d.page(message.Controls)
	for _, e := range found {
		if err := w.Write(r.NewSearchResponseEntry(e.dn, gldap.WithAttributes(e.only(message.Attributes)))); err != nil {
			return
		}
	}
	if control, err := gldap.NewControlPaging(0); err == nil && len(message.Controls) > 0 {
		control.SetCookie(next)
		done.SetControls(control)
	}
	done.SetResultCode(gldap.ResultSuccess)
}

// page cuts the entries as the paging control asks; the cookie is a place.
func (d *directory) page(controls []gldap.Control) (found []*entry, next []byte) {
	for _, control := range controls {
		paging, ok := control.(*gldap.ControlPaging)
		if !ok || paging.PagingSize == 0 {
			continue
		}
		from, _ := strconv.Atoi(string(paging.Cookie)) // no cookie: the start
		from = min(max(from, 0), len(d.entries))
		to := min(from+int(paging.PagingSize), len(d.entries))
		if to < len(d.entries) {
			next = []byte(strconv.Itoa(to))
		}
		return d.entries[from:to], next
	}
	return d.entries, nil
}

func (e *entry) only(names []string) map[string][]string {
	if len(names) == 0 || slices.Contains(names, "*") {
		return e.attributes
	}
	kept := map[string][]string{}
	for _, name := range names {
		if values, ok := e.attributes[name]; ok {
			kept[name] = values
		}
	}
	return kept
}

// readLDIF reads what the demo writes: plain and base64 values, no folded lines.
func readLDIF(path string) ([]*entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the demo campus has no directory")
	}
	defer file.Close()
	var entries []*entry
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		name, value, ok := strings.Cut(scanner.Text(), ":")
		if !ok || name == "version" {
			continue
		}
		if encoded, base := strings.CutPrefix(value, ":"); base {
			decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
			if err != nil {
				return nil, fault.Wrap(err, fault.Invalid, "%s holds a value that is not base64", path)
			}
			value = string(decoded)
		}
		value = strings.TrimSpace(value)
		if name == "dn" {
			entries = append(entries, &entry{dn: value, attributes: map[string][]string{}})
		} else if len(entries) > 0 {
			last := entries[len(entries)-1]
			last.attributes[name] = append(last.attributes[name], value)
		}
	}
	return entries, scanner.Err()
}
