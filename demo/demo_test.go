package demo

import (
	"crypto/sha256"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/fault"
)

// connectors are all kinds that the demo has systems of.
var connectors = []string{"sqlite", "csv", "xlsx", "http", "ldap", "slurm"}

func TestBuildIsTheSameFromTheSameSeed(t *testing.T) {
	t.Parallel()
	sums := make([]map[string][32]byte, 3)
	for i, seed := range []uint64{7, 7, 8} {
		dir := t.TempDir()
		require.NoError(t, Build(t.Context(), Config{Dir: dir, Scale: "small", Seed: seed, Connectors: connectors}))
		sums[i] = hashes(t, filepath.Join(dir, "data"))
	}
	require.Equal(t, sums[0], sums[1])
	require.Len(t, sums[2], len(sums[0]))
	require.NotEqual(t, sums[0]["hr.db"], sums[2]["hr.db"])
	require.True(t, fault.Is(Build(t.Context(), Config{Dir: t.TempDir(), Scale: "huge"}), fault.Invalid))
}

func hashes(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	sums := map[string][32]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		sums[name] = sha256.Sum256(content)
		return err
	}))
	return sums
}

func TestEverySystemHasItsDefinition(t *testing.T) {
	t.Parallel()
	kinds := map[kind]int{}
	for _, s := range systems() {
		kinds[s.kind]++
		_, err := definitions.ReadFile("definitions/" + s.id + ".yaml")
		require.NoError(t, err, s.id)
		for _, table := range s.tables {
			require.Equal(t, s.kind >= publishedCSV, table.rows == nil, s.id)
		}
	}
	require.GreaterOrEqual(t, kinds[sqliteFile], 10)
	require.GreaterOrEqual(t, kinds[csvFile]+kinds[gbFile], 8)
	require.Equal(t, 5, kinds[workbook])
	require.Equal(t, 5, kinds[httpData])
	require.Equal(t, 1, kinds[ldapData])
	require.Equal(t, 1, kinds[sacctText])
	require.Len(t, systems(), 39, "the 37 of the university, a partner's course platform, and a second cluster")
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
