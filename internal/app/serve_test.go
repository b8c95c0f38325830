package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
)

// TestServeAnswersUntilItIsStopped serves a real socket and ends it.
func TestServeAnswersUntilItIsStopped(t *testing.T) {
	t.Parallel()
	with := settings(t)
	_, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- opened.Serve(ctx, app.ServeOptions{
			Listen: "127.0.0.1:0", Demo: true, Logger: slog.New(slog.DiscardHandler), Ready: func(address string) { ready <- address },
		})
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+<-ready+"/v1/me", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer demo:leader")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, errors.Join(err, response.Body.Close()))
	require.Contains(t, string(body), `"id":"leader"`)
	stop()
	require.NoError(t, <-ended)
}

// TestAServerThatEndsSaysFirstThatItIsNotReady answers on for the grace.
func TestAServerThatEndsSaysFirstThatItIsNotReady(t *testing.T) {
	t.Parallel()
	with := settings(t)
	with.Limits.Grace = 2 * time.Second
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- opened.Serve(ctx, app.ServeOptions{Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), Ready: func(address string) { ready <- address }})
	}()
	address := "http://" + <-ready
	status := func(path string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, http.StatusOK, status("/readyz"))
	stop()
	require.Eventually(t, func() bool { return status("/readyz") == http.StatusServiceUnavailable }, time.Minute, time.Millisecond)
	require.Equal(t, http.StatusOK, status("/healthz"), "it still answers")
	require.NoError(t, <-ended)
}

// TestOnlyTheDemoIsServedToAnybody serves a campus that is nobody's demo.
func TestOnlyTheDemoIsServedToAnybody(t *testing.T) {
	t.Parallel()
	opened, err := app.New(t.Context(), settings(t), app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	err = opened.Serve(t.Context(), app.ServeOptions{Listen: "127.0.0.1:0", Demo: true, Logger: slog.New(slog.DiscardHandler)})
	require.True(t, fault.Is(err, fault.Denied))
}
