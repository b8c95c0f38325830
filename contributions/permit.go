package contributions

import (
	"context"
	"fmt"
	"slices"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
)

// permits gives, for each field that may be written on some row, the rows on
// which it may be. What would be masked or in statistics only may not be
// written: half a value is none.
func (g *Gate) permits(ctx context.Context, decision *acl.Decision) (map[string]sq.Sqlizer, error) {
	made := map[string]sq.Sqlizer{}
	for _, field := range decision.Fields() {
		if permit := permit(decision, field); permit != nil {
			made[field.Field.Name] = permit
		}
	}
	limit := decision.Consent()
	if limit == nil || len(made) == 0 {
		return made, nil
	}
	consented, err := g.Consents.Consented(ctx, limit.Purpose, limit.Recipient)
	if err != nil {
		return nil, fmt.Errorf("look up who consented: %w", err)
	}
	person := decision.Field(limit.Person)
	if person == nil {
		return map[string]sq.Sqlizer{}, nil
	}
	about := sq.Expr("CAST("+person.Field.Column+" AS VARCHAR) IN (SELECT unnest(CAST(? AS VARCHAR[])))", slices.Concat([]string{}, consented, limit.Own))
	for name, permit := range made {
		made[name] = sq.And{permit, about}
	}
	return made, nil
}

// permit is the condition of the rows on which a field may be written: nil
// where there are none. A deny counts where its condition is not false, an allow
// where it is true.
func permit(decision *acl.Decision, field acl.FieldAccess) sq.Sqlizer {
	denied, allowed := field.Denied.Or(field.Statistics), acl.When{}
	for _, term := range field.Caps {
		denied = denied.Or(term.When)
	}
	for _, term := range field.Allows {
		if term.Limit.Access == acl.Clear {
			allowed = allowed.Or(term.When)
		}
	}
	if denied.Always || allowed.Never() {
		return nil
	}
	made := sq.And{}
	if !denied.Never() {
		made = append(made, sq.ConcatExpr("NOT (", anyOf(decision, denied, "coalesce(%s, TRUE)"), ")"))
	}
	if !allowed.Always {
		made = append(made, anyOf(decision, allowed, "coalesce(%s, FALSE)"))
	}
	if len(made) == 0 {
		return sq.Expr("TRUE")
	}
	return made
}

func anyOf(decision *acl.Decision, when acl.When, form string) sq.Sqlizer {
	made := sq.Or{}
	for _, place := range when.Any {
		sql, args, err := decision.Conditions()[place].ToSql()
		if err != nil {
			return failed{err}
		}
		made = append(made, sq.Expr(fmt.Sprintf(form, sql), args...))
	}
	return made
}

// failed carries an error to where the statement is written.
type failed struct{ err error }

func (f failed) ToSql() (string, []any, error) { return "", nil, f.err } //nolint:revive // squirrel's name
