package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/pipelines"
)

func (c *cli) runCommand() *cobra.Command {
	var scale, listen string
	var noServe bool
	command := &cobra.Command{
		Use:   "run",
		Short: "Build the demo campus if it is not there, synchronise all of its systems, and serve",
		Long: `What make run calls: builds the demo campus in the home folder if there is none,
synchronises every system, and serves the data API until interrupted; in
demo mode where the campus is the demo's. A home folder with a campus of its own is synchronised as it is.`,
		Example: "  yitong run\n  yitong run --scale small --home /tmp/campus",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.buildCampus(cmd.Context(), scale); err != nil {
				return err
			}
			if err := c.synchronise(cmd.Context(), pipelines.Options{}); err != nil {
				return err
			}
			if !c.flags.JSON {
				c.writeNextSteps()
			}
			if noServe || c.flags.JSON {
				return nil
			}
			settings, err := c.settings()
			if err != nil {
				return err
			}
			return c.serve(cmd.Context(), app.ServeOptions{Listen: listen, Demo: app.IsDemo(settings)})
		},
	}
	command.Flags().StringVar(&scale, "scale", "campus", "size of the demo campus: small (200 people), campus (44,000), large (220,000)")
	command.Flags().BoolVar(&noServe, "no-serve", false, "stop after the synchronisation")
	command.Flags().StringVar(&listen, "listen", defaultListen, "address to answer at")
	return command
}

func (c *cli) buildCampus(ctx context.Context, scale string) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	built, err := app.BuildDemo(ctx, settings, scale)
	if err != nil {
		return err
	}
	if built {
		fmt.Fprintf(c.stderr, "The demo campus (%s) is built in %s.\n", scale, settings.Campus)
	}
	return nil
}

func (c *cli) writeNextSteps() {
	fmt.Fprint(c.stdout, `
Look around:
  bin/yitong catalog systems                 the systems and their state
  bin/yitong catalog search 手机             find by Chinese, English, pinyin or initials
  bin/yitong catalog show hr.staff           all that is known of a dataset
  bin/yitong lineage person.mobile           where a fact comes from and where it goes
  bin/yitong acl who hr.staff.mobile         who sees a field, and how
  bin/yitong query hr.staff --as steward_hr  read through the gate, as somebody

`)
}
