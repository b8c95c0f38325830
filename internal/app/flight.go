package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/yitong-hub/yitong/flightsql"
	"github.com/yitong-hub/yitong/internal/fault"
)

// FlightOptions say where Arrow Flight SQL is served.
type FlightOptions struct {
	// Listen is the address, as 127.0.0.1:8815; "" serves none.
	Listen string
	// Certificate and Key are PEM files. Without them the address is a loopback one.
	Certificate, Key string
	// Ready gets the address once the server listens.
	Ready func(address string)
}

// certificate is nil where none is named.
func (o FlightOptions) certificate() (*tls.Certificate, error) {
	if o.Certificate == "" && o.Key == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(o.Certificate, o.Key)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the certificate %s and the key %s of Flight SQL cannot be used together", o.Certificate, o.Key)
	}
	return &pair, nil
}

// listenFlight serves Flight SQL until ctx ends or stop is called, which waits for
// the answers that began.
func (a *App) listenFlight(ctx context.Context, options ServeOptions) (stop func() error, err error) {
	certificate, err := options.Flight.certificate()
	if err != nil {
		return nil, err
	}
	server, err := flightsql.New(flightsql.Config{
		Gate: a.Gate, People: people{app: a, demo: options.Demo}, Applications: a.Applications, Certificate: certificate, Logger: options.Logger, Now: time.Now,
		Limits: flightsql.Limits{Finish: a.Config.Limits.OrDefaults().Finish},
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", options.Flight.Listen)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the address %s cannot be listened on: another server may be there", options.Flight.Listen)
	}
	if err := server.Check(listener.Addr()); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		err := server.Serve(ctx, listener)
		if err != nil {
			options.Logger.Error("Flight SQL ended", "cause", err)
		}
		ended <- err
	}()
	if options.Flight.Ready != nil {
		options.Flight.Ready(listener.Addr().String())
	}
	return func() error {
		cancel()
		return <-ended
	}, nil
}
