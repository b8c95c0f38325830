package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/app"
)

func (c *cli) aclRequest() *cobra.Command {
	command := &cobra.Command{
		Use:   "request",
		Short: "Ask for access to data; grant, refuse, renew and revoke it",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(
		c.aclRequestAsk(), c.aclRequestList(), c.aclRequestShow(), c.aclRequestGrant(), c.aclRequestRefuse(),
		c.aclRequestWithdraw(), c.aclRequestRenew(), c.aclRequestRevoke(),
	)
	return command
}

// counter is the desk with somebody before it.
type counter struct {
	*access.Desk
	view *app.CatalogView
	who  acl.Principal
}

// atDesk does one thing as somebody and shows the request that it was about.
func (c *cli) atDesk(ctx context.Context, as string, work func(context.Context, counter) (access.Case, error)) error {
	return c.withCatalog(ctx, func(ctx context.Context, view *app.CatalogView) error {
		who, err := view.Directory.Principal(as)
		if err != nil {
			return err
		}
		made, err := work(ctx, counter{view.Desk(), view, who})
		if err != nil {
			return err
		}
		return c.show(made, func() { c.writeOutcome(made) })
	})
}

func (c *cli) writeOutcome(made access.Case) {
	last := made.History[len(made.History)-1]
	switch last.Did {
	case access.DidAsk:
		fmt.Fprintf(c.stdout, "Request %s is filed: a steward of department %s decides about it.\n", made.ID, made.Department)
	case access.DidGrant, access.DidRenew:
		fmt.Fprintf(c.stdout, "Request %s is %s: %s may %s %s of %s for %s until %s.\n", made.ID, last.Did, made.Requester,
			strings.ReplaceAll(rightsText(made.Grant.Rights), ", ", " and "), fieldsText(made.Grant), made.Dataset, made.Purpose, endText(made.Grant.Period.Until))
	default:
		fmt.Fprintf(c.stdout, "Request %s of %s is %s.\n", made.ID, made.Requester, last.Did)
	}
}

// fieldsText names fields with their masks, as "name, mobile (phone)".
func fieldsText(grant *access.Grant) string {
	names := make([]string, len(grant.Fields))
	for i, field := range grant.Fields {
		names[i] = field
		if mask, limited := grant.Mask[field]; limited {
			names[i] += " (" + mask.String() + ")"
		}
	}
	return strings.Join(names, ", ")
}

func (c *cli) aclRequestAsk() *cobra.Command {
	var asked access.Request
	var as, from, until string
	var rights []string
	command := &cobra.Command{
		Use:   "ask --as PRINCIPAL --dataset DATASET --field FIELD --right RIGHT --purpose PURPOSE --until DATE --reason TEXT",
		Short: "Ask the stewards of a dataset for access to fields of it",
		Long: "Asks the stewards of the department that owns a dataset for access to fields of it: by which rights, for which\n" +
			"purpose, until when and why. Fields may be named that the one who asks cannot see yet.",
		Example: "  yitong acl request ask --as app_library --dataset hr.staff --field name,mobile --right view \\\n" +
			"    --purpose library_service --until 2026-12-31 --reason \"Calling back books\"",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := cmp.Or(demand(cmd, "as", "dataset", "field", "right", "purpose", "until", "reason"), refuseEmpty(cmd, "from"))
			if err != nil {
				return err
			}
			if asked.Rights, err = readRights(rights); err != nil {
				return err
			}
			if asked.Period.From, err = boundOf("--from", from, false); err != nil {
				return err
			}
			if asked.Period.Until, err = boundOf("--until", until, true); err != nil {
				return err
			}
			return c.atDesk(cmd.Context(), as, func(ctx context.Context, at counter) (access.Case, error) {
				return at.Ask(ctx, at.who, asked)
			})
		},
	}
	set := command.Flags()
	set.StringVar(&as, "as", "", "the principal who asks, and who gets the access")
	set.StringVar(&asked.Dataset, "dataset", "", "the dataset")
	set.StringSliceVar(&asked.Fields, "field", nil, "a field that is needed; may be repeated")
	set.StringSliceVar(&rights, "right", nil, "view, hold, create or transmit; may be repeated")
	set.StringVar(&asked.Purpose, "purpose", "", "what the data is needed for (yitong acl purposes lists them)")
	set.StringVar(&from, "from", "", "the first day, or a moment; now when not given")
	set.StringVar(&until, "until", "", "the last day, as 2026-12-31, or a moment")
	set.StringVar(&asked.Reason, "reason", "", "what for, in a sentence: the steward decides by it")
	return command
}

func (c *cli) aclRequestList() *cobra.Command {
	var filter access.Filter
	var as, steward string
	command := &cobra.Command{
		Use:   "list",
		Short: "List requests for access, the newest first",
		Long: "Lists requests for access, the newest first. With --as, those only that are this principal's business: what they\n" +
			"asked for or hold, and what concerns datasets that they are a steward of; with --as-steward, the latter only.",
		Example: "  yitong acl request list --as-steward steward_hr --state open\n  yitong acl request list --as app_library\n" +
			"  yitong acl request list --dataset hr.staff --json",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseEmpty(cmd, "as", "as-steward", "state", "requester", "dataset"); err != nil {
				return err
			}
			if as != "" && steward != "" {
				return mistake{errors.New("give either --as or --as-steward")}
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				cases, err := listRequests(ctx, view, as, steward, filter)
				if err != nil {
					return err
				}
				return c.show(cases, func() {
					out := newTable("ID", "STATE", "ASKED", "BY", "DATASET", "FIELDS", "RIGHTS", "PURPOSE", "UNTIL")
					for _, one := range cases {
						fields, rights, until := strings.Join(one.Fields, ", "), one.Rights, one.Period.Until
						if one.Grant != nil {
							fields, rights, until = fieldsText(one.Grant), one.Grant.Rights, one.Grant.Period.Until
						}
						out.add(one.ID, string(one.State), clock(&one.Asked), one.Requester, one.Dataset, fields, rightsText(rights), one.Purpose, endText(until))
					}
					out.write(c)
				})
			})
		},
	}
	set := command.Flags()
	set.StringVar(&as, "as", "", "only requests that are this principal's business")
	set.StringVar(&steward, "as-steward", "", "only requests for datasets that this principal is a steward of")
	set.StringVar((*string)(&filter.State), "state", "", "only this state: open, granted, refused, withdrawn, revoked or expired")
	set.StringVar(&filter.Requester, "requester", "", "only requests by this principal")
	set.StringVar(&filter.Dataset, "dataset", "", "only requests for this dataset")
	return command
}

func listRequests(ctx context.Context, view *app.CatalogView, as, steward string, filter access.Filter) ([]access.Case, error) {
	if as == "" && steward == "" {
		return view.Desk().Requests(ctx, filter)
	}
	who, err := view.Directory.Principal(cmp.Or(as, steward))
	if err != nil {
		return nil, err
	}
	if steward != "" {
		return view.Desk().RequestsToSteward(ctx, who, filter)
	}
	return view.Desk().RequestsFor(ctx, who, filter)
}

func (c *cli) aclRequestShow() *cobra.Command {
	var as string
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Show a request with all that was done about it",
		Long: "Shows a request with all that was done about it. With --as, as this principal sees it: who neither asked nor is\n" +
			"a steward of the dataset sees nothing.",
		Example: "  yitong acl request show 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --as steward_hr",
		Args:    exactly(1, "one request (yitong acl request list lists them)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseEmpty(cmd, "as"); err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				found, err := showRequest(ctx, view, as, args[0])
				if err != nil {
					return err
				}
				return c.show(found, func() { c.writeCase(found) })
			})
		},
	}
	command.Flags().StringVar(&as, "as", "", "the principal who looks")
	return command
}

func showRequest(ctx context.Context, view *app.CatalogView, as, id string) (access.Case, error) {
	if as == "" {
		return view.Desk().Request(ctx, id)
	}
	who, err := view.Directory.Principal(as)
	if err != nil {
		return access.Case{}, err
	}
	return view.Desk().RequestFor(ctx, who, id)
}

func (c *cli) writeCase(one access.Case) {
	c.pairs("Request", one.ID, "State", string(one.State), "Asked by", one.Requester+" ("+one.Kind+")", "Dataset", one.Dataset,
		"Decided by", "department "+one.Department+", "+dash(one.Steward), "Fields", strings.Join(one.Fields, ", "), "Rights", rightsText(one.Rights),
		"Purpose", one.Purpose, "From", clock(&one.Period.From), "Until", endText(one.Period.Until), "Reason", one.Reason)
	if grant := one.Grant; grant != nil {
		c.pairs("Granted", fieldsText(grant), "  rights", rightsText(grant.Rights), "  rows", cmp.Or(grant.Rows, "all"), "  until", endText(grant.Period.Until))
	}
	fmt.Fprintln(c.stdout)
	out := newTable("AT", "BY", "DID", "NOTE")
	for _, event := range one.History {
		out.add(clock(&event.At), event.By, event.Did, dash(event.Note))
	}
	out.write(c)
}

func (c *cli) aclRequestWithdraw() *cobra.Command {
	var as string
	command := &cobra.Command{
		Use:     "withdraw ID --as PRINCIPAL",
		Short:   "Take a request back that is not decided yet, as who asked",
		Example: "  yitong acl request withdraw 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --as app_library",
		Args:    exactly(1, "one request"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := demand(cmd, "as"); err != nil {
				return err
			}
			return c.atDesk(cmd.Context(), as, func(ctx context.Context, at counter) (access.Case, error) {
				return at.Withdraw(ctx, at.who, args[0])
			})
		},
	}
	command.Flags().StringVar(&as, "as", "", "the principal who asked")
	return command
}
