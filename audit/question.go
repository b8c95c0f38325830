package audit

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// question is a filter with what only this package asks for.
type question struct {
	Filter
	// bulk keeps the reads of many persons in these datasets.
	bulk     bool
	datasets []string
}

func (q question) matches(record Record) bool {
	return is(q.Principal, record.Principal) && is(q.Dataset, record.Dataset) && is(q.Outcome, record.Outcome) &&
		(q.Person == "" || slices.Contains(record.Persons, q.Person)) &&
		(q.Since.IsZero() || !record.At.Before(q.Since)) && (q.Until.IsZero() || record.At.Before(q.Until)) &&
		(!q.bulk || record.ManyPersons && slices.Contains(q.datasets, record.Dataset))
}

func is(wanted, found string) bool { return wanted == "" || wanted == found }

// Records gives the records that filter chooses, in order of their time.
func (r *Reader) Records(ctx context.Context, filter Filter) ([]Record, error) {
	return r.answer(ctx, question{Filter: filter})
}

// Person gives the newest reads that name a person, and the newest bulk reads of
// the datasets: the caller lists those that hold the person. The limit is for
// each of both, 0 for none.
func (r *Reader) Person(ctx context.Context, id string, datasets []string, limit int) (PersonView, error) {
	named, err := r.answer(ctx, question{Filter: Filter{Person: id, Limit: limit, Newest: true}})
	if err != nil || len(datasets) == 0 {
		return PersonView{Named: named, Bulk: []Record{}}, err
	}
	bulk, err := r.answer(ctx, question{Filter: Filter{Limit: limit, Newest: true}, bulk: true, datasets: datasets})
	return PersonView{Named: named, Bulk: bulk}, err
}

// answer puts together the copy and what is not copied yet.
func (r *Reader) answer(ctx context.Context, asked question) ([]Record, error) {
	of, err := r.standing(ctx)
	if err != nil {
		return nil, err
	}
	copied, err := r.progress(ctx, of.node)
	if err != nil {
		return nil, err
	}
	records, err := r.copies(ctx, asked, of.node, copied.seq)
	if err != nil {
		return nil, err
	}
	err = r.tail(ctx, of, copied, func(record Record) {
		if asked.matches(record) {
			records = append(records, record)
		}
	})
	if err != nil {
		return nil, err
	}
	order := func(a, b Record) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Node, b.Node), cmp.Compare(a.Seq, b.Seq))
	}
	if asked.Newest {
		slices.SortFunc(records, func(a, b Record) int { return order(b, a) })
	} else {
		slices.SortFunc(records, order)
	}
	if asked.Limit > 0 && len(records) > asked.Limit {
		records = records[:asked.Limit]
	}
	return records, nil
}

// Usage tells how often a principal was given something of a dataset.
func (r *Reader) Usage(ctx context.Context, principal, dataset string) (Usage, error) {
	of, err := r.standing(ctx)
	if err != nil {
		return Usage{}, err
	}
	used, copied, err := r.copiedUsage(ctx, of.node, principal, dataset)
	if err != nil {
		return Usage{}, err
	}
	err = r.tail(ctx, of, copied, func(record Record) {
		if record.Principal == principal && record.Dataset == dataset && record.Outcome == Allowed {
			used.count(1, record.At)
		}
	})
	return used, err
}

func (u *Usage) count(reads int64, last time.Time) {
	u.Count += reads
	if last.After(u.Last) {
		u.Last = last
	}
}
