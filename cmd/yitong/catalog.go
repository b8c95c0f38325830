package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
)

// defaultHits is how many search results are shown: about one screen.
const defaultHits = 20

func (c *cli) catalogCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "catalog",
		Short: "List, show and search systems, datasets, fields and data elements",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.catalogSystems(), c.catalogDatasets(), c.catalogFields(),
		c.catalogElements(), c.catalogShow(), c.catalogSearch())
	return command
}

func (c *cli) catalogSystems() *cobra.Command {
	return &cobra.Command{
		Use:     "systems",
		Short:   "List the departmental systems with their state",
		Example: "  yitong catalog systems\n  yitong catalog systems --json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				systems, err := view.Catalog.Systems(ctx)
				if err != nil {
					return err
				}
				return c.show(systems, func() { c.writeSystems(systems) })
			})
		},
	}
}

func (c *cli) writeSystems(systems []catalog.System) {
	out := newTable("SYSTEM", "NAME", "DEPARTMENT", "DRIVER", "DATASETS", "ROWS", "QUARANTINED", "LAST RUN", "OUTCOME").alignRight(4, 5, 6)
	var rows, quarantined int64
	for _, system := range systems {
		last, outcome := "-", "never run"
		if system.LastRun != nil {
			last, outcome = clock(&system.LastRun.Started), system.LastRun.Outcome
		}
		out.add(system.ID, system.Title.ZH, system.Department, system.Driver,
			fmt.Sprint(system.Datasets), grouped(system.Rows), grouped(system.Quarantine), last, outcome)
		rows += system.Rows
		quarantined += system.Quarantine
	}
	out.write(c)
	fmt.Fprintf(c.stdout, "\n%s, %s, %s in quarantine\n",
		plural(int64(len(systems)), "system"), plural(rows, "row"), plural(quarantined, "row"))
}

func (c *cli) catalogDatasets() *cobra.Command {
	return &cobra.Command{
		Use:     "datasets [SYSTEM]",
		Short:   "List datasets",
		Example: "  yitong catalog datasets hr",
		Args:    atMost(1, "at most one system"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				if len(args) == 1 {
					if _, err := view.Catalog.System(ctx, args[0]); err != nil {
						return err
					}
				}
				datasets, err := view.Catalog.Datasets(ctx, strings.Join(args, ""))
				if err != nil {
					return err
				}
				return c.show(datasets, func() { c.writeDatasets(datasets) })
			})
		},
	}
}

func (c *cli) writeDatasets(datasets []catalog.Dataset) {
	out := newTable("DATASET", "NAME", "SOURCE", "ROWS", "QUARANTINED", "VERSION", "PUBLISHED").alignRight(3, 4, 5)
	for _, dataset := range datasets {
		out.add(dataset.ID, dataset.Title.ZH, dataset.Source, grouped(dataset.Rows),
			grouped(dataset.Quarantine), fmt.Sprint(dataset.Version), clock(dataset.PublishedAt))
	}
	out.write(c)
}

func (c *cli) catalogFields() *cobra.Command {
	var filter catalog.FieldFilter
	var proposed bool
	command := &cobra.Command{
		Use:     "fields [DATASET]",
		Short:   "List fields with element, level, type and profile",
		Example: "  yitong catalog fields hr.staff\n  yitong catalog fields --element person.mobile\n  yitong catalog fields --proposed",
		Args:    atMost(1, "at most one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				if len(args) == 1 {
					if _, err := view.Catalog.Dataset(ctx, args[0]); err != nil {
						return err
					}
					filter.Dataset = args[0]
				}
				fields, err := view.Catalog.Fields(ctx, filter)
				if err != nil {
					return err
				}
				if proposed {
					fields = slices.DeleteFunc(fields, func(f catalog.Field) bool { return f.Proposal == nil })
					return c.show(fields, func() { c.writeProposals(fields) })
				}
				return c.show(fields, func() { c.writeFields(fields) })
			})
		},
	}
	command.Flags().StringVar(&filter.Element, "element", "", "only fields of this data element")
	command.Flags().StringVar(&filter.Tag, "tag", "", "only fields with this tag")
	command.Flags().BoolVar(&proposed, "proposed", false, "only fields whose content looks sensitive, with what is proposed")
	return command
}

func (c *cli) writeProposals(fields []catalog.Field) {
	out := newTable("FIELD", "FROM", "PROPOSED", "LEVEL", "SHARE", "WHY").alignRight(4)
	for _, field := range fields {
		p := field.Proposal
		out.add(field.Dataset+"."+field.Name, field.From, p.Element, p.Level.String(), fmt.Sprintf("%.0f%%", p.Share*percent), p.Why)
	}
	out.write(c)
}

const percent = 100

func (c *cli) writeFields(fields []catalog.Field) {
	out := newTable("FIELD", "NAME", "SOURCE COLUMN", "ELEMENT", "LEVEL", "TYPE", "STATE", "NULLS", "DISTINCT").alignRight(7, 8)
	for _, field := range fields {
		nulls, distinct := "-", "-"
		if field.Profile != nil {
			nulls, distinct = grouped(field.Profile.Nulls), grouped(field.Profile.Distinct)
		}
		out.add(field.Dataset+"."+field.Name, field.Title.ZH, field.From, dash(field.Element),
			dash(field.Level.String()), field.Type.String(), field.State, nulls, distinct)
	}
	out.write(c)
}

func (c *cli) catalogElements() *cobra.Command {
	return &cobra.Command{
		Use:     "elements",
		Short:   "List the data elements with their code set, level and standard",
		Example: "  yitong catalog elements --json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				elements, err := view.Catalog.Elements(ctx)
				if err != nil {
					return err
				}
				return c.show(elements, func() {
					out := newTable("ELEMENT", "NAME", "TYPE", "LEVEL", "CODE SET", "STANDARD")
					for _, element := range elements {
						out.add(element.ID, element.Title.ZH, element.Type.String(), element.Level.String(),
							dash(element.CodeSet), dash(element.Standard))
					}
					out.write(c)
				})
			})
		},
	}
}

func (c *cli) catalogSearch() *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:     "search WORDS",
		Short:   "Find systems, datasets, fields and elements by Chinese, English, pinyin or initials",
		Example: "  yitong catalog search 手机\n  yitong catalog search sjh",
		Args:    atLeast(1, "the words to look for"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				hits, err := view.Catalog.Search(ctx, strings.Join(args, " "), limit)
				if err != nil {
					return err
				}
				return c.show(hits, func() {
					if len(hits) == 0 {
						fmt.Fprintln(c.stdout, "Nothing found: try fewer words, pinyin, or initials.")
						return
					}
					out := newTable("KIND", "ID", "NAME", "WHY")
					for _, hit := range hits {
						out.add(hit.Kind, hit.ID, hit.Title, hit.Why)
					}
					out.write(c)
				})
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", defaultHits, "how many results at most")
	return command
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func atMost(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return mistake{fault.New(fault.Invalid, "this command takes %s", what)}
		}
		return nil
	}
}

func atLeast(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return mistake{fault.New(fault.Invalid, "this command needs %s", what)}
		}
		return nil
	}
}
