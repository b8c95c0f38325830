package acl

import (
	"cmp"
	"slices"

	"github.com/yitong-hub/yitong/acl/condition"
)

// Access is what a principal gets of a field. The zero value is Denied.
type Access int

// The accesses, from nothing to everything.
const (
	Denied Access = iota
	Statistics
	Masked
	Clear
)

// String gives "denied", "statistics", "masked" or "clear".
func (a Access) String() string {
	switch a {
	case Statistics:
		return "statistics"
	case Masked:
		return "masked"
	case Clear:
		return "clear"
	}
	return "denied"
}

// MarshalText writes the access by its name.
func (a Access) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Limit is how much is shown: an access and, where values are seen masked only,
// the mask. Statistics with a mask are figures over masked values.
type Limit struct {
	Access Access `json:"access"`
	Mask   Mask   `json:"mask,omitzero"`
}

// String gives the access, or the mask.
func (l Limit) String() string {
	switch {
	case l.Mask == Mask{}:
		return l.Access.String()
	case l.Access == Statistics:
		return "statistics of masked values (" + l.Mask.String() + ")"
	}
	return "masked (" + l.Mask.String() + ")"
}

// Compare orders limits by how much they show: negative when l shows less.
// Masks of one kind are ordered by their settings, so that the order is total.
func (l Limit) Compare(other Limit) int {
	return cmp.Or(
		cmp.Compare(l.Access, other.Access),
		-cmp.Compare(min(len(l.Mask.Kind), 1), min(len(other.Mask.Kind), 1)),
		cmp.Compare(slices.Index(revealing, l.Mask.Kind), slices.Index(revealing, other.Mask.Kind)),
		cmp.Compare(l.Mask.Keep, other.Mask.Keep),
		cmp.Compare(l.Mask.String(), other.Mask.String()),
	)
}

// When says on which rows a term counts: on all, or where any of the decision's
// conditions holds. The zero value is no rows.
type When struct {
	Always bool  `json:"always,omitempty"`
	Any    []int `json:"any,omitempty"`
}

// Never reports whether the term counts on no row.
func (w When) Never() bool { return !w.Always && len(w.Any) == 0 }

// Or gives the rows of either.
func (w When) Or(other When) When {
	if w.Always || other.Always {
		return When{Always: true}
	}
	all := slices.Concat(w.Any, other.Any)
	slices.Sort(all)
	return When{Any: slices.Compact(all)}
}

// Term is a limit and the rows on which it counts.
type Term struct {
	Limit Limit `json:"limit"`
	When  When  `json:"when"`
}

// FieldAccess is what a principal gets of a field, row by row:
//
//   - nothing where Denied counts, or no term of Allows does;
//   - otherwise the most of what the terms of Allows that count leave, each taken
//     down to statistics where Statistics counts and to the mask of each term of
//     Caps that counts; where masks meet that differ, the value is NULL.
//
// A condition of Allows counts where it is true, one of the others where it is
// not false.
type FieldAccess struct {
	Field      Field  `json:"field"`
	Denied     When   `json:"denied,omitzero"`
	Statistics When   `json:"statistics,omitzero"`
	Caps       []Term `json:"caps,omitempty"`
	Allows     []Term `json:"allows,omitempty"`

	allowedBy, deniedBy []int
	// note says why nothing is shown where no policy is the reason.
	note string
}

// Best is the most that is shown on any row.
func (f *FieldAccess) Best() Limit {
	always := func(w When) bool { return w.Always }
	return f.most(always, func(w When) bool { return !w.Never() })
}

// Capped is what is left of a limit under a mask.
func (l Limit) Capped(mask Mask) Limit {
	if l.Access == Denied {
		return l
	}
	if l.Mask != (Mask{}) {
		mask = l.Mask.meet(mask)
	}
	return Limit{Access: min(l.Access, Masked), Mask: mask}
}

// counted is what is left of a limit where no values are shown, only statistics.
func (l Limit) counted() Limit { return Limit{Access: min(l.Access, Statistics), Mask: l.Mask} }

// Whole reports whether the field is shown alike on all rows.
func (f *FieldAccess) Whole() bool {
	if f.Best().Access == Denied {
		return true
	}
	whole := func(w When) bool { return w.Always || w.Never() }
	capped := !slices.ContainsFunc(f.Caps, func(t Term) bool { return !t.When.Always })
	return f.Allows[0].When.Always && whole(f.Denied) && whole(f.Statistics) && capped
}

// On gives what is shown on a row, of which truth tells how each condition comes out.
func (f *FieldAccess) On(truth func(condition int) condition.Truth) Limit {
	counts := func(strict bool) func(When) bool {
		return func(w When) bool {
			return w.Always || slices.ContainsFunc(w.Any, func(i int) bool {
				t := truth(i)
				return t == condition.True || !strict && t == condition.Unknown
			})
		}
	}
	return f.most(counts(false), counts(true))
}

// most is the most that is shown where denies and allows count.
func (f *FieldAccess) most(denies, allows func(When) bool) Limit {
	shown := Limit{}
	if denies(f.Denied) {
		return shown
	}
	for _, term := range f.Allows {
		if !allows(term.When) {
			continue
		}
		limit := term.Limit
		if denies(f.Statistics) {
			limit = limit.counted()
		}
		for _, limiting := range f.Caps {
			if denies(limiting.When) {
				limit = limit.Capped(limiting.Limit.Mask)
			}
		}
		if limit.Compare(shown) > 0 {
			shown = limit
		}
	}
	return shown
}

// Statistical reports whether on some row there are statistics of the field and
// no values.
func (f *FieldAccess) Statistical() bool {
	return f.Best().Access > Denied && (!f.Statistics.Never() || f.Allows[len(f.Allows)-1].Limit.Access == Statistics)
}
