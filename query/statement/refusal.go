package statement

import "strings"

// Refusal says why a statement is refused. It is the cause of the fault, which
// errors.Is finds, for exits that tell kinds of errors apart.
type Refusal string

// Why statements are refused.
const (
	ErrSyntax   Refusal = "it is no SQL"
	ErrWrites   Refusal = "it is no SELECT"
	ErrTable    Refusal = "a table is not there"
	ErrColumn   Refusal = "a column is not there"
	ErrFunction Refusal = "a function is not there, or not for these arguments"
	ErrValue    Refusal = "a value is not of the type that it is to be of"
	ErrRows     Refusal = "the answer has too many rows"
	ErrSize     Refusal = "the statement is too large"
)

// Error implements error.
func (r Refusal) Error() string { return string(r) }

// RefusalOf tells kinds of the engine's errors apart by their words, for callers
// that have codes for them.
func RefusalOf(said string) error {
	for _, known := range []struct {
		words   string
		refusal Refusal
	}{
		{"Referenced column", ErrColumn}, {"does not have a column", ErrColumn}, {"not found in FROM clause", ErrColumn},
		{"Referenced table", ErrTable}, {"Table with name", ErrTable}, {"No function matches", ErrFunction},
		{"Function with name", ErrFunction}, {"best candidate function", ErrFunction}, {"Conversion Error", ErrValue},
		{"Out of Range", ErrValue}, {"Parser Error", ErrSyntax},
	} {
		if strings.Contains(said, known.words) {
			return known.refusal
		}
	}
	return nil
}
