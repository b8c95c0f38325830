package testserver

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

//go:embed supervise.sh
var supervisor string

const (
	// lifetime ends a server whose owner hangs.
	lifetime = time.Hour
	// startTime is for a busy machine: a server is usually up in a second or two.
	startTime = 90 * time.Second
)

// server is a started server, or the address of one that was there before.
type server struct {
	dir  string
	port int
	// password is that of the user who owns everything.
	password string
	// lease keeps the server running: its other end is the supervisor's input.
	lease io.WriteCloser
	// external is the address from the environment, if that names one.
	external string
	// absent says why there is none.
	absent string
}

// shared is a server that is started by the first test that asks.
type shared struct {
	once   sync.Once
	server server
	err    error
}

// The servers of this process: tests in parallel share them, so that they
// cannot live in any one test.
var postgresServer, mariadbServer, ldapServer shared

// get starts the server once, and ends the test when there is none.
func (s *shared) get(t testing.TB, variable string, start func() (server, error)) server {
	t.Helper()
	if testing.Short() {
		t.Skip("short: not starting a server")
	}
	if address := os.Getenv(variable); address != "" {
		return server{external: address}
	}
	s.once.Do(func() { s.server, s.err = start() })
	if s.err != nil {
		t.Fatalf("start a server for tests: %v", s.err)
	}
	if s.server.absent != "" {
		message := s.server.absent + ", and " + variable + " names no server"
		if os.Getenv("YITONG_TEST_REQUIRE") == "1" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return s.server
}

// account is whom the server runs as: servers refuse to be root.
type account struct {
	credential *syscall.Credential
	uid, gid   int
}

// accountOf gives the first of the names that exists when the process is root,
// else nobody else than the process's own user.
func accountOf(names ...string) (account, error) {
	if os.Getuid() != 0 {
		return account{uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	for _, name := range append(names, "nobody") {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(found.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(found.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return account{
				credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, uid: int(uid), gid: int(gid),
			}, nil
		}
	}
	return account{}, fmt.Errorf("none of the users %v, nobody exists", names)
}

// folder makes the server's temporary folder.
func (a account) folder(kind string) (string, error) {
	dir, err := os.MkdirTemp("", "yitong-"+kind+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chown(dir, a.uid, a.gid)
}

// file writes a file that the server's user can read.
func (a account) file(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Chown(path, a.uid, a.gid)
}

// run runs a preparing command to its end.
func (a account) run(dir, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...) // #nosec G204 -- the server's own tools with our arguments
	command.Dir = dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, tail(output))
	}
	return nil
}

// serve starts the server under the supervisor and waits until ready says so.
func (a account) serve(dir string, ready func(context.Context) error, name string, args ...string) (io.WriteCloser, error) {
	seconds := strconv.Itoa(int(lifetime.Seconds()))
	command := exec.Command("bash", append([]string{"-c", supervisor, "supervise", dir, seconds, name}, args...)...) // #nosec G204 -- as above
	command.Dir = dir
	// A group of its own: an interrupt from the keyboard reaches the tests first.
	command.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential, Setpgid: true}
	lease, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() { _ = command.Wait() }() // it ends after this process, or is collected here
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return lease, nil
		}
		if ctx.Err() != nil {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			_ = lease.Close()
			return nil, fmt.Errorf("%s was not ready after %s: %w: %s", filepath.Base(name), startTime, err, tail(log))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func tail(output []byte) string {
	text := strings.TrimSpace(string(output))
	return text[max(0, len(text)-2000):]
}

// freePort gives a loopback port that nobody listens on now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// findProgram gives the first of the paths (which may be patterns) that
// exists, the last match of a pattern: the newest version.
func findProgram(patterns ...string) string {
	for _, pattern := range patterns {
		if matches, err := filepath.Glob(pattern); err == nil && len(matches) > 0 {
			return matches[len(matches)-1]
		}
	}
	return ""
}
