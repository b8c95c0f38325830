package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

func peopleSystems() []system {
	return []system{
		{id: "hr", kind: sqliteFile, tables: []table{{
			name: "T_JZG_JBXX", key: "GH", rows: staffRows,
			columns: []string{
				"GH VARCHAR(10)", "XM VARCHAR(60)", "XBM VARCHAR(1)", "CSRQ VARCHAR(8)", "SFZJH VARCHAR(18)", "MZM VARCHAR(2)", "ZZMMM VARCHAR(2)",
				"SJH VARCHAR(20)", "DWMC VARCHAR(60)", "ZC VARCHAR(30)", "LXRQ VARCHAR(8)", "GZ DECIMAL(10,2)", "GXSJ VARCHAR(19)",
			},
		}}},
		{id: "attendance", kind: gbFile, tables: []table{
			{name: "kaoqin-2026-01.csv", columns: attendanceColumns, rows: attendanceRows(time.January)},
			{name: "kaoqin-2026-02.csv", columns: attendanceColumns, rows: attendanceRows(time.February)},
		}},
		{id: "homepage", kind: sqliteFile, tables: []table{{
			name: "teacherProfile", key: "teacherNo", rows: profileRows,
			columns: []string{"teacherNo TEXT", "displayName TEXT", "englishName TEXT", "email TEXT", "officePhone TEXT", "researchField TEXT", "homepage TEXT"},
		}}},
		{id: "passport", kind: sqliteFile, tables: []table{
			{
				name: "PASSPORT_KEEP", key: "PASSPORT_NO", rows: passportRows,
				columns: []string{"PASSPORT_NO VARCHAR(9)", "STAFF_NO VARCHAR(10)", "SURNAME_EN VARCHAR(60)", "EXPIRY VARCHAR(10)", "KEEP_STATE INTEGER", "UPDATED_AT VARCHAR(19)"},
			},
			{name: "TRIP", key: "ID", rows: tripRows, columns: []string{"ID INTEGER", "STAFF_NO VARCHAR(10)", "COUNTRY VARCHAR(3)", "PURPOSE VARCHAR(80)", "START_DATE VARCHAR(10)", "END_DATE VARCHAR(10)"}},
		}},
		{id: "party", kind: gbFile, tables: []table{{
			name: "党员名册.csv", rows: partyRows,
			columns: []string{"编号", "姓名", "身份证号", "支部", "入党时间", "转正时间", "职务", "月党费"},
		}}},
	}
}

// staffRows is 人事: pinyin abbreviations, sex as 1 and 2, dates as digits.
func staffRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.staff {
		sex, born, mobile := "2", p.birth.Format("20060102"), p.mobile
		if p.male {
			sex = "1"
		}
		if oneIn(random, oneInBadDate) {
			born = born[:4] + "0230"
		}
		if oneIn(random, oneInFullWidth) {
			mobile = fullWidth(mobile)
		}
		changed := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
		err := add(p.number, p.name, sex, born, dirtyID(random, p.idNumber), p.ethnic, p.politics, mobile, p.unit+" ", p.title,
			p.joined.Format("20060102"), cents(random, 5_000, 25_000), changed.Format("2006-01-02T15:04:05"))
		if err != nil {
			return err
		}
	}
	return nil
}

var attendanceColumns = []string{"工号", "姓名", "日期", "上班", "下班", "状态", "备注"}

// attendanceRows is one month of 考勤: an export in GBK with Chinese headers and
// dates as 2026/1/5, some rows twice.
func attendanceRows(month time.Month) func(campus, *rand.Rand, adder) error {
	return func(all campus, random *rand.Rand, add adder) error {
		for day := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC); day.Month() == month; day = day.AddDate(0, 0, 1) {
			if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
				continue
			}
			for _, p := range all.staff {
				row := attendanceRow(p, day, random)
				if err := add(row...); err != nil {
					return err
				}
				if oneIn(random, oneInDuplicate) {
					if err := add(row...); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
}

func attendanceRow(p person, day time.Time, random *rand.Rand) []any {
	in, out, state, note := fmt.Sprintf("07:%02d", 30+random.IntN(30)), fmt.Sprintf("17:%02d", random.IntN(60)), "出勤", ""
	switch random.IntN(40) {
	case 0:
		in, state = fmt.Sprintf("08:%02d", 5+random.IntN(50)), "迟到"
	case 1:
		in, out, state, note = "", "", "请假", "病假,已批"
	case 2:
		in, out, state, note = "", "", "出差", "参加\"智慧校园\"会议"
	}
	return []any{p.number, dirtyName(random, p.name), day.Format("2006/1/2"), in, out, state, note}
}

// profileRows is 教师主页: camelCase, and names as the teachers write them.
func profileRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.staff {
		err := add(p.number, p.name, fmt.Sprintf("Teacher %s", p.number), fmt.Sprintf("t%s@demo.edu.cn", p.number),
			fmt.Sprintf("010-6275%04d", random.IntN(10_000)), topics[i%len(topics)], fmt.Sprintf("https://faculty.demo.edu.cn/%s", p.number))
		if err != nil {
			return err
		}
	}
	return nil
}

// passportRows is 护照管理: zero dates where the expiry was not known.
func passportRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.staff {
		if i%3 != 0 {
			continue
		}
		expiry := today.AddDate(random.IntN(5), random.IntN(12), random.IntN(28)).Format("2006-01-02")
		if oneIn(random, oneInZeroDate/5) {
			expiry = "0000-00-00"
		}
		if err := add(fmt.Sprintf("PE%07d", 1_000_000+i), p.number, "TEACHER "+p.number, expiry, 1+random.IntN(4), stamp(before(random, 400))); err != nil {
			return err
		}
	}
	return nil
}

func tripRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.staff) / 4 {
		start := before(random, 700)
		err := add(i+1, all.staff[random.IntN(len(all.staff))].number, pick(random, []string{"USA", "GBR", "DEU", "JPN", "FRA", "SGP", "AUS"}),
			pick(random, []string{"国际会议", "合作研究", "访问学者", "学术交流"}), start.Format("2006.1.2"), start.AddDate(0, 0, 4+random.IntN(60)).Format("2006.1.2"))
		if err != nil {
			return err
		}
	}
	return nil
}

// partyRows is 党支部: members among staff and students, ID numbers as typed.
func partyRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.everybody() {
		if p.politics != "01" {
			continue
		}
		joined := p.birth.AddDate(19+random.IntN(6), random.IntN(12), 0)
		id := dirtyID(random, p.idNumber)
		if oneIn(random, oneInFullWidth) {
			id = fullWidth(id)
		}
		duty := "党员"
		if oneIn(random, 25) {
			duty = pick(random, []string{"支部书记", "组织委员", "宣传委员"})
		}
		err := add(p.number, dirtyName(random, p.name), id, p.unit+"党支部", joined.Format("2006年1月2日"), joined.AddDate(1, 0, 0).Format("2006年1月2日"),
			duty, fmt.Sprintf("¥%d.00", 2+random.IntN(60)))
		if err != nil {
			return err
		}
	}
	return nil
}
