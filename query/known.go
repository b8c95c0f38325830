package query

import (
	"context"
	"sync"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog"
)

// described is a dataset with how policies see it.
type described struct {
	dataset  catalog.Dataset
	resource *acl.Resource
}

// known keeps what the catalog says of datasets, for as long as its revision
// stands. What it gives is shared and not to be changed.
type known struct {
	mu       sync.RWMutex
	revision int64
	datasets map[string]described
}

func (k *known) find(ctx context.Context, from Catalog, id string) (described, error) {
	revision, err := from.Revision(ctx)
	if err != nil {
		return described{}, err
	}
	k.mu.RLock()
	found, is := k.datasets[id]
	is = is && k.revision == revision
	k.mu.RUnlock()
	if is {
		return found, nil
	}
	// It may be of a later revision, which is no harm: it is then read again.
	found.dataset, err = from.Dataset(ctx, id)
	if err != nil {
		return described{}, err
	}
	found.resource = ResourceOf(found.dataset)
	k.keep(revision, id, found)
	return found, nil
}

func (k *known) keep(revision int64, id string, found described) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.datasets == nil || revision > k.revision {
		k.revision, k.datasets = revision, map[string]described{}
	}
	if revision == k.revision {
		k.datasets[id] = found
	}
}
