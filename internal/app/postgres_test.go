package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/app"
)

// TestPostgresClientsSignInByKey lets an application and one of the demo's people in,
// and ends the application's session with its key.
func TestPostgresClientsSignInByKey(t *testing.T) {
	t.Parallel()
	with := settings(t)
	_, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	registry := opened.Applications.Registry
	_, err = registry.Register(t.Context(), "admin", identity.Application{ID: "reports", Name: "Reports", Department: "library", Steward: "steward_hr", Contact: "it@example.edu", Networks: []string{"127.0.0.0/8"}, RatePerSecond: 50, Burst: 1})
	require.NoError(t, err)
	key, err := registry.Issue(t.Context(), "admin", "reports")
	require.NoError(t, err)

	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- opened.Serve(ctx, app.ServeOptions{
			Listen: "127.0.0.1:0", Demo: true, Logger: slog.New(slog.DiscardHandler),
			Postgres: app.PostgresOptions{Listen: "127.0.0.1:0", Ready: func(address string) { ready <- address }},
		})
	}()
	address := <-ready
	connect := func(user, password string) (*pgconn.PgConn, error) {
		return pgconn.Connect(t.Context(), fmt.Sprintf("postgres://%s:%s@%s/yitong?sslmode=disable", user, password, address))
	}
	for user, password := range map[string]string{"leader": "wrong", "nobody": "demo", "other": key.Text, "reports": key.Text + "x"} {
		_, err := connect(user, password)
		require.ErrorContains(t, err, "28P01", "%s", user)
	}
	leader, err := connect("leader", "demo")
	require.NoError(t, err)
	result := leader.ExecParams(t.Context(), "SELECT current_user", nil, nil, nil, nil).Read()
	require.NoError(t, result.Err)
	require.Equal(t, "leader", string(result.Rows[0][0]))
	reports, err := connect("reports", key.Text)
	require.NoError(t, err)
	for range 5 { // more than it may ask at once: they wait for their turn
		require.NoError(t, reports.ExecParams(t.Context(), "SELECT 1", nil, nil, nil, nil).Read().Err)
	}
	_, err = registry.Revoke(t.Context(), "admin", key.ID)
	require.NoError(t, err)
	require.ErrorContains(t, reports.ExecParams(t.Context(), "SELECT 1", nil, nil, nil, nil).Read().Err, "28000")
	stop()
	require.NoError(t, <-ended)
}
