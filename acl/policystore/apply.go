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

// assemble makes a set of entries.
func assemble(version int64, entries map[reference]*entry) (*acl.Set, error) {
	policies := make([]*acl.Prepared, 0, len(entries))
	var purposes []acl.Purpose
	var expressions []acl.Expression
	for key, found := range entries {
		switch key.kind {
		case KindPolicy:
			policies = append(policies, found.policy)
		case KindPurpose:
			purposes = append(purposes, found.purpose)
		case KindExpression:
			expressions = append(expressions, found.expression)
		}
	}
	return acl.Assemble(version, policies, purposes, expressions)
}

// document is an entry as it is kept.
func (e *entry) document(kind string) (string, error) {
	var value any = e.purpose
	switch kind {
	case KindPolicy:
		value = e.policy.Policy
	case KindExpression:
		value = e.expression
	}
	text, err := json.Marshal(value)
	return string(text), err
}

// entriesOf prepares what a change puts.
func (c Change) entriesOf() (map[reference]*entry, error) {
	made := map[reference]*entry{}
	add := func(kind, id string, one *entry) error {
		key := reference{kind, id}
		if _, twice := made[key]; twice {
			return fault.New(fault.Invalid, "%s %q occurs twice", kind, id)
		}
		one.origin, one.author = c.Origin, c.Author
		made[key] = one
		return nil
	}
	for _, policy := range c.Put.Policies {
		prepared, err := acl.Prepare(policy)
		if err != nil {
			return nil, err
		}
		if err := add(KindPolicy, policy.ID, &entry{policy: prepared}); err != nil {
			return nil, err
		}
	}
	for _, purpose := range c.Put.Purposes {
		if err := add(KindPurpose, purpose.ID, &entry{purpose: purpose}); err != nil {
			return nil, err
		}
	}
	for _, expression := range c.Put.Expressions {
		if err := add(KindExpression, expression.Name, &entry{expression: expression}); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// planned is what changes write into the state database, and what is there then.
type planned struct {
	// known is the version that the changes build on.
	known   int64
	author  string
	entries map[reference]*entry
	// begun holds the text of what is new or another than before.
	begun map[reference]string
	ended map[reference]bool
	set   *acl.Set
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
	if err := s.changed(&made); err != nil {
		return planned{}, err
	}
	var err error
	if made.set, err = assemble(s.version+1, made.entries); err != nil {
		return planned{}, err
	}
	return made, made.checkNames()
}

// OriginGrants is the origin of policies that were granted on request. Such a
// policy loses its effect with its purpose; what is written by hand must be
// changed first.
const OriginGrants = "grant"

func (p *planned) checkNames() error {
	for key, made := range p.entries {
		_, begun := p.begun[key]
		if key.kind != KindPolicy || made.origin == OriginGrants && !begun {
			continue
		}
		if err := p.set.CheckNames(made.policy.Policy); err != nil {
			return err
		}
	}
	return nil
}

func (p *planned) add(change Change) error {
	put, err := change.entriesOf()
	if err != nil {
		return err
	}
	if change.Whole {
		for key, before := range p.entries {
			if _, stays := put[key]; before.origin == change.Origin && !stays {
				p.end(key)
			}
		}
	}
	for key, made := range put {
		if before, known := p.entries[key]; known && before.origin != change.Origin {
			return fault.New(fault.Conflict, "%s %q is from %s and cannot be changed from %s", key.kind, key.id, before.origin, change.Origin)
		}
		if p.begun[key], err = made.document(key.kind); err != nil {
			return fmt.Errorf("encode %s %s: %w", key.kind, key.id, err)
		}
		p.entries[key] = made
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
	return made.set, err
}

// Apply makes changes, all of them or nothing, and takes them up at once. What
// is the same as before stays as it is; changes that change nothing make no new
// version. It gives the version that counts now.
func (s *Store) Apply(ctx context.Context, changes ...Change) (int64, error) {
	if err := s.Refresh(ctx); err != nil {
		return 0, err
	}
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	made, err := s.plan(changes)
	if err != nil {
		return 0, err
	}
	if len(made.begun)+len(made.ended) == 0 {
		return s.version, nil
	}
	if err := s.write(ctx, made); err != nil {
		return 0, fmt.Errorf("change policies: %w", err)
	}
	for key := range made.begun {
		made.entries[key].since = made.known + 1
	}
	s.entries, s.version = made.entries, made.known+1
	s.current.Store(made.set)
	s.turned.Give()
	return s.version, nil
}

func (s *Store) write(ctx context.Context, made planned) error {
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

// changed leaves only what is another than what counts now. What stays as it is
// stays the entry that it was.
func (s *Store) changed(made *planned) error {
	for key, text := range made.begun {
		before, known := s.entries[key]
		if !known || before.origin != made.entries[key].origin {
			continue
		}
		kept, err := before.document(key.kind)
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", key.kind, key.id, err)
		}
		if kept == text {
			made.entries[key] = before
			delete(made.begun, key)
		}
	}
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
