package ranger_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
	"github.com/yitong-hub/yitong/internal/fault"
)

func TestReadSaysWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      "line 1, column 1: this is not JSON",
		"{\"policies\": [\n\n}": "line 3, column 1: this is not JSON",
		"{\"policies\": [],}":   "this is not JSON",
		"[]":                    "a list cannot stand here",
		`{"policies": 5}`:       "policies: 5 cannot stand here",
		`{"policies": [{}, 5]}`: "policies[1]: ",
		`{"policies": [{}, {"policyItems": [{"accesses": [{"type": {}}]}]}]}`:           "policies[1].policyItems.accesses.type: ",
		`{"policies": [{"id": "x"}]}`:                                                   "policies[0].id: \"x\" cannot stand here",
		`{"policies": [{"isEnabled": 3}]}`:                                              "policies[0].isEnabled: 3 cannot stand here",
		`{"policies": [{"resources": {"a": {"values": {}}}}]}`:                          "policies[0].resources.values: an object cannot stand here",
		`{"tests": [{"request": {"accessTime": "noon"}}]}`:                              "tests[0].request.accessTime: \"noon\" cannot stand here",
		`{"tests": [{"request": {"resource": {"elements": {"a": {}}}}}]}`:               "tests[0].request.resource.elements",
		`{"serviceDef": {"resources": [{"matcherOptions": 4}]}}`:                        "serviceDef.resources.matcherOptions: ",
		`{"policies": [{"validitySchedules": [{"recurrences": [{"schedule": []}]}]}]} `: "policies[0].validitySchedules.recurrences.schedule: ",
	} {
		_, err := ranger.Read(strings.NewReader(text))
		require.True(t, fault.Is(err, fault.Invalid), text)
		require.Contains(t, fault.Public(err), want, text)
	}
}

func TestReadIsLenient(t *testing.T) {
	t.Parallel()
	file, err := ranger.Read(strings.NewReader("\xef\xbb\xbf" + `{
		// a comment, "quoted"
		"serviceName": "lake", /* another */
		"serviceDef": {"name": "lake", "resources": [{"name": "table", "level": "10", "matcherOptions": {"wildCard": true, "x": 1, "y": {"z": []}}}, ]},
		"policies": [null, {
			"id": "7", "name": "seven // not a comment", "policyPriority": "1", "isEnabled": "true", "isAuditEnabled": "FALSE", "isDenyAllElse": null,
			"resources": {"table": {"values": "t", "isExcludes": "false"}},
			"conditions": [{"type": "c", "values": ["one
two", 2, true, null]}],
			"policyItems": [{"accesses": [{"type": "select"}], "users": "li", "groups": null, "delegateAdmin": ""}]
		}],
		"tests": [{"name": "n", "request": {"accessTime": 1767225600000, "resource": {"elements": {"a": "x", "b": ["y", "z"], "c": null}}}}]
	}`))
	require.NoError(t, err)
	require.Equal(t, ranger.Options{"wildCard": "true", "x": "1", "y": `{"z": []}`}, file.ServiceDef.Resources[0].MatcherOptions)
	require.Len(t, file.Policies, 1)
	policy := file.Policies[0]
	require.Equal(t, ranger.Number(7), policy.ID)
	require.Equal(t, "seven // not a comment", policy.Name)
	require.True(t, policy.Enabled.Or(false))
	require.False(t, policy.Audited.Or(true))
	require.False(t, policy.DenyAllElse.Or(false))
	require.Equal(t, ranger.Texts{"t"}, policy.Resources["table"].Values)
	require.Equal(t, ranger.Texts{"one two", "2", "true", ""}, policy.Conditions[0].Values)
	require.Equal(t, ranger.Texts{"li"}, policy.Allow[0].Users)
	request := file.Tests[0].Request
	require.Equal(t, "2026-01-01T00:00:00Z", request.Time.Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, map[string]ranger.Element{"a": ranger.One("x"), "b": ranger.Many("y", "z"), "c": {}}, request.Resource.Elements)
}

func TestEngineNeedsDefinition(t *testing.T) {
	t.Parallel()
	for _, file := range []*ranger.File{nil, {}} {
		_, err := ranger.NewEngine(file)
		require.True(t, fault.Is(err, fault.Invalid))
	}
}
