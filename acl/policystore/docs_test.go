package policystore_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
)

// TestExamplesOfTheManual keeps docs/policies.md true: each example is a policy
// file, all of them can count together, and every key is explained.
func TestExamplesOfTheManual(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/policies.md")
	require.NoError(t, err)
	manual := string(text)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatchIndex(manual, -1)
	require.GreaterOrEqual(t, len(examples), 7)
	var all acl.Contents
	for _, place := range examples {
		line := strings.Count(manual[:place[2]], "\n") + 1
		contents, err := policystore.Parse("docs/policies.md", []byte(manual[place[2]:place[3]]))
		require.NoError(t, err, "the example in line %d", line)
		require.NotEmpty(t, contents.Policies, "the example in line %d", line)
		all.Policies = append(all.Policies, contents.Policies...)
		all.Purposes = append(all.Purposes, contents.Purposes...)
		all.Expressions = append(all.Expressions, contents.Expressions...)
	}
	_, err = acl.NewSet(1, all)
	require.NoError(t, err)

	for _, documented := range []any{acl.Policy{}, acl.Subject{}, acl.Selector{}, acl.Aggregate{}, acl.Hours{}, acl.Period{}, acl.Mask{}} {
		kind := reflect.TypeOf(documented)
		for i := range kind.NumField() {
			key, _, _ := strings.Cut(kind.Field(i).Tag.Get("yaml"), ",")
			if kind.Field(i).Name != "Kind" { // of a mask: the table is about it
				require.Regexp(t, "`"+key+"[`:]", manual, "%s of %s", key, kind)
			}
		}
	}
	for _, basis := range []string{acl.BasisConsent, "contract", "legal_duty", "emergency", "public_interest", "disclosed", "other_law"} {
		require.NoError(t, acl.Purpose{ID: "p", Title: "p", Basis: basis}.Check())
		require.Contains(t, manual, "| `"+basis+"` |")
	}
}
