package flightsql_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/yitong-hub/yitong/flightsql"
)

// wide is an answer that no buffer between server and client holds.
func wide() string { return "SELECT i, '" + strings.Repeat("x", 1000) + "' FROM range(60000) r(i)" }

// begin reads the first batch of an answer and no more.
func begin(ctx context.Context, t *testing.T, client *protocol.Client, info *flight.FlightInfo) (*flight.Reader, error) {
	t.Helper()
	reader, err := client.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		return nil, err
	}
	if !reader.Next() {
		defer reader.Release()
		return nil, reader.Err()
	}
	return reader, nil
}

// beginInTime tries until there is a place.
func beginInTime(ctx context.Context, t *testing.T, client *protocol.Client, info *flight.FlightInfo) *flight.Reader {
	t.Helper()
	for {
		reader, err := begin(ctx, t, client, info)
		if err == nil {
			return reader
		}
		require.Equal(t, codes.ResourceExhausted, status.Code(err), "%v", err)
		require.NoError(t, t.Context().Err())
	}
}

// TestWhoGoesAwayLeavesNothingBehind stops to read in the middle of large answers,
// and goes. There are fewer places than clients, so each gets in only when another's
// answer has ended.
func TestWhoGoesAwayLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := open(t)
	address := c.serve(t, flightsql.Limits{Streams: 2, StreamsEach: 1})
	bystander := dial(t, address)
	for i := range 8 {
		client, err := protocol.NewClient(address, nil, nil, insecurely())
		require.NoError(t, err)
		ctx, leave := context.WithCancel(with(t, "person:p1"))
		info, err := client.Execute(ctx, wide())
		require.NoError(t, err)
		reader := beginInTime(ctx, t, client, info)
		_, err = begin(ctx, t, client, info)
		require.Equal(t, codes.ResourceExhausted, status.Code(err), "one each")
		_, _, err = read(with(t, "person:p2"), bystander, names)
		require.NoError(t, err, "others go on")
		if i%2 == 0 {
			leave()
		} else {
			require.NoError(t, client.Close())
		}
		reader.Release()
		leave()
		_ = client.Close()
	}
	// All states of the warehouse are given back: it may be written anew.
	lines, _, err := fetchAll(with(t, "person:p3"), t, bystander, wide())
	require.NoError(t, err)
	require.Equal(t, 60_000, lines)
}

func fetchAll(ctx context.Context, t *testing.T, client *protocol.Client, sql string) (int, int, error) {
	t.Helper()
	info, err := client.Execute(ctx, sql)
	require.NoError(t, err)
	reader, err := client.DoGet(ctx, info.Endpoint[0].Ticket)
	require.NoError(t, err)
	defer reader.Release()
	rows, batches := 0, 0
	for reader.Next() {
		rows += int(reader.RecordBatch().NumRows())
		batches++
	}
	return rows, batches, reader.Err()
}

// TestWhoStopsReadingIsEnded keeps a connection and takes nothing from it.
func TestWhoStopsReadingIsEnded(t *testing.T) {
	t.Parallel()
	c := open(t)
	address := c.serve(t, flightsql.Limits{StreamsEach: 1, Connection: 100 * time.Millisecond, Call: 2 * time.Second})
	client := dial(t, address)
	ctx := with(t, "person:p1")
	info, err := client.Execute(ctx, wide())
	require.NoError(t, err)
	stalled := beginInTime(ctx, t, client, info)
	defer stalled.Release()
	next := dial(t, address)
	again := beginInTime(ctx, t, next, info)
	again.Release()
	for stalled.Next() { // what was on its way
	}
	require.Error(t, stalled.Err(), "the answer does not end as if it were whole")
}

// TestTheServerEndsWhileAnswersAreGiven ends it under a reader that does not read.
func TestTheServerEndsWhileAnswersAreGiven(t *testing.T) {
	t.Parallel()
	c := open(t)
	var reader *flight.Reader
	t.Run("served", func(t *testing.T) { //nolint:paralleltest // it ends before what follows
		client, err := protocol.NewClient(c.serve(t, flightsql.Limits{Finish: 10 * time.Millisecond}), nil, nil, insecurely())
		require.NoError(t, err)
		ctx := with(t, "person:p1")
		info, err := client.Execute(context.WithoutCancel(ctx), wide())
		require.NoError(t, err)
		reader = beginInTime(context.WithoutCancel(ctx), t, client, info)
	})
	for reader.Next() { // what was on its way
	}
	require.Error(t, reader.Err())
	reader.Release()
}
