package csvfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Driver is the connector for folders of CSV and TSV files. A dataset is a
// file, or a pattern (grades-*.csv) of files with the same columns.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "csv", Title: "CSV and TSV files, encoding and dialect detected", Open: open}
}

type source struct {
	config  connectors.Config
	dir     string
	options map[string]Options
	types   map[string]map[string]schema.Type
	names   []string
	zone    *time.Location
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	if connection.Dir == "" {
		return nil, fault.New(fault.Invalid, "connection of system %s: dir is missing: name the folder of the files", config.System)
	}
	zone, err := config.Zone()
	if err != nil {
		return nil, err
	}
	s := &source{config: config, dir: config.Path(connection.Dir), options: map[string]Options{}, types: map[string]map[string]schema.Type{}, zone: zone}
	for _, dataset := range config.Datasets {
		options, err := optionsOf(dataset)
		if err != nil {
			return nil, err
		}
		if _, err := options.given(dataset.Source); err != nil {
			return nil, err
		}
		if !filepath.IsLocal(dataset.Source) {
			return nil, fault.New(fault.Invalid, "dataset %s: write a file's name inside the folder", dataset.Source)
		}
		s.options[dataset.Source], s.types[dataset.Source] = options, dataset.Types
		s.names = append(s.names, dataset.Source)
	}
	return s, nil
}

// Check implements connectors.Source.
func (s *source) Check(context.Context) error {
	info, err := os.Stat(s.dir)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the folder %s cannot be read", s.dir)
	}
	if !info.IsDir() {
		return fault.New(fault.Invalid, "%s is not a folder", s.dir)
	}
	return nil
}

// Close implements connectors.Source.
func (s *source) Close() error { return nil }

// Discover implements connectors.Source.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	names := slices.Clone(s.names)
	if len(names) == 0 {
		entries, err := os.ReadDir(s.dir)
		if err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "the folder %s cannot be read", s.dir)
		}
		for _, entry := range entries {
			switch strings.ToLower(filepath.Ext(entry.Name())) {
			case ".csv", ".tsv", ".txt", ".tab":
				if !entry.IsDir() {
					names = append(names, entry.Name())
				}
			}
		}
	}
	slices.Sort(names)
	return connectors.CollectDatasets(ctx, slices.Compact(names), s.listed)
}

// listed describes a dataset; one that cannot be inspected is listed with the
// reason, so that it does not hide the others, and reading it gives the error.
func (s *source) listed(ctx context.Context, name string) (schema.Dataset, error) {
	dataset, err := s.describe(ctx, name)
	if err != nil && ctx.Err() == nil {
		return schema.Dataset{Name: name, RowEstimate: -1, Comment: fault.Public(err)}, nil
	}
	return dataset, err
}

// files lists the files of a dataset in order of name.
func (s *source) files(dataset string) ([]string, error) {
	if !filepath.IsLocal(dataset) {
		return nil, fault.New(fault.NotFound, "there is no file %s in the folder", dataset)
	}
	path := filepath.Join(s.dir, dataset)
	if _, err := os.Stat(path); err == nil {
		return []string{path}, nil
	}
	found, err := filepath.Glob(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "dataset %s is not a pattern of file names", dataset)
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "there is no file %s in %s", dataset, s.dir)
	}
	return found, nil
}

// describe gives the columns of a dataset's first file and estimates the rows
// of all.
func (s *source) describe(_ context.Context, name string) (schema.Dataset, error) {
	paths, err := s.files(name)
	if err != nil {
		return schema.Dataset{}, err
	}
	dataset := schema.Dataset{Name: name}
	for i, path := range paths {
		f, err := s.inspect(path, s.options[name])
		if err != nil {
			return schema.Dataset{}, fmt.Errorf("inspect %s: %w", filepath.Base(path), err)
		}
		dataset.RowEstimate += f.rows
		if i == 0 {
			dataset.Columns = f.columns(s.types[name])
			dataset.Comment = f.comment()
		}
	}
	return dataset, nil
}

// Version implements connectors.Versioner: a hash of names and contents.
func (s *source) Version(ctx context.Context, dataset string) (string, error) {
	paths, err := s.files(dataset)
	if err != nil {
		return "", err
	}
	hash := xxh3.New128()
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return "", fault.Wrap(err, fault.Canceled, "the reading was canceled")
		}
		_, _ = hash.WriteString(filepath.Base(path) + "\x00") // a hash takes everything
		if err := hashFile(hash, path); err != nil {
			return "", err
		}
	}
	sum := hash.Sum128().Bytes()
	return fmt.Sprintf("%x", sum), nil
}

func hashFile(hash io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return unreadable(path, err)
	}
	defer file.Close()
	if _, err := io.Copy(hash, file); err != nil {
		return unreadable(path, err)
	}
	return nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.NotFound, "there is no file %s", path)
	}
	return fault.Wrap(err, fault.Unavailable, "the file %s cannot be read", path)
}
