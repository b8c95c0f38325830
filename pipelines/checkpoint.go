package pipelines

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/schema"
)

// checkpoint is where the last load of a dataset ended. The zero value is that
// of a dataset that was never published.
type checkpoint struct {
	version        int64
	run            string
	at             time.Time
	rows           int64
	sourceRows     int64
	token          string
	position       string
	sourceVersion  string
	definitionHash string
	columns        []schema.Column
	record         string
}

const lastLoads = `SELECT l.dataset, l.version, l.run, l."at", l.rows, l.source_rows,
	coalesce(s.token, l.token), coalesce(s.position, l.position), coalesce(s.source_version, l.source_version),
	coalesce(s.definition_hash, l.definition_hash), l.source_schema, l.record
FROM warehouse.meta.loads l LEFT JOIN warehouse.meta.seen s USING (dataset)
WHERE ? IN ('', l.dataset)
QUALIFY row_number() OVER (PARTITION BY l.dataset ORDER BY l.version DESC) = 1`

// checkpoints reads those of all datasets at once.
func (e *Engine) checkpoints(ctx context.Context) (map[string]checkpoint, error) {
	return e.checkpointsOf(ctx, "")
}

// checkpointsOf reads that of one dataset, or those of all for "".
func (e *Engine) checkpointsOf(ctx context.Context, dataset string) (map[string]checkpoint, error) {
	rows, err := e.config.Warehouse.Rows(ctx, lastLoads, dataset)
	if err != nil {
		return nil, fmt.Errorf("read the checkpoints: %w", err)
	}
	defer rows.Close()
	found := map[string]checkpoint{}
	for rows.Next() {
		var dataset, columns string
		var c checkpoint
		err := rows.Scan(&dataset, &c.version, &c.run, &c.at, &c.rows, &c.sourceRows, &c.token, &c.position,
			&c.sourceVersion, &c.definitionHash, &columns, &c.record)
		if err != nil {
			return nil, fmt.Errorf("read a checkpoint: %w", err)
		}
		if err := json.Unmarshal([]byte(columns), &c.columns); err != nil {
			return nil, fmt.Errorf("read the columns of %s: %w", dataset, err)
		}
		found[dataset] = c
	}
	return found, rows.Err()
}

// see remembers what an unchanged source looked like, so that the next sync is
// cheap. It writes nothing when that is known already.
func (l *load) see(ctx context.Context, token, position, version string) error {
	last := l.checkpoint
	if token == last.token && position == last.position && version == last.sourceVersion && l.definitionHash == last.definitionHash {
		return nil
	}
	return l.engine.config.Warehouse.InTx(ctx, func(tx *warehouse.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM warehouse.meta.seen WHERE dataset = ?", l.id); err != nil {
			return fmt.Errorf("forget what was seen: %w", err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO warehouse.meta.seen (dataset, token, position, source_version, definition_hash, "at") VALUES (?, ?, ?, ?, ?, ?)`,
			l.id, token, position, version, l.definitionHash, l.engine.config.Clock().UTC())
		return err
	})
}

// terms are the meanings that a dataset's fields refer to.
type terms struct {
	elements map[string]catalog.Element
	codeSets map[string]catalog.CodeSet
}

func (e *Engine) terms(ctx context.Context, dataset definition.Dataset) (terms, error) {
	t := terms{elements: map[string]catalog.Element{}, codeSets: map[string]catalog.CodeSet{}}
	for _, field := range dataset.Fields {
		if field.Element == "" {
			continue
		}
		element, err := e.config.Catalog.Element(ctx, field.Element)
		if err != nil {
			return t, missing(err, "field %s refers to element %s, which the catalog does not have", field.Name, field.Element)
		}
		t.elements[field.Element] = element
		if element.CodeSet == "" {
			continue
		}
		codes, err := e.config.Catalog.CodeSet(ctx, element.CodeSet)
		if err != nil {
			return t, missing(err, "element %s refers to code set %s, which the catalog does not have", element.ID, element.CodeSet)
		}
		t.codeSets[element.CodeSet] = codes
	}
	return t, nil
}

func missing(err error, format string, args ...any) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Wrap(err, fault.Invalid, format, args...)
	}
	return err
}

// hashOf tells definitions apart by what they mean for rows: titles, tags and
// levels do not count, the elements' types and codes do.
func hashOf(system definition.System, dataset definition.Dataset, t terms) (string, error) {
	dataset.Title, dataset.Description, dataset.Tags = definition.Text{}, "", nil
	fields := make([]definition.Field, len(dataset.Fields))
	parts := make([]any, 0, 2*len(fields)+3)
	for i, field := range dataset.Fields {
		field.Title, field.Description, field.Tags, field.Level = definition.Text{}, "", nil, 0
		fields[i] = field
		element := t.elements[field.Element]
		parts = append(parts, element.Type.String())
		for _, code := range t.codeSets[element.CodeSet].Codes {
			parts = append(parts, code.Code)
		}
	}
	dataset.Fields = fields
	parts = append(parts, &dataset, &system.Connection, system.Timezone)
	text, err := yaml.Marshal(parts)
	if err != nil {
		return "", fmt.Errorf("hash the definition: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}
