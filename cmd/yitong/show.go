package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
)

func (c *cli) catalogShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Show all that is known of a system, dataset, field, element or code set",
		Example: "  yitong catalog show hr\n  yitong catalog show hr.staff\n" +
			"  yitong catalog show hr.staff.mobile\n  yitong catalog show person.mobile",
		Args: exactly(1, "one name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				found, err := c.find(ctx, view.Catalog, args[0])
				if err != nil {
					return err
				}
				return c.show(found.document, found.text)
			})
		},
	}
}

// shown is one thing of the catalog with its two forms.
type shown struct {
	document any
	text     func()
}

// find tries the kinds of things in the order of how specific their names are.
func (c *cli) find(ctx context.Context, from *catalog.Catalog, name string) (shown, error) {
	lookups := []func(context.Context, *catalog.Catalog, string) (shown, error){
		c.showSystem, c.showDataset, c.showField, c.showElement, c.showCodeSet,
	}
	for _, lookup := range lookups {
		found, err := lookup(ctx, from, name)
		if err == nil || !fault.Is(err, fault.NotFound) {
			return found, err
		}
	}
	hits, err := from.Search(ctx, name, 3)
	if err != nil {
		return shown{}, err
	}
	near := make([]string, len(hits))
	for i, hit := range hits {
		near[i] = hit.ID
	}
	if len(near) > 0 {
		return shown{}, fault.New(fault.NotFound, "nothing is called %q; near it: %s", name, strings.Join(near, ", "))
	}
	return shown{}, fault.New(fault.NotFound, "nothing is called %q; try yitong catalog search", name)
}

func (c *cli) showSystem(ctx context.Context, from *catalog.Catalog, name string) (shown, error) {
	system, err := from.System(ctx, name)
	if err != nil {
		return shown{}, err
	}
	datasets, err := from.Datasets(ctx, name)
	if err != nil {
		return shown{}, err
	}
	document := struct {
		catalog.System
		Contents []catalog.Dataset `json:"contents"`
	}{system, datasets}
	return shown{document, func() {
		c.pairs("System", system.ID+"  "+system.Title.ZH+"  "+system.Title.EN,
			"Department", system.Department, "Steward", dash(system.Steward), "Driver", system.Driver,
			"Schedule", dash(system.Schedule), "Rows", grouped(system.Rows), "In quarantine", grouped(system.Quarantine))
		fmt.Fprintln(c.stdout)
		c.writeDatasets(datasets)
	}}, nil
}

func (c *cli) showDataset(ctx context.Context, from *catalog.Catalog, name string) (shown, error) {
	dataset, err := from.Dataset(ctx, name)
	if err != nil {
		return shown{}, err
	}
	return shown{dataset, func() {
		c.pairs("Dataset", dataset.ID+"  "+dataset.Title.ZH+"  "+dataset.Title.EN, "Description", dash(dataset.Description),
			"Source", dataset.System+" / "+dataset.Source, "Department", dataset.Department, "Steward", dash(dataset.Steward),
			"Key", dash(strings.Join(dataset.Key, ", ")), "Load", dataset.Load, "Version", fmt.Sprint(dataset.Version),
			"Published", clock(dataset.PublishedAt), "Rows", grouped(dataset.Rows), "In quarantine", grouped(dataset.Quarantine))
		fmt.Fprintln(c.stdout)
		c.writeFields(dataset.Fields)
	}}, nil
}

func (c *cli) showField(ctx context.Context, from *catalog.Catalog, name string) (shown, error) {
	cut := strings.LastIndex(name, ".")
	if cut < 0 {
		return shown{}, fault.New(fault.NotFound, "no field is called %q", name)
	}
	fields, err := from.Fields(ctx, catalog.FieldFilter{Dataset: name[:cut]})
	if err != nil {
		return shown{}, err
	}
	for _, field := range fields {
		if field.Name == name[cut+1:] {
			return shown{field, func() { c.writeField(field) }}, nil
		}
	}
	return shown{}, fault.New(fault.NotFound, "no field is called %q", name)
}

func (c *cli) writeField(field catalog.Field) {
	c.pairs("Field", field.Dataset+"."+field.Name+"  "+field.Title.ZH+"  "+field.Title.EN,
		"Source column", field.From, "Element", dash(field.Element), "Code set", dash(field.CodeSet),
		"Level", dash(field.Level.String()), "Tags", dash(strings.Join(field.Tags, ", ")), "State", field.State,
		"Types", fmt.Sprintf("%s → %s → %s → %s", dash(field.Ledger.Declared), dash(field.Ledger.Wire), dash(field.Ledger.Arrow), dash(field.Ledger.Stored)),
		"Ruling", dash(field.Ledger.Ruling))
	if field.Profile != nil {
		c.writeProfile(*field.Profile)
	}
	if field.Proposal != nil {
		c.pairs("Proposed", fmt.Sprintf("%s at %s: %s", field.Proposal.Element, field.Proposal.Level, field.Proposal.Why))
	}
}

func (c *cli) writeProfile(profile catalog.Profile) {
	c.pairs("Rows", grouped(profile.Rows), "Nulls", grouped(profile.Nulls), "Distinct", grouped(profile.Distinct))
	if profile.Min != "" || profile.Max != "" {
		c.pairs("Range", profile.Min+" to "+profile.Max)
	}
	if profile.Pattern != "" {
		c.pairs("Pattern", profile.Pattern)
	}
	if len(profile.Top) > 0 {
		top := make([]string, len(profile.Top))
		for i, value := range profile.Top {
			top[i] = fmt.Sprintf("%s (%s)", value.Value, grouped(value.Count))
		}
		c.pairs("Most frequent", strings.Join(top, ", "))
	}
}

func (c *cli) showElement(ctx context.Context, from *catalog.Catalog, name string) (shown, error) {
	element, err := from.Element(ctx, name)
	if err != nil {
		return shown{}, err
	}
	fields, err := from.Fields(ctx, catalog.FieldFilter{Element: name})
	if err != nil {
		return shown{}, err
	}
	occurs := make([]string, len(fields))
	for i, field := range fields {
		occurs[i] = field.Dataset + "." + field.Name
	}
	document := struct {
		catalog.Element
		Occurs []string `json:"occurs"`
	}{element, occurs}
	return shown{document, func() {
		c.pairs("Element", element.ID+"  "+element.Title.ZH+"  "+element.Title.EN, "Definition", element.Definition,
			"Type", element.Type.String(), "Code set", dash(element.CodeSet), "Level", element.Level.String(),
			"Tags", dash(strings.Join(element.Tags, ", ")), "Standard", dash(element.Standard),
			"Synonyms", dash(strings.Join(element.Synonyms, ", ")), "Occurs in", dash(strings.Join(occurs, ", ")))
		for _, authority := range element.Authorities {
			c.pairs("Authority", authority.Population+": "+authority.Source)
		}
	}}, nil
}

func (c *cli) showCodeSet(ctx context.Context, from *catalog.Catalog, name string) (shown, error) {
	codes, err := from.CodeSet(ctx, name)
	if err != nil {
		return shown{}, err
	}
	return shown{codes, func() {
		c.pairs("Code set", codes.ID+"  "+codes.Title.ZH+"  "+codes.Title.EN, "Standard", dash(codes.Standard))
		fmt.Fprintln(c.stdout)
		out := newTable("CODE", "MEANING", "ENGLISH")
		for _, code := range codes.Codes {
			out.add(code.Code, code.ZH, code.EN)
		}
		out.write(c)
	}}, nil
}

// pairs writes names and values, one pair a line, the values aligned.
func (c *cli) pairs(cells ...string) {
	const nameWidth = 15
	for i := 0; i+1 < len(cells); i += 2 {
		fmt.Fprintf(c.stdout, "%-*s %s\n", nameWidth, cells[i], cells[i+1])
	}
}
