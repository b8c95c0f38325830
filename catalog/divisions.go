package catalog

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/yitong-hub/yitong/catalog/definition"
)

// divisionDigits is the length of a code of GB/T 2260: two digits each for the
// province, the city and the county.
const divisionDigits = 6

// divisions makes the code set of administrative divisions out of the files of
// standards/gbt2260; codes of provinces and cities are filled up with zeros.
func divisions() (CodeSet, error) {
	set := CodeSet{
		ID:       "division",
		Title:    definition.Text{ZH: "行政区划", EN: "Administrative divisions"},
		Standard: "GB/T 2260-2007",
	}
	for _, file := range []string{"provinces", "cities", "areas"} {
		codes, err := divisionFile("standards/gbt2260/" + file + ".csv")
		if err != nil {
			return CodeSet{}, err
		}
		set.Codes = append(set.Codes, codes...)
	}
	slices.SortStableFunc(set.Codes, func(a, b Code) int { return strings.Compare(a.Code, b.Code) })
	// A city without counties stands among the counties once more, by its own code.
	set.Codes = slices.CompactFunc(set.Codes, func(a, b Code) bool { return a == b })
	return set, nil
}

func divisionFile(name string) ([]Code, error) {
	file, err := standardFiles.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	codes := make([]Code, 0, len(rows))
	for _, row := range rows[1:] {
		code := row[0] + strings.Repeat("0", max(0, divisionDigits-len(row[0])))
		codes = append(codes, Code{Code: code, ZH: row[1]})
	}
	return codes, nil
}
