package archtest_test

import (
	"bufio"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

const module = "github.com/yitong-hub/yitong"

// maxFileLines is where a file stops being readable in one sitting.
const maxFileLines = 600

// allowed lists, for each part of the tree, which parts it may import beside
// itself. A part is the longest prefix listed here. Test packages of one part
// may import more: only the code that ships is bound.
var allowed = map[string][]string{
	"schema":              {"internal/fault"},
	"internal/fault":      {},
	"internal/signal":     {},
	"internal/config":     {"internal/fault"},
	"internal/telemetry":  {"internal/fault"},
	"internal/store":      {"internal/fault", "schema"},
	"internal/warehouse":  {"internal/fault", "schema"},
	"internal/archtest":   {},
	"internal/testserver": {"internal/fault"},
	// Only tests import it.
	"internal/store/storetest": {"internal/store", "internal/testserver"},

	"catalog":            {"catalog/definition", "internal/store", "internal/fault", "schema"},
	"catalog/definition": {"internal/fault", "schema"},
	"catalog/detect":     {"catalog", "internal/fault", "schema"},
	"acl":                {"acl/condition", "internal/fault", "schema"},
	"acl/condition":      {"internal/fault", "schema"},
	// Only tests import it.
	"acl/acltest":      {"acl", "acl/condition", "internal/fault", "schema"},
	"acl/policystore":  {"acl", "acl/condition", "internal/fault", "internal/signal", "internal/store", "schema"},
	"acl/ranger":       {"acl", "acl/condition", "internal/fault", "schema"},
	"identity":         {"acl", "internal/store", "internal/fault", "schema"},
	"identity/sealed":  {},
	"identity/session": {"identity/sealed", "internal/store", "internal/fault"},
	"identity/signin":  {"identity/sealed", "internal/store", "internal/fault"},
	"identity/demoidp": {"acl"},
	// Only tests import it.
	"identity/signin/castest": {},
	"audit":                   {"internal/store", "internal/fault", "schema"},

	"connectors":     {"internal/fault", "schema"},
	"connectors/all": {"connectors", "connectors/*"},
	"connectors/*":   {"connectors", "connectors/text", "connectors/sqlsource", "connectors/rowbatch", "connectors/sqltext", "internal/fault", "schema"},

	"pipelines": {
		"connectors", "catalog", "catalog/definition", "catalog/detect", "audit",
		"internal/store", "internal/warehouse", "internal/fault", "schema",
	},
	// The gate of writing stands above pipelines and acl, which do not know one another.
	"contributions": {"pipelines", "catalog", "catalog/definition", "acl", "audit", "internal/fault", "schema"},
	"query": {
		"catalog", "catalog/definition", "acl", "acl/condition", "audit",
		"internal/store", "internal/warehouse", "internal/fault", "internal/signal", "schema",
	},
	"access":     {"catalog", "acl", "acl/condition", "acl/policystore", "query", "identity", "audit", "internal/store", "internal/fault", "schema"},
	"feed":       {"query", "acl", "internal/store", "internal/fault"},
	"feed/kafka": {"feed", "internal/fault"},
	"dashboards": {"query", "catalog", "acl", "audit", "internal/store", "internal/fault", "schema"},
	"api": {
		"query", "catalog", "catalog/definition", "acl", "acl/condition", "acl/policystore", "access", "audit", "identity", "identity/session", "identity/signin", "pipelines",
		"contributions", "dashboards", "feed", "internal/fault", "internal/config", "internal/telemetry", "schema",
	},
	"flightsql":    {"query", "acl", "identity", "internal/fault", "schema"},
	"pgwire":       {"query", "acl", "internal/fault"},
	"demo":         {"internal/fault", "schema"},
	"internal/app": {"*"},
	"cmd":          {"*"},
	"bench":        {"*"},
}

func part(pkg string) string {
	if _, ok := allowed[pkg]; ok {
		return pkg
	}
	if driver, ok := strings.CutPrefix(pkg, "connectors/"); ok {
		name, _, _ := strings.Cut(driver, "/")
		if _, listed := allowed["connectors/"+name]; !listed {
			return "connectors/*"
		}
	}
	for prefix := pkg; prefix != "."; prefix = path.Dir(prefix) {
		if _, ok := allowed[prefix]; ok {
			return prefix
		}
	}
	return ""
}

func mayImport(from, to string) bool {
	if sameDriver(from, to) {
		return true
	}
	own, other := part(from), part(to)
	if own == other && own != "connectors/*" {
		return true
	}
	for _, rule := range allowed[own] {
		if rule == "*" || rule == other || rule == to {
			return true
		}
	}
	return false
}

func sameDriver(from, to string) bool {
	a, b := strings.Split(from, "/"), strings.Split(to, "/")
	return len(a) > 1 && len(b) > 1 && a[0] == "connectors" && b[0] == "connectors" && a[1] == b[1]
}

func TestImportsFollowTheLayers(t *testing.T) {
	t.Parallel()
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedImports, Dir: root(t), BuildFlags: []string{"-tags=duckdb_arrow"},
	}
	loaded, err := packages.Load(config, "./...")
	require.NoError(t, err)
	require.Greater(t, len(loaded), 10)
	for _, pkg := range loaded {
		from := strings.TrimPrefix(strings.TrimPrefix(pkg.PkgPath, module), "/")
		require.NotEmpty(t, part(from), "package %s has no place in the layer table", from)
		for imported := range pkg.Imports {
			to, ours := strings.CutPrefix(imported, module+"/")
			if ours && !mayImport(from, to) {
				t.Errorf("%s imports %s, which its layer may not", from, to)
			}
		}
	}
}

func TestLayerTableRefusesWhatItShould(t *testing.T) {
	t.Parallel()
	for _, forbidden := range [][2]string{
		{"query", "pipelines"},
		{"pipelines/publish", "query"},
		{"pipelines", "acl"},
		{"pipelines", "contributions"},
		{"contributions", "internal/warehouse"},
		{"contributions", "query"},
		{"catalog", "acl"},
		{"acl", "catalog"},
		{"connectors/mysql", "connectors/postgres"},
		{"connectors/sqlite", "catalog"},
		{"dashboards", "internal/warehouse"},
		{"api", "internal/warehouse"},
		{"flightsql", "internal/warehouse"},
		{"flightsql", "api"},
		{"api", "flightsql"},
		{"api", "feed/kafka"},
		{"feed", "internal/warehouse"},
		{"feed", "pipelines"},
		{"feed", "feed/kafka"},
		{"schema", "catalog"},
		{"internal/store", "internal/warehouse"},
	} {
		require.False(t, mayImport(forbidden[0], forbidden[1]), "%s must not import %s", forbidden[0], forbidden[1])
	}
}

func TestEveryPackageHasDoc(t *testing.T) {
	t.Parallel()
	for _, dir := range goDirs(t) {
		_, err := os.Stat(filepath.Join(root(t), dir, "doc.go"))
		require.NoError(t, err, "%s has no doc.go", dir)
	}
}

func TestFilesAreReadInOneSitting(t *testing.T) {
	t.Parallel()
	for _, dir := range goDirs(t) {
		files, err := filepath.Glob(filepath.Join(root(t), dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, ".gen.go") {
				continue // nobody reads it in one sitting
			}
			require.LessOrEqual(t, countLines(t, file), maxFileLines, "%s is too long", file)
		}
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	return dir
}

func goDirs(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	var dirs []string
	err := filepath.WalkDir(root(t), func(file string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (strings.HasPrefix(name, ".") && name != "." || name == "var" || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			dir, err := filepath.Rel(root(t), filepath.Dir(file))
			if err != nil {
				return err
			}
			if !seen[dir] {
				seen[dir] = true
				dirs = append(dirs, dir)
			}
		}
		return nil
	})
	require.NoError(t, err)
	return dirs
}

func countLines(t *testing.T, file string) int {
	t.Helper()
	opened, err := os.Open(file)
	require.NoError(t, err)
	defer opened.Close()
	lines := 0
	for scanner := bufio.NewScanner(opened); scanner.Scan(); {
		lines++
	}
	return lines
}
