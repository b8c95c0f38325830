package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/query"
)

func (c *cli) quarantineShow() *cobra.Command {
	var reader readerFlags
	request := query.QuarantineRequest{}
	command := &cobra.Command{
		Use:   "show DATASET --as PRINCIPAL",
		Short: "Show quarantined rows through the gate: values only of fields that the principal sees in clear and may correct",
		Example: "  yitong quarantine show academic.student --as steward_academic\n" +
			"  yitong quarantine show hr.staff --as steward_hr --reason id_number --json",
		Args: exactly(1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := reader.check(); err != nil {
				return err
			}
			request.Dataset = args[0]
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				principal, err := opened.Principal(ctx, reader.as, reader.onBehalfOf)
				if err != nil {
					return err
				}
				rows, err := opened.Gate.Quarantine(ctx, principal, request)
				if err != nil {
					return err
				}
				return c.show(rows, func() { c.writeQuarantined(rows) })
			})
		},
	}
	flags := command.Flags()
	reader.register(command)
	flags.StringVar(&request.Code, "reason", "", "only this reason, as id_number or duplicate_key")
	flags.Uint64Var(&request.Limit, "limit", defaultRows, "rows at most")
	return command
}

func (c *cli) writeQuarantined(rows []query.QuarantinedRow) {
	for _, row := range rows {
		fmt.Fprintf(c.stdout, "%s  row %d  %s %s: %s\n", row.ID, row.Row, row.Code, dash(row.Field), row.Reason)
		for _, column := range slices.Sorted(maps.Keys(row.Values)) {
			text := "(null)"
			if value := row.Values[column]; value != nil {
				text = *value
			}
			fmt.Fprintf(c.stdout, "    %s: %s\n", column, text)
		}
		if len(row.Hidden) > 0 {
			slices.Sort(row.Hidden)
			fmt.Fprintf(c.stdout, "    not shown: %s\n", strings.Join(row.Hidden, ", "))
		}
	}
	if len(rows) == 0 {
		fmt.Fprintln(c.stdout, "Nothing is in quarantine here.")
	}
}
