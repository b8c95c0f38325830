package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/app"
)

func (c *cli) auditCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "audit",
		Short: "List the record of reads, who read about a person, and verify that nobody changed it",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.auditList(), c.auditPerson(), c.auditVerify(), c.auditRebuild())
	return command
}

// defaultRecords is how many records are listed: the newest.
const defaultRecords = 50

func (c *cli) auditList() *cobra.Command {
	filter := audit.Filter{Newest: true}
	var since, until string
	command := &cobra.Command{
		Use:   "list",
		Short: "List who read what, the newest first",
		Example: "  yitong audit list\n  yitong audit list --principal leader --dataset hr.staff --since 2026-01-01\n" +
			"  yitong audit list --outcome denied --json",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if since != "" {
				if filter.Since, err = parseMoment("--since", since); err != nil {
					return err
				}
				if len(since) == len("2006-01-02") { // a day: from its beginning
					filter.Since = filter.Since.AddDate(0, 0, -1)
				}
			}
			if until != "" {
				if filter.Until, err = parseMoment("--until", until); err != nil {
					return err
				}
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				records, err := view.Audit.Records(ctx, filter)
				if err != nil {
					return err
				}
				return c.show(records, func() { c.writeRecords(records) })
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&filter.Principal, "principal", "", "only reads by this principal")
	flags.StringVar(&filter.Dataset, "dataset", "", "only reads of this dataset")
	flags.StringVar(&filter.Outcome, "outcome", "", "only this outcome: allowed, denied, invalid, not_found")
	flags.StringVar(&since, "since", "", "only since this day or moment")
	flags.StringVar(&until, "until", "", "only up to this day or moment")
	flags.IntVar(&filter.Limit, "limit", defaultRecords, "records at most; 0 for all")
	return command
}

func (c *cli) writeRecords(records []audit.Record) {
	out := newTable("NUMBER", "AT", "PRINCIPAL", "ACTION", "DATASET", "FIELDS", "ROWS", "PEOPLE", "PURPOSE", "OUTCOME").alignRight(0, 6, 7)
	for _, record := range records {
		who := record.Principal
		if record.OnBehalfOf != "" {
			who += " for " + record.OnBehalfOf
		}
		people := fmt.Sprint(len(record.Persons))
		if record.ManyPersons {
			people = "over " + grouped(audit.MaxPersons)
		}
		out.add(fmt.Sprint(record.Seq), clock(&record.At), who, record.Action, record.Dataset, fmt.Sprint(len(record.Fields)),
			grouped(record.Rows), people, dash(record.Purpose), record.Outcome)
	}
	out.write(c)
}

func (c *cli) auditPerson() *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:   "person ID",
		Short: "List who read which fields about a person",
		Long: "Lists who read which fields about a person, by campus id, the newest first. Reads about more than 1,000 people\n" +
			"name nobody; those of datasets that hold people are listed apart: the person may be among them.",
		Example: "  yitong audit person 10001",
		Args:    exactly(1, "the campus id of one person"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				datasets, err := view.Catalog.Datasets(ctx, "")
				if err != nil {
					return err
				}
				var about []string
				for _, dataset := range datasets {
					if dataset.Person != "" {
						about = append(about, dataset.ID)
					}
				}
				found, err := view.Audit.Person(ctx, args[0], about, limit)
				if err != nil {
					return err
				}
				return c.show(found, func() { c.writePerson(args[0], found) })
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", defaultRecords, "reads at most of each kind")
	return command
}

func (c *cli) writePerson(id string, found audit.PersonView) {
	list := func(records []audit.Record) {
		out := newTable("AT", "WHO", "ACTION", "DATASET", "PURPOSE", "FIELDS")
		for _, record := range records {
			names := make([]string, len(record.Fields))
			for i, field := range record.Fields {
				names[i] = field.Name
				if field.Mask != "" {
					names[i] += " (masked)"
				}
			}
			slices.Sort(names)
			who := record.Principal
			if record.OnBehalfOf != "" {
				who += " for " + record.OnBehalfOf
			}
			out.add(clock(&record.At), who, record.Action, record.Dataset, dash(record.Purpose), strings.Join(names, ", "))
		}
		out.write(c)
	}
	if len(found.Named) == 0 {
		fmt.Fprintf(c.stdout, "Nobody read about %s.\n", id)
	} else {
		list(found.Named)
	}
	if len(found.Bulk) > 0 {
		fmt.Fprintf(c.stdout, "\nReads about more than %s people, %s may be among them:\n", grouped(audit.MaxPersons), id)
		list(found.Bulk)
	}
}

func (c *cli) auditVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Check the hash chain over all records", Example: "  yitong audit verify", Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				report, err := view.Audit.Verify(ctx)
				if err != nil {
					return err
				}
				return c.show(report, func() {
					fmt.Fprintf(c.stdout, "The record of reads is intact: %s, the chain ends with %s.\n", plural(report.Records, "record"), dash(report.Head))
				})
			})
		},
	}
}

func (c *cli) auditRebuild() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Make the copy of the record of reads in the state database anew",
		Long: "Makes the copy of the record of reads in the state database anew from the journal, for when verify finds that\n" +
			"it was damaged or changed. The journal itself stays as it is.",
		Example: "  yitong audit rebuild && yitong audit verify",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				if err := opened.Audit.Rebuild(ctx); err != nil {
					return err
				}
				return c.show(map[string]bool{"rebuilt": true}, func() {
					fmt.Fprintln(c.stdout, "The copy of the record of reads is made anew; yitong audit verify checks it.")
				})
			})
		},
	}
}
