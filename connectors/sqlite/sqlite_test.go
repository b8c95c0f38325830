package sqlite_test

import (
	"database/sql"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/sqlite"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

const tables = `
CREATE TABLE "T_JZG_JBXX" (GH TEXT PRIMARY KEY, XM VARCHAR(40), GZ DECIMAL(10,2), CSRQ DATE, ZT INTEGER, BZ TEXT, GXSJ TEXT);
INSERT INTO T_JZG_JBXX VALUES
 ('1001','张三',8123.45,'1980-02-30',1,'','2026-01-01T00:00:00'),
 ('1002','欧阳娜娜','9000','19900101',0,NULL,'2026-01-02T00:00:00'),
 ('1003','李四',123.456,'1990-01-01',1,'x','2026-01-03T00:00:00'),
 ('1004','王五',1,'1990-01-01','abc','x','2026-01-04T00:00:00'),
 ('1005',CAST(X'D5C5C8FD' AS TEXT),1,'1990-01-01',1,'x','2026-01-05T00:00:00');
CREATE TABLE empty_table (a INTEGER);
`

type bundle struct {
	source connectors.Source
	db     *sql.DB
}

func setup(t *testing.T) bundle {
	t.Helper()
	dir := t.TempDir()
	db, err := sql.Open("sqlite3", filepath.Join(dir, "hr.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), tables)
	require.NoError(t, err)
	return bundle{source: open(t, dir, "{path: hr.db}"), db: db}
}

func open(t *testing.T, dir, connection string) connectors.Source {
	t.Helper()
	config := connectors.Config{System: "hr", Dir: dir}
	require.NoError(t, yaml.Unmarshal([]byte(connection), &config.Connection))
	source, err := sqlite.Driver().Open(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, source.Close()) })
	return source
}

func readAll(t *testing.T, source connectors.Source, request connectors.ReadRequest) (rows []string, rejects []connectors.Reject, last connectors.Batch) {
	t.Helper()
	stream, err := source.Read(t.Context(), request)
	require.NoError(t, err)
	defer func() { require.NoError(t, stream.Close()) }()
	for {
		batch, err := stream.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return rows, rejects, last
		}
		require.NoError(t, err)
		if request.BatchRows > 0 {
			require.LessOrEqual(t, batch.Record.NumRows(), int64(request.BatchRows))
		}
		for row := range int(batch.Record.NumRows()) {
			var cells []string
			for column := range int(batch.Record.NumCols()) {
				cells = append(cells, batch.Record.Column(column).ValueStr(row))
			}
			rows = append(rows, strings.Join(cells, "|"))
		}
		batch.Record.Release()
		rejects = append(rejects, batch.Rejects...)
		last = batch
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.source.Check(t.Context()))
	datasets, err := b.source.Discover(t.Context())
	require.NoError(t, err)
	require.Len(t, datasets, 2)
	staff := datasets[0]
	require.Equal(t, "T_JZG_JBXX", staff.Name)
	require.Equal(t, []string{"GH"}, staff.Key)
	require.EqualValues(t, 5, staff.RowEstimate)
	require.Equal(t, schema.DecimalOf(10, 2), staff.Columns[2].Type)
	require.Equal(t, schema.Of(schema.String), staff.Columns[3].Type)
	require.NotEmpty(t, staff.Columns[3].Ruling)
}

func TestReadKeepsEveryRowOrRejectsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rows, rejects, _ := readAll(t, b.source, connectors.ReadRequest{Dataset: "T_JZG_JBXX", BatchRows: 2})
	require.Equal(t, []string{
		"1001|张三|8123.45|1980-02-30|1||2026-01-01T00:00:00",
		"1002|欧阳娜娜|9000|19900101|0|(null)|2026-01-02T00:00:00",
	}, rows)
	require.Len(t, rejects, 3)
	for i, want := range []struct{ code, column string }{{"type_mismatch", "GZ"}, {"type_mismatch", "ZT"}, {"encoding", "XM"}} {
		require.Equal(t, want.code, rejects[i].Code)
		require.Equal(t, want.column, rejects[i].Column)
		require.EqualValues(t, i+3, rejects[i].Row)
		require.Contains(t, rejects[i].Raw, "100")
	}
	require.NotContains(t, rejects[1].Reason, "abc")
}

func TestReadProjectsAndBegins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rows, _, last := readAll(t, b.source, connectors.ReadRequest{
		Dataset: "T_JZG_JBXX", Columns: []string{"XM", "GH"}, Cursor: "GXSJ", Since: "2026-01-02T00:00:00",
	})
	require.Equal(t, []string{"欧阳娜娜|1002", "李四|1003", "王五|1004"}, rows)
	require.Equal(t, "2026-01-04T00:00:00", last.Position)
	rows, _, last = readAll(t, b.source, connectors.ReadRequest{Dataset: "empty_table"})
	require.Empty(t, rows)
	require.Empty(t, last.Token)
	_, err := b.source.Read(t.Context(), connectors.ReadRequest{Dataset: "absent"})
	require.True(t, fault.Is(err, fault.NotFound))
	_, err = b.source.Read(t.Context(), connectors.ReadRequest{Dataset: "T_JZG_JBXX", Columns: []string{"absent"}})
	require.True(t, fault.Is(err, fault.NotFound))
}

func TestVersionFollowsContent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	version := func() string {
		got, err := b.source.(connectors.Versioner).Version(t.Context(), "T_JZG_JBXX")
		require.NoError(t, err)
		return got
	}
	before := version()
	require.Equal(t, before, version())
	_, err := b.db.ExecContext(t.Context(), "UPDATE T_JZG_JBXX SET BZ = 'y' WHERE GH = '1001'")
	require.NoError(t, err)
	require.NotEqual(t, before, version())
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	absent := open(t, t.TempDir(), "{path: absent.db}")
	require.True(t, fault.Is(absent.Check(t.Context()), fault.Unavailable))
	for _, connection := range []string{"{}", "{path: a.db, pasword: x}"} {
		config := connectors.Config{System: "hr"}
		require.NoError(t, yaml.Unmarshal([]byte(connection), &config.Connection))
		_, err := sqlite.Driver().Open(config)
		require.True(t, fault.Is(err, fault.Invalid), connection)
	}
}
