package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/yitong-hub/yitong/bench/loadgen"
)

const (
	// arrowRows is the size of the read that is held against the engine's own.
	arrowRows   = 1_000_000
	arrowRounds = 7
	// inFlight bounds the requests on their way: far more than keep up with the rate.
	inFlight = 200

	mediaArrow = "application/vnd.apache.arrow.stream"
)

// exports are the forms of a copy with the rows that each can have.
var exports = []struct {
	name, media string
	most        int64
}{
	{"Arrow", mediaArrow, 1 << 40}, {"Parquet", "application/vnd.apache.parquet", 1 << 40}, {"CSV", "text/csv", 1 << 40},
	{"NDJSON", "application/x-ndjson", 1 << 40}, {"XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 1_048_575},
}

// apiBench is a home folder to serve and the key to ask with.
type apiBench struct {
	options
	home, key string
	client    *http.Client
}

// measureAPI measures what a client of the API sees: reads of one person, a large
// read against the engine's own result, and what exports cost in memory.
func measureAPI(ctx context.Context, o options) ([]result, error) {
	b := &apiBench{options: o, home: filepath.Join(o.dir, "api"), client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: inFlight, DisableCompression: true, ReadBufferSize: 64 << 10},
	}}
	var err error
	if b.key, err = buildAPIHome(ctx, b.home, o.exportRows); err != nil {
		return nil, err
	}
	var results []result
	for _, measure := range []func(context.Context, *apiServer) ([]result, error){b.keyed, b.arrow} {
		found, err := b.with(ctx, measure)
		if err != nil {
			return nil, err
		}
		results = append(results, found...)
	}
	for _, export := range exports { // each with a server that exported nothing before
		found, err := b.with(ctx, func(ctx context.Context, s *apiServer) ([]result, error) {
			one, err := b.export(ctx, s, export.name, export.media, min(export.most, o.exportRows))
			return []result{one}, err
		})
		if err != nil {
			return nil, fmt.Errorf("export as %s: %w", export.name, err)
		}
		results = append(results, found...)
	}
	return results, nil
}

func (b *apiBench) with(ctx context.Context, measure func(context.Context, *apiServer) ([]result, error)) (results []result, err error) {
	server, err := startAPI(ctx, b.home, min(arrowRows, b.exportRows), b.exportRows)
	if err != nil {
		return nil, err
	}
	defer func() {
		b.client.CloseIdleConnections()
		err = errors.Join(err, server.stop())
	}()
	return measure(ctx, server)
}

// get asks the API of a server on this machine and gives the body of its answer.
func (b *apiBench) get(ctx context.Context, s *apiServer, dataset, media string, query url.Values) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.API+"/v1/datasets/"+dataset+"/rows?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+b.key)
	request.Header.Set("Accept", media)
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		text, err := io.ReadAll(response.Body)
		return nil, errors.Join(fmt.Errorf("%s: %s", response.Status, text), err, response.Body.Close())
	}
	return response.Body, nil
}

func (b *apiBench) readPerson(ctx context.Context, s *apiServer, id string) error {
	body, err := b.get(ctx, s, apiPerson, "application/json", url.Values{"where": {"id = '" + id + "'"}, "limit": {"1"}})
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err == nil && !bytes.Contains(text, []byte(`"id":"`+id+`"`)) {
		err = fmt.Errorf("the answer is not about %s", id)
	}
	return err
}

// keyed reads one person after the other at a constant rate.
func (b *apiBench) keyed(ctx context.Context, s *apiServer) ([]result, error) {
	read := func(ctx context.Context, _ int) error {
		return b.readPerson(ctx, s, personID(rand.Int64N(apiPeople)))
	}
	for i := range 200 { // warms up
		if err := read(ctx, i); err != nil {
			return nil, err
		}
	}
	report := loadgen.Run(ctx, loadgen.Load{Rate: b.rate, Length: b.length, InFlight: inFlight, Request: read})
	quantile := func(q float64) time.Duration { return loadgen.Quantile(report.Latencies, q) }
	parts := []string{
		fmt.Sprintf("p50 %.2f ms", ms(quantile(.5))), fmt.Sprintf("p95 %.2f ms", ms(quantile(.95))), fmt.Sprintf("max %.1f ms", ms(quantile(1))),
		fmt.Sprintf("%d answers in %.1f s, %d failed", len(report.Latencies), report.Took.Seconds(), report.Failed),
		fmt.Sprintf("sent late: p99 %.2f ms", ms(loadgen.Quantile(report.Delays, .99))),
	}
	if report.FirstError != nil {
		parts = append(parts, "first error: "+report.FirstError.Error())
	}
	p99 := quantile(.99)
	return []result{{
		name: fmt.Sprintf("one person by key, %d requests/s for %s, p99", b.rate, b.length), goal: "5 ms", figure: fmt.Sprintf("%.2f ms", ms(p99)),
		met: report.Failed == 0 && p99 < 5*time.Millisecond && b.rate >= 500, parts: parts,
	}}, nil
}

// arrow reads many rows through the API and the same from the engine, in turns.
func (b *apiBench) arrow(ctx context.Context, s *apiServer) ([]result, error) {
	rows := min(arrowRows, b.exportRows)
	query := url.Values{"limit": {fmt.Sprint(rows)}}
	body, err := b.get(ctx, s, apiRecord, mediaArrow, query)
	if err != nil {
		return nil, err
	}
	if found, err := countArrow(body); err != nil || found != rows {
		return nil, errors.Join(fmt.Errorf("the answer has %d rows of %d", found, rows), err)
	}
	var api, floor []time.Duration
	var ratios []float64
	for round := range arrowRounds + 1 {
		through, err := stopwatch(func() (io.ReadCloser, error) { return b.get(ctx, s, apiRecord, mediaArrow, query) })
		if err != nil {
			return nil, err
		}
		own, err := stopwatch(func() (io.ReadCloser, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", s.Floor) })
		if err != nil {
			return nil, err
		}
		if round > 0 { // the first warms up
			api, floor, ratios = append(api, through), append(floor, own), append(ratios, float64(own)/float64(through))
		}
	}
	slices.Sort(api)
	slices.Sort(floor)
	slices.Sort(ratios)
	middle := arrowRounds / 2
	return []result{{
		name: fmt.Sprintf("%d rows as Arrow, rate against the engine's own", rows), goal: "0.80", figure: fmt.Sprintf("%.2f", ratios[middle]), met: ratios[middle] >= .8 && rows == arrowRows,
		parts: []string{fmt.Sprintf("%.0f ms, the engine's own %.0f ms, medians of %d", ms(api[middle]), ms(floor[middle]), arrowRounds), fmt.Sprintf("%.2f million rows/s", float64(rows)/1e6/api[middle].Seconds())},
	}}, nil
}

// stopwatch takes the time from the question to the last byte of its answer.
func stopwatch(ask func() (io.ReadCloser, error)) (time.Duration, error) {
	began := time.Now()
	body, err := ask()
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, body)
	return time.Since(began), errors.Join(err, body.Close())
}

func countArrow(body io.ReadCloser) (int64, error) {
	defer body.Close()
	reader, err := ipc.NewReader(body)
	if err != nil {
		return 0, err
	}
	defer reader.Release()
	var rows int64
	for reader.Next() {
		rows += reader.RecordBatch().NumRows()
	}
	return rows, reader.Err()
}

// exportMemory is what an export may take above what the server takes idle.
const exportMemory = 300e6

func (b *apiBench) export(ctx context.Context, s *apiServer, name, media string, rows int64) (result, error) {
	if err := b.readPerson(ctx, s, personID(0)); err != nil {
		return result{}, err
	}
	idle, err := s.memory("VmRSS")
	if err != nil {
		return result{}, err
	}
	if err := s.forgetPeak(); err != nil {
		return result{}, err
	}
	began := time.Now()
	body, err := b.get(ctx, s, apiRecord, media, url.Values{"limit": {fmt.Sprint(rows)}})
	if err != nil {
		return result{}, err
	}
	first := time.Since(began)
	size, err := io.Copy(io.Discard, body)
	if err := errors.Join(err, body.Close()); err != nil {
		return result{}, err
	}
	took := time.Since(began)
	peak, err := s.memory("VmHWM")
	if err != nil {
		return result{}, err
	}
	above := float64(peak - idle)
	return result{
		name: fmt.Sprintf("%d rows as %s, memory above idle", rows, name), goal: "300 MB", figure: fmt.Sprintf("%.0f MB", above/1e6), met: above < exportMemory,
		parts: []string{fmt.Sprintf("idle %.0f MB", float64(idle)/1e6), fmt.Sprintf("%.1f s, begun after %.1f s", took.Seconds(), first.Seconds()), fmt.Sprintf("%.0f MB", float64(size)/1e6)},
	}, nil
}
