package catalog

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/internal/fault"
)

//go:embed standards
var standardFiles embed.FS

// StandardSet holds the data elements and code sets that come with the product.
type StandardSet struct {
	Elements []Element
	CodeSets []CodeSet

	elements map[string]Element
	codeSets map[string]CodeSet
}

// Standards reads the data elements and code sets that come with the product,
// and refuses ids that occur twice and code sets that do not exist.
func Standards() (*StandardSet, error) {
	set := &StandardSet{elements: map[string]Element{}, codeSets: map[string]CodeSet{}}
	err := errors.Join(
		eachDocument("standards/codesets", set.addCodes),
		set.addDivisions(),
		eachDocument("standards/elements", func(elements []Element) error { return set.add(elements) }),
	)
	if err != nil {
		return nil, err
	}
	for _, element := range set.Elements {
		if _, known := set.codeSets[element.CodeSet]; element.CodeSet != "" && !known {
			return nil, fault.New(fault.Invalid, "element %s names the code set %s, which does not exist", element.ID, element.CodeSet)
		}
	}
	return set, nil
}

func (s *StandardSet) addCodes(codes CodeSet) error {
	if _, twice := s.codeSets[codes.ID]; twice {
		return fault.New(fault.Invalid, "code set %s occurs twice", codes.ID)
	}
	seen := make(map[string]bool, len(codes.Codes))
	for _, code := range codes.Codes {
		if seen[code.Code] {
			return fault.New(fault.Invalid, "code set %s has the code %s twice", codes.ID, code.Code)
		}
		seen[code.Code] = true
	}
	s.codeSets[codes.ID] = codes
	s.CodeSets = append(s.CodeSets, codes)
	return nil
}

func (s *StandardSet) addDivisions() error {
	codes, err := divisions()
	if err != nil {
		return err
	}
	return s.addCodes(codes)
}

func (s *StandardSet) add(elements []Element) error {
	for _, element := range elements {
		if _, twice := s.elements[element.ID]; twice {
			return fault.New(fault.Invalid, "element %s occurs twice", element.ID)
		}
		s.elements[element.ID] = element
		s.Elements = append(s.Elements, element)
	}
	return nil
}

func eachDocument[T any](dir string, use func(T) error) error {
	files, err := fs.ReadDir(standardFiles, dir)
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	for _, file := range files {
		if err := readDocuments(path.Join(dir, file.Name()), use); err != nil {
			return err
		}
	}
	return nil
}

func readDocuments[T any](name string, use func(T) error) error {
	opened, err := standardFiles.Open(name)
	if err != nil {
		return err
	}
	defer opened.Close()
	decoder := yaml.NewDecoder(opened)
	decoder.KnownFields(true)
	for {
		var document T
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if err := use(document); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// Element finds an element by id.
func (s *StandardSet) Element(id string) (Element, bool) {
	element, ok := s.elements[id]
	return element, ok
}

// CodeSet finds a code set by id.
func (s *StandardSet) CodeSet(id string) (CodeSet, bool) {
	codes, ok := s.codeSets[id]
	return codes, ok
}
