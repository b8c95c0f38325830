package query_test

import (
	"fmt"
	"slices"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/query"
)

// counting works out figures in the plainest way.
type counting struct {
	w      *world
	asked  acltest.Asked
	salt   string
	people int
	split  []string
	// unseen are dimensions that are not seen: rows are parted by their raw values.
	unseen  []string
	protect bool
}

// figures gives the counts that are to be seen: of rows and, for a second
// metric, of the values of its field, by college where that is asked for.
func figures(w *world, asked acltest.Asked, request query.Request) []string {
	c := newCounting(w, asked, request)
	groups, rows, values := []string{}, map[string]int{}, map[string]int{}
	for _, row := range c.rows() {
		group := ""
		if len(request.GroupBy) > 0 {
			group = cell(c.value("college", row))
		}
		if !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
		rows[group]++
		if len(request.Metrics) > 1 && c.counts(request.Metrics[1].Field, row) {
			values[group]++
		}
	}
	if len(groups) == 0 && len(request.GroupBy) == 0 {
		groups = append(groups, "")
	}
	var lines []string
	for _, group := range groups {
		line := fmt.Sprintf("%s%d|", group, rows[group])
		if len(request.Metrics) > 1 {
			line += fmt.Sprintf("%d|", values[group])
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func newCounting(w *world, asked acltest.Asked, request query.Request) *counting {
	c := &counting{w: w, asked: asked, salt: query.SaltOf("secret", asked.Purpose, asked.Who.ID)}
	decision, err := w.set.Compile(asked.Principal(), acl.Request{Right: asked.Right, Purpose: asked.Purpose, At: asked.At}, w.resource)
	if err != nil {
		return c
	}
	spoken := slices.Clone(request.GroupBy)
	for _, metric := range request.Metrics {
		spoken = append(spoken, metric.Field)
	}
	c.protect = !decision.Shown() || slices.ContainsFunc(spoken, func(name string) bool {
		field := decision.Field(name)
		return field != nil && field.Statistical()
	})
	if grouping := decision.Grouping(); grouping != nil {
		c.people = grouping.MinPeople
		for _, name := range grouping.Dimensions {
			switch field := decision.Field(name); {
			case field == nil:
			case field.Best().Access == acl.Denied:
				c.unseen = append(c.unseen, name)
			default:
				c.split = append(c.split, name)
			}
		}
	}
	return c
}

func (c *counting) field(name string) acl.Field {
	field, _ := c.w.resource.Field(name)
	return field
}

func (c *counting) shown(name string, row acltest.Row) bool {
	return c.w.reference().Shown(c.asked, c.field(name), row).Access >= acl.Masked
}

// value is what counts of a field of a row.
func (c *counting) value(name string, row acltest.Row) condition.Value {
	limit := c.w.reference().Shown(c.asked, c.field(name), row)
	if c.protect {
		limit = c.w.reference().Counted(c.asked, c.field(name), row)
	} else if limit.Access < acl.Masked {
		limit = acl.Limit{}
	}
	return acltest.Shown(row[name], limit, c.salt)
}

func (c *counting) visible(row acltest.Row) bool {
	return slices.ContainsFunc(c.w.resource.Fields, func(f acl.Field) bool { return c.shown(f.Name, row) })
}

// open reports whether figures use what is shown of a field of a row and no more.
// Masks that denies leave are the same for both.
func (c *counting) open(name string, row acltest.Row) bool {
	reference := c.w.reference()
	reference.Policies = slices.DeleteFunc(slices.Clone(reference.Policies), func(p acl.Policy) bool { return p.Effect == acl.Deny && p.Mask != nil })
	shown, counted := reference.Shown(c.asked, c.field(name), row), reference.Counted(c.asked, c.field(name), row)
	return shown.Access >= acl.Masked && shown.Mask == counted.Mask
}

// hidden reports whether a row counts only in a crowd.
func (c *counting) hidden(row acltest.Row) bool {
	return !c.visible(row) || slices.ContainsFunc(c.split, func(name string) bool { return !c.open(name, row) })
}

// base are the rows that may count at all.
func (c *counting) base() []acltest.Row {
	var base []acltest.Row
	for _, row := range c.w.rows {
		counted := slices.ContainsFunc(c.w.resource.Fields, func(f acl.Field) bool {
			return c.w.reference().Counted(c.asked, f, row).Access >= acl.Statistics
		})
		if c.protect && counted || !c.protect && c.visible(row) {
			base = append(base, row)
		}
	}
	return base
}

// atom lists the rows that agree with a row in all dimensions.
func (c *counting) atom(row acltest.Row) []acltest.Row {
	var atom []acltest.Row
	for _, other := range c.base() {
		apart := slices.ContainsFunc(c.split, func(name string) bool { return c.value(name, row) != c.value(name, other) }) ||
			slices.ContainsFunc(c.unseen, func(name string) bool { return row[name] != other[name] })
		if !apart {
			atom = append(atom, other)
		}
	}
	return atom
}

// crowd counts the people, or rows, of an atom that fit.
func (c *counting) crowd(atom []acltest.Row, fits func(acltest.Row) bool) int {
	people, rows := map[string]bool{}, 0
	for _, row := range atom {
		if fits(row) {
			people[row[c.w.resource.Person].Text] = true
			rows++
		}
	}
	if c.w.resource.Person == "" {
		return rows
	}
	return len(people)
}

// rows are those that count.
func (c *counting) rows() []acltest.Row {
	if !c.protect {
		return c.base()
	}
	var counted []acltest.Row
	for _, row := range c.base() {
		if c.counted(row) {
			counted = append(counted, row)
		}
	}
	return counted
}

// counted reports whether a row that may count does.
func (c *counting) counted(row acltest.Row) bool {
	return !c.hidden(row) || c.crowd(c.atom(row), c.hidden) >= c.people
}

// counts reports whether the value of a field of a row that counts is counted.
func (c *counting) counts(name string, row acltest.Row) bool {
	if !c.value(name, row).Valid {
		return false
	}
	if !c.protect || c.open(name, row) {
		return true
	}
	closed := func(valid bool) int {
		return c.crowd(c.atom(row), func(r acltest.Row) bool { return !c.open(name, r) && c.value(name, r).Valid == valid && c.counted(r) })
	}
	missing := closed(false)
	return closed(true) >= c.people && (missing == 0 || missing >= c.people)
}
