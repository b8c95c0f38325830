package sqltext_test

import (
	"database/sql"
	"errors"
	"io"
	"testing"

	"github.com/Masterminds/squirrel"
	_ "github.com/mattn/go-sqlite3" // a real database in the process
	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/sqltext"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/schema"
)

func TestReadOfARealDatabase(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite3", ":memory:")
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(t.Context(), `CREATE TABLE t (id INTEGER, name TEXT, raw BLOB);
		INSERT INTO t VALUES (1, 'a', x'00ff'), (2, CAST(x'ff' AS TEXT), NULL), (3, NULL, x''), (4, 'd', x'01')`)
	require.NoError(t, err)
	column := func(name string, kind schema.Kind) sqltext.Column {
		return sqltext.Column{Column: schema.Column{Name: name, Type: schema.Of(kind)}, Quoted: `"` + name + `"`, Expression: `"` + name + `"`}
	}
	table := sqltext.Table{
		Dataset: schema.Dataset{Name: "t"}, Quoted: `"t"`, Placeholder: squirrel.Question,
		Columns: []sqltext.Column{column("id", schema.Int64), column("name", schema.String), column("raw", schema.Binary)},
	}
	same := func(err error) error { return err }
	stream, err := sqltext.Read(t.Context(), db, table, connectors.ReadRequest{Dataset: "t", Cursor: "id", BatchRows: 2}, text.Options{}, same)
	require.NoError(t, err)
	var ids []string
	var rejects []connectors.Reject
	position := ""
	for {
		batch, err := stream.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		for i := range int(batch.Record.NumRows()) {
			ids = append(ids, batch.Record.Column(0).ValueStr(i)+" "+batch.Record.Column(1).ValueStr(i)+" "+batch.Record.Column(2).ValueStr(i))
		}
		rejects, position = append(rejects, batch.Rejects...), batch.Position
		batch.Record.Release()
	}
	require.NoError(t, stream.Close())
	require.Equal(t, []string{"1 a AP8=", "3 (null) ", "4 d AQ=="}, ids)
	require.Len(t, rejects, 1)
	require.Equal(t, sqltext.CodeEncoding, rejects[0].Code)
	require.Equal(t, "4", position)
}
