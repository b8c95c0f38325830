package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of this source tree.
const release = "0.1.0"

type versionDocument struct {
	Version string            `json:"version"`
	Go      string            `json:"go"`
	Parts   map[string]string `json:"parts"`
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show the version and those of the main parts",
		Example: "  yitong version --json",
		Args:    exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			document := versionDocument{Version: release, Parts: map[string]string{}}
			if build, ok := debug.ReadBuildInfo(); ok {
				document.Go = build.GoVersion
				for _, module := range build.Deps {
					switch module.Path {
					case "github.com/apache/arrow-go/v18", "github.com/duckdb/duckdb-go/v2", "github.com/casbin/casbin/v2":
						document.Parts[module.Path] = module.Version
					}
				}
			}
			return c.show(document, func() { fmt.Fprintf(c.stdout, "yitong %s (%s)\n", document.Version, document.Go) })
		},
	}
}
