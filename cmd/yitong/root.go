package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/telemetry"
)

// The exit statuses of every command.
const (
	exitDone    = 0
	exitFailed  = 1 // the work failed or was refused
	exitMistake = 2 // the call itself is wrong
)

// cli is what all verbs share: where to write, and what the flags said.
type cli struct {
	stdout, stderr io.Writer
	flags          config.Flags
}

// mistake is an error in how the command was called.
type mistake struct{ err error }

func (m mistake) Error() string { return m.err.Error() }
func (m mistake) Unwrap() error { return m.err }

// execute runs one command line and returns its exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &cli{stdout: stdout, stderr: stderr}
	root := c.command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	return c.report(root, err)
}

func (c *cli) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "yitong",
		Short: "Yitong 一通: a university's data middle-platform in one binary",
		Long: `Yitong 一通 pulls departmental systems into a governed catalog: proved, checked,
standardised, with history and lineage.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          refuseUnknownVerb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return mistake{err} })
	persistent := root.PersistentFlags()
	persistent.StringVar(&c.flags.Home, "home", "", "folder of state, warehouse and campus (default ./var, or YITONG_HOME)")
	persistent.StringVar(&c.flags.Memory, "memory", "", "memory budget for everything, as 2GiB (default 2GiB, or YITONG_MEMORY)")
	persistent.StringVar(&c.flags.LogLevel, "log-level", "", "debug, info, warn or error (default warn)")
	persistent.BoolVar(&c.flags.JSON, "json", false, "write one JSON document to standard output")
	root.AddCommand(
		c.runCommand(), c.syncCommand(), c.runsCommand(), c.quarantineCommand(), c.systemCommand(), c.catalogCommand(),
		c.lineageCommand(), c.queryCommand(), c.aclCommand(), c.auditCommand(), c.serveCommand(), c.demoCommand(), c.versionCommand(),
	)
	return root
}

func refuseUnknownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2 // two slips of the finger
	text := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return mistake{errors.New(text)}
}

// exactly refuses any other number of arguments, naming what is wanted.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return mistake{fmt.Errorf("this command takes %s, and %d arguments were given", what, len(args))}
		}
		return nil
	}
}

// report writes what went wrong for a person, the cause to the log, and
// returns the exit status.
func (c *cli) report(root *cobra.Command, err error) int {
	var wrong mistake
	if errors.As(err, &wrong) {
		fmt.Fprintf(c.stderr, "yitong: %s\nSee %s --help.\n", wrong.Error(), root.CommandPath())
		return exitMistake
	}
	fmt.Fprintf(c.stderr, "yitong: %s\n", fault.Public(err))
	c.logger().Debug("command failed", "code", fault.CodeOf(err), "cause", err)
	if fault.Is(err, fault.Internal) {
		fmt.Fprintf(c.stderr, "cause: %v\n", err)
	}
	return exitFailed
}

func (c *cli) logger() *slog.Logger {
	return telemetry.Logger(c.stderr, c.flags.LogLevel, c.flags.JSON)
}

// settings merges flags, environment and the home folder's file.
func (c *cli) settings() (config.Config, error) {
	settings, err := config.Load(c.flags)
	if err != nil {
		return config.Config{}, mistake{errors.New(fault.Public(err))}
	}
	return settings, nil
}

// withApp opens the home folder as its only owner, does the work and closes it.
func (c *cli) withApp(ctx context.Context, options app.Options, work func(context.Context, *app.App) error) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	options.Logger = c.logger()
	opened, err := app.New(ctx, settings, options)
	if err != nil {
		return err
	}
	return errors.Join(work(ctx, opened), opened.Close())
}

// withCatalog opens only the catalog, which several processes may read at once.
func (c *cli) withCatalog(ctx context.Context, work func(context.Context, *app.CatalogView) error) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	view, err := app.OpenCatalog(ctx, settings)
	if err != nil {
		return err
	}
	return errors.Join(work(ctx, view), view.Close())
}
