package ranger

import "strings"

// tokens says how names in patterns are marked that stand for something of the
// request, as {USER} does.
type tokens struct {
	enabled            bool
	start, end, escape byte
	prefix             string
}

func tokensOf(options Options) tokens {
	return tokens{
		enabled: optionFlag(options, "replaceTokens", true),
		start:   optionByte(options, "tokenDelimiterStart", '{'),
		end:     optionByte(options, "tokenDelimiterEnd", '}'),
		escape:  optionByte(options, "tokenDelimiterEscape", '\\'),
		prefix:  options["tokenDelimiterPrefix"],
	}
}

func optionFlag(options Options, name string, otherwise bool) bool {
	if options[name] == "" {
		return otherwise
	}
	return strings.EqualFold(options[name], "true")
}

func optionByte(options Options, name string, otherwise byte) byte {
	if options[name] == "" {
		return otherwise
	}
	return options[name][0]
}

// in tells whether a pattern has a token.
func (t tokens) in(pattern string) bool {
	if !t.enabled {
		return false
	}
	opened := false
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case t.escape:
			i++
		case t.start:
			opened = true
		case t.end:
			if opened {
				return true
			}
		}
	}
	return false
}

// replace puts in the values of the tokens; what has no value stays as it is.
func (t tokens) replace(pattern string, value func(name string) (string, bool)) string {
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == t.escape && i+1 < len(pattern):
			i++
			out.WriteByte(pattern[i])
		case c == t.start && strings.IndexByte(pattern[i+1:], t.end) >= 0:
			token := pattern[i+1 : i+1+strings.IndexByte(pattern[i+1:], t.end)]
			i += len(token) + 1
			out.WriteString(t.expand(token, value))
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

func (t tokens) expand(token string, value func(name string) (string, bool)) string {
	name, ok := strings.CutPrefix(token, t.prefix)
	if found, known := value(name); ok && known {
		return found
	}
	return string(t.start) + token + string(t.end)
}
