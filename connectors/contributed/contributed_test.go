package contributed_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/contributed"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestThereIsNothingToFetch(t *testing.T) {
	t.Parallel()
	source, err := contributed.Driver().Open(connectors.Config{System: "hall", Datasets: []connectors.DatasetConfig{
		{Source: "rating", Key: []string{"no"}, Columns: []string{"no", "score"}}, {Source: "a", Columns: []string{"x"}},
	}})
	require.NoError(t, err)
	require.NoError(t, source.Check(t.Context()))
	datasets, err := source.Discover(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"a", "rating"}, []string{datasets[0].Name, datasets[1].Name})
	require.True(t, source.(connectors.ChangeReader).Changes("rating"))
	version, err := source.(connectors.Versioner).Version(t.Context(), "rating")
	require.NoError(t, err)
	require.NotEmpty(t, version)
	stream, err := source.Read(t.Context(), connectors.ReadRequest{Dataset: "rating"})
	require.NoError(t, err)
	require.Equal(t, "schema:\n  fields: 3\n    - no: type=utf8, nullable\n    - score: type=utf8, nullable\n    - _op: type=utf8, nullable", stream.Schema().String())
	_, err = stream.Next(t.Context())
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, stream.Close())
	_, err = source.Read(t.Context(), connectors.ReadRequest{Dataset: "b"})
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	require.NoError(t, source.Close())
}

func TestNothingIsDiscoveredButWhatIsDeclared(t *testing.T) {
	t.Parallel()
	source, err := contributed.Driver().Open(connectors.Config{System: "hall"})
	require.NoError(t, err)
	_, err = source.Discover(t.Context())
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.Contains(t, fault.Public(err), "declare the datasets")
}
