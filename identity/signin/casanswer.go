package signin

import (
	"errors"
	"fmt"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Names of the documents that CAS servers send: CAS Protocol 3.0, appendix A,
// and the LogoutRequest of SAML 2.0 in appendix C.
const (
	casSpace   = "http://www.yale.edu/tp/cas"
	samlpSpace = "urn:oasis:names:tc:SAML:2.0:protocol"
)

// validation is what a ticket is found to be.
type validation struct {
	user       string
	attributes map[string][]string
	proxied    bool
	// code is the failure code, "" for a success.
	code string
}

// campusID is the one value of an attribute, or the user.
func (v validation) campusID(attribute string) (string, error) {
	if attribute == userAttribute {
		return v.user, nil
	}
	if values := v.attributes[attribute]; len(values) == 1 {
		return values[0], nil
	}
	return "", refused(fmt.Errorf("%w: attribute %q has %d values", ErrCampusID, attribute, len(v.attributes[attribute])), campusIDText)
}

// parseValidation reads a cas:serviceResponse, which is a success or a failure
// and never both.
func parseValidation(text []byte) (validation, error) {
	root, err := parseXML(text)
	if err != nil {
		return validation{}, fmt.Errorf("read a validation: %w", err)
	}
	if root.space != casSpace || root.name != "serviceResponse" || len(root.children) != 1 {
		return validation{}, errors.New("read a validation: it is no cas:serviceResponse with one answer")
	}
	answer := root.children[0]
	switch {
	case answer.space != casSpace:
	case answer.name == "authenticationFailure":
		if code := answer.attributes["code"]; code != "" {
			return validation{code: code}, nil
		}
	case answer.name == "authenticationSuccess":
		return answer.success()
	}
	return validation{}, errors.New("read a validation: it is neither a success nor a failure with a code")
}

func (e *element) success() (validation, error) {
	users := e.all(casSpace, "user")
	if len(users) != 1 || users[0].text == "" || len(users[0].children) > 0 {
		return validation{}, errors.New("read a validation: a success names one cas:user")
	}
	found := validation{user: users[0].text, attributes: map[string][]string{}, proxied: len(e.all(casSpace, "proxies")) > 0}
	for _, group := range e.all(casSpace, "attributes") {
		for _, one := range group.children {
			if one.space == casSpace && len(one.children) == 0 {
				found.attributes[one.name] = append(found.attributes[one.name], one.text)
			}
		}
	}
	return found, nil
}

// parseLogout reads the samlp:LogoutRequest of a single logout and gives the
// ticket that it names. One that cannot be read is an Invalid fault.
func parseLogout(text []byte) (string, error) {
	root, err := parseXML(text)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "logoutRequest: it is no XML document of a CAS server")
	}
	if root.space != samlpSpace || root.name != "LogoutRequest" {
		return "", fault.New(fault.Invalid, "logoutRequest: it is no samlp:LogoutRequest")
	}
	named := root.all(samlpSpace, "SessionIndex")
	if len(named) != 1 || !ticketForm.MatchString(named[0].text) {
		return "", fault.New(fault.Invalid, "logoutRequest: it names no one ticket as samlp:SessionIndex")
	}
	return named[0].text, nil
}
