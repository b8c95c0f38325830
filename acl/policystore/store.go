package policystore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/signal"
	"github.com/yitong-hub/yitong/internal/store"
)

// Kinds of entries.
const (
	KindPolicy     = "policy"
	KindPurpose    = "purpose"
	KindExpression = "expression"
)

// momentLayout sorts as text in the order of time.
const momentLayout = "2006-01-02T15:04:05.000000Z"

// Store gives the policies that count now, in any process that shares the state
// database. It is safe for concurrent use.
type Store struct {
	store  *store.Store
	now    func() time.Time
	logger *slog.Logger

	current atomic.Pointer[acl.Set]
	// refreshing guards entries, the contents behind current.
	refreshing sync.Mutex
	entries    map[reference]*entry
	version    int64
	// salt is what Salt gave, which never changes; nil before.
	salt atomic.Pointer[string]
	// turned wakes whom Changed told to wait; it guards itself.
	turned signal.Signal

	stop    context.CancelFunc
	stopped chan struct{}
}

// reference names an entry.
type reference struct{ kind, id string }

// entry is one version of a policy, a purpose or an expression, read.
type entry struct {
	origin, author string
	since          int64
	policy         *acl.Prepared
	purpose        acl.Purpose
	expression     acl.Expression
}

// New reads what the state database has.
func New(ctx context.Context, opened *store.Store, now func() time.Time, logger *slog.Logger) (*Store, error) {
	s := &Store{store: opened, now: now, logger: logger, entries: map[reference]*entry{}}
	set, err := acl.NewSet(0, acl.Contents{})
	if err != nil {
		return nil, err
	}
	s.current.Store(set)
	return s, s.Refresh(ctx)
}

// Current gives the policies that count now.
func (s *Store) Current() *acl.Set { return s.current.Load() }

// pollEvery is how often changes made by other nodes are looked for: well under
// the second within which they must count everywhere.
const pollEvery = 100 * time.Millisecond

// Watch takes up changes that other processes make, until Close.
func (s *Store) Watch() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop, s.stopped = cancel, make(chan struct{})
	go func() {
		defer close(s.stopped)
		ticker := time.NewTicker(pollEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := s.Refresh(ctx); err != nil && ctx.Err() == nil {
				s.logger.Error("policies could not be refreshed", "cause", err)
			}
		}
	}()
}

// Close ends Watch.
func (s *Store) Close() error {
	if s.stop != nil {
		s.stop()
		<-s.stopped
	}
	return nil
}

// Refresh takes up what changed since the last time.
func (s *Store) Refresh(ctx context.Context) error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	newest, err := s.newest(ctx, s.store.DB())
	if err != nil || newest == s.version {
		return err
	}
	if err := s.takeUp(ctx, newest); err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	set, err := assemble(newest, s.entries)
	if err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	s.version = newest
	s.current.Store(set)
	s.turned.Give()
	return nil
}

// Changed gives a channel that is closed when other policies count than now.
func (s *Store) Changed() <-chan struct{} { return s.turned.Next() }

func (s *Store) newest(ctx context.Context, from squirrel.BaseRunner) (int64, error) {
	var newest int64
	err := s.store.SQL().Select("coalesce(max(version), 0)").From("acl_version").RunWith(from).QueryRowContext(ctx).Scan(&newest)
	if err != nil {
		return 0, fmt.Errorf("read the version of the policies: %w", err)
	}
	return newest, nil
}

// takeUp reads entries that began or ended after the known version, up to newest.
func (s *Store) takeUp(ctx context.Context, newest int64) error {
	ended := s.store.SQL().Select("kind", "id").From("acl_entry").
		Where("until > ? AND until <= ?", s.version, newest)
	gone, err := ended.RunWith(s.store.DB()).QueryContext(ctx)
	if err != nil {
		return err
	}
	defer gone.Close()
	for gone.Next() {
		var key reference
		if err := gone.Scan(&key.kind, &key.id); err != nil {
			return err
		}
		delete(s.entries, key)
	}
	if err := gone.Err(); err != nil {
		return err
	}
	return s.read(ctx, s.entries, squirrel.And{
		squirrel.Expr("since > ? AND since <= ?", s.version, newest),
		squirrel.Expr("(until IS NULL OR until > ?)", newest),
	})
}

func (s *Store) read(ctx context.Context, into map[reference]*entry, where squirrel.Sqlizer) error {
	rows, err := s.store.SQL().Select("kind", "id", "since", "origin", "author", "document").From("acl_entry").
		Where(where).RunWith(s.store.DB()).QueryContext(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key reference
		made := &entry{}
		var document string
		if err := rows.Scan(&key.kind, &key.id, &made.since, &made.origin, &made.author, &document); err != nil {
			return err
		}
		if err := made.decode(key.kind, []byte(document)); err != nil {
			return fmt.Errorf("decode %s %s: %w", key.kind, key.id, err)
		}
		into[key] = made
	}
	return rows.Err()
}

func (e *entry) decode(kind string, document []byte) error {
	switch kind {
	case KindPurpose:
		return json.Unmarshal(document, &e.purpose)
	case KindExpression:
		return json.Unmarshal(document, &e.expression)
	}
	var policy acl.Policy
	if err := json.Unmarshal(document, &policy); err != nil {
		return err
	}
	var err error
	e.policy, err = acl.Prepare(policy)
	return err
}

// At gives the policies as they were at a moment.
func (s *Store) At(ctx context.Context, at time.Time) (*acl.Set, error) {
	var version int64
	err := s.store.SQL().Select("coalesce(max(version), 0)").From("acl_version").
		Where(squirrel.LtOrEq{"at": at.UTC().Format(momentLayout)}).RunWith(s.store.DB()).QueryRowContext(ctx).Scan(&version)
	if err != nil {
		return nil, fmt.Errorf("find the policies of a moment: %w", err)
	}
	if current := s.Current(); current.Version() == version {
		return current, nil
	}
	entries := map[reference]*entry{}
	err = s.read(ctx, entries, squirrel.Expr("since <= ? AND (until IS NULL OR until > ?)", version, version))
	if err != nil {
		return nil, fmt.Errorf("read the policies of a moment: %w", err)
	}
	return assemble(version, entries)
}

// Salt gives the secret from which hashes are salted, made at its first use.
func (s *Store) Salt(ctx context.Context) (string, error) {
	if known := s.salt.Load(); known != nil {
		return *known, nil
	}
	value, err := s.keptSalt(ctx)
	if err == nil {
		s.salt.Store(&value)
	}
	return value, err
}

// keptSalt reads the salt, or makes the one that all nodes then have.
func (s *Store) keptSalt(ctx context.Context) (string, error) {
	const name = "salt"
	read := func() (string, error) {
		var value string
		err := s.store.SQL().Select("value").From("acl_secret").Where(squirrel.Eq{"name": name}).
			RunWith(s.store.DB()).QueryRowContext(ctx).Scan(&value)
		return value, err
	}
	value, err := read()
	if !errors.Is(err, sql.ErrNoRows) {
		return value, err
	}
	_, err = s.store.SQL().Insert("acl_secret").Columns("name", "value").Values(name, newSecret()).
		Suffix("ON CONFLICT (name) DO NOTHING").RunWith(s.store.DB()).ExecContext(ctx)
	if err != nil {
		return "", fmt.Errorf("keep the salt: %w", err)
	}
	return read()
}

// Origin says where an entry is from and who wrote it.
type Origin struct {
	Origin string `json:"origin"`
	Author string `json:"author"`
	Since  int64  `json:"since"`
}

// OriginOf tells where the policy that counts now is from.
func (s *Store) OriginOf(id string) (Origin, error) {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	found, known := s.entries[reference{KindPolicy, id}]
	if !known {
		return Origin{}, fault.New(fault.NotFound, "there is no policy %q; yitong acl list lists them", id)
	}
	return Origin{found.origin, found.author, found.since}, nil
}
