package pgwire

import (
	"context"
	"io"
	"time"
)

// inletSize is how much is read ahead of a client.
const inletSize = 8 << 10

// inlet reads from a client ahead of the work, so that one that went away is
// noticed while a statement runs.
type inlet struct {
	chunks chan []byte
	rest   []byte
	// stopping ends when the server takes no more statements.
	stopping context.Context
	// patience is how long the next message may take, and what is said then.
	patience func() (time.Duration, *failure)
}

// newInlet reads from conn until it breaks off, and then calls gone, or until ctx,
// the session's, ends.
func newInlet(ctx, stopping context.Context, conn io.Reader, gone func()) *inlet {
	made := &inlet{chunks: make(chan []byte), stopping: stopping}
	go func() {
		defer gone()
		defer close(made.chunks)
		for {
			chunk := make([]byte, inletSize)
			size, err := conn.Read(chunk)
			if size > 0 {
				select {
				case made.chunks <- chunk[:size]:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return made
}

// Read implements io.Reader.
func (i *inlet) Read(into []byte) (int, error) {
	if len(i.rest) == 0 {
		chunk, err := i.next()
		if err != nil {
			return 0, err
		}
		i.rest = chunk
	}
	size := copy(into, i.rest)
	i.rest = i.rest[size:]
	return size, nil
}

func (i *inlet) next() ([]byte, error) {
	select { // what came already is taken first
	case chunk, more := <-i.chunks:
		return orEnd(chunk, more)
	default:
	}
	patience, impatient := i.patience()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case chunk, more := <-i.chunks:
		return orEnd(chunk, more)
	case <-i.stopping.Done():
		return nil, fatal(stateShutdown, "terminating connection due to administrator command")
	case <-timer.C:
		return nil, impatient
	}
}

func orEnd(chunk []byte, more bool) ([]byte, error) {
	if !more {
		return nil, io.EOF
	}
	return chunk, nil
}
