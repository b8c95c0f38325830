package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/audit"
	"github.com/yitong-hub/yitong/internal/store"
)

// crashOptions make files of a few records and copy all the time, so that the
// kill meets each of these.
var crashOptions = audit.Options{SegmentBytes: 16 << 10, ShipEvery: time.Millisecond}

// appendUntilKilled appends from several sides and prints what is on record.
func appendUntilKilled(ctx context.Context, dir string) error {
	opened, log, err := openChild(ctx, dir, crashOptions)
	if err != nil {
		return err
	}
	defer opened.Close()
	var sides sync.WaitGroup
	errs := make([]error, 4)
	for side := range errs {
		sides.Go(func() {
			for i := 0; errs[side] == nil; i++ {
				record := by("p")
				record.Query = fmt.Sprintf("%d-%d-%d", os.Getpid(), side, i)
				record.Persons = []string{"1", "2"}
				if errs[side] = log.Append(ctx, record); errs[side] == nil {
					_, errs[side] = fmt.Println(record.Query)
				}
			}
		})
	}
	sides.Wait()
	return errors.Join(errs...)
}

func openChild(ctx context.Context, dir string, options audit.Options) (*store.Store, *audit.Log, error) {
	opened, err := store.Open(ctx, filepath.Join(dir, "state.db"))
	if err != nil {
		return nil, nil, err
	}
	log, err := audit.Open(ctx, filepath.Join(dir, "audit"), opened, options)
	return opened, log, err
}

func child(t *testing.T, mode, dir string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), executable)
	command.Env = append(os.Environ(), childMode+"="+mode, childDir+"="+dir)
	command.Stderr = os.Stderr
	return command
}

// TestKilledAnywhereNoRecordIsLost kills the writer again and again over one
// folder. What it said is on record must be, and the chain whole, both for a
// reader that comes before the next writer and after all.
func TestKilledAnywhereNoRecordIsLost(t *testing.T) {
	t.Parallel()
	kills := 12
	if soak, err := strconv.Atoi(os.Getenv("YITONG_SOAK")); err == nil && soak > kills {
		kills = soak
	}
	random := rand.New(rand.NewPCG(1, uint64(kills)))
	dir := t.TempDir()
	said := map[string]bool{}
	for range kills {
		moment := time.Duration(random.Int64N(int64(60 * time.Millisecond)))
		for _, line := range appendAndKill(t, dir, moment) {
			said[line] = true
		}
		opened, err := store.Open(t.Context(), filepath.Join(dir, "state.db"))
		require.NoError(t, err)
		reader, err := audit.View(t.Context(), filepath.Join(dir, "audit"), opened)
		require.NoError(t, err)
		requireOnRecord(t, reader, said, moment)
		require.NoError(t, opened.Close())
	}
	opened, log, err := openChild(t.Context(), dir, crashOptions)
	require.NoError(t, err)
	defer opened.Close()
	require.NoError(t, log.Close())
	requireOnRecord(t, log.Reader, said, 0)
	require.NotEmpty(t, said)
}

func requireOnRecord(t *testing.T, reader *audit.Reader, said map[string]bool, moment time.Duration) {
	t.Helper()
	report, err := reader.Verify(t.Context())
	require.NoError(t, err, "killed after %s", moment)
	require.Zero(t, report.Lost)
	records, err := reader.Records(t.Context(), audit.Filter{Principal: "p"})
	require.NoError(t, err)
	found := map[string]bool{}
	for _, record := range records {
		require.False(t, found[record.Query], "%s is on record twice", record.Query)
		found[record.Query] = true
	}
	for query := range said {
		require.True(t, found[query], "%s is not on record, killed after %s", query, moment)
	}
	used, err := reader.Usage(t.Context(), "p", "hr.staff")
	require.NoError(t, err)
	require.EqualValues(t, len(records), used.Count)
}

// appendAndKill gives the whole lines that the child printed. The moment counts
// from the first: starting takes longer than all else.
func appendAndKill(t *testing.T, dir string, moment time.Duration) []string {
	t.Helper()
	command := child(t, "crash", dir)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	var printed bytes.Buffer
	first := make([]byte, 1)
	_, err = out.Read(first)
	require.NoError(t, err)
	printed.Write(first)
	timer := time.AfterFunc(moment, func() { _ = command.Process.Signal(syscall.SIGKILL) })
	defer timer.Stop()
	_, err = printed.ReadFrom(out)
	require.NoError(t, err)
	require.Error(t, command.Wait(), "it must not end by itself")
	lines := strings.Split(printed.String(), "\n")
	return lines[:len(lines)-1]
}

// appendToFullDisk lets files grow up to a limit, and then more: a line of which
// only a part could be written must leave no trace.
func appendToFullDisk(ctx context.Context, dir string) error {
	opened, log, err := openChild(ctx, dir, audit.Options{ShipEvery: never})
	if err != nil {
		return err
	}
	defer opened.Close()
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	before := limit.Cur
	written, refused := 0, 0
	for i := range 60 {
		limit.Cur = before
		if i >= 10 && i < 50 {
			limit.Cur = 10_000
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		if err := log.Append(ctx, by("p")); err != nil {
			refused++
		} else {
			written++
		}
	}
	if err := log.Close(); err != nil {
		return err
	}
	report, err := log.Verify(ctx)
	if err != nil {
		return err
	}
	if refused == 0 || report.Records != int64(written) || report.Copied != report.Records {
		return fmt.Errorf("%d written, %d refused, %+v", written, refused, report)
	}
	return nil
}

func TestFullDiskLeavesNoPartOfALine(t *testing.T) {
	t.Parallel()
	require.NoError(t, child(t, "full", t.TempDir()).Run())
}
