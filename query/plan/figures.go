package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// Functions of metrics.
const (
	Count         = "count"
	CountDistinct = "count_distinct"
	Sum           = "sum"
	Average       = "avg"
	Minimum       = "min"
	Maximum       = "max"
)

var (
	metricsOfRows = []string{Count, CountDistinct, Sum, Average, Minimum, Maximum}
	// metricsOfStatistics are those that tell no single value.
	metricsOfStatistics = []string{Count, Sum, Average}
)

// Metric is a figure over a group of rows.
type Metric struct {
	Function string `json:"function"`
	// Field is what the figure is of; count needs none.
	Field string `json:"field,omitempty"`
	// As names the figure, "sum_pay" when empty.
	As string `json:"as,omitempty"`
}

// ParseMetric reads a metric as it is written, "sum(pay)" or "sum(pay) as total".
func ParseMetric(text string) (Metric, error) {
	call, as, named := strings.Cut(text, " as ")
	function, rest, ok := strings.Cut(strings.TrimSpace(call), "(")
	field, closed := strings.CutSuffix(rest, ")")
	if !ok && call == Count {
		closed, ok = true, true
	}
	made := Metric{Function: strings.TrimSpace(function), Field: strings.TrimSpace(field), As: strings.TrimSpace(as)}
	if !ok || !closed || named && made.As == "" {
		return Metric{}, fault.New(fault.Invalid, "metric %q: write it as count, sum(pay) or avg(pay) as mean", text)
	}
	return made, nil
}

// maxAlias bounds the name of a figure.
const maxAlias = 100

func (m Metric) name() string {
	if m.As != "" {
		return m.As
	}
	if m.Field == "" {
		return m.Function
	}
	return m.Function + "_" + m.Field
}

// measure is a metric that was found to be right.
type measure struct {
	Metric
	field string
	kind  schema.Type
	// over is the type of what is measured.
	over schema.Type
}

// figures plans an answer of figures.
func (b *builder) figures(request Request) (Plan, error) {
	if len(request.Fields) > 0 {
		return Plan{}, fault.New(fault.Invalid, "fields and metrics exclude each other: name fields to group by instead")
	}
	if b.statistical(request) {
		return b.statistics(request)
	}
	governed, err := b.governed(moment{asOf: request.AsOf}, shownRows)
	if err != nil {
		return Plan{}, err
	}
	for _, name := range request.GroupBy {
		if _, ok := b.fields[name]; !ok {
			return Plan{}, b.refused(name)
		}
	}
	filter, err := b.filter(request, b.visible)
	if err != nil {
		return Plan{}, err
	}
	measured, err := b.measure(request.Metrics, metricsOfRows)
	if err != nil {
		return Plan{}, err
	}
	statement := squirrel.Select().FromSelect(governed, "base").Where(filter)
	made, err := b.finish(request, statement, measured, func(field string) string { return warehouse.Ident("base", field) })
	if err != nil || b.person == "" {
		return made, err
	}
	return made, made.persons(governed, filter)
}

// statistical reports whether a request speaks of a field of which there are
// statistics only, be it on some rows.
func (b *builder) statistical(request Request) bool {
	if !b.decision.Shown() {
		return true
	}
	speaks := func(name string) bool {
		access := b.decision.Field(name)
		return access != nil && access.Statistical()
	}
	found := slices.ContainsFunc(request.GroupBy, speaks) ||
		slices.ContainsFunc(request.Metrics, func(m Metric) bool { return speaks(m.Field) })
	if found {
		return true
	}
	parsed, err := request.condition()
	return err == nil && slices.ContainsFunc(parsed.Fields(), speaks)
}

// measure checks metrics against what may be seen.
func (b *builder) measure(metrics []Metric, functions []string) ([]measure, error) {
	if len(metrics) == 0 {
		metrics = []Metric{{Function: Count}}
	}
	var measured []measure
	for _, m := range metrics {
		if !slices.Contains(metricsOfRows, m.Function) {
			return nil, fault.New(fault.Invalid, "metric: unknown function %q%s", m.Function, fault.Meant(m.Function, metricsOfRows))
		}
		if !slices.Contains(functions, m.Function) {
			return nil, fault.New(fault.Denied, "metric %s: statistics that protect single people are %s", m.Function, strings.Join(functions, ", "))
		}
		made := measure{Metric: m, field: m.Field}
		if m.Field == "" {
			if m.Function != Count {
				return nil, fault.New(fault.Invalid, "metric %s: name the field", m.Function)
			}
		} else if field, ok := b.fields[m.Field]; ok {
			made.over = field.Type
		} else {
			return nil, b.refused(m.Field)
		}
		kind, err := made.result()
		if err != nil {
			return nil, err
		}
		made.kind = kind
		measured = append(measured, made)
	}
	return measured, nil
}

// result is the type of a metric.
func (m measure) result() (schema.Type, error) {
	switch m.Function {
	case Count, CountDistinct:
		return schema.Of(schema.Int64), nil
	case Minimum, Maximum:
		return m.over, nil
	}
	switch m.over.Kind {
	case schema.Float32, schema.Float64:
		return schema.Of(schema.Float64), nil
	case schema.Decimal:
		if m.Function == Sum {
			return schema.DecimalOf(schema.MaxPrecision, m.over.Scale), nil
		}
		return schema.Of(schema.Float64), nil
	case schema.Int8, schema.Int16, schema.Int32, schema.Int64, schema.Uint8, schema.Uint16, schema.Uint32, schema.Uint64:
		if m.Function == Sum {
			return schema.DecimalOf(schema.MaxPrecision, 0), nil
		}
		return schema.Of(schema.Float64), nil
	}
	return schema.Type{}, fault.New(fault.Invalid, "metric %s(%s): the field is shown as %s, and numbers are needed", m.Function, m.Field, m.over)
}

// finish adds groups, figures, order and bounds.
func (b *builder) finish(request Request, statement squirrel.SelectBuilder, measured []measure, value func(field string) string) (Plan, error) {
	made := Plan{Withheld: b.withheld, SomeRows: b.someRows}
	outputs := map[string]condition.Field{}
	output := func(field Field) error {
		if err := checkAlias(field.Name); err != nil {
			return err
		}
		if _, twice := outputs[strings.ToLower(field.Name)]; twice {
			return fault.New(fault.Invalid, "two columns of the answer would be called %s: name one by \"as\"", field.Name)
		}
		outputs[strings.ToLower(field.Name)] = condition.Field{Name: field.Name, Expression: warehouse.Ident(field.Name), Type: field.Type}
		made.Fields = append(made.Fields, field)
		return nil
	}
	for _, name := range request.GroupBy {
		if err := output(b.fields[name]); err != nil {
			return Plan{}, err
		}
		column := warehouse.Ident("base", name)
		statement = statement.Column(column + " AS " + warehouse.Ident(name)).GroupBy(column)
	}
	for _, m := range measured {
		if err := output(Field{Name: m.name(), Access: b.accessOf(m), Reason: m.reason(b), Type: m.kind}); err != nil {
			return Plan{}, err
		}
		statement = statement.Column(m.sql(value(m.field)) + " AS " + warehouse.Ident(m.name()))
	}
	outer := squirrel.Select("*").FromSelect(statement, "figures").Limit(request.Limit)
	if request.Offset > 0 {
		outer = outer.Offset(request.Offset)
	}
	outer, err := b.sorted(outer, request.Sort, func(name string) (condition.Field, bool) {
		field, ok := outputs[strings.ToLower(name)]
		return field, ok
	})
	if err != nil {
		return Plan{}, err
	}
	if made.SQL, made.Args, err = outer.ToSql(); err != nil {
		return Plan{}, err
	}
	made.Probe, err = write(squirrel.Select("count(*)").FromSelect(outer, "counted"))
	return made, err
}

func checkAlias(name string) error {
	bad := func(r rune) bool { return !unicode.IsGraphic(r) }
	if name == "" || strings.HasPrefix(name, "_") || len(name) > maxAlias || strings.ContainsFunc(name, bad) {
		return fault.New(fault.Invalid, "%q cannot be the name of a column: it has 1 to %d characters that can be seen, the first one no _", name, maxAlias)
	}
	return nil
}

func (b *builder) accessOf(m measure) string {
	access := b.decision.Field(m.field)
	switch {
	case access == nil:
		return acl.Clear.String()
	case access.Statistical():
		return acl.Statistics.String()
	}
	return cmp.Or(b.fields[m.field].Access, access.Best().Access.String())
}

func (m measure) reason(b *builder) string {
	if m.field == "" {
		return "number of rows"
	}
	return fmt.Sprintf("%s of %s: %s", m.Function, m.field, b.decision.Reason(m.field))
}

// sql writes the figure; sums are exact decimals for whole numbers and decimals.
func (m measure) sql(value string) string {
	switch {
	case m.Function == Count && m.field == "":
		return "count(*)"
	case m.Function == CountDistinct:
		return "count(DISTINCT " + value + ")"
	case m.Function == Sum || m.Function == Average:
		return "CAST(" + m.Function + "(" + value + ") AS " + m.kind.SQL() + ")"
	}
	return m.Function + "(" + value + ")"
}
