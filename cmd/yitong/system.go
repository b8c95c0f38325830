package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/app"
)

func (c *cli) systemCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "system",
		Short: "Check and list the definitions of departmental systems",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.systemCheck(), c.systemList())
	return command
}

func (c *cli) systemCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE",
		Short:   "Check that a definition file can be read, and name file and line of a mistake",
		Example: "  yitong system check systems/hr.yaml",
		Args:    exactly(1, "one definition file"),
		RunE: func(_ *cobra.Command, args []string) error {
			system, err := definition.Load(args[0])
			if err != nil {
				return err
			}
			return c.show(map[string]any{"system": system.ID, "datasets": len(system.Datasets)}, func() {
				fmt.Fprintf(c.stdout, "%s is right: system %s with %s.\n", args[0], system.ID, plural(int64(len(system.Datasets)), "dataset"))
			})
		},
	}
}

func (c *cli) systemList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the definitions of the campus",
		Example: "  yitong system list",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				systems, err := view.Catalog.Systems(ctx)
				if err != nil {
					return err
				}
				return c.show(systems, func() {
					out := newTable("SYSTEM", "NAME", "DEPARTMENT", "DRIVER", "SCHEDULE", "FILE")
					for _, system := range systems {
						out.add(system.ID, system.Title.ZH, system.Department, system.Driver, dash(system.Schedule), system.File)
					}
					out.write(c)
				})
			})
		},
	}
}
