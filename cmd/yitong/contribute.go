package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/contributions"
	"github.com/yitong-hub/yitong/contributions/body"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

// mediaOf tells what a file holds by the end of its name.
var mediaOf = map[string]string{".json": body.JSON, ".ndjson": body.NDJSON, ".csv": body.CSV, ".arrow": body.Arrow}

type contributeFlags struct {
	readerFlags
	mode, key     string
	abort, dryRun bool
}

func (c *cli) contributeCommand() *cobra.Command {
	var flags contributeFlags
	command := &cobra.Command{
		Use:   "contribute DATASET FILE --as PRINCIPAL --mode MODE",
		Short: "Write rows of a dataset that applications write",
		Long: `Sends the rows of a file (.json, .ndjson, .csv or .arrow) as an application sends
them over the API: checked, published with history, and reported row by row.
The same file in the same mode is taken once within 8 days: sent again, it gives
the first report again. Another --key makes it another request.`,
		Example: "  yitong contribute hall.rating ratings.csv --as app_hall --mode upsert --dry-run\n" +
			"  yitong contribute hall.rating ratings.csv --as app_hall --mode upsert",
		Args: exactly(2, "one dataset and one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := flags.request(args[0], c.path(args[1]))
			if err != nil {
				return err
			}
			return c.withApp(cmd.Context(), app.Options{}, func(ctx context.Context, opened *app.App) error {
				principal, err := opened.Principal(ctx, flags.as, flags.onBehalfOf)
				if err != nil {
					return err
				}
				report, err := opened.Contributions.Contribute(ctx, principal, request)
				if err != nil {
					return err
				}
				return c.show(report, func() { c.writeReport(report) })
			})
		},
	}
	flags.register(command)
	set := command.Flags()
	set.Lookup("as").Usage = "the principal who writes (yitong demo people lists them)"
	set.Lookup("purpose").Usage = "what the rows are written for (yitong acl purposes lists them)"
	set.StringVar(&flags.mode, "mode", "", "insert, upsert or delete")
	set.StringVar(&flags.key, "key", "", "the name of this request; made of the file and the mode when not given")
	set.BoolVar(&flags.abort, "abort", false, "take nothing where any row is refused")
	set.BoolVar(&flags.dryRun, "dry-run", false, "report what would be, and take nothing")
	return command
}

func (f *contributeFlags) request(dataset, file string) (contributions.Request, error) {
	request := contributions.Request{
		Dataset: dataset, Mode: pipelines.ContributionMode(f.mode), Purpose: f.purpose, Abort: f.abort, DryRun: f.dryRun, Key: f.key,
	}
	if f.as == "" {
		return request, mistake{errors.New("say who writes: --as PRINCIPAL (yitong demo people lists them)")}
	}
	if f.mode == "" {
		return request, mistake{errors.New("say what the rows are to do: --mode insert, upsert or delete")}
	}
	var known bool
	if request.Media, known = mediaOf[strings.ToLower(filepath.Ext(file))]; !known {
		return request, mistake{fmt.Errorf("%s is none of .json, .ndjson, .csv and .arrow", filepath.Base(file))}
	}
	var err error
	if request.Content, err = os.ReadFile(file); err != nil {
		return request, fault.Wrap(err, fault.Invalid, "%s cannot be read", file)
	}
	if request.Key == "" {
		sum := sha256.Sum256(append([]byte(f.mode+"\n"), request.Content...))
		request.Key = "file-" + hex.EncodeToString(sum[:])
	}
	return request, nil
}

func (c *cli) writeReport(report pipelines.ContributionReport) {
	if len(report.Refusals) > 0 {
		out := newTable("ROW", "KEY", "CODE", "FIELD", "REASON").alignRight(0)
		for _, one := range report.Refusals {
			var key []string
			for name, value := range one.Key {
				text := "NULL"
				if value != nil {
					text = *value
				}
				key = append(key, name+"="+text)
			}
			out.add(fmt.Sprint(one.Index), strings.Join(key, " "), one.Code, dash(one.Field), dash(one.Reason))
		}
		out.write(c)
		fmt.Fprintln(c.stdout)
	}
	what := report.Outcome
	if report.DryRun {
		what = "would be " + what
	}
	if report.Replayed {
		what += ", as it was reported before"
	}
	fmt.Fprintf(c.stdout, "%s %s: %s inserted, %s updated, %s unchanged, %s deleted, %s refused; %s is at version %d\n", plural(report.Rows, "row"), what,
		grouped(report.Inserted), grouped(report.Updated), grouped(report.Unchanged), grouped(report.Deleted), grouped(report.Refused), report.Dataset, report.Version)
}
