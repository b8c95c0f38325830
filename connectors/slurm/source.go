package slurm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Connection is the `connection:` of a cluster.
type Connection struct {
	// Path is the folder of the accounting files.
	Path string `yaml:"path"`
}

// Options are the `options:` of a dataset.
type Options struct {
	// Columns names the columns of files without a header line.
	Columns []string `yaml:"columns"`
	// Delimiter is what `sacct --delimiter` was given, a bar when empty.
	Delimiter string `yaml:"delimiter"`
}

// Driver is the connector for folders of sacct's text. A dataset is a file or a
// pattern of files.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "slurm", Title: "Slurm accounting text (sacct --parsable2)", Open: open}
}

type source struct {
	config  connectors.Config
	dir     string
	options map[string]Options
	names   []string
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	if connection.Path == "" {
		return nil, fault.New(fault.Invalid, "connection of system %s: path is missing: name the folder of sacct's output", config.System)
	}
	if _, err := config.Zone(); err != nil {
		return nil, err
	}
	s := &source{config: config, dir: config.Path(connection.Path), options: map[string]Options{}}
	for _, dataset := range config.Datasets {
		var options Options
		if err := dataset.DecodeOptions(&options); err != nil {
			return nil, err
		}
		s.options[dataset.Source] = options
		s.names = append(s.names, dataset.Source)
	}
	return s, nil
}

// Check implements connectors.Source.
func (s *source) Check(context.Context) error {
	if _, err := os.ReadDir(s.dir); err != nil {
		return fault.Wrap(err, fault.Unavailable, "the folder %s cannot be read", s.dir)
	}
	return nil
}

// Close implements connectors.Source.
func (s *source) Close() error { return nil }

// Discover implements connectors.Source.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	names := slices.Clone(s.names)
	if len(names) == 0 {
		for _, pattern := range []string{"*.txt", "*.log", "*.sacct"} {
			found, err := filepath.Glob(filepath.Join(s.dir, pattern))
			if err != nil {
				return nil, err
			}
			for _, path := range found {
				names = append(names, filepath.Base(path))
			}
		}
	}
	slices.Sort(names)
	return connectors.CollectDatasets(ctx, slices.Compact(names), func(_ context.Context, name string) (schema.Dataset, error) {
		lines, err := s.lines(name)
		if err != nil {
			return schema.Dataset{Name: name, RowEstimate: -1, Comment: fault.Public(err)}, nil //nolint:nilerr // told in the comment, and when it is read
		}
		return lines.dataset, lines.Close()
	})
}

func (s *source) paths(dataset string) ([]string, error) {
	if !filepath.IsLocal(dataset) {
		return nil, fault.New(fault.NotFound, "there is no file %s in the folder", dataset)
	}
	found, err := filepath.Glob(filepath.Join(s.dir, dataset))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "dataset %s is not a pattern of file names", dataset)
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "there is no file %s in %s", dataset, s.dir)
	}
	return found, nil
}

func (s *source) lines(dataset string) (*lines, error) {
	paths, err := s.paths(dataset)
	if err != nil {
		return nil, err
	}
	options := s.options[dataset]
	if options.Delimiter == "" {
		options.Delimiter = "|"
	}
	l := &lines{paths: paths, options: options}
	if err := l.begin(dataset); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Read implements connectors.Source.
func (s *source) Read(_ context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	opened, err := s.lines(request.Dataset)
	if err != nil {
		return nil, err
	}
	zone, err := s.config.Zone()
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	restarted := false
	if request.Resume != "" {
		if restarted, err = opened.resume(request.Resume); err != nil {
			return nil, errors.Join(err, opened.Close())
		}
	}
	return text.NewStream(opened.dataset, request, text.Options{Location: zone}, opened, restarted)
}

// Version implements connectors.Versioner: a hash of names and contents.
func (s *source) Version(_ context.Context, dataset string) (string, error) {
	paths, err := s.paths(dataset)
	if err != nil {
		return "", err
	}
	hash := xxh3.New128()
	for _, path := range paths {
		_, _ = hash.WriteString(filepath.Base(path) + "\x00") // a hash takes everything
		if err := addFile(hash, path); err != nil {
			return "", fault.Wrap(err, fault.Unavailable, "the file %s cannot be read", path)
		}
	}
	return fmt.Sprintf("%x", hash.Sum128().Bytes()), nil
}

func addFile(hash io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(hash, file)
	return err
}

// kinds are the types of columns of sacct that are not text.
var kinds = func() map[string]schema.Kind {
	known := map[string]schema.Kind{}
	for _, name := range strings.Fields("Submit Start End Eligible Reserved.Start") {
		known[name] = schema.TimestampTZ
	}
	for _, name := range strings.Fields("NNodes NCPUS AllocNodes AllocCPUS ReqCPUS ReqNodes NTasks ElapsedRaw CPUTimeRAW TimelimitRaw UID GID AssocID Priority Restarts") {
		known[name] = schema.Int64
	}
	return known
}()

func columnsOf(names []string) []schema.Column {
	columns := make([]schema.Column, len(names))
	for i, name := range names {
		kind, known := kinds[name]
		if !known {
			kind = schema.String
		}
		columns[i] = schema.Column{Name: name, Type: schema.Of(kind), Nullable: true, Declared: "sacct " + name, Wire: "text"}
	}
	return columns
}
