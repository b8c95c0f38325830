package app_test

import (
	"context"
	"log/slog"
	"testing"

	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

// TestServeAnswersFlightSQLToo asks the small demo as one of its people.
func TestServeAnswersFlightSQLToo(t *testing.T) {
	t.Parallel()
	with := settings(t)
	_, err := app.BuildDemo(t.Context(), with, "small")
	require.NoError(t, err)
	opened, err := app.New(t.Context(), with, app.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	_, err = opened.Sync(t.Context(), pipelines.Options{Systems: []string{"hr"}})
	require.NoError(t, err)
	options := app.ServeOptions{Listen: "127.0.0.1:0", Demo: true, Logger: slog.New(slog.DiscardHandler)}

	options.Flight = app.FlightOptions{Listen: "0.0.0.0:0"}
	require.True(t, fault.Is(opened.Serve(t.Context(), options), fault.Invalid), "keys would travel in the open")
	options.Flight = app.FlightOptions{Listen: "127.0.0.1:0", Certificate: "nowhere.pem"}
	require.True(t, fault.Is(opened.Serve(t.Context(), options), fault.Invalid))

	ready, ended := make(chan string, 1), make(chan error, 1)
	options.Flight = app.FlightOptions{Listen: "127.0.0.1:0", Ready: func(address string) { ready <- address }}
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- opened.Serve(ctx, options) }()
	client, err := protocol.NewClient(<-ready, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	signed, err := client.Client.AuthenticateBasicToken(t.Context(), "demo", "leader")
	require.NoError(t, err)
	signed = metadata.AppendToOutgoingContext(signed, "x-yitong-right", "view")
	info, err := client.Execute(signed, "SELECT count(*), min(mobile) FROM hr.staff")
	require.NoError(t, err)
	reader, err := client.DoGet(signed, info.Endpoint[0].Ticket)
	require.NoError(t, err)
	require.True(t, reader.Next())
	require.Contains(t, reader.RecordBatch().Column(1).ValueStr(0), "****")
	reader.Release()
	require.NoError(t, client.Close())
	stop()
	require.NoError(t, <-ended)
}
