package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/yitong-hub/yitong/internal/app"
)

// defaultListen is where a newcomer's server answers: on this machine alone.
const defaultListen = "127.0.0.1:8080"

func (c *cli) serveCommand() *cobra.Command {
	options := app.ServeOptions{}
	command := &cobra.Command{
		Use:   "serve",
		Short: "Serve the authorized data API until interrupted",
		Long: "Serves the HTTP API, its documentation at /docs and its contract at /openapi.yaml, until interrupted; answers that\n" +
			"began are finished. With --demo anybody may be one of the campus's people: Authorization: Bearer demo:leader.\n" +
			"Other commands on the same home folder are carried out by the server as long as it serves.",
		Example: "  yitong serve --demo\n  curl -H 'Authorization: Bearer demo:leader' '127.0.0.1:8080/v1/datasets/hr.staff/rows?limit=2'",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.serve(cmd.Context(), options)
		},
	}
	command.Flags().StringVar(&options.Listen, "listen", defaultListen, "address to answer at")
	command.Flags().BoolVar(&options.Demo, "demo", false, "let anybody be one of the campus's people by naming them")
	command.Flags().StringVar(&options.Flight.Listen, "listen-flight", "", "address at which Arrow Flight SQL answers, as 127.0.0.1:8815; none by default")
	command.Flags().StringVar(&options.Flight.Certificate, "flight-certificate", "", "PEM file with the certificate of Flight SQL; without one its address is a loopback one")
	command.Flags().StringVar(&options.Flight.Key, "flight-key", "", "PEM file with the key of that certificate")
	command.Flags().StringVar(&options.Postgres.Listen, "listen-postgres", "", "address to answer PostgreSQL's clients at, as 127.0.0.1:5432; off without it")
	command.Flags().StringVar(&options.Postgres.Certificate, "postgres-certificate", "", "certificate file (PEM) for TLS of PostgreSQL's clients; without it only clients of this machine may sign in")
	command.Flags().StringVar(&options.Postgres.Key, "postgres-key", "", "key file (PEM) of the certificate")
	return command
}

// serve answers until interrupted.
func (c *cli) serve(ctx context.Context, options app.ServeOptions) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if c.shared != nil {
		return mistake{errors.New("a server serves this home folder already")}
	}
	return c.withApp(ctx, app.Options{}, func(ctx context.Context, opened *app.App) error {
		options.Logger = c.logger()
		options.Execute = func(ctx context.Context, command app.Command, stdout, stderr io.Writer) int {
			return (&cli{stdout: stdout, stderr: stderr, command: command, shared: opened}).execute(ctx)
		}
		options.Ready = func(address string) {
			fmt.Fprintf(c.stderr, "Serving at http://%s, documentation at http://%s/docs. Ctrl-C ends it.\n", address, address)
			if options.Demo {
				fmt.Fprintf(c.stderr, "Demo: anybody may be one of its people, at http://%s/signin/demo or as\n  curl -H 'Authorization: Bearer demo:leader' 'http://%s/v1/datasets/hr.staff/rows?limit=2'\n", address, address)
			}
		}
		options.Flight.Ready = func(address string) { fmt.Fprintf(c.stderr, "Arrow Flight SQL at %s.\n", address) }
		options.Postgres.Ready = func(address string) {
			host, port, _ := net.SplitHostPort(address)
			fmt.Fprintf(c.stderr, "PostgreSQL's clients: psql 'host=%s port=%s dbname=yitong user=…'\n", host, port)
		}
		return opened.Serve(ctx, options)
	})
}
