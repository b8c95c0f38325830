package ranger

import (
	"github.com/yitong-hub/yitong/acl"
)

// keptCharacters is how many characters Ranger's partial masks leave.
const keptCharacters = 4

// redaction stands for values that Ranger redacts character by character.
const redaction = "xxxx"

// maskOf takes a mask of Ranger; nil leaves clear values.
func maskOf(given MaskInfo) (*acl.Mask, []problem) {
	var problems []problem
	if given.Condition != nil && *given.Condition != "" {
		problems = append(problems, less(
			"the mask's condition "+shortened(*given.Condition), "masks here are for all rows of a policy", "all rows are masked",
		))
	}
	partial := more(
		given.Type+" of dates and of numbers with fractions", "Hive's function shows nothing of these, the mask here characters of their text",
		"give such columns a policy with the mask year or null",
	)
	switch given.Type {
	case "MASK_NONE":
		if len(problems) == 0 {
			return nil, nil
		}
		return &acl.Mask{Kind: acl.MaskNull}, problems
	case "MASK":
		redacted := less("MASK", "it shows how long values are and where they have letters and digits", redaction+" is shown for every value")
		return &acl.Mask{Kind: acl.MaskConstant, Value: redaction}, append(problems, redacted)
	case "MASK_SHOW_LAST_4":
		return &acl.Mask{Kind: acl.MaskLast, Keep: keptCharacters}, append(problems, partial)
	case "MASK_SHOW_FIRST_4":
		return &acl.Mask{Kind: acl.MaskFirst, Keep: keptCharacters}, append(problems, partial)
	case "MASK_HASH":
		salted := same("MASK_HASH", "hashes here are salted, so that nobody can look them up", "equal values of one purpose have equal hashes, others than Hive's")
		return &acl.Mask{Kind: acl.MaskHash}, append(problems, salted)
	case "MASK_DATE_SHOW_YEAR":
		return &acl.Mask{Kind: acl.MaskYear}, problems
	case "MASK_NULL", "NULL":
		return &acl.Mask{Kind: acl.MaskNull}, problems
	}
	what := "the mask " + given.Type
	if given.Value != nil && *given.Value != "" {
		what += " (" + shortened(*given.Value) + ")"
	}
	return &acl.Mask{Kind: acl.MaskNull}, append(problems, less(what, "no mask here is alike", "NULL is shown"))
}
