package access_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/internal/fault"
)

// crowd draws a campus's principals, datasets and policies.
func crowd(t *testing.T, seed uint64) (*acltest.Draw, *acl.Set, []acl.Principal, []*acl.Resource) {
	t.Helper()
	draw := acltest.NewDraw(seed)
	policies, err := acl.NewSet(1, acl.Contents{Policies: draw.Policies(8), Purposes: acltest.Purposes})
	require.NoError(t, err)
	var principals []acl.Principal
	for i := range 40 {
		profile := draw.Profile()
		profile.Name = fmt.Sprint(i)
		principals = append(principals, acl.NewPrincipal(profile))
	}
	var resources []*acl.Resource
	for _, name := range []string{"hr.staff", "hr.pay", "card.trade"} {
		resource := *draw.Resource()
		resource.Dataset = name
		resources = append(resources, acl.NewResource(resource))
	}
	return draw, policies, principals, resources
}

// TestWhoAndWhatAreTheDecisionsThemselves compares both lists with a decision for
// every principal.
func TestWhoAndWhatAreTheDecisionsThemselves(t *testing.T) {
	t.Parallel()
	listed := 0
	for seed := range uint64(60) {
		draw, policies, principals, resources := crowd(t, seed)
		request := acl.Request{Right: acl.Rights()[draw.Number(4)], At: acltest.Base}
		resource := resources[draw.Number(len(resources))]
		field := resource.Fields[draw.Number(len(resource.Fields))].Name
		viewers, err := access.WhoCanSee(policies, principals, resource, field, request)
		require.NoError(t, err)
		var want []string
		for _, principal := range principals {
			decision, err := policies.Compile(principal, request, resource)
			require.NoError(t, err)
			if access := decision.Field(field); access.Best().Access > acl.Denied {
				want = append(want, fmt.Sprint(principal.ID(), access.Best().String(), !access.Whole()))
			}
			sights, err := access.WhatCanSee(policies, principal, resources, request)
			require.NoError(t, err)
			at := slices.IndexFunc(sights, func(s access.Sight) bool { return s.Dataset == resource.Dataset })
			require.Equal(t, decision.Allowed(), at >= 0)
			if at >= 0 {
				require.Len(t, resource.Fields, sights[at].Withheld+len(sights[at].Fields))
			}
		}
		var got []string
		for _, viewer := range viewers {
			got = append(got, fmt.Sprint(viewer.Principal, viewer.Access, viewer.SomeRows))
		}
		require.Equal(t, want, got, "seed %d", seed)
		listed += len(got)
	}
	require.Greater(t, listed, 100)
}

// TestSimulateTellsEveryDifference compares with two decisions for everybody.
func TestSimulateTellsEveryDifference(t *testing.T) {
	t.Parallel()
	told := map[string]int{}
	for seed := range uint64(60) {
		draw, before, principals, resources := crowd(t, seed)
		changed := slices.Concat(before.Policies(), []acl.Policy{draw.Wide("new")})
		if len(changed) > 1 {
			changed = changed[1:]
		}
		after, err := acl.NewSet(2, acl.Contents{Policies: changed, Purposes: acltest.Purposes})
		require.NoError(t, err)
		differences, err := access.Simulate(before, after, principals, resources, acltest.Base)
		require.NoError(t, err)
		for _, one := range differences {
			told[one.Effect]++
		}
		for _, principal := range principals {
			for _, resource := range resources {
				for _, right := range acl.Rights() {
					compareOne(t, before, after, principal, resource, right, differences)
				}
			}
		}
	}
	require.Greater(t, told[access.Gains], 50)
	require.Greater(t, told[access.Loses], 50)
}

func compareOne(t *testing.T, before, after *acl.Set, principal acl.Principal, resource *acl.Resource, right acl.Right, differences []access.Difference) {
	t.Helper()
	request := acl.Request{Right: right, At: acltest.Base}
	was, err := before.Compile(principal, request, resource)
	require.NoError(t, err)
	is, err := after.Compile(principal, request, resource)
	require.NoError(t, err)
	for _, field := range resource.Fields {
		at := slices.IndexFunc(differences, func(d access.Difference) bool {
			return d.Dataset == resource.Dataset && d.Field == field.Name && d.Right == right && d.Purpose == "" && slices.Contains(d.Principals, principal.ID()) &&
				d.Before == was.Summary(field.Name) && d.After == is.Summary(field.Name)
		})
		if was.Summary(field.Name) == is.Summary(field.Name) {
			require.Negative(t, at)
			continue
		}
		require.GreaterOrEqual(t, at, 0, "%s: %s becomes %s", field.Name, was.Summary(field.Name), is.Summary(field.Name))
		if is.Field(field.Name).Best().Compare(was.Field(field.Name).Best()) > 0 {
			require.Equal(t, access.Gains, differences[at].Effect)
		}
	}
}

func TestUnknownNamesAreTold(t *testing.T) {
	t.Parallel()
	_, _, principals, resources := crowd(t, 1)
	policies, err := acl.NewSet(1, acl.Contents{Policies: []acl.Policy{
		{ID: "slip", Effect: acl.Deny, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Datasets: []string{"hr.stuff"}}, Rights: []acl.Right{acl.View}},
		{ID: "fits", Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Resource: acl.Selector{Datasets: []string{"hr.*"}}, Rights: []acl.Right{acl.View}},
	}})
	require.NoError(t, err)
	hints := access.UnknownNames(policies, resources)
	require.Len(t, hints, 1)
	require.Contains(t, hints[0], "policy slip is about datasets hr.stuff")
	_, err = access.WhoCanSee(policies, principals, resources[0], "person_it", acl.Request{Right: acl.View})
	require.True(t, fault.Is(err, fault.NotFound))
	require.Contains(t, fault.Public(err), "is person_id meant?")
	_, err = access.Find(resources, "hr.stuff")
	require.Contains(t, fault.Public(err), "is hr.staff meant?")
}
