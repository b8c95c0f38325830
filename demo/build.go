package demo

import (
	"context"
	"embed"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/yitong-hub/yitong/internal/fault"
)

//go:embed definitions
var definitions embed.FS

// scales gives the number of people of each size of campus.
var scales = map[string]int{"small": 200, "campus": 44_000, "large": 220_000}

// Config says what campus to build.
type Config struct {
	// Dir is the campus's folder; it gets data/ and systems/.
	Dir string
	// Scale is small (200 people), campus (44,000) or large (220,000).
	Scale string
	// Seed makes the same campus from the same number.
	Seed uint64
	// Connectors are the kinds of connector that there are; a system that needs
	// another one is left out.
	Connectors []string
}

// connectorOf names the connector that reads a kind.
var connectorOf = map[kind]string{
	sqliteFile: "sqlite", csvFile: "csv", gbFile: "csv", workbook: "xlsx", httpData: "http", ldapData: "ldap", sacctText: "slurm",
	publishedCSV: "csv", publishedSacct: "slurm",
}

// Build writes the campus into a folder that has none yet. The definitions come
// last: a folder with definitions is a complete campus.
func Build(ctx context.Context, config Config) error {
	people, known := scales[config.Scale]
	if !known {
		return fault.New(fault.Invalid, "unknown scale %q: write small, campus or large", config.Scale)
	}
	for _, dir := range []string{"data", "systems", "policies"} {
		if err := os.MkdirAll(filepath.Join(config.Dir, dir), 0o750); err != nil {
			return fault.Wrap(err, fault.Invalid, "the campus folder %s cannot be made", config.Dir)
		}
	}
	all := build(config.Seed, people)
	wanted := config.systems()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, s := range wanted {
		group.Go(func() error {
			if err := writers[s.kind](ctx, filepath.Join(config.Dir, "data"), s, config.filler(s, all)); err != nil {
				return fmt.Errorf("build system %s: %w", s.id, err)
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := config.writePeople(all); err != nil {
		return err
	}
	if err := (evolution{Seed: config.Seed}).write(config.Dir); err != nil {
		return err
	}
	for _, id := range config.definitions(wanted) {
		if err := copyOut(id+".yaml", filepath.Join(config.Dir, "systems", id+".yaml")); err != nil {
			return err
		}
	}
	return nil
}

// definitions names the systems that are declared: those with data, and the
// hall, whose rows applications write.
func (c Config) definitions(wanted []system) []string {
	var ids []string
	for _, s := range wanted {
		ids = append(ids, s.id)
	}
	if slices.Contains(c.Connectors, "contributed") {
		ids = append(ids, "hall")
	}
	return ids
}

// systems lists those whose connector there is.
func (c Config) systems() []system {
	return slices.DeleteFunc(systems(), func(s system) bool { return !slices.Contains(c.Connectors, connectorOf[s.kind]) })
}

// filler fills the tables of a system from random numbers of its own, so that
// one system's data does not hang on another's.
func (c Config) filler(s system, all campus) filler {
	return func(t table, add adder) error {
		var stream uint64 = 14_695_981_039_346_656_037 // FNV-1a of the table's name
		for _, b := range []byte(s.id + "/" + t.name) {
			stream = (stream ^ uint64(b)) * 1_099_511_628_211
		}
		return t.rows(all, rand.New(rand.NewPCG(c.Seed, stream)), add)
	}
}

// writePeople writes who one can read as, some of whom are students that this
// campus has, and what the policies let them see.
func (c Config) writePeople(all campus) error {
	text, err := definitions.ReadFile("definitions/principals.yml")
	if err != nil {
		return fmt.Errorf("read the people of the demo: %w", err)
	}
	names := strings.NewReplacer(
		"{student1}", all.students[0].number, "{student2}", all.students[1].number, "{student3}", all.students[2].number, "{college}", all.students[0].unit,
	)
	if err := os.WriteFile(filepath.Join(c.Dir, "principals.yaml"), []byte(names.Replace(string(text))), 0o600); err != nil {
		return fmt.Errorf("write the people of the demo: %w", err)
	}
	return copyOut("policies.yml", filepath.Join(c.Dir, "policies", "campus.yaml"))
}

func copyOut(name, path string) error {
	text, err := definitions.ReadFile("definitions/" + name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
