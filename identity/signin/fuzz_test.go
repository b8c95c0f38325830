package signin

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzParseValidation reads anything that a CAS server might send.
func FuzzParseValidation(f *testing.F) {
	for _, seed := range []string{
		`<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>wang</cas:user><cas:attributes><cas:no>1</cas:no></cas:attributes></cas:authenticationSuccess></cas:serviceResponse>`,
		`<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationFailure code="INVALID_TICKET">x</cas:authenticationFailure></cas:serviceResponse>`,
		`<?xml version="1.0" encoding="GBK"?><a>` + "\xcd\xf5</a>", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, "<a/><b/>", "<a b='1' b='2'/>", "yes\nwang\n", "<a>&#0;</a>", "<a><![CDATA[x]]></a>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseValidation(text)
		if err != nil {
			require.Equal(t, validation{}, found)
			return
		}
		// It is a success with a user, or a failure with a code, and never both.
		require.NotEqual(t, found.user == "", found.code == "")
		require.NotContains(t, strings.ToUpper(string(text)), "<!DOCTYPE X")
		require.True(t, utf8.ValidString(found.user))
		require.Equal(t, strings.TrimSpace(found.user), found.user)
		id, err := found.campusID("no")
		if err == nil {
			require.Len(t, found.attributes["no"], 1)
			require.Equal(t, found.attributes["no"][0], id)
		}
		again, err := parseValidation(text)
		require.NoError(t, err)
		require.Equal(t, found, again)
	})
}

// FuzzParseLogout reads anything that anybody might post.
func FuzzParseLogout(f *testing.F) {
	for _, seed := range []string{
		`<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><p:SessionIndex>ST-1-a</p:SessionIndex></p:LogoutRequest>`,
		`<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><p:SessionIndex>ST-1<!-- -->-a</p:SessionIndex></p:LogoutRequest>`, "<a>", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ticket, err := parseLogout(text)
		require.Equal(t, err == nil, ticket != "")
		if err == nil {
			require.True(t, ticketForm.MatchString(ticket))
		}
	})
}
