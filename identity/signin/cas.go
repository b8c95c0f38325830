package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// ticketForm is what a service ticket looks like: CAS Protocol 3.0, section 3.1,
// whose servers advise services to take 256 characters.
var ticketForm = regexp.MustCompile(`^ST-[A-Za-z0-9._-]{1,509}$`)

// casProvider signs in by the CAS Protocol 2.0 or 3.0 of Apereo.
type casProvider struct {
	config Provider
	client *http.Client
}

// begin sends the browser to /login (section 2.1). The state is part of the
// service, which the server compares as a whole when it validates the ticket.
func (p *casProvider) begin(_ context.Context, state string, one flow) (string, error) {
	query := url.Values{"service": {service(one.Callback, state)}}
	// "If both are set, renew takes precedence" (section 2.1.1).
	if p.config.Renew {
		query.Set("renew", "true")
	} else if one.Silent {
		query.Set("gateway", "true")
	}
	return p.address("/login", query), nil
}

func (p *casProvider) address(path string, query url.Values) string {
	return strings.TrimSuffix(p.config.URL, "/") + path + "?" + query.Encode()
}

func service(callback, state string) string { return callback + "?state=" + url.QueryEscape(state) }

// finish validates the ticket (sections 2.5 and 2.8). Without one, the server
// was only asked whether it knows the person (gateway).
func (p *casProvider) finish(ctx context.Context, one flow, answer url.Values) (Person, error) {
	ticket := answer.Get("ticket")
	if ticket == "" {
		if one.Silent && !p.config.Renew {
			return Person{}, nil
		}
		return Person{}, refused(ErrAnswer, againText)
	}
	if !ticketForm.MatchString(ticket) {
		return Person{}, refused(fmt.Errorf("the ticket has no form of a service ticket: %w", ErrAnswer), againText)
	}
	text, err := p.validate(ctx, service(one.Callback, answer.Get("state")), ticket)
	if err != nil {
		return Person{}, fault.Wrap(err, fault.Unavailable, "the campus's sign-in does not answer now: try again in a moment")
	}
	found, err := parseValidation(text)
	if err != nil {
		return Person{}, fault.Wrap(err, fault.Unavailable, "the campus's sign-in does not answer as it should: ask the operators of this server")
	}
	if found.code != "" {
		return Person{}, failure(found.code)
	}
	if found.proxied {
		return Person{}, refused(ErrProxied, againText)
	}
	id, err := found.campusID(p.config.Attribute)
	return Person{CampusID: id, Ticket: ticket}, err
}

func (p *casProvider) validate(ctx context.Context, service, ticket string) ([]byte, error) {
	path := "/p3/serviceValidate"
	if p.config.Version == "2.0" {
		path = "/serviceValidate"
	}
	query := url.Values{"service": {service}, "ticket": {ticket}}
	if p.config.Renew {
		query.Set("renew", "true")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address(path, query), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/xml, text/xml")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d", path, response.StatusCode)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return text, nil
}

// withoutAddress is an error of a call without its address, in which the ticket
// stands: logs must not have it.
func withoutAddress(err error) error {
	var called *url.Error
	if errors.As(err, &called) {
		return fmt.Errorf("validate a ticket: %w", called.Err)
	}
	return err
}

// failure tells what is to be done about a failure code (section 2.5.3).
func failure(code string) error {
	cause := fmt.Errorf("failure code %.100q", code)
	switch code {
	case "INVALID_TICKET", "INVALID_TICKET_SPEC":
		return refused(fmt.Errorf("%w: %w", cause, ErrReplayed), againText)
	case "INTERNAL_ERROR":
		return fault.Wrap(cause, fault.Unavailable, "the campus's sign-in has an error of its own: try again in a moment")
	}
	// INVALID_SERVICE, INVALID_REQUEST, UNAUTHORIZED_SERVICE and others: not the person's matter.
	return fault.Wrap(cause, fault.Unavailable, "the campus's sign-in does not take this server: ask its operators to register it there")
}

// signOut is /logout (section 2.3), with where to go on: url in CAS 2.0,
// service in 3.0.
func (p *casProvider) signOut(_ context.Context, _, after string) (string, error) {
	key := "service"
	if p.config.Version == "2.0" {
		key = "url"
	}
	return p.address("/logout", url.Values{key: {after}}), nil
}
