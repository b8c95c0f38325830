package csvfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/yitong-hub/yitong/internal/fault"
)

const utf8Name = "utf-8"

// encodingNamed gives the encoding of a name, nil for UTF-8.
func encodingNamed(name string) (encoding.Encoding, error) {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "-")) {
	case utf8Name, "utf8", "ascii", "utf-8-sig":
		return nil, nil
	case "gb18030", "gbk", "gb2312", "cp936":
		return simplifiedchinese.GB18030, nil
	case "big5":
		return traditionalchinese.Big5, nil
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), nil
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nil
	case "shift-jis":
		return japanese.ShiftJIS, nil
	case "euc-kr":
		return korean.EUCKR, nil
	case "windows-1252":
		return charmap.Windows1252, nil
	case "iso-8859-1":
		return charmap.ISO8859_1, nil
	}
	return nil, fault.New(fault.Invalid,
		"unknown encoding %q: write utf-8, gb18030, big5, utf-16le, utf-16be, shift-jis, euc-kr, windows-1252 or iso-8859-1", name)
}

// probe is how much text around the first character beyond ASCII decides.
const probe = 1 << 20

// detectEncoding reads until it knows the encoding: by a byte order mark, or
// by the first characters beyond ASCII, wherever in the file they are. Text that is
// neither UTF-8 nor GB18030 has no certain reading and is refused.
func detectEncoding(file io.ReaderAt, size int64) (string, error) {
	block := make([]byte, probe)
	for offset := int64(0); offset < size; {
		n, err := file.ReadAt(block, offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		text := block[:n]
		if offset == 0 {
			if name := marked(text); name != "" {
				return name, nil
			}
		}
		first := bytes.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
		if first < 0 {
			offset += int64(n)
			continue
		}
		if n == probe && first > probe/2 {
			offset += int64(first) - 1
			if offset < 0 {
				offset = 0
			}
			if n, err = file.ReadAt(block, offset); err != nil && !errors.Is(err, io.EOF) {
				return "", err
			}
			text = block[:n]
		}
		return decide(text)
	}
	return utf8Name, nil
}

// marked knows byte order marks, and UTF-16 by its zero bytes.
func marked(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte("\xEF\xBB\xBF")):
		return utf8Name
	case bytes.HasPrefix(text, []byte("\xFF\xFE")):
		return "utf-16le"
	case bytes.HasPrefix(text, []byte("\xFE\xFF")):
		return "utf-16be"
	}
	var even, odd int
	for i, b := range text[:min(len(text), 4096)] {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	quarter := min(len(text), 4096) / 4
	switch {
	case quarter > 0 && odd > quarter && even == 0:
		return "utf-16le"
	case quarter > 0 && even > quarter && odd == 0:
		return "utf-16be"
	}
	return ""
}

const (
	// utf8Share is how many well-formed characters must stand against one damaged
	// byte for UTF-8: in GBK text it is the other way round, seven to one.
	utf8Share = 3
	// tolerated is the share of undecodable characters, as one in so many, up to
	// which a text still counts as GB18030: single lines may be damaged.
	tolerated = 50
)

func decide(text []byte) (string, error) {
	if good, bad := countUTF8(text); bad*utf8Share <= good {
		return utf8Name, nil
	}
	decoded, _ := simplifiedchinese.GB18030.NewDecoder().Bytes(text) // a cut last character shows as one replacement
	characters, wrong := 0, 0
	for _, r := range string(decoded) {
		switch {
		case r == utf8.RuneError:
			wrong++
		case r >= utf8.RuneSelf:
			characters++
		}
	}
	if wrong <= 1 || wrong*tolerated <= characters {
		return "gb18030", nil
	}
	return "", fault.New(fault.Invalid, "the text is neither UTF-8 nor GB18030: state its encoding in the dataset's options")
}

// countUTF8 counts characters beyond ASCII, well-formed and not; one cut at the
// end is neither.
func countUTF8(text []byte) (good, bad int) {
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			if !utf8.FullRune(text) {
				return good, bad
			}
			bad++
		} else {
			good++
		}
		text = text[size:]
	}
	return good, bad
}

// decoded gives a file as UTF-8, without a byte order mark. Undecodable bytes
// become U+FFFD, which rejects their record.
func decoded(file io.Reader, name string) (io.Reader, error) {
	coding, err := encodingNamed(name)
	if err != nil {
		return nil, err
	}
	if coding == nil {
		return file, nil
	}
	return &decodingReader{from: file, decoder: coding.NewDecoder(), raw: make([]byte, 0, rawBlock)}, nil
}

const rawBlock = 256 << 10

// decodingReader decodes in large blocks, several times as fast as transform.Reader.
type decodingReader struct {
	from    io.Reader
	decoder *encoding.Decoder
	raw     []byte
	ended   bool
	// rest is decoded text that the last caller had no room for.
	rest []byte
}

// leastRoom is enough for one character, and some more.
const leastRoom = 64

func (d *decodingReader) Read(into []byte) (int, error) {
	if len(d.rest) == 0 && len(into) < leastRoom {
		room := make([]byte, leastRoom)
		n, err := d.read(room)
		if err != nil {
			return 0, err
		}
		d.rest = room[:n]
	}
	if len(d.rest) > 0 {
		n := copy(into, d.rest)
		d.rest = d.rest[n:]
		return n, nil
	}
	return d.read(into)
}

// read decodes into room for one character at least.
func (d *decodingReader) read(into []byte) (int, error) {
	for {
		if !d.ended && len(d.raw) < cap(d.raw)/2 {
			n, err := io.ReadFull(d.from, d.raw[len(d.raw):cap(d.raw)])
			d.raw = d.raw[:len(d.raw)+n]
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				d.ended = true
			} else if err != nil {
				return 0, err
			}
		}
		written, read, err := d.decoder.Transform(into, d.raw, d.ended)
		d.raw = d.raw[:copy(d.raw, d.raw[read:])]
		switch {
		case written > 0:
			return written, nil
		case d.ended && len(d.raw) == 0:
			return 0, io.EOF
		case err != nil && !errors.Is(err, transform.ErrShortSrc):
			return 0, err
		}
	}
}
