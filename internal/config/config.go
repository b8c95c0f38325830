package config

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// DefaultHome is where a newcomer's `make run` puts everything.
	DefaultHome = "var"
	// DefaultMemory is the budget of the whole process, in bytes.
	DefaultMemory = 2 << 30
	// MinMemory is below what the warehouse needs to sort and join at all.
	MinMemory = 256 << 20
)

// Flags are the settings as the command line gives them; empty means not given.
type Flags struct {
	Home     string
	Memory   string
	LogLevel string
	JSON     bool
}

// Config is what the parts of the product are set up with.
type Config struct {
	// Home is the folder of state, warehouse and campus.
	Home string
	// Campus is the folder of definitions and, for the demo, of the sources.
	Campus string
	// State is a file path (SQLite) or a postgres:// URL.
	State string
	// Memory is the budget of everything, in bytes.
	Memory int64
	// Limits are those of a server.
	Limits Limits
}

// Load merges flags over the environment (YITONG_HOME, YITONG_MEMORY,
// YITONG_STATE, and those of [LoadLimits]) over the defaults. A value that cannot be is an Invalid fault.
func Load(flags Flags) (Config, error) {
	home, err := filepath.Abs(first(flags.Home, os.Getenv("YITONG_HOME"), DefaultHome))
	if err != nil {
		return Config{}, fault.Wrap(err, fault.Invalid, "the home folder cannot be named")
	}
	memory, err := ParseBytes(first(flags.Memory, os.Getenv("YITONG_MEMORY"), strconv.Itoa(DefaultMemory)))
	if err != nil {
		return Config{}, err
	}
	if memory < MinMemory {
		return Config{}, fault.New(fault.Invalid, "the memory budget is too small: give at least 256MiB")
	}
	limits, err := LoadLimits()
	if err != nil {
		return Config{}, err
	}
	return Config{
		Limits: limits,
		Home:   home, Campus: filepath.Join(home, "campus"), Memory: memory,
		State: first(os.Getenv("YITONG_STATE"), filepath.Join(home, "state.db")),
	}, nil
}

func first(candidates ...string) string {
	for _, candidate := range candidates {
		if candidate != "" {
			return candidate
		}
	}
	return ""
}

// units are matched longest first.
var units = []struct {
	suffix string
	bytes  int64
}{
	{"GIB", 1 << 30}, {"MIB", 1 << 20}, {"KIB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3},
	{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1},
}

// ParseBytes reads a size, as 2GiB, 512MiB, 1500MB or a plain number of bytes.
func ParseBytes(text string) (int64, error) {
	number, factor := strings.ToUpper(strings.TrimSpace(text)), int64(1)
	for _, unit := range units {
		if cut, ok := strings.CutSuffix(number, unit.suffix); ok {
			number, factor = strings.TrimSpace(cut), unit.bytes
			break
		}
	}
	size, err := strconv.ParseFloat(number, 64)
	if err != nil || size < 0 || size*float64(factor) >= 1<<62 {
		return 0, fault.New(fault.Invalid, "%q is not a size: write 2GiB, 512MiB or a number of bytes", text)
	}
	return int64(size * float64(factor)), nil
}
