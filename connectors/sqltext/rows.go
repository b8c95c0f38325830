package sqltext

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// CodeEncoding is the code of rejects for text that is not in its encoding.
const CodeEncoding = "encoding"

// Column is a column with the way in which it is read.
type Column struct {
	schema.Column
	// Name quoted as the server wants it.
	Quoted string
	// Expression gives the value's text, or bytes for a binary column.
	Expression string
	// Bound makes a cursor's text, written as a question mark, a value that
	// compares with the column; empty: the text itself.
	Bound string
	// Decode turns the bytes that arrive into UTF-8; nil: they are.
	Decode func([]byte) ([]byte, error)
}

// Table is a table or view with its columns.
type Table struct {
	// Dataset is the table without its columns.
	Dataset schema.Dataset
	// Quoted is the name as the server wants it.
	Quoted      string
	Columns     []Column
	Placeholder squirrel.PlaceholderFormat
}

// Describe gives the dataset with its columns.
func (t Table) Describe() schema.Dataset {
	dataset := t.Dataset
	for _, column := range t.Columns {
		dataset.Columns = append(dataset.Columns, column.Column)
	}
	return dataset
}

// narrow keeps the columns that a request needs.
func (t Table) narrow(request connectors.ReadRequest) (Table, error) {
	if _, err := connectors.Project(t.Describe(), request); err != nil {
		return t, err
	}
	if _, ok := t.Describe().Column(request.Cursor); request.Cursor != "" && !ok {
		return t, fault.New(fault.Invalid, "%s has no column %s", t.Dataset.Name, request.Cursor)
	}
	if len(request.Columns) == 0 {
		return t, nil
	}
	wanted := map[string]bool{request.Cursor: true}
	for _, name := range request.Columns {
		wanted[name] = true
	}
	var kept []Column
	for _, column := range t.Columns {
		if wanted[column.Name] {
			kept = append(kept, column)
		}
	}
	t.Columns = kept
	return t, nil
}

// Statement is the SELECT of a request with its arguments.
func (t Table) Statement(request connectors.ReadRequest) (string, []any, error) {
	narrowed, err := t.narrow(request)
	if err != nil {
		return "", nil, err
	}
	statement := squirrel.Select().From(t.Quoted).PlaceholderFormat(t.Placeholder)
	for _, column := range narrowed.Columns {
		statement = statement.Column(column.Expression)
		if column.Name != request.Cursor {
			continue
		}
		statement = statement.OrderBy(column.Quoted)
		if request.Since != "" {
			bound := column.Bound
			if bound == "" {
				bound = "?"
			}
			// A row without a value cannot be called old.
			statement = statement.Where("("+column.Quoted+" >= "+bound+" OR "+column.Quoted+" IS NULL)", request.Since)
		}
	}
	return statement.ToSql()
}

// Read streams the rows of a request. Tables have no stable order, so that a
// read that was broken off begins again. unavailable gives the driver's errors
// their code.
func Read(ctx context.Context, db *sql.DB, table Table, request connectors.ReadRequest, options text.Options, unavailable func(error) error) (connectors.Stream, error) {
	statement, arguments, err := table.Statement(request)
	if err != nil {
		return nil, err
	}
	table, err = table.narrow(request)
	if err != nil {
		return nil, err
	}
	found, err := db.QueryContext(ctx, statement, arguments...)
	if err != nil {
		return nil, unavailable(err)
	}
	return Stream(found, table, request, options, unavailable)
}

// Stream makes the stream over rows with the columns of table; it closes them.
func Stream(found *sql.Rows, table Table, request connectors.ReadRequest, options text.Options, unavailable func(error) error) (connectors.Stream, error) {
	r := &rows{found: found, columns: table.Columns, values: make([]any, len(table.Columns)), cells: make([][]byte, len(table.Columns)), unavailable: unavailable}
	for i := range r.values {
		r.targets = append(r.targets, &r.values[i])
	}
	return text.NewStream(table.Describe(), request, options, r, request.Resume != "")
}

type rows struct {
	found       *sql.Rows
	columns     []Column
	values      []any
	targets     []any
	cells       [][]byte
	number      int64
	unavailable func(error) error
}

// Next implements text.Rows.
func (r *rows) Next(ctx context.Context) (text.Row, error) {
	if !r.found.Next() {
		if err := r.found.Err(); err != nil {
			if ctx.Err() != nil {
				return text.Row{}, fault.Wrap(ctx.Err(), fault.Canceled, "the reading was canceled")
			}
			return text.Row{}, r.unavailable(err)
		}
		return text.Row{}, io.EOF
	}
	if err := r.found.Scan(r.targets...); err != nil {
		return text.Row{}, r.unavailable(err)
	}
	r.number++
	row := text.Row{Number: r.number, Cells: r.cells, Raw: r.raw}
	for i, column := range r.columns {
		cell, err := cellOf(r.values[i], column)
		if err != nil {
			row.Cells = nil
			row.Reject = &connectors.Reject{Row: r.number, Code: CodeEncoding, Column: column.Name, Reason: err.Error(), Raw: r.raw()}
			return row, nil
		}
		r.cells[i] = cell
	}
	return row, nil
}

func cellOf(value any, column Column) ([]byte, error) {
	cell := bytesOf(value)
	if cell == nil {
		return nil, nil
	}
	if column.Type.Kind == schema.Binary {
		// The prefix tells no bytes from no value.
		return hex.AppendEncode([]byte("0x"), cell), nil
	}
	if column.Decode != nil {
		decoded, err := column.Decode(cell)
		if err != nil {
			return nil, fmt.Errorf("the text of column %s is not in the declared encoding", column.Name)
		}
		cell = decoded
	}
	if !utf8.Valid(cell) {
		return nil, fmt.Errorf("the text of column %s is not UTF-8", column.Name)
	}
	return cell, nil
}

// bytesOf gives what a driver scanned as bytes, nil for NULL.
func bytesOf(value any) []byte {
	switch typed := value.(type) {
	case nil:
		return nil
	case []byte:
		return typed
	case string:
		return []byte(typed)
	case int64:
		return strconv.AppendInt(nil, typed, 10)
	case float64:
		return strconv.AppendFloat(nil, typed, 'g', -1, 64)
	case float32:
		return strconv.AppendFloat(nil, float64(typed), 'g', -1, 32)
	}
	return fmt.Append(nil, value)
}

// raw is the row as it came, its values separated by bars.
func (r *rows) raw() string {
	parts := make([]string, len(r.values))
	for i, value := range r.values {
		cell := bytesOf(value)
		if r.columns[i].Type.Kind == schema.Binary {
			cell = hex.AppendEncode(nil, cell)
		}
		parts[i] = strings.ToValidUTF8(string(cell), string(utf8.RuneError))
	}
	return strings.Join(parts, "|")
}

// Token implements text.Rows.
func (r *rows) Token() connectors.Token {
	return connectors.Token("row:" + strconv.FormatInt(r.number, 10))
}

// Close implements text.Rows. That the reading was canceled is told by Next.
func (r *rows) Close() error {
	if err := r.found.Close(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
