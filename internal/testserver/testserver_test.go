package testserver_test

import (
	"database/sql"
	"testing"

	"github.com/go-ldap/ldap/v3"
	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/testserver"
)

// Two tests that make the same table would collide if they shared a database.
func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		driver string
		start  func(testing.TB) string
	}{{"pgx", testserver.Postgres}, {"mysql", testserver.MariaDB}} {
		for range 2 {
			t.Run(kind.driver, func(t *testing.T) {
				t.Parallel()
				db, err := sql.Open(kind.driver, kind.start(t))
				require.NoError(t, err)
				defer db.Close()
				_, err = db.ExecContext(t.Context(), "CREATE TABLE t (a INTEGER)")
				require.NoError(t, err)
			})
		}
	}
}

func TestSchemasKeepApart(t *testing.T) {
	t.Parallel()
	database := testserver.Postgres(t)
	for range 2 {
		db, err := sql.Open("pgx", testserver.PostgresSchema(t, database))
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "CREATE TABLE t (a INTEGER)")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
}

func TestDirectoryTakesEntries(t *testing.T) {
	t.Parallel()
	directory := testserver.LDAP(t)
	connection, err := ldap.DialURL(directory.URL)
	require.NoError(t, err)
	defer connection.Close()
	require.NoError(t, connection.Bind(directory.BindDN, directory.Password))
	person := ldap.NewAddRequest("uid=1001,"+directory.BaseDN, nil)
	person.Attribute("objectClass", []string{"inetOrgPerson"})
	person.Attribute("cn", []string{"张三"})
	person.Attribute("sn", []string{"张"})
	require.NoError(t, connection.Add(person))
	found, err := connection.Search(ldap.NewSearchRequest(directory.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		0, 0, false, "(uid=1001)", []string{"cn"}, nil))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
	require.Equal(t, "张三", found.Entries[0].GetAttributeValue("cn"))
}
