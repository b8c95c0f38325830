package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query"
)

// PoliciesDir is the folder of a campus's policy files.
func PoliciesDir(settings config.Config) string { return filepath.Join(settings.Campus, "policies") }

// FileChanges makes of a policy file, or of all files of a folder, the changes
// that let exactly these count. Of a folder, what files that are gone declared
// ends.
func FileChanges(path string, origins []string) ([]policystore.Change, error) {
	files, err := policystore.Load(path)
	if err != nil {
		return nil, err
	}
	var changes []policystore.Change
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		for _, origin := range origins {
			if _, stays := files[origin]; !stays && (strings.HasPrefix(origin, "file:") || origin == policystore.DefaultOrigin) {
				changes = append(changes, policystore.Change{Origin: origin, Author: origin, Whole: true})
			}
		}
	}
	for origin, contents := range files {
		changes = append(changes, policystore.Change{Origin: origin, Author: origin, Put: contents, Whole: true})
	}
	slices.SortStableFunc(changes, func(a, b policystore.Change) int { return strings.Compare(a.Origin, b.Origin) })
	return changes, nil
}

// applyPolicies lets the campus's policy files count, or those that come with
// the product where the campus has no folder of its own.
func applyPolicies(ctx context.Context, policies *policystore.Store, settings config.Config) error {
	dir := PoliciesDir(settings)
	if _, err := os.Stat(dir); err != nil {
		change, err := policystore.DefaultChange()
		if err != nil {
			return err
		}
		_, err = policies.Apply(ctx, change)
		return err
	}
	changes, err := FileChanges(dir, policies.Origins())
	if err != nil {
		return err
	}
	_, err = policies.Apply(ctx, changes...)
	return err
}

// Principal finds who reads, with the rights of another where one was lent them.
func (a *App) Principal(ctx context.Context, id, onBehalfOf string) (acl.Principal, error) {
	return principalOf(ctx, a.Principals, a.Policies, id, onBehalfOf)
}

// UnknownNames tells of policies that fit nothing in the catalog, none while it
// is empty.
func (v *CatalogView) UnknownNames(ctx context.Context) ([]string, error) {
	resources, err := access.Resources(ctx, v.Catalog)
	if err != nil || len(resources) == 0 {
		return []string{}, err
	}
	return access.UnknownNames(v.Policies.Current(), resources), nil
}

// Principal finds who reads, with the rights of another where one was lent them.
func (v *CatalogView) Principal(ctx context.Context, id, onBehalfOf string) (acl.Principal, error) {
	return principalOf(ctx, v.Directory, v.Policies, id, onBehalfOf)
}

// finder finds principals by id.
type finder interface {
	Principal(id string) (acl.Principal, error)
}

func principalOf(ctx context.Context, directory finder, policies *policystore.Store, id, onBehalfOf string) (acl.Principal, error) {
	principal, err := directory.Principal(id)
	if err != nil || onBehalfOf == "" {
		return principal, err
	}
	lender, err := directory.Principal(onBehalfOf)
	if err != nil {
		return acl.Principal{}, err
	}
	delegation, err := policies.Acting(ctx, id, onBehalfOf, time.Now())
	if err != nil {
		return acl.Principal{}, err
	}
	return lender.ActedBy(principal, delegation), nil
}

// CheckExpressions refuses mask expressions that read more than a value.
func CheckExpressions(ctx context.Context, changes []policystore.Change) error {
	var expressions []acl.Expression
	for _, change := range changes {
		expressions = append(expressions, change.Put.Expressions...)
	}
	if len(expressions) == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "yitong-expressions-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	engine, err := warehouse.Open(ctx, warehouse.Config{Dir: dir})
	if err != nil {
		return err
	}
	for _, expression := range expressions {
		if err := query.CheckExpression(ctx, engine, expression); err != nil {
			return errors.Join(err, engine.Close())
		}
	}
	return engine.Close()
}
