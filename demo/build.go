package demo

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	_ "github.com/mattn/go-sqlite3" // the systems are SQLite databases

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
}

// systems lists the demo's systems with what writes their databases.
var systems = []struct {
	id    string
	write func(context.Context, *sql.Tx, *rand.Rand, population) error
}{
	{"hr", writePersonnel},
	{"academic", writeAcademic},
	{"card", writeCard},
}

// Build writes the campus into a folder that has none yet. The definitions come
// last: a folder with definitions is a complete campus.
func Build(ctx context.Context, config Config) error {
	people, known := scales[config.Scale]
	if !known {
		return fault.New(fault.Invalid, "unknown scale %q: write small, campus or large", config.Scale)
	}
	for _, dir := range []string{"data", "systems"} {
		if err := os.MkdirAll(filepath.Join(config.Dir, dir), 0o750); err != nil {
			return fault.Wrap(err, fault.Invalid, "the campus folder %s cannot be made", config.Dir)
		}
	}
	everybody := populate(rand.New(rand.NewPCG(config.Seed, 0)), people)
	for i, system := range systems {
		random := rand.New(rand.NewPCG(config.Seed, uint64(i)+1))
		path := filepath.Join(config.Dir, "data", system.id+".db")
		err := writeDatabase(ctx, path, func(tx *sql.Tx) error { return system.write(ctx, tx, random, everybody) })
		if err != nil {
			return fmt.Errorf("build system %s: %w", system.id, err)
		}
	}
	if err := copyOut("principals.yml", filepath.Join(config.Dir, "principals.yaml")); err != nil {
		return err
	}
	for _, system := range systems {
		if err := copyOut(system.id+".yaml", filepath.Join(config.Dir, "systems", system.id+".yaml")); err != nil {
			return err
		}
	}
	return nil
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

// writeDatabase makes a new SQLite file in one transaction. A half-written file
// of an interrupted build is begun anew.
func writeDatabase(ctx context.Context, path string, write func(*sql.Tx) error) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=OFF&_synchronous=OFF")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if err := write(tx); err != nil {
		return errors.Join(err, tx.Rollback(), db.Close())
	}
	return errors.Join(tx.Commit(), db.Close())
}

// insertAll prepares a statement and runs it for each row that next gives.
func insertAll(ctx context.Context, tx *sql.Tx, statement string, each func(insert func(...any) error) error) error {
	prepared, err := tx.PrepareContext(ctx, statement) //nolint:sqlclosecheck // closed by the deferred call below
	if err != nil {
		return err
	}
	defer prepared.Close()
	return each(func(values ...any) error {
		_, err := prepared.ExecContext(ctx, values...)
		return err
	})
}
