package flightsql_test

import (
	"context"
	"encoding/base64"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/yitong-hub/yitong/flightsql"
)

// Where the bytes of an attack go.
const (
	asTicket = iota
	asStatementTicket
	asCommand
	asStatement
	asHandle
	asAction
	asPutHeader
	asPutBody
	asPutCommand
	asBasic
	ways
)

// command packs a message as commands are.
func command(t testing.TB, message proto.Message) []byte {
	t.Helper()
	packed, err := anypb.New(message)
	require.NoError(t, err)
	made, err := proto.Marshal(packed)
	require.NoError(t, err)
	return made
}

// captured keeps the messages of a writer.
type captured struct{ messages []*flight.FlightData }

func (c *captured) Send(message *flight.FlightData) error {
	c.messages = append(c.messages, proto.Clone(message).(*flight.FlightData))
	return nil
}

// messagesOf are those by which a client sends a row.
func messagesOf(t testing.TB, row arrow.RecordBatch) []*flight.FlightData {
	t.Helper()
	var kept captured
	writer := flight.NewRecordWriter(&kept, ipc.WithSchema(row.Schema()))
	require.NoError(t, writer.Write(row))
	require.NoError(t, writer.Close())
	require.Len(t, kept.messages, 2)
	return kept.messages
}

// attack sends bytes some way and gives what the server says.
func attack(ctx context.Context, t testing.TB, client *protocol.Client, way byte, text []byte) error {
	t.Helper()
	handle := []byte(`{"sql":"SELECT $1","right":"hold"}`)
	describe := func(cmd []byte) error {
		descriptor := &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: cmd}
		if _, err := client.Client.GetSchema(ctx, descriptor); err != nil {
			expected(t, way, text, err)
		}
		info, err := client.Client.GetFlightInfo(ctx, descriptor)
		if err != nil {
			return err
		}
		return drain(ctx, client, info.Endpoint[0].Ticket)
	}
	row := messagesOf(t, rowOf2(t))
	switch way {
	case asTicket:
		return drain(ctx, client, &flight.Ticket{Ticket: text})
	case asStatementTicket:
		return drain(ctx, client, &flight.Ticket{Ticket: command(t, &pb.TicketStatementQuery{StatementHandle: text})})
	case asCommand:
		return describe(text)
	case asStatement:
		return describe(command(t, &pb.CommandStatementQuery{Query: string([]rune(string(text)))}))
	case asHandle:
		return describe(command(t, &pb.CommandPreparedStatementQuery{PreparedStatementHandle: text}))
	case asAction:
		for _, kind := range []string{protocol.CreatePreparedStatementActionType, protocol.BeginTransactionActionType, protocol.CancelQueryActionType, flight.SetSessionOptionsActionType, flight.CancelFlightInfoActionType} {
			stream, err := client.Client.DoAction(ctx, &flight.Action{Type: kind, Body: text})
			if err == nil {
				_, err = stream.Recv()
			}
			if err != nil {
				expected(t, way, text, err)
			}
		}
		return nil
	case asPutHeader:
		row[0].DataHeader = text
	case asPutBody:
		row[1].DataHeader = text
	case asPutCommand:
		return put(ctx, client, text, row)
	case asBasic:
		sent := "Basic " + base64.StdEncoding.EncodeToString(text)
		stream, err := client.Client.Handshake(metadata.AppendToOutgoingContext(context.Background(), "authorization", sent))
		for err == nil {
			_, err = stream.Recv()
		}
		return err
	}
	return put(ctx, client, command(t, &pb.CommandPreparedStatementQuery{PreparedStatementHandle: handle}), row)
}

func drain(ctx context.Context, client *protocol.Client, ticket *flight.Ticket) error {
	stream, err := client.Client.DoGet(ctx, ticket)
	for err == nil {
		_, err = stream.Recv()
	}
	return err
}

func put(ctx context.Context, client *protocol.Client, cmd []byte, messages []*flight.FlightData) error {
	stream, err := client.Client.DoPut(ctx)
	if err != nil {
		return err
	}
	if cmd != nil {
		messages[0].FlightDescriptor = &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: cmd}
	}
	for _, message := range messages {
		if stream.Send(message) != nil {
			break // the answer says why
		}
	}
	_ = stream.CloseSend()
	for err == nil {
		_, err = stream.Recv()
	}
	return err
}

// expected demands a refusal that is the client's fault.
func expected(t testing.TB, way byte, text []byte, err error) {
	t.Helper()
	if code := status.Code(err); code == codes.Internal || code == codes.Unavailable || code == codes.Unknown && err.Error() != "EOF" {
		t.Fatalf("%d with %q: %v", way, text, err)
	}
}

func rowOf2(t testing.TB) arrow.RecordBatch {
	t.Helper()
	return rowOf(t, []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64}, []string{"a", "1"})
}

// columnWithinItself is a schema whose column leads back to itself.
func columnWithinItself(t testing.TB) []byte {
	t.Helper()
	header := messagesOf(t, rowOf(t, []arrow.DataType{arrow.ListOf(arrow.PrimitiveTypes.Int8)}, []string{"[1]"}))[0].DataHeader
	message := flatbuffers.Table{Bytes: header, Pos: flatbuffers.GetUOffsetT(header)}
	var schema flatbuffers.Table
	message.Union(&schema, flatbuffers.UOffsetT(message.Offset(8)))
	field := flatbuffers.Table{Bytes: header, Pos: schema.Indirect(schema.Vector(flatbuffers.UOffsetT(schema.Offset(6))))}
	child := field.Vector(flatbuffers.UOffsetT(field.Offset(14)))
	flatbuffers.WriteUOffsetT(header[child:], field.Pos-child) // beyond what there is, and so back
	return header
}

// FuzzForgedMessages sends bytes of every kind over a real connection: they are
// refused or answered, and nothing panics.
func FuzzForgedMessages(f *testing.F) {
	c := open(f)
	client := dial(f, c.serve(f, flightsql.Limits{}))
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer person:p1")
	row := messagesOf(f, rowOf2(f))
	for _, seed := range [][]byte{
		nil, []byte("x"), []byte("null"), []byte(`{"sql":"SELECT 1"}`), []byte(`{"sql":"SELECT 1","right":"transmit"}`), []byte(`{"sql":"SELECT $1","args":["a",null]}`),
		[]byte(`{"sql":1}`), []byte(`{"sql":"SELECT 1"}{}`), []byte(`{"sql":"SELECT 1","principal":"p2"}`), []byte(`{"as_of":"0000-00-00T00:00:00Z"}`), []byte("{\"sql\":\"\xff\"}"),
		command(f, &pb.CommandStatementQuery{Query: "SELECT 1"}), command(f, &pb.CommandGetTables{IncludeSchema: true}), command(f, &pb.CommandGetSqlInfo{Info: []uint32{0}}),
		command(f, &pb.CommandPreparedStatementUpdate{}), command(f, &pb.TicketStatementQuery{StatementHandle: []byte(`{"sql":"SELECT id FROM hr.staff","right":"hold"}`)}),
		command(f, &pb.CommandStatementIngest{Table: "x"}), command(f, &pb.ActionCreatePreparedStatementRequest{Query: "SELECT 1"}),
		row[0].DataHeader, row[1].DataHeader, columnWithinItself(f), []byte("person:p1"), []byte("a:yt_b"), {0xff, 0xff, 0xff, 0xff}, {4, 0, 0, 0, 0, 0, 0, 0},
	} {
		for way := range byte(ways) {
			f.Add(way, seed)
		}
	}
	f.Fuzz(func(t *testing.T, way byte, text []byte) {
		if err := attack(ctx, t, client, way%ways, text); err != nil {
			expected(t, way%ways, text, err)
		}
		require.Empty(t, c.log.panics())
	})
}

func TestForgedParametersAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	ctx := with(t, "person:p1")
	err := attack(ctx, t, client, asPutHeader, columnWithinItself(t))
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "a list, a struct")
	err = put(ctx, client, nil, messagesOf(t, rowOf2(t)))
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "names no command")
	lying := messagesOf(t, rowOf(t, []arrow.DataType{arrow.BinaryTypes.String}, []string{"a"}))
	lying[1].DataBody = lying[1].DataBody[:1]
	err = put(ctx, client, command(t, &pb.CommandPreparedStatementQuery{PreparedStatementHandle: []byte(`{"sql":"SELECT $1","right":"hold"}`)}), lying)
	require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
	_, err = client.Execute(ctx, string(make([]byte, 2<<20)))
	require.Equal(t, codes.ResourceExhausted, status.Code(err), "%v", err)
}

// TestACompressedParameterIsNotBelieved says of a few bytes that they are many.
func TestACompressedParameterIsNotBelieved(t *testing.T) {
	t.Parallel()
	c := open(t)
	client := dial(t, c.serve(t, flightsql.Limits{}))
	row := rowOf(t, []arrow.DataType{arrow.BinaryTypes.String}, []string{string(make([]byte, 64<<20))})
	var kept captured
	writer := flight.NewRecordWriter(&kept, ipc.WithSchema(row.Schema()), ipc.WithZstd())
	require.NoError(t, writer.Write(row))
	require.NoError(t, writer.Close())
	err := put(with(t, "person:p1"), client, command(t, &pb.CommandPreparedStatementQuery{PreparedStatementHandle: []byte(`{"sql":"SELECT $1","right":"hold"}`)}), kept.messages)
	require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
	require.ErrorContains(t, err, "cannot be read")
}
