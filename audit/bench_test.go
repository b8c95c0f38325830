package audit_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/store"
)

// BenchmarkAppend measures one record of a read of 60 fields and 50 persons,
// with the copying to the state database beside it.
func BenchmarkAppend(b *testing.B) {
	record := audit.Record{
		Principal: "app.enrolment", OnBehalfOf: "20230017", Purpose: "enrolment statistics", Action: "read", Dataset: "students.enrolment",
		Rows: 50, Query: "status = 'enrolled' and department in ('PHYS', 'CHEM')", PolicyVersion: 12,
		Decision: "5f1d7a84db00d2fce00b31a7fc73224f3de7b08f4d6df4b8c2f8a2a1a7a3d6e5", Outcome: audit.Allowed,
	}
	for i := range 60 {
		record.Fields = append(record.Fields, audit.FieldAccess{Name: fmt.Sprintf("field_number_%d", i), Access: "clear"})
	}
	for i := range 10 {
		record.Fields[i] = audit.FieldAccess{Name: record.Fields[i].Name, Access: "masked", Mask: "last4"}
	}
	for i := range 50 {
		record.Persons = append(record.Persons, fmt.Sprintf("2023%04d", i))
	}
	opened, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "state.db"))
	require.NoError(b, err)
	defer opened.Close()
	log, err := audit.Open(b.Context(), filepath.Join(b.TempDir(), "audit"), opened, audit.Options{})
	require.NoError(b, err)
	spans := make([]time.Duration, 0, 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		if err := log.Append(b.Context(), record); err != nil {
			b.Fatal(err)
		}
		spans = append(spans, time.Since(began))
	}
	b.StopTimer()
	require.NoError(b, log.Close())
	slices.Sort(spans)
	report := func(name string, share int) {
		b.ReportMetric(float64(spans[len(spans)*share/1000].Nanoseconds())/1000, name)
	}
	report("p50-µs", 500)
	report("p99-µs", 990)
	report("p999-µs", 999)
}
