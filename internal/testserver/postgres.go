package testserver

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Postgres gives the postgres:// URL of a new, empty database of the test's
// own, whose user owns it. It is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	running := postgresServer.get(t, "YITONG_TEST_POSTGRES", startPostgres)
	admin := running.external
	if admin == "" {
		admin = running.postgresURL("postgres")
	}
	name := ownName()
	execPostgres(t, admin, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	t.Cleanup(func() {
		execPostgres(t, admin, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
	})
	address, err := url.Parse(admin)
	require.NoError(t, err)
	address.Path = "/" + name
	return address.String()
}

// PostgresSchema gives dsn with a new, empty schema of the test's own as the
// only one on the search path. It is dropped when the test ends.
func PostgresSchema(t testing.TB, dsn string) string {
	t.Helper()
	name := ownName()
	execPostgres(t, dsn, "CREATE SCHEMA "+pgx.Identifier{name}.Sanitize())
	t.Cleanup(func() { execPostgres(t, dsn, "DROP SCHEMA "+pgx.Identifier{name}.Sanitize()+" CASCADE") })
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	query := address.Query()
	query.Set("search_path", name)
	address.RawQuery = query.Encode()
	return address.String()
}

func execPostgres(t testing.TB, dsn, statement string) {
	t.Helper()
	// The test's own context has ended when its cleanups run.
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	connection, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer connection.Close(ctx)
	_, err = connection.Exec(ctx, statement)
	require.NoError(t, err)
}

// ownName makes a name that no other test has, on a shared server either.
func ownName() string { return "t_" + strings.ToLower(rand.Text()) }

func (s server) postgresURL(database string) string {
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword("yitong", s.password),
		Host: fmt.Sprintf("127.0.0.1:%d", s.port), Path: "/" + database,
	}
	return address.String()
}

func startPostgres() (server, error) {
	program := findProgram("/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres", "/usr/local/pgsql/bin/postgres")
	if program == "" {
		return server{absent: "PostgreSQL is not installed"}, nil
	}
	runs, err := accountOf("postgres")
	if err != nil {
		return server{}, err
	}
	started := server{password: rand.Text()}
	if started.dir, err = runs.folder("postgres"); err != nil {
		return server{}, err
	}
	if started.port, err = freePort(); err != nil {
		return server{}, err
	}
	data, secret := filepath.Join(started.dir, "data"), filepath.Join(started.dir, "password")
	if err := runs.file(secret, started.password); err != nil {
		return server{}, err
	}
	err = runs.run(started.dir, filepath.Join(filepath.Dir(program), "initdb"), "-D", data, "-U", "yitong",
		"-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if err != nil {
		return server{}, err
	}
	ready := func(ctx context.Context) error {
		connection, err := pgx.Connect(ctx, started.postgresURL("postgres"))
		if err != nil {
			return err
		}
		return connection.Close(ctx)
	}
	// What is written is thrown away: nothing need survive a power cut.
	started.lease, err = runs.serve(started.dir, ready, program, "-D", data,
		"-c", fmt.Sprintf("port=%d", started.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=100",
		"-c", "shared_buffers=128MB", "-c", "max_wal_size=4GB", "-c", "wal_level=minimal", "-c", "max_wal_senders=0")
	return started, err
}
