package acltest

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strings"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
)

// Shown gives what a limit shows of a value, by the plain meaning of each mask.
// Named expressions are not among them.
func Shown(value condition.Value, limit acl.Limit, salt string) condition.Value {
	mask := limit.Mask
	switch {
	case limit.Access == acl.Denied, mask.Kind == acl.MaskNull:
		return condition.Value{}
	case mask.Kind == acl.MaskConstant:
		return condition.Value{Text: mask.Value, Valid: true}
	case mask == acl.Mask{} || !value.Valid:
		return value
	}
	return condition.Value{Text: masked([]rune(value.Text), mask, salt), Valid: true}
}

func masked(text []rune, mask acl.Mask, salt string) string {
	first := func(n int) string { return string(text[:n]) }
	last := func(n int) string { return string(text[len(text)-n:]) }
	keep := max(mask.Keep, 1)
	switch mask.Kind {
	case acl.MaskFirst:
		if len(text) > keep {
			return first(keep) + "***"
		}
	case acl.MaskLast:
		if len(text) > keep {
			return "***" + last(keep)
		}
	case acl.MaskName:
		if len(text) < 2 {
			return "**"
		}
		return first(1) + "**"
	case acl.MaskPhone:
		if len(text) >= 11 {
			return first(3) + "****" + last(4)
		}
	case acl.MaskIDNumber:
		if len(text) >= 9 {
			return first(3) + "***********" + last(2)
		}
	case acl.MaskEmail:
		if at := strings.IndexRune(string(text), '@'); at > 0 {
			return first(1) + "***" + string(text)[at:]
		}
	case acl.MaskBankCard:
		if len(text) >= 12 {
			return "**** **** " + last(4)
		}
	case acl.MaskYear:
		return first(4) + "-01-01"
	case acl.MaskHash:
		sum := sha256.Sum256([]byte(salt + string(text)))
		return hex.EncodeToString(sum[:])[:32]
	case acl.MaskRange:
		return ranged(string(text), mask)
	}
	return "***"
}

func ranged(text string, mask acl.Mask) string {
	number, _ := new(big.Rat).SetString(text)
	if mask.Step != "" {
		step, _ := new(big.Rat).SetString(mask.Step)
		steps := new(big.Rat).Quo(number, step)
		count := new(big.Rat).SetInt(new(big.Int).Div(steps.Num(), steps.Denom())) // Euclidean: down, also below 0
		_, behind, _ := strings.Cut(mask.Step, ".")
		lower := new(big.Rat).Mul(count, step)
		return lower.FloatString(len(behind)) + "–" + new(big.Rat).Add(lower, step).FloatString(len(behind))
	}
	bounds := strings.Split(mask.Bounds, ",")
	for i, bound := range bounds {
		limit, _ := new(big.Rat).SetString(bound)
		if number.Cmp(limit) >= 0 {
			continue
		}
		if i == 0 {
			return "< " + bound
		}
		return bounds[i-1] + "–" + bound
	}
	return "≥ " + bounds[len(bounds)-1]
}
