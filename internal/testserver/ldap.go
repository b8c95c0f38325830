package testserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

// Directory is a part of an LDAP directory that belongs to one test.
type Directory struct {
	// URL is the server, as ldap://127.0.0.1:1389.
	URL string
	// BaseDN is the test's own organizational unit, empty at the beginning.
	BaseDN string
	// BindDN and Password sign in who may do everything below BaseDN.
	BindDN, Password string
}

const ldapSuffix = "dc=yitong,dc=test"

// LDAP gives an empty organizational unit of the test's own on a slapd with
// the schemas core, cosine and inetorgperson. YITONG_TEST_LDAP has the form
// ldap://BIND-DN:PASSWORD@HOST:PORT/BASE-DN, percent-encoded.
func LDAP(t testing.TB) Directory {
	t.Helper()
	running := ldapServer.get(t, "YITONG_TEST_LDAP", startLDAP)
	address := running.external
	if address == "" {
		address = running.ldapURL()
	}
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	password, _ := parsed.User.Password()
	directory := Directory{
		URL: parsed.Scheme + "://" + parsed.Host, BindDN: parsed.User.Username(), Password: password,
		BaseDN: "ou=" + ownName() + "," + strings.TrimPrefix(parsed.Path, "/"),
	}
	connection, err := directory.bind()
	require.NoError(t, err)
	defer connection.Close()
	unit := ldap.NewAddRequest(directory.BaseDN, nil)
	unit.Attribute("objectClass", []string{"organizationalUnit"})
	require.NoError(t, connection.Add(unit))
	t.Cleanup(func() { require.NoError(t, directory.clear()) })
	return directory
}

// bind signs in; the caller closes the connection.
func (d Directory) bind() (*ldap.Conn, error) {
	connection, err := ldap.DialURL(d.URL)
	if err != nil {
		return nil, err
	}
	if err := connection.Bind(d.BindDN, d.Password); err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	return connection, nil
}

// clear deletes the unit and all below it, leaves first.
func (d Directory) clear() error {
	connection, err := d.bind()
	if err != nil {
		return err
	}
	defer connection.Close()
	found, err := connection.Search(ldap.NewSearchRequest(d.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		0, 0, false, "(objectClass=*)", []string{"1.1"}, nil))
	if err != nil {
		return err
	}
	for i := len(found.Entries) - 1; i >= 0; i-- { // slapd gives parents before children
		if err := connection.Del(ldap.NewDelRequest(found.Entries[i].DN, nil)); err != nil {
			return err
		}
	}
	return nil
}

func (s server) ldapURL() string {
	address := url.URL{
		Scheme: "ldap", User: url.UserPassword("cn=admin,"+ldapSuffix, s.password),
		Host: fmt.Sprintf("127.0.0.1:%d", s.port), Path: "/" + ldapSuffix,
	}
	return address.String()
}

const slapdConf = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile %[1]s/pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
maxsize 1073741824
suffix %[2]q
rootdn "cn=admin,%[2]s"
rootpw %[3]s
directory %[1]s
dbnosync
`

func startLDAP() (server, error) {
	program := findProgram("/usr/sbin/slapd", "/usr/lib/openldap/slapd", "/usr/libexec/slapd")
	if program == "" {
		return server{absent: "slapd is not installed"}, nil
	}
	runs, err := accountOf("openldap")
	if err != nil {
		return server{}, err
	}
	started := server{password: rand.Text()}
	if started.dir, err = runs.folder("ldap"); err != nil {
		return server{}, err
	}
	if started.port, err = freePort(); err != nil {
		return server{}, err
	}
	settings := filepath.Join(started.dir, "slapd.conf")
	if err := runs.file(settings, fmt.Sprintf(slapdConf, started.dir, ldapSuffix, started.password)); err != nil {
		return server{}, err
	}
	ready := func(context.Context) error {
		admin := Directory{URL: fmt.Sprintf("ldap://127.0.0.1:%d", started.port), BindDN: "cn=admin," + ldapSuffix, Password: started.password}
		connection, err := admin.bind()
		if err != nil {
			return err
		}
		defer connection.Close()
		root := ldap.NewAddRequest(ldapSuffix, nil)
		root.Attribute("objectClass", []string{"dcObject", "organization"})
		root.Attribute("o", []string{"yitong"})
		return connection.Add(root)
	}
	started.lease, err = runs.serve(started.dir, ready, program,
		"-h", fmt.Sprintf("ldap://127.0.0.1:%d", started.port), "-f", settings, "-d", "0")
	return started, err
}
