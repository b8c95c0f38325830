package demo

import (
	"fmt"
	"math/rand/v2"
)

func teachingSystems() []system {
	return []system{
		{id: "academic", kind: sqliteFile, tables: []table{
			{name: "学生", key: "学号", rows: studentRows, columns: []string{"学号 TEXT", "姓名 TEXT", "性别 TEXT", "出生日期 TEXT", "身份证号 TEXT", "手机 TEXT", "学院 TEXT", "专业 TEXT", "入学日期 TEXT"}},
			{name: "成绩", key: "学号, 课程, 学期", rows: markRows, columns: []string{"学号 TEXT", "课程 TEXT", "学期 TEXT", "分数 DECIMAL(5,2)"}},
		}},
		{id: "evaluation", kind: csvFile, tables: []table{{name: "pingjiao.csv", columns: []string{"xh", "kch", "jsgh", "df", "py", "pjsj"}, rows: evaluationRows}}},
		{id: "grade_entry", kind: gbFile, tables: []table{{name: "成绩录入.csv", columns: []string{"学号", "课程号", "平时", "期末", "考试性质", "录入人", "录入时间"}, rows: entryRows}}},
		{id: "selection", kind: csvFile, tables: []table{{name: "xuanke.tsv", columns: []string{"student_id", "course_id", "term", "selected_at", "source"}, rows: selectionRows}}},
		{id: "rescheduling", kind: sqliteFile, tables: []table{{
			name: "tb_tkjl", key: "id", rows: reschedulingRows,
			columns: []string{"id INTEGER", "kch TEXT", "jsgh TEXT", "lx TEXT", "yy TEXT", "ysj TEXT", "xsj TEXT", "zt TEXT", "gxsj TEXT"},
		}}},
		{id: "timetable", kind: gbFile, tables: []table{{
			name: "课表.csv", columns: []string{"课程号", "课程名", "教学班", "教师工号", "学期", "星期", "节次", "周次", "教室", "容量", "已选"}, rows: timetableRows,
		}}},
		{id: "graduation", kind: workbook, tables: []table{{name: "毕业设计.xlsx", columns: []string{"学号", "姓名", "题目", "指导教师工号", "成绩", "提交日期"}, rows: graduationRows}}},
		{id: "thesis", kind: workbook, tables: []table{{
			name: "xuewei.xlsx", sheet: "论文", columns: []string{"学号", "作者", "题目", "关键词", "导师工号", "查重率", "答辩日期", "结果"}, rows: thesisRows,
		}}},
		{id: "classroom", kind: httpData, tables: []table{
			{name: "rooms", key: "code", columns: []string{"code TEXT", "name TEXT", "building TEXT", "capacity INTEGER"}, rows: roomRows},
			{name: "bookings", key: "id", columns: []string{"id INTEGER", "roomCode TEXT", "applicantNo TEXT", "applicantName TEXT", "purpose TEXT", "start TEXT", "end TEXT", "state INTEGER"}, rows: bookingRows},
		}},
	}
}

// studentRows is 教务: Chinese column names, sex as 男 and 女.
func studentRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.students {
		sex := "女"
		if p.male {
			sex = "男"
		}
		err := add(p.number, p.name, sex, p.birth.Format("2006-01-02"), dirtyID(random, p.idNumber), p.mobile, p.unit, p.major, p.joined.Format("2006/1/2"))
		if err != nil {
			return err
		}
	}
	return nil
}

func markRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.students {
		for course := range 12 {
			term := fmt.Sprintf("%d-%d", p.joined.Year()+course/6, 1+course/3%2)
			if err := add(p.number, fmt.Sprintf("%s %02d", p.major, course+1), term, mark(random)); err != nil {
				return err
			}
		}
	}
	return nil
}

func mark(random *rand.Rand) float64 {
	return float64(min(100, max(0, int(78+random.NormFloat64()*12))))
}

// taken gives the courses of a student: three different ones.
func (c campus) taken(i, nth int) course { return c.courses[(i*5+nth*7)%len(c.courses)] }

func evaluationRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.students {
		for nth := range 3 {
			c := all.taken(i, nth)
			comment := pick(random, []string{"", "", "很好", "讲得清楚，例子多", "作业偏多, 希望提前公布", "建议增加实验\n并开放机房"})
			if err := add(p.number, c.code, c.teacher.number, float64(60+random.IntN(41)), comment, stamp(before(random, 60))); err != nil {
				return err
			}
		}
	}
	return nil
}

// entryRows is 成绩录入: some marks above 100, student numbers in full width.
func entryRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.students {
		for nth := range 3 {
			c, number, exam, kind := all.taken(i, nth), p.number, mark(random), "正常"
			if oneIn(random, 500) {
				exam += 100
			}
			if oneIn(random, oneInFullWidth*5) {
				number = fullWidth(number)
			}
			if oneIn(random, 50) {
				kind = pick(random, []string{"缓考", "补考", "重修"})
			}
			if err := add(number, c.code, mark(random), exam, kind, c.teacher.number, stamp(before(random, 40))); err != nil {
				return err
			}
		}
	}
	return nil
}

func selectionRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.students {
		for nth := range 8 {
			if err := add(p.number, all.taken(i, nth).code, fmt.Sprintf("2025-%d", 1+nth/4), stamp(before(random, 200)), pick(random, []string{"web", "app", "counter"})); err != nil {
				return err
			}
		}
	}
	return nil
}

func reschedulingRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.courses) {
		c, day := all.courses[i], before(random, 150)
		err := add(i+1, c.code, c.teacher.number, pick(random, []string{"T", "S", "B", "D"}), pick(random, []string{"出差", "病假", "会议冲突", "法定节假日"}),
			day.Format("20060102"), day.AddDate(0, 0, 7).Format("20060102"), "已生效", stamp(day))
		if err != nil {
			return err
		}
	}
	return nil
}

func timetableRows(all campus, random *rand.Rand, add adder) error {
	for i, c := range all.courses {
		for class := range 2 {
			room := all.rooms[(i*2+class)%len(all.rooms)]
			err := add(c.code, c.name, fmt.Sprintf("%02d班", class+1), c.teacher.number, "2025-2", 1+(i+class)%5, fmt.Sprintf("%d-%d", 1+2*(i%5), 2+2*(i%5)),
				"1-16周", room.code, room.capacity, random.IntN(room.capacity+1))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// graduationRows is 毕业设计: a workbook in which some dates are bare numbers.
func graduationRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.students {
		if p.joined.Year() != 2022 {
			continue
		}
		day := before(random, 60)
		var handedIn any = day.Truncate(24 * 3600e9)
		if oneIn(random, 30) {
			handedIn = 46_000 + random.IntN(60) // days since 1899-12-30, their style lost
		}
		if err := add(p.number, dirtyName(random, p.name), fmt.Sprintf("基于%s的设计与实现", topics[i%len(topics)]), all.tutor(i).number, mark(random), handedIn); err != nil {
			return err
		}
	}
	return nil
}

func thesisRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.students {
		if p.joined.Year() != 2023 || i%3 != 0 {
			continue
		}
		err := add(p.number, p.name, topics[i%len(topics)]+"研究", fmt.Sprintf("%s；%s", topics[i%len(topics)], p.major), all.tutor(i).number,
			float64(random.IntN(300))/10, before(random, 90).Truncate(24*3600e9), pick(random, []string{"通过", "通过", "通过", "修改后通过", "不通过"}))
		if err != nil {
			return err
		}
	}
	return nil
}

func roomRows(all campus, _ *rand.Rand, add adder) error {
	for _, r := range all.rooms {
		if err := add(r.code, r.building+r.code[len(r.building):], r.building, r.capacity); err != nil {
			return err
		}
	}
	return nil
}

func bookingRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.students) / 20 {
		p, start := all.randomPerson(random), before(random, 90)
		err := add(i+1, all.rooms[random.IntN(len(all.rooms))].code, p.number, p.name, pick(random, []string{"班会", "社团活动", "学术讲座", "考前答疑"}),
			stamp(start), stamp(start.Add(2*3600e9)), random.IntN(3))
		if err != nil {
			return err
		}
	}
	return nil
}
