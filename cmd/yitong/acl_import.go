package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/acl/ranger"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
)

func (c *cli) aclImport() *cobra.Command {
	command := &cobra.Command{
		Use:   "import",
		Short: "Carry policies over from other systems",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.aclImportRanger())
	return command
}

// rangerFlags are the flags of `yitong acl import ranger`.
type rangerFlags struct {
	tags          string
	check, dryRun bool
	options       ranger.ConvertOptions
}

func (c *cli) aclImportRanger() *cobra.Command {
	var flags rangerFlags
	command := &cobra.Command{
		Use:   "ranger FILE",
		Short: "Carry the policies of a Hive service over from Apache Ranger, or check a file of Ranger's",
		Long: "Carries the policies of a Hive service over from Apache Ranger: from the policy cache of its plug-in, an export of\n" +
			"Ranger Admin, or one of Ranger's policy-engine test files. What policies here cannot say shows less than in Ranger,\n" +
			"never more, and is listed with the reason. All of it counts at once; a second import of the service replaces the\n" +
			"first. Policies from elsewhere stay as they are. See docs/ranger.md.\n\n" +
			"With --check nothing is carried over: the file's own test cases are run, and the policies of the file and those\n" +
			"made of them are asked the same questions. It takes no home folder.",
		Example: "  yitong acl import ranger hive.json --check\n" +
			"  yitong acl import ranger hive.json --database hr,finance --dry-run\n" +
			"  yitong acl import ranger hive.json --database hr,finance",
		Args: exactly(1, "one file of Ranger's"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.verify(); err != nil {
				return err
			}
			file, err := flags.read(args[0])
			if err != nil {
				return err
			}
			if flags.check {
				return c.checkRanger(file, flags.options)
			}
			made, err := ranger.Convert(file, flags.options)
			if err != nil {
				return err
			}
			if flags.dryRun {
				return c.showImport(imported{Converted: made, Origin: made.Origin()})
			}
			return c.applyImport(cmd.Context(), made)
		},
	}
	set := command.Flags()
	set.StringVar(&flags.tags, "tags", "", "file of tagged resources, as the tag service gives them to plug-ins")
	set.BoolVar(&flags.check, "check", false, "only run the file's test cases and compare both sets of policies")
	set.BoolVar(&flags.dryRun, "dry-run", false, "only show what would be carried over, and what not")
	set.StringVar(&flags.options.Service, "service", "", "the service, where an export has those of several")
	set.StringSliceVar(&flags.options.Databases, "database", nil, "a database that Ranger guarded, for which patterns stand then; may be repeated")
	set.StringVar(&flags.options.Zone, "zone", "", "time zone of the servers that asked Ranger (default "+acl.DefaultZone+")")
	return command
}

func (f *rangerFlags) verify() error {
	if f.check && f.dryRun {
		return mistake{fmt.Errorf("--check and --dry-run exclude one another")}
	}
	if _, err := time.LoadLocation(cmp.Or(f.options.Zone, acl.DefaultZone)); err != nil {
		return mistake{fmt.Errorf("--zone %q: there is no such time zone", f.options.Zone)}
	}
	for _, database := range f.options.Databases {
		if database == "" || strings.ContainsAny(database, "*?.") {
			return mistake{fmt.Errorf("--database %q: write the name of one database", database)}
		}
	}
	return nil
}

func (f *rangerFlags) read(path string) (*ranger.File, error) {
	source, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the file %s cannot be read", path)
	}
	defer source.Close()
	file, err := ranger.Read(source)
	if err != nil {
		return nil, fault.New(fault.CodeOf(err), "%s", fault.Public(err)).At("%s", path)
	}
	if f.tags == "" {
		return file, nil
	}
	tags, err := os.Open(f.tags)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the file %s cannot be read", f.tags)
	}
	defer tags.Close()
	if err := file.ReadTags(tags); err != nil {
		return nil, fault.New(fault.CodeOf(err), "%s", fault.Public(err)).At("%s", f.tags)
	}
	return file, nil
}

// imported is what came of an import.
type imported struct {
	ranger.Converted
	Origin  string   `json:"origin"`
	Applied bool     `json:"applied"`
	Changed bool     `json:"changed"`
	Version int64    `json:"version,omitempty"`
	Hints   []string `json:"hints,omitempty"`
}

func (c *cli) applyImport(ctx context.Context, made ranger.Converted) error {
	return c.withCatalog(ctx, func(ctx context.Context, view *app.CatalogView) error {
		before := view.Policies.Current().Version()
		version, err := view.Policies.Apply(ctx, policystore.Change{
			Origin: made.Origin(), Author: commandLine, Put: acl.Contents{Policies: made.Policies}, Whole: true,
		})
		if err != nil {
			return err
		}
		hints, err := view.UnknownNames(ctx)
		if err != nil {
			return err
		}
		own := func(hint string) bool { return !strings.HasPrefix(hint, "policy ranger:") }
		return c.showImport(imported{
			Converted: made, Origin: made.Origin(), Applied: true, Changed: version != before, Version: version, Hints: slices.DeleteFunc(hints, own),
		})
	})
}

func (c *cli) showImport(made imported) error {
	return c.show(made, func() {
		c.writeConverted(made.Converted)
		for _, hint := range made.Hints {
			fmt.Fprintf(c.stderr, "note: %s\n", hint)
		}
		fmt.Fprintln(c.stdout)
		switch {
		case !made.Applied:
			fmt.Fprintf(c.stdout, "Nothing was applied: %s would count as %s.\n", policiesText(len(made.Policies)), made.Origin)
		case !made.Changed:
			fmt.Fprintf(c.stdout, "Nothing changed: version %d of the policies counts.\n", made.Version)
		default:
			fmt.Fprintf(c.stdout, "Version %d of the policies counts now: %s of it from %s.\n", made.Version, policiesText(len(made.Policies)), made.Origin)
		}
	})
}

func (c *cli) writeConverted(made ranger.Converted) {
	out := newTable("ID", "EFFECT", "SUBJECT", "RESOURCE", "RIGHTS", "SHOWS", "ROWS", "EXCEPT", "OF")
	for _, one := range made.Policies {
		except := "-"
		if len(one.Except) > 0 {
			except = plural(int64(len(one.Except)), "exception")
		}
		out.add(one.ID, string(one.Effect), one.Subject.String(), one.Resource.String(), rightsText(one.Rights), shows(one), dash(one.Rows), except, one.Description)
	}
	out.write(c)
	if len(made.Roles) > 0 {
		fmt.Fprintln(c.stdout, "\nThe directory must give these roles:")
		out = newTable("ROLE", "USERS", "GROUPS")
		for _, role := range made.Roles {
			out.add(role.Name, dash(strings.Join(role.Users, ", ")), dash(strings.Join(role.Groups, ", ")))
		}
		out.write(c)
	}
	if len(made.Tags) > 0 {
		fmt.Fprintln(c.stdout, "\nThe catalog must give these tags:")
		out = newTable("OF", "TAGS")
		for _, one := range made.Tags {
			out.add(one.Of, strings.Join(one.Tags, ", "))
		}
		out.write(c)
	}
	if len(made.Notes) == 0 {
		fmt.Fprintln(c.stdout, "\nEverything was carried over as it is.")
		return
	}
	fmt.Fprintln(c.stdout, "\nNot carried over as it is:")
	out = newTable("POLICIES", "WHAT", "WHY", "CONSEQUENCE", "SHOWS")
	for _, group := range grouping(made.Notes) {
		one := group[0]
		out.add(notedPolicies(group), one.What, one.Why, one.Consequence, one.Shows)
	}
	out.write(c)
}

// grouping puts notes together that say the same of several policies: first
// those because of which more is shown, then less.
func grouping(notes []ranger.Note) [][]ranger.Note {
	var made [][]ranger.Note
	places := map[ranger.Note]int{}
	for _, note := range notes {
		key := note
		key.Policy, key.Name = "", ""
		place, known := places[key]
		if !known {
			place = len(made)
			places[key] = place
			made = append(made, nil)
		}
		made[place] = append(made[place], note)
	}
	order := []string{ranger.ShowsMore, ranger.ShowsLess, ranger.ShowsSame}
	slices.SortStableFunc(made, func(a, b []ranger.Note) int {
		return cmp.Compare(slices.Index(order, a[0].Shows), slices.Index(order, b[0].Shows))
	})
	return made
}

// shownPolicies is how many policies a line names.
const shownPolicies = 4

func notedPolicies(group []ranger.Note) string {
	var names []string
	for _, note := range group[:min(shownPolicies, len(group))] {
		names = append(names, cmp.Or(note.Policy, "all"))
	}
	text := strings.Join(names, ", ")
	if more := len(group) - shownPolicies; more > 0 {
		text += fmt.Sprintf(" and %s more", grouped(int64(more)))
	}
	return text
}

func policiesText(n int) string {
	if n == 1 {
		return "1 policy"
	}
	return grouped(int64(n)) + " policies"
}

// What --check asks is bounded, so that it takes seconds: each question is put
// to every policy.
const (
	maxQuestions, minQuestions = 50_000, 500
	maxAnswers                 = 4_000_000
)

// checkedCase is a test case of the file.
type checkedCase struct {
	Name     string       `json:"name"`
	State    ranger.State `json:"state"`
	Expected string       `json:"expected,omitempty"`
	Got      string       `json:"got,omitempty"`
	Reason   string       `json:"reason,omitempty"`
	Note     string       `json:"note,omitempty"`
}

// checked is what came of a check.
type checked struct {
	Cases         []checkedCase `json:"cases"`
	Agree         int           `json:"agree"`
	Differ        int           `json:"differ"`
	NotApplicable int           `json:"not_applicable"`
	// Comparison holds the policies made of the file's against these, as far as
	// they can be carried over; Why says why not.
	Comparison *ranger.Comparison `json:"comparison,omitempty"`
	Why        string             `json:"why_not_compared,omitempty"`
}

// checkRanger runs a file's cases, and compares its policies with those made of them.
func (c *cli) checkRanger(file *ranger.File, options ranger.ConvertOptions) error {
	report := file.Check()
	made := checked{
		Cases: []checkedCase{}, Agree: report.Count(ranger.Agrees), Differ: report.Count(ranger.Differs), NotApplicable: report.Count(ranger.NotApplicable),
	}
	for _, one := range report.Cases {
		made.Cases = append(made.Cases, checkedCase{one.Name, one.State, one.Expected, one.Got, one.Reason, one.Note})
	}
	zone, err := time.LoadLocation(cmp.Or(options.Zone, acl.DefaultZone))
	if err != nil {
		return err
	}
	converted, err := ranger.Convert(file, options)
	if err == nil {
		var compared ranger.Comparison
		questions := max(minQuestions, min(maxQuestions, maxAnswers/(1+len(converted.Policies))))
		compared, err = ranger.Compare(file, converted, time.Now().In(zone), questions)
		made.Comparison = &compared
	}
	if err != nil {
		made.Comparison, made.Why = nil, fault.Public(err)
	}
	if err := c.show(made, func() { c.writeChecked(made) }); err != nil {
		return err
	}
	switch {
	case made.Differ > 0:
		return fault.New(fault.Conflict, "cases that come out otherwise than the file expects: %d", made.Differ)
	case made.Comparison != nil && made.Comparison.Select.Wider+made.Comparison.Update.Wider > 0:
		return fault.New(fault.Conflict, "the policies made of the file's would show more than these; do not import it")
	}
	return nil
}

func (c *cli) writeChecked(made checked) {
	if len(made.Cases) == 0 {
		fmt.Fprintln(c.stdout, "The file has no cases of its own.")
	} else {
		fmt.Fprintf(c.stdout, "%s of %s agree.\n", grouped(int64(made.Agree)), plural(int64(len(made.Cases)), "case"))
	}
	for _, one := range made.Cases {
		switch one.State {
		case ranger.Differs:
			fmt.Fprintf(c.stdout, "differs: %s: expected %s, got %s\n", one.Name, one.Expected, one.Got)
		case ranger.NotApplicable:
			fmt.Fprintf(c.stdout, "not applicable: %s: %s\n", one.Name, one.Reason)
		}
	}
	if made.Comparison == nil {
		fmt.Fprintf(c.stdout, "\nThe policies cannot be carried over: %s.\n", made.Why)
		return
	}
	fmt.Fprintln(c.stdout, "\nThe policies made of the file's, asked whether who is named in it may select from or update what is named in it:")
	out := newTable("ACCESS", "COLUMNS ASKED FOR", "THE SAME", "STRICTER", "MORE OPEN", "CANNOT BE TOLD").alignRight(1, 2, 3, 4, 5)
	for _, line := range []struct {
		access string
		tally  ranger.Tally
	}{{"select", made.Comparison.Select}, {"update", made.Comparison.Update}} {
		t := line.tally
		out.add(line.access, grouped(int64(t.Total())), grouped(int64(t.Same)), grouped(int64(t.Stricter)), grouped(int64(t.Wider)), grouped(int64(t.Unknown)))
	}
	out.write(c)
	for _, one := range made.Comparison.Differences {
		if one.Wider {
			fmt.Fprintf(c.stdout, "more open: %s of %s.%s for %s: in Ranger %s, here %s\n", one.Access, one.Dataset, one.Field, one.User, one.Ranger, one.Here)
		}
	}
	if stricter := made.Comparison.Select.Stricter + made.Comparison.Update.Stricter; stricter > 0 {
		fmt.Fprintln(c.stdout, "With --dry-run in place of --check the reasons for stricter answers are listed.")
	}
}
