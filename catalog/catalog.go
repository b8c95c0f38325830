package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/yitong-hub/yitong/internal/store"
)

// Catalog is the catalog over a state database. It is safe for concurrent use;
// several processes may read it while one writes.
type Catalog struct {
	store     *store.Store
	standards *StandardSet
}

// New makes a catalog over an opened state database.
func New(_ context.Context, opened *store.Store) (*Catalog, error) {
	standards, err := Standards()
	if err != nil {
		return nil, err
	}
	return &Catalog{store: opened, standards: standards}, nil
}

// momentLayout sorts as text in the order of time.
const momentLayout = "2006-01-02T15:04:05.000000Z"

func moment(at time.Time) string { return at.UTC().Format(momentLayout) }

// encode writes what a row keeps whole; only what is searched has columns.
func encode(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode for the catalog: %w", err)
	}
	return string(text), nil
}

func decode[T any](text string) (T, error) {
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return value, fmt.Errorf("decode from the catalog: %w", err)
	}
	return value, nil
}
