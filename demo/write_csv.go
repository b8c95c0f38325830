package demo

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// writeCSV writes data/<system>/<file> in UTF-8.
func writeCSV(ctx context.Context, dir string, s system, fill filler) error {
	return writeFiles(ctx, dir, s, fill, func(w io.Writer) io.Writer { return w })
}

// writeGB writes the same in GB18030.
func writeGB(ctx context.Context, dir string, s system, fill filler) error {
	return writeFiles(ctx, dir, s, fill, simplifiedchinese.GB18030.NewEncoder().Writer)
}

func writeFiles(ctx context.Context, dir string, s system, fill filler, encode func(io.Writer) io.Writer) error {
	for _, t := range s.tables {
		path := filepath.Join(dir, s.id, t.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		err := writeFile(path, func(w io.Writer) error {
			return writeRecords(ctx, encode(w), t, fill)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	err = write(buffered)
	return errors.Join(err, buffered.Flush(), file.Close())
}

func writeRecords(ctx context.Context, w io.Writer, t table, fill filler) error {
	for _, line := range t.above {
		if _, err := io.WriteString(w, line+"\r\n"); err != nil {
			return err
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if strings.HasSuffix(t.name, ".tsv") {
		out.Comma = '\t'
	}
	record := columnNames(t)
	if err := out.Write(record); err != nil {
		return err
	}
	err := fill(t, func(values ...any) error {
		for i, value := range values {
			record[i] = cellText(value)
		}
		return errors.Join(out.Write(record), ctx.Err())
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

func columnNames(t table) []string {
	names := make([]string, len(t.columns))
	for i, column := range t.columns {
		names[i], _, _ = strings.Cut(column, " ")
	}
	return names
}

func cellText(value any) string {
	switch typed := value.(type) {
	case nil:
		return ""
	case string:
		return typed
	case float64:
		return fmt.Sprintf("%.2f", typed)
	}
	return fmt.Sprint(value)
}
