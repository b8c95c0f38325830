package pipelines_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/contributed"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines"
	"github.com/yitong-hub/yitong/pipelines/pipetest"
)

// crashContributionsDir tells a child process to contribute to that folder.
const crashContributionsDir = "YITONG_CRASH_CONTRIBUTIONS_DIR"

// crashContributions sends all requests from the first on, as a client does
// that does not know which of them arrived.
func crashContributions(ctx context.Context, dir string) error {
	w, err := warehouse.Open(ctx, warehouse.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer w.Close()
	system, err := definition.Parse("hall.yaml", []byte(ratings))
	if err != nil {
		return err
	}
	engine := pipelines.New(pipelines.Config{Warehouse: w, Catalog: pipetest.NewCatalog(nil, nil), Drivers: []connectors.Driver{contributed.Driver()}})
	if _, err := engine.Sync(ctx, []definition.System{system}, pipelines.Options{}); err != nil {
		return err
	}
	for _, c := range crashRequests() {
		if _, err := engine.Contribute(ctx, system, c); err != nil {
			return err
		}
	}
	return nil
}

func crashRequests() []pipelines.Contribution {
	modes := []pipelines.ContributionMode{pipelines.ContributeInsert, pipelines.ContributeUpsert, pipelines.ContributeDelete}
	var all []pipelines.Contribution
	for n := range 9 {
		c := pipelines.Contribution{Dataset: "hall.rating", By: "app", Sender: "app", Key: fmt.Sprint("key", n), Digest: "same", Mode: modes[n%3], Abort: n == 4}
		for i := range 20 {
			row := given("no", fmt.Sprint(n*7+i))
			if c.Mode != pipelines.ContributeDelete {
				row = given("no", fmt.Sprint(n*7+i), "rater", "10001", "score", fmt.Sprint(1+(n+i)%6))
			}
			c.Rows = append(c.Rows, row)
		}
		all = append(all, c)
	}
	return all
}

// TestARequestThatIsSentAgainAfterAKillIsCarriedOutOnce kills a process that
// takes contributions at random moments; its client sends all of them again.
func TestARequestThatIsSentAgainAfterAKillIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	killed(t, crashContributionsDir, contributedState)
}

func contributedState(t *testing.T, dir string) []string {
	t.Helper()
	w, err := warehouse.Open(t.Context(), warehouse.Config{Dir: dir})
	require.NoError(t, err)
	defer w.Close()
	b := &bench{warehouse: w}
	var all []string
	for _, query := range []string{
		`SELECT 'p', * EXCLUDE (_since, _run) FROM warehouse.published."hall.rating"`,
		`SELECT 'h', * EXCLUDE (_since, _until, _run) FROM warehouse.history."hall.rating"`,
		`SELECT 'q', row, code, field, reason, raw, state FROM warehouse.quarantine.rows`,
		`SELECT 'l', dataset, version, rows, inserted, updated, deleted, quarantined, source_rows, source_checksum, landed_checksum FROM warehouse.meta.loads`,
		`SELECT 'c', sender, key, digest, regexp_replace(report, '"run":"[^"]*",', '') FROM warehouse.meta.contributions`,
		`SELECT 'every report names a load', count(*) FROM warehouse.meta.contributions c ANTI JOIN warehouse.meta.loads l USING (run) WHERE json_extract_string(report, '$.outcome') = 'taken'`,
	} {
		all = append(all, b.rows(t, query)...)
	}
	require.True(t, slices.Contains(all, "every report names a load|0"), all)
	return all
}
