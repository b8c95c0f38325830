package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/app"
)

// defaultRuns is how many runs are listed: two screens.
const defaultRuns = 50

func (c *cli) runsCommand() *cobra.Command {
	filter := catalog.RunFilter{}
	command := &cobra.Command{
		Use:   "runs [RUN]",
		Short: "List runs with their counts and outcome, or show one with its proof, checks and drift",
		Example: "  yitong runs --system hr\n  yitong runs --outcome stopped\n" +
			"  yitong runs --dataset hr.staff --json",
		Args: atMost(1, "at most one run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withCatalog(cmd.Context(), func(ctx context.Context, view *app.CatalogView) error {
				if len(args) == 1 {
					return c.showRun(ctx, view.Catalog, args[0])
				}
				runs, err := view.Catalog.Runs(ctx, filter)
				if err != nil {
					return err
				}
				return c.show(runs, func() { c.writeRuns(runs) })
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&filter.System, "system", "", "only runs of this system")
	flags.StringVar(&filter.Dataset, "dataset", "", "only runs of this dataset")
	flags.StringVar(&filter.Outcome, "outcome", "", "only this outcome: published, unchanged, stopped, failed, canceled, running")
	flags.IntVar(&filter.Limit, "limit", defaultRuns, "how many runs at most, newest first")
	return command
}

func (c *cli) writeRuns(runs []catalog.Run) {
	out := newTable("RUN", "DATASET", "STARTED", "OUTCOME", "READ", "INSERTED", "UPDATED", "DELETED", "QUARANTINED", "MESSAGE").alignRight(4, 5, 6, 7, 8)
	for _, run := range runs {
		out.add(run.ID, run.Dataset, clock(&run.Started), run.Outcome, grouped(run.Counts.Read), grouped(run.Counts.Inserted),
			grouped(run.Counts.Updated), grouped(run.Counts.Deleted), grouped(run.Counts.Quarantined), run.Message)
	}
	out.write(c)
}

func (c *cli) showRun(ctx context.Context, from *catalog.Catalog, id string) error {
	run, err := from.Run(ctx, id)
	if err != nil {
		return err
	}
	return c.show(run, func() {
		c.pairs("Run", run.ID, "Dataset", run.Dataset, "Outcome", run.Outcome, "Started", clock(&run.Started),
			"Finished", clock(run.Finished), "Message", dash(run.Message),
			"Rows", fmt.Sprintf("%s read, %s inserted, %s updated, %s deleted, %s quarantined", grouped(run.Counts.Read),
				grouped(run.Counts.Inserted), grouped(run.Counts.Updated), grouped(run.Counts.Deleted), grouped(run.Counts.Quarantined)))
		if run.Proof != nil {
			verdict := "holds"
			if !run.Proof.Holds() {
				verdict = "DOES NOT HOLD"
			}
			c.pairs("Proof", fmt.Sprintf("%s: source %s rows %s, landed %s rows %s", verdict,
				grouped(run.Proof.SourceRows), run.Proof.SourceChecksum, grouped(run.Proof.LandedRows), run.Proof.LandedChecksum))
		}
		for _, drift := range run.Drift {
			c.pairs("Drift", fmt.Sprintf("%s %s %s → %s", drift.Kind, drift.Column, dash(drift.From), dash(drift.To)))
		}
		for _, check := range run.Checks {
			c.pairs("Check", fmt.Sprintf("%s on %s (%s): %s of %s failed", check.Rule, check.Field, check.Severity,
				grouped(check.Failed), grouped(check.Rows)))
		}
	})
}
