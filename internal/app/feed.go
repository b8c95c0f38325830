package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/yitong-hub/yitong/feed"
	"github.com/yitong-hub/yitong/feed/kafka"
)

func (a *App) openSubscriptions() error {
	var err error
	if a.brokers, err = kafka.Load(a.Config.Campus); err != nil {
		return err
	}
	a.Subscriptions = feed.NewRegistry(feed.Config{
		Store: a.store, Gate: a.Gate, Principals: a.Principals, Now: time.Now, Prefix: a.brokers.TopicPrefix,
	})
	return nil
}

// deliver writes subscriptions to their topics until ctx ends; stop ends and
// waits for that too. Without brokers there is nothing to do.
func (a *App) deliver(ctx context.Context, logger *slog.Logger) (stop func() error, err error) {
	if len(a.brokers.Brokers) == 0 {
		return func() error { return nil }, nil
	}
	producer, err := kafka.New(a.brokers, a.Config.Secret)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, errors.Join(err, producer.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		// One process owns a home folder, so its name is that of one process.
		feed.NewRunner(a.Subscriptions, producer, host+":"+a.Config.Home, logger).Run(ctx)
	}()
	return func() error {
		cancel()
		<-done
		return producer.Close()
	}, nil
}
