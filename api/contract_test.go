package api_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// TestTheContractIsComplete demands of every operation what a newcomer needs: what
// it is for, its errors, and an example of everything that is sent and answered.
// That examples keep to their schemas the loader checks.
func TestTheContractIsComplete(t *testing.T) {
	t.Parallel()
	document, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	require.NoError(t, document.Validate(t.Context(), openapi3.EnableExamplesValidation()))
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			where := method + " " + path
			require.NotEmpty(t, operation.OperationID, where)
			require.NotEmpty(t, operation.Summary, where)
			require.Len(t, operation.Tags, 1, where)
			for _, parameter := range append(append(openapi3.Parameters{}, item.Parameters...), operation.Parameters...) {
				checkParameter(t, where, parameter.Value)
			}
			if operation.RequestBody != nil {
				checkContent(t, where+" body", operation.RequestBody.Value.Content)
			}
			open := operation.Security != nil && len(*operation.Security) == 0
			if !open {
				require.NotNil(t, operation.Responses.Default(), where+" tells no errors")
			}
			for status, response := range operation.Responses.Map() {
				require.NotEmpty(t, *response.Value.Description, where)
				checkContent(t, where+" "+status, response.Value.Content)
			}
		}
	}
}

func checkParameter(t *testing.T, where string, parameter *openapi3.Parameter) {
	t.Helper()
	where += " parameter " + parameter.Name
	if parameter.In != openapi3.ParameterInPath {
		require.NotEmpty(t, parameter.Description, where)
	}
	schema := parameter.Schema.Value
	if !schema.Type.Is("boolean") && len(schema.Enum) == 0 {
		require.NotNil(t, parameter.Example, where+" has no example")
	}
}

func checkContent(t *testing.T, where string, content openapi3.Content) {
	t.Helper()
	for media, one := range content {
		if strings.Contains(media, "json") && !strings.Contains(media, "ndjson") {
			require.True(t, one.Example != nil || len(one.Examples) > 0 || exampled(one.Schema), where+" has no example")
		}
	}
}

// exampled reports whether a schema, or all that it is made of, has an example.
func exampled(schema *openapi3.SchemaRef) bool {
	if schema == nil || schema.Value == nil {
		return false
	}
	of := schema.Value
	if of.Example != nil || of.Type.Is("string") || of.Type.Is("integer") || of.Type.Is("boolean") || of.Type.Is("number") {
		return true
	}
	if of.Type.Is("array") {
		return exampled(of.Items)
	}
	for _, property := range of.Properties {
		if !exampled(property) {
			return false
		}
	}
	return len(of.Properties) > 0
}
