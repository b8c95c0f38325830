package xlsxfile

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

	"github.com/xuri/excelize/v2"
	"github.com/zeebo/xxh3"

	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/text"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// Connection is the `connection:` of a system.
type Connection struct {
	// Dir is the folder of the workbooks.
	Dir string `yaml:"dir"`
}

// Options are the `options:` of a dataset.
type Options struct {
	// Sheet names the sheet; empty: the first visible one.
	Sheet string `yaml:"sheet"`
	// HeaderRow is the row of the names, from 1; 0: the first row that is filled
	// for more than half of the table's width.
	HeaderRow int `yaml:"header_row"`
}

const (
	// unpackInMemory is the size beyond which a sheet is unpacked to a file.
	unpackInMemory = 8 << 20
	// unpackAtMost stops a workbook that unpacks to an absurd size.
	unpackAtMost = 4 << 30
)

// Driver is the connector for folders of workbooks. A dataset is a file.
func Driver() connectors.Driver {
	return connectors.Driver{Name: "xlsx", Title: "Excel workbooks", Open: open}
}

type source struct {
	config  connectors.Config
	dir     string
	options map[string]Options
	types   map[string]map[string]schema.Type
	names   []string
}

func open(config connectors.Config) (connectors.Source, error) {
	var connection Connection
	if err := config.DecodeConnection(&connection); err != nil {
		return nil, err
	}
	if connection.Dir == "" {
		return nil, fault.New(fault.Invalid, "connection of system %s: dir is missing: name the folder of the workbooks", config.System)
	}
	s := &source{config: config, dir: config.Path(connection.Dir), options: map[string]Options{}, types: map[string]map[string]schema.Type{}}
	for _, dataset := range config.Datasets {
		var options Options
		if err := dataset.DecodeOptions(&options); err != nil {
			return nil, err
		}
		if options.HeaderRow < 0 {
			return nil, fault.New(fault.Invalid, "dataset %s: header_row is a row's number, from 1", dataset.Source)
		}
		s.options[dataset.Source], s.types[dataset.Source] = options, dataset.Types
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

// Discover implements connectors.Source. A workbook that cannot be read is
// listed with the reason, so that it does not hide the others.
func (s *source) Discover(ctx context.Context) ([]schema.Dataset, error) {
	names := slices.Clone(s.names)
	if len(names) == 0 {
		found, err := filepath.Glob(filepath.Join(s.dir, "*.xls[xm]"))
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			if name := filepath.Base(path); !strings.HasPrefix(name, "~$") {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return connectors.CollectDatasets(ctx, slices.Compact(names), func(_ context.Context, name string) (schema.Dataset, error) {
		opened, err := s.openSheet(name)
		if err != nil {
			return schema.Dataset{Name: name, RowEstimate: -1, Comment: fault.Public(err)}, nil //nolint:nilerr // told in the comment, and when it is read
		}
		return opened.dataset, opened.Close()
	})
}

// openSheet opens a workbook at the row behind its header.
func (s *source) openSheet(name string) (*sheet, error) {
	if !filepath.IsLocal(name) {
		return nil, fault.New(fault.NotFound, "there is no workbook %s in the folder", name)
	}
	book, err := excelize.OpenFile(filepath.Join(s.dir, name), excelize.Options{
		RawCellValue: true, UnzipXMLSizeLimit: unpackInMemory, UnzipSizeLimit: unpackAtMost,
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.NotFound, "there is no workbook %s in %s", name, s.dir)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%s is not a workbook that can be read (it may be protected, damaged, or of the old .xls form)", name)
	}
	opened := &sheet{book: book, options: s.options[name]}
	if err := opened.begin(name, s.types[name]); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, request connectors.ReadRequest) (connectors.Stream, error) {
	opened, err := s.openSheet(request.Dataset)
	if err != nil {
		return nil, err
	}
	zone, err := s.config.Zone()
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	opened.stamp, err = s.Version(ctx, request.Dataset)
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	restarted := false
	if request.Resume != "" {
		restarted, err = opened.resume(request.Resume)
		if err != nil {
			return nil, errors.Join(err, opened.Close())
		}
		if restarted {
			if err := opened.Close(); err != nil {
				return nil, err
			}
			again := request
			again.Resume = ""
			stream, err := s.Read(ctx, again)
			if err != nil {
				return nil, err
			}
			stream.(*text.Stream).Restart()
			return stream, nil
		}
	}
	return text.NewStream(opened.dataset, request, text.Options{Location: zone}, opened, restarted)
}

// Version implements connectors.Versioner: a hash of the file.
func (s *source) Version(_ context.Context, dataset string) (string, error) {
	if !filepath.IsLocal(dataset) {
		return "", fault.New(fault.NotFound, "there is no workbook %s in the folder", dataset)
	}
	file, err := os.Open(filepath.Join(s.dir, dataset))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(err, fault.NotFound, "there is no workbook %s in %s", dataset, s.dir)
	}
	if err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "the workbook %s cannot be read", dataset)
	}
	defer file.Close()
	hash := xxh3.New128()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "the workbook %s cannot be read", dataset)
	}
	return fmt.Sprintf("%x", hash.Sum128().Bytes()), nil
}
