package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Page asks for rows page by page: in the order asked for and then of the key,
// behind the place where the page before ended. New and changed rows do not
// move that place.
type Page struct {
	// After holds the values of the last row of the page before, as the cursor
	// columns of its plan gave them, nil for NULL; empty for the first page.
	After []*string
	// Secret hides the order of keys that are not shown: pages are then in no
	// order that tells anything.
	Secret string
}

// ordered is a column that pages are ordered by.
type ordered struct {
	column string
	kind   schema.Type
	down   bool
}

// keyColumn names the column of governed rows that holds a part of the key,
// which is not shown.
func keyColumn(i int) string { return fmt.Sprintf("_key%d", i) }

// order lists the columns of pages: those asked for and the key. A dataset
// without a key has no pages by place: keyless is true.
func (b *builder) pageOrder(sort []string) (columns []ordered, keyless bool, err error) {
	for _, name := range sort {
		bare, down := strings.CutPrefix(name, "-")
		field, ok := b.fields[bare]
		if !ok {
			return nil, false, fault.New(fault.Invalid, "sort: there is no field %s that may be seen", bare)
		}
		columns = append(columns, ordered{warehouse.Ident(bare), field.Type, down})
	}
	for i, name := range b.dataset.Key {
		access := b.decision.Field(name)
		if access == nil {
			return nil, true, nil
		}
		kind := access.Field.Type
		if b.hidesKey(name) {
			kind = schema.Of(schema.String)
		}
		columns = append(columns, ordered{warehouse.Ident(keyColumn(i)), kind, false})
	}
	return columns, len(b.dataset.Key) == 0, nil
}

// hidesKey reports whether a part of the key is not shown as it is on every row
// that is.
func (b *builder) hidesKey(name string) bool {
	shown, known := b.fields[name]
	return !known || shown.Access != acl.Clear.String() || shown.SomeRows
}

// single reports whether a first page has one row at most, since its filter names
// the whole key: then there is nothing to order.
func (b *builder) single(request Request) bool {
	if request.Page == nil || len(request.Page.After) > 0 || len(b.dataset.Key) == 0 || request.AsOf != nil {
		return false
	}
	filter, err := request.condition()
	if err != nil {
		return false
	}
	named := filter.Equal()
	return !slices.ContainsFunc(b.dataset.Key, func(name string) bool { return b.hidesKey(name) || !slices.Contains(named, name) })
}

// withKey adds the key to governed rows: a hash of what is not shown of it.
func (b *builder) withKey(governed squirrel.SelectBuilder, page Page) squirrel.SelectBuilder {
	for i, name := range b.dataset.Key {
		access := b.decision.Field(name)
		switch {
		case access == nil:
		case b.hidesKey(name):
			governed = governed.Column("sha256(? || "+asText(access.Field)+") AS "+warehouse.Ident(keyColumn(i)), warehouse.Secret(page.Secret))
		default:
			governed = governed.Column(access.Field.Column + " AS " + warehouse.Ident(keyColumn(i)))
		}
	}
	return governed
}

// paged orders a statement, begins it behind the page before, and adds the
// values that the next page begins behind.
func paged(statement squirrel.SelectBuilder, columns []ordered, page Page) (squirrel.SelectBuilder, error) {
	if len(page.After) > 0 {
		if len(page.After) != len(columns) {
			return statement, fault.New(fault.Invalid, "cursor: it is of another question")
		}
		statement = statement.Where(behind(columns, page.After))
	}
	for i, c := range columns {
		direction := " ASC NULLS LAST"
		if c.down {
			direction = " DESC NULLS LAST"
		}
		statement = statement.OrderBy(c.column + direction).Column(fmt.Sprintf("CAST(%s AS VARCHAR) AS _cursor%d", c.column, i))
	}
	return statement, nil
}

// behind is the condition of rows behind a place: alike in the first columns,
// and behind in the next one. NULL is behind everything.
func behind(columns []ordered, after []*string) squirrel.Sqlizer {
	made := squirrel.Or{squirrel.Expr("FALSE")}
	var alike squirrel.And
	for i, c := range columns {
		if after[i] != nil {
			sign := " > "
			if c.down {
				sign = " < "
			}
			further := squirrel.Expr("("+c.column+sign+"CAST(? AS "+c.kind.SQL()+") OR "+c.column+" IS NULL)", *after[i])
			made = append(made, append(append(squirrel.And{}, alike...), further))
			alike = append(alike, squirrel.Expr(c.column+" = CAST(? AS "+c.kind.SQL()+")", *after[i]))
			continue
		}
		alike = append(alike, squirrel.Expr(c.column+" IS NULL"))
	}
	return made
}
