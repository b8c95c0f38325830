package flightsql_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/flightsql"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
)

// statementsOfTheGate are all texts in the gate's own tests of SQL: statements
// that are answered, refused and broken, and what is no statement at all.
func statementsOfTheGate(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../query/sql_test.go", nil, 0)
	require.NoError(t, err)
	var found []string
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, is := node.(*ast.BasicLit); is && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			found = append(found, text)
		}
		return true
	})
	require.Greater(t, len(found), 150)
	return append(found, "SELECT "+strings.Repeat("NOT ", 3000)+"true", "SELECT '"+strings.Repeat("x", 70_000)+"'", "SELECT * FROM range(1001)")
}

var codeOf = map[fault.Code]codes.Code{fault.Invalid: codes.InvalidArgument, fault.NotFound: codes.NotFound, fault.Denied: codes.PermissionDenied}

// TestAnswersAreThoseOfTheGate asks each statement of the gate's tests of both.
func TestAnswersAreThoseOfTheGate(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	answered, refused := 0, 0
	for i, sql := range statementsOfTheGate(t) {
		right := []acl.Right{acl.View, acl.Hold}[i%2]
		ctx := with(t, "person:p1", "x-yitong-right", string(right))
		lines, columns, got := read(ctx, client, sql)
		result, err := c.gate.SQL(t.Context(), person("p1"), query.SQLRequest{Text: sql, Right: right, Args: []*string{}})
		if err != nil {
			refused++
			require.Equal(t, codeOf[fault.CodeOf(err)], status.Code(got), "%q: %v, %v", sql, err, got)
			if said := fault.Public(err); len(said) < 1000 {
				require.Equal(t, said, status.Convert(got).Message(), "%q", sql)
			}
			require.NotContains(t, got.Error(), "hidden-", "%q", sql)
			continue
		}
		answered++
		require.NoError(t, got, "%q", sql)
		wanted, err := linesOf(result.Reader)
		require.NoError(t, err)
		require.Equal(t, wanted, lines, "%q", sql)
		require.True(t, result.Reader.Schema().Equal(columns), "%q", sql)
		require.NotContains(t, strings.Join(lines, ""), "hidden-")
		result.Reader.Release()
	}
	require.Greater(t, answered, 20)
	require.Greater(t, refused, 90)
}

func TestTheSchemaOfAnAnswerTellsWhatItIsMadeOf(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	for _, sql := range []string{"SELECT name, mobile FROM hr.staff ORDER BY id", "SELECT name, mobile FROM hr.staff WHERE false"} {
		_, columns, err := read(ctx, client, sql)
		require.NoError(t, err)
		told, found := columns.Metadata().GetValue(flightsql.MetadataKey)
		require.True(t, found)
		var made struct {
			Right    string        `json:"right"`
			Datasets []query.Shown `json:"datasets"`
		}
		require.NoError(t, json.Unmarshal([]byte(told), &made))
		require.Equal(t, "hold", made.Right)
		require.Len(t, made.Datasets, 1)
		require.Equal(t, "hr.staff", made.Datasets[0].Dataset)
		require.Equal(t, "hr", made.Datasets[0].Source)
		require.EqualValues(t, 7, made.Datasets[0].Version)
		require.Equal(t, "hidden_note", made.Datasets[0].Withheld[0].Field)
		require.NotEmpty(t, made.Datasets[0].Withheld[0].Reason)
		require.Contains(t, told, `"mask":"phone"`)
		described, err := client.GetExecuteSchema(ctx, sql)
		require.NoError(t, err)
		expected, err := flight.DeserializeSchema(described.Schema, memory.DefaultAllocator)
		require.NoError(t, err)
		require.True(t, expected.Equal(columns))
	}
	records := c.recorded()
	require.Len(t, records, 2, "descriptions read nothing")
	require.ElementsMatch(t, []string{"1", "2", "3"}, records[0].Persons)
}

// TestLargeBatchesTravelInPieces reads rows of which a thousand are larger than a
// message may be for usual clients.
func TestLargeBatchesTravelInPieces(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	lines, _, err := read(with(t, "person:p1"), client, "SELECT i, '"+strings.Repeat("x", 20000)+"' FROM range(1500) r(i)")
	require.NoError(t, err)
	require.Len(t, lines, 1500)
	require.True(t, strings.HasPrefix(lines[1499], "1499|xx"))
	require.Len(t, lines[1499], 5+20_000+1)
}
