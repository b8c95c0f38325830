package testserver

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// MariaDB gives the DSN, in the form of go-sql-driver/mysql, of a new, empty
// database (utf8mb4) of the test's own. It is dropped when the test ends.
func MariaDB(t testing.TB) string {
	t.Helper()
	running := mariadbServer.get(t, "YITONG_TEST_MYSQL", startMariaDB)
	admin := running.external
	if admin == "" {
		admin = running.mariadbDSN()
	}
	config, err := mysql.ParseDSN(admin)
	require.NoError(t, err)
	name := ownName()
	execMariaDB(t, admin, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	t.Cleanup(func() { execMariaDB(t, admin, "DROP DATABASE "+name) })
	config.DBName = name
	return config.FormatDSN()
}

func execMariaDB(t testing.TB, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	require.NoError(t, err)
}

func (s server) mariadbDSN() string {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net = "yitong", s.password, "tcp"
	config.Addr = fmt.Sprintf("127.0.0.1:%d", s.port)
	return config.FormatDSN()
}

func startMariaDB() (server, error) {
	program := findProgram("/usr/sbin/mariadbd", "/usr/bin/mariadbd", "/usr/libexec/mariadbd")
	install := findProgram("/usr/bin/mariadb-install-db", "/usr/sbin/mariadb-install-db")
	if program == "" || install == "" {
		return server{absent: "MariaDB is not installed"}, nil
	}
	runs, err := accountOf("mysql")
	if err != nil {
		return server{}, err
	}
	started := server{password: rand.Text()}
	if started.dir, err = runs.folder("mariadb"); err != nil {
		return server{}, err
	}
	if started.port, err = freePort(); err != nil {
		return server{}, err
	}
	data, users := filepath.Join(started.dir, "data"), filepath.Join(started.dir, "users.sql")
	grants := fmt.Sprintf("CREATE USER yitong@'127.0.0.1' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO yitong@'127.0.0.1' WITH GRANT OPTION;\n", started.password)
	if err := runs.file(users, grants); err != nil {
		return server{}, err
	}
	if err := runs.run(started.dir, install, "--no-defaults", "--datadir="+data, "--skip-test-db", "--auth-root-authentication-method=normal"); err != nil {
		return server{}, err
	}
	ready := func(ctx context.Context) error {
		db, err := sql.Open("mysql", started.mariadbDSN())
		if err != nil {
			return err
		}
		defer db.Close()
		return db.PingContext(ctx)
	}
	started.lease, err = runs.serve(started.dir, ready, program, "--no-defaults", "--datadir="+data,
		"--socket="+filepath.Join(started.dir, "socket"), "--pid-file="+filepath.Join(started.dir, "pid"), "--init-file="+users,
		"--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", started.port), "--skip-name-resolve", "--skip-log-bin",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--innodb-doublewrite=0",
		"--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci")
	return started, err
}
