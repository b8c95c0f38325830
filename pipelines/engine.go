package pipelines

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
)

// Catalog is what the pipelines need of the catalog.
type Catalog interface {
	// StartRun records that a run is under way; FinishRun, how it ended.
	StartRun(ctx context.Context, run catalog.Run) error
	FinishRun(ctx context.Context, run catalog.Run) error
	// Publish records a publish with its run; doing it twice changes nothing.
	Publish(ctx context.Context, publication catalog.Publication) error
	// Dataset gives a dataset with its fields, or a NotFound fault.
	Dataset(ctx context.Context, id string) (catalog.Dataset, error)
	// Element and CodeSet give what definitions refer to, or a NotFound fault.
	Element(ctx context.Context, id string) (catalog.Element, error)
	CodeSet(ctx context.Context, id string) (catalog.CodeSet, error)
}

const (
	// DefaultMemory bounds what all loads together should use, DuckDB included.
	DefaultMemory = 2 << 30
	// loadMemory is what one load takes beside DuckDB while its source gives rows:
	// three batches in flight and the connector's own buffers.
	loadMemory = 96 << 20
	// DefaultStall is how long a source may give nothing before its load ends.
	DefaultStall = 2 * time.Minute
	// connectWithin bounds how long a system may take to answer at all.
	connectWithin = time.Minute
	// turnWithin bounds how long a contribution waits for a load of its dataset.
	turnWithin = 30 * time.Second
)

// Config is what an engine works with.
type Config struct {
	Warehouse *warehouse.Warehouse
	Catalog   Catalog
	Drivers   []connectors.Driver
	// CampusDir is the folder that relative paths in definitions begin at.
	CampusDir string
	// Secrets looks up a secret by its name.
	Secrets func(name string) (string, error)
	// Memory bounds all loads together, DefaultMemory when 0. Two thirds of it are
	// DuckDB's; the rest decides how many loads run at once.
	Memory int64
	// ChunkRows is the number of landed rows in one commit; 0 means landing's default.
	ChunkRows int64
	// BatchRows is asked of connectors; 0 means theirs.
	BatchRows int
	// Stall is how long a source may give nothing, DefaultStall when 0.
	Stall  time.Duration
	Clock  func() time.Time
	Logger *slog.Logger
	// Progress gets events from several goroutines at once; nil when nobody looks.
	Progress func(Event)
	// Published is called when a dataset was published and the catalog knows of it;
	// nil when nobody waits.
	Published func()
	// NewID gives ids of runs, in order of time; nil means UUIDs of version 7.
	NewID func() string
}

// Event tells how a load goes on.
type Event struct {
	System  string `json:"system"`
	Dataset string `json:"dataset,omitempty"`
	// Stage is one of the Stage constants.
	Stage string `json:"stage"`
	// Rows is the number of rows landed so far, Estimate what is expected (-1:
	// unknown).
	Rows     int64 `json:"rows"`
	Estimate int64 `json:"estimate"`
	// Outcome, Published, Quarantined and Message are set with StageDone: one of
	// catalog's outcomes, the rows of the dataset now, those refused by this run,
	// and the reason in public words.
	Outcome     string `json:"outcome,omitempty"`
	Published   int64  `json:"published,omitempty"`
	Quarantined int64  `json:"quarantined,omitempty"`
	Message     string `json:"message,omitempty"`
	// Err is the whole error, for the log.
	Err error `json:"-"`
}

// Stages of a load.
const (
	StageConnect = "connect"
	StageRead    = "read"
	StageProve   = "prove"
	StageJudge   = "judge"
	StagePublish = "publish"
	StageProfile = "profile"
	StageDone    = "done"
)

// Engine runs loads. It is safe for concurrent use; loads of one dataset never
// run at once.
type Engine struct {
	config Config
	// shares bounds how many loads hold batches in memory at once.
	shares chan struct{}
	// publishing lets one publish at a time use DuckDB's memory.
	publishing sync.Mutex

	mu sync.Mutex
	// busy has a channel for each dataset that is being loaded, closed at the end.
	busy map[string]chan struct{}
}

// New makes an engine.
func New(config Config) *Engine {
	if config.Memory == 0 {
		config.Memory = DefaultMemory
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Stall == 0 {
		config.Stall = DefaultStall
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.NewID == nil {
		config.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	loads := max(1, config.Memory/3/loadMemory)
	return &Engine{config: config, shares: make(chan struct{}, loads), busy: map[string]chan struct{}{}}
}

func (e *Engine) emit(event Event) {
	if e.config.Progress != nil {
		e.config.Progress(event)
	}
}

func (e *Engine) driver(name string) (connectors.Driver, error) {
	names := make([]string, 0, len(e.config.Drivers))
	for _, driver := range e.config.Drivers {
		if driver.Name == name {
			return driver, nil
		}
		names = append(names, driver.Name)
	}
	return connectors.Driver{}, fault.New(fault.Invalid, "there is no connector %q%s", name, fault.Meant(name, names))
}

// hold keeps a dataset for one load.
func (e *Engine) hold(dataset string) (func(), error) {
	release, _ := e.tryHold(dataset)
	if release == nil {
		return nil, fault.New(fault.Conflict, "%s is being loaded already; wait until that run has ended", dataset)
	}
	return release, nil
}

// tryHold gives what releases the dataset, or else what is closed at the end of
// the load that keeps it.
func (e *Engine) tryHold(dataset string) (func(), <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ended, busy := e.busy[dataset]; busy {
		return nil, ended
	}
	ended := make(chan struct{})
	e.busy[dataset] = ended
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.busy, dataset)
		close(ended)
	}, nil
}

// awaitHold keeps a dataset as hold does, and waits for its turn.
func (e *Engine) awaitHold(ctx context.Context, dataset string) (func(), error) {
	ctx, cancel := context.WithTimeoutCause(ctx, turnWithin,
		fault.New(fault.Unavailable, "%s has been loaded for more than %s; try again later", dataset, turnWithin))
	defer cancel()
	for {
		release, ended := e.tryHold(dataset)
		if release != nil {
			return release, nil
		}
		select {
		case <-ended:
		case <-ctx.Done():
			if cause := context.Cause(ctx); fault.Is(cause, fault.Unavailable) {
				return nil, cause
			}
			return nil, fault.Wrap(ctx.Err(), fault.Canceled, "the work was canceled")
		}
	}
}
