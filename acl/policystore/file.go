package policystore

import (
	"bytes"
	_ "embed"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

//go:embed default.yaml
var defaultPolicies []byte

// DefaultOrigin is the origin of the policies that come with the product.
const DefaultOrigin = "default"

// DefaultChange lets the policies count that come with the product, for a campus
// without any of its own.
func DefaultChange() (Change, error) {
	contents, err := Parse("default.yaml", defaultPolicies)
	return Change{Origin: DefaultOrigin, Author: DefaultOrigin, Put: contents, Whole: true}, err
}

// file is a YAML file of policies.
type file struct {
	Purposes    []acl.Purpose    `yaml:"purposes"`
	Expressions []acl.Expression `yaml:"expressions"`
	Policies    []yaml.Node      `yaml:"policies"`
}

// Parse reads the text of a policy file; name is said where it is wrong.
func Parse(name string, text []byte) (acl.Contents, error) {
	var read file
	if err := strict(text, &read); err != nil {
		return acl.Contents{}, located(name, err)
	}
	made := acl.Contents{Purposes: read.Purposes, Expressions: read.Expressions}
	for _, purpose := range read.Purposes {
		if err := purpose.Check(); err != nil {
			return acl.Contents{}, fault.New(fault.Invalid, "%s", fault.Public(err)).At("%s", name)
		}
	}
	for _, node := range read.Policies {
		policy, err := readPolicy(&node)
		if err != nil {
			return acl.Contents{}, fault.New(fault.Invalid, "%s", message(err)).At("%s:%d", name, node.Line)
		}
		made.Policies = append(made.Policies, policy)
	}
	return made, nil
}

// readPolicy decodes one policy strictly and checks it.
func readPolicy(node *yaml.Node) (acl.Policy, error) {
	text, err := yaml.Marshal(node)
	if err != nil {
		return acl.Policy{}, err
	}
	var policy acl.Policy
	if err := strict(text, &policy); err != nil {
		return acl.Policy{}, err
	}
	return policy, policy.Check()
}

func strict(text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// located says at which line of a file YAML is wrong.
func located(name string, err error) error {
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		return fault.New(fault.Invalid, "%s", found[2]).At("%s:%s", name, found[1])
	}
	return fault.New(fault.Invalid, "%s", message(err)).At("%s", name)
}

// message is a mistake without the lines of the part in which it was found.
func message(err error) string {
	if fault.CodeOf(err) != fault.Internal {
		return fault.Public(err)
	}
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		return found[2]
	}
	return err.Error()
}

// Load reads a policy file, or all .yaml files of a folder, by name.
func Load(path string) (map[string]acl.Contents, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "there is no file or folder %s", path)
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.yaml")); err != nil {
			return nil, err
		}
		slices.Sort(files)
	}
	made := map[string]acl.Contents{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fault.Wrap(err, fault.NotFound, "%s cannot be read", name)
		}
		contents, err := Parse(name, text)
		if err != nil {
			return nil, err
		}
		made[OriginOfFile(name)] = contents
	}
	return made, nil
}

// OriginOfFile is the origin of what a file declares.
func OriginOfFile(name string) string { return "file:" + filepath.Base(name) }
