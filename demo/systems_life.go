package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

func lifeSystems() []system {
	return []system{
		{id: "card", kind: sqliteFile, tables: []table{
			{name: "card_account", key: "card_no", rows: accountRows, columns: []string{"card_no INTEGER", "holder_no TEXT", "holder_name TEXT", "phone TEXT", "balance DECIMAL(10,2)", "status INTEGER", "opened_at TEXT"}},
			{name: "card_trade", key: "trade_id", rows: tradeRows, columns: []string{"trade_id INTEGER", "card_no INTEGER", "amount DECIMAL(10,2)", "merchant TEXT", "traded_at TEXT"}},
		}},
		{id: "dormitory", kind: sqliteFile, tables: []table{
			{name: "ss_cw", key: "lh, fjh, cwh", rows: bedRows, columns: []string{"lh TEXT", "fjh TEXT", "cwh INTEGER", "xh TEXT", "rzrq TEXT", "zsf DECIMAL(10,2)"}},
			{name: "ss_sdb", key: "id", rows: meterRows, columns: []string{"id INTEGER", "lh TEXT", "fjh TEXT", "lx TEXT", "ds DECIMAL(12,2)", "cbsj TEXT"}},
		}},
		{id: "repair", kind: httpData, tables: []table{{
			name: "orders", key: "orderNo", rows: repairRows,
			columns: []string{"orderNo TEXT", "place TEXT", "description TEXT", "reporterNo TEXT", "reporterPhone TEXT", "state INTEGER", "stars INTEGER", "createdAt TEXT"},
		}}},
		{id: "vehicle", kind: workbook, tables: []table{{
			name: "车辆登记.xlsx", above: []string{"校内车辆登记表", "截至2026年3月1日"}, rows: vehicleRows,
			columns: []string{"车牌号", "车主编号", "车主", "手机", "车型", "通行证到期"},
		}}},
		{id: "leaving", kind: workbook, tables: []table{{name: "离校办理.xlsx", columns: []string{"学号", "姓名", "环节", "状态", "办理日期"}, rows: leavingRows}}},
		{id: "collection", kind: sqliteFile, tables: []table{{
			name: "jkxx", rows: healthRows,
			columns: []string{"xh TEXT", "xm TEXT", "sj TEXT", "jjlxr TEXT", "jjdh TEXT", "jtzz TEXT", "xx TEXT", "tbsj TEXT"},
		}}},
		{id: "space", kind: httpData, tables: []table{{
			name: "bookings", key: "id", rows: spaceRows,
			columns: []string{"id INTEGER", "space TEXT", "userNo TEXT", "purpose TEXT", "beginAt TEXT", "endAt TEXT", "status TEXT"},
		}}},
	}
}

// accountRows is 一卡通: English snake case, and phones that are out of date.
func accountRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.everybody() {
		phone, status := p.mobile, 1
		if oneIn(random, oneInStaleValue) {
			phone = newMobile(random)
		}
		if oneIn(random, oneInStaleValue) {
			status = 0
		}
		err := add(900_000_001+i, p.number, p.name+strings.Repeat(" ", random.IntN(2)), phone, cents(random, 0, 500), status, p.joined.Format("2006-01-02"))
		if err != nil {
			return err
		}
	}
	return nil
}

func tradeRows(all campus, random *rand.Rand, add adder) error {
	people := len(all.staff) + len(all.students)
	for i := range people * 20 {
		err := add(i+1, 900_000_001+random.IntN(people), -cents(random, 2, 30), pick(random, []string{"一食堂", "二食堂", "清真餐厅", "校园超市", "浴室", "开水房"}), stamp(before(random, 30)))
		if err != nil {
			return err
		}
	}
	return nil
}

func bedRows(all campus, _ *rand.Rand, add adder) error {
	for i, p := range all.students {
		building, place := fmt.Sprintf("%d号楼", 1+i/1200), fmt.Sprintf("%d%02d", 1+i/4/20%15, 1+i/4%20)
		if err := add(building, place, i%4+1, p.number, p.joined.Format("20060102"), 1200.0); err != nil {
			return err
		}
	}
	return nil
}

func meterRows(all campus, random *rand.Rand, add adder) error {
	id := 0
	for i := 0; i < len(all.students); i += 4 {
		building, place := fmt.Sprintf("%d号楼", 1+i/1200), fmt.Sprintf("%d%02d", 1+i/4/20%15, 1+i/4%20)
		for _, kind := range []string{"电", "水"} {
			id++
			if err := add(id, building, place, kind, cents(random, 100, 9000), stamp(before(random, 30))); err != nil {
				return err
			}
		}
	}
	return nil
}

func repairRows(all campus, random *rand.Rand, add adder) error {
	for i := range (len(all.students) + len(all.staff)) / 8 {
		p, stars := all.randomPerson(random), any(nil)
		state := 1 + random.IntN(3)
		if state == 3 {
			stars = 1 + random.IntN(5)
		}
		err := add(fmt.Sprintf("BX2026%06d", i+1), fmt.Sprintf("%d号楼%d", 1+random.IntN(33), 101+random.IntN(1400)), pick(random, []string{"灯不亮", "水龙头漏水", "空调不制冷", "门锁损坏", "网口松动"}),
			p.number, dirtyMobile(random, p.mobile), state, stars, stamp(before(random, 120)))
		if err != nil {
			return err
		}
	}
	return nil
}

// vehicleRows is 车辆认证: a workbook with a title above the header, plates in
// lower case and full width, some cars twice.
func vehicleRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.staff {
		if i%2 != 0 {
			continue
		}
		plate := fmt.Sprintf("京%c%05d", 'A'+rune(i%20), 10_000+i)
		if oneIn(random, oneInFullWidth) {
			plate = fullWidth(plate)
		}
		row := []any{plate, p.number, dirtyName(random, p.name), dirtyMobile(random, p.mobile), pick(random, []string{"小型轿车", "新能源", "SUV"}), today.AddDate(0, random.IntN(24), 0).Truncate(24 * 3600e9)}
		if err := add(append([]any(nil), row...)...); err != nil {
			return err
		}
		if oneIn(random, oneInDuplicate/3) {
			row[4] = "其他"
			if err := add(row...); err != nil {
				return err
			}
		}
	}
	return nil
}

func leavingRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.students {
		if p.joined.Year() != 2022 {
			continue
		}
		for _, step := range []string{"图书馆", "财务处", "宿舍", "一卡通"} {
			state, on := "未办理", any(nil)
			if !oneIn(random, 3) {
				state, on = "已办理", before(random, 20).Truncate(24*3600e9)
			}
			if err := add(p.number, p.name, step, state, on); err != nil {
				return err
			}
		}
	}
	return nil
}

// healthRows is 信息采集: what students typed themselves.
func healthRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.students {
		err := add(p.number, dirtyName(random, p.name), dirtyMobile(random, p.mobile), pick(random, surnames)+pick(random, given), dirtyMobile(random, newMobile(random)),
			pick(random, []string{"北京市东城区", "上海市徐汇区", "湖北省武汉市武昌区", "四川省成都市锦江区"})+fmt.Sprintf("幸福路%d号", 1+random.IntN(300)),
			pick(random, []string{"A型", "B型", "O型", "AB型", "不详"}), stamp(before(random, 30)))
		if err != nil {
			return err
		}
	}
	return nil
}

func spaceRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.students) / 10 {
		start := before(random, 60)
		err := add(i+1, fmt.Sprintf("研讨间%02d", 1+random.IntN(40)), all.randomPerson(random).number, pick(random, []string{"小组讨论", "面试", "自习", "路演"}),
			start.Format("2006-01-02T15:04:05+08:00"), start.Add(3600e9).Format("2006-01-02T15:04:05+08:00"), pick(random, []string{"OK", "OK", "PENDING", "NO"}))
		if err != nil {
			return err
		}
	}
	return nil
}
