package app

import (
	"context"
	"time"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/audit"
)

// Desk gives the desk at which access is asked for, decided and reviewed.
func (v *CatalogView) Desk() *access.Desk {
	return access.New(v.Policies, v.Catalog, recordedUse{v.Audit}, v.store, time.Now)
}

// Desk gives the desk at which access is asked for, decided and reviewed.
func (a *App) Desk() *access.Desk {
	return access.New(a.Policies, a.Catalog, recordedUse{a.Audit.Reader}, a.store, time.Now)
}

// recordedUse tells the use of data by the record of reads.
type recordedUse struct{ reads *audit.Reader }

// Usage implements [access.Usage].
func (r recordedUse) Usage(ctx context.Context, principal, dataset string) (int64, time.Time, error) {
	found, err := r.reads.Usage(ctx, principal, dataset)
	return found.Count, found.Last, err
}
