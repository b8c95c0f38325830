package api_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// TestCodingsAndTags asks for the same rows in each coding, and again with their tag.
func TestCodingsAndTags(t *testing.T) {
	t.Parallel()
	handler := campus(t)
	ask := func(path, accept, coding, tag string) *http.Response {
		return call(t, handler, scenario{As: "steward_hr", Path: path, Headers: map[string]string{"Accept": accept, "Accept-Encoding": coding, "If-None-Match": tag}})
	}
	const path = "/v1/datasets/hr.staff/rows?fields=staff_no,name&sort=staff_no"
	for _, accept := range []string{"application/json", "text/csv", "application/vnd.apache.arrow.stream"} {
		plain := ask(path, accept, "", "")
		defer plain.Body.Close()
		want, err := io.ReadAll(plain.Body)
		require.NoError(t, err)
		require.Empty(t, plain.Header.Get("Content-Encoding"))
		for coding, decode := range map[string]func(io.Reader) (io.Reader, error){
			"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
			"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
		} {
			coded := ask(path, accept, "br, "+coding+";q=0.5, identity;q=0", "")
			defer coded.Body.Close()
			require.Equal(t, coding, coded.Header.Get("Content-Encoding"))
			reader, err := decode(coded.Body)
			require.NoError(t, err)
			got, err := io.ReadAll(reader)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), "%s %s", accept, coding)
		}
		tag := plain.Header.Get("ETag")
		require.NotEmpty(t, tag)
		again := ask(path, accept, "gzip", `"x", `+tag)
		defer again.Body.Close()
		require.Equal(t, http.StatusNotModified, again.StatusCode)
		other := ask(path+"&limit=1", accept, "", tag)
		defer other.Body.Close()
		require.Equal(t, http.StatusOK, other.StatusCode, "another question")
	}
	refused := ask(path, "application/json", "gzip;q=0", "")
	defer refused.Body.Close()
	require.Empty(t, refused.Header.Get("Content-Encoding"))
}
