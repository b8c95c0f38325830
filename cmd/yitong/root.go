package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
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
	// command is the command line, for an owner of the home folder that carries it
	// out instead.
	command app.Command
	// shared is set where this process is that owner: it stays open.
	shared *app.App
}

// finished is the exit status of a command that the owner of the home folder
// carried out.
type finished struct{ status int }

func (f finished) Error() string {
	return "the command was carried out by the owner of the home folder"
}

// mistake is an error in how the command was called.
type mistake struct{ err error }

func (m mistake) Error() string { return m.err.Error() }
func (m mistake) Unwrap() error { return m.err }

// execute runs one command line and returns its exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(stderr, "yitong: the folder it was called in is gone: %v\n", err)
		return exitFailed
	}
	c := &cli{stdout: stdout, stderr: stderr, command: app.Command{Args: args, Dir: dir}}
	return c.execute(ctx)
}

func (c *cli) execute(ctx context.Context) int {
	root := c.root()
	root.SetArgs(c.command.Args)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	return c.report(root, err)
}

func (c *cli) root() *cobra.Command {
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
		c.lineageCommand(), c.queryCommand(), c.sqlCommand(), c.contributeCommand(), c.aclCommand(), c.auditCommand(), c.serveCommand(), c.demoCommand(), c.versionCommand(),
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
	var done finished
	if errors.As(err, &done) {
		return done.status
	}
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
	if c.shared != nil {
		return c.shared.Config, nil
	}
	settings, err := config.Load(c.flags)
	if err != nil {
		return config.Config{}, mistake{errors.New(fault.Public(err))}
	}
	return settings, nil
}

// withApp opens the home folder as its only owner, does the work and closes it.
// Where a server owns the folder, that carries the whole command out.
func (c *cli) withApp(ctx context.Context, options app.Options, work func(context.Context, *app.App) error) error {
	if c.shared != nil {
		return work(ctx, c.shared)
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	options.Logger = c.logger()
	opened, err := app.New(ctx, settings, options)
	if fault.Is(err, fault.Conflict) {
		status, forwardErr := app.Forward(ctx, settings, c.command, c.stdout, c.stderr)
		switch {
		case forwardErr == nil:
			return finished{status}
		case !fault.Is(forwardErr, fault.NotFound):
			return forwardErr
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(work(ctx, opened), opened.Close())
}

// path is a file as the caller named it, who may have been in another folder.
func (c *cli) path(name string) string {
	if c.shared == nil || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.command.Dir, name)
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
