package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

func TestRecordComesBackAsItWas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{})
		record := audit.Record{
			Principal: "app", OnBehalfOf: "20230017", Purpose: "<statistics> & \"more\"\n", Action: "hold", Dataset: "hr.staff",
			Fields: []audit.FieldAccess{{Name: "姓名", Access: "clear"}, {Name: "phone", Access: "masked", Mask: "last4"}},
			Rows:   2, Persons: []string{"1", "2"}, Query: "name = 'ü\u2028'", PolicyVersion: 7, Decision: "abc", Outcome: audit.Allowed,
		}
		given := record
		given.Seq, given.At, given.Node = 99, begin.Add(-time.Hour), "another"
		b.append(t, given)
		for range 2 {
			records, err := b.view(t).Records(t.Context(), audit.Filter{})
			require.NoError(t, err)
			require.Len(t, records, 1)
			require.NotEmpty(t, records[0].Node)
			record.Seq, record.At, record.Node = 1, begin.Add(time.Minute), records[0].Node
			require.Equal(t, record, records[0])
			require.NoError(t, b.log.Close()) // copied now
		}
		require.True(t, fault.Is(b.log.Append(t.Context(), record), fault.Unavailable))
	})
}

func TestOldFieldsAreNames(t *testing.T) {
	t.Parallel()
	var record audit.Record
	require.NoError(t, json.Unmarshal([]byte(`{"fields":["name",{"name":"born","access":"masked","mask":"year"}]}`), &record))
	require.Equal(t, []audit.FieldAccess{{Name: "name"}, {Name: "born", Access: "masked", Mask: "year"}}, record.Fields)
}

// TestConcurrentReadsAreAllOnRecord appends from many sides at once, through
// many files, while somebody else reads.
func TestConcurrentReadsAreAllOnRecord(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		options := audit.Options{SegmentBytes: 20_000, ShipEvery: time.Millisecond}
		log, err := audit.Open(t.Context(), filepath.Join(t.TempDir(), "audit"), opened, options)
		require.NoError(t, err)
		defer log.Close()
		const sides, each = 8, 100
		var group sync.WaitGroup
		errs := make([]error, sides)
		for side := range sides {
			group.Go(func() {
				for range each {
					errs[side] = errors.Join(errs[side], log.Append(t.Context(), by("p")))
				}
			})
		}
		done := make(chan struct{})
		go func() { group.Wait(); close(done) }()
		for seen := 0; ; {
			_, err := log.Verify(t.Context())
			require.NoError(t, err)
			records, err := log.Records(t.Context(), audit.Filter{})
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(records), seen, "none goes missing while it is copied")
			usage, err := log.Usage(t.Context(), "p", "hr.staff")
			require.NoError(t, err)
			require.GreaterOrEqual(t, usage.Count, int64(len(records)))
			if seen = len(records); seen == sides*each {
				break
			}
		}
		<-done
		require.NoError(t, errors.Join(errs...))
		records, err := log.Records(t.Context(), audit.Filter{})
		require.NoError(t, err)
		require.Len(t, records, sides*each)
		for i, record := range records {
			require.EqualValues(t, i+1, record.Seq)
		}
	})
}

// TestReopeningContinuesTheChain opens again and again, with files of a few
// records each.
func TestReopeningContinuesTheChain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		options := audit.Options{SegmentBytes: 1000}
		b := setup(t, opened, options)
		for round := range 5 {
			for i := range 5 {
				b.append(t, by(fmt.Sprintf("p%02d", 5*round+i)))
			}
			require.NoError(t, b.log.Close())
			b.open(t, options)
		}
		report, err := b.log.Verify(t.Context())
		require.NoError(t, err)
		require.Equal(t, audit.Report{
			Records: 25, First: begin.Add(time.Minute), Last: begin.Add(25 * time.Minute), Head: report.Head, Copied: 25,
		}, report)
		require.Len(t, report.Head, 64)
		require.Greater(t, len(b.journals(t)), 3)
		// A file in the middle that is gone is found, and so is one that ends early.
		middle := b.journals(t)[2]
		text, err := os.ReadFile(middle)
		require.NoError(t, err)
		for _, kept := range []string{"", string(text[:len(text)-1]), string(text[:len(text)-20])} {
			require.NoError(t, os.WriteFile(middle, []byte(kept), 0o600))
			_, err = b.log.Verify(t.Context())
			require.True(t, fault.Is(err, fault.Conflict), "%v", err)
		}
		require.NoError(t, os.Remove(middle))
		_, err = b.log.Verify(t.Context())
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	})
}

func TestOneProcessAppends(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{})
		_, err := audit.Open(t.Context(), b.dir, opened, audit.Options{})
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
		b.append(t, by("p1"))
		require.NoError(t, b.log.Close())
		b.open(t, audit.Options{})
	})
}

func TestIncompleteLineIsMovedAside(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{})
		b.append(t, by("p1"), by("p2"))
		require.NoError(t, b.log.Close())
		torn := `{"seq":3,"prev":"00`
		rewrite(t, b.journal(t), func(text string) string { return text + torn })
		// It was never on record: a reader that comes before the writer leaves it out.
		report, err := b.view(t).Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 2, report.Records)
		for range 2 { // it is told once
			b.open(t, audit.Options{})
			report, err = b.log.Verify(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 3, report.Records)
			require.EqualValues(t, 1, report.Repairs)
			records, err := b.log.Records(t.Context(), audit.Filter{Outcome: "torn"})
			require.NoError(t, err)
			require.Len(t, records, 1)
			require.Equal(t, "repair", records[0].Action)
			require.Contains(t, records[0].Query, "19 bytes")
			require.NoError(t, b.log.Close())
		}
		files, err := filepath.Glob(filepath.Join(b.dir, "torn-*"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		text, err := os.ReadFile(files[0])
		require.NoError(t, err)
		require.Equal(t, torn, string(text))
	})
}

// TestOnlyAnIncompleteLine is what a stop in the middle of the first record leaves.
func TestOnlyAnIncompleteLine(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{})
		require.NoError(t, b.log.Close())
		rewrite(t, b.journal(t), func(string) string { return `{"se` })
		b.open(t, audit.Options{})
		b.append(t, by("p1"))
		report, err := b.log.Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 2, report.Records)
		require.EqualValues(t, 1, report.Repairs)
	})
}

// TestHeadBehindTheJournal is a stop between the two writes; more than one record
// is what a power cut may leave.
func TestHeadBehindTheJournal(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{ShipEvery: never, SegmentBytes: 500})
		b.append(t, by("p1"))
		path := filepath.Join(b.dir, "head")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		b.append(t, by("p2"), by("p3"), by("p4"))
		require.NoError(t, b.log.Close())
		require.NoError(t, os.WriteFile(path, text, 0o600))
		_, err = b.view(t).Verify(t.Context())
		require.NoError(t, err)
		b.open(t, audit.Options{})
		b.append(t, by("p5"))
		report, err := b.log.Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 5, report.Records)
		require.Zero(t, report.Repairs)
	})
}

// TestPowerCut has a head that the disk had before the newest records.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		synced      int
		anotherBoot bool
		lost        bool
	}{
		"younger than the disk was told": {1, true, true},
		"the disk had them":              {2, true, false},
		"the machine went on":            {1, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, opened *store.Store) {
				b := setup(t, opened, audit.Options{})
				b.append(t, by("p1"), by("p2"), by("p3"))
				require.NoError(t, b.log.Close())
				b.forget(t)
				rewrite(t, filepath.Join(b.dir, "head"), func(text string) string { return another(text, test.synced, test.anotherBoot) })
				rewrite(t, b.journal(t), func(text string) string {
					first, _, _ := strings.Cut(text, "\n")
					return first + "\n" + `{"seq":2,` // the rest did not reach the disk
				})
				b.open(t, audit.Options{})
				b.append(t, by("p4"))
				report, err := b.log.Verify(t.Context())
				if !test.lost {
					require.True(t, fault.Is(err, fault.Conflict), "%v", err)
					return
				}
				require.NoError(t, err)
				require.EqualValues(t, 2, report.Lost)
				require.EqualValues(t, 3, report.Records)
				records, err := b.log.Records(t.Context(), audit.Filter{Outcome: "lost"})
				require.NoError(t, err)
				require.Len(t, records, 1)
				require.Contains(t, records[0].Query, "records 2 to 3")
				require.NoError(t, b.log.Close())
				require.NoError(t, b.log.Close(), "twice is once")
				report, err = b.view(t).Verify(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, 5, report.Copied)
			})
		})
	}
}

// another gives a head of which the disk is known to have fewer records, and
// that another run of the machine may have written.
func another(head string, synced int, anotherBoot bool) string {
	words := strings.Fields(head)
	body := head[:strings.LastIndex(head, words[7])]
	body = strings.Replace(body, " "+words[5]+" "+words[6], fmt.Sprintf(" %020d %s", synced, words[6]), 1)
	if anotherBoot {
		body = strings.Replace(body, words[6], strings.Repeat("a", len(words[6])), 1)
	}
	return fmt.Sprintf("%s%08x\n", body, crc32.ChecksumIEEE([]byte(body)))
}

// TestInterruptedBeginning has a folder whose making was interrupted after the
// old records were taken over.
func TestInterruptedBeginning(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		oldRecords(t, opened)
		b := setup(t, opened, audit.Options{})
		require.NoError(t, b.log.Close())
		require.NoError(t, os.Rename(filepath.Join(b.dir, "head"), filepath.Join(b.dir, "head.new")))
		require.NoError(t, os.Remove(b.journal(t)))
		b.open(t, audit.Options{})
		b.append(t, by("p4"))
		report, err := b.log.Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 4, report.Records)
	})
}
