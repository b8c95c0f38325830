package flightsql

import (
	"context"
	"runtime/debug"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	protocol "github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query/statement"
	"github.com/yitong-hub/yitong/schema"
)

// serverName is what clients show of the server.
const serverName = "Yitong"

// describeServer says what the server is and can; numbers and lists are those of
// the protocol's SqlInfo.
func describeServer(into *protocol.BaseServer) error {
	version, arrowVersion := "unknown", "unknown"
	if build, known := debug.ReadBuildInfo(); known {
		version = build.Main.Version
		for _, module := range build.Deps {
			if module.Path == "github.com/apache/arrow-go/v18" {
				arrowVersion = module.Version
			}
		}
	}
	for id, value := range map[protocol.SqlInfo]any{
		protocol.SqlInfoFlightSqlServerName: serverName, protocol.SqlInfoFlightSqlServerVersion: version, protocol.SqlInfoFlightSqlServerArrowVersion: arrowVersion,
		protocol.SqlInfoFlightSqlServerReadOnly: true, protocol.SqlInfoFlightSqlServerSql: true, protocol.SqlInfoFlightSqlServerSubstrait: false,
		protocol.SqlInfoFlightSqlServerSubstraitMinVersion: "", protocol.SqlInfoFlightSqlServerSubstraitMaxVersion: "",
		protocol.SqlInfoFlightSqlServerTransaction: int32(pb.SqlSupportedTransaction_SQL_SUPPORTED_TRANSACTION_NONE),
		protocol.SqlInfoFlightSqlServerCancel:      false, protocol.SqlInfoFlightSqlServerBulkIngestion: false, protocol.SqlInfoFlightSqlServerIngestTransactionsSupported: false,
		protocol.SqlInfoFlightSqlServerStatementTimeout: int32(0), protocol.SqlInfoFlightSqlServerTransactionTimeout: int32(0),
		protocol.SqlInfoDDLCatalog: false, protocol.SqlInfoDDLSchema: false, protocol.SqlInfoDDLTable: false,
		protocol.SqlInfoIdentifierCase:       int32(pb.SqlSupportedCaseSensitivity_SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
		protocol.SqlInfoQuotedIdentifierCase: int32(pb.SqlSupportedCaseSensitivity_SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
		protocol.SqlInfoIdentifierQuoteChar:  `"`, protocol.SqlInfoAllTablesAreASelectable: true, protocol.SqlInfoNullOrdering: int32(pb.SqlNullOrdering_SQL_NULLS_SORTED_AT_END),
		protocol.SqlInfoSearchStringEscape: `\`, protocol.SqlInfoSupportsColumnAliasing: true, protocol.SqlInfoNullPlusNullIsNull: true,
		protocol.SqlInfoSupportsTableCorrelationNames: true, protocol.SqlInfoSupportsExpressionsInOrderBy: true, protocol.SqlInfoSupportsOrderByUnrelated: true,
		protocol.SqlInfoSupportsLikeEscapeClause: true, protocol.SqlInfoSupportsNonNullableColumns: false,
		protocol.SqlInfoSchemaTerm: "system", protocol.SqlInfoCatalogTerm: "catalog", protocol.SqlInfoCatalogAtStart: true, protocol.SqlInfoProcedureTerm: "",
		protocol.SqlInfoSelectForUpdateSupported: false, protocol.SqlInfoStoredProceduresSupported: false, protocol.SqlInfoCorrelatedSubqueriesSupported: true,
		protocol.SqlInfoMaxStatementLen: int64(statement.MaxText), protocol.SqlInfoTransactionsSupported: false, protocol.SqlInfoBatchUpdatesSupported: false,
		protocol.SqlInfoSavePointsSupported: false, protocol.SqlInfoNamedParametersSupported: false,
	} {
		if err := into.RegisterSqlInfo(id, value); err != nil {
			return err
		}
	}
	return nil
}

// xdbcType is a type as ODBC and JDBC know it.
type xdbcType struct {
	kind   schema.Type
	number pb.XdbcDataType
	// size is the number of digits or characters, 0 where there is no bound.
	size             int32
	quoted, unsigned bool
	// radix is of numbers: 10 where size counts decimal digits.
	radix int32
}

func xdbcTypes() []xdbcType {
	return []xdbcType{
		{kind: schema.Of(schema.Bool), number: pb.XdbcDataType_XDBC_BIT, size: 1},
		{kind: schema.Of(schema.Int8), number: pb.XdbcDataType_XDBC_TINYINT, size: 3, radix: 10},
		{kind: schema.Of(schema.Int16), number: pb.XdbcDataType_XDBC_SMALLINT, size: 5, radix: 10},
		{kind: schema.Of(schema.Int32), number: pb.XdbcDataType_XDBC_INTEGER, size: 10, radix: 10},
		{kind: schema.Of(schema.Int64), number: pb.XdbcDataType_XDBC_BIGINT, size: 19, radix: 10},
		{kind: schema.Of(schema.Uint8), number: pb.XdbcDataType_XDBC_SMALLINT, size: 3, radix: 10, unsigned: true},
		{kind: schema.Of(schema.Uint16), number: pb.XdbcDataType_XDBC_INTEGER, size: 5, radix: 10, unsigned: true},
		{kind: schema.Of(schema.Uint32), number: pb.XdbcDataType_XDBC_BIGINT, size: 10, radix: 10, unsigned: true},
		{kind: schema.Of(schema.Uint64), number: pb.XdbcDataType_XDBC_NUMERIC, size: 20, radix: 10, unsigned: true},
		{kind: schema.Of(schema.Float32), number: pb.XdbcDataType_XDBC_REAL, size: 24, radix: 2},
		{kind: schema.Of(schema.Float64), number: pb.XdbcDataType_XDBC_DOUBLE, size: 53, radix: 2},
		{kind: schema.DecimalOf(schema.MaxPrecision, 0), number: pb.XdbcDataType_XDBC_DECIMAL, size: schema.MaxPrecision, radix: 10},
		{kind: schema.Of(schema.String), number: pb.XdbcDataType_XDBC_VARCHAR, quoted: true},
		{kind: schema.Of(schema.UUID), number: pb.XdbcDataType_XDBC_CHAR, size: 36, quoted: true},
		{kind: schema.Of(schema.Binary), number: pb.XdbcDataType_XDBC_VARBINARY, quoted: true},
		{kind: schema.Of(schema.Date), number: pb.XdbcDataType_XDBC_DATE, size: 10, quoted: true},
		{kind: schema.Of(schema.Time), number: pb.XdbcDataType_XDBC_TIME, size: 15, quoted: true},
		{kind: schema.Of(schema.Timestamp), number: pb.XdbcDataType_XDBC_TIMESTAMP, size: 26, quoted: true},
		{kind: schema.Of(schema.TimestampTZ), number: pb.XdbcDataType_XDBC_TIMESTAMP, size: 32, quoted: true},
	}
}

// GetFlightInfoXdbcTypeInfo describes the list of types.
func (s *session) GetFlightInfoXdbcTypeInfo(_ context.Context, _ protocol.GetXdbcTypeInfo, descriptor *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return listed(schema_ref.XdbcTypeInfo, descriptor)
}

// DoGetXdbcTypeInfo lists the types that datasets have.
func (s *session) DoGetXdbcTypeInfo(ctx context.Context, request protocol.GetXdbcTypeInfo) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return list(ctx, schema_ref.XdbcTypeInfo, func(builder *array.RecordBuilder) error {
		for _, one := range xdbcTypes() {
			if wanted := request.GetDataType(); wanted != nil && *wanted != int32(one.number) {
				continue
			}
			for i, value := range one.row() {
				if err := appendValue(builder.Field(i), value); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// row gives the columns of the protocol's XdbcTypeInfo, nil for NULL.
func (x xdbcType) row() []any {
	name := x.kind.SQL()
	if x.kind.Kind == schema.Decimal {
		name = "DECIMAL"
	}
	var size, quote, create, unsigned, least, most, radix any
	if x.size > 0 {
		size = x.size
	}
	if x.quoted {
		quote = "'"
	}
	if x.radix > 0 {
		radix, unsigned = x.radix, x.unsigned
	}
	if x.kind.Kind == schema.Decimal {
		create, least, most = []string{"precision", "scale"}, int32(0), int32(schema.MaxPrecision)
	}
	return []any{
		name, int32(x.number), size, quote, quote, create, int32(pb.Nullable_NULLABILITY_NULLABLE), x.kind.Kind == schema.String,
		int32(pb.Searchable_SEARCHABLE_FULL), unsigned, false, false, name, least, most, int32(x.number), nil, radix, nil,
	}
}

func appendValue(builder array.Builder, value any) error {
	switch value := value.(type) {
	case nil:
		builder.AppendNull()
	case string:
		builder.(*array.StringBuilder).Append(value)
	case int32:
		builder.(*array.Int32Builder).Append(value)
	case bool:
		builder.(*array.BooleanBuilder).Append(value)
	case []string:
		items := builder.(*array.ListBuilder)
		items.Append(true)
		for _, item := range value {
			items.ValueBuilder().(*array.StringBuilder).Append(item)
		}
	default:
		return fault.New(fault.Internal, "no column takes a %T", value)
	}
	return nil
}
