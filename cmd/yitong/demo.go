package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
)

func (c *cli) demoCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "demo",
		Short: "Build the demo campus, move it on, and answer for its servers",
		Args:  refuseUnknownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(c.demoBuild(), c.demoPeople(), c.demoEvolve(), c.demoServe(), c.demoLoad())
	return command
}

func (c *cli) demoBuild() *cobra.Command {
	var scale string
	command := &cobra.Command{
		Use:     "build",
		Short:   "Write the demo systems and their definitions into the home folder",
		Example: "  yitong demo build --scale small",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			built, err := app.BuildDemo(cmd.Context(), settings, scale)
			if err != nil {
				return err
			}
			result := map[string]any{"campus": settings.Campus, "built": built}
			return c.show(result, func() {
				if built {
					fmt.Fprintf(c.stdout, "The demo campus (%s) is built in %s.\n", scale, settings.Campus)
					return
				}
				fmt.Fprintf(c.stdout, "There is a campus in %s already; it was left as it is.\n", settings.Campus)
			})
		},
	}
	command.Flags().StringVar(&scale, "scale", "campus", "small (200 people), campus (44,000) or large (220,000)")
	return command
}

func (c *cli) demoPeople() *cobra.Command {
	return &cobra.Command{
		Use:     "people",
		Short:   "List the people and applications that one can read as",
		Example: "  yitong demo people",
		Args:    exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			principals, err := app.Principals(settings)
			if err != nil {
				return err
			}
			return c.show(principals, func() {
				out := newTable("ID", "NAME", "KIND", "ROLES")
				for _, principal := range principals {
					known := principal.Profile()
					out.add(known.ID, known.Name, known.Kind, dash(strings.Join(known.Roles, ", ")))
				}
				out.write(c)
			})
		},
	}
}

func (c *cli) demoServe() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Answer for the demo's HTTP systems and its directory until interrupted",
		Long: "Answer for the demo's HTTP systems and its directory until interrupted. A synchronisation starts these\n" +
			"servers by itself; this is for looking at them. Their tokens are made anew at each start.",
		Example: "  yitong demo serve",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			return app.ServeDemo(cmd.Context(), settings, c.logger(), func(addresses []string) {
				fmt.Fprintf(c.stderr, "The demo's systems answer at %s. Ctrl-C ends them.\n", strings.Join(addresses, " and "))
			})
		},
	}
}

func (c *cli) demoEvolve() *cobra.Command {
	var days int
	command := &cobra.Command{
		Use:   "evolve --days N",
		Short: "Move the demo campus on: rows come, change and go, and systems change their layout",
		Long: "Move the demo campus on: rows come, change and go. On the first day personnel gets a new column, on the\n" +
			"second the card system renames one, on the third the dormitories widen a type.",
		Example: "  yitong demo evolve --days 1\n  yitong sync",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			day, err := app.EvolveDemo(cmd.Context(), settings, days)
			if err != nil {
				return err
			}
			return c.show(map[string]int{"day": day}, func() {
				fmt.Fprintf(c.stdout, "It is day %d on the demo campus.\n", day)
			})
		},
	}
	command.Flags().IntVar(&days, "days", 1, "how many days")
	return command
}

func (c *cli) demoLoad() *cobra.Command {
	var servers app.DemoServers
	command := &cobra.Command{
		Use:   "load --postgres DSN --mysql DSN",
		Short: "Move the demo's relational systems into real database servers",
		Long: "Move the demo's relational systems from their files into PostgreSQL (a schema for each) or MariaDB and MySQL\n" +
			"(a database for each), by turns when both are named. Their definitions say so afterwards, and the addresses\n" +
			"stand in the campus's secrets.env. What was loaded before is replaced.",
		Example: "  yitong demo load --postgres postgres://me@localhost/demo --mysql 'me:word@tcp(localhost:3306)/demo'\n  yitong sync",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := c.settings()
			if err != nil {
				return err
			}
			loads, err := app.LoadDemo(cmd.Context(), settings, servers)
			if err != nil {
				return err
			}
			return c.show(loads, func() {
				out := newTable("SYSTEM", "NOW IN", "TABLES", "ROWS", "REJECTED").alignRight(2, 3, 4)
				for _, load := range loads {
					out.add(load.System, load.Connector, strconv.Itoa(load.Tables), strconv.FormatInt(load.Rows, 10), strconv.FormatInt(load.Rejected, 10))
				}
				out.write(c)
			})
		},
	}
	command.Flags().StringVar(&servers.Postgres, "postgres", "", "postgres://user:password@host:port/database")
	command.Flags().StringVar(&servers.MySQL, "mysql", "", "user:password@tcp(host:port)/database")
	return command
}
