package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// secretBytes are the random bytes of a secret: 256 bit, which nobody guesses.
const secretBytes = 32

// ErrOther says that a text was sealed by another secret, for another purpose,
// or was changed.
var ErrOther = errors.New("it was sealed by another secret or was changed")

// NewSecret makes a random text of 256 bit in 43 letters, digits, - and _.
func NewSecret() string {
	made := make([]byte, secretBytes)
	rand.Read(made) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(made)
}

// IsSecret reports whether a text has the form that NewSecret gives.
func IsSecret(text string) bool {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(decoded) == secretBytes
}

// Digest stands for a secret where it must not be kept: SHA-256 in hexadecimal
// digits. Of a random text of 256 bit there is nothing to try, so it needs no salt.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Seal encrypts a text by a secret, for a purpose (AES-256-GCM, its key by
// HKDF-SHA256). The empty text is "".
func Seal(secret, purpose, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	aead, err := keyed(secret, purpose)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, []byte(text), nil)), nil //nolint:gosec // the AEAD makes the nonce
}

// Open decrypts what Seal made of the same secret and purpose, or gives ErrOther.
func Open(secret, purpose, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	aead, err := keyed(secret, purpose)
	if err != nil {
		return "", fmt.Errorf("open what is sealed: %w", err)
	}
	text, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", ErrOther
	}
	opened, err := aead.Open(nil, nil, text, nil)
	if err != nil {
		return "", ErrOther
	}
	return string(opened), nil
}

func keyed(secret, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, purpose, secretBytes)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
