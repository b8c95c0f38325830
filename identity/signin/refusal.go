package signin

import "github.com/yitong-hub/yitong/internal/fault"

// RefusalError says why a sign-in was refused. It is the cause of the Denied
// fault, which errors.Is finds and only the log has.
type RefusalError string

// Why sign-ins are refused.
const (
	ErrState    RefusalError = "the state is of no sign-in that this browser began"
	ErrLate     RefusalError = "it took too long"
	ErrAnswer   RefusalError = "the provider's answer lacks what it must have"
	ErrDeclined RefusalError = "the provider declined"
	ErrReplayed RefusalError = "the code or ticket does not count"
	ErrToken    RefusalError = "the ID token does not hold" //nolint:gosec // a sentence
	ErrNonce    RefusalError = "the ID token is of another sign-in"
	ErrIssuer   RefusalError = "the answer is of another provider"
	ErrStale    RefusalError = "the person did not prove anew who they are"
	ErrProxied  RefusalError = "the ticket was got by a proxy"
	ErrCampusID RefusalError = "the provider told no campus id"
)

// Error implements error.
func (e RefusalError) Error() string { return string(e) }

const (
	stateText    = "this sign-in did not begin in this browser, took too long or was used already: sign in again"
	againText    = "the campus's sign-in did not confirm who you are: sign in again"
	campusIDText = "the campus's sign-in did not tell your campus id: ask the operators of this server"
)

func refused(cause error, text string) error { return fault.Wrap(cause, fault.Denied, "%s", text) }
