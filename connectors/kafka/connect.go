package kafka

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/schema"
)

// field describes one column as Kafka Connect's JSON converter writes it.
type field struct {
	Field      string            `json:"field"`
	Type       string            `json:"type"`
	Name       string            `json:"name"`
	Optional   bool              `json:"optional"`
	Parameters map[string]string `json:"parameters"`
	Fields     []field           `json:"fields"`
}

// parseFields gives a schema's columns by name: those of the row's image in a
// change event, else its own.
func parseFields(raw json.RawMessage, event bool) (map[string]field, error) {
	var described field
	if err := json.Unmarshal(raw, &described); err != nil {
		return nil, err
	}
	columns := described.Fields
	if event {
		columns = nil
		for _, part := range described.Fields {
			if part.Field == "after" {
				columns = part.Fields
			}
		}
		if columns == nil {
			return nil, errors.New("no field after")
		}
	}
	named := make(map[string]field, len(columns))
	for _, column := range columns {
		named[column.Field] = column
	}
	return named, nil
}

const (
	decimalName         = "org.apache.kafka.connect.data.Decimal"
	variableDecimalName = "io.debezium.data.VariableScaleDecimal"
)

// connectTypes are the types with a meaning beyond their form, after Debezium's
// documentation of its connectors ("Data type mappings") and Kafka Connect's
// logical types.
var connectTypes = map[string]struct {
	kind   schema.Kind
	ruling string
	// text writes the value as the parser of the kind reads it.
	text func(field, json.RawMessage) ([]byte, error)
}{
	"io.debezium.time.Date":                   {schema.Date, "", days},
	"org.apache.kafka.connect.data.Date":      {schema.Date, "", days},
	"io.debezium.time.Time":                   {schema.Time, "", clock(time.Millisecond)},
	"org.apache.kafka.connect.data.Time":      {schema.Time, "", clock(time.Millisecond)},
	"io.debezium.time.MicroTime":              {schema.Time, "", clock(time.Microsecond)},
	"io.debezium.time.NanoTime":               {schema.String, "time of nanoseconds: kept as text", clock(time.Nanosecond)},
	"io.debezium.time.Timestamp":              {schema.Timestamp, "", moment(time.Millisecond)},
	"org.apache.kafka.connect.data.Timestamp": {schema.Timestamp, "", moment(time.Millisecond)},
	"io.debezium.time.MicroTimestamp":         {schema.Timestamp, "", moment(time.Microsecond)},
	"io.debezium.time.NanoTimestamp":          {schema.String, "timestamp of nanoseconds: kept as text", moment(time.Nanosecond)},
	"io.debezium.time.ZonedTimestamp":         {schema.TimestampTZ, "", nil},
	"io.debezium.time.ZonedTime":              {schema.String, "time of day with an offset: kept as text", nil},
	"io.debezium.time.Year":                   {schema.Int32, "", nil},
	"io.debezium.time.MicroDuration":          {schema.Int64, "interval: kept as microseconds", nil},
	"io.debezium.data.Uuid":                   {schema.UUID, "", nil},
	"io.debezium.data.Bits":                   {schema.Binary, "bit string: kept as little-endian bytes", base64Hex},
	"io.debezium.data.Json":                   {schema.String, "", nil},
	"io.debezium.data.Xml":                    {schema.String, "", nil},
	"io.debezium.data.Enum":                   {schema.String, "", nil},
	"io.debezium.data.EnumSet":                {schema.String, "", nil},
	decimalName:                               {schema.Decimal, "", unscaled},
	variableDecimalName:                       {schema.String, "number without a fixed scale: kept as text", variable},
}

// formTypes are the plain forms.
var formTypes = map[string]schema.Kind{
	"boolean": schema.Bool, "int8": schema.Int8, "int16": schema.Int16, "int32": schema.Int32, "int64": schema.Int64,
	"float": schema.Float32, "float32": schema.Float32, "double": schema.Float64, "float64": schema.Float64,
	"string": schema.String, "bytes": schema.Binary,
}

// typeOf maps a field; declared is the name for the type ledger.
func typeOf(f field) (kind schema.Type, declared, ruling string) {
	if f.Name == decimalName {
		return decimalOf(f)
	}
	if known, ok := connectTypes[f.Name]; ok {
		return schema.Of(known.kind), f.Name, known.ruling
	}
	if plain, ok := formTypes[f.Type]; ok {
		return schema.Of(plain), f.Type, ""
	}
	return schema.Of(schema.String), f.Type, "no counterpart: kept as JSON text"
}

func decimalOf(f field) (schema.Type, string, string) {
	scale, errScale := strconv.ParseInt(f.Parameters["scale"], 10, 32)
	precision, errPrecision := strconv.ParseInt(f.Parameters["connect.decimal.precision"], 10, 32)
	if errPrecision != nil {
		precision = schema.MaxPrecision // an unsigned BIGINT in precise mode names none
	}
	declared := fmt.Sprintf("Decimal(%s,%s)", f.Parameters["connect.decimal.precision"], f.Parameters["scale"])
	if errScale != nil || scale < 0 || precision < 1 || precision > schema.MaxPrecision || scale > precision {
		return schema.Of(schema.String), declared, "decimal beyond 38 digits or with a negative scale: kept as text"
	}
	return schema.DecimalOf(int32(precision), int32(scale)), declared, ""
}

// cellOf writes a JSON value as the text that its column's type is parsed from;
// nil is NULL.
func cellOf(raw json.RawMessage, f field) ([]byte, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if known, ok := connectTypes[f.Name]; ok && known.text != nil {
		return known.text(f, raw)
	}
	if f.Type == "bytes" {
		return base64Hex(f, raw)
	}
	switch raw[0] {
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, errors.New("the value is not a JSON string")
		}
		return []byte(text), nil
	case '{', '[':
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return nil, errors.New("the value is not JSON")
		}
		return compact.Bytes(), nil
	}
	return raw, nil
}

func whole(raw json.RawMessage) (int64, error) {
	number, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, errors.New("the value is not a whole number, as its type in Kafka Connect says")
	}
	return number, nil
}

func days(_ field, raw json.RawMessage) ([]byte, error) {
	number, err := whole(raw)
	if err != nil || number < -4_000_000 || number > 4_000_000 {
		return nil, errors.New("the value is not a number of days since 1970")
	}
	return []byte(time.Unix(0, 0).UTC().AddDate(0, 0, int(number)).Format(time.DateOnly)), nil
}

func clock(unit time.Duration) func(field, json.RawMessage) ([]byte, error) {
	return func(_ field, raw json.RawMessage) ([]byte, error) {
		number, err := whole(raw)
		if err != nil || number < 0 || number >= int64(24*time.Hour/unit) {
			return nil, errors.New("the value is not a time within one day")
		}
		return []byte(time.Unix(0, 0).UTC().Add(time.Duration(number) * unit).Format("15:04:05.999999999")), nil
	}
}

func moment(unit time.Duration) func(field, json.RawMessage) ([]byte, error) {
	return func(_ field, raw json.RawMessage) ([]byte, error) {
		number, err := whole(raw)
		if err != nil {
			return nil, err
		}
		perSecond := int64(time.Second / unit)
		at := time.Unix(number/perSecond, number%perSecond*int64(unit)).UTC()
		if at.Year() < 1 || at.Year() > 9999 {
			return nil, errors.New("the moment is outside of the years 1 to 9999")
		}
		return []byte(at.Format("2006-01-02T15:04:05.999999999")), nil
	}
}

func decodeBase64(raw json.RawMessage) ([]byte, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, errors.New("the value is not base64 text")
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("the value is not base64 text")
	}
	return decoded, nil
}

func base64Hex(_ field, raw json.RawMessage) ([]byte, error) {
	decoded, err := decodeBase64(raw)
	if err != nil {
		return nil, err
	}
	// The prefix tells no bytes from no value.
	return hex.AppendEncode([]byte("0x"), decoded), nil
}

// unscaled is a decimal in two's complement, the scale being in the schema.
func unscaled(f field, raw json.RawMessage) ([]byte, error) {
	scale, err := strconv.ParseInt(f.Parameters["scale"], 10, 16)
	if err != nil {
		return nil, errors.New("the schema of the decimal names no scale")
	}
	decoded, err := decodeBase64(raw)
	if err != nil {
		return nil, err
	}
	return decimalText(decoded, int(scale)), nil
}

func variable(_ field, raw json.RawMessage) ([]byte, error) {
	var number struct {
		Scale int16           `json:"scale"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(raw, &number); err != nil {
		return nil, errors.New("the value is not a decimal with its scale")
	}
	decoded, err := decodeBase64(number.Value)
	if err != nil {
		return nil, err
	}
	return decimalText(decoded, int(number.Scale)), nil
}

func decimalText(twos []byte, scale int) []byte {
	number := new(big.Int).SetBytes(twos)
	if len(twos) > 0 && twos[0]&0x80 != 0 {
		number.Sub(number, new(big.Int).Lsh(big.NewInt(1), uint(8*len(twos))))
	}
	sign := ""
	if number.Sign() < 0 {
		sign = "-"
	}
	digits := number.Abs(number).String()
	if scale <= 0 {
		if digits != "0" {
			digits += strings.Repeat("0", -scale)
		}
		return []byte(sign + digits)
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	return []byte(sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:])
}
