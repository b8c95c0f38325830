package policystore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/acl"
)

// timeOf is the part of a policy that is about time.
type timeOf struct {
	From  *time.Time `json:"from,omitempty"`
	Until *time.Time `json:"until,omitempty"`
	Hours *acl.Hours `json:"hours,omitempty"`
}

// ruleOf writes a policy as a rule of the model.
func ruleOf(policy acl.Policy) ([]string, error) {
	moments := timeOf{Hours: policy.Hours}
	if !policy.Valid.From.IsZero() {
		moments.From = &policy.Valid.From
	}
	if !policy.Valid.Until.IsZero() {
		moments.Until = &policy.Valid.Until
	}
	limit := string(policy.Effect)
	switch {
	case policy.Mask != nil:
		text, err := json.Marshal(policy.Mask)
		if err != nil {
			return nil, err
		}
		limit = string(text)
	case policy.Aggregate != nil:
		limit = acl.Statistics.String()
	}
	texts := make([]string, 0, 4)
	for _, part := range []any{policy.Subject, policy.Resource, policy.Except, moments} {
		text, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("write policy %s for Casbin: %w", policy.ID, err)
		}
		texts = append(texts, string(text))
	}
	rights := make([]string, len(policy.Rights))
	for i, right := range policy.Rights {
		rights[i] = string(right)
	}
	return []string{
		policy.ID, texts[0], texts[1], texts[2], list(rights), list(policy.Purposes), texts[3], policy.Rows, limit, string(policy.Effect),
	}, nil
}
