package signin

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

const (
	maxXML      = 256 << 10
	maxDepth    = 10
	maxElements = 4000
)

// element is a part of a small XML document. Its text is without spaces around it.
type element struct {
	space, name string
	attributes  map[string]string
	text        string
	children    []*element
}

// all gives the children of a name.
func (e *element) all(space, name string) []*element {
	var found []*element
	for _, child := range e.children {
		if child.space == space && child.name == name {
			found = append(found, child)
		}
	}
	return found
}

// Why documents are refused.
var (
	errXMLSize    = errors.New("the document is too large, too deep or has too many elements")
	errXMLType    = errors.New("the document declares a type: entities are not taken")
	errXMLMixed   = errors.New("an element has both text and elements")
	errXMLAround  = errors.New("the document has something beside its one root")
	errXMLTwice   = errors.New("an attribute stands twice")
	errXMLMissing = errors.New("there is no document")
)

// parseXML reads a document of data: elements that have elements or text, no
// document type and so no entities but those of XML itself, within bounds.
// Comments are no part of a text: a name with one inside is refused, since
// readers differ about what such a name is.
func parseXML(text []byte) (*element, error) {
	if len(text) > maxXML {
		return nil, errXMLSize
	}
	decoder := xml.NewDecoder(bytes.NewReader(text))
	decoder.Strict = true
	decoder.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		encoding, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return encoding.NewDecoder().Reader(input), nil
	}
	reading := xmlReading{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := reading.take(token); err != nil {
			return nil, err
		}
	}
	if reading.root == nil {
		return nil, errXMLMissing
	}
	return reading.root, nil
}

type xmlReading struct {
	root     *element
	open     []*element
	elements int
}

func (r *xmlReading) take(token xml.Token) error {
	switch token := token.(type) {
	case xml.Directive:
		return errXMLType
	case xml.StartElement:
		return r.start(token)
	case xml.EndElement:
		last := r.open[len(r.open)-1]
		last.text = strings.TrimSpace(last.text)
		if last.text != "" && len(last.children) > 0 {
			return errXMLMixed
		}
		r.open = r.open[:len(r.open)-1]
	case xml.CharData:
		if len(r.open) > 0 {
			r.open[len(r.open)-1].text += string(token)
		} else if strings.Trim(string(token), " \t\r\n\ufeff") != "" {
			return errXMLAround
		}
	case xml.Comment, xml.ProcInst:
		if len(r.open) > 0 && strings.TrimSpace(r.open[len(r.open)-1].text) != "" {
			return errXMLMixed
		}
	}
	return nil
}

func (r *xmlReading) start(token xml.StartElement) error {
	if r.elements++; r.elements > maxElements || len(r.open) >= maxDepth {
		return errXMLSize
	}
	made := &element{space: token.Name.Space, name: token.Name.Local, attributes: map[string]string{}}
	for _, attribute := range token.Attr {
		if attribute.Name.Space != "" {
			continue
		}
		if _, twice := made.attributes[attribute.Name.Local]; twice {
			return errXMLTwice
		}
		made.attributes[attribute.Name.Local] = attribute.Value
	}
	if len(r.open) == 0 {
		if r.root != nil {
			return errXMLAround
		}
		r.root = made
	} else {
		parent := r.open[len(r.open)-1]
		parent.children = append(parent.children, made)
	}
	r.open = append(r.open, made)
	return nil
}
