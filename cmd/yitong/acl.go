package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/app"
)

func (c *cli) aclCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "acl",
		Short: "Policies: list, apply, simulate and explain them; consent, delegation and requests for access",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(
		c.aclList(), c.aclShow(), c.aclApply(), c.aclRemove(), c.aclPurposes(),
		c.aclExplain(), c.aclWho(), c.aclWhat(), c.aclSimulate(), c.aclImport(),
		c.aclConsent(), c.aclDelegate(), c.aclDelegations(), c.aclUndelegate(), c.aclRequest(), c.aclReview(),
	)
	return command
}

// commandLine is the author of what is changed here: nobody signs in to it.
const commandLine = "command line"

// listedPolicy is a policy with where it is from.
type listedPolicy struct {
	acl.Policy
	Origin policystore.Origin `json:"origin"`
}

func (c *cli) aclList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the policies that count now",
		Example: "  yitong acl list\n  yitong acl list --json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(_ context.Context, view *app.CatalogView) error {
				listed := []listedPolicy{}
				for _, policy := range view.Policies.Current().Policies() {
					origin, err := view.Policies.OriginOf(policy.ID)
					if err != nil {
						return err
					}
					listed = append(listed, listedPolicy{policy, origin})
				}
				return c.show(listed, func() {
					out := newTable("ID", "EFFECT", "SUBJECT", "RESOURCE", "RIGHTS", "SHOWS", "FROM")
					for _, one := range listed {
						out.add(one.ID, string(one.Effect), one.Subject.String(), one.Resource.String(), rightsText(one.Rights), shows(one.Policy), one.Origin.Origin)
					}
					out.write(c)
					fmt.Fprintf(c.stdout, "\nVersion %d of the policies.\n", view.Policies.Current().Version())
				})
			})
		},
	}
}

func rightsText(rights []acl.Right) string {
	names := make([]string, len(rights))
	for i, right := range rights {
		names[i] = string(right)
	}
	return strings.Join(names, ", ")
}

// shows says in a word what a policy shows or leaves.
func shows(policy acl.Policy) string {
	switch {
	case policy.Disabled:
		return "disabled"
	case policy.Mask != nil:
		return "mask " + policy.Mask.String()
	case policy.Aggregate != nil:
		return fmt.Sprintf("statistics of %d people", policy.Aggregate.MinPeople)
	case policy.Effect == acl.Deny:
		return "nothing"
	}
	return "clear"
}

func (c *cli) aclShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show POLICY",
		Short:   "Show one policy as it would stand in a file",
		Example: "  yitong acl show own-record",
		Args:    exactly(1, "one policy"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(_ context.Context, view *app.CatalogView) error {
				origin, err := view.Policies.OriginOf(args[0])
				if err != nil {
					return err
				}
				policy, _ := view.Policies.Current().Policy(args[0])
				text, err := yaml.Marshal([]acl.Policy{policy})
				if err != nil {
					return fmt.Errorf("write the policy: %w", err)
				}
				return c.show(listedPolicy{policy, origin}, func() {
					fmt.Fprintf(c.stdout, "# from %s, written by %s, since version %d\n%s", origin.Origin, origin.Author, origin.Since, text)
				})
			})
		},
	}
}

func (c *cli) aclApply() *cobra.Command {
	return &cobra.Command{
		Use:   "apply [FILE or FOLDER]",
		Short: "Let exactly the policies of a file, or of the campus's policies folder, count",
		Long: "Lets exactly the policies, purposes and mask expressions of a file count, or those of all .yaml files of a\n" +
			"folder; the campus's own folder when none is named, which is applied at each start too. All of it counts, at\n" +
			"once and on every node, or nothing. What came from requests for access stays as it is.",
		Example: "  yitong acl apply\n  yitong acl apply var/campus/policies/campus.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return mistake{errors.New("this command takes one file or folder")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			path := app.PoliciesDir(settings)
			if len(args) == 1 {
				path = args[0]
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				before := view.Policies.Current().Version()
				changes, err := app.FileChanges(path, view.Policies.Origins())
				if err != nil {
					return err
				}
				if err := app.CheckExpressions(ctx, changes); err != nil {
					return err
				}
				version, err := view.Policies.Apply(ctx, changes...)
				if err != nil {
					return err
				}
				hints, err := view.UnknownNames(ctx)
				if err != nil {
					return err
				}
				result := map[string]any{"version": version, "changed": version != before, "policies": view.Policies.Current().Len(), "hints": hints}
				return c.show(result, func() {
					for _, hint := range hints {
						fmt.Fprintf(c.stderr, "note: %s\n", hint)
					}
					if version == before {
						fmt.Fprintf(c.stdout, "Nothing changed: version %d of the policies counts.\n", version)
						return
					}
					fmt.Fprintf(c.stdout, "Version %d of the policies counts now: %s.\n", version, policyCount(view.Policies.Current().Len()))
				})
			})
		},
	}
}

func (c *cli) aclRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove POLICY",
		Short:   "End a policy that was made by the API or imported; those of files are ended in their file",
		Example: "  yitong acl remove ranger:12/allow/1",
		Args:    exactly(1, "one policy"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				origin, err := view.Policies.OriginOf(args[0])
				if err != nil {
					return err
				}
				if strings.HasPrefix(origin.Origin, "file:") || origin.Origin == policystore.DefaultOrigin {
					return mistake{fmt.Errorf("policy %s is from %s: take it out there and run yitong acl apply", args[0], origin.Origin)}
				}
				version, err := view.Policies.Apply(ctx, policystore.Change{Origin: origin.Origin, Author: commandLine, Remove: args})
				if err != nil {
					return err
				}
				return c.show(map[string]any{"version": version}, func() {
					fmt.Fprintf(c.stdout, "Policy %s ended: version %d of the policies counts now.\n", args[0], version)
				})
			})
		},
	}
}

func (c *cli) aclPurposes() *cobra.Command {
	return &cobra.Command{
		Use:     "purposes",
		Short:   "List what data may be wanted for, with the legal basis",
		Example: "  yitong acl purposes",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(_ context.Context, view *app.CatalogView) error {
				purposes := view.Policies.Current().Purposes()
				return c.show(purposes, func() {
					out := newTable("ID", "TITLE", "BASIS", "DESCRIPTION")
					for _, purpose := range purposes {
						out.add(purpose.ID, purpose.Title, purpose.Basis, dash(purpose.Description))
					}
					out.write(c)
				})
			})
		},
	}
}

// policyCount writes a number of policies.
func policyCount(n int) string {
	if n == 1 {
		return "1 policy"
	}
	return grouped(int64(n)) + " policies"
}
