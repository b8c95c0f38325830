package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
)

// socketFile is where the owner of a home folder takes commands of the same user:
// the file's mode keeps others out.
const socketFile = "owner.sock"

// Command is a command line to be carried out by the owner of the home folder.
type Command struct {
	Args []string `json:"args"`
	// Dir is the folder in which it was called.
	Dir string `json:"dir"`
}

// Execute carries a command out and gives its exit status.
type Execute func(ctx context.Context, command Command, stdout, stderr io.Writer) int

// part is a piece of a command's output, or its exit status at the end.
type part struct {
	Out  []byte `json:"out,omitempty"`
	Err  []byte `json:"err,omitempty"`
	Exit *int   `json:"exit,omitempty"`
}

// listenLocal takes commands until ctx ends. Commands whose caller goes away are
// broken off.
func (a *App) listenLocal(ctx context.Context, execute Execute, logger *slog.Logger) (stop func() error, err error) {
	path := filepath.Join(a.Config.Home, socketFile)
	// The lock on the folder is ours, so nobody listens at a socket that is left over.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the socket of an earlier owner: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("keep others from the socket: %w", err), listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				if err := answerLocal(ctx, conn, execute); err != nil {
					logger.Warn("a command's caller went away", "cause", err)
				}
			})
		}
	})
	return func() error {
		err := listener.Close()
		cancel()
		running.Wait()
		return err
	}, nil
}

func answerLocal(ctx context.Context, conn net.Conn, execute Execute) error {
	defer conn.Close()
	decoder := json.NewDecoder(conn)
	var command Command
	if err := decoder.Decode(&command); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the caller says nothing more: what is read is that it went away
		_, _ = conn.Read(make([]byte, 1))
		cancel()
	}()
	out := &parts{encoder: json.NewEncoder(conn)}
	status := execute(ctx, command, out.writer(false), out.writer(true))
	return out.send(part{Exit: &status})
}

// parts sends the pieces of two outputs over one connection.
type parts struct {
	mu      sync.Mutex
	encoder *json.Encoder
}

func (p *parts) send(one part) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.encoder.Encode(one)
}

func (p *parts) writer(isErr bool) io.Writer { return partWriter{p, isErr} }

type partWriter struct {
	parts *parts
	isErr bool
}

func (w partWriter) Write(text []byte) (int, error) {
	one := part{Out: text}
	if w.isErr {
		one = part{Err: text}
	}
	if err := w.parts.send(one); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Forward lets the owner of the home folder carry a command out. Where no owner
// takes commands it is a NotFound fault.
func Forward(ctx context.Context, settings config.Config, command Command, stdout, stderr io.Writer) (int, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(settings.Home, socketFile))
	if err != nil {
		return 0, fault.Wrap(err, fault.NotFound, "the owner of %s takes no commands", settings.Home)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := json.NewEncoder(conn).Encode(command); err != nil {
		return 0, fault.Wrap(err, fault.Unavailable, "the owner of %s could not be asked", settings.Home)
	}
	decoder := json.NewDecoder(conn)
	for {
		var one part
		if err := decoder.Decode(&one); err != nil {
			return 0, fault.Wrap(errors.Join(ctx.Err(), err), fault.Unavailable, "the owner of %s ended before the command did", settings.Home)
		}
		if one.Exit != nil {
			return *one.Exit, nil
		}
		_, outErr := stdout.Write(one.Out)
		_, errErr := stderr.Write(one.Err)
		if err := errors.Join(outErr, errErr); err != nil {
			return 0, err
		}
	}
}
