package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/internal/store/storetest"
)

// eachWay asks with nothing copied, with all copied, and with a part copied.
func eachWay(t *testing.T, records []audit.Record, ask func(t *testing.T, reader *audit.Reader)) {
	t.Helper()
	for name, copied := range map[string]int{"nothing copied": 0, "all copied": len(records), "a part copied": len(records) / 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, opened *store.Store) {
				options := audit.Options{ShipEvery: never, SegmentBytes: 600}
				b := setup(t, opened, options)
				b.append(t, records[:copied]...)
				require.NoError(t, b.log.Close())
				b.open(t, options)
				b.append(t, records[copied:]...)
				report, err := b.log.Verify(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, copied, report.Copied)
				ask(t, b.view(t))
			})
		})
	}
}

func TestWhoReadAboutAPerson(t *testing.T) {
	t.Parallel()
	reads := func(principal, dataset string, persons ...string) audit.Record {
		return audit.Record{
			Principal: principal, Action: "read", Dataset: dataset, Persons: persons, Outcome: audit.Allowed,
			Fields: []audit.FieldAccess{{Name: "phone", Access: "masked", Mask: "last4"}},
		}
	}
	exactly, many := make([]string, audit.MaxPersons), make([]string, audit.MaxPersons+1)
	for i := range many {
		many[i] = fmt.Sprintf("m%d", i)
	}
	copy(exactly, many)
	long := strings.Repeat("长", 400)
	records := []audit.Record{
		reads("p1", "hr.staff", "1", "2", "1"), reads("p2", "hr.staff", "2", "3"), reads("p3", "hr.staff", many...),
		reads("p4", "hr.staff", exactly...), reads("p5", "hr.other", many...), reads("p6", "hr.staff", "12", "21"),
		reads("p7", "hr.pay", "1"), reads("p8", "hr.staff", long),
	}
	eachWay(t, records, func(t *testing.T, reader *audit.Reader) {
		for _, test := range []struct {
			person      string
			datasets    []string
			limit       int
			named, bulk []string
		}{
			{"1", []string{"hr.staff", "hr.pay"}, 0, []string{"p7", "p1"}, []string{"p3"}},
			{"2", []string{"hr.staff", "hr.other"}, 0, []string{"p2", "p1"}, []string{"p5", "p3"}},
			{"2", []string{"hr.staff", "hr.other"}, 1, []string{"p2"}, []string{"p5"}},
			{"3", nil, 0, []string{"p2"}, []string{}},
			{"m999", []string{"hr.pay"}, 0, []string{"p4"}, []string{}},
			{"m1000", []string{"hr.staff"}, 0, []string{}, []string{"p3"}},
			{"4", []string{"hr.other"}, 0, []string{}, []string{"p5"}},
			{long, nil, 0, []string{"p8"}, []string{}},
			{long + "x", nil, 0, []string{}, []string{}},
			{"' OR 1=1 --", []string{"' OR 1=1 --"}, 0, []string{}, []string{}},
		} {
			view, err := reader.Person(t.Context(), test.person, test.datasets, test.limit)
			require.NoError(t, err)
			require.Equal(t, test.named, principals(view.Named), test.person)
			require.Equal(t, test.bulk, principals(view.Bulk), test.person)
			for _, bulk := range view.Bulk {
				require.Empty(t, bulk.Persons)
			}
		}
	})
}

func TestRecordsAreChosen(t *testing.T) {
	t.Parallel()
	hostile := "x'\x00\xff" + strings.Repeat("y", 10_000)
	records := []audit.Record{
		{Principal: "p1", Action: "read", Dataset: "a", Outcome: audit.Allowed, Persons: []string{"1"}},
		{Principal: "p2", Action: "read", Dataset: "a", Outcome: "denied"},
		{Principal: "p1", Action: "hold", Dataset: "b", Outcome: audit.Allowed, Persons: []string{"1", "\x00"}},
		{Principal: "p3", Action: "read", Dataset: hostile, Outcome: "not_found"},
		{Principal: "p1", Action: "read", Dataset: "a", Outcome: audit.Allowed},
		{Principal: "p2", Action: "read", Dataset: "b", Outcome: audit.Allowed},
	}
	at := func(number int) time.Time { return begin.Add(time.Duration(number) * time.Minute) }
	eachWay(t, records, func(t *testing.T, reader *audit.Reader) {
		for _, test := range []struct {
			filter audit.Filter
			seqs   []int64
		}{
			{audit.Filter{}, []int64{1, 2, 3, 4, 5, 6}},
			{audit.Filter{Newest: true}, []int64{6, 5, 4, 3, 2, 1}},
			{audit.Filter{Limit: 2}, []int64{1, 2}},
			{audit.Filter{Limit: 4, Newest: true}, []int64{6, 5, 4, 3}},
			{audit.Filter{Principal: "p1"}, []int64{1, 3, 5}},
			{audit.Filter{Principal: "p1", Dataset: "a"}, []int64{1, 5}},
			{audit.Filter{Outcome: "denied"}, []int64{2}},
			{audit.Filter{Person: "1"}, []int64{1, 3}},
			{audit.Filter{Person: "1", Dataset: "b", Since: at(2), Until: at(4)}, []int64{3}},
			{audit.Filter{Since: at(2), Until: at(5)}, []int64{2, 3, 4}},
			{audit.Filter{Since: at(7)}, []int64{}},
			{audit.Filter{Principal: "nobody"}, []int64{}},
			{audit.Filter{Dataset: "x' OR 'a' = 'a"}, []int64{}},
		} {
			found, err := reader.Records(t.Context(), test.filter)
			require.NoError(t, err)
			seqs := []int64{}
			for _, record := range found {
				seqs = append(seqs, record.Seq)
			}
			require.Equal(t, test.seqs, seqs, "%+v", test.filter)
		}
	})
}

func TestUsageOfAGrant(t *testing.T) {
	t.Parallel()
	records := []audit.Record{by("p1"), by("p2"), by("p1"), {Principal: "p1", Dataset: "hr.staff", Outcome: "denied"}, by("p1"), by("p2")}
	eachWay(t, records, func(t *testing.T, reader *audit.Reader) {
		for principal, wanted := range map[string]audit.Usage{
			"p1": {Count: 3, Last: begin.Add(5 * time.Minute)}, "p2": {Count: 2, Last: begin.Add(6 * time.Minute)}, "p3": {},
		} {
			used, err := reader.Usage(t.Context(), principal, "hr.staff")
			require.NoError(t, err)
			require.Equal(t, wanted, used, principal)
			used, err = reader.Usage(t.Context(), principal, "hr.other")
			require.NoError(t, err)
			require.Equal(t, audit.Usage{}, used)
		}
	})
}

// TestOldRecordsAreTheBeginning asks before the journal is begun, and after.
func TestOldRecordsAreTheBeginning(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		oldRecords(t, opened)
		b := &bundle{dir: filepath.Join(t.TempDir(), "audit"), store: opened, clock: begin}
		ask := func(copied, wanted int64) {
			t.Helper()
			reader := b.view(t)
			report, err := reader.Verify(t.Context())
			require.NoError(t, err)
			require.Equal(t, wanted, report.Records)
			require.Equal(t, copied, report.Copied)
			records, err := reader.Records(t.Context(), audit.Filter{})
			require.NoError(t, err)
			require.Equal(t, []string{"p1", "p2", "p3", "p4", "p5"}[:wanted], principals(records))
			require.Equal(t, []audit.FieldAccess{{Name: "name"}, {Name: "born"}}, records[0].Fields)
			used, err := reader.Usage(t.Context(), "p2", "hr.staff")
			require.NoError(t, err)
			require.Equal(t, audit.Usage{Count: 1, Last: time.Date(2026, 2, 2, 8, 0, 0, 0, time.UTC)}, used)
		}
		ask(0, 3)
		b.open(t, audit.Options{ShipEvery: never})
		ask(0, 3)
		b.append(t, by("p4"))
		ask(0, 4)
		require.NoError(t, b.log.Close())
		ask(4, 4)
		b.open(t, audit.Options{ShipEvery: never})
		b.append(t, by("p5"))
		ask(4, 5)
	})
}

// TestTwoNodesOnOneState keep a chain each, and the first continues the old one.
func TestTwoNodesOnOneState(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		oldRecords(t, opened)
		first, second := setup(t, opened, audit.Options{}), &bundle{dir: filepath.Join(t.TempDir(), "audit"), store: opened}
		report, err := second.view(t).Verify(t.Context())
		require.NoError(t, err)
		require.Zero(t, report.Records, "the old records are the first node's")
		second = setup(t, opened, audit.Options{})
		for i := range 2 {
			first.append(t, by(fmt.Sprintf("a%d", i)))
			second.append(t, by(fmt.Sprintf("b%d", i)))
		}
		require.NoError(t, first.log.Close())
		require.NoError(t, second.log.Close())
		for node, wanted := range map[*bundle]int64{first: 5, second: 2} {
			report, err := node.view(t).Verify(t.Context())
			require.NoError(t, err)
			require.Equal(t, wanted, report.Records)
			records, err := node.view(t).Records(t.Context(), audit.Filter{})
			require.NoError(t, err)
			require.ElementsMatch(t, []string{"p1", "p2", "p3", "a0", "a1", "b0", "b1"}, principals(records))
			used, err := node.view(t).Usage(t.Context(), "b0", "hr.staff")
			require.NoError(t, err)
			require.EqualValues(t, 1, used.Count)
		}
	})
}

// TestCopyIsMadeAnew loses the copy, wholly and to an earlier state.
func TestCopyIsMadeAnew(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{SegmentBytes: 500})
		for range 20 {
			b.append(t, by("p1"))
		}
		require.NoError(t, b.log.Close())
		b.forget(t)
		b.exec(t, "DELETE FROM audit_copy WHERE seq > 5") // the rest is in the way
		used, err := b.view(t).Usage(t.Context(), "p2", "hr.staff")
		require.NoError(t, err)
		require.Zero(t, used.Count)
		b.open(t, audit.Options{})
		b.append(t, by("p1"))
		require.NoError(t, b.log.Close())
		report, err := b.view(t).Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 21, report.Copied)
		used, err = b.view(t).Usage(t.Context(), "p1", "hr.staff")
		require.NoError(t, err)
		require.EqualValues(t, 21, used.Count)
	})
}

// TestStateThatTakesNoCopy keeps the reads on record all the same.
func TestStateThatTakesNoCopy(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := setup(t, opened, audit.Options{ShipEvery: time.Millisecond})
		b.exec(t, "ALTER TABLE audit_person RENAME TO elsewhere")
		for range 3 {
			b.append(t, audit.Record{Principal: "p1", Persons: []string{"1"}, Outcome: audit.Allowed})
		}
		require.Error(t, b.log.Rebuild(t.Context()))
		require.NoError(t, b.log.Close())
		report, err := b.view(t).Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 3, report.Records)
		require.Zero(t, report.Copied)
		records, err := b.view(t).Records(t.Context(), audit.Filter{})
		require.NoError(t, err)
		require.Len(t, records, 3)
		b.exec(t, "ALTER TABLE elsewhere RENAME TO audit_person")
		b.open(t, audit.Options{})
		require.NoError(t, b.log.Close())
		report, err = b.view(t).Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 3, report.Copied)
	})
}

// TestNothingYet asks a folder that is not there.
func TestNothingYet(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, opened *store.Store) {
		b := &bundle{dir: filepath.Join(t.TempDir(), "audit"), store: opened}
		report, err := b.view(t).Verify(t.Context())
		require.NoError(t, err)
		require.Equal(t, audit.Report{}, report)
		records, err := b.view(t).Records(t.Context(), audit.Filter{})
		require.NoError(t, err)
		require.Empty(t, records)
		_, err = os.Stat(b.dir)
		require.ErrorIs(t, err, os.ErrNotExist, "reading writes nothing")
	})
}
