package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

func (c *cli) systemCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "system",
		Short: "Check, add and list the definitions of departmental systems",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.systemCheck(), c.systemAdd(), c.systemList(), c.systemSchema())
	return command
}

func (c *cli) systemCheck() *cobra.Command {
	var offline bool
	command := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a definition file, and hold it against the live source",
		Long: `A mistake in the file is named with its line. Then the source is connected to, and
each dataset, column, element, rule and check that the file names is looked for.`,
		Example: "  yitong system check systems/hr.yaml",
		Args:    exactly(1, "one definition file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			findings, err := c.checkFile(cmd.Context(), c.path(args[0]), offline)
			if err != nil {
				return err
			}
			if err := c.show(findings, func() { c.writeFindings(args[0], findings) }); err != nil {
				return err
			}
			return refuseFindings(findings)
		},
	}
	command.Flags().BoolVar(&offline, "offline", false, "check the file alone, without connecting")
	return command
}

func refuseFindings(findings []pipelines.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "the definition has %s", plural(int64(len(findings)), "fault"))
}

// checkFile gives every mistake of a file: of its form, or else of what it says
// about the live source.
func (c *cli) checkFile(ctx context.Context, path string, offline bool) ([]pipelines.Finding, error) {
	text, err := os.ReadFile(path) // #nosec G304 -- the file that the caller names
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the definition %s cannot be read", path)
	}
	findings := []pipelines.Finding{}
	mistakes, err := definition.Validate(text)
	if err != nil {
		return nil, err
	}
	for _, mistake := range mistakes {
		findings = append(findings, pipelines.Finding{Line: mistake.Line, Message: mistake.Message})
	}
	if len(findings) > 0 {
		return findings, nil
	}
	system, err := definition.Parse(path, text)
	if err != nil || offline {
		return findings, err
	}
	err = c.withApp(ctx, app.Options{}, func(ctx context.Context, opened *app.App) error {
		found, err := opened.Pipelines.CheckSystem(ctx, system)
		findings = append(findings, found...)
		return err
	})
	return findings, err
}

func (c *cli) writeFindings(file string, findings []pipelines.Finding) {
	for _, finding := range findings {
		place := file
		if finding.Line > 0 {
			place += ":" + strconv.Itoa(finding.Line)
		}
		if finding.Dataset != "" {
			place += ": dataset " + finding.Dataset
		}
		fmt.Fprintf(c.stdout, "%s: %s\n", place, finding.Message)
	}
	if len(findings) == 0 {
		fmt.Fprintf(c.stdout, "%s is right.\n", file)
	}
}

func (c *cli) systemSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of definition files, for editors",
		Example: "  yitong system schema > yitong-system.schema.json",
		Args:    exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, err := c.stdout.Write(definition.Schema())
			return err
		},
	}
}

func (c *cli) systemList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the definitions of the campus",
		Example: "  yitong system list",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				systems, err := view.Catalog.Systems(ctx)
				if err != nil {
					return err
				}
				return c.show(systems, func() {
					out := newTable("SYSTEM", "NAME", "DEPARTMENT", "DRIVER", "SCHEDULE", "FILE")
					for _, system := range systems {
						out.add(system.ID, system.Title.ZH, system.Department, system.Driver, dash(system.Schedule), system.File)
					}
					out.write(c)
				})
			})
		},
	}
}
