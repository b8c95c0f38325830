package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented finds the requests of docs/contributions.md and the answers behind them.
var documented = regexp.MustCompile("(?s)```http\n(.*?)\n```\n\n```json\n(.*?)\n```")

// TestDocumentedContributions sends what the documentation shows.
func TestDocumentedContributions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "contributions.md"))
	require.NoError(t, err)
	examples := documented.FindAllStringSubmatch(string(text), -1)
	require.Len(t, examples, 3)
	handler := campus(t)
	for _, example := range examples {
		head, body, _ := strings.Cut(example[1], "\n\n")
		head += "\nHost: localhost\nContent-Length: " + strconv.Itoa(len(body)) + "\n\n"
		request, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n")), bytes.NewReader([]byte(body)))))
		require.NoError(t, err)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request.WithContext(t.Context()))
		require.Equal(t, http.StatusOK, recorder.Code, recorder.Body)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &answer))
		delete(answer, "run")
		got, err := json.Marshal(answer)
		require.NoError(t, err)
		require.JSONEq(t, example[2], string(got))
	}
}

// TestTheDocumentedDefinitionIsRight reads what the documentation shows of files.
func TestTheDocumentedDefinitionIsRight(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "contributions.md"))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	require.Len(t, blocks, 2)
	newHouseOf(t, map[string]string{"systems/hall.yaml": blocks[0][1], "policies/hall.yaml": blocks[1][1], "principals.yaml": roomPeople})
}
