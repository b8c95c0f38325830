package api

import (
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/render"
)

// RunSql answers a SELECT over datasets.
func (s *Server) RunSql(c *gin.Context, _ contract.RunSqlParams) { //nolint:revive // the contract's name
	as, err := negotiate(c.GetHeader("Accept"))
	var asked contract.Statement
	if err == nil {
		err = decode(c, &asked)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	request := query.SQLRequest{
		Text: asked.Sql, Args: value(asked.Parameters), Right: as.right, Purpose: value(asked.Purpose), AsOf: asked.AsOf, Limit: uint64(value(asked.Limit)),
	}
	if request.Args == nil {
		request.Args = []*string{}
	}
	result, err := s.Gate.SQL(c, principalOf(c), request)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer result.Reader.Release()
	for _, shown := range result.Datasets {
		c.Writer.Header().Add("Yitong-Source", sourceHeader(shown.Dataset, shown.Source, shown.Version, shown.PublishedAt))
		c.Writer.Header().Add("Yitong-Fields", shown.Dataset+": "+fieldsHeader(shown.Fields, shown.Withheld))
	}
	if as.copied {
		s.copy(c, "statement", "", result.Reader, as, value(asked.Bom))
		return
	}
	answer, err := statementAnswer(request, result)
	c.Set(rowsKey, int64(len(answer.Rows)))
	s.give(c, answer, err)
}

func statementAnswer(request query.SQLRequest, result *query.SQLResult) (contract.StatementAnswer, error) {
	made := contract.StatementAnswer{More: result.More, Rows: [][]*string{}}
	for _, field := range result.Reader.Schema().Fields() {
		made.Columns = append(made.Columns, struct {
			Name string `json:"name"`
			Type string `json:"type"`
		}{field.Name, field.Type.String()})
	}
	made.Meta.Datasets = []contract.Meta{}
	for _, shown := range result.Datasets {
		made.Meta.Datasets = append(made.Meta.Datasets, describeShown(shown, request.AsOf))
	}
	var err error
	made.Rows, err = listsOf(result.Reader)
	return made, err
}

// listsOf gives rows as lists: columns of a statement may have one name twice.
func listsOf(reader array.RecordReader) ([][]*string, error) {
	rows := [][]*string{}
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			one := make([]*string, batch.NumCols())
			for i, column := range batch.Columns() {
				if text, null := render.Text(column, row); !null {
					one[i] = &text
				}
			}
			rows = append(rows, one)
		}
	}
	return rows, reader.Err()
}
