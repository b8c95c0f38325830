package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// today is the demo campus's day: nothing of it depends on the clock.
var today = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// campus is what all systems speak of: the payee in finance is the person in
// personnel, and the leader of a project the owner of its fund card and of its
// account on the cluster.
type campus struct {
	population
	courses  []course
	rooms    []room
	projects []project
}

type course struct {
	code, name string
	credit     float64
	hours      int
	college    int
	teacher    person
}

type room struct {
	code, building string
	capacity       int
}

type project struct {
	number, name, level, funder, account string
	leader                               person
	funding                              int // yuan
	start                                time.Time
}

var (
	buildings = []string{"一教", "二教", "三教", "实验楼", "图书馆", "综合楼"}
	topics    = []string{"高温合金疲劳机理", "湖泊富营养化模型", "教育公平的计量研究", "图神经网络推理", "量子点发光", "隧道围岩稳定性", "中医方剂网络药理", "稀疏矩阵求解器"}
	funders   = []string{"国家自然科学基金委", "科技部", "省科技厅", "教育部", "华为技术有限公司", "校内"}
	suppliers = []string{"北京科仪有限公司", "上海智算科技有限公司", "南京教学设备厂", "广州图文中心", "成都试剂有限公司", "武汉光电仪器公司"}
)

// build makes the campus of so many people from a seed.
func build(seed uint64, people int) campus {
	random := rand.New(rand.NewPCG(seed, 0))
	all := campus{population: populate(random, people)}
	random = rand.New(rand.NewPCG(seed, 1<<32))
	for i := range max(20, len(all.staff)/4) {
		college := i % len(units)
		all.courses = append(all.courses, course{
			code: fmt.Sprintf("K%05d", 10_000+i), name: fmt.Sprintf("%s%s", majors[college], []string{"导论", "原理", "实验", "专题", "方法"}[i/len(units)%5]),
			credit: float64(2+i%6) / 2, hours: 16 * (1 + i%4), college: college, teacher: all.staff[(i*3)%len(all.staff)],
		})
	}
	for i := range max(24, people/300) {
		building := buildings[i%len(buildings)]
		all.rooms = append(all.rooms, room{code: fmt.Sprintf("%s%d%02d", building, 1+i/6%6, 1+i/36), building: building, capacity: 30 + 15*(i%9)})
	}
	for i := range len(all.staff)/3 + 3 {
		kind := i % len(funders)
		all.projects = append(all.projects, project{
			number: fmt.Sprintf("KY%d%05d", 2020+i%7, i+1), name: fmt.Sprintf("%s（%d）", topics[i%len(topics)], 1+i/len(topics)),
			level: []string{"1", "1", "2", "2", "5", "4"}[kind], funder: funders[kind], account: fmt.Sprintf("grp%03d", i+1),
			leader: all.staff[(i*5)%len(all.staff)], funding: 20_000 * (1 + random.IntN(100)),
			start: time.Date(2020+i%7, time.Month(1+i%12), 1, 0, 0, 0, 0, time.UTC),
		})
	}
	return all
}

// everybody lists staff, then students.
func (c campus) everybody() []person {
	return append(append(make([]person, 0, len(c.staff)+len(c.students)), c.staff...), c.students...)
}

// tutor gives the supervisor of a student, by the student's place.
func (c campus) tutor(i int) person { return c.staff[(i*7)%len(c.staff)] }

func (c campus) randomPerson(random *rand.Rand) person {
	if i := random.IntN(len(c.staff) + len(c.students)); i < len(c.staff) {
		return c.staff[i]
	} else {
		return c.students[i-len(c.staff)]
	}
}

// stamp writes a moment as most systems do.
func stamp(at time.Time) string { return at.Format("2006-01-02 15:04:05") }

// before gives a moment in working hours some days back.
func before(random *rand.Rand, days int) time.Time {
	return today.AddDate(0, 0, -random.IntN(days)).Add(time.Duration(random.IntN(10*3600)) * time.Second)
}

// cents gives an amount of money with two decimals.
func cents(random *rand.Rand, from, to int) float64 {
	return float64(from*100+random.IntN((to-from)*100)) / 100
}
