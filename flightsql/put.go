package flightsql

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// maxParameters bounds the columns of a row of parameters.
	maxParameters = 4096
	// maxParameterMemory bounds what reading them takes: a compressed column says
	// itself how large it will be.
	maxParameterMemory = 16 << 20
)

// checkedPut is what a client puts, after a look at its first message. The reader
// of Arrow takes for granted that it names a command, and follows columns within
// columns wherever a message makes them lead, back to themselves too.
type checkedPut struct {
	flight.FlightService_DoPutServer
	first *flight.FlightData
}

func checkPut(stream flight.FlightService_DoPutServer) (*checkedPut, error) {
	first, err := stream.Recv()
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "nothing was put")
	}
	if first.GetFlightDescriptor() == nil {
		return nil, fault.New(fault.Invalid, "the first message names no command")
	}
	checked := &checkedPut{stream, first}
	return checked, plainColumns(first.GetDataHeader())
}

// Recv implements flight.FlightService_DoPutServer.
func (c *checkedPut) Recv() (*flight.FlightData, error) {
	if first := c.first; first != nil {
		c.first = nil
		return first, nil
	}
	next, err := c.FlightService_DoPutServer.Recv()
	if err != nil {
		return nil, err
	}
	return next, plainColumns(next.GetDataHeader())
}

// Places in the tables Message, Schema and Field of Arrow's format.
const (
	messageHeaderType, messageHeader = 6, 8
	headerSchema                     = 1
	schemaFields                     = 6
	fieldDictionary, fieldChildren   = 12, 14
)

// plainColumns refuses a schema of columns within columns: no parameter is one.
func plainColumns(header []byte) (err error) {
	if len(header) == 0 {
		return nil
	}
	defer func() {
		if found := recover(); found != nil { // it points outside of itself
			err = garbled(fmt.Errorf("%v", found))
		}
	}()
	message := flatbuffers.Table{Bytes: header, Pos: flatbuffers.GetUOffsetT(header)}
	kind, at := flatbuffers.UOffsetT(message.Offset(messageHeaderType)), flatbuffers.UOffsetT(message.Offset(messageHeader))
	if kind == 0 || at == 0 {
		return garbled(errors.New("a message without a header"))
	}
	if message.GetByte(message.Pos+kind) != headerSchema {
		return nil
	}
	var schema flatbuffers.Table
	message.Union(&schema, at)
	fields := flatbuffers.UOffsetT(schema.Offset(schemaFields))
	if fields == 0 {
		return nil
	}
	if count := schema.VectorLen(fields); count < 0 || count > maxParameters {
		return fault.New(fault.Invalid, "more than %d parameters are not taken", maxParameters)
	}
	for i := range schema.VectorLen(fields) {
		field := flatbuffers.Table{Bytes: header, Pos: schema.Indirect(schema.Vector(fields) + flatbuffers.UOffsetT(i)*flatbuffers.SizeUOffsetT)}
		children := flatbuffers.UOffsetT(field.Offset(fieldChildren))
		if field.Offset(fieldDictionary) != 0 || children != 0 && field.VectorLen(children) != 0 {
			return fault.New(fault.Invalid, "the parameter $%d is a list, a struct or a dictionary, which are not taken", i+1)
		}
	}
	return nil
}

// scarce gives so much memory and no more.
type scarce struct {
	memory.GoAllocator
	left int
}

func (s *scarce) Allocate(size int) []byte {
	if s.left -= size; size < 0 || s.left < 0 {
		panic(fault.New(fault.Invalid, "the parameters are larger than %d bytes", maxParameterMemory))
	}
	return s.GoAllocator.Allocate(size)
}

func (s *scarce) Reallocate(size int, old []byte) []byte {
	if size <= cap(old) {
		return s.GoAllocator.Reallocate(size, old)
	}
	grown := s.Allocate(size)
	copy(grown, old)
	return grown
}
