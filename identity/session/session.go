package session

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/identity/sealed"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

const (
	// tokenPrefix tells a token of a session from keys (yt_) and tokens (yta_) of
	// applications, for people and for scanners of leaked secrets.
	tokenPrefix = "yts_"
	// MaxOfPerson is how many sessions of a person count at once: more than
	// browsers that somebody has, and a bound on what one account can fill.
	MaxOfPerson = 50
	// seenEvery is how exact the last use of a session is: it is written at most
	// that often, so that reading does not write.
	seenEvery = time.Minute
	// purgeEvery is how often ended sessions are removed.
	purgeEvery = 10 * time.Minute
	// proofPurpose keeps what is sealed of a session apart from all else.
	proofPurpose = "yitong session proof"
)

// Limits say how long sessions count.
type Limits struct {
	// Life is how long one counts at most, Idle how long without being used.
	Life, Idle time.Duration
}

// Entry is who signed in.
type Entry struct {
	// Person is the campus id of who signed in, Provider the id of who vouched.
	Person, Provider string
	// Ticket ends the session when the provider names it; "" for none.
	Ticket string
	// Proof is what the provider wants to see at sign-out; "" for none.
	Proof string
}

// Session is one that counts.
type Session struct {
	Person, Provider string
	Began            time.Time
	// Ends is when it ends however much it is used, IdleEnds when it ends unless
	// it is used before.
	Ends, IdleEnds time.Time
}

// Store keeps sessions. All nodes share it. It is safe for concurrent use.
type Store struct {
	store  *store.Store
	limits Limits
	now    func() time.Time

	mu     sync.Mutex
	purged time.Time
}

// New makes a store of sessions over the state database.
func New(opened *store.Store, limits Limits, now func() time.Time) *Store {
	return &Store{store: opened, limits: limits, now: now}
}

// Begin begins a session and gives its token, which cannot be had again. The
// oldest sessions of the person beyond MaxOfPerson end.
func (s *Store) Begin(ctx context.Context, entry Entry) (string, Session, error) {
	token := tokenPrefix + sealed.NewSecret()
	proof, err := sealed.Seal(token, proofPurpose, entry.Proof)
	if err != nil {
		return "", Session{}, err
	}
	ticket := ""
	if entry.Ticket != "" {
		ticket = ticketDigest(entry.Provider, entry.Ticket)
	}
	at := s.now()
	err = s.store.InTx(ctx, func(tx *sql.Tx) error {
		surplus := squirrel.Select("hash").From("identity_session").Where(squirrel.Eq{"person": entry.Person}).
			OrderBy("began DESC", "hash").Limit(MaxOfPerson).Offset(MaxOfPerson - 1)
		_, err := s.store.SQL().Delete("identity_session").Where(squirrel.Expr("hash IN (?)", surplus)).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
		_, err = s.store.SQL().Insert("identity_session").
			Columns("hash", "provider", "person", "ticket", "proof", "began", "seen", "ends").
			Values(sealed.Digest(token), entry.Provider, entry.Person, ticket, proof, moment(at), moment(at), moment(at.Add(s.limits.Life))).
			RunWith(tx).ExecContext(ctx)
		return err
	})
	if err != nil {
		return "", Session{}, unavailable(fmt.Errorf("begin a session: %w", err))
	}
	s.purgeSometimes(ctx, at)
	return token, s.session(entry.Person, entry.Provider, at, at, at.Add(s.limits.Life)), nil
}

func (s *Store) session(person, provider string, began, seen, ends time.Time) Session {
	made := Session{Person: person, Provider: provider, Began: began, Ends: ends, IdleEnds: seen.Add(s.limits.Idle)}
	if made.IdleEnds.After(ends) {
		made.IdleEnds = ends
	}
	return made
}

// Find finds the session of a token and marks it as used. One that ended, or
// never was, is a Denied fault; an Unavailable fault says that it cannot be
// found out now.
func (s *Store) Find(ctx context.Context, token string) (Session, error) {
	if !wellFormed(token) {
		return Session{}, none()
	}
	at, hash := s.now(), sealed.Digest(token)
	var person, provider, began, seen, ends string
	err := s.store.SQL().Select("person", "provider", "began", "seen", "ends").From("identity_session").
		Where(squirrel.And{squirrel.Eq{"hash": hash}, s.counting(at)}).
		RunWith(s.store.DB()).QueryRowContext(ctx).Scan(&person, &provider, &began, &seen, &ends)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, none()
	}
	if err != nil {
		return Session{}, unavailable(fmt.Errorf("find a session: %w", err))
	}
	times, err := parse(began, seen, ends)
	if err != nil {
		return Session{}, fmt.Errorf("read a session: %w", err)
	}
	if at.Sub(times[1]) >= seenEvery {
		_, err := s.store.SQL().Update("identity_session").Set("seen", moment(at)).
			Where(squirrel.And{squirrel.Eq{"hash": hash}, squirrel.Lt{"seen": moment(at)}}).RunWith(s.store.DB()).ExecContext(ctx)
		if err != nil {
			return Session{}, unavailable(fmt.Errorf("mark a session as used: %w", err))
		}
		times[1] = at
	}
	return s.session(person, provider, times[0], times[1], times[2]), nil
}

// counting is what is so of sessions that have not ended. A session is idle
// when its last use, which is known to seenEvery, is longer ago than allowed.
func (s *Store) counting(at time.Time) squirrel.Sqlizer {
	return squirrel.And{squirrel.Gt{"ends": moment(at)}, squirrel.Gt{"seen": moment(at.Add(-s.limits.Idle))}}
}

// End ends the session of a token, and gives what Begin was told of it. None is
// a Denied fault.
func (s *Store) End(ctx context.Context, token string) (Entry, error) {
	if !wellFormed(token) {
		return Entry{}, none()
	}
	var ended Entry
	var proof string
	err := s.store.SQL().Delete("identity_session").Where(squirrel.Eq{"hash": sealed.Digest(token)}).
		Suffix("RETURNING person, provider, proof").RunWith(s.store.DB()).QueryRowContext(ctx).Scan(&ended.Person, &ended.Provider, &proof)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, none()
	}
	if err != nil {
		return Entry{}, unavailable(fmt.Errorf("end a session: %w", err))
	}
	if ended.Proof, err = sealed.Open(token, proofPurpose, proof); err != nil {
		return Entry{}, fmt.Errorf("end a session: %w", err)
	}
	return ended, nil
}

// EndTicket ends the sessions that a ticket of a provider began, and gives whose
// they were: nobody when there are none.
func (s *Store) EndTicket(ctx context.Context, provider, ticket string) ([]string, error) {
	named := squirrel.Eq{"ticket": ticketDigest(provider, ticket)}
	// Anybody may post tickets: those that are none must not make others wait for a write.
	var found int
	err := s.store.SQL().Select("count(*)").From("identity_session").Where(named).RunWith(s.store.DB()).QueryRowContext(ctx).Scan(&found)
	if err != nil {
		return nil, unavailable(fmt.Errorf("find the sessions of a ticket: %w", err))
	}
	if found == 0 {
		return nil, nil
	}
	rows, err := s.store.SQL().Delete("identity_session").Where(named).
		Suffix("RETURNING person").RunWith(s.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, unavailable(fmt.Errorf("end the sessions of a ticket: %w", err))
	}
	defer rows.Close()
	var people []string
	for rows.Next() {
		var person string
		if err := rows.Scan(&person); err != nil {
			return nil, unavailable(fmt.Errorf("end the sessions of a ticket: %w", err))
		}
		people = append(people, person)
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable(fmt.Errorf("end the sessions of a ticket: %w", err))
	}
	return people, nil
}

// Purge removes what has ended.
func (s *Store) Purge(ctx context.Context) error {
	at := s.now()
	_, err := s.store.SQL().Delete("identity_session").
		Where(squirrel.Or{squirrel.LtOrEq{"ends": moment(at)}, squirrel.LtOrEq{"seen": moment(at.Add(-s.limits.Idle))}}).
		RunWith(s.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("remove ended sessions: %w", err)
	}
	return nil
}

// purgeSometimes removes what has ended, once every purgeEvery. That it does not
// succeed matters to nobody: what has ended does not count, and the next one tries again.
func (s *Store) purgeSometimes(ctx context.Context, at time.Time) {
	s.mu.Lock()
	due := at.Sub(s.purged) >= purgeEvery
	if due {
		s.purged = at
	}
	s.mu.Unlock()
	if due {
		_ = s.Purge(ctx)
	}
}

func wellFormed(token string) bool {
	secret, is := strings.CutPrefix(token, tokenPrefix)
	return is && sealed.IsSecret(secret)
}

// ticketDigest stands for a ticket of one provider: another's has no effect on it.
func ticketDigest(provider, ticket string) string { return sealed.Digest(provider + "\x00" + ticket) }

func none() error {
	return fault.New(fault.Denied, "the session has ended: sign in again")
}

func unavailable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "sessions cannot be looked up now: try again")
}

// momentLayout sorts as text in the order of time.
const momentLayout = "2006-01-02T15:04:05.000000Z"

func moment(at time.Time) string { return at.UTC().Format(momentLayout) }

func parse(texts ...string) ([]time.Time, error) {
	times := make([]time.Time, len(texts))
	for i, text := range texts {
		var err error
		if times[i], err = time.Parse(momentLayout, text); err != nil {
			return nil, err
		}
	}
	return times, nil
}
