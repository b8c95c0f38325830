package audit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// open finds the end of the journal and makes it fit to be continued.
func (l *Log) open(ctx context.Context) error {
	found, ok, err := readHead(l.dir)
	if err == nil && !ok {
		found, err = l.begin(ctx)
	}
	if err != nil {
		return err
	}
	l.head = found
	if l.headFile, err = os.OpenFile(filepath.Join(l.dir, headFile), os.O_WRONLY, fileMode); err != nil {
		return fmt.Errorf("open the head: %w", err)
	}
	end, err := l.end()
	if err != nil {
		return err
	}
	lost := l.settle(ctx, end.tail)
	if err := l.openSegment(end.name); err != nil {
		return err
	}
	if err := l.setTornAside(end); err != nil {
		return err
	}
	l.head.boot = currentBoot()
	if err := l.tell(lost); err != nil {
		return err
	}
	return l.sync()
}

// begin makes the head of a new folder. Old records of the state database that
// no other node continues become the beginning of its chain.
func (l *Log) begin(ctx context.Context) (head, error) {
	made := head{}
	if text, err := os.ReadFile(filepath.Join(l.dir, newHeadFile)); err == nil {
		made, _ = parseHead(text)
	}
	if made.node == "" {
		var id [nodeWidth / 2]byte
		_, _ = rand.Read(id[:]) // it never fails
		made = head{node: hex.EncodeToString(id[:])}
		if err := writeSynced(filepath.Join(l.dir, newHeadFile), made.appendTo(nil)); err != nil {
			return head{}, err
		}
	}
	base, err := l.adopt(ctx, made.node)
	if err != nil {
		return head{}, err
	}
	made.base, made.last, made.synced, made.boot = base, base, base.seq, currentBoot()
	return made, createHead(l.dir, made)
}

// journalEnd is what the files of the journal end with.
type journalEnd struct {
	tail entry
	// name is the last file, torn the number of bytes of an incomplete line in it.
	name string
	torn int64
}

// unreadable is a number that is behind no record.
const unreadable = -1

// end finds the last whole line. Files at the end may be empty: they were begun
// and their first record was not written.
func (l *Log) end() (journalEnd, error) {
	end := journalEnd{tail: entry{point: l.head.base}, name: segmentName(l.head.last.seq + 1)}
	names, err := segments(l.dir)
	if err != nil {
		return end, err
	}
	for i := len(names) - 1; i >= 0; i-- {
		found, err := endOf(filepath.Join(l.dir, names[i]))
		if err != nil {
			return end, err
		}
		if i == len(names)-1 {
			end.name, end.torn = names[i], found.size-found.whole
		}
		if found.found {
			end.tail = found.last
			return end, nil
		}
		if found.whole > 0 {
			end.tail.seq = unreadable
			return end, nil
		}
	}
	return end, nil
}

// settle decides where the chain goes on. The head may be behind when the
// process or the machine was stopped between the two writes: then the journal is
// right, if its chain is whole. The journal may be behind when the machine was
// stopped before the disk had it: what was lost is told. Anything else was done
// by somebody; the chain goes on from the newest record known, so that the gap
// stays to be found.
func (l *Log) settle(ctx context.Context, tail entry) (lost string) {
	last := l.head.last
	switch {
	case tail.point == last:
	case tail.seq > last.seq && l.whole(ctx, last, tail.point):
		l.head.last = tail.point
	case tail.seq < last.seq && tail.seq >= l.head.synced && l.machineStopped():
		lost = fmt.Sprintf("the machine was stopped before records %d to %d were on the disk", tail.seq+1, last.seq)
		l.options.Logger.Warn("records of reads were lost when the machine was stopped", "first", tail.seq+1, "last", last.seq)
	default:
		l.options.Logger.Error("the record of reads does not end as it was written: verify it", "ends", tail.seq, "written", last.seq)
		if tail.seq > last.seq {
			l.head.last = tail.point
		}
	}
	return lost
}

func (l *Log) machineStopped() bool {
	now := currentBoot()
	return l.head.boot != "" && now != "" && l.head.boot != now
}

// whole tells whether the chain goes from one record to another that is the end.
func (l *Log) whole(ctx context.Context, from, to point) bool {
	behind := follow(from)
	err := l.after(ctx, l.head, progress{point: from}, behind.next)
	return err == nil && behind.last == to
}

// setTornAside moves an incomplete last line, which nobody was told is on
// record, into a file of its own.
func (l *Log) setTornAside(end journalEnd) error {
	if end.torn == 0 {
		return nil
	}
	text := make([]byte, end.torn)
	file, err := os.Open(filepath.Join(l.dir, end.name))
	if err != nil {
		return fmt.Errorf("open the incomplete line: %w", err)
	}
	defer file.Close()
	whole := l.size - end.torn
	if _, err := file.ReadAt(text, whole); err != nil {
		return fmt.Errorf("read the incomplete line: %w", err)
	}
	if err := writeSynced(l.tornFile(), text); err != nil {
		return err
	}
	if err := syncDir(l.dir); err != nil {
		return err
	}
	if err := l.segment.Truncate(whole); err != nil {
		return fmt.Errorf("remove the incomplete line: %w", err)
	}
	l.size = whole
	return nil
}

func (l *Log) tornFile() string {
	return filepath.Join(l.dir, fmt.Sprintf("torn-%020d", l.head.last.seq))
}

// tell puts on record what was found and done on opening. A file of an
// incomplete line behind the newest record has not been told of: telling makes
// another record the newest.
func (l *Log) tell(lost string) error {
	var said []string
	record := Record{Action: actionRepair, Outcome: outcomeTorn}
	if lost != "" {
		record.Outcome = outcomeLost
		said = append(said, lost)
	}
	switch info, err := os.Stat(l.tornFile()); {
	case err == nil:
		said = append(said, fmt.Sprintf("an incomplete line of %d bytes was moved to %s", info.Size(), info.Name()))
		l.options.Logger.Warn("an incomplete record of a read was moved aside", "file", info.Name())
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for an incomplete line: %w", err)
	}
	if len(said) == 0 {
		return nil
	}
	record.Query = strings.Join(said, "; ")
	return l.append(record)
}
