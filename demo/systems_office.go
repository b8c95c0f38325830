package demo

import (
	"fmt"
	"math/rand/v2"
)

func officeSystems() []system {
	return []system{
		{id: "oa", kind: sqliteFile, tables: []table{{
			name: "oa_document", key: "doc_id", rows: documentRows,
			columns: []string{"doc_id INTEGER", "doc_no TEXT", "title TEXT", "secrecy TEXT", "urgency TEXT", "drafter TEXT", "dept TEXT", "sent_on TEXT"},
		}}},
		{id: "supervision", kind: httpData, tables: []table{{
			name: "tasks", key: "task_no", rows: taskRows,
			columns: []string{"task_no TEXT", "title TEXT", "owner_no TEXT", "dept_code TEXT", "due TEXT", "state TEXT"},
		}}},
		{id: "seal", kind: httpData, tables: []table{{
			name: "uses", key: "useId", rows: sealRows,
			columns: []string{"useId INTEGER", "sealName TEXT", "purpose TEXT", "applicant TEXT", "copies INTEGER", "usedAt TEXT"},
		}}},
		{id: "vis", kind: workbook, tables: []table{{name: "vis.xlsx", columns: []string{"编号", "名称", "版本", "发布日期"}, rows: designRows}}},
		{id: "info_mgmt", kind: sqliteFile, tables: []table{
			{name: "sys_dept", key: "dept_id", rows: departmentRows, columns: []string{"dept_id TEXT", "parent_id TEXT", "deptName TEXT", "leaderNo TEXT", "phone TEXT", "del_flag TEXT"}},
			{name: "sys_app", key: "app_id", rows: applicationRows, columns: []string{"app_id INTEGER", "appName TEXT", "ownerDept TEXT", "onlineDate TEXT"}},
		}},
	}
}

// departmentCodes are those of the 16 departments and the colleges.
var offices = []string{
	"党政办公室", "人事处", "研究生院", "国资处", "教务处", "科研院", "学工处", "国际合作部", "财务处", "采购办", "校医院", "招办", "信息中心", "团委", "后勤部", "就业办",
}

func documentRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.staff)/2 + 20 {
		p := all.staff[random.IntN(len(all.staff))]
		err := add(i+1, fmt.Sprintf("校办〔2026〕%d号", i+1), "关于"+pick(random, []string{"做好期末工作", "开展安全检查", "组织项目申报", "调整作息时间"})+"的通知",
			pick(random, []string{"公开", "公开", "内部", "秘密"}), pick(random, []string{"普通", "普通", "加急", "特急"}), p.number, p.unit+"　", before(random, 300).Format("2006-01-02"))
		if err != nil {
			return err
		}
	}
	return nil
}

func taskRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.staff)/10 + 20 {
		err := add(fmt.Sprintf("DB%05d", i+1), pick(random, []string{"落实巡视整改", "推进一网通办", "完成本科评估材料", "消防隐患整治"}), all.staff[random.IntN(len(all.staff))].number,
			fmt.Sprintf("D%02d", 1+random.IntN(len(offices))), today.AddDate(0, 0, random.IntN(120)-40).Format("2006-01-02"), pick(random, []string{"open", "closed", "late"}))
		if err != nil {
			return err
		}
	}
	return nil
}

func sealRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.students) / 10 {
		err := add(i+1, pick(random, []string{"学校公章", "教务处章", "学工处章", "财务专用章"}), pick(random, []string{"成绩单", "在读证明", "合同", "实习协议"}),
			all.randomPerson(random).number, 1+random.IntN(5), before(random, 200).Format("2006-01-02T15:04:05+08:00"))
		if err != nil {
			return err
		}
	}
	return nil
}

func designRows(_ campus, random *rand.Rand, add adder) error {
	for i, name := range []string{"校徽", "校名标准字", "标准色", "信纸", "名片", "演示文稿模板", "导视牌", "校旗", "邀请函", "证书", "手提袋", "胸牌"} {
		if err := add(fmt.Sprintf("VI-%03d", i+1), name, fmt.Sprintf("v%d.%d", 1+i%3, i%4), before(random, 2000).Truncate(24*3600e9)); err != nil {
			return err
		}
	}
	return nil
}

func departmentRows(all campus, random *rand.Rand, add adder) error {
	add0 := func(code, parent, name string, i int) error {
		return add(code, parent, name, all.staff[(i*11)%len(all.staff)].number, fmt.Sprintf("010-6274%04d", random.IntN(10_000)), "0")
	}
	for i, name := range offices {
		if err := add0(fmt.Sprintf("D%02d", i+1), "D00", name, i); err != nil {
			return err
		}
	}
	for i, name := range units {
		if err := add0(fmt.Sprintf("C%02d", i+1), "D00", name, len(offices)+i); err != nil {
			return err
		}
	}
	return add("D99", "D00", "原设备处", nil, nil, "1")
}

func applicationRows(_ campus, random *rand.Rand, add adder) error {
	for i, s := range systems() {
		if err := add(i+1, s.id, fmt.Sprintf("D%02d", 1+i%len(offices)), before(random, 4000).Format("20060102")); err != nil {
			return err
		}
	}
	return nil
}
