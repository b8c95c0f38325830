package csvfile

import (
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Connection is the `connection:` of a system.
type Connection struct {
	// Dir is the folder of the files.
	Dir string `yaml:"dir"`
}

// Options are the `options:` of a dataset. What is not given is detected.
type Options struct {
	// Encoding is utf-8, gb18030 (gbk and gb2312 are parts of it), big5,
	// utf-16le, utf-16be, shift-jis, euc-kr, windows-1252 or iso-8859-1.
	Encoding string `yaml:"encoding"`
	// Delimiter separates fields; it may have several characters.
	Delimiter string `yaml:"delimiter"`
	// Quote is the character around fields that hold the delimiter, or "none".
	Quote string `yaml:"quote"`
	// Escape stands before a quote that is content: the quote itself, a
	// backslash, another character, or "none".
	Escape string `yaml:"escape"`
	// Skip is the number of lines above the header.
	Skip *int `yaml:"skip"`
	// Header is the number of header lines; 0 means that there is none.
	Header *int `yaml:"header"`
	// Columns names the columns of a file without a header, or renames them.
	Columns []string `yaml:"columns"`
	// Nulls lists words that mean NULL.
	Nulls []string `yaml:"nulls"`
	// RepeatedHeader says what a second header line in a file means: "table"
	// (the default) that another table begins, which is rejected; "skip" that
	// files were put one behind the other.
	RepeatedHeader string `yaml:"repeated_header"`
}

// given turns the options into a dialect with everything that is stated.
func (o Options) given(dataset string) (dialect, error) {
	d := dialect{delimiter: o.Delimiter}
	for _, one := range []struct {
		name, text string
		into       *int
	}{{"quote", o.Quote, &d.quote}, {"escape", o.Escape, &d.escape}} {
		switch {
		case one.text == "":
			*one.into = unknown
		case one.text == "none":
			*one.into = none
		case len(one.text) == 1:
			*one.into = int(one.text[0])
		default:
			return d, fault.New(fault.Invalid, `dataset %s: %s must be one ASCII character or "none"`, dataset, one.name)
		}
	}
	if o.RepeatedHeader != "" && o.RepeatedHeader != "table" && o.RepeatedHeader != "skip" {
		return d, fault.New(fault.Invalid, "dataset %s: unknown repeated_header %q: write table or skip", dataset, o.RepeatedHeader)
	}
	if o.Skip != nil && *o.Skip < 0 || o.Header != nil && *o.Header < 0 {
		return d, fault.New(fault.Invalid, "dataset %s: skip and header are numbers of lines, 0 or more", dataset)
	}
	return d, nil
}

func optionsOf(config connectors.DatasetConfig) (Options, error) {
	var options Options
	err := config.DecodeOptions(&options)
	return options, err
}
