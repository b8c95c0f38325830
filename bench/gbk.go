package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/connectors/csvfile"
	"github.com/yitong-hub/yitong/pipelines"
)

// measureGBK loads a CSV file of 20 mixed columns in GBK.
func measureGBK(ctx context.Context, o options) ([]result, error) {
	dir := filepath.Join(o.dir, "gbk")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o750); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "data", "big.csv")
	size, err := writeGBK(path, o.bytes)
	if err != nil {
		return nil, err
	}
	decoding, err := decodeAlone(path)
	if err != nil {
		return nil, err
	}
	b, err := openBench(ctx, dir, csvfile.Driver())
	if err != nil {
		return nil, err
	}
	defer b.warehouse.Close()
	var connection yaml.Node
	if err := yaml.Unmarshal([]byte("{dir: data}"), &connection); err != nil {
		return nil, err
	}
	system := definition.System{
		ID: "bench", Connector: "csv", Connection: *connection.Content[0],
		Datasets: []definition.Dataset{{Name: "rows", Source: "big.csv", Key: []string{"id"}}},
	}
	_, took, err := b.sync(ctx, system)
	if err != nil {
		return nil, err
	}
	megabytes := float64(size) / 1e6
	landed := megabytes / b.seconds(pipelines.StageRead)
	whole := megabytes / took.Seconds()
	return []result{
		{name: fmt.Sprintf("GBK CSV of %.0f MB, decoded alone", megabytes), goal: "-", figure: fmt.Sprintf("%.0f MB/s", megabytes/decoding.Seconds()), met: true},
		{name: "the same, read, split and landed", goal: "80 MB/s", figure: fmt.Sprintf("%.0f MB/s, ratio %.2f", landed, landed*decoding.Seconds()/megabytes), met: landed >= 80, parts: b.parts()},
		{name: "the same, published with proof and profile", goal: "80 MB/s", figure: fmt.Sprintf("%.0f MB/s, ratio %.2f", whole, whole*decoding.Seconds()/megabytes), met: whole >= 80},
	}, nil
}

// writeGBK writes so many bytes of rows.
func writeGBK(path string, bytes int64) (int64, error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	counting := &counter{to: bufio.NewWriterSize(file, 1<<20)}
	out := simplifiedchinese.GB18030.NewEncoder().Writer(counting)
	if _, err := io.WriteString(out, "id,姓名,学院,金额,时间,数,地址,是否,空,a,b,c,d,e,f,g,备注,邮箱,电话,尾\n"); err != nil {
		return 0, err
	}
	for i := 0; counting.written < bytes; i++ {
		_, err := fmt.Fprintf(out, "%d,张三%d,计算机科学与技术学院,%d.%02d,2026-03-01 08:00:00,%d,\"武汉,珞喻路第%d号\",是,,%d,2,%d.5,4,5,6,7,备注文字内容,a%d@b.cn,13800000000,完\n",
			i, i, i, i%100, i*7, i, i*31, i%1000, i)
		if err != nil {
			return 0, err
		}
	}
	return counting.written, errors.Join(counting.to.Flush(), file.Close())
}

type counter struct {
	to      *bufio.Writer
	written int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.written += int64(n)
	return n, err
}

// decodeAlone is the floor: decoding the file and nothing else.
func decodeAlone(path string) (time.Duration, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	began := time.Now()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, simplifiedchinese.GB18030.NewDecoder().Reader(bufio.NewReaderSize(file, 1<<20)), make([]byte, 1<<20))
	return time.Since(began), err
}
