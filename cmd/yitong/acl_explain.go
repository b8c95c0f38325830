package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/app"
)

// questionFlags say what a decision is asked for.
type questionFlags struct {
	right, purpose, at string
}

func (f *questionFlags) register(command *cobra.Command) {
	set := command.Flags()
	set.StringVar(&f.right, "right", string(acl.View), "view, hold, create or transmit")
	set.StringVar(&f.purpose, "purpose", "", "what the data is wanted for (yitong acl purposes lists them)")
	set.StringVar(&f.at, "at", "", "the moment, as 2026-01-31 (its end) or 2026-01-31T08:00:00+08:00; now when not given")
}

// ask gives the request and the policies of its moment.
func (f *questionFlags) ask(ctx context.Context, view *app.CatalogView) (*acl.Set, acl.Request, error) {
	request := acl.Request{Right: acl.Right(f.right), Purpose: f.purpose, At: time.Now()}
	if _, err := readRights([]string{f.right}); err != nil {
		return nil, request, err
	}
	policies := view.Policies.Current()
	if f.at == "" {
		return policies, request, nil
	}
	var err error
	if request.At, err = parseMoment("--at", f.at); err != nil {
		return nil, request, err
	}
	policies, err = view.Policies.At(ctx, request.At)
	return policies, request, err
}

func (c *cli) aclExplain() *cobra.Command {
	var question questionFlags
	var as, onBehalfOf, dataset, field string
	command := &cobra.Command{
		Use:   "explain --as PRINCIPAL --dataset DATASET",
		Short: "Explain a decision: what is shown, by which policies, and which would have decided otherwise",
		Long: "Explains a decision: what is shown of each field, by which policies, and which other policies would have decided\n" +
			"if one thing were otherwise. With --at it is decided by the policies of that moment.",
		Example: "  yitong acl explain --as leader --dataset hr.staff\n" +
			"  yitong acl explain --as counsellor --dataset academic.student --field mobile --purpose student_affairs\n" +
			"  yitong acl explain --as leader --dataset hr.staff --field pay --at 2026-01-31",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if as == "" || dataset == "" {
				return mistake{errors.New("say who and what: --as PRINCIPAL --dataset DATASET")}
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				policies, request, err := question.ask(ctx, view)
				if err != nil {
					return err
				}
				principal, err := view.Principal(ctx, as, onBehalfOf)
				if err != nil {
					return err
				}
				resources, err := access.Resources(ctx, view.Catalog)
				if err != nil {
					return err
				}
				resource, err := access.Find(resources, dataset)
				if err != nil {
					return err
				}
				names, err := access.Named(resource, field)
				if err != nil {
					return err
				}
				explained, err := policies.Explain(principal, request, resource, names...)
				if err != nil {
					return err
				}
				return c.show(explained, func() { c.writeExplanation(explained) })
			})
		},
	}
	set := command.Flags()
	set.StringVar(&as, "as", "", "the principal whom it is about")
	set.StringVar(&onBehalfOf, "on-behalf-of", "", "the principal who lent rights to that one")
	set.StringVar(&dataset, "dataset", "", "the dataset")
	set.StringVar(&field, "field", "", "only this field")
	question.register(command)
	return command
}

func (c *cli) writeExplanation(explained acl.Explanation) {
	who := explained.Principal
	if explained.Actor != "" {
		who = explained.Actor + " on behalf of " + who
	}
	fmt.Fprintf(c.stdout, "%s, %s %s", who, explained.Right, explained.Dataset)
	if explained.Purpose != "" {
		fmt.Fprintf(c.stdout, ", for %s", explained.Purpose)
	}
	fmt.Fprintf(c.stdout, ", at %s, by version %d of the policies:\n", explained.At.Local().Format(time.DateTime), explained.PolicyVersion)
	for _, field := range explained.Fields {
		shown := field.Access
		if field.SomeRows {
			shown += " on some rows"
		}
		fmt.Fprintf(c.stdout, "\n%s (%s): %s\n", strings.TrimSuffix(field.Field+" "+field.Element, " "), field.Level, shown)
		if field.Note != "" {
			fmt.Fprintf(c.stdout, "    %s\n", field.Note)
		}
		for _, finding := range field.Findings {
			fmt.Fprintf(c.stdout, "    %s\n", findingText(finding))
		}
		if len(field.Findings) == 0 {
			fmt.Fprintln(c.stdout, "    no policy is about it")
		}
		if field.More > 0 {
			fmt.Fprintf(c.stdout, "    and %s more that would have decided\n", policyCount(field.More))
		}
	}
	if explained.Consent != nil {
		fmt.Fprintf(c.stdout, "\nOnly rows about people who consented to %s (field %s).\n", explained.Consent.Purpose, explained.Consent.Person)
	}
	if explained.Grouping != nil {
		fmt.Fprintf(c.stdout, "\nStatistics over at least %d people, by %s.\n", explained.Grouping.MinPeople, dash(strings.Join(explained.Grouping.Dimensions, ", ")))
	}
	if explained.Delegation != nil {
		fmt.Fprintf(c.stdout, "\nBy a delegation of %s, %s.\n", explained.Delegation.From, explained.Delegation.Valid)
	}
}

func findingText(finding acl.Finding) string {
	text := map[string]string{
		acl.FindingAllows: "allows", acl.FindingLimits: "limits to", acl.FindingOverruled: "would allow, and is overruled:", acl.FindingWould: "would show",
	}[finding.Outcome]
	if finding.Outcome == acl.FindingWould && finding.Effect == acl.Deny {
		text = "would limit to"
	}
	text = finding.Policy + " " + text + " " + finding.Limit
	if finding.Rows != "" {
		text += " where " + finding.Rows
	}
	if finding.Why != "" {
		text += ", but " + finding.Why
	}
	return text
}

func (c *cli) aclWho() *cobra.Command {
	var question questionFlags
	command := &cobra.Command{
		Use:     "who DATASET.FIELD",
		Short:   "List who can see a field, and how",
		Example: "  yitong acl who hr.staff.mobile\n  yitong acl who hr.staff.pay --right hold",
		Args:    exactly(1, "one field, as hr.staff.mobile"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cut := strings.LastIndex(args[0], ".")
			if cut < 0 {
				return mistake{fmt.Errorf("%q is no field: write it as hr.staff.mobile", args[0])}
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				policies, request, err := question.ask(ctx, view)
				if err != nil {
					return err
				}
				resources, err := access.Resources(ctx, view.Catalog)
				if err != nil {
					return err
				}
				resource, err := access.Find(resources, args[0][:cut])
				if err != nil {
					return err
				}
				viewers, err := access.WhoCanSee(policies, view.Directory.Principals(), resource, args[0][cut+1:], request)
				if err != nil {
					return err
				}
				return c.show(viewers, func() {
					out := newTable("PRINCIPAL", "NAME", "ACCESS", "ROWS", "REASON")
					for _, viewer := range viewers {
						out.add(viewer.Principal, viewer.Name, viewer.Access, rowsText(viewer.SomeRows, viewer.Consent), viewer.Reason)
					}
					out.write(c)
					if len(viewers) == 0 {
						fmt.Fprintln(c.stdout, "Nobody.")
					}
				})
			})
		},
	}
	question.register(command)
	return command
}

func rowsText(some, consent bool) string {
	switch {
	case consent:
		return "with consent"
	case some:
		return "some"
	}
	return "all"
}

func (c *cli) aclWhat() *cobra.Command {
	var question questionFlags
	var as string
	command := &cobra.Command{
		Use:     "what --as PRINCIPAL",
		Short:   "List what a principal can see, over the whole catalog",
		Example: "  yitong acl what --as leader\n  yitong acl what --as app_library --purpose library_service",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if as == "" {
				return mistake{errors.New("say who: --as PRINCIPAL (yitong demo people lists them)")}
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				policies, request, err := question.ask(ctx, view)
				if err != nil {
					return err
				}
				principal, err := view.Directory.Principal(as)
				if err != nil {
					return err
				}
				resources, err := access.Resources(ctx, view.Catalog)
				if err != nil {
					return err
				}
				sights, err := access.WhatCanSee(policies, principal, resources, request)
				if err != nil {
					return err
				}
				return c.show(sights, func() {
					out := newTable("DATASET", "FIELD", "ACCESS", "ROWS", "REASON")
					for _, sight := range sights {
						for _, field := range sight.Fields {
							out.add(sight.Dataset, field.Field, field.Access, rowsText(field.SomeRows, sight.Consent), field.Reason)
						}
					}
					out.write(c)
					if len(sights) == 0 {
						fmt.Fprintln(c.stdout, "Nothing.")
					}
				})
			})
		},
	}
	command.Flags().StringVar(&as, "as", "", "the principal")
	question.register(command)
	return command
}

func (c *cli) aclSimulate() *cobra.Command {
	return &cobra.Command{
		Use:   "simulate FILE or FOLDER",
		Short: "Show who would gain and who would lose what if a policy file were applied",
		Long: "Shows who would gain and who would lose what if a policy file, or all files of a folder, were applied: for every\n" +
			"principal, dataset, field, right and purpose. Nothing is changed.",
		Example: "  yitong acl simulate new.yaml",
		Args:    exactly(1, "one file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				changes, err := app.FileChanges(args[0], view.Policies.Origins())
				if err != nil {
					return err
				}
				if err := app.CheckExpressions(ctx, changes); err != nil {
					return err
				}
				after, err := view.Policies.Preview(ctx, changes...)
				if err != nil {
					return err
				}
				resources, err := access.Resources(ctx, view.Catalog)
				if err != nil {
					return err
				}
				differences, err := access.Simulate(view.Policies.Current(), after, view.Directory.Principals(), resources, time.Now())
				if err != nil {
					return err
				}
				return c.show(differences, func() { c.writeDifferences(differences) })
			})
		},
	}
}

// shownPrincipals is how many of those concerned a line names.
const shownPrincipals = 4

func (c *cli) writeDifferences(differences []access.Difference) {
	out := newTable("", "WHO", "FIELD", "RIGHT", "BEFORE", "AFTER")
	people := map[string]map[string]bool{access.Gains: {}, access.Loses: {}, access.Changes: {}}
	for _, one := range differences {
		who := strings.Join(one.Principals[:min(shownPrincipals, len(one.Principals))], ", ")
		if more := len(one.Principals) - shownPrincipals; more > 0 {
			who += fmt.Sprintf(" and %s more", grouped(int64(more)))
		}
		right := string(one.Right)
		if one.Purpose != "" {
			right += " for " + one.Purpose
		}
		out.add(one.Effect, who, one.Dataset+"."+one.Field, right, one.Before, one.After)
		for _, principal := range one.Principals {
			people[one.Effect][principal] = true
		}
	}
	if len(differences) == 0 {
		fmt.Fprintln(c.stdout, "Nobody would gain or lose anything.")
		return
	}
	out.write(c)
	fmt.Fprintf(c.stdout, "\n%s would gain, %s would lose, %s would see other rows.\n",
		grouped(int64(len(people[access.Gains]))), grouped(int64(len(people[access.Loses]))), grouped(int64(len(people[access.Changes]))))
}
