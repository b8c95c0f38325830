package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// What keys and tokens begin with, so that people, log filters and scanners of
// source code know one when they see it.
const (
	keyPrefix   = "yt_"
	tokenPrefix = "yta_"
)

const (
	// keyIDBytes are enough for ids that do not meet; they are no secret.
	keyIDBytes = 8
	// secretBytes are 256 bits: nobody finds one by trying.
	secretBytes = 32
)

// The length of the texts of both, without padding.
const (
	keyIDLength  = (keyIDBytes*8 + 4) / 5
	secretLength = (secretBytes*8 + 4) / 5
)

const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

// digest is what is kept of a key or token: the SHA-256 of its whole text. A
// slow hash, as passwords need, would add nothing: passwords are slowed because
// they can be guessed, and 256 random bits cannot, at any speed. It would cost
// each request what this costs a thousand.
type digest = [sha256.Size]byte

// credential is a key or a token, as its text says.
type credential struct {
	text   string
	keyID  string
	token  bool
	digest digest
}

// newCredential makes a key, or a token of the key keyID, with a new secret.
func newCredential(prefix, keyID string) credential {
	text := prefix + keyID + "_" + random(secretBytes)
	return credential{text: text, keyID: keyID, token: prefix == tokenPrefix, digest: sha256.Sum256([]byte(text))}
}

// parseCredential takes a text apart. It is false for everything that neither
// [Registry.Issue] nor [Registry.Grant] can have given.
func parseCredential(text string) (credential, bool) {
	made := credential{text: text}
	rest, found := strings.CutPrefix(text, keyPrefix)
	if !found {
		if rest, made.token = strings.CutPrefix(text, tokenPrefix); !made.token {
			return credential{}, false
		}
	}
	if len(rest) != keyIDLength+1+secretLength || rest[keyIDLength] != '_' {
		return credential{}, false
	}
	made.keyID = rest[:keyIDLength]
	if !isBase32(made.keyID) || !isBase32(rest[keyIDLength+1:]) {
		return credential{}, false
	}
	made.digest = sha256.Sum256([]byte(text))
	return made, true
}

func isBase32(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// random is a text of so many random bytes.
func random(bytes int) string {
	made := make([]byte, bytes)
	rand.Read(made) // never fails: crypto/rand ends the program instead
	return base32.NewEncoding(alphabet).WithPadding(base32.NoPadding).EncodeToString(made)
}
