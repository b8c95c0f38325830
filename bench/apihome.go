package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/identity"
	"github.com/yitong-hub/yitong/internal/app"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/pipelines"
)

// The campus that is served in the bench: one table of people, as large as the
// demo's, and one as large as is exported; one application may hold both.
const (
	apiPeople   = 44_000
	apiSystem   = "bench"
	apiPerson   = "bench.person"
	apiRecord   = "bench.record"
	apiClient   = "bench"
	apiOperator = "operator"
)

var apiFiles = map[string]string{
	"principals.yaml": "- {id: " + apiOperator + ", name: operator, kind: person, roles: [administrator]}\n",
	"policies/bench.yaml": `policies:
  - id: bench
    effect: allow
    subject: {applications: [bench]}
    resource: {datasets: [bench.*]}
    rights: [view, hold]
`,
	"systems/bench.yaml": `system: bench
title: {zh: 压测, en: Bench}
department: information
steward: operator
connector: csv
connection: {dir: data}
timezone: Asia/Shanghai
datasets:
` + apiDataset("person") + apiDataset("record"),
}

func apiDataset(name string) string {
	return `  - name: ` + name + `
    title: {zh: 压测, en: Bench}
    source: ` + name + `.csv
    key: [id]
    load: full
    person: id
    fields:
      - {name: id, from: id, title: {zh: 学工号, en: Number}, type: string, level: L1}
      - {name: name, from: name, title: {zh: 姓名, en: Name}, type: string, level: L1}
      - {name: college, from: college, title: {zh: 学院, en: College}, type: string, level: L1}
      - {name: mobile, from: mobile, title: {zh: 手机, en: Mobile}, type: string, level: L2}
      - {name: born, from: born, title: {zh: 生日, en: Born}, type: date, level: L2}
      - {name: pay, from: pay, title: {zh: 工资, en: Pay}, type: "decimal(10,2)", level: L2}
`
}

// buildAPIHome makes a home folder with both tables and gives the key of the
// application.
func buildAPIHome(ctx context.Context, home string, rows int64) (key string, err error) {
	settings, err := config.Load(config.Flags{Home: home})
	if err != nil {
		return "", err
	}
	for name, text := range apiFiles {
		path := filepath.Join(settings.Campus, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	for name, count := range map[string]int64{"person": apiPeople, "record": rows} {
		if err := writePeople(filepath.Join(settings.Campus, "data", name+".csv"), count); err != nil {
			return "", err
		}
	}
	opened, err := app.New(ctx, settings, app.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	summary, err := opened.Sync(ctx, pipelines.Options{})
	if err != nil {
		return "", err
	}
	for _, run := range summary.Runs {
		if run.Outcome != catalog.OutcomePublished {
			return "", fmt.Errorf("%s: %s: %s", run.Dataset, run.Outcome, run.Message)
		}
	}
	_, err = opened.Applications.Registry.Register(ctx, apiOperator, identity.Application{
		ID: apiClient, Name: "bench", Department: "information", Steward: apiOperator,
		RatePerSecond: identity.MaxRatePerSecond, Burst: identity.MaxBurst, DailyReads: identity.MaxDailyReads,
	})
	if err != nil {
		return "", err
	}
	issued, err := opened.Applications.Registry.Issue(ctx, apiOperator, apiClient)
	return issued.Text, err
}

// personID is the number of the i-th person.
func personID(i int64) string { return fmt.Sprintf("%08d", 10_000_000+i) }

// writePeople writes rows that repeat themselves from run to run.
func writePeople(path string, count int64) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out, random := bufio.NewWriterSize(file, 1<<20), rand.New(rand.NewPCG(1, 2))
	if _, err := out.WriteString("id,name,college,mobile,born,pay\n"); err != nil {
		return err
	}
	for i := range count {
		_, err := fmt.Fprintf(out, "%s,张%c%c,学院%d,138%08d,%d-%02d-%02d,%d.%02d\n", personID(i), '一'+rune(random.IntN(5000)), '一'+rune(random.IntN(5000)),
			i%40, random.IntN(100_000_000), 1960+random.IntN(45), 1+random.IntN(12), 1+random.IntN(28), 3000+random.IntN(30_000), random.IntN(100))
		if err != nil {
			return err
		}
	}
	return out.Flush()
}
