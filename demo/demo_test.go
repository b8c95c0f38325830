package demo

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/fault"
)

func TestBuildIsTheSameFromTheSameSeed(t *testing.T) {
	t.Parallel()
	one, two, other := t.TempDir(), t.TempDir(), t.TempDir()
	for dir, seed := range map[string]uint64{one: 7, two: 7, other: 8} {
		require.NoError(t, Build(t.Context(), Config{Dir: dir, Scale: "small", Seed: seed}))
	}
	for _, system := range systems {
		name := filepath.Join("data", system.id+".db")
		first, err := os.ReadFile(filepath.Join(one, name))
		require.NoError(t, err)
		second, err := os.ReadFile(filepath.Join(two, name))
		require.NoError(t, err)
		require.Equal(t, first, second, name)
		third, err := os.ReadFile(filepath.Join(other, name))
		require.NoError(t, err)
		require.NotEqual(t, first, third, name)
	}
	require.True(t, fault.Is(Build(t.Context(), Config{Dir: one, Scale: "huge"}), fault.Invalid))
}

func TestCheckDigit(t *testing.T) {
	t.Parallel()
	// The examples of GB 11643-1999.
	require.Equal(t, byte('X'), checkDigit("11010519491231002"))
	require.Equal(t, byte('4'), checkDigit("44052418800101001"))
	require.NotEqual(t, "11010519491231002X", wrongID("11010519491231002X"))
}

func TestPeople(t *testing.T) {
	t.Parallel()
	all := populate(rand.New(rand.NewPCG(1, 0)), 2_000)
	require.Equal(t, 2_000, len(all.staff)+len(all.students))
	numbers := map[string]bool{}
	for _, p := range append(all.staff, all.students...) {
		require.False(t, numbers[p.number], "numbers are unique")
		numbers[p.number] = true
		require.Equal(t, checkDigit(p.idNumber[:17]), p.idNumber[17])
		require.Equal(t, p.birth.Format("20060102"), p.idNumber[6:14])
		require.Equal(t, p.male, (p.idNumber[16]-'0')%2 == 1)
		require.Len(t, p.mobile, 11)
	}
	require.Equal(t, "１３８a", fullWidth("138a"))
}
