package check

import (
	"fmt"
	"strings"
)

// idWeights are GB 11643-1999's weights of the first 17 digits, modulo 11.
var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// idNumber is true for a resident ID number: 17 digits with a real date of
// birth and the check character of ISO 7064, MOD 11-2.
func idNumber(text string) string {
	terms := make([]string, len(idWeights))
	for i, weight := range idWeights {
		terms[i] = fmt.Sprintf("%d * (ascii(substr(%s, %d, 1)) - 48)", weight, text, i+1)
	}
	sum := strings.Join(terms, " + ")
	return fmt.Sprintf(`CASE WHEN regexp_full_match(%[1]s, '[1-9][0-9]{16}[0-9X]')
	THEN try_strptime(substr(%[1]s, 7, 8), '%%Y%%m%%d') IS NOT NULL
	AND substr('10X98765432', ((%[2]s) %% 11) + 1, 1) = substr(%[1]s, 18, 1)
	ELSE false END`, text, sum)
}

// luhn is true when the last digit is the check digit of those before it.
func luhn(text string) string {
	doubled := "(CAST(d AS INTEGER) * 2) // 10 + (CAST(d AS INTEGER) * 2) % 10"
	return fmt.Sprintf(`CASE WHEN regexp_full_match(%s, '[0-9]{2,32}')
	THEN list_sum(list_transform(string_split(reverse(%s), ''), lambda d, i: CASE WHEN i %% 2 = 1 THEN CAST(d AS INTEGER) ELSE %s END)) %% 10 = 0
	ELSE false END`, text, text, doubled)
}
