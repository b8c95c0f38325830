package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/pipelines"
)

func (c *cli) quarantineCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "quarantine",
		Short: "List, show and replay the rows that were held back",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.quarantineList(), c.quarantineShow(), c.quarantineReplay())
	return command
}

func (c *cli) quarantineList() *cobra.Command {
	return &cobra.Command{
		Use:     "list [SYSTEM or DATASET]",
		Short:   "Count the open rows by dataset, field and reason",
		Example: "  yitong quarantine list\n  yitong quarantine list hr",
		Args:    atMost(1, "at most one system or dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				scope := ""
				if len(args) == 1 {
					scope = args[0]
				}
				counts, err := opened.Pipelines.QuarantineCounts(ctx, scope)
				if err != nil {
					return err
				}
				return c.show(counts, func() {
					out := newTable("DATASET", "FIELD", "REASON", "ROWS").alignRight(3)
					var total int64
					for _, count := range counts {
						out.add(count.Dataset, dash(count.Field), count.Code, grouped(count.Rows))
						total += count.Rows
					}
					out.write(c)
					fmt.Fprintf(c.stdout, "\n%s in quarantine\n", plural(total, "row"))
				})
			})
		},
	}
}

func (c *cli) quarantineReplay() *cobra.Command {
	var filter pipelines.ReplayFilter
	var corrections string
	command := &cobra.Command{
		Use:   "replay DATASET",
		Short: "Run quarantined rows through the pipeline again, as they are or corrected",
		Long: `Rows that pass now are published; the others stay with their reason. With --set,
source columns get new values before the rows are tried.`,
		Example: "  yitong quarantine replay hr.staff\n" +
			`  yitong quarantine replay hr.staff --id ROW --set '{"SFZJH":"11010519491231002X"}'`,
		Args: exactly(1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter.Dataset = args[0]
			if corrections != "" {
				if err := json.Unmarshal([]byte(corrections), &filter.Set); err != nil {
					return mistake{fmt.Errorf("--set is a JSON object of source column and text: %w", err)}
				}
			}
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				run, err := opened.Replay(ctx, filter)
				if err != nil {
					return err
				}
				return c.show(run, func() {
					fmt.Fprintf(c.stdout, "%s tried, %s published, %s still in quarantine\n", plural(run.Counts.Read, "row"),
						grouped(run.Counts.Inserted+run.Counts.Updated), grouped(run.Counts.Quarantined))
				})
			})
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&filter.IDs, "id", nil, "only these rows")
	flags.StringVar(&filter.Code, "reason", "", "only this reason")
	flags.StringVar(&corrections, "set", "", "new values as JSON, source column to text")
	return command
}
