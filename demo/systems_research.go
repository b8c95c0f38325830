package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

func researchSystems() []system {
	return []system{
		{id: "research", kind: sqliteFile, tables: []table{
			{name: "KY_XM", key: "XMBH", rows: projectRows, columns: []string{
				"XMBH VARCHAR(20)", "XMMC VARCHAR(200)", "XMJB VARCHAR(2)", "FZR VARCHAR(10)", "LYDW VARCHAR(100)", "ZJF DECIMAL(18,2)", "KSRQ VARCHAR(10)", "JSRQ VARCHAR(10)", "XMZT VARCHAR(2)",
			}},
			{name: "KY_LW", key: "LWBH", rows: paperRows, columns: []string{
				"LWBH INTEGER", "TM VARCHAR(300)", "QK VARCHAR(200)", "DOI VARCHAR(100)", "ZZGH VARCHAR(10)", "XMBH VARCHAR(20)", "FBRQ VARCHAR(10)",
			}},
		}},
		{id: "hpc", kind: sacctText, tables: []table{
			{name: "sacct-2026-01.txt", columns: sacctColumns, rows: jobRows(time.January)},
			{name: "sacct-2026-02.txt", columns: sacctColumns, rows: jobRows(time.February)},
		}},
	}
}

func projectRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.projects {
		state := pick(random, []string{"ZY", "ZY", "ZY", "JT", "YQ", "SB"})
		err := add(p.number, p.name, p.level, p.leader.number, p.funder, float64(p.funding), p.start.Format("2006-01-02"), p.start.AddDate(3, 0, -1).Format("2006-01-02"), state)
		if err != nil {
			return err
		}
	}
	return nil
}

func paperRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.staff) * 2 {
		p := all.projects[random.IntN(len(all.projects))]
		err := add(i+1, p.name+"的若干问题", pick(random, []string{"科学通报", "计算机学报", "物理学报", "Nature Communications", "PLOS ONE"}),
			fmt.Sprintf("10.1000/demo.%06d", i+1), p.leader.number, p.number, before(random, 1500).Format("2006-01-02"))
		if err != nil {
			return err
		}
	}
	return nil
}

var sacctColumns = []string{
	"JobID", "JobName", "Cluster", "Partition", "Account", "User", "State", "Submit", "Start", "End", "NNodes", "NCPUS", "AllocTRES", "ElapsedRaw", "ExitCode",
}

// jobRows is one month of the own cluster. Groups are the research projects;
// some jobs never start, some are canceled by an operator.
func jobRows(month time.Month) func(campus, *rand.Rand, adder) error {
	return func(all campus, random *rand.Rand, add adder) error {
		first := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)
		for i := range len(all.staff) * 8 {
			if err := add(job(all, random, first, int(month)*1_000_000+i)...); err != nil {
				return err
			}
		}
		return nil
	}
}

func job(all campus, random *rand.Rand, first time.Time, id int) []any {
	group := all.projects[random.IntN(max(1, len(all.projects)/6))]
	nodes := 1 + random.IntN(3)*random.IntN(3)
	cpus, gpus, partition := nodes*28, 0, "cpu"
	if oneIn(random, 5) {
		gpus, partition = nodes*2, "gpu"
	}
	submit := first.Add(time.Duration(random.IntN(27*24*3600)) * time.Second)
	start := submit.Add(time.Duration(random.ExpFloat64()*5400) * time.Second)
	elapsed := time.Duration(random.ExpFloat64()*9000) * time.Second
	state, startText, endText, exit := "COMPLETED", start.Format("2006-01-02T15:04:05"), start.Add(elapsed).Format("2006-01-02T15:04:05"), "0:0"
	switch random.IntN(20) {
	case 0:
		state, exit = "FAILED", "1:0"
	case 1:
		state, startText, elapsed = "CANCELLED by 1000", "None", 0
		endText = start.Format("2006-01-02T15:04:05")
	case 2:
		state = "TIMEOUT"
	}
	tres := fmt.Sprintf("billing=%d,cpu=%d,mem=%dG,node=%d", cpus, cpus, nodes*128, nodes)
	if gpus > 0 {
		tres += fmt.Sprintf(",gres/gpu=%d", gpus)
	}
	if elapsed == 0 {
		tres = ""
	}
	name := pick(random, []string{"vasp", "gromacs", "lammps", "train", "wrf", "bash"})
	return []any{
		fmt.Sprint(id), name, "campus", partition, group.account, "u" + strings.TrimPrefix(group.leader.number, "0"), state,
		submit.Format("2006-01-02T15:04:05"), startText, endText, nodes, cpus, tres, int(elapsed.Seconds()), exit,
	}
}
