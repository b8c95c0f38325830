package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
)

func (c *cli) auditCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "audit",
		Short: "List the record of reads, and verify that nobody changed it",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(&cobra.Command{
		Use: "list", Short: "List who read what", Example: "  yitong audit list", Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				records, err := view.Audit.Records(ctx)
				if err != nil {
					return err
				}
				return c.show(records, func() {
					out := newTable("NUMBER", "AT", "PRINCIPAL", "ACTION", "DATASET", "OUTCOME").alignRight(0)
					for _, record := range records {
						out.add(fmt.Sprint(record.Seq), clock(&record.At), record.Principal, record.Action, record.Dataset, record.Outcome)
					}
					out.write(c)
				})
			})
		},
	}, &cobra.Command{
		Use: "verify", Short: "Check the hash chain over all records", Example: "  yitong audit verify", Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				if err := view.Audit.Verify(ctx); err != nil {
					return err
				}
				return c.show(map[string]bool{"intact": true}, func() { fmt.Fprintln(c.stdout, "The record of reads is intact.") })
			})
		},
	})
	return command
}
