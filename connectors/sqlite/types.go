package sqlite

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/schema"
)

var decimalType = regexp.MustCompile(`^(?:DECIMAL|NUMERIC|NUMBER)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)$`)

// typeOf maps a declared type by SQLite's rules of column affinity
// (https://www.sqlite.org/datatype3.html, section 3.1), with decimals of known
// precision kept as such. Dates are text in SQLite and stay text.
func typeOf(declared string) (kind schema.Type, ruling string) {
	upper := strings.ToUpper(strings.TrimSpace(declared))
	if match := decimalType.FindStringSubmatch(upper); match != nil {
		// A number too large for 32 bits comes back as the largest: too wide as well.
		precision, _ := strconv.ParseInt(match[1], 10, 32)
		scale, _ := strconv.ParseInt(match[2], 10, 32)
		if precision >= 1 && precision <= schema.MaxPrecision && scale <= precision {
			return schema.DecimalOf(int32(precision), int32(scale)), ""
		}
		return schema.Of(schema.String), "decimal wider than 38 digits: kept as text"
	}
	switch {
	case strings.Contains(upper, "INT"):
		return schema.Of(schema.Int64), ""
	case strings.Contains(upper, "CHAR"), strings.Contains(upper, "CLOB"), strings.Contains(upper, "TEXT"):
		return schema.Of(schema.String), ""
	case strings.Contains(upper, "BLOB"):
		return schema.Of(schema.Binary), ""
	case strings.Contains(upper, "REAL"), strings.Contains(upper, "FLOA"), strings.Contains(upper, "DOUB"): //nolint:misspell // SQLite looks for these four letters
		return schema.Of(schema.Float64), ""
	case upper == "":
		return schema.Of(schema.String), "no declared type: kept as text"
	}
	return schema.Of(schema.String), declared + " has no type of its own in SQLite: kept as text"
}
