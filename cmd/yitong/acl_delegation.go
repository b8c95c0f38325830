package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

// roleAdministrator is the role whose holders end delegations of others.
const roleAdministrator = "administrator"

// delegationFlags are the flags of `yitong acl delegate` as they are written.
type delegationFlags struct {
	from, to, until, reason          string
	rights, datasets, fields, levels []string
}

func (c *cli) aclDelegate() *cobra.Command {
	var flags delegationFlags
	command := &cobra.Command{
		Use:   "delegate --from LENDER --to ACTOR --right RIGHT --dataset DATASET --until DATE",
		Short: "Let somebody act with another's rights, within limits and until a day",
		Long: "Lets ACTOR read with the rights of LENDER, for as long and as far as is said here: never more than LENDER may, and\n" +
			"not what is denied to ACTOR. Both are on record for each read. Rights that were lent cannot be lent on, and what\n" +
			"LENDER decides about access stays their own.",
		Example: "  yitong acl delegate --from leader --to assistant --right view --dataset hr.staff --level L1,L2 --until 2026-03-31\n" +
			"  yitong query hr.staff --as assistant --on-behalf-of leader",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmp.Or(demand(cmd, "from", "to", "right", "dataset", "until"), refuseEmpty(cmd, "field", "level")); err != nil {
				return err
			}
			delegation, err := flags.delegation()
			if err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				if err := checkParties(ctx, view, delegation); err != nil {
					return err
				}
				made, err := view.Policies.Delegate(ctx, delegation)
				if err != nil {
					return err
				}
				return c.show(made, func() {
					fmt.Fprintf(c.stdout, "%s may act for %s until %s: %s of %s. It is delegation %s.\n",
						made.To, made.From, endText(made.Valid.Until), rightsText(made.Rights), made.Resource, made.ID)
				})
			})
		},
	}
	set := command.Flags()
	set.StringVar(&flags.from, "from", "", "the principal whose rights are lent")
	set.StringVar(&flags.to, "to", "", "the principal who acts")
	set.StringSliceVar(&flags.rights, "right", nil, "view, hold, create or transmit; may be repeated")
	set.StringSliceVar(&flags.datasets, "dataset", nil, "a dataset, as hr.staff or hr.*; may be repeated")
	set.StringSliceVar(&flags.fields, "field", nil, "only these fields of the datasets; may be repeated")
	set.StringSliceVar(&flags.levels, "level", nil, "only fields of these levels, as L1; may be repeated")
	set.StringVar(&flags.until, "until", "", "the last day, as 2026-03-31, or a moment")
	set.StringVar(&flags.reason, "reason", "", "why")
	return command
}

func (f *delegationFlags) delegation() (acl.Delegation, error) {
	made := acl.Delegation{From: f.from, To: f.to, Reason: f.reason, Resource: acl.Selector{Datasets: f.datasets, Fields: f.fields}}
	var err error
	if made.Rights, err = readRights(f.rights); err != nil {
		return made, err
	}
	for _, text := range f.levels {
		var level schema.Level
		if err := level.UnmarshalText([]byte(text)); err != nil || text == "" {
			return made, mistake{fmt.Errorf("--level %q: write L1, L2, L3 or L4", text)}
		}
		made.Resource.Levels = append(made.Resource.Levels, level)
	}
	made.Valid.Until, err = boundOf("--until", f.until, true)
	return made, err
}

// readRights reads the values of --right.
func readRights(texts []string) ([]acl.Right, error) {
	rights := make([]acl.Right, len(texts))
	for i, text := range texts {
		rights[i] = acl.Right(text)
		if !slices.Contains(acl.Rights(), rights[i]) {
			return nil, mistake{fmt.Errorf("--right %q: write view, hold, create or transmit", text)}
		}
	}
	return rights, nil
}

// checkParties refuses a delegation of or to somebody unknown, and of nothing.
func checkParties(ctx context.Context, view *app.CatalogView, d acl.Delegation) error {
	for _, id := range []string{d.From, d.To} {
		if _, err := view.Directory.Principal(id); err != nil {
			return err
		}
	}
	resources, err := access.Resources(ctx, view.Catalog)
	if err != nil {
		return err
	}
	for _, name := range d.Resource.Datasets {
		if strings.Contains(name, "*") {
			continue
		}
		if _, err := access.Find(resources, name); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(resources, d.Resource.Fits) {
		return fault.New(fault.Invalid, "no field of the catalog fits %s, so nothing would be lent", d.Resource)
	}
	return nil
}

func (c *cli) aclDelegations() *cobra.Command {
	var filter policystore.DelegationFilter
	command := &cobra.Command{
		Use:     "delegations",
		Short:   "List who may act, or might act, with whose rights, the newest first",
		Example: "  yitong acl delegations\n  yitong acl delegations --from leader\n  yitong acl delegations --to assistant --json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseEmpty(cmd, "from", "to"); err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				records, err := view.Policies.Delegations(ctx, filter)
				if err != nil {
					return err
				}
				return c.show(records, func() {
					out := newTable("ID", "FROM", "TO", "RIGHTS", "OF", "UNTIL", "STATE", "REASON")
					for _, one := range records {
						out.add(one.ID, one.From, one.To, rightsText(one.Rights), one.Resource.String(), endText(one.Valid.Until), one.State, dash(one.Reason))
					}
					out.write(c)
				})
			})
		},
	}
	command.Flags().StringVar(&filter.From, "from", "", "only rights of this principal")
	command.Flags().StringVar(&filter.To, "to", "", "only those lent to this principal")
	return command
}

func (c *cli) aclUndelegate() *cobra.Command {
	var by string
	command := &cobra.Command{
		Use:     "undelegate ID --by WHO",
		Short:   "End a delegation before its time, as who lent the rights or as an administrator",
		Example: "  yitong acl delegations --from leader\n  yitong acl undelegate 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --by leader",
		Args:    exactly(1, "one delegation (yitong acl delegations lists them)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := demand(cmd, "by"); err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				principal, err := view.Directory.Principal(by)
				if err != nil {
					return err
				}
				if err := view.Policies.Revoke(ctx, args[0], by, principal.HasRole(roleAdministrator)); err != nil {
					return err
				}
				records, err := view.Policies.Delegations(ctx, policystore.DelegationFilter{})
				if err != nil {
					return err
				}
				place := slices.IndexFunc(records, func(one policystore.DelegationRecord) bool { return one.ID == args[0] })
				if place < 0 {
					return fault.New(fault.NotFound, "there is no delegation %q", args[0])
				}
				ended := records[place]
				return c.show(ended, func() {
					fmt.Fprintf(c.stdout, "%s does not act for %s by delegation %s any more.\n", ended.To, ended.From, ended.ID)
				})
			})
		},
	}
	command.Flags().StringVar(&by, "by", "", "the principal who ends it")
	return command
}
