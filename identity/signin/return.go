package signin

import (
	"net/url"
	"path"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// maxReturnTo bounds where people want to return to, far above real paths.
const maxReturnTo = 2000

// ReturnTo gives where somebody is sent after signing in: asked where it is a
// path of this server, otherwise where nothing was asked. Anything that a
// browser could take for another server is an Invalid fault.
func ReturnTo(asked, otherwise string) (string, error) {
	if asked == "" {
		return otherwise, nil
	}
	wrong := fault.New(fault.Invalid, "return_to: a path of this server is wanted, as /docs")
	if len(asked) > maxReturnTo || asked[0] != '/' || strings.ContainsFunc(asked, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
		return "", wrong
	}
	parsed, err := url.Parse(asked)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || parsed.User != nil || parsed.Opaque != "" {
		return "", wrong
	}
	// What is not its own shortest form, as //host or /./, is for no honest link.
	clean := path.Clean(parsed.Path)
	if clean != parsed.Path && clean+"/" != parsed.Path || strings.ContainsAny(parsed.Path, "\\") {
		return "", wrong
	}
	return asked, nil
}
