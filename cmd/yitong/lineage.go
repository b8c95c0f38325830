package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
)

// defaultDepth reaches from a source column over its field to its element and
// the other fields of that element.
const defaultDepth = 3

func (c *cli) lineageCommand() *cobra.Command {
	var depth int
	command := &cobra.Command{
		Use:   "lineage NAME",
		Short: "Show where a dataset, field or element comes from and where it goes",
		Example: "  yitong lineage hr.staff.mobile\n  yitong lineage person.mobile\n" +
			"  yitong lineage hr.staff --json",
		Args: exactly(1, "one name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				graph, err := view.Catalog.Lineage(ctx, args[0], depth)
				if err != nil {
					return err
				}
				return c.show(graph, func() {
					out := newTable("FROM", "TO", "HOW")
					for _, edge := range graph.Edges {
						out.add(edge.From, edge.To, dash(edge.How))
					}
					out.write(c)
					fmt.Fprintf(c.stdout, "\n%s, %s\n", plural(int64(len(graph.Nodes)), "node"), plural(int64(len(graph.Edges)), "edge"))
					if graph.Truncated {
						fmt.Fprintln(c.stdout, "There is more: raise --depth, or ask for one field.")
					}
				})
			})
		},
	}
	command.Flags().IntVar(&depth, "depth", defaultDepth, "how many steps to follow each way")
	return command
}
