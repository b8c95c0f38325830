package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/store"
)

const (
	// SyncWithin is the age up to which a power cut may lose a record. A record
	// is on its way to the disk after half of it; the disk has the other half.
	SyncWithin = 100 * time.Millisecond
	// SegmentBytes is the size from which on a new file is begun: large enough to
	// be few, small enough to copy away and to search.
	SegmentBytes = 64 << 20
	// ShipEvery is how often the newest records are copied to the state database.
	ShipEvery = 200 * time.Millisecond

	// lockFile is held by the process that appends.
	lockFile = "writer.lock"
)

// Options are what a caller may hand in; the zero value is right for most.
type Options struct {
	// Now is the clock, time.Now when nil.
	Now func() time.Time
	// Logger gets what an operator should know, nothing when nil.
	Logger *slog.Logger
	// SegmentBytes and ShipEvery replace the constants of their names.
	SegmentBytes int64
	ShipEvery    time.Duration
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = SegmentBytes
	}
	if o.ShipEvery == 0 {
		o.ShipEvery = ShipEvery
	}
	return o
}

// Log appends to the record of reads and answers questions about it. It is safe
// for concurrent use.
type Log struct {
	*Reader
	options Options
	lock    *flock.Flock

	mutex    sync.Mutex
	head     head
	headFile *os.File
	segment  *os.File
	size     int64
	linker   *linker
	document []byte
	buffer   []byte
	// failed is why nothing can be appended any more.
	failed error

	background
}

// Open opens the folder of the record of reads as its only writer, and begins
// it where the state database's table of older records ends. The caller closes
// the Log. Another process that appends is a Conflict fault.
func Open(ctx context.Context, dir string, opened *store.Store, options Options) (*Log, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the folder of the record of reads cannot be made")
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	if free, err := lock.TryLock(); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the folder of the record of reads cannot be locked")
	} else if !free {
		return nil, fault.New(fault.Conflict, "another process appends to the record of reads in %s", dir)
	}
	log := &Log{Reader: &Reader{dir, opened}, options: options.withDefaults(), lock: lock, linker: newLinker()}
	log.dirty, log.synced = make(signal, 1), make(signal, 1)
	if err := log.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the record of reads: %w", err), log.closeFiles())
	}
	log.start()
	return log, nil
}

// Append adds a record behind the newest. Seq, At and Node are set here. When it
// returns nil, the record outlives this process. A context that has ended does
// not keep a read from being on record.
func (l *Log) Append(_ context.Context, record Record) error {
	if err := l.append(record); err != nil {
		return fmt.Errorf("record the read: %w", err)
	}
	return nil
}

// unset is how a document begins whose number and time are not known yet.
const unset = `{"seq":0,"at":"0001-01-01T00:00:00Z"`

func (l *Log) append(record Record) error {
	record.Seq, record.At, record.Node = 0, time.Time{}, ""
	if len(record.Persons) > MaxPersons {
		record.Persons, record.ManyPersons = nil, true
	}
	encoded, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	rest, ok := bytes.CutPrefix(encoded, []byte(unset))
	if !ok || len(rest) > maxLine/2 {
		return fault.New(fault.Invalid, "what was asked is too long to be recorded")
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.failed != nil {
		return l.failed
	}
	return l.write(rest)
}

// write gives a record its number and time and writes it.
func (l *Log) write(rest []byte) error {
	if l.size >= l.options.SegmentBytes {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	next, prev := point{seq: l.head.last.seq + 1}, l.head.last.hash
	l.document = appendStart(l.document[:0], next.seq, l.options.Now().UTC())
	l.document = append(l.document, rest...)
	next.hash = l.linker.link(prev, next.seq, l.document)
	l.buffer = appendLine(l.buffer[:0], prev, next, l.document)
	if written, err := l.segment.Write(l.buffer); err != nil {
		return l.takeBack(written, err)
	}
	l.size += int64(len(l.buffer))
	l.head.last = next
	l.dirty.give()
	return l.writeHead()
}

// appendStart adds what stands in the place of unset.
func appendStart(buffer []byte, seq int64, at time.Time) []byte {
	buffer = fmt.Appendf(buffer, `{"seq":%d,"at":"`, seq)
	return append(at.AppendFormat(buffer, time.RFC3339Nano), '"')
}

// takeBack removes the part of a line that could be written, so that the next
// one begins on a line of its own.
func (l *Log) takeBack(written int, cause error) error {
	if written > 0 {
		if err := l.segment.Truncate(l.size); err != nil {
			l.failed = errors.Join(cause, err)
			return l.failed
		}
	}
	return fmt.Errorf("write: %w", cause)
}

// writeHead is one write in place, so that it is never seen half done by who
// starts after this process was stopped.
func (l *Log) writeHead() error {
	l.buffer = l.head.appendTo(l.buffer[:0])
	if _, err := l.headFile.WriteAt(l.buffer[lineOneWidth:], lineOneWidth); err != nil {
		return fmt.Errorf("write the head: %w", err)
	}
	return nil
}

// rotate begins a new file. The old one is on the disk before.
func (l *Log) rotate() error {
	if err := l.segment.Sync(); err != nil {
		l.failed = fmt.Errorf("keep the records: %w", err)
		return l.failed
	}
	old := l.segment
	if err := l.openSegment(segmentName(l.head.last.seq + 1)); err != nil {
		return err
	}
	l.head.synced = l.head.last.seq
	return old.Close()
}

func (l *Log) openSegment(name string) error {
	file, err := os.OpenFile(filepath.Join(l.dir, name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, fileMode)
	if err != nil {
		return fmt.Errorf("make a file of the journal: %w", err)
	}
	info, err := file.Stat()
	if err == nil {
		err = syncDir(l.dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open a file of the journal: %w", err), file.Close())
	}
	l.segment, l.size = file, info.Size()
	return nil
}

// Close writes everything to the disk, copies what it can to the state database,
// and lets another process append. Nothing can be appended afterwards.
func (l *Log) Close() error {
	l.mutex.Lock()
	closed := l.closed
	l.closed = true
	if l.failed == nil {
		l.failed = errClosed
	}
	l.mutex.Unlock()
	if closed {
		return nil
	}
	l.stop()
	err := l.sync()
	l.shipLast()
	return errors.Join(err, l.closeFiles())
}

var errClosed = fault.New(fault.Unavailable, "the record of reads is closed")

func (l *Log) closeFiles() error {
	var errs []error
	for _, file := range []*os.File{l.segment, l.headFile} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(append(errs, l.lock.Unlock())...)
}
