package main

import (
	_ "embed"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors/postgres"
	"github.com/yitong-hub/yitong/internal/testserver"
	"github.com/yitong-hub/yitong/pipelines"
)

//go:embed postgres.sql
var mixedSQL string

// BenchmarkPostgres loads a table of 20 mixed columns from a real server. The
// floor is COPY in binary form into the void, in the same run. YITONG_BENCH_ROWS
// is the number of rows, 2,000,000 unless set.
func BenchmarkPostgres(b *testing.B) {
	rows := int64(2_000_000)
	if given := os.Getenv("YITONG_BENCH_ROWS"); given != "" {
		var err error
		rows, err = strconv.ParseInt(given, 10, 64)
		require.NoError(b, err)
	}
	dsn := testserver.Postgres(b)
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	defer conn.Close(b.Context())
	_, err = conn.Exec(b.Context(), "SET client_min_messages = error")
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), mixedSQL, pgx.QueryExecModeSimpleProtocol, rows)
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), "VACUUM (ANALYZE) mixed")
	require.NoError(b, err)
	var node yaml.Node
	require.NoError(b, yaml.Unmarshal([]byte("{url: {secret: URL}}"), &node))
	system := definition.System{
		ID: "bench", Connector: "postgres", Connection: *node.Content[0],
		Datasets: []definition.Dataset{{Name: "rows", Source: "mixed", Key: []string{"id"}}},
	}
	for b.Loop() {
		floor := copyAway(b, conn)
		loaded, err := openBench(b.Context(), b.TempDir(), postgres.Driver())
		require.NoError(b, err)
		loaded.server = dsn
		_, took, err := loaded.sync(b.Context(), system)
		require.NoError(b, err)
		require.NoError(b, loaded.warehouse.Close())
		landed := loaded.seconds(pipelines.StageRead, pipelines.StageProve)
		b.ReportMetric(float64(rows)/floor.Seconds(), "floor-rows/s")
		b.ReportMetric(floor.Seconds()/landed, "landed+proved/floor")
		b.ReportMetric(floor.Seconds()/took.Seconds(), "whole/floor")
		b.Logf("%d rows: floor %.2f s, whole load %.2f s, of it %v; highest resident memory %s", rows, floor.Seconds(), took.Seconds(), loaded.parts(), peak())
	}
}

func copyAway(b *testing.B, conn *pgx.Conn) time.Duration {
	b.Helper()
	began := time.Now()
	_, err := conn.PgConn().CopyTo(b.Context(), io.Discard, "COPY mixed TO STDOUT (FORMAT binary)")
	require.NoError(b, err)
	return time.Since(began)
}
