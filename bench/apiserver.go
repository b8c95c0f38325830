package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// addresses are where the server of the bench answers: the API, and the floor,
// which writes the engine's own result to whoever connects.
type addresses struct {
	API   string `json:"api"`
	Floor string `json:"floor"`
}

// serveAPI is the server of the bench, in a process of its own so that its memory
// is its alone. It writes its addresses to standard output.
func serveAPI(ctx context.Context, home string, floorRows int64) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings, err := config.Load(config.Flags{Home: home})
	if err != nil {
		return err
	}
	opened, err := app.New(ctx, settings, app.Options{})
	if err != nil {
		return err
	}
	floor, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, opened.Close())
	}
	go func() {
		for {
			conn, err := floor.Accept()
			if err != nil {
				return
			}
			if err := errors.Join(writeFloor(ctx, opened.Warehouse, conn, floorRows), conn.Close()); err != nil {
				fmt.Fprintln(os.Stderr, "bench: floor:", err)
			}
		}
	}()
	err = opened.Serve(ctx, app.ServeOptions{Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), Ready: func(api string) {
		if err := json.NewEncoder(os.Stdout).Encode(addresses{API: api, Floor: floor.Addr().String()}); err != nil {
			stop()
		}
	}})
	return errors.Join(err, floor.Close(), opened.Close())
}

// writeFloor writes what the engine gives as it gives it.
func writeFloor(ctx context.Context, w *warehouse.Warehouse, out io.Writer, rows int64) error {
	reader, err := w.Query(ctx, "SELECT id, name, college, mobile, born, pay FROM "+warehouse.Published(apiRecord)+" LIMIT ?", rows)
	if err != nil {
		return err
	}
	defer reader.Release()
	writer := ipc.NewWriter(out, ipc.WithSchema(reader.Schema()))
	for reader.Next() {
		if err := writer.Write(reader.RecordBatch()); err != nil {
			return err
		}
	}
	return errors.Join(reader.Err(), writer.Close())
}

// apiServer is a running server of the bench.
type apiServer struct {
	addresses
	process *exec.Cmd
}

// startAPI starts this program again as the server.
func startAPI(ctx context.Context, home string, floorRows, maxRows int64) (*apiServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	process := exec.CommandContext(ctx, self, "-serve", home, "-floor", strconv.FormatInt(floorRows, 10)) //nolint:gosec // itself
	process.Stderr = os.Stderr
	process.Env = append(process.Environ(), fmt.Sprintf("YITONG_MAX_ROWS=%d", maxRows))
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	s := &apiServer{process: process}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s.addresses)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not begin: %w", err), s.stop())
	}
	return s, nil
}

func (s *apiServer) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.process.Wait()
}

// memory reads a line of the server's memory from the kernel, in bytes.
func (s *apiServer) memory(name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell %s", name)
}

// forgetPeak lets the kernel count the highest resident memory anew (proc(5)).
func (s *apiServer) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.process.Process.Pid), []byte("5"), 0o600)
}
