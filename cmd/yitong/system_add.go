package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/fault"
)

// addOptions describe a system that has no definition yet.
type addOptions struct {
	id, department, title, connector, connection string
	datasets                                     []string
}

func (c *cli) systemAdd() *cobra.Command {
	var o addOptions
	command := &cobra.Command{
		Use:   "add FILE | add --id ID --connector NAME --connection YAML",
		Short: "Add a system to the campus: a checked file, or a draft of what the source has",
		Long: `With a FILE, the definition is checked as "system check" does and copied into the campus. Without one, the source
is connected to, and a definition is written that lists its datasets, keys and columns; elements and levels are
left open, so that nobody but stewards sees the fields until somebody has said what they are.`,
		Example: "  yitong system add new/library.yaml\n" +
			"  yitong system add --id library --department library --connector postgres --connection '{url: {secret: LIBRARY_URL}}'",
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return c.addFile(cmd.Context(), c.path(args[0]))
			}
			return c.addDraft(cmd.Context(), o)
		},
	}
	command.Flags().StringVar(&o.id, "id", "", "the system's short name: lower-case letters, digits, underscores")
	command.Flags().StringVar(&o.title, "title", "", "its name in Chinese")
	command.Flags().StringVar(&o.department, "department", "", "id of the owning department")
	command.Flags().StringVar(&o.connector, "connector", "", "kind of source: postgres, mysql, csv, ...")
	command.Flags().StringVar(&o.connection, "connection", "{}", "the connector's settings as YAML; secrets by name")
	command.Flags().StringSliceVar(&o.datasets, "dataset", nil, "take only this dataset of the source (repeatable)")
	return command
}

func (c *cli) addFile(ctx context.Context, path string) error {
	findings, err := c.checkFile(ctx, path, false)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		if err := c.show(findings, func() { c.writeFindings(path, findings) }); err != nil {
			return err
		}
		return refuseFindings(findings)
	}
	system, err := definition.Load(path)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path) // #nosec G304 -- the file that the caller names
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return c.keep(system.ID, text)
}

func (c *cli) addDraft(ctx context.Context, o addOptions) error {
	if o.id == "" || o.connector == "" {
		return mistake{errors.New("name a definition file, or give --id and --connector")}
	}
	system := definition.System{ID: o.id, Department: o.department, Connector: o.connector, Title: definition.Text{ZH: o.title}}
	var connection yaml.Node
	if err := yaml.Unmarshal([]byte(o.connection), &connection); err != nil || len(connection.Content) == 0 || connection.Content[0].Kind != yaml.MappingNode {
		return fault.New(fault.Invalid, "--connection is not a YAML mapping: write '{host: ..., port: ...}'")
	}
	system.Connection = *connection.Content[0]
	var text []byte
	err := c.withApp(ctx, app.Options{}, func(ctx context.Context, opened *app.App) error {
		found, err := opened.Pipelines.Discover(ctx, system)
		if err != nil {
			return err
		}
		text, err = definition.Draft(system, found, o.datasets)
		return err
	})
	if err != nil {
		return err
	}
	return c.keep(o.id, text)
}

// keep writes a definition into the campus, never over another.
func (c *cli) keep(id string, text []byte) error {
	if _, err := definition.Parse(id+".yaml", text); err != nil {
		return err
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	folder := filepath.Join(settings.Campus, "systems")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("make the folder of definitions: %w", err)
	}
	path := filepath.Join(folder, id+".yaml")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- the id has been checked
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "there is a system %s already, in %s", id, path)
	}
	if err != nil {
		return fmt.Errorf("write the definition: %w", err)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the definition: %w", err)
	}
	return c.show(map[string]string{"system": id, "file": path}, func() {
		fmt.Fprintf(c.stdout, "System %s is added: %s\nLook it over, then: yitong sync %s\n", id, path, id)
	})
}

func atMostOne(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return mistake{fmt.Errorf("this command takes one definition file, and %d arguments were given", len(args))}
	}
	return nil
}
