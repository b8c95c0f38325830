package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
	"github.com/yitong-hub/yitong/query/render"
)

// defaultRows is how many rows are shown: one screen.
const defaultRows = 20

// queryFlags are the flags of `yitong query` as they are written.
type queryFlags struct {
	readerFlags
	where, format, asOf, output    string
	fields, sort, groupBy, metrics []string
	limit, offset                  uint64
	explain                        bool
}

// readerFlags say who reads, for whom and for what.
type readerFlags struct{ as, onBehalfOf, purpose string }

func (f *readerFlags) register(command *cobra.Command) {
	set := command.Flags()
	set.StringVar(&f.as, "as", "", "the principal who reads (yitong demo people lists them)")
	set.StringVar(&f.onBehalfOf, "on-behalf-of", "", "the principal who lent rights to the one who reads (yitong acl delegations)")
	set.StringVar(&f.purpose, "purpose", "", "what the data is wanted for (yitong acl purposes lists them)")
}

// check says that a reader must be named.
func (f *readerFlags) check() error {
	if f.as == "" {
		return mistake{errors.New("say who reads: --as PRINCIPAL (yitong demo people lists them)")}
	}
	return nil
}

func (c *cli) queryCommand() *cobra.Command {
	var flags queryFlags
	command := &cobra.Command{
		Use:   "query DATASET --as PRINCIPAL",
		Short: "Read a dataset through the gate, as somebody",
		Long: `Shows what the principal may see and nothing else: fields that may not be seen
are left out and named, sensitive ones are masked, rows are filtered, and the
read is recorded. Filters, orders, groups and figures see masked values as they
are shown.

The formats csv, ndjson, arrow, parquet and xlsx, and --output, are copies and need the
right to hold each field; fields that may only be seen are left out.`,
		Example: "  yitong query hr.staff --as steward_hr --limit 5\n" +
			"  yitong query hr.staff --as leader --fields name,title --where \"title = '教授'\" --sort name\n" +
			"  yitong query hr.staff --as steward_hr --format parquet --output staff.parquet\n" +
			"  yitong query hr.staff --as leader --group-by department --metric count --metric \"avg(pay)\"\n" +
			"  yitong query academic.student --as counsellor --purpose student_affairs\n" +
			"  yitong query hr.staff --as leader --explain",
		Args: exactly(1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := flags.request(args[0], c.flags.JSON)
			if err != nil {
				return err
			}
			c.flags.JSON = c.flags.JSON || flags.format == render.JSON
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				principal, err := opened.Principal(ctx, flags.as, flags.onBehalfOf)
				if err != nil {
					return err
				}
				if flags.limit == 0 {
					request.Limit = min(request.Limit, opened.Gate.MaxRows)
				}
				if flags.explain {
					return c.explain(ctx, opened, principal, request)
				}
				return c.read(ctx, opened, principal, request, flags)
			})
		},
	}
	set := command.Flags()
	flags.register(command)
	set.StringSliceVar(&flags.fields, "fields", nil, "fields to show; all that may be seen when not given")
	set.StringVar(&flags.where, "where", "", "filter, as \"title = '教授' and hire_date >= '2020-01-01'\"")
	set.StringSliceVar(&flags.sort, "sort", nil, "fields to sort by, -field for descending")
	set.StringSliceVar(&flags.groupBy, "group-by", nil, "fields to group figures by")
	set.StringArrayVar(&flags.metrics, "metric", nil, "a figure, as count, \"sum(pay)\" or \"avg(pay) as mean\"; may be repeated")
	set.Uint64Var(&flags.limit, "limit", 0, "rows at most (20 on the screen; all in copies, or 1,000,000 in an order)")
	set.Uint64Var(&flags.offset, "offset", 0, "rows to pass over")
	set.StringVar(&flags.asOf, "as-of", "", "the state at this time, as 2026-01-31 (its end) or 2026-01-31T08:00:00+08:00")
	set.StringVar(&flags.format, "format", render.Table, "table, json, ndjson, csv, arrow, parquet or xlsx")
	set.StringVar(&flags.output, "output", "", "write into this file instead of the standard output")
	set.BoolVar(&flags.explain, "explain", false, "show the decision for each field instead of rows")
	return command
}

func (f *queryFlags) request(dataset string, asJSON bool) (query.Request, error) {
	request := query.Request{
		Dataset: dataset, Fields: f.fields, Where: f.where, Sort: f.sort, GroupBy: f.groupBy, Limit: f.limit, Offset: f.offset,
		Right: acl.View, Purpose: f.purpose,
	}
	if err := f.check(); err != nil {
		return request, err
	}
	for _, text := range f.metrics {
		metric, err := plan.ParseMetric(text)
		if err != nil {
			return request, mistake{errors.New(fault.Public(err))}
		}
		request.Metrics = append(request.Metrics, metric)
	}
	if asJSON && f.format == render.Table {
		f.format = render.JSON
	}
	copied, err := render.IsCopy(f.format)
	if err != nil {
		return request, mistake{errors.New(fault.Public(err))}
	}
	if !copied && f.output != "" {
		return request, mistake{errors.New("--output needs a format of files: ndjson, csv, arrow, parquet or xlsx")}
	}
	switch {
	case copied:
		request.Right = acl.Hold
		request.All = f.limit == 0 && f.offset == 0 && len(f.sort)+len(f.groupBy)+len(f.metrics) == 0 && f.format != render.XLSX
		if f.limit == 0 && !request.All {
			request.Limit = min(query.MaxLimit, render.MaxRows(f.format))
		}
		if err := render.CheckRows(f.format, request.Limit); err != nil {
			return request, mistake{errors.New(fault.Public(err))}
		}
	case f.limit == 0:
		request.Limit = defaultRows
	}
	if f.asOf == "" {
		return request, nil
	}
	moment, err := parseMoment("--as-of", f.asOf)
	request.AsOf = &moment
	return request, err
}

// parseMoment reads a day (its end, in local time) or a moment with its zone.
func parseMoment(flag, text string) (time.Time, error) {
	if moment, err := time.Parse(time.RFC3339, text); err == nil {
		return moment, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return time.Time{}, mistake{fmt.Errorf("%s %q is not a time: write 2026-01-31 or 2026-01-31T08:00:00+08:00", flag, text)}
	}
	return day.AddDate(0, 0, 1).Add(-time.Microsecond), nil
}

func (c *cli) read(ctx context.Context, opened *app.App, principal acl.Principal, request query.Request, flags queryFlags) error {
	result, err := opened.Gate.Read(ctx, principal, request)
	if err != nil {
		return err
	}
	defer result.Reader.Release()
	for _, withheld := range result.Withheld {
		fmt.Fprintf(c.stderr, "withheld: %s (%s)\n", withheld.Field, withheld.Reason)
	}
	if result.SomeRows && request.Right == acl.View && !c.flags.JSON {
		fmt.Fprintln(c.stderr, "only some rows may be seen")
	}
	if request.Right == acl.View {
		return c.writeRows(result)
	}
	count, err := c.copyRows(result.Reader, flags.format, flags.output)
	if err == nil && request.Limit > 0 && count == int64(query.MaxLimit) {
		fmt.Fprintf(c.stderr, "there may be more: a copy in an order has at most %d rows; leave --sort out, or go on with --offset\n", query.MaxLimit)
	}
	return err
}

// copyRows writes a copy to the output; a file that was there stays as it is.
func (c *cli) copyRows(reader array.RecordReader, format, output string) (int64, error) {
	if output == "" {
		return render.Write(c.stdout, format, reader)
	}
	file, err := os.OpenFile(c.path(output), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, fault.Wrap(err, fault.Invalid, "%s cannot be made: name a file that is not there yet", output)
	}
	count, err := render.Write(io.Writer(file), format, reader)
	return count, errors.Join(err, file.Close())
}

func (c *cli) explain(ctx context.Context, opened *app.App, principal acl.Principal, request query.Request) error {
	explanation, err := opened.Gate.Explain(ctx, principal, request)
	if err != nil {
		return err
	}
	return c.show(explanation, func() {
		out := newTable("FIELD", "ACCESS", "MASK", "REASON")
		for _, field := range explanation.Fields {
			access := field.Access
			if field.SomeRows {
				access += " on some rows"
			}
			out.add(field.Name, access, dash(field.Mask), field.Reason)
		}
		for _, withheld := range explanation.Withheld {
			out.add(withheld.Field, "withheld", "-", withheld.Reason)
		}
		out.write(c)
		if explanation.SomeRows {
			fmt.Fprintln(c.stdout, "\nOnly some rows: row conditions of the policies or people's consent limit them (yitong acl explain).")
		}
	})
}

// rowsDocument is the JSON form of an answer: every value as text, NULL as null.
type rowsDocument struct {
	*query.Result
	Rows []map[string]*string `json:"rows"`
}

func (c *cli) writeRows(result *query.Result) error {
	header := make([]string, len(result.Fields))
	for i, field := range result.Fields {
		header[i] = field.Name
	}
	out := newTable(header...)
	document := rowsDocument{Result: result, Rows: []map[string]*string{}}
	err := eachRow(result.Reader, func(values []*string) {
		named := make(map[string]*string, len(header))
		for i, name := range header {
			named[name] = values[i]
		}
		out.add(cellsOf(values)...)
		document.Rows = append(document.Rows, named)
	})
	if err != nil {
		return err
	}
	return c.show(document, func() { out.write(c) })
}

// eachRow gives the values of each row as texts, nil for NULL.
func eachRow(reader array.RecordReader, row func(values []*string)) error {
	for reader.Next() {
		batch := reader.RecordBatch()
		for at := range int(batch.NumRows()) {
			values := make([]*string, batch.NumCols())
			for i, column := range batch.Columns() {
				if text, null := render.Text(column, at); !null {
					values[i] = &text
				}
			}
			row(values)
		}
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	return nil
}

func cellsOf(values []*string) []string {
	cells := make([]string, len(values))
	for i, value := range values {
		if value != nil {
			cells[i] = *value
		}
	}
	return cells
}
