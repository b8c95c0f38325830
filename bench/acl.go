package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/store"
	"github.com/yitong-hub/yitong/schema"
)

const (
	manyPolicies = 100_000
	wideFields   = 60
)

// measureDecisions times decisions about a dataset of 60 fields under 100,000
// policies, and how long a change takes to count on another node.
func measureDecisions(ctx context.Context, o options) ([]result, error) {
	policies := drawPolicies()
	set, err := acl.NewSet(1, acl.Contents{Policies: policies})
	if err != nil {
		return nil, err
	}
	principal, resource := asker(), wideResource("hr.d7")
	decider := acl.NewDecider(func() *acl.Set { return set }, time.Now)
	decision, err := decider.Decide(principal, acl.View, "", resource)
	if err != nil {
		return nil, err
	}
	warm, err := perCall(200_000, func(int) error {
		_, err := decider.Decide(principal, acl.View, "", resource)
		return err
	})
	if err != nil {
		return nil, err
	}
	var cold []time.Duration
	for i := range 500 {
		other := wideResource(fmt.Sprintf("hr.d%d", i%100))
		began := time.Now()
		if _, err := set.Compile(principal, acl.Request{Right: acl.View, At: began}, other); err != nil {
			return nil, err
		}
		cold = append(cold, time.Since(began))
	}
	slices.Sort(cold)
	effect, err := changeToEffect(ctx, o, policies)
	if err != nil {
		return nil, err
	}
	shown, decided := 0, map[string]bool{}
	for i := range decision.Fields() {
		field := &decision.Fields()[i]
		if field.Best().Access > acl.Denied {
			shown++
		}
		for _, id := range decision.Policies(field.Field.Name) {
			decided[id] = true
		}
	}
	name := fmt.Sprintf("%d fields, %d policies", wideFields, set.Len())
	return []result{
		{name: name + ", warm decision", goal: "200 ns", figure: fmt.Sprintf("%d ns", warm.Nanoseconds()), met: warm <= 200*time.Nanosecond, parts: []string{fmt.Sprintf("%d fields shown, %d policies decide", shown, len(decided))}},
		{name: name + ", cold compile", goal: "5 ms", figure: fmt.Sprintf("%.2f ms", ms(cold[len(cold)/2])), met: cold[len(cold)/2] <= 5*time.Millisecond, parts: []string{fmt.Sprintf("slowest of %d: %.2f ms", len(cold), ms(cold[len(cold)-1]))}},
		effect,
	}, nil
}

// measureQuestions asks about everybody: 44,000 people, 600 fields in 52 datasets
// as the demo campus has, and policies as a campus might have in some years.
func measureQuestions(context.Context, options) ([]result, error) {
	policies := drawPolicies()[:5_000]
	before, err := acl.NewSet(1, acl.Contents{Policies: policies})
	if err != nil {
		return nil, err
	}
	changed := slices.Clone(policies)
	changed[0].Effect, changed[10].Disabled = acl.Deny, true
	after, err := acl.NewSet(2, acl.Contents{Policies: changed})
	if err != nil {
		return nil, err
	}
	principals := make([]acl.Principal, 44_000)
	for i := range principals {
		principals[i] = acl.NewPrincipal(acl.Profile{
			ID: fmt.Sprint(i), Kind: acl.KindPerson, Roles: []string{fmt.Sprintf("r%d", 10+i%30*20)}, Groups: []string{fmt.Sprintf("g%d", i%50*20)},
			Attributes: map[string][]string{acl.AttributeCampusID: {fmt.Sprint(i)}},
		})
	}
	resources := make([]*acl.Resource, 52)
	for i := range resources {
		resource := *wideResource(fmt.Sprintf("hr.d%d", i))
		resource.Fields = resource.Fields[:12]
		resources[i] = acl.NewResource(resource)
	}
	request := acl.Request{Right: acl.View, At: time.Now()}
	var results []result
	for _, question := range []struct {
		name string
		ask  func() (int, error)
	}{
		{"who can see a field, of 44,000 people", func() (int, error) {
			found, err := access.WhoCanSee(before, principals, resources[7], "f7", request)
			return len(found), err
		}},
		{"what can a person see, of 52 datasets", func() (int, error) {
			found, err := access.WhatCanSee(before, principals[7], resources, request)
			return len(found), err
		}},
		{"who gains and loses by a change, of 44,000 people and 52 datasets", func() (int, error) {
			found, err := access.Simulate(before, after, principals, resources, request.At)
			return len(found), err
		}},
	} {
		var times []time.Duration
		found := 0
		for range 5 {
			began := time.Now()
			if found, err = question.ask(); err != nil {
				return nil, err
			}
			times = append(times, time.Since(began))
		}
		slices.Sort(times)
		results = append(results, result{
			name: question.name, goal: "1 s", figure: fmt.Sprintf("%.0f ms", ms(times[2])), met: times[2] <= time.Second, parts: []string{fmt.Sprintf("%d found, %d policies", found, len(policies))},
		})
	}
	return results, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// perCall gives the median, over rounds, of the time of one call.
func perCall(calls int, call func(int) error) (time.Duration, error) {
	var rounds []time.Duration
	for range 9 {
		began := time.Now()
		for i := range calls {
			if err := call(i); err != nil {
				return 0, err
			}
		}
		rounds = append(rounds, time.Since(began)/time.Duration(calls))
	}
	slices.Sort(rounds)
	return rounds[len(rounds)/2], nil
}

// drawPolicies makes 90,000 grants to persons and applications and 10,000
// policies about roles and groups: by element, level, tag and department.
func drawPolicies() []acl.Policy {
	policies := make([]acl.Policy, 0, manyPolicies)
	for i := range manyPolicies {
		p := acl.Policy{ID: fmt.Sprintf("p%06d", i), Effect: acl.Allow, Rights: []acl.Right{acl.View}}
		switch {
		case i%10 != 0:
			p.Subject = acl.Subject{Persons: []string{fmt.Sprint(i % 40_000)}}
			if i%3 == 0 {
				p.Subject = acl.Subject{Applications: []string{fmt.Sprintf("app%d", i%200)}}
			}
			p.Resource = acl.Selector{Datasets: []string{fmt.Sprintf("hr.d%d", i%1000)}, Fields: []string{fmt.Sprintf("f%d", i%wideFields), fmt.Sprintf("f%d", (i+7)%wideFields)}}
		case i%20 == 0:
			p.Subject = acl.Subject{Groups: []string{fmt.Sprintf("g%d", i%2000)}}
			p.Resource = acl.Selector{Elements: []string{fmt.Sprintf("e%d", i%97)}}
			p.Rows = "#person in @campus_id"
		default:
			p.Subject = acl.Subject{Roles: []string{fmt.Sprintf("r%d", i%1000)}}
			p.Resource = acl.Selector{Levels: []schema.Level{schema.Level(1 + i/10%3)}, Departments: []string{fmt.Sprintf("dep%d", i%16)}}
			p.Mask = &acl.Mask{Kind: acl.MaskAuto}
			if i%30 == 0 {
				p.Effect = acl.Deny
			}
		}
		policies = append(policies, p)
	}
	return policies
}

// asker has some roles, groups and grants.
func asker() acl.Principal {
	groups := make([]string, 10)
	for i := range groups {
		groups[i] = fmt.Sprintf("g%d", i*20)
	}
	return acl.NewPrincipal(acl.Profile{
		ID: "7", Kind: acl.KindPerson, Roles: []string{"r10", "r30", "r50", "r70", "r90"}, Groups: groups,
		Attributes: map[string][]string{acl.AttributeCampusID: {"7"}, acl.AttributeDepartment: {"dep2"}},
	})
}

func wideResource(dataset string) *acl.Resource {
	resource := acl.Resource{Dataset: dataset, Department: "dep10", Person: "f0"}
	for i := range wideFields {
		name := fmt.Sprintf("f%d", i)
		resource.Fields = append(resource.Fields, acl.Field{
			Name: name, Element: fmt.Sprintf("e%d", i), Level: schema.Level(1 + i%4), Type: schema.Of(schema.String), Column: `"` + name + `"`,
		})
	}
	return acl.NewResource(resource)
}

// changeToEffect changes one policy on one node and waits for another node that
// shares the state database.
func changeToEffect(ctx context.Context, o options, policies []acl.Policy) (result, error) {
	path := filepath.Join(o.dir, "policies.db")
	var nodes [2]*policystore.Store
	for i := range nodes {
		opened, err := store.Open(ctx, path)
		if err != nil {
			return result{}, err
		}
		defer opened.Close()
		if nodes[i], err = policystore.New(ctx, opened, time.Now, slog.New(slog.DiscardHandler)); err != nil {
			return result{}, err
		}
		if i == 0 {
			if _, err := nodes[0].Apply(ctx, policystore.Change{Origin: "bench", Author: "bench", Put: acl.Contents{Policies: policies}}); err != nil {
				return result{}, err
			}
		}
	}
	nodes[1].Watch()
	defer nodes[1].Close()
	var here, there []time.Duration
	for i := range 7 {
		policies[0].Description = fmt.Sprint(i)
		began := time.Now()
		version, err := nodes[0].Apply(ctx, policystore.Change{Origin: "bench", Author: "bench", Put: acl.Contents{Policies: policies[:1]}})
		if err != nil {
			return result{}, err
		}
		here = append(here, time.Since(began))
		for nodes[1].Current().Version() < version {
			if time.Since(began) > time.Minute {
				return result{}, fmt.Errorf("the change did not arrive")
			}
			time.Sleep(time.Millisecond)
		}
		there = append(there, time.Since(began))
	}
	slices.Sort(here)
	slices.Sort(there)
	return result{
		name: "a policy changed until it counts on another node", goal: "1 s", figure: fmt.Sprintf("%.0f ms", ms(there[len(there)/2])), met: there[len(there)-1] <= time.Second,
		parts: []string{fmt.Sprintf("on the node itself %.0f ms", ms(here[len(here)/2])), fmt.Sprintf("slowest of %d: %.0f ms", len(there), ms(there[len(there)-1]))},
	}, nil
}
