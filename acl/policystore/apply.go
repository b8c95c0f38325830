package policystore

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Change is what is to become of the entries of one origin.
type Change struct {
	// Origin groups entries, as "file:campus.yaml", "grant" or "api".
	Origin string
	// Author is who changes.
	Author string
	Put    acl.Contents
	// Remove holds ids of policies to end.
	Remove []string
	// Whole says that Put is all that the origin has: what else it had ends.
	Whole bool
}

// contents lists entries in the order of their ids.
func contents(entries map[reference]entry) acl.Contents {
	var made acl.Contents
	keys := slices.SortedFunc(maps.Keys(entries), compareReferences)
	for _, key := range keys {
		switch found := entries[key]; key.kind {
		case KindPolicy:
			made.Policies = append(made.Policies, found.policy)
		case KindPurpose:
			made.Purposes = append(made.Purposes, found.purpose)
		case KindExpression:
			made.Expressions = append(made.Expressions, found.expression)
		}
	}
	return made
}

// documents gives the entries of contents as they are kept.
func documents(c acl.Contents) (map[reference]string, map[reference]entry, error) {
	texts, entries := map[reference]string{}, map[reference]entry{}
	add := func(kind, id string, value any, made entry) error {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", kind, id, err)
		}
		key := reference{kind, id}
		if _, twice := texts[key]; twice {
			return fault.New(fault.Invalid, "%s %q occurs twice", kind, id)
		}
		texts[key], entries[key] = string(text), made
		return nil
	}
	for _, policy := range c.Policies {
		if err := add(KindPolicy, policy.ID, policy, entry{policy: policy}); err != nil {
			return nil, nil, err
		}
	}
	for _, purpose := range c.Purposes {
		if err := add(KindPurpose, purpose.ID, purpose, entry{purpose: purpose}); err != nil {
			return nil, nil, err
		}
	}
	for _, expression := range c.Expressions {
		if err := add(KindExpression, expression.Name, expression, entry{expression: expression}); err != nil {
			return nil, nil, err
		}
	}
	return texts, entries, nil
}

// planned is what changes write into the state database, and what is there then.
type planned struct {
	// known is the version that the changes build on.
	known   int64
	author  string
	entries map[reference]entry
	begun   map[reference]string
	ended   map[reference]bool
}

// plan works out what the changes, one after the other, come to.
func (s *Store) plan(changes []Change) (planned, error) {
	made := planned{known: s.version, entries: maps.Clone(s.entries), begun: map[reference]string{}, ended: map[reference]bool{}}
	for _, change := range changes {
		if err := made.add(change); err != nil {
			return planned{}, err
		}
		made.author = change.Author
	}
	if _, err := acl.NewSet(s.version+1, contents(made.entries)); err != nil {
		return planned{}, err
	}
	return made, s.changed(&made)
}

func (p *planned) add(change Change) error {
	texts, put, err := documents(change.Put)
	if err != nil {
		return err
	}
	if change.Whole {
		for key, before := range p.entries {
			if _, stays := texts[key]; before.origin == change.Origin && !stays {
				p.end(key)
			}
		}
	}
	for key, made := range put {
		if before, known := p.entries[key]; known && before.origin != change.Origin {
			return fault.New(fault.Conflict, "%s %q is from %s and cannot be changed from %s", key.kind, key.id, before.origin, change.Origin)
		}
		made.origin, made.author = change.Origin, change.Author
		p.entries[key], p.begun[key] = made, texts[key]
		delete(p.ended, key)
	}
	for _, id := range change.Remove {
		key := reference{KindPolicy, id}
		before, known := p.entries[key]
		if !known {
			return fault.New(fault.NotFound, "there is no policy %q; yitong acl list lists them", id)
		}
		if before.origin != change.Origin {
			return fault.New(fault.Conflict, "policy %q is from %s: change it there", id, before.origin)
		}
		p.end(key)
	}
	return nil
}

func (p *planned) end(key reference) {
	delete(p.entries, key)
	delete(p.begun, key)
	p.ended[key] = true
}

// Preview gives the policies as the changes would leave them.
func (s *Store) Preview(ctx context.Context, changes ...Change) (*acl.Set, error) {
	if err := s.Refresh(ctx); err != nil {
		return nil, err
	}
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	made, err := s.plan(changes)
	if err != nil {
		return nil, err
	}
	return acl.NewSet(s.version+1, contents(made.entries))
}

// Apply makes changes, all of them or nothing, and takes them up at once. What
// is the same as before stays as it is; changes that change nothing make no new
// version. It gives the version that counts now.
func (s *Store) Apply(ctx context.Context, changes ...Change) (int64, error) {
	if err := s.Refresh(ctx); err != nil {
		return 0, err
	}
	s.refreshing.Lock()
	made, err := s.plan(changes)
	s.refreshing.Unlock()
	if err != nil {
		return 0, err
	}
	if err := s.write(ctx, made); err != nil {
		return 0, fmt.Errorf("change policies: %w", err)
	}
	if err := s.Refresh(ctx); err != nil {
		return 0, err
	}
	return s.Current().Version(), nil
}

func (s *Store) write(ctx context.Context, made planned) error {
	if len(made.begun)+len(made.ended) == 0 {
		return nil
	}
	overtaken := fault.New(fault.Conflict, "somebody else changed the policies at this moment: try again")
	err := s.store.InTx(ctx, func(tx *sql.Tx) error {
		newest, err := s.newest(ctx, tx)
		if err != nil {
			return err
		}
		if newest != made.known {
			return overtaken
		}
		return s.writeVersion(ctx, tx, newest+1, made)
	})
	if err == nil || fault.Is(err, fault.Conflict) {
		return err
	}
	// Two that write at the same moment want the same version: the second one fails.
	if newest, readErr := s.newest(ctx, s.store.DB()); readErr == nil && newest != made.known {
		return overtaken
	}
	return err
}

func (s *Store) writeVersion(ctx context.Context, tx *sql.Tx, version int64, made planned) error {
	begun := slices.SortedFunc(maps.Keys(made.begun), compareReferences)
	for _, key := range slices.Concat(begun, slices.SortedFunc(maps.Keys(made.ended), compareReferences)) {
		_, err := s.store.SQL().Update("acl_entry").Set("until", version).
			Where(squirrel.Eq{"kind": key.kind, "id": key.id, "until": nil}).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
	}
	for _, key := range begun {
		put := made.entries[key]
		_, err := s.store.SQL().Insert("acl_entry").Columns("kind", "id", "since", "origin", "author", "document").
			Values(key.kind, key.id, version, put.origin, put.author, made.begun[key]).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
	}
	_, err := s.store.SQL().Insert("acl_version").Columns("version", "at", "author").
		Values(version, s.now().UTC().Format(momentLayout), made.author).RunWith(tx).ExecContext(ctx)
	return err
}

// changed leaves only what is another than what counts now.
func (s *Store) changed(made *planned) error {
	before := acl.Contents{}
	for key := range made.begun {
		found, known := s.entries[key]
		if !known || found.origin != made.entries[key].origin {
			continue
		}
		switch key.kind {
		case KindPolicy:
			before.Policies = append(before.Policies, found.policy)
		case KindPurpose:
			before.Purposes = append(before.Purposes, found.purpose)
		default:
			before.Expressions = append(before.Expressions, found.expression)
		}
	}
	kept, _, err := documents(before)
	if err != nil {
		return err
	}
	maps.DeleteFunc(made.begun, func(key reference, text string) bool { return kept[key] == text })
	for key := range made.ended {
		if _, known := s.entries[key]; !known {
			delete(made.ended, key)
		}
	}
	return nil
}

// Origins lists where entries are from, each once.
func (s *Store) Origins() []string {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	found := map[string]bool{}
	for _, one := range s.entries {
		found[one.origin] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func compareReferences(a, b reference) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
}

func newSecret() string { return rand.Text() + rand.Text() }
