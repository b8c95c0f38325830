package pgwire

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/pgcatalog"
)

// prepared is a statement that is ready to be carried out.
type prepared struct {
	text string
	// command is what it does where it is no query.
	command *command
	// parameters is the number of its parameters, types what the client said of
	// them, 0 where it said nothing.
	parameters int
	types      []uint32
	// columns are those that the client was told of.
	columns []column
}

// column is a column of an answer.
type column struct {
	name string
	kind arrow.DataType
	pgcatalog.Type
}

func columnsOf(of *arrow.Schema) []column {
	made := make([]column, of.NumFields())
	for i, field := range of.Fields() {
		made[i] = column{field.Name, field.Type, pgcatalog.TypeOf(field.Type)}
	}
	return made
}

// portal is a statement with values, ready to give rows or giving them.
type portal struct {
	of *prepared
	// args are the values as texts, nil for NULL, and argTypes the engine's names of
	// their types.
	args     []*string
	argTypes []string
	// formats are those of the columns: none is text, one is for all.
	formats   []int16
	described bool
	// columns are nil where there is no answer of rows.
	columns []column
	rows    *rows
	// hold says that the cursor outlives its transaction.
	hold bool
	done bool
	sent int64
}

// rows are an answer that is being given.
type rows struct {
	reader array.RecordReader
	batch  arrow.RecordBatch
	at     int
	stop   context.CancelFunc
	// done gives the place of the answer back.
	done func()
}

func (p *portal) close() {
	if p.rows != nil {
		p.rows.reader.Release()
		p.rows.stop()
		p.rows.done()
		p.rows = nil
	}
	p.done = true
}

func (p *portal) format(i int) int16 {
	switch {
	case len(p.formats) == 0:
		return textFormat
	case len(p.formats) == 1:
		return p.formats[0]
	}
	return p.formats[i]
}

func (p *portal) description() *pgproto3.RowDescription {
	made := &pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, len(p.columns))}
	for i, one := range p.columns {
		made.Fields[i] = pgproto3.FieldDescription{
			Name: []byte(one.name), DataTypeOID: one.OID, DataTypeSize: one.Size, TypeModifier: one.Modifier, Format: p.format(i),
		}
	}
	return made
}

// request is what is asked of the gate.
func (s *session) request(p *portal) query.SQLRequest {
	return query.SQLRequest{
		Text: p.of.text, Args: p.args, Types: p.argTypes,
		Right: acl.Right(s.settings.value(settingRight)), Purpose: s.settings.value(settingPurpose), AsOf: s.settings.asOf(),
	}
}

// describe finds the columns of an answer.
func (s *session) describe(p *portal) error {
	if !p.described {
		if err := s.findColumns(p); err != nil {
			return err
		}
	}
	if len(p.formats) > 1 && len(p.formats) != len(p.columns) {
		return failed(stateProtocol, "bind message has %d result formats but query has %d columns", len(p.formats), len(p.columns))
	}
	return nil
}

func (s *session) findColumns(p *portal) error {
	if p.of.command != nil {
		columns, err := p.of.command.columns(s)
		p.columns, p.described = columns, err == nil
		return err
	}
	if s.state == insideIt {
		return errInFailedBlock()
	}
	return s.work(func(ctx context.Context) error {
		principal, err := s.caller(ctx)
		if err != nil {
			return err
		}
		schema, err := s.server.Gate.DescribeSQL(ctx, principal, s.request(p))
		if err != nil {
			return err
		}
		p.columns, p.described = columnsOf(schema), true
		return nil
	})
}

func errInFailedBlock() error {
	return failed(stateFailedBlock, "current transaction is aborted, commands ignored until end of transaction block")
}

// execute carries a portal out or goes on with it, up to a number of rows, 0 for
// all.
func (s *session) execute(p *portal, most uint32) error {
	if p.of.command != nil {
		return s.command(p, most)
	}
	if s.state == insideIt {
		return errInFailedBlock()
	}
	if p.done {
		s.backend.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 0")})
		return nil
	}
	if err := s.open(p); err != nil {
		return err
	}
	given, more, err := s.give(p, p.rows, p.columns, most)
	p.sent += given
	if err != nil {
		p.close()
		return err
	}
	if more {
		s.backend.Send(&pgproto3.PortalSuspended{})
		return nil
	}
	p.close()
	s.backend.Send(&pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "SELECT %d", given)})
	return nil
}

// open asks the gate for the rows.
func (s *session) open(p *portal) error {
	if p.rows != nil {
		return nil
	}
	if err := s.describe(p); err != nil {
		return err
	}
	// The rows may be given by more than one Execute.
	reading, stop := context.WithCancel(s.ctx)
	err := s.work(func(ctx context.Context) error {
		defer context.AfterFunc(ctx, stop)()
		err := s.server.People.Allow(ctx, s.user, s.password, s.from)
		if err != nil {
			return &failure{state: stateRate, message: failureOf(ctx, err).message, cause: err}
		}
		select {
		case s.server.answers <- struct{}{}:
		case <-ctx.Done():
			return failed(stateRate, "too many answers are open: at most %d are at a time", s.server.Limits.Answers)
		}
		done := func() { <-s.server.answers }
		principal, err := s.caller(ctx) // after the wait: it is decided now
		if err != nil {
			done()
			return err
		}
		result, err := s.server.Gate.SQL(reading, principal, s.request(p))
		if err != nil {
			done()
			s.server.People.Answered(s.user, 0, true)
			return err
		}
		p.rows = &rows{reader: result.Reader, stop: stop, done: done}
		return p.unchanged(result.Reader.Schema())
	})
	if err != nil {
		stop()
		p.close()
	}
	return err
}

// unchanged refuses rows of other columns than the client was told of: the policies
// may have changed since. Names of expressions have the values in them, and keep
// those that it was told.
func (p *portal) unchanged(schema *arrow.Schema) error {
	columns := columnsOf(schema)
	same := len(columns) == len(p.columns)
	for i := 0; same && i < len(columns); i++ {
		same = columns[i].OID == p.columns[i].OID
		columns[i].name = p.columns[i].name
	}
	if !same {
		return failed(stateUnsupported, "cached plan must not change result type")
	}
	p.columns = columns
	return nil
}

// flushBytes is about how much is sent at once.
const flushBytes = 32 << 10

// give sends rows, up to a number, 0 for all, and says whether there may be more.
func (s *session) give(p *portal, from *rows, columns []column, most uint32) (given int64, more bool, err error) {
	encoders := make([]encoder, len(columns))
	for i, one := range columns {
		encoders[i] = encoderOf(one.kind, p.format(i))
	}
	err = s.work(func(ctx context.Context) error {
		defer context.AfterFunc(ctx, from.stop)()
		line, size := newLine(len(columns)), 0
		for most == 0 || given < int64(most) {
			if !from.next() {
				return from.reader.Err()
			}
			if err := line.fill(from.batch, from.at-1, encoders); err != nil {
				return err
			}
			s.backend.Send(&pgproto3.DataRow{Values: line.values})
			given++
			if size += len(line.buffer) + 4*len(columns); size > flushBytes {
				if err := s.flush(); err != nil {
					return fatalWrite(err)
				}
				size = 0
			}
			if given%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
		more = true
		return nil
	})
	s.server.People.Answered(s.user, given, false)
	return given, more, err
}

func fatalWrite(err error) error {
	return &failure{state: stateProtocol, message: "the client does not read", fatal: true, cause: err}
}

// next goes to the next row, which is that before at.
func (r *rows) next() bool {
	for r.batch == nil || r.at >= int(r.batch.NumRows()) {
		if !r.reader.Next() {
			return false
		}
		r.batch, r.at = r.reader.RecordBatch(), 0
	}
	r.at++
	return true
}

// line is a row on its way; its memory is used again for the next.
type line struct {
	values [][]byte
	buffer []byte
	ends   []int
}

// newLine makes a line whose buffer is never nil, which stands for NULL.
func newLine(columns int) *line {
	return &line{values: make([][]byte, columns), buffer: make([]byte, 0, 1<<10)}
}

func (l *line) fill(batch arrow.RecordBatch, row int, encoders []encoder) error {
	l.buffer, l.ends = l.buffer[:0], l.ends[:0]
	for i, one := range batch.Columns() {
		if one.IsValid(row) {
			var err error
			if l.buffer, err = encoders[i](l.buffer, one, row); err != nil {
				return err
			}
		}
		l.ends = append(l.ends, len(l.buffer))
	}
	begin := 0
	for i, end := range l.ends { // the buffer stands still now
		l.values[i] = nil
		if batch.Column(i).IsValid(row) {
			l.values[i] = l.buffer[begin:end:end]
		}
		begin = end
	}
	return nil
}
