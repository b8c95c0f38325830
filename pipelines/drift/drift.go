package drift

import (
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/schema"
)

// TypeNarrowed is a change to a type that does not hold all earlier values. It
// stops a load: a source seldom narrows a type on purpose.
const TypeNarrowed = "type_narrowed"

// Compare lists what changed from before to after, in the order of before,
// added columns last. A renamed column shows as one dropped and one added.
func Compare(before, after []schema.Column) []catalog.Drift {
	if len(before) == 0 {
		return nil
	}
	now := byName(after)
	var found []catalog.Drift
	for _, old := range before {
		column, there := now[old.Name]
		if !there {
			found = append(found, catalog.Drift{Kind: catalog.DriftColumnDropped, Column: old.Name, From: old.Type.String()})
			continue
		}
		if kind := typeChange(old.Type, column.Type); kind != "" {
			found = append(found, catalog.Drift{Kind: kind, Column: old.Name, From: old.Type.String(), To: column.Type.String()})
		}
	}
	was := byName(before)
	for _, column := range after {
		if _, known := was[column.Name]; !known {
			found = append(found, catalog.Drift{Kind: catalog.DriftColumnAdded, Column: column.Name, To: column.Type.String()})
		}
	}
	return found
}

func typeChange(from, to schema.Type) string {
	switch {
	case from == to:
		return ""
	case to.Widens(from):
		return catalog.DriftTypeWidened
	case from.Widens(to):
		return TypeNarrowed
	}
	return catalog.DriftIncompatible
}

func byName(columns []schema.Column) map[string]schema.Column {
	named := make(map[string]schema.Column, len(columns))
	for _, column := range columns {
		named[column.Name] = column
	}
	return named
}

// Count gives the number of findings of one kind.
func Count(found []catalog.Drift, kind string) int {
	count := 0
	for _, change := range found {
		if change.Kind == kind {
			count++
		}
	}
	return count
}
