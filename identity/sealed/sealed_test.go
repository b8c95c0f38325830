package sealed_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/yitong-hub/yitong/identity/sealed"
)

func TestOnlyTheSecretOpens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret, purpose := sealed.NewSecret(), rapid.String().Draw(t, "purpose")
		text := rapid.String().Draw(t, "text")
		hidden, err := sealed.Seal(secret, purpose, text)
		require.NoError(t, err)
		opened, err := sealed.Open(secret, purpose, hidden)
		require.NoError(t, err)
		require.Equal(t, text, opened)
		if text == "" {
			return
		}
		_, err = sealed.Open(sealed.NewSecret(), purpose, hidden)
		require.ErrorIs(t, err, sealed.ErrOther)
		_, err = sealed.Open(secret, purpose+"x", hidden)
		require.ErrorIs(t, err, sealed.ErrOther)
		place := rapid.IntRange(0, len(hidden)-2).Draw(t, "place") // the last character has bits that mean nothing
		changed := hidden[:place] + map[bool]string{true: "A", false: "B"}[hidden[place] != 'A'] + hidden[place+1:]
		_, err = sealed.Open(secret, purpose, changed)
		require.ErrorIs(t, err, sealed.ErrOther)
		twice, err := sealed.Seal(secret, purpose, text)
		require.NoError(t, err)
		require.NotEqual(t, hidden, twice)
	})
}

func TestSecretsHaveAForm(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		secret := sealed.NewSecret()
		require.True(t, sealed.IsSecret(secret))
		require.False(t, seen[secret])
		seen[secret] = true
	}
	for _, wrong := range []string{"", "x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("=", 43), strings.Repeat("A", 42) + "\n", strings.Repeat("A", 42) + "B"} {
		require.False(t, sealed.IsSecret(wrong), wrong)
	}
}
