package main

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

func (c *cli) syncCommand() *cobra.Command {
	var options pipelines.Options
	command := &cobra.Command{
		Use:   "sync [SYSTEM...]",
		Short: "Synchronise departmental systems: all of them, or those named",
		Long: `Reads each system's datasets, proves what was landed, checks and standardises
it, and publishes the difference. A dataset that did not change is left alone.
What cannot be published keeps its last good version and says why.`,
		Example: "  yitong sync\n  yitong sync hr finance\n  yitong sync hr --dataset hr.staff --full",
		RunE: func(cmd *cobra.Command, args []string) error {
			options.Systems = args
			return c.synchronise(cmd.Context(), options)
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&options.Datasets, "dataset", nil, "only these datasets, as hr.staff")
	flags.BoolVar(&options.FullRefresh, "full", false, "read everything again, also where a cursor would do")
	flags.BoolVar(&options.Force, "force", false, "publish although a safeguard would keep the last good version")
	return command
}

func (c *cli) synchronise(ctx context.Context, options pipelines.Options) error {
	reporter := c.newReporter()
	var summary pipelines.Summary
	began := time.Now()
	err := c.withApp(ctx, app.Options{Progress: reporter.event}, func(ctx context.Context, opened *app.App) error {
		var err error
		summary, err = opened.Sync(ctx, options)
		return err
	})
	reporter.close()
	if err != nil {
		return err
	}
	if err := c.show(summary, func() { c.writeSummary(summary, time.Since(began)) }); err != nil {
		return err
	}
	return verdict(summary)
}

// verdict makes the command fail when a dataset did.
func verdict(summary pipelines.Summary) error {
	bad := 0
	for _, run := range summary.Runs {
		switch run.Outcome {
		case catalog.OutcomeFailed, catalog.OutcomeStopped, catalog.OutcomeCanceled:
			bad++
		}
	}
	if bad == 0 {
		return nil
	}
	return fault.New(fault.Stopped, "%d of %d datasets were not brought up to date; yitong runs has the reasons", bad, len(summary.Runs))
}

func (c *cli) writeSummary(summary pipelines.Summary, took time.Duration) {
	var total catalog.Counts
	outcomes := map[string]int64{}
	systems := map[string]bool{}
	for _, run := range summary.Runs {
		outcomes[run.Outcome]++
		systems[run.System] = true
		total.Read += run.Counts.Read
		total.Inserted += run.Counts.Inserted
		total.Updated += run.Counts.Updated
		total.Deleted += run.Counts.Deleted
		total.Quarantined += run.Counts.Quarantined
		for _, drift := range run.Drift {
			fmt.Fprintf(c.stdout, "drift in %s: %s %s %s\n", run.Dataset, drift.Kind, drift.Column, dash(drift.To))
		}
	}
	fmt.Fprintf(c.stdout, "%s, %s in %s:", plural(int64(len(systems)), "system"), plural(int64(len(summary.Runs)), "dataset"), seconds(took))
	names := make([]string, 0, len(outcomes))
	for outcome := range outcomes {
		names = append(names, outcome)
	}
	sort.Strings(names)
	for _, outcome := range names {
		fmt.Fprintf(c.stdout, " %d %s", outcomes[outcome], outcome)
	}
	fmt.Fprintf(c.stdout, "\n%s read, %s inserted, %s updated, %s deleted, %s quarantined\n", plural(total.Read, "row"),
		grouped(total.Inserted), grouped(total.Updated), grouped(total.Deleted), grouped(total.Quarantined))
}
