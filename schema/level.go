package schema

import "github.com/yitong-hub/yitong/internal/fault"

// Level is the sensitivity of a field: the higher, the fewer may see it.
// After GB/T 43697-2024 (data classification and grading), with the
// university's four grades.
type Level int

// The levels. The zero value is no level: such a field is treated as L4.
const (
	L1 Level = iota + 1 // public 公开
	L2                  // internal 内部
	L3                  // sensitive 敏感
	L4                  // highly sensitive 高敏感
)

// String gives "L1" to "L4", or "" for no level.
func (l Level) String() string {
	if l < L1 || l > L4 {
		return ""
	}
	return [...]string{"L1", "L2", "L3", "L4"}[l-1]
}

// MarshalText writes "L1" to "L4".
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads "L1" to "L4"; the empty text is no level.
func (l *Level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "":
		*l = 0
	case "L1":
		*l = L1
	case "L2":
		*l = L2
	case "L3":
		*l = L3
	case "L4":
		*l = L4
	default:
		return fault.New(fault.Invalid, "unknown level %q: write L1, L2, L3 or L4", text)
	}
	return nil
}

// Effective is the level that authorization goes by: L4 where none is set.
func (l Level) Effective() Level {
	if l < L1 || l > L4 {
		return L4
	}
	return l
}
