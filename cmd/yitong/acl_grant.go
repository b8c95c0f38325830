package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
)

func (c *cli) aclRequestGrant() *cobra.Command {
	var decision access.Decision
	var as, until string
	var rights, masks []string
	command := &cobra.Command{
		Use:   "grant ID --as STEWARD",
		Short: "Grant a request in whole or in part; it counts at once",
		Long: "Grants a request as a steward of the dataset: all fields and rights that were asked for, until the day that was\n" +
			"asked for, or less. Nobody grants a request of their own. What another policy takes away all the same is told.\n\n" +
			"A mask is written as FIELD=KIND, with its setting behind a colon where it has one: mobile=phone, name=first:2,\n" +
			"pay=range:1000, pay=range:0,5000,10000, note=constant:hidden, birth_date=expression:half_year.",
		Example: "  yitong acl request grant 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --as steward_hr\n" +
			"  yitong acl request grant 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --as steward_hr --field name,mobile --mask mobile=phone \\\n" +
			"    --rows \"department = '图书馆'\" --until 2026-06-30 --note \"For one term\"",
		Args: exactly(1, "one request"),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := cmp.Or(demand(cmd, "as"), refuseEmpty(cmd, "field", "right", "until", "mask", "rows"))
			if err != nil {
				return err
			}
			if decision.Rights, err = readRights(rights); err != nil {
				return err
			}
			if decision.Mask, err = readMasks(masks); err != nil {
				return err
			}
			if decision.Until, err = boundOf("--until", until, true); err != nil {
				return err
			}
			return c.atDesk(cmd.Context(), as, func(ctx context.Context, at counter) (access.Case, error) {
				if len(decision.Grant) == 0 {
					asked, err := at.Request(ctx, args[0])
					if err != nil {
						return access.Case{}, err
					}
					decision.Grant = asked.Fields
				}
				made, err := at.Decide(ctx, at.who, args[0], decision)
				if err != nil {
					return access.Case{}, err
				}
				c.noteShortfalls(ctx, at.view, made)
				return made, nil
			})
		},
	}
	set := command.Flags()
	set.StringVar(&as, "as", "", "the steward who decides")
	set.StringSliceVar(&decision.Grant, "field", nil, "a field that is granted; all that were asked for when not given; may be repeated")
	set.StringSliceVar(&rights, "right", nil, "a right that is granted; all that were asked for when not given; may be repeated")
	set.StringVar(&until, "until", "", "the last day, or a moment; as asked for when not given")
	set.StringArrayVar(&masks, "mask", nil, "a field that is shown masked, as mobile=phone; may be repeated")
	set.StringVar(&decision.Rows, "rows", "", "only these rows, as \"department = '图书馆'\"")
	set.StringVar(&decision.Note, "note", "", "what the one who asked should know")
	return command
}

// readMasks reads masks as FIELD=KIND or FIELD=KIND:SETTING.
func readMasks(texts []string) (map[string]acl.Mask, error) {
	made := map[string]acl.Mask{}
	for _, text := range texts {
		wrong := func(what string) error { return mistake{fmt.Errorf("--mask %q: %s", text, what)} }
		field, value, ok := strings.Cut(text, "=")
		if _, twice := made[field]; twice {
			return nil, wrong("the field has a mask already")
		}
		kind, setting, set := strings.Cut(value, ":")
		if !ok || field == "" || kind == "" || set && setting == "" {
			return nil, wrong("write it as mobile=phone or name=first:2")
		}
		mask := acl.Mask{Kind: acl.MaskKind(kind)}
		switch mask.Kind {
		case acl.MaskConstant:
			mask.Value = setting
		case acl.MaskExpression:
			mask.Name = setting
		case acl.MaskRange:
			mask.Step = setting
			if strings.Contains(setting, ",") {
				mask.Step, mask.Bounds = "", setting
			}
		case acl.MaskFirst, acl.MaskLast:
			keep, err := strconv.Atoi(cmp.Or(setting, "1"))
			if err != nil || keep < 1 {
				return nil, wrong("say how many characters are shown, as " + kind + ":2")
			}
			mask.Keep = keep
		default:
			if set {
				return nil, wrong(kind + " has no setting")
			}
		}
		made[field] = mask
	}
	return made, nil
}

// noteShortfalls tells a steward what was granted and is not shown all the same.
func (c *cli) noteShortfalls(ctx context.Context, view *app.CatalogView, made access.Case) {
	found, err := shortfalls(ctx, view, made)
	if err != nil {
		// The grant counts: that nothing more can be told about it is no failure.
		fmt.Fprintf(c.stderr, "note: what %s sees now cannot be told: %s\n", made.Requester, fault.Public(err))
	}
	for _, one := range found {
		shown := one.Access
		if one.SomeRows {
			shown += " on some rows only"
		}
		fmt.Fprintf(c.stderr, "note: to %s %s stays %s: %s\n", one.Right, one.Field, shown, one.Reason)
	}
	if purpose, _ := view.Policies.Current().Purpose(made.Purpose); purpose.Basis == acl.BasisConsent {
		fmt.Fprintf(c.stderr, "note: the legal basis of %s is consent: only rows about people who consented are shown\n", made.Purpose)
	}
}

func shortfalls(ctx context.Context, view *app.CatalogView, made access.Case) ([]access.Shortfall, error) {
	holder, err := view.Directory.Principal(made.Requester)
	if err != nil {
		return nil, err
	}
	resources, err := access.Resources(ctx, view.Catalog)
	if err != nil {
		return nil, err
	}
	resource, err := access.Find(resources, made.Dataset)
	if err != nil {
		return nil, err
	}
	return access.Shortfalls(view.Policies.Current(), holder, resource, made, time.Now())
}

func (c *cli) aclRequestRefuse() *cobra.Command {
	var as, note string
	command := &cobra.Command{
		Use:     "refuse ID --as STEWARD --note TEXT",
		Short:   "Refuse a request, as a steward of the dataset, and say why",
		Example: "  yitong acl request refuse 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --as steward_hr --note \"The phone directory has it\"",
		Args:    exactly(1, "one request"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := demand(cmd, "as", "note"); err != nil {
				return err
			}
			return c.atDesk(cmd.Context(), as, func(ctx context.Context, at counter) (access.Case, error) {
				return at.Decide(ctx, at.who, args[0], access.Decision{Note: note})
			})
		},
	}
	command.Flags().StringVar(&as, "as", "", "the steward who decides")
	command.Flags().StringVar(&note, "note", "", "why")
	return command
}

func (c *cli) aclRequestRenew() *cobra.Command {
	var as, until, note string
	command := &cobra.Command{
		Use:     "renew ID --as STEWARD --until DATE",
		Short:   "Let access that was granted end later, as a steward of the dataset",
		Example: "  yitong acl request renew 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --as steward_hr --until 2027-06-30",
		Args:    exactly(1, "one request"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := demand(cmd, "as", "until"); err != nil {
				return err
			}
			end, err := boundOf("--until", until, true)
			if err != nil {
				return err
			}
			return c.atDesk(cmd.Context(), as, func(ctx context.Context, at counter) (access.Case, error) {
				return at.Renew(ctx, at.who, args[0], end, note)
			})
		},
	}
	command.Flags().StringVar(&as, "as", "", "the steward who decides")
	command.Flags().StringVar(&until, "until", "", "the new last day, as 2027-06-30, or a moment")
	command.Flags().StringVar(&note, "note", "", "what the holder should know")
	return command
}

func (c *cli) aclRequestRevoke() *cobra.Command {
	var as, note string
	command := &cobra.Command{
		Use:     "revoke ID --as PRINCIPAL",
		Short:   "End access that was granted at once, as a steward of the dataset or as who holds it",
		Example: "  yitong acl request revoke 0197a1c2-5b1e-7c3d-9f00-2b8d6a1e4f55 --as steward_hr --note \"The project is over\"",
		Args:    exactly(1, "one request"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := demand(cmd, "as"); err != nil {
				return err
			}
			return c.atDesk(cmd.Context(), as, func(ctx context.Context, at counter) (access.Case, error) {
				return at.Revoke(ctx, at.who, args[0], note)
			})
		},
	}
	command.Flags().StringVar(&as, "as", "", "the steward, or who holds the access")
	command.Flags().StringVar(&note, "note", "", "why")
	return command
}

func (c *cli) aclReview() *cobra.Command {
	var as, unused, ends string
	command := &cobra.Command{
		Use:   "review --as STEWARD",
		Short: "List the grants of a steward's datasets that end soon or that nobody uses",
		Long: "Lists the grants of a steward's datasets that end soon or that nobody uses, the most urgent first. Use is every\n" +
			"read of the dataset by who holds the grant, by whatever policy it was allowed.",
		Example: "  yitong acl review --as steward_hr\n  yitong acl review --as steward_hr --unused-for 180d --ends-within 7d",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := demand(cmd, "as"); err != nil {
				return err
			}
			var options access.ReviewOptions
			var err error
			if options.UnusedFor, err = readDays("--unused-for", unused); err != nil {
				return err
			}
			if options.EndsWithin, err = readDays("--ends-within", ends); err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				steward, err := view.Directory.Principal(as)
				if err != nil {
					return err
				}
				found, err := view.Desk().Review(ctx, steward, options)
				if err != nil {
					return err
				}
				return c.show(found, func() {
					if len(found) == 0 {
						fmt.Fprintf(c.stdout, "No grant of the datasets of %s ends within %s or was unused for %s.\n", as, ends, unused)
						return
					}
					out := newTable("REQUEST", "HOLDER", "DATASET", "FIELDS", "PURPOSE", "ENDS", "READS", "LAST READ", "WHY").alignRight(6)
					for _, one := range found {
						out.add(one.Case.ID, one.Case.Requester, one.Case.Dataset, fieldsText(one.Case.Grant), one.Case.Purpose, endText(one.Ends),
							grouped(one.Count), clock(&one.LastUse), strings.Join(one.Reasons, ", "))
					}
					out.write(c)
				})
			})
		},
	}
	command.Flags().StringVar(&as, "as", "", "the steward")
	command.Flags().StringVar(&unused, "unused-for", "90d", "for how many days nothing was read")
	command.Flags().StringVar(&ends, "ends-within", "30d", "within how many days the grant ends")
	return command
}

// maxDays bounds spans of days: a hundred years are meant by nobody.
const maxDays = 36_500

// readDays reads a number of days, as 90d.
func readDays(flag, text string) (time.Duration, error) {
	digits, ok := strings.CutSuffix(text, "d")
	days, err := strconv.Atoi(digits)
	if !ok || err != nil || days < 1 || days > maxDays {
		return 0, mistake{fmt.Errorf("%s %q: write a number of days, as 90d", flag, text)}
	}
	return time.Duration(days) * 24 * time.Hour, nil
}
