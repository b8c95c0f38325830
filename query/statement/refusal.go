package statement

import "strings"

// RefusalError says why a statement is refused. It is the cause of the fault, which
// errors.Is finds, for exits that tell kinds of errors apart.
type RefusalError string

// Why statements are refused.
const (
	ErrSyntax   RefusalError = "it is no SQL"
	ErrWrites   RefusalError = "it is no SELECT"
	ErrTable    RefusalError = "a table is not there"
	ErrColumn   RefusalError = "a column is not there"
	ErrFunction RefusalError = "a function is not there, or not for these arguments"
	ErrValue    RefusalError = "a value is not of the type that it is to be of"
	ErrRows     RefusalError = "the answer has too many rows"
	ErrSize     RefusalError = "the statement is too large"
)

// Error implements error.
func (r RefusalError) Error() string { return string(r) }

// RefusalOf tells kinds of the engine's errors apart by their words, for callers
// that have codes for them.
func RefusalOf(said string) error {
	for _, known := range []struct {
		words   string
		refusal RefusalError
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
