package plan

import (
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
)

// cases lists what is shown of a field, first match first, after the meaning of
// [acl.FieldAccess].
func (b *builder) cases(access *acl.FieldAccess, s shape, whole bool) ([]oneCase, error) {
	var made []oneCase
	nothing := func(when acl.When) {
		if !when.Never() {
			made = append(made, oneCase{when: b.notFalse(when), nothing: true})
		}
	}
	if !whole {
		nothing(access.Denied)
		if s == shownRows {
			nothing(access.Statistics)
		}
	}
	capped, err := b.capped(access, s)
	if err != nil {
		return nil, err
	}
	allowed, err := b.allowed(access, s, nil, func(l acl.Limit) acl.Limit { return l })
	if err != nil {
		return nil, err
	}
	made = append(append(made, capped...), allowed...)
	if whole && len(made) == 1 {
		made[0].when = nil // the row filter has said it
	}
	return ended(made), nil
}

// ended cuts what comes behind a case that always holds, and ends with NULL
// where none does.
func ended(cases []oneCase) []oneCase {
	for i, one := range cases {
		if one.when == nil {
			return cases[:i+1]
		}
	}
	return append(cases, oneCase{nothing: true})
}

// allowed lists what the terms of Allows show under a further condition, the
// most first.
func (b *builder) allowed(access *acl.FieldAccess, s shape, under squirrel.Sqlizer, limited func(acl.Limit) acl.Limit) ([]oneCase, error) {
	var made []oneCase
	for _, term := range s.terms(access.Allows, limited) {
		one, err := b.show(access.Field, term.Limit)
		if err != nil {
			return nil, err
		}
		switch {
		case under != nil && term.When.Always:
			one.when = under
		case under != nil:
			one.when = squirrel.And{under, b.isTrue(term.When)}
		case !term.When.Always:
			one.when = b.isTrue(term.When)
		}
		made = append(made, one)
	}
	return made, nil
}

// terms gives the terms that show something, the most first. Among rows that
// are counted, clear values come before masked ones whatever else is shown.
func (s shape) terms(allows []acl.Term, limited func(acl.Limit) acl.Limit) []acl.Term {
	var made []acl.Term
	for _, term := range allows {
		if s == countedRows {
			term.Limit.Access = acl.Statistics
		}
		if s == countedRows || term.Limit.Access > acl.Statistics {
			made = append(made, acl.Term{Limit: limited(term.Limit), When: term.When})
		}
	}
	slices.SortStableFunc(made, func(a, b acl.Term) int { return b.Limit.Compare(a.Limit) })
	return made
}

// capped lists what is shown where denies leave a mask: NULL where several do
// that differ.
func (b *builder) capped(access *acl.FieldAccess, s shape) ([]oneCase, error) {
	var made []oneCase
	for i, one := range access.Caps {
		for _, other := range access.Caps[i+1:] {
			made = append(made, oneCase{when: squirrel.And{b.notFalse(one.When), b.notFalse(other.When)}, nothing: true})
		}
	}
	for _, term := range access.Caps {
		under := b.notFalse(term.When)
		shown, err := b.allowed(access, s, under, func(l acl.Limit) acl.Limit { return l.Capped(term.Limit.Mask) })
		if err != nil {
			return nil, err
		}
		made = append(append(made, shown...), oneCase{when: under, nothing: true})
	}
	return made, nil
}

func (b *builder) show(field acl.Field, limit acl.Limit) (oneCase, error) {
	made := oneCase{kind: b.decision.TypeOf(field, limit), value: expression{sql: field.Column}}
	if limit.Mask == (acl.Mask{}) {
		return made, nil
	}
	made.nothing = limit.Mask.Kind == acl.MaskNull
	var err error
	made.value, err = b.masked(field, limit.Mask)
	return made, err
}
