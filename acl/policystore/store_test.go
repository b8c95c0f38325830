package policystore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/schema"
)

var staff = acl.Resource{
	Dataset: "hr.staff", Department: "hr", Person: "staff_no",
	Fields: []acl.Field{{Name: "title", Level: schema.L1}, {Name: "name", Level: schema.L2}, {Name: "mobile", Level: schema.L3}, {Name: "id_number", Level: schema.L4}, {Name: "unclassified", Level: 0}},
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	rules, err := policystore.New()
	require.NoError(t, err)
	attributes := func(key, value string) map[string][]string { return map[string][]string{key: {value}} }
	for _, test := range []struct {
		name      string
		principal acl.Principal
		want      string // title name mobile id_number unclassified
		own       bool
	}{
		{"nobody", acl.Principal{}, "denied denied denied denied denied", false},
		{"unknown role", acl.Principal{Roles: []string{"king"}}, "denied denied denied denied denied", false},
		{"steward here", acl.Principal{Roles: []string{"steward"}, Attributes: attributes("department", "hr")}, "clear clear clear masked masked", false},
		{"steward elsewhere", acl.Principal{Roles: []string{"steward"}, Attributes: attributes("department", "finance")}, "denied denied denied denied denied", false},
		{"leader", acl.Principal{Roles: []string{"leader"}}, "clear clear masked denied denied", false},
		{"teacher", acl.Principal{Roles: []string{"teacher"}, Attributes: attributes("campus_id", "10001")}, "clear clear clear clear clear", true},
		{"teacher without id", acl.Principal{Roles: []string{"teacher"}}, "denied denied denied denied denied", false},
	} {
		decision, err := acl.Compile(rules, test.principal, acl.View, staff)
		require.NoError(t, err)
		got := ""
		for _, field := range staff.Fields {
			access, _ := decision.Field(field.Name)
			got += " " + access.String()
		}
		require.Equal(t, " "+test.want, got, test.name)
		_, _, limited := decision.OwnRows()
		require.Equal(t, test.own, limited, test.name)
	}
}

func TestZeroDecisionDenies(t *testing.T) {
	t.Parallel()
	var decision acl.Decision
	require.False(t, decision.Allowed())
	access, _ := decision.Field("name")
	require.Equal(t, acl.Denied, access)
}

// TestHoldingIsNoMoreThanSeeing checks every role, relation and level.
func TestHoldingIsNoMoreThanSeeing(t *testing.T) {
	t.Parallel()
	rules, err := policystore.New()
	require.NoError(t, err)
	for _, principal := range []acl.Principal{
		{Roles: []string{"leader"}}, {Roles: []string{"steward"}, Attributes: map[string][]string{"department": {"hr"}}},
		{Roles: []string{"teacher"}, Attributes: map[string][]string{"campus_id": {"1"}}}, {Roles: []string{"visitor"}},
	} {
		seen, err := acl.Compile(rules, principal, acl.View, staff)
		require.NoError(t, err)
		held, err := acl.Compile(rules, principal, acl.Hold, staff)
		require.NoError(t, err)
		for _, field := range staff.Fields {
			see, _ := seen.Field(field.Name)
			hold, _ := held.Field(field.Name)
			require.LessOrEqual(t, hold, see, "%v %s", principal.Roles, field.Name)
		}
	}
}
