package render

import (
	"fmt"
	"strings"
)

// Styles of cells, in the order of cellXfs in xl/styles.xml.
const (
	_ = iota
	styleHeader
	styleText
	// styleQuoted is text that a spreadsheet would read as a formula when somebody
	// edits the cell: it keeps its quote.
	styleQuoted
	styleInteger
	styleDate
	styleTimestamp
	styleTimestampMillis
	styleMoment
	styleMomentMillis
	// styleScale0 + n is that of decimals with n digits behind the point.
	styleScale0
)

// maxScale is the number of digits behind the point that a format can show.
const maxScale = 30

// maxDigits is the number of decimal digits that a double, and so a cell of
// numbers, keeps whatever they are (DBL_DIG).
const maxDigits = 15

// Namespaces and kinds of ECMA-376, part 1.
const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainNamespace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	relations     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageKinds  = "http://schemas.openxmlformats.org/package/2006"
	contentKinds  = "application/vnd.openxmlformats-officedocument.spreadsheetml"
	// sheetHead begins a sheet and holds its first row in sight.
	sheetHead = xmlHead + `<worksheet ` + mainNamespace + `><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`
)

// workbookParts are the parts that do not depend on the rows, the list of kinds
// first: by it programs know a workbook. Sheets are the kind of any other part,
// since it is only known at the end how many there are.
var workbookParts = []struct{ name, text string }{
	{"[Content_Types].xml", xmlHead + `<Types xmlns="` + packageKinds + `/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="` + contentKinds + `.worksheet+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + contentKinds + `.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + contentKinds + `.styles+xml"/></Types>`},
	{"_rels/.rels", xmlHead + `<Relationships xmlns="` + packageKinds + `/relationships">` +
		`<Relationship Id="rId1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/styles.xml", stylesText()},
}

// firstFormat is the first number of a format of one's own (ECMA-376, 18.8.30).
const firstFormat = 164

func stylesText() string {
	formats := []string{`yyyy\-mm\-dd`, `yyyy\-mm\-dd hh:mm:ss`, `yyyy\-mm\-dd hh:mm:ss.000`, `yyyy\-mm\-dd hh:mm:ss&quot;Z&quot;`, `yyyy\-mm\-dd hh:mm:ss.000&quot;Z&quot;`, "0"}
	for scale := range maxScale {
		formats = append(formats, "0."+strings.Repeat("0", scale+1))
	}
	var text strings.Builder
	fmt.Fprintf(&text, xmlHead+`<styleSheet `+mainNamespace+`><numFmts count="%d">`, len(formats))
	for i, format := range formats {
		fmt.Fprintf(&text, `<numFmt numFmtId="%d" formatCode="%s"/>`, firstFormat+i, format)
	}
	text.WriteString(`</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>`)
	fmt.Fprintf(&text, `<cellXfs count="%d">`, styleScale0+maxScale+1)
	text.WriteString(`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
		`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>` +
		`<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`)
	for i := range formats {
		fmt.Fprintf(&text, `<xf numFmtId="%d" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`, firstFormat+i)
	}
	text.WriteString(`</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`)
	return text.String()
}

// workbookText names the sheets: the rows and, where texts were cut, their list.
func workbookText(cut bool) (book, related string) {
	sheets := []string{"rows"}
	if cut {
		sheets = append(sheets, "cut")
	}
	var names, targets strings.Builder
	for i, sheet := range sheets {
		fmt.Fprintf(&names, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, sheet, i+1, i+1)
		fmt.Fprintf(&targets, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, relations, i+1)
	}
	fmt.Fprintf(&targets, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, len(sheets)+1, relations)
	return xmlHead + `<workbook ` + mainNamespace + ` xmlns:r="` + relations + `"><sheets>` + names.String() + `</sheets></workbook>`,
		xmlHead + `<Relationships xmlns="` + packageKinds + `/relationships">` + targets.String() + `</Relationships>`
}
