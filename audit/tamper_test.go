package audit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

// document takes the document out of a line.
func document(line string) string {
	_, rest, _ := strings.Cut(line, `"record":`)
	return rest
}

// TestTamperingIsFound changes a journal of three records; number names the
// record in the words of the fault.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	lines := func(change func([]string) []string) func(string) string {
		return func(text string) string {
			kept := change(strings.Split(strings.TrimSuffix(text, "\n"), "\n"))
			return strings.Join(append(kept, ""), "\n")
		}
	}
	for name, test := range map[string]struct {
		number int
		tamper func(string) string
	}{
		"changed":          {2, func(text string) string { return strings.Replace(text, `"p2"`, `"p9"`, 1) }},
		"removed":          {2, lines(func(all []string) []string { return []string{all[0], all[2]} })},
		"cut off":          {2, lines(func(all []string) []string { return all[:2] })},
		"emptied":          {0, func(string) string { return "" }},
		"removed at first": {1, lines(func(all []string) []string { return all[1:] })},
		"another's content": {2, lines(func(all []string) []string {
			all[1] = strings.TrimSuffix(all[1], document(all[1])) + document(all[0])
			return all
		})},
		"the last one changed": {3, func(text string) string { return strings.Replace(text, `"p3"`, `"p9"`, 1) }},
		"the last one damaged": {3, func(text string) string { return strings.TrimSuffix(text, "}\n") + "\n" }},
		"one put in":           {3, lines(func(all []string) []string { return []string{all[0], all[1], all[1], all[2]} })},
		"order changed":        {1, lines(func(all []string) []string { return []string{all[1], all[0], all[2]} })},
		"a space put in":       {2, func(text string) string { return strings.Replace(text, `,"principal":"p2"`, `, "principal":"p2"`, 1) }},
		"a line put in":        {2, func(text string) string { return strings.Replace(text, "\n", "\n\n", 1) }},
		"a number respelled":   {2, func(text string) string { return strings.Replace(text, `{"seq":2,"prev"`, `{"seq":+2,"prev"`, 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, opened *store.Store) {
				b := setup(t, opened, audit.Options{ShipEvery: never})
				b.append(t, by("p1"), by("p2"), by("p3"))
				report, err := b.log.Verify(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, 3, report.Records)
				rewrite(t, b.journal(t), test.tamper)
				requireChanged := func() {
					t.Helper()
					_, err := b.view(t).Verify(t.Context())
					require.True(t, fault.Is(err, fault.Conflict), "%v", err)
					require.Contains(t, fault.Public(err), fmt.Sprintf("at record %d", test.number))
				}
				requireChanged()
				require.NoError(t, b.log.Close())
				b.forget(t)
				requireChanged()
				// Opening and appending neither repairs nor hides it.
				b.open(t, audit.Options{})
				b.append(t, by("p4"))
				_, err = b.log.Verify(t.Context())
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
			})
		})
	}
}

// TestTamperingWithTheOldTableIsFound changes the records that are in the state
// database, before the journal is begun and after.
func TestTamperingWithTheOldTableIsFound(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"changed":           "UPDATE audit_record SET document = replace(document, 'p2', 'p9') WHERE seq = 2",
		"removed":           "DELETE FROM audit_record WHERE seq = 2",
		"cut off":           "DELETE FROM audit_record WHERE seq = 3",
		"emptied":           "DELETE FROM audit_record",
		"removed at first":  "DELETE FROM audit_record WHERE seq = 1",
		"another's content": "UPDATE audit_record SET document = (SELECT document FROM audit_record WHERE seq = 1) WHERE seq = 2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, opened *store.Store) {
				oldRecords(t, opened)
				b := &bundle{dir: filepath.Join(t.TempDir(), "audit"), store: opened, clock: begin}
				_, err := b.view(t).Verify(t.Context())
				require.NoError(t, err)
				b.open(t, audit.Options{ShipEvery: never})
				b.append(t, by("p4"))
				_, err = b.log.Verify(t.Context())
				require.NoError(t, err)
				b.exec(t, tamper)
				_, err = b.log.Verify(t.Context())
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
				require.NoError(t, os.RemoveAll(b.dir))
				b.exec(t, "UPDATE audit_head SET node = NULL")
				_, err = b.view(t).Verify(t.Context())
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
			})
		})
	}
}

// oldRecords puts three records into the table, as they were written before
// there was a journal.
func oldRecords(t *testing.T, opened *store.Store) {
	t.Helper()
	insert := func(table string, columns []string, values ...any) {
		_, err := opened.SQL().Insert(table).Columns(columns...).Values(values...).RunWith(opened.DB()).ExecContext(t.Context())
		require.NoError(t, err)
	}
	hash := ""
	for seq := 1; seq <= 3; seq++ {
		document := fmt.Sprintf(`{"seq":%d,"at":"2026-02-0%dT08:00:00Z","principal":"p%d","action":"read",`+
			`"dataset":"hr.staff","fields":["name","born"],"outcome":"allowed"}`, seq, seq, seq)
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", hash, seq, document))
		hash = hex.EncodeToString(sum[:])
		insert("audit_record", []string{"seq", "document", "hash"}, seq, document, hash)
	}
	insert("audit_head", []string{"id", "seq", "hash"}, 1, 3, hash)
}

// TestHeadIsMissed removes and damages what names the newest record.
func TestHeadIsMissed(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(t *testing.T, path string){
		"removed": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"damaged": func(t *testing.T, path string) {
			rewrite(t, path, func(text string) string { return strings.Replace(text, "03 ", "02 ", 1) })
		},
		"emptied": func(t *testing.T, path string) { rewrite(t, path, func(string) string { return "" }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, opened *store.Store) {
				b := setup(t, opened, audit.Options{})
				b.append(t, by("p1"), by("p2"), by("p3"))
				require.NoError(t, b.log.Close())
				tamper(t, filepath.Join(b.dir, "head"))
				_, err := b.log.Verify(t.Context())
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
				_, err = audit.View(t.Context(), b.dir, opened)
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
				_, err = audit.Open(t.Context(), b.dir, opened, audit.Options{})
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
			})
		})
	}
}

// TestHeadOfTheOldTableIsMissed has old records whose head was removed.
func TestHeadOfTheOldTableIsMissed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		oldRecords(t, opened)
		b := &bundle{dir: filepath.Join(t.TempDir(), "audit"), store: opened}
		b.exec(t, "DELETE FROM audit_head")
		_, err := b.view(t).Verify(t.Context())
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
		_, err = audit.Open(t.Context(), b.dir, opened, audit.Options{})
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	})
}

// TestCopyIsAWitness puts an earlier folder back, whose chain is whole.
func TestCopyIsAWitness(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{})
		b.append(t, by("p1"), by("p2"))
		require.NoError(t, b.log.Close())
		earlier := filepath.Join(t.TempDir(), "earlier")
		require.NoError(t, os.CopyFS(earlier, os.DirFS(b.dir)))
		b.open(t, audit.Options{})
		b.append(t, by("p3"))
		require.NoError(t, b.log.Close())
		_, err := b.view(t).Verify(t.Context())
		require.NoError(t, err)
		b.dir = earlier
		_, err = b.view(t).Verify(t.Context())
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	})
}

// TestTamperingWithTheCopyIsFound changes the answers to questions, and makes
// the copy anew.
func TestTamperingWithTheCopyIsFound(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"changed": "UPDATE audit_copy SET document = replace(document, 'p2', 'p9') WHERE seq = 2",
		"removed": "DELETE FROM audit_copy WHERE seq = 2",
		"cut off": "DELETE FROM audit_copy WHERE seq = 3",
		"emptied": "DELETE FROM audit_copy",
		"ahead":   "UPDATE audit_node SET seq = 4",
		"another": "UPDATE audit_node SET hash = 'x'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, opened *store.Store) {
				b := setup(t, opened, audit.Options{})
				b.append(t, by("p1"), by("p2"), by("p3"))
				require.NoError(t, b.log.Close())
				b.exec(t, tamper)
				_, err := b.view(t).Verify(t.Context())
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
				b.open(t, audit.Options{})
				require.NoError(t, b.log.Rebuild(t.Context()))
				report, err := b.log.Verify(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, 3, report.Copied)
				records, err := b.log.Records(t.Context(), audit.Filter{})
				require.NoError(t, err)
				require.Equal(t, []string{"p1", "p2", "p3"}, principals(records))
			})
		})
	}
}
