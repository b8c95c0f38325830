package demo

import (
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// published holds what others have published; real/README.md names sources and
// licences.
//
//go:embed real/*.gz
var published embed.FS

func publishedSystems() []system {
	return []system{
		{id: "cloud", kind: publishedCSV, tables: []table{{name: "focus-2024-09.csv", sheet: "focus_sample.csv"}}},
		{id: "partner_courses", kind: publishedCSV, tables: []table{
			{name: "courses.csv"}, {name: "assessments.csv"}, {name: "studentInfo.csv"}, {name: "studentAssessment.csv"},
		}},
		{id: "hpc_phillips", kind: publishedSacct, tables: []table{{name: "phillips.log"}}},
	}
}

// writePublished unpacks a system's files; sheet names the original where the
// campus calls it otherwise.
func writePublished(ctx context.Context, dir string, s system, _ filler) error {
	if err := os.MkdirAll(filepath.Join(dir, s.id), 0o750); err != nil {
		return err
	}
	for _, t := range s.tables {
		original := t.sheet
		if original == "" {
			original = t.name
		}
		if err := unpack(original, filepath.Join(dir, s.id, t.name)); err != nil {
			return fmt.Errorf("unpack %s: %w", original, err)
		}
	}
	return ctx.Err()
}

func unpack(original, path string) error {
	packed, err := published.Open("real/" + original + ".gz")
	if err != nil {
		return err
	}
	defer packed.Close()
	text, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	return writeFile(path, func(w io.Writer) error {
		_, err := io.Copy(w, text) //nolint:gosec // our own files
		return errors.Join(err, text.Close())
	})
}
