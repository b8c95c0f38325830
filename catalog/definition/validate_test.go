package definition_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog/definition"
)

func TestValidateTellsEveryMistakeWithItsLine(t *testing.T) {
	t.Parallel()
	mistakes, err := definition.Validate([]byte(`system: HR
conector: sqlite
connector: sqlite
datasets:
  - name: staff
    load: sometimes
    fields:
      - {name: pay, type: money, level: L9}
      - {name: sex, elemant: person.sex}
  - name: trips
    load: incremental
`))
	require.NoError(t, err)
	require.Equal(t, []definition.Mistake{
		{Line: 1, Message: "system: 'HR' does not match pattern '^[a-z][a-z0-9_]*$'"},
		{Line: 2, Message: "there is no key conector; is connector meant?"},
		{Line: 6, Message: "datasets.0.load: value must be one of 'full', 'incremental', 'changes'"},
		{Line: 8, Message: "datasets.0.fields.0.level: value must be one of 'L1', 'L2', 'L3', 'L4'"},
		{Line: 8, Message: "datasets.0.fields.0.type: 'money' does not match pattern '^(bool|u?int(8|16|32|64)|float(32|64)|decimal\\\\([0-9]+, ?[0-9]+\\\\)|string|binary|date|time|timestamp|timestamptz|uuid)$'"},
		{Line: 9, Message: "datasets.0.fields.1: there is no key elemant; is element meant?"},
		{Line: 10, Message: "datasets.1: missing property 'cursor'"},
	}, mistakes)
}

func TestValidateOfWhatIsNotADefinition(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]definition.Mistake{
		"":                        {Line: 1, Message: "the definition is empty"},
		"a: 1\nb: [\n":            {Line: 2, Message: "did not find expected node content"},
		"- hr":                    {Line: 1, Message: "got array, want object"},
		"system: &a [*a]\nx: 1\n": {Line: 1, Message: "the definition is nested too deeply"},
	} {
		mistakes, err := definition.Validate([]byte(text))
		require.NoError(t, err)
		require.NotEmpty(t, mistakes, text)
		require.Equal(t, want, mistakes[0], text)
	}
}

func TestTheDemoDefinitionsAreValid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../demo/definitions/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 37)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		mistakes, err := definition.Validate(text)
		require.NoError(t, err)
		require.Empty(t, mistakes, file)
		system, err := definition.Parse(file, text)
		require.NoError(t, err)
		require.Positive(t, system.Datasets[0].Line)
		require.Greater(t, system.Datasets[0].Fields[0].Line, system.Datasets[0].Line)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(personnel))
	f.Add([]byte("system: [\n"))
	f.Add([]byte("a: &a {b: *a}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		mistakes, err := definition.Validate(text)
		require.NoError(t, err)
		for _, mistake := range mistakes {
			require.NotEmpty(t, mistake.Message)
		}
	})
}
