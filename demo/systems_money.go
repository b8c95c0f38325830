package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
)

func moneySystems() []system {
	return []system{
		{id: "finance", kind: sqliteFile, tables: []table{
			{name: "CW_PZ", rows: voucherRows, columns: []string{
				"PZH VARCHAR(20)", "FLH INTEGER", "RQ VARCHAR(10)", "KM VARCHAR(20)", "JE DECIMAL(18,2)", "SKRGH VARCHAR(10)", "SKRXM VARCHAR(60)", "YHKH VARCHAR(30)", "JFKH VARCHAR(20)", "ZY VARCHAR(200)",
			}},
			{name: "CW_JFK", key: "KH", rows: fundRows, columns: []string{"KH VARCHAR(20)", "XMBH VARCHAR(20)", "FZRGH VARCHAR(10)", "YS DECIMAL(18,2)", "YE DECIMAL(18,2)"}},
			{name: "CW_GZ", key: "GH, YF", rows: salaryRows, columns: []string{"GH VARCHAR(10)", "YF VARCHAR(6)", "YFGZ DECIMAL(18,2)", "SFGZ DECIMAL(18,2)"}},
		}},
		{id: "procurement", kind: sqliteFile, tables: []table{
			{name: "cg_sq", key: "sqbh", rows: requestRows, columns: []string{"sqbh TEXT", "mc TEXT", "fs TEXT", "ysje DECIMAL(18,2)", "sqr TEXT", "xmbh TEXT", "zt TEXT", "gxsj TEXT"}},
			{name: "cg_ht", key: "htbh", rows: contractRows, columns: []string{"htbh TEXT", "sqbh TEXT", "gys TEXT", "htje DECIMAL(18,2)", "qdrq TEXT"}},
		}},
		{id: "payment", kind: sqliteFile, tables: []table{{
			name: "pay_order", key: "order_no", rows: orderRows,
			columns: []string{"order_no TEXT", "payer_no TEXT", "item TEXT", "due DECIMAL(18,2)", "paid DECIMAL(18,2)", "status INTEGER", "channel TEXT", "paid_at TEXT"},
		}}},
		{id: "assets", kind: sqliteFile, tables: []table{{
			name: "ZC_KP", key: "ZCBH", rows: assetRows,
			columns: []string{"ZCBH VARCHAR(20)", "ZCMC VARCHAR(100)", "FLH VARCHAR(10)", "JZ DECIMAL(18,2)", "XH VARCHAR(60)", "GZRQ VARCHAR(10)", "SYZK VARCHAR(2)", "LYR VARCHAR(10)", "CFDD VARCHAR(60)"},
		}}},
	}
}

// voucherRows is 财务: payees by their name, lines entered twice now and then,
// bank cards with a slip of the pen.
func voucherRows(all campus, random *rand.Rand, add adder) error {
	cards := make([]string, len(all.staff))
	for i := range cards {
		cards[i] = luhnCard(random)
	}
	for i := range len(all.staff) * 12 {
		who := random.IntN(len(all.staff))
		p, fund := all.staff[who], all.projects[random.IntN(len(all.projects))]
		row := []any{
			fmt.Sprintf("2026%07d", i/2+1), i%2 + 1, before(random, 300).Format("2006-01-02"), pick(random, []string{"5001", "5002", "5301", "6401"}),
			cents(random, 10, 20_000), p.number, dirtyName(random, p.name), cards[who], "F" + fund.number[2:], pick(random, []string{"差旅费", "材料费", "劳务费", "版面费", "会议费"}),
		}
		if err := add(row...); err != nil {
			return err
		}
		if oneIn(random, oneInDuplicate*4) {
			if err := add(row...); err != nil {
				return err
			}
		}
	}
	return nil
}

func fundRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.projects {
		if err := add("F"+p.number[2:], p.number, p.leader.number, float64(p.funding), cents(random, 0, p.funding)); err != nil {
			return err
		}
	}
	return nil
}

func salaryRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.staff {
		gross := cents(random, 6_000, 30_000)
		for month := range 6 {
			if err := add(p.number, fmt.Sprintf("2025%02d", 7+month), gross, math.Round(gross*82)/100); err != nil {
				return err
			}
		}
	}
	return nil
}

func requestRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.projects) * 3 {
		p := all.projects[i%len(all.projects)]
		err := add(fmt.Sprintf("CG2026%06d", i+1), pick(random, []string{"GPU 服务器", "示波器", "办公家具", "试剂一批", "文献数据库"}),
			pick(random, []string{"公开招标", "询价", "单一来源", "自行采购", "竞争性磋商"}), cents(random, 1_000, 900_000), p.leader.number, p.number, fmt.Sprint(random.IntN(5)), stamp(before(random, 500)))
		if err != nil {
			return err
		}
	}
	return nil
}

func contractRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.projects) {
		err := add(fmt.Sprintf("HT2026%06d", i+1), fmt.Sprintf("CG2026%06d", i*2+1), pick(random, suppliers), cents(random, 1_000, 900_000), before(random, 400).Format("2006/1/2"))
		if err != nil {
			return err
		}
	}
	return nil
}

func orderRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.students {
		for nth, item := range []string{"学费", "住宿费"} {
			due, paid, state := []float64{5_500, 1_200}[nth], 0.0, 0
			var channel, at any
			if !oneIn(random, 30) {
				paid, state, channel, at = due, 1, pick(random, []string{"WX", "ZFB", "YL", "YKT"}), stamp(before(random, 180))
			}
			if err := add(fmt.Sprintf("P%08d", i*2+nth+1), p.number, item, due, paid, state, channel, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func assetRows(all campus, random *rand.Rand, add adder) error {
	for i := range len(all.staff) * 5 {
		p := all.staff[random.IntN(len(all.staff))]
		bought := before(random, 3000).Format("20060102")
		if oneIn(random, oneInZeroDate) {
			bought = "00000000"
		}
		err := add(fmt.Sprintf("2026%08d", i+1), pick(random, []string{"台式计算机", "笔记本电脑", "激光打印机", "离心机", "投影仪"}), fmt.Sprintf("05%02d", random.IntN(20)),
			cents(random, 1_000, 80_000), fmt.Sprintf("M-%03d", random.IntN(400)), bought, fmt.Sprintf("%02d", 1+random.IntN(7)), p.number, all.rooms[random.IntN(len(all.rooms))].code)
		if err != nil {
			return err
		}
	}
	return nil
}
