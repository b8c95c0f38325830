package policystore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"
	"github.com/google/uuid"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Consent is a person's yes to a purpose whose legal basis is consent.
type Consent struct {
	Purpose string `json:"purpose"`
	// Recipient is the id of who gets the data; empty means every recipient of
	// the purpose.
	Recipient string `json:"recipient,omitempty"`
	// Person is the campus id of whom the data is about.
	Person string `json:"person"`
	// Until is when it ends by itself; the zero time is never.
	Until time.Time `json:"until,omitzero"`
	// By is who entered it: the person, a form, or an office that has it on paper.
	By string `json:"by,omitempty"`
}

// States of consents.
const (
	ConsentGiven     = "given"     // it counts
	ConsentEnded     = "ended"     // its time is over
	ConsentWithdrawn = "withdrawn" // the person took it back
	ConsentRenewed   = "renewed"   // a later one took its place
)

// ConsentRecord is a consent with what became of it.
type ConsentRecord struct {
	Consent
	Given time.Time `json:"given"`
	State string    `json:"state"`
	// Withdrawn is when the person took it back.
	Withdrawn time.Time `json:"withdrawn,omitzero"`
	// Renewed is when a later consent took its place.
	Renewed time.Time `json:"renewed,omitzero"`
}

// Purpose finds a purpose that counts now, or gives an Invalid fault with the
// nearest one.
func (s *Store) Purpose(ctx context.Context, id string) (acl.Purpose, error) {
	if err := s.Refresh(ctx); err != nil {
		return acl.Purpose{}, err
	}
	if purpose, known := s.Current().Purpose(id); known {
		return purpose, nil
	}
	if id == "" {
		return acl.Purpose{}, fault.New(fault.Invalid, "say for which purpose")
	}
	var known []string
	for _, purpose := range s.Current().Purposes() {
		known = append(known, purpose.ID)
	}
	return acl.Purpose{}, fault.New(fault.Invalid, "there is no purpose %q%s", id, fault.Meant(id, known))
}

// Give keeps a consent, which counts at once. It takes the place of the one that
// the person had given for the same purpose and recipient.
func (s *Store) Give(ctx context.Context, consent Consent) error {
	now := s.now()
	if err := s.checkConsent(ctx, consent, now); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("keep a consent: %w", err)
	}
	err = s.store.InTx(ctx, func(tx *sql.Tx) error {
		_, err := s.store.SQL().Update("acl_consent").Set("renewed", moment(now)).Where(standing(consent)).RunWith(tx).ExecContext(ctx)
		if err != nil {
			return err
		}
		_, err = s.store.SQL().Insert("acl_consent").
			Columns("id", "purpose", "recipient", "person", "given", "until", "author", "withdrawn", "renewed").
			Values(id.String(), consent.Purpose, consent.Recipient, consent.Person, moment(now), moment(consent.Until), consent.By, "", "").
			// Given twice at one moment: the later one says until when.
			Suffix("ON CONFLICT (purpose, recipient, person) WHERE withdrawn = '' AND renewed = '' DO UPDATE SET until = excluded.until, author = excluded.author").
			RunWith(tx).ExecContext(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a consent: %w", err)
	}
	return nil
}

func (s *Store) checkConsent(ctx context.Context, consent Consent, now time.Time) error {
	purpose, err := s.Purpose(ctx, consent.Purpose)
	if err != nil {
		return err
	}
	if purpose.Basis != acl.BasisConsent {
		return fault.New(fault.Invalid, "purpose %q does not live on consent: its legal basis is %s", purpose.ID, purpose.Basis)
	}
	if consent.Person == "" {
		return fault.New(fault.Invalid, "say who consents")
	}
	if !consent.Until.IsZero() && !consent.Until.After(now) {
		return fault.New(fault.Invalid, "a consent ends in the future or not at all")
	}
	return nil
}

// Withdraw takes a consent back: from this moment on it does not count. It is
// about the consent for this very recipient ("" for the one for every
// recipient) and leaves others as they are. Where none counts it is a NotFound
// fault.
func (s *Store) Withdraw(ctx context.Context, purpose, recipient, person string) error {
	consent, now := Consent{Purpose: purpose, Recipient: recipient, Person: person}, s.now()
	done, err := s.store.SQL().Update("acl_consent").Set("withdrawn", moment(now)).
		Where(standing(consent)).Where(notEnded(now)).RunWith(s.store.DB()).ExecContext(ctx)
	if err != nil {
		return fmt.Errorf("withdraw a consent: %w", err)
	}
	rows, err := done.RowsAffected()
	if err != nil || rows > 0 {
		return err
	}
	return s.nothingToWithdraw(ctx, consent, now)
}

// nothingToWithdraw says that no consent counts, or that another one does.
func (s *Store) nothingToWithdraw(ctx context.Context, consent Consent, now time.Time) error {
	if consent.Recipient != "" {
		every := consent
		every.Recipient = ""
		var found int
		err := s.store.SQL().Select("1").From("acl_consent").Where(standing(every)).Where(notEnded(now)).
			RunWith(s.store.DB()).QueryRowContext(ctx).Scan(&found)
		switch {
		case err == nil:
			return fault.New(fault.NotFound, "there is no consent to purpose %q for %s alone; withdraw the one for every recipient", consent.Purpose, consent.Recipient)
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("withdraw a consent: %w", err)
		}
	}
	return fault.New(fault.NotFound, "there is no consent to purpose %q that could be withdrawn", consent.Purpose)
}

// Consented lists the campus ids of the persons whose consent to a purpose, for
// a recipient or for every one, counts now. Each call asks the state database,
// so that what is withdrawn is gone at once.
func (s *Store) Consented(ctx context.Context, purpose, recipient string) ([]string, error) {
	rows, err := s.store.SQL().Select("DISTINCT person").From("acl_consent").
		Where(squirrel.Eq{"purpose": purpose, "recipient": []string{"", recipient}, "withdrawn": "", "renewed": ""}).
		Where(notEnded(s.now())).OrderBy("person").RunWith(s.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list who consented: %w", err)
	}
	defer rows.Close()
	persons := []string{}
	for rows.Next() {
		var person string
		if err := rows.Scan(&person); err != nil {
			return nil, fmt.Errorf("list who consented: %w", err)
		}
		persons = append(persons, person)
	}
	return persons, rows.Err()
}

// ConsentedAt lists whom Consented would have listed at a moment. A consent that
// was entered at that very moment may be in it and not have counted yet.
func (s *Store) ConsentedAt(ctx context.Context, purpose, recipient string, at time.Time) ([]string, error) {
	after := func(column string) squirrel.Sqlizer {
		return squirrel.Or{squirrel.Eq{column: ""}, squirrel.Gt{column: moment(at)}}
	}
	rows, err := s.store.SQL().Select("DISTINCT person").From("acl_consent").
		Where(squirrel.Eq{"purpose": purpose, "recipient": []string{"", recipient}}).Where(squirrel.LtOrEq{"given": moment(at)}).
		Where(after("withdrawn")).Where(after("renewed")).Where(after("until")).
		OrderBy("person").RunWith(s.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list who had consented: %w", err)
	}
	defer rows.Close()
	persons := []string{}
	for rows.Next() {
		var person string
		if err := rows.Scan(&person); err != nil {
			return nil, fmt.Errorf("list who had consented: %w", err)
		}
		persons = append(persons, person)
	}
	return persons, rows.Err()
}

// Consents lists all consents that a person ever gave, newest first.
func (s *Store) Consents(ctx context.Context, person string) ([]ConsentRecord, error) {
	rows, err := s.store.SQL().Select("purpose", "recipient", "person", "given", "until", "author", "withdrawn", "renewed").From("acl_consent").
		Where(squirrel.Eq{"person": person}).OrderBy("given DESC", "id DESC").RunWith(s.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	defer rows.Close()
	now, records := s.now(), []ConsentRecord{}
	for rows.Next() {
		var record ConsentRecord
		err := rows.Scan(&record.Purpose, &record.Recipient, &record.Person,
			momentInto{&record.Given}, momentInto{&record.Until}, &record.By, momentInto{&record.Withdrawn}, momentInto{&record.Renewed})
		if err != nil {
			return nil, fmt.Errorf("list consents: %w", err)
		}
		record.State = record.state(now)
		records = append(records, record)
	}
	return records, rows.Err()
}

// state says what became of a consent: one that was renewed after its end had ended.
func (r ConsentRecord) state(now time.Time) string {
	endedBy := func(at time.Time) bool { return !r.Until.IsZero() && !at.Before(r.Until) }
	switch {
	case !r.Withdrawn.IsZero():
		return ConsentWithdrawn
	case !r.Renewed.IsZero() && !endedBy(r.Renewed):
		return ConsentRenewed
	case endedBy(now):
		return ConsentEnded
	}
	return ConsentGiven
}

// standing is the consent that nobody withdrew or renewed; there is one at most.
func standing(consent Consent) squirrel.Eq {
	return squirrel.Eq{"purpose": consent.Purpose, "recipient": consent.Recipient, "person": consent.Person, "withdrawn": "", "renewed": ""}
}

func notEnded(now time.Time) squirrel.Sqlizer {
	return squirrel.Or{squirrel.Eq{"until": ""}, squirrel.Gt{"until": moment(now)}}
}

// moment writes a time so that texts sort as times do; the zero time is "".
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(momentLayout)
}

// momentInto reads what moment wrote.
type momentInto struct{ at *time.Time }

// Scan implements sql.Scanner.
func (m momentInto) Scan(from any) error {
	var text sql.NullString
	if err := text.Scan(from); err != nil {
		return err
	}
	if text.String == "" {
		*m.at = time.Time{}
		return nil
	}
	var err error
	*m.at, err = time.Parse(momentLayout, text.String)
	return err
}
