package body

import (
	"encoding/binary"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/yitong-hub/yitong/internal/fault"
)

// The decoder makes lists as long as the stream says and follows its offsets
// wherever they lead: a few hundred bytes can ask for all memory, which nothing
// recovers from. So all descriptions are walked before it sees them. The
// numbers are those of Message.fbs and Schema.fbs of the Arrow format.

// Places of fields in the tables of the format.
const (
	messageKind, messageHeader, messageBodyLength, messageMetadata = 6, 8, 10, 12

	schemaFields, schemaMetadata                                        = 6, 8
	fieldName, fieldKind, fieldDictionary, fieldChildren, fieldMetadata = 4, 8, 12, 14, 16
	batchLength, batchNodes, batchBuffers, batchVariadic                = 4, 6, 8, 12
	pairKey, pairValue                                                  = 4, 6
)

// Kinds of messages.
const (
	kindSchema = 1
	kindBatch  = 3
)

// flat are the kinds of types that have no parts, by Schema.fbs's union Type:
// nothing, numbers, text, truths, decimals, dates, times and moments.
var flat = map[byte]bool{1: true, 2: true, 3: true, 5: true, 6: true, 7: true, 8: true, 9: true, 10: true, 20: true}

const (
	// maxTexts bounds the names and metadata of a stream.
	maxTexts = 1 << 20
	// maxPairs bounds the pairs of one piece of metadata.
	maxPairs = 1000
	// buffersPerField are validity, offsets and values.
	buffersPerField = 3
)

// verify walks the messages of a stream.
func verify(content []byte) error {
	v := &verifier{texts: maxTexts}
	for first := true; len(content) > 0; first = false {
		description, rest, err := framed(content)
		if err != nil {
			return err
		}
		if description == nil {
			return nil // the end that the format has a mark for
		}
		message := &flatbuffers.Table{Bytes: description, Pos: flatbuffers.GetUOffsetT(description)}
		length, err := v.message(message, first)
		if err != nil {
			return err
		}
		if length > int64(len(rest)) {
			return unsound()
		}
		content = rest[length:]
	}
	return nil
}

func unsound() error { return fault.New(fault.Invalid, "the body is no sound Arrow stream") }

// framed gives the next description and what follows it.
func framed(content []byte) (description, rest []byte, err error) {
	if len(content) >= 4 && binary.LittleEndian.Uint32(content) == 0xffffffff {
		content = content[4:] // older streams do not have the mark
	}
	if len(content) < 4 {
		return nil, nil, unsound()
	}
	length := binary.LittleEndian.Uint32(content)
	content = content[4:]
	if length == 0 {
		return nil, nil, nil
	}
	if length > maxMetadata || int64(length) > int64(len(content)) || length < 8 {
		return nil, nil, unsound()
	}
	return content[:length], content[length:], nil
}

type verifier struct {
	// texts is how many bytes of names and metadata there may still be.
	texts  int
	fields int
}

func (v *verifier) message(message *flatbuffers.Table, first bool) (bodyLength int64, err error) {
	if at := message.Offset(messageBodyLength); at != 0 {
		bodyLength = message.GetInt64(message.Pos + flatbuffers.UOffsetT(at))
	}
	kind := byte(0)
	if at := message.Offset(messageKind); at != 0 {
		kind = message.GetByte(message.Pos + flatbuffers.UOffsetT(at))
	}
	at := message.Offset(messageHeader)
	if at == 0 || bodyLength < 0 || first != (kind == kindSchema) {
		return 0, unsound()
	}
	header := &flatbuffers.Table{}
	message.Union(header, flatbuffers.UOffsetT(at))
	if err := v.metadata(message, messageMetadata); err != nil {
		return 0, err
	}
	switch kind {
	case kindSchema:
		return bodyLength, v.schema(header)
	case kindBatch:
		return bodyLength, v.batch(header)
	}
	return 0, fault.New(fault.Invalid, "the Arrow stream has dictionaries or other messages than batches of rows: write plain columns")
}

func (v *verifier) schema(schema *flatbuffers.Table) error {
	if err := v.metadata(schema, schemaMetadata); err != nil {
		return err
	}
	fields, start := vector(schema, schemaFields)
	if fields > MaxFields {
		return fault.New(fault.Invalid, "the body has more than %d fields", MaxFields)
	}
	v.fields = fields
	for i := range fields {
		if err := v.field(element(schema, start, i), i); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) field(field *flatbuffers.Table, place int) error {
	kind := byte(0)
	if at := field.Offset(fieldKind); at != 0 {
		kind = field.GetByte(field.Pos + flatbuffers.UOffsetT(at))
	}
	children, _ := vector(field, fieldChildren)
	if !flat[kind] || children > 0 || field.Offset(fieldDictionary) != 0 {
		return fault.New(fault.Invalid, "column %d is of an Arrow type that cannot be contributed: it is binary, coded or has parts", place+1)
	}
	if err := v.text(field, fieldName); err != nil {
		return err
	}
	return v.metadata(field, fieldMetadata)
}

func (v *verifier) batch(batch *flatbuffers.Table) error {
	if at := batch.Offset(batchLength); at != 0 {
		if rows := batch.GetInt64(batch.Pos + flatbuffers.UOffsetT(at)); rows > MaxRows {
			return tooMany(MaxRows+1, 0)
		}
	}
	nodes, _ := vector(batch, batchNodes)
	buffers, _ := vector(batch, batchBuffers)
	variadic, _ := vector(batch, batchVariadic)
	if nodes != v.fields || buffers > buffersPerField*v.fields || variadic > 0 {
		return unsound()
	}
	return nil
}

// metadata counts the pairs of a table and their texts.
func (v *verifier) metadata(table *flatbuffers.Table, place flatbuffers.VOffsetT) error {
	pairs, start := vector(table, place)
	if pairs > maxPairs {
		return unsound()
	}
	for i := range pairs {
		pair := element(table, start, i)
		for _, part := range []flatbuffers.VOffsetT{pairKey, pairValue} {
			if err := v.text(pair, part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) text(table *flatbuffers.Table, place flatbuffers.VOffsetT) error {
	length, _ := vector(table, place)
	// A name or pair costs something even if it is empty: several may be one.
	const each = 16
	v.texts -= length + each
	if v.texts < 0 {
		return fault.New(fault.Invalid, "the names and metadata of the Arrow stream are longer than %d bytes", maxTexts)
	}
	return nil
}

// vector gives the length of a list or text of a table and where it begins; one
// that is not there has none.
func vector(table *flatbuffers.Table, place flatbuffers.VOffsetT) (length int, start flatbuffers.UOffsetT) {
	at := table.Offset(place)
	if at == 0 {
		return 0, 0
	}
	length = table.VectorLen(flatbuffers.UOffsetT(at))
	start = table.Vector(flatbuffers.UOffsetT(at))
	if length < 0 || int64(start)+int64(length) > int64(len(table.Bytes)) {
		panic("a list is longer than its message")
	}
	return length, start
}

// element gives a table of a list of tables.
func element(table *flatbuffers.Table, start flatbuffers.UOffsetT, place int) *flatbuffers.Table {
	at := start + flatbuffers.UOffsetT(place)*flatbuffers.SizeUOffsetT
	return &flatbuffers.Table{Bytes: table.Bytes, Pos: table.Indirect(at)}
}
