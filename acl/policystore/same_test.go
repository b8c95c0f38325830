package policystore_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/acl/policystore"
)

// triplesVariable gives the number of (policies, principal, request) triples;
// make soak asks for a million.
const triplesVariable = "YITONG_ACL_TRIPLES"

const (
	fewTriples      = 6000
	policiesAtMost  = 8
	questionsPerSet = 10
	rowsPerQuestion = 2
)

// TestThreeEvaluatorsAgree holds compiled decisions against a plain evaluator
// and against Casbin, row by row.
func TestThreeEvaluatorsAgree(t *testing.T) {
	t.Parallel()
	triples := fewTriples
	if wanted := os.Getenv(triplesVariable); wanted != "" {
		var err error
		triples, err = strconv.Atoi(wanted)
		require.NoError(t, err)
	}
	const parts = 4
	for part := range parts {
		t.Run(strconv.Itoa(part), func(t *testing.T) {
			t.Parallel()
			seen := map[acl.Access]int{}
			for seed := range triples / questionsPerSet / parts {
				compareWorld(t, uint64(seed*parts+part), seen)
			}
			for access, least := range map[acl.Access]int{acl.Denied: 100, acl.Statistics: 10, acl.Masked: 50, acl.Clear: 100} {
				require.Greater(t, seen[access], least, "the worlds drawn have %s in them", access)
			}
		})
	}
}

func compareWorld(t *testing.T, seed uint64, seen map[acl.Access]int) {
	t.Helper()
	draw := acltest.NewDraw(seed)
	policies, consented := draw.Policies(policiesAtMost), draw.Consented()
	set, err := acl.NewSet(1, acl.Contents{Policies: policies, Purposes: acltest.Purposes})
	require.NoError(t, err)
	enforcer, err := policystore.NewEnforcer(policies)
	require.NoError(t, err)
	reference := acltest.Reference{Policies: policies, Purposes: acltest.Purposes, Consented: consented}
	for range questionsPerSet {
		resource := draw.Resource()
		asked := draw.Asked(resource)
		decision, err := set.Compile(asked.Principal(), acl.Request{Right: asked.Right, Purpose: asked.Purpose, At: asked.At}, resource)
		require.NoError(t, err)
		for range rowsPerQuestion {
			row := draw.Row(resource)
			value := func(name string) condition.Value { return row[name] }
			for _, field := range resource.Fields {
				got := shown(decision, field, row, consented)
				want := reference.Shown(asked, field, row)
				if got != want {
					t.Fatalf("seed %d: compiled %v, plain %v: %+v of %+v on %v under %+v", seed, got, want, asked, field, row, policies)
				}
				seen[got.Access]++
				if asked.Actor != nil || asked.Purpose == "offer" {
					continue // who acts for whom and who consented is not told to Casbin
				}
				most, err := enforcer.Most(policystore.Question{
					Principal: asked.Principal(), Resource: resource, Field: field, Row: value, Right: asked.Right, Purpose: asked.Purpose, At: asked.At,
				}, acltest.Candidates(policies, field))
				require.NoError(t, err)
				if most != got {
					t.Fatalf("seed %d: compiled %v, Casbin %v: %+v of %+v on %v under %+v", seed, got, most, asked, field, row, policies)
				}
			}
		}
	}
}

// shown is what a decision shows of a field of a row.
func shown(decision *acl.Decision, field acl.Field, row acltest.Row, consented []string) acl.Limit {
	if consent := decision.Consent(); consent != nil {
		person := row[consent.Person]
		named := false
		for _, one := range append(consent.Own, consented...) {
			named = named || person.Valid && one == person.Text
		}
		if !named {
			return acl.Limit{}
		}
	}
	return decision.Field(field.Name).On(func(i int) condition.Truth {
		return decision.Conditions()[i].Holds(func(name string) condition.Value { return row[name] })
	})
}
