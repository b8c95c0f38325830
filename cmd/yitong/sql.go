package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/render"
)

// sqlFlags are the flags of `yitong sql` as they are written.
type sqlFlags struct {
	readerFlags
	format, asOf, output string
	parameters           []string
	limit                uint64
}

func (c *cli) sqlCommand() *cobra.Command {
	var flags sqlFlags
	command := &cobra.Command{
		Use:   "sql STATEMENT --as PRINCIPAL",
		Short: "Run a SELECT over datasets through the gate, as somebody",
		Long: `Runs one SELECT over datasets, named as hr.staff, over what the principal may see:
masks and row filters are inside, and the read is recorded. Anything but a read is
refused by name. docs/sql.md has more.

The screen and json need the right to view and have at most 1,000 rows; the other
formats are copies, need the right to hold, and have up to 1,000,000.`,
		Example: "  yitong sql \"SELECT department, count(*) FROM hr.staff GROUP BY ALL\" --as leader\n" +
			"  yitong sql \"SELECT name FROM hr.staff WHERE staff_no = \\$1\" --parameter 10001 --as steward_hr\n" +
			"  yitong sql \"SELECT staff_no, name, title FROM hr.staff\" --as steward_hr --format parquet --output staff.parquet",
		Args: exactly(1, "one statement"),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := flags.request(args[0])
			if err != nil {
				return err
			}
			c.flags.JSON = c.flags.JSON || flags.format == render.JSON
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				principal, err := opened.Principal(ctx, flags.as, flags.onBehalfOf)
				if err != nil {
					return err
				}
				return c.runStatement(ctx, opened, principal, request, flags)
			})
		},
	}
	set := command.Flags()
	flags.register(command)
	set.StringArrayVar(&flags.parameters, "parameter", nil, "the value of $1, then of $2 …")
	set.Uint64Var(&flags.limit, "limit", 0, "rows at which the answer is cut off; otherwise one with too many is refused")
	set.StringVar(&flags.asOf, "as-of", "", "the state at this time, as 2026-01-31 (its end) or 2026-01-31T08:00:00+08:00")
	set.StringVar(&flags.format, "format", render.Table, "table, json, ndjson, csv, arrow or parquet")
	set.StringVar(&flags.output, "output", "", "write into this file instead of the standard output")
	return command
}

func (f *sqlFlags) request(text string) (query.SQLRequest, error) {
	request := query.SQLRequest{Text: text, Purpose: f.purpose, Right: acl.View, Limit: f.limit, Args: make([]*string, len(f.parameters))}
	if err := f.check(); err != nil {
		return request, err
	}
	for i := range f.parameters {
		request.Args[i] = &f.parameters[i]
	}
	copied, err := render.IsCopy(f.format)
	if err != nil {
		return request, mistake{errors.New(fault.Public(err))}
	}
	if !copied && f.output != "" {
		return request, mistake{errors.New("--output needs a format of files: ndjson, csv, arrow or parquet")}
	}
	if copied {
		request.Right = acl.Hold
	}
	if f.asOf == "" {
		return request, nil
	}
	moment, err := parseMoment("--as-of", f.asOf)
	request.AsOf = &moment
	return request, err
}

func (c *cli) runStatement(ctx context.Context, opened *app.App, principal acl.Principal, request query.SQLRequest, flags sqlFlags) error {
	result, err := opened.Gate.SQL(ctx, principal, request)
	if err != nil {
		return err
	}
	defer result.Reader.Release()
	for _, shown := range result.Datasets {
		if shown.SomeRows {
			fmt.Fprintf(c.stderr, "only some rows of %s may be seen\n", shown.Dataset)
		}
	}
	if result.More {
		fmt.Fprintf(c.stderr, "there are more than %d rows\n", request.Limit)
	}
	if request.Right == acl.Hold {
		_, err := c.copyRows(result.Reader, flags.format, flags.output)
		return err
	}
	return c.writeStatement(result)
}

// statementDocument is the JSON form of an answer: every value as text, NULL as
// null; rows are lists, since two columns may have one name.
type statementDocument struct {
	Columns  []string      `json:"columns"`
	Rows     [][]*string   `json:"rows"`
	Datasets []query.Shown `json:"datasets"`
	More     bool          `json:"more"`
}

func (c *cli) writeStatement(result *query.SQLResult) error {
	document := statementDocument{Rows: [][]*string{}, Datasets: result.Datasets, More: result.More}
	for _, field := range result.Reader.Schema().Fields() {
		document.Columns = append(document.Columns, field.Name)
	}
	out := newTable(document.Columns...)
	err := eachRow(result.Reader, func(values []*string) {
		out.add(cellsOf(values)...)
		document.Rows = append(document.Rows, values)
	})
	if err != nil {
		return err
	}
	return c.show(document, func() { out.write(c) })
}
