package identity

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// maxID keeps ids short enough for addresses, headers and tables.
	maxID = 60
	// maxText bounds names of all kinds, maxList the lists of an application.
	maxText = 200
	maxList = 100
)

// ours are attributes that an application cannot be given: its department is a
// field of its own, a campus id would make it a person, and the others are what
// row conditions know a principal's own id, roles and groups by.
func ours(attribute string) bool {
	return slices.Contains([]string{acl.AttributeDepartment, acl.AttributeCampusID, "id", "role", "group"}, attribute)
}

// check says what is wrong with an application.
func (a Application) check() error {
	if err := checkID(a.ID); err != nil {
		return err
	}
	for _, text := range []struct{ field, value string }{{"name", a.Name}, {"department", a.Department}, {"steward", a.Steward}} {
		if err := checkText(text.field, text.value); err != nil {
			return err
		}
	}
	if a.Contact != "" {
		if err := checkText("contact", a.Contact); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		field string
		names []string
	}{{"roles", a.Roles}, {"groups", a.Groups}} {
		if err := checkList(list.field, list.names); err != nil {
			return err
		}
	}
	if err := a.checkAttributes(); err != nil {
		return err
	}
	if err := checkNetworks(a.Networks); err != nil {
		return err
	}
	return a.checkLimits()
}

func checkID(id string) error {
	if id == "" || len(id) > maxID {
		return fault.New(fault.Invalid, "id: an application has an id of 1 to %d letters, digits, - and _", maxID)
	}
	for _, r := range id {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (r < '0' || r > '9') && r != '-' && r != '_' {
			return fault.New(fault.Invalid, "id %q: only the letters a to z and A to Z, digits, - and _ are allowed", id)
		}
	}
	return nil
}

// checkText refuses texts with what cannot be seen, and those in another form
// than that of policies: such a name looks like another and never fits it,
// which would leave a deny without effect.
func checkText(field, text string) error {
	if text == "" || strings.TrimSpace(text) != text {
		return fault.New(fault.Invalid, "%s: it is empty, or begins or ends with a space", field)
	}
	if utf8.RuneCountInString(text) > maxText {
		return fault.New(fault.Invalid, "%s: it has more than %d characters", field, maxText)
	}
	for _, r := range text {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' ' || r == utf8.RuneError {
			return fault.New(fault.Invalid, "%s: %q has a character that cannot be seen (U+%04X)", field, text, r)
		}
	}
	if !norm.NFC.IsNormalString(text) {
		return fault.New(fault.Invalid, "%s: %q is not in Unicode's composed form (NFC)", field, text)
	}
	return nil
}

func checkList(field string, names []string) error {
	if len(names) > maxList {
		return fault.New(fault.Invalid, "%s: more than %d are listed", field, maxList)
	}
	for i, name := range names {
		if err := checkText(fmt.Sprintf("%s %d", field, i+1), name); err != nil {
			return err
		}
		if slices.Contains(names[:i], name) {
			return fault.New(fault.Invalid, "%s: %q is listed twice", field, name)
		}
	}
	return nil
}

func (a Application) checkAttributes() error {
	if len(a.Attributes) > maxList {
		return fault.New(fault.Invalid, "attributes: more than %d are listed", maxList)
	}
	for name, values := range a.Attributes {
		if err := checkText("attributes", name); err != nil {
			return err
		}
		// The sign that policies put between the name and the value.
		if strings.Contains(name, "=") {
			return fault.New(fault.Invalid, "attributes: the name %q has a =", name)
		}
		if ours(name) {
			return fault.New(fault.Invalid, "attributes: an application cannot be given %q; its department is a field of its own", name)
		}
		if err := checkList("attributes, "+name, values); err != nil {
			return err
		}
	}
	return nil
}

func checkNetworks(networks []string) error {
	if len(networks) > maxList {
		return fault.New(fault.Invalid, "networks: more than %d are listed", maxList)
	}
	for i, text := range networks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return fault.New(fault.Invalid, "networks: %q is no network in CIDR notation, as 10.1.0.0/16 or 2001:db8::/32", text)
		}
		if network.Addr().Is4In6() {
			return fault.New(fault.Invalid, "networks: write %q as a network of IPv4", text)
		}
		if network != network.Masked() {
			return fault.New(fault.Invalid, "networks: %q has bits behind its length; the network is %s", text, network.Masked())
		}
		if slices.Contains(networks[:i], text) {
			return fault.New(fault.Invalid, "networks: %q is listed twice", text)
		}
	}
	return nil
}

func (a Application) checkLimits() error {
	if math.IsNaN(a.RatePerSecond) || a.RatePerSecond < 0 || a.RatePerSecond > MaxRatePerSecond {
		return fault.New(fault.Invalid, "rate_per_second: it is between 0, the default, and %d", MaxRatePerSecond)
	}
	if a.RatePerSecond > 0 && a.RatePerSecond < minRatePerSecond {
		return fault.New(fault.Invalid, "rate_per_second: it is at least %g, one request in a quarter of an hour", minRatePerSecond)
	}
	if a.Burst < 0 || a.Burst > MaxBurst {
		return fault.New(fault.Invalid, "burst: it is between 0, the default, and %d", MaxBurst)
	}
	if a.DailyReads < 0 || a.DailyReads > MaxDailyReads {
		return fault.New(fault.Invalid, "daily_reads: it is between 0, the default, and %d", MaxDailyReads)
	}
	return nil
}

// minRatePerSecond keeps waiting times in bounds; slower than that is what
// disabling is for.
const minRatePerSecond = 0.001
