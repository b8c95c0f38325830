package statement

import "strings"

// withoutQualifiers blanks out, in place, how PostgreSQL's clients name its own
// things and the engine cannot read: pg_catalog. before functions, types and
// tables, whose names are unlike all others, OPERATOR(…) around an operator, and
// COLLATE with the default.
func withoutQualifiers(text string) string {
	if lower := strings.ToLower(text); !strings.Contains(lower, "pg_catalog") && !strings.Contains(lower, "operator") {
		return text
	}
	tokens, err := Tokens(text)
	if err != nil {
		return text // the engine says what is wrong
	}
	made := []byte(text)
	blank := func(part Token) {
		for i := range part.Text {
			made[part.At+i] = ' '
		}
	}
	var left []Token
	for i := 0; i < len(tokens); i++ {
		if isName(tokens[i], "pg_catalog") && i+1 < len(tokens) && tokens[i+1].Text == "." {
			blank(tokens[i])
			blank(tokens[i+1])
			i++
			continue
		}
		left = append(left, tokens[i])
	}
	for i, one := range left {
		switch {
		case one.Is("operator") && i+1 < len(left) && left[i+1].Text == "(":
			blank(one)
			blank(left[i+1])
			for _, behind := range left[i+2:] {
				if behind.Text == ")" {
					blank(behind)
					break
				}
			}
		case one.Is("collate") && i+1 < len(left) && isName(left[i+1], "default"):
			blank(one)
			blank(left[i+1])
		}
	}
	return string(made)
}

func isName(token Token, name string) bool {
	return (token.Kind == Word || token.Kind == Quoted) && token.Value() == name
}
