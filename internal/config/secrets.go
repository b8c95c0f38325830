package config

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

// SecretsFile holds NAME=value lines beside the definitions; the environment
// comes first.
const SecretsFile = "secrets.env"

// Secret looks a secret up in the environment and then in the campus's
// secrets.env. The value must not be logged. An unknown name is an Invalid
// fault that says where it may be put.
func (c Config) Secret(name string) (string, error) {
	if value, ok := os.LookupEnv(name); ok {
		return value, nil
	}
	path := filepath.Join(c.Campus, SecretsFile)
	file, err := os.Open(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(err, fault.Invalid, "the secrets file %s cannot be read", path)
	}
	if err == nil {
		defer file.Close()
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			key, value, ok := strings.Cut(scanner.Text(), "=")
			if ok && strings.TrimSpace(key) == name {
				return strings.TrimSpace(value), nil
			}
		}
	}
	return "", fault.New(fault.Invalid, "secret %s is not set: put it into the environment or into %s as %s=value", name, path, name)
}
