package connectors

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/yitong-hub/yitong/schema"
)

// Source is one opened departmental system.
//
// Implementations are safe for concurrent use. Errors are fault errors: Invalid
// for a mistake in the definition (with what would be right), NotFound for a
// dataset that is not there, Unavailable when the system does not answer; none
// contains a secret or a row value.
type Source interface {
	// Check connects, signs in, and returns nil when the system can be read.
	Check(ctx context.Context) error
	// Discover lists the datasets that can be read, in order of name.
	Discover(ctx context.Context) ([]schema.Dataset, error)
	// Read starts reading one dataset. The stream must be closed.
	Read(ctx context.Context, request ReadRequest) (Stream, error)
	// Close gives back all that the source holds.
	Close() error
}

// ReadRequest asks for rows of one dataset.
type ReadRequest struct {
	// Dataset is the source's own name of the dataset.
	Dataset string
	// Columns is the projection, in the order wanted; empty means all.
	Columns []string
	// Cursor names the column that grows with every change, for incremental
	// reads. Empty means a full read.
	Cursor string
	// Since is the lower bound of Cursor, inclusive, in the text form that the
	// same connector wrote into a Token or that [FormatCursor] gives. Empty
	// means from the start. Rows at the bound come again: the pipelines drop them.
	Since string
	// Resume continues a full read that was broken off behind the batch that
	// carried this token. A connector that cannot continue starts again and
	// sets Batch.Restarted on its first batch.
	Resume Token
	// BatchRows is the wanted number of rows in a batch, DefaultBatchRows when 0.
	BatchRows int
}

// DefaultBatchRows keeps a batch of some 20 columns near 8 MB: large enough
// for the warehouse's vectors, small enough for several systems at once.
const DefaultBatchRows = 16_384

// Token is a position in a source's stream, opaque to everybody but the
// connector that made it. Committing it says: all rows up to here are kept.
// The empty token is the start.
type Token string

// Stream gives batches in order until io.EOF. It is used by one goroutine.
type Stream interface {
	// Schema is the Arrow schema of every batch; its columns are those of the
	// request in that order, with types that schema.FromArrow knows.
	Schema() *arrow.Schema
	// Next gives the next batch, or io.EOF. The caller releases Batch.Record.
	// The memory in use does not grow with the number of batches.
	Next(ctx context.Context) (Batch, error)
	// Close ends the reading early or after EOF and is idempotent.
	Close() error
}

// Batch is some rows with the token that commits them.
type Batch struct {
	// Record holds the rows; it may have none when only Rejects arrived.
	Record arrow.RecordBatch
	// Rejects are the rows that could not be read as the schema says.
	Rejects []Reject
	// Token commits this batch and all before it.
	Token Token
	// Position is the highest cursor value seen up to here, for the next
	// ReadRequest.Since; empty without a cursor.
	Position string
	// Restarted says that Resume was not possible and rows begin anew.
	Restarted bool
}

// Reject is one row that could not be read. Nothing of it is lost.
type Reject struct {
	// Row is the place in the source: line, row or message number, from 1.
	Row int64
	// Code is a stable word for the reason, as "field_count", "encoding",
	// "type_mismatch", "unclosed_quote".
	Code string
	// Column is the column at fault, when one is.
	Column string
	// Reason says what is wrong and what would be right, without the value.
	Reason string
	// Raw is the row as it came, decoded to UTF-8 as well as could be.
	Raw string
}

// Versioner is a Source that can say cheaply whether a dataset may have changed.
type Versioner interface {
	// Version gives a text that differs whenever the dataset's content does
	// (a hash of the file, an ETag). Empty means that it cannot be said now.
	Version(ctx context.Context, dataset string) (string, error)
}

// ChangeReader is a Source whose Read gives change events in order instead of
// rows: the stream has, beside the dataset's columns, the column [OpColumn].
type ChangeReader interface {
	// Changes reports whether the dataset arrives as change events.
	Changes(dataset string) bool
}

// OpColumn is the string column of a change stream that holds OpUpsert or OpDelete.
const (
	OpColumn = "_op"
	OpUpsert = "u"
	OpDelete = "d"
)

// LagReporter is a Source that knows how far behind a token is.
type LagReporter interface {
	// Lag gives the number of changes at the source behind token.
	Lag(ctx context.Context, dataset string, token Token) (int64, error)
}
