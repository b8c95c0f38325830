package ranger

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // names in policies must mean the same on every machine

	"github.com/yitong-hub/yitong/internal/fault"
)

// zoneNamed finds a time zone by Java's names; a blank one is GMT.
func zoneNamed(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "", name == "GMT":
		return time.UTC, nil
	case strings.HasPrefix(name, "GMT+"), strings.HasPrefix(name, "GMT-"):
		return offsetZone(name)
	}
	if long := shortZones()[name]; long != "" {
		name = long
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fault.New(fault.Invalid, "there is no time zone %q", name)
	}
	return zone, nil
}

// offsetZone reads GMT+8, GMT+0800 or GMT+08:00.
func offsetZone(name string) (*time.Location, error) {
	digits := strings.Replace(name[len("GMT+"):], ":", "", 1)
	if len(digits) <= len("08") {
		digits += "00"
	}
	var hours, minutes int
	if n, err := fmt.Sscanf(strings.Repeat("0", max(0, len("0800")-len(digits)))+digits, "%02d%02d", &hours, &minutes); n != 2 ||
		err != nil || hours > 23 || minutes > 59 || len(digits) > len("0800") {
		return nil, fault.New(fault.Invalid, "there is no time zone %q", name)
	}
	seconds := (hours*60 + minutes) * 60
	if name[len("GMT")] == '-' {
		seconds = -seconds
	}
	return time.FixedZone(name, seconds), nil
}

// shortZones gives what Java takes its three-letter names for.
func shortZones() map[string]string {
	return map[string]string{
		"ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
		"ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka",
		"CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai",
		"EAT": "Africa/Addis_Ababa", "IET": "America/Indiana/Indianapolis",
		"ECT": "Europe/Paris", //nolint:misspell // Java's name
		"IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "NET": "Asia/Yerevan",
		"NST": "Pacific/Auckland", "PLT": "Asia/Karachi", "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico",
		"PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
	}
}
