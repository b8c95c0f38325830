package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
)

func (c *cli) aclConsent() *cobra.Command {
	command := &cobra.Command{
		Use:   "consent",
		Short: "Give, withdraw and list people's consent to purposes whose legal basis it is",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.aclConsentGive(), c.aclConsentWithdraw(), c.aclConsentList())
	return command
}

// consentFlags say whose consent it is, and who gets the data.
type consentFlags struct{ person, recipient string }

func (f *consentFlags) register(command *cobra.Command) {
	set := command.Flags()
	set.StringVar(&f.person, "person", "", "the campus id of the person whom the data is about")
	set.StringVar(&f.recipient, "recipient", "", "only this principal gets the data; every one who reads for the purpose when not given")
}

func (f *consentFlags) check(cmd *cobra.Command) error {
	return cmp.Or(demand(cmd, "person"), refuseEmpty(cmd, "recipient", "until"))
}

func (c *cli) aclConsentGive() *cobra.Command {
	var flags consentFlags
	var until string
	command := &cobra.Command{
		Use:   "give PURPOSE --person ID",
		Short: "Keep a person's consent to a purpose; it counts at once",
		Long: "Keeps a person's consent to a purpose whose legal basis is consent. Rows about the person may be read for that\n" +
			"purpose from now on, as far as policies allow it, until the consent ends or is withdrawn. It takes the place of\n" +
			"the one given before for the same purpose and recipient. Only the person can consent: keep their own word.",
		Example: "  yitong acl consent give reading_advice --person 10001\n" +
			"  yitong acl consent give reading_advice --person 10001 --recipient app_library --until 2026-12-31",
		Args: exactly(1, "one purpose (yitong acl purposes lists them)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(cmd); err != nil {
				return err
			}
			end, err := boundOf("--until", until, true)
			if err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				// A consent for somebody who is nobody would never count.
				if flags.recipient != "" {
					if _, err := view.Directory.Principal(flags.recipient); err != nil {
						return err
					}
				}
				given := policystore.Consent{Purpose: args[0], Recipient: flags.recipient, Person: flags.person, Until: end, By: commandLine}
				if err := view.Policies.Give(ctx, given); err != nil {
					return err
				}
				record, _, err := consentNow(ctx, view, args[0], flags)
				if err != nil {
					return err
				}
				return c.show(record, func() {
					lasts := "until it is withdrawn"
					if !end.IsZero() {
						lasts = "until " + endText(end)
					}
					fmt.Fprintf(c.stdout, "%s consents to %s, for %s, %s.\n", flags.person, args[0], recipientText(flags.recipient), lasts)
				})
			})
		},
	}
	flags.register(command)
	command.Flags().StringVar(&until, "until", "", "the last day of the consent, or a moment; it lasts until it is withdrawn when not given")
	return command
}

func (c *cli) aclConsentWithdraw() *cobra.Command {
	var flags consentFlags
	command := &cobra.Command{
		Use:   "withdraw PURPOSE --person ID",
		Short: "Take a person's consent back; it counts no longer from this moment on",
		Long: "Takes a person's consent back: from this moment on it does not count. It is about the consent for the recipient\n" +
			"that is named, or about the one for every recipient; others that still count are told.",
		Example: "  yitong acl consent withdraw reading_advice --person 10001\n" +
			"  yitong acl consent withdraw reading_advice --person 10001 --recipient app_library",
		Args: exactly(1, "one purpose"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(cmd); err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				if err := view.Policies.Withdraw(ctx, args[0], flags.recipient, flags.person); err != nil {
					return err
				}
				record, others, err := consentNow(ctx, view, args[0], flags)
				if err != nil {
					return err
				}
				for _, other := range others {
					fmt.Fprintf(c.stderr, "note: the consent of %s to %s for %s still counts\n", other.Person, other.Purpose, recipientText(other.Recipient))
				}
				return c.show(record, func() {
					fmt.Fprintf(c.stdout, "The consent of %s to %s, for %s, is withdrawn.\n", flags.person, args[0], recipientText(flags.recipient))
				})
			})
		},
	}
	flags.register(command)
	return command
}

// consentNow gives what became of the consent that was just given or withdrawn,
// and the person's other consents to the purpose that count.
func consentNow(ctx context.Context, view *app.CatalogView, purpose string, flags consentFlags) (policystore.ConsentRecord, []policystore.ConsentRecord, error) {
	all, err := view.Policies.Consents(ctx, flags.person)
	if err != nil {
		return policystore.ConsentRecord{}, nil, err
	}
	var newest policystore.ConsentRecord
	var others []policystore.ConsentRecord
	for _, one := range all {
		switch {
		case one.Purpose != purpose:
		case one.Recipient != flags.recipient:
			if one.State == policystore.ConsentGiven {
				others = append(others, one)
			}
		case newest.Person == "":
			newest = one
		}
	}
	return newest, others, nil
}

func (c *cli) aclConsentList() *cobra.Command {
	var person string
	command := &cobra.Command{
		Use:     "list --person ID",
		Short:   "List all that a person ever consented to, the newest first",
		Example: "  yitong acl consent list --person 10001",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := demand(cmd, "person"); err != nil {
				return err
			}
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				records, err := view.Policies.Consents(ctx, person)
				if err != nil {
					return err
				}
				return c.show(records, func() {
					if len(records) == 0 {
						fmt.Fprintf(c.stdout, "%s never consented to anything.\n", person)
						return
					}
					out := newTable("PURPOSE", "RECIPIENT", "STATE", "GIVEN", "UNTIL", "WITHDRAWN")
					for _, one := range records {
						out.add(one.Purpose, recipientText(one.Recipient), one.State, clock(&one.Given), endText(one.Until), clock(&one.Withdrawn))
					}
					out.write(c)
				})
			})
		},
	}
	command.Flags().StringVar(&person, "person", "", "the campus id of the person")
	return command
}

func recipientText(id string) string {
	if id == "" {
		return "every recipient"
	}
	return id
}

// boundOf reads a day or a moment; as an end, a day is in the period as a whole.
// What is not given is the zero time.
func boundOf(flag, text string, end bool) (time.Time, error) {
	moment, err := acl.ParseMoment(text, end)
	if err != nil {
		return moment, mistake{fmt.Errorf("%s: %s", flag, fault.Public(err))}
	}
	return moment, nil
}

// endText writes the end of a period in local time, that of a whole day as its
// hour 24, or a dash.
func endText(end time.Time) string {
	local := end.Local()
	if end.IsZero() || local.Hour() != 0 || local.Minute() != 0 || local.Second() != 0 {
		return clock(&end)
	}
	return local.AddDate(0, 0, -1).Format(time.DateOnly) + " 24:00"
}

// demand refuses a call without flags that it needs.
func demand(cmd *cobra.Command, names ...string) error {
	missing := slices.DeleteFunc(names, func(name string) bool { return !isEmpty(cmd.Flags().Lookup(name).Value) })
	if len(missing) > 0 {
		return mistake{fmt.Errorf("this command needs --%s", strings.Join(missing, ", --"))}
	}
	return nil
}

// refuseEmpty refuses flags that were given without a value, as an unset variable
// of a script leaves them: where they are not given they mean everything.
func refuseEmpty(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if flag := cmd.Flags().Lookup(name); flag != nil && flag.Changed && isEmpty(flag.Value) {
			return mistake{fmt.Errorf("--%s is empty: give it a value, or leave it out", name)}
		}
	}
	return nil
}

func isEmpty(value fmt.Stringer) bool {
	if list, is := value.(interface{ GetSlice() []string }); is {
		return len(list.GetSlice()) == 0
	}
	return value.String() == ""
}
