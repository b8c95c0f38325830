package publish

import (
	"context"
	"fmt"
	"strings"

	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/pipelines/check"
)

// CountSoft gives, for each soft check, the number of landed rows that fail it.
// One scan answers all of them.
func CountSoft(ctx context.Context, w *warehouse.Warehouse, plan Plan, soft []check.Condition) ([]int64, error) {
	if len(soft) == 0 {
		return nil, nil
	}
	counts, parts, into := make([]int64, len(soft)), make([]string, len(soft)), make([]any, len(soft))
	for i, condition := range soft {
		into[i] = &counts[i]
		value := Value(plan.place(condition.Field))
		parts[i] = fmt.Sprintf("count(%[1]s) - count(DISTINCT %[1]s)", value)
		if condition.Fails != "" {
			parts[i] = fmt.Sprintf("count(*) FILTER (%s)", condition.Fails)
		}
	}
	query := fmt.Sprintf("SELECT %s FROM (SELECT %s FROM %s l)", strings.Join(parts, ", "), plan.values(), warehouse.Landed(plan.Dataset))
	if err := w.Get(ctx, query, nil, into...); err != nil {
		return nil, fmt.Errorf("count soft checks of %s: %w", plan.Dataset, err)
	}
	return counts, nil
}
