package ldapdir_test

import (
	"fmt"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/conntest"
	"github.com/yitong-hub/yitong/connectors/ldapdir"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/testserver"
)

func node(t *testing.T, text string) yaml.Node {
	t.Helper()
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &n))
	return *n.Content[0]
}

func config(t *testing.T, directory testserver.Directory, options string) connectors.Config {
	t.Helper()
	return connectors.Config{
		System:     "identity",
		Connection: node(t, fmt.Sprintf("{url: %q, bind_dn: %q, password: {secret: P}, base_dn: %q, page_size: 3}", directory.URL, directory.BindDN, directory.BaseDN)),
		Secret:     func(string) (string, error) { return directory.Password, nil },
		Datasets:   []connectors.DatasetConfig{{Source: "people", Options: node(t, options)}},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	directory := testserver.LDAP(t)
	conn, err := ldap.DialURL(directory.URL)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Bind(directory.BindDN, directory.Password))
	var rows []string
	for i := range 8 {
		entry := ldap.NewAddRequest(fmt.Sprintf("uid=u%d,%s", i, directory.BaseDN), nil)
		entry.Attribute("objectClass", []string{"inetOrgPerson"})
		entry.Attribute("uid", []string{fmt.Sprintf("u%d", i)})
		entry.Attribute("cn", []string{fmt.Sprintf("王%d", i)})
		entry.Attribute("sn", []string{"王"})
		mail := "(null)"
		if i%2 == 0 {
			entry.Attribute("mail", []string{fmt.Sprintf("a%d@demo.edu", i), fmt.Sprintf("b%d@demo.edu", i)})
			mail = fmt.Sprintf("a%[1]d@demo.edu;b%[1]d@demo.edu", i)
		}
		require.NoError(t, conn.Add(entry))
		rows = append(rows, fmt.Sprintf("u%d|王%d|%s", i, i, mail))
	}
	conntest.Run(t, conntest.Case{
		Open: func(t *testing.T) connectors.Source {
			source, err := ldapdir.Driver().Open(config(t, directory, "{filter: (objectClass=inetOrgPerson), attributes: [uid, cn, mail]}"))
			require.NoError(t, err)
			return source
		},
		Dataset: "people", Columns: []string{"uid string", "cn string", "mail string"}, Rows: rows, Unordered: true,
	})
	t.Run("wrong password", func(t *testing.T) {
		wrong := config(t, directory, "{}")
		wrong.Secret = func(string) (string, error) { return "s3cr3t", nil }
		source, err := ldapdir.Driver().Open(wrong)
		require.NoError(t, err)
		err = source.Check(t.Context())
		require.True(t, fault.Is(err, fault.Unavailable))
		require.ErrorContains(t, err, "refuses the sign-in")
		require.NotContains(t, err.Error(), "s3cr3t")
	})
}

func TestMistakesAreExplained(t *testing.T) {
	t.Parallel()
	directory := testserver.Directory{URL: "ldap://127.0.0.1:1", BindDN: "cn=x", BaseDN: "dc=x"}
	for options, says := range map[string]string{
		"{filter: objectClass}": "is not an LDAP filter", "{scope: all}": "write sub, one or base", "{multi: last}": "write join or first", "{attribute: [a]}": "attribute",
	} {
		_, err := ldapdir.Driver().Open(config(t, directory, options))
		require.ErrorContains(t, err, says)
		require.True(t, fault.Is(err, fault.Invalid))
	}
	source, err := ldapdir.Driver().Open(config(t, directory, "{}"))
	require.NoError(t, err)
	require.True(t, fault.Is(source.Check(t.Context()), fault.Unavailable))
}
