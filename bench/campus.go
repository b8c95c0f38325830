package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/pipelines"
)

// measureCampus builds the demo campus and synchronises it twice.
func measureCampus(ctx context.Context, o options) ([]result, error) {
	settings, err := config.Load(config.Flags{Home: filepath.Join(o.dir, "campus")})
	if err != nil {
		return nil, err
	}
	if _, err := app.BuildDemo(ctx, settings, "campus"); err != nil {
		return nil, err
	}
	opened, err := app.New(ctx, settings, app.Options{})
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	var results []result
	for _, one := range []struct {
		name string
		goal time.Duration
	}{{"first sync of everything", 90 * time.Second}, {"sync with nothing changed", 5 * time.Second}} {
		began := time.Now()
		summary, err := opened.Sync(ctx, pipelines.Options{})
		if err != nil {
			return nil, err
		}
		took := time.Since(began)
		var rows int64
		for _, run := range summary.Runs {
			rows += run.Counts.Read
		}
		results = append(results, result{
			name: fmt.Sprintf("campus: %s (%d datasets)", one.name, len(summary.Runs)), goal: one.goal.String(),
			figure: fmt.Sprintf("%.1f s", took.Seconds()), met: took <= one.goal, parts: []string{fmt.Sprintf("%d rows read", rows)},
		})
	}
	return results, nil
}
