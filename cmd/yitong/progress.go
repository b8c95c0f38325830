package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

const (
	// barNameWidth holds the longest dataset id of the demo campus.
	barNameWidth = 18
	// rateWeight makes the shown rate follow the last seconds, not the whole run.
	rateWeight = 30
)

// reporter shows the progress of a synchronisation.
type reporter interface {
	event(pipelines.Event)
	close()
}

// newReporter chooses bars on a terminal, JSON lines for machines and plain
// lines otherwise. All of them write to standard error.
func (c *cli) newReporter() reporter {
	switch {
	case c.flags.JSON:
		return &jsonLines{encoder: json.NewEncoder(c.stderr)}
	case isTerminal(c.stderr):
		return newBars(c.stderr)
	default:
		return &plainLines{out: c.stderr}
	}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// jsonLines writes each event as one JSON object a line.
type jsonLines struct {
	mu      sync.Mutex
	encoder *json.Encoder
}

func (j *jsonLines) event(event pipelines.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	// A reader that went away does not stop the work.
	_ = j.encoder.Encode(event)
}

func (j *jsonLines) close() {}

// plainLines writes one line for each finished dataset.
type plainLines struct {
	mu  sync.Mutex
	out io.Writer
}

func (p *plainLines) event(event pipelines.Event) {
	if event.Outcome == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.out, outcomeLine(event))
}

func (p *plainLines) close() {}

func outcomeLine(event pipelines.Event) string {
	line := fmt.Sprintf("%-28s %-10s %11s rows", event.Dataset, event.Outcome, grouped(max(event.Rows, event.Published)))
	if event.Err != nil {
		line += "  " + fault.Public(event.Err)
	}
	return line
}

// bars draws one bar for each dataset.
type bars struct {
	mu       sync.Mutex
	progress *mpb.Progress
	datasets map[string]*datasetBar
}

type datasetBar struct {
	bar  *mpb.Bar
	last time.Time
}

func newBars(out io.Writer) *bars {
	return &bars{
		progress: mpb.New(mpb.WithOutput(out), mpb.WithAutoRefresh()),
		datasets: map[string]*datasetBar{},
	}
}

func (b *bars) event(event pipelines.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if event.Dataset == "" {
		return
	}
	dataset := b.dataset(event.Dataset)
	now := time.Now()
	dataset.bar.SetTotal(max(event.Estimate, event.Rows, 1), false)
	dataset.bar.EwmaSetCurrent(event.Rows, now.Sub(dataset.last))
	dataset.last = now
	if event.Outcome != "" {
		dataset.bar.SetTotal(max(event.Rows, 1), true)
	}
	if event.Outcome == catalog.OutcomeFailed || event.Outcome == catalog.OutcomeStopped {
		fmt.Fprintln(b.progress, outcomeLine(event))
	}
}

func (b *bars) dataset(id string) *datasetBar {
	if known, ok := b.datasets[id]; ok {
		return known
	}
	bar := b.progress.AddBar(1,
		mpb.BarFillerClearOnComplete(),
		mpb.PrependDecorators(
			decor.Name(id, decor.WC{W: barNameWidth, C: decor.DindentRight}),
			decor.CurrentNoUnit("%12d rows"),
		),
		mpb.AppendDecorators(
			decor.OnComplete(decor.EwmaSpeed(0, "%9.0f rows/s", rateWeight), "done"),
			decor.OnComplete(decor.EwmaETA(decor.ET_STYLE_GO, rateWeight, decor.WC{W: 7}), ""),
		),
	)
	made := &datasetBar{bar: bar, last: time.Now()}
	b.datasets[id] = made
	return made
}

func (b *bars) close() {
	b.mu.Lock()
	for _, dataset := range b.datasets {
		dataset.bar.Abort(false)
	}
	b.mu.Unlock()
	b.progress.Wait()
}
