package pipelines

import (
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines/drift"
	"github.com/yitong-hub/yitong/pipelines/publish"
)

// kept ends every message of a safeguard.
const kept = "the last good version stays published; look at the source, and sync with --force to accept it once"

// guardColumns stops a load whose columns changed in a way that looks like a
// mistake at the source.
func guardColumns(found []catalog.Drift, before int) error {
	if dropped := drift.Count(found, catalog.DriftColumnDropped); before > 1 && dropped*2 > before {
		return fault.New(fault.Stopped, "%d of %d columns are gone, as after a change of the delimiter or the layout: %s", dropped, before, kept)
	}
	for _, change := range found {
		switch change.Kind {
		case drift.TypeNarrowed:
			return fault.New(fault.Stopped, "column %s narrowed from %s to %s: %s", change.Column, change.From, change.To, kept)
		case catalog.DriftIncompatible:
			return fault.New(fault.Stopped, "column %s changed from %s to %s, which does not hold its earlier values: %s", change.Column, change.From, change.To, kept)
		}
	}
	return nil
}

// guardRows stops a full load that has suspiciously few rows.
func guardRows(dataset definition.Dataset, mode publish.Mode, rows, before int64) error {
	if mode != publish.Full {
		return nil
	}
	if rows == 0 && before > 0 {
		return fault.New(fault.Stopped, "the source gave no rows where it had %d: %s", before, kept)
	}
	if rows < dataset.MinRows {
		return fault.New(fault.Stopped, "the source gave %d rows, fewer than min_rows (%d): %s", rows, dataset.MinRows, kept)
	}
	return nil
}

// guardQuarantine stops a load too many of whose rows were refused. A partial
// load is measured against the whole dataset: a handful of changes may all be bad.
func guardQuarantine(dataset definition.Dataset, mode publish.Mode, refused, rows, published int64) error {
	share := dataset.MaxQuarantine
	if share == 0 {
		share = definition.DefaultMaxQuarantine
	}
	whole := rows
	if mode != publish.Full {
		whole = max(rows, published)
	}
	if whole == 0 || float64(refused) <= share*float64(whole) {
		return nil
	}
	return fault.New(fault.Stopped, "%d of %d rows were refused, more than max_quarantine (%g): %s", refused, whole, share, kept)
}
