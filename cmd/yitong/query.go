package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/query"
)

// defaultRows is how many rows are shown: one screen.
const defaultRows = 20

func (c *cli) queryCommand() *cobra.Command {
	var as string
	request := query.Request{}
	command := &cobra.Command{
		Use:   "query DATASET --as PRINCIPAL",
		Short: "Read a dataset through the gate, as somebody",
		Long: `Shows what the principal may see and nothing else: fields that may not be seen
are left out and named, sensitive ones are masked, rows are filtered, and the
read is recorded.`,
		Example: "  yitong query hr.staff --as steward_hr --limit 5\n  yitong query hr.staff --as leader --fields name,title --json",
		Args:    exactly(1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if as == "" {
				return mistake{errors.New("say who reads: --as PRINCIPAL (yitong demo people lists them)")}
			}
			request.Dataset = args[0]
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				principal, err := opened.Directory.Principal(as)
				if err != nil {
					return err
				}
				result, err := opened.Gate.Read(ctx, principal, request)
				if err != nil {
					return err
				}
				defer result.Reader.Release()
				return c.writeRows(result)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&as, "as", "", "the principal who reads")
	flags.StringSliceVar(&request.Fields, "fields", nil, "fields to show; all that may be seen when not given")
	flags.Uint64Var(&request.Limit, "limit", defaultRows, "rows at most")
	return command
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
	for result.Reader.Next() {
		batch := result.Reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			cells, named := make([]string, len(header)), make(map[string]*string, len(header))
			for i, name := range header {
				cells[i], named[name] = "", nil
				if column := batch.Column(i); !column.IsNull(row) {
					// The batch's memory is given back with the next one.
					text := strings.Clone(column.ValueStr(row))
					cells[i], named[name] = text, &text
				}
			}
			out.add(cells...)
			document.Rows = append(document.Rows, named)
		}
	}
	if err := result.Reader.Err(); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	for _, withheld := range result.Withheld {
		fmt.Fprintf(c.stderr, "withheld: %s (%s)\n", withheld.Field, withheld.Reason)
	}
	return c.show(document, func() { out.write(c) })
}
