package warehouse

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWhatIsWrittenIntoStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		statement string
		args      []any
		want      string
	}{
		{`SELECT "a?""?" FROM t WHERE b = ? AND c = '?''?' LIMIT ?`, []any{"O'Neil", int64(-5)}, `SELECT "a?""?" FROM t WHERE b = 'O''Neil' AND c = '?''?' LIMIT (-5)`},
		{"SELECT ?, ?", []any{true, 7}, "SELECT TRUE, (7)"},
	} {
		got, left := inlined(c.statement, c.args)
		require.Equal(t, c.want, got)
		require.Empty(t, left)
	}
	for _, c := range []struct {
		statement string
		args      []any
	}{
		{"SELECT ?", []any{"a\x00b"}}, {"SELECT ?", []any{"\xff"}}, {"SELECT ?", []any{1.5}}, {"SELECT ?", []any{[]string{"a"}}}, {"SELECT ?", []any{nil}},
		{"SELECT ?, ?", []any{"a"}}, {"SELECT ?", []any{"a", "b"}}, {"SELECT $1", []any{"a"}}, {"SELECT ? -- ?", []any{"a"}}, {"SELECT /* ? */ ?", []any{"a"}},
		{`SELECT E'\'?', ?`, []any{"a"}}, {"SELECT $$?$$, ?", []any{"a"}}, {"SELECT '?", []any{"a"}}, {"SELECT ?, ?", []any{"a", 1.5}},
		{"SELECT ?, ?", []any{"a", Secret("salt")}},
	} {
		got, left := inlined(c.statement, c.args)
		require.Equal(t, c.statement, got)
		require.Equal(t, c.args, left, c.statement)
	}
}

// TestInlinedMeansTheSame runs statements with values of all kinds both ways.
func TestInlinedMeansTheSame(t *testing.T) {
	t.Parallel()
	w, err := Open(t.Context(), Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	conn, err := w.db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`['"?$\\;-]{0,9}`), rapid.SampledFrom([]string{"'", "''", `\'`, "--", "/*", "'; DROP TABLE x; --", "E'", "\u2019", "?"})).Draw(r, "text")
		args := []any{text, rapid.Int64().Draw(r, "number"), rapid.Bool().Draw(r, "truth"), text}
		const statement = `SELECT CAST(? AS VARCHAR), 5 - ?::HUGEINT, ?, sha256(? || 'a''?"b') AS "x?'y"`
		direct, left := inlined(statement, args)
		bound, err := arrowOf(t, conn, statement, args)
		require.NoError(r, err)
		got, err := arrowOf(t, conn, direct, left)
		require.NoError(r, err, "%s", direct)
		require.Equal(r, bound, got, "%q", text)
		args[3] = Secret(text)
		got, err = arrowOf(t, conn, statement, args)
		require.NoError(r, err)
		require.Equal(r, bound, got, "a secret is a text")
	})
}

func arrowOf(t *testing.T, conn *sql.Conn, statement string, args []any) (string, error) {
	t.Helper()
	reader, err := planned(t.Context(), conn, statement, args)
	if err != nil {
		return "", err
	}
	defer reader.Release()
	return lines(reader), reader.Err()
}

func lines(reader array.RecordReader) string {
	made := ""
	for reader.Next() {
		for _, column := range reader.RecordBatch().Columns() {
			made += fmt.Sprintf("%v %s|", column.DataType(), column.ValueStr(0))
		}
	}
	return made
}
