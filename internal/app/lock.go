package app

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/yitong-hub/yitong/internal/fault"
)

// lockFile is what the owner of a home folder holds; it contains the owner's
// process id for the message to others.
const lockFile = "owner.lock"

type homeLock struct{ held *flock.Flock }

// lockHome makes this process the only owner of home.
func lockHome(home string) (*homeLock, error) {
	if err := os.MkdirAll(home, 0o750); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the home folder %s cannot be made", home)
	}
	path := filepath.Join(home, lockFile)
	held := flock.New(path)
	free, err := held.TryLock()
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the home folder %s cannot be locked", home)
	}
	if !free {
		owner, _ := os.ReadFile(path)
		return nil, fault.New(fault.Conflict, "another yitong (process %s) is at work in %s; wait until it has finished, or use another --home",
			strings.TrimSpace(string(owner)), home)
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the home folder %s cannot be written", home)
	}
	return &homeLock{held}, nil
}

func (l *homeLock) release() error { return l.held.Unlock() }
