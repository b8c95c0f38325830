package definition

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
)

// identifier is what ids of systems, datasets and fields look like: they become
// parts of names that people type.
var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Load reads one definition file. A mistake is an Invalid fault that names the
// file and, where the YAML shows it, the line.
func Load(path string) (System, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return System{}, fault.Wrap(err, fault.NotFound, "the definition %s cannot be read", path)
	}
	return Parse(path, text)
}

// LoadDir reads all *.yaml files of a folder in order of name. An id that
// occurs in two files is a mistake.
func LoadDir(dir string) ([]System, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list definitions: %w", err)
	}
	sort.Strings(files)
	seen := map[string]string{}
	systems := make([]System, 0, len(files))
	for _, file := range files {
		system, err := Load(file)
		if err != nil {
			return nil, err
		}
		if other, twice := seen[system.ID]; twice {
			return nil, fault.New(fault.Invalid, "system %s is defined in %s too", system.ID, other).At("%s", file)
		}
		seen[system.ID] = file
		systems = append(systems, system)
	}
	return systems, nil
}

// Parse reads a definition from text; name is the file's for messages.
func Parse(name string, text []byte) (System, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var system System
	if err := decoder.Decode(&system); errors.Is(err, io.EOF) {
		return System{}, fault.New(fault.Invalid, "the definition is empty").At("%s", name)
	} else if err != nil {
		return System{}, fault.New(fault.Invalid, "%v", err).At("%s", name)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return System{}, fault.New(fault.Invalid, "a definition file holds one system only").At("%s", name)
	}
	system.File = name
	system.place(text)
	if err := system.check(); err != nil {
		return System{}, err.At("%s", name)
	}
	return system, nil
}

// check refuses what no later stage could make sense of.
func (s System) check() *fault.Error {
	if !identifier.MatchString(s.ID) {
		return fault.New(fault.Invalid, "system %q: the id begins with a letter and has lower-case letters, digits and underscores only", s.ID)
	}
	if s.Connector == "" {
		return fault.New(fault.Invalid, "system %s names no connector", s.ID)
	}
	seen := map[string]bool{}
	for _, dataset := range s.Datasets {
		if seen[dataset.Name] {
			return fault.New(fault.Invalid, "dataset %s occurs twice", dataset.Name)
		}
		seen[dataset.Name] = true
		if err := dataset.check(); err != nil {
			return err
		}
	}
	return nil
}

func (d Dataset) check() *fault.Error {
	if !identifier.MatchString(d.Name) {
		return fault.New(fault.Invalid, "dataset %q: the name begins with a letter and has lower-case letters, digits and underscores only", d.Name)
	}
	switch d.Load {
	case LoadFull, LoadChanges:
	case LoadIncremental:
		if d.Cursor == nil || d.Cursor.Column == "" {
			return fault.New(fault.Invalid, "dataset %s is loaded incrementally and names no cursor: write cursor: {column: NAME}", d.Name)
		}
	default:
		return fault.New(fault.Invalid, "dataset %s has load %q: write full, incremental or changes", d.Name, d.Load)
	}
	names := map[string]bool{}
	for _, field := range d.Fields {
		if !identifier.MatchString(field.Name) {
			return fault.New(fault.Invalid, "dataset %s, field %q: the name begins with a letter and has lower-case letters, digits and underscores only", d.Name, field.Name)
		}
		if names[field.Name] {
			return fault.New(fault.Invalid, "dataset %s: field %s occurs twice", d.Name, field.Name)
		}
		names[field.Name] = true
	}
	if d.Person != "" && !names[d.Person] {
		return fault.New(fault.Invalid, "dataset %s: person names the field %s, which is not there", d.Name, d.Person)
	}
	return nil
}
