package access

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/policystore"
	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// applyWithin bounds the change of policies. It is well under preparedFor, so
	// that who gave up cannot make the change after somebody else went on.
	applyWithin = 20 * time.Second
	// preparedFor is for how long a change that was begun keeps others off.
	preparedFor = time.Minute
	// applyTries is how often policies are changed when others change some at the
	// same moment: each try of one makes way for the others.
	applyTries = 20
	// applyPause is the longest wait before the second try.
	applyPause = 10 * time.Millisecond
)

// settle takes up a prepared change that the policies say was made.
func (k *kept) settle(set *acl.Set) {
	if k.Prepared == nil || !k.made(set) {
		return
	}
	k.State = k.Prepared.State
	if k.Prepared.Grant != nil {
		k.Grant = k.Prepared.Grant
	}
	k.History = append(k.History, k.Prepared.Event)
	k.Prepared = nil
}

// made reports whether the prepared change was made.
func (k *kept) made(set *acl.Set) bool {
	if k.Prepared.State == Revoked {
		return len(k.Grant.standing(set)) == 0
	}
	return k.Prepared.Grant.stand(set)
}

// look tells in which state the case is: a grant is over at its end, and where
// none of its policies count, whoever ended them.
func (k *kept) look(set *acl.Set, now time.Time) {
	k.seen = k.State
	if k.State != Granted {
		return
	}
	switch {
	case !now.Before(k.Grant.Period.Until):
		k.seen = Expired
	case len(k.Grant.standing(set)) == 0:
		k.seen = Revoked
	}
}

// view is the case for others.
func (k *kept) view() Case {
	made := k.Case
	made.State = k.seen
	return made
}

// changeable reads a case that is to be changed, with who owns its dataset now.
func (d *Desk) changeable(ctx context.Context, id string) (*kept, error) {
	k, err := d.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if k.Prepared != nil && d.now().Before(k.Prepared.Event.At.Add(preparedFor)) {
		return nil, fault.New(fault.Conflict, "somebody else is changing this request: look at it again in a minute")
	}
	k.Prepared = nil
	return k, d.owners().own(ctx, k)
}

// change changes the policies of a case, all of it or nothing: what is prepared
// is written first, then the policies, which say from then on that it happened.
func (d *Desk) change(ctx context.Context, k *kept, p prepared) (Case, error) {
	k.Prepared = &p
	if err := d.save(ctx, k); err != nil {
		return Case{}, err
	}
	applied := d.carryOut(ctx, k)
	// Who asked may be gone, but what happened is to be written down.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyWithin)
	defer cancel()
	if err := d.policies.Refresh(ctx); err != nil {
		return Case{}, errors.Join(applied, err)
	}
	k.settle(d.policies.Current())
	happened := k.Prepared == nil
	k.Prepared = nil
	// Where this fails, the policies still tell what happened: each reading asks
	// them, and the next change writes it down.
	saved := d.save(ctx, k)
	switch {
	case happened:
		k.look(d.policies.Current(), d.now())
		return k.view(), nil
	case applied != nil:
		return Case{}, applied
	}
	return Case{}, errors.Join(errMoved(), saved)
}

// carryOut changes the policies as prepared.
func (d *Desk) carryOut(ctx context.Context, k *kept) error {
	ctx, cancel := context.WithTimeout(ctx, applyWithin)
	defer cancel()
	var err error
	for try := range applyTries {
		change := policystore.Change{Origin: Origin, Author: k.Prepared.Event.By}
		if k.Prepared.State == Revoked {
			change.Remove = k.Grant.standing(d.policies.Current())
		} else {
			change.Put.Policies = k.Prepared.Grant.Policies
		}
		if _, err = d.policies.Apply(ctx, change); err == nil || fault.Is(err, fault.Invalid) {
			return err
		}
		pause := time.NewTimer(rand.N(applyPause * time.Duration(try+1)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return err
		case <-pause.C:
		}
	}
	return err
}
