package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

func networkSystems() []system {
	return []system{
		{id: "network", kind: sqliteFile, tables: []table{{
			name: "radcheck", key: "username", rows: networkRows,
			columns: []string{"username TEXT", "realname TEXT", "groupname TEXT", "balance DECIMAL(10,2)", "bytes_used INTEGER", "expire_at TEXT"},
		}}},
		{id: "mac", kind: csvFile, tables: []table{{name: "mac_bind.csv", columns: []string{"mac", "account", "ip", "bind_time", "device"}, rows: deviceRows}}},
		{id: "mailbox", kind: csvFile, tables: []table{{name: "mailbox.csv", columns: []string{"mail", "owner", "cn", "quota_mb", "created"}, rows: mailboxRows}}},
		{id: "identity", kind: ldapData, tables: []table{{name: "people", columns: []string{"uid", "cn", "sn", "mail", "mobile", "eduPersonAffiliation", "ou"}, rows: directoryRows}}},
	}
}

func networkRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.everybody() {
		err := add(p.number, p.name, pick(random, []string{"包月20元", "包月50元", "按量"}), cents(random, 0, 200), random.Int64N(1<<40), stamp(today.AddDate(0, random.IntN(12), 0)))
		if err != nil {
			return err
		}
	}
	return nil
}

// deviceRows is 解除MAC: addresses in either case, the same device bound again.
func deviceRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.everybody() {
		mac := fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", i>>24&0xff, i>>16&0xff, i>>8&0xff, i&0xff, i%251)
		if oneIn(random, 3) {
			mac = strings.ToUpper(mac)
		}
		row := []any{mac, p.number, fmt.Sprintf("10.%d.%d.%d", i>>16&0xff, i>>8&0xff, i&0xff), stamp(before(random, 300)), pick(random, []string{"手机", "笔记本", "台式机", "平板"})}
		if err := add(row...); err != nil {
			return err
		}
		if oneIn(random, oneInDuplicate) {
			row[3] = stamp(today)
			if err := add(row...); err != nil {
				return err
			}
		}
	}
	return nil
}

func mailboxRows(all campus, random *rand.Rand, add adder) error {
	for _, p := range all.staff {
		if err := add(fmt.Sprintf("t%s@demo.edu.cn", p.number), p.number, p.name, 2048*(1+random.IntN(5)), stamp(before(random, 3000))); err != nil {
			return err
		}
	}
	for _, p := range all.students {
		if err := add(p.number+"@stu.demo.edu.cn", p.number, p.name, 1024, stamp(p.joined)); err != nil {
			return err
		}
	}
	return nil
}

func directoryRows(all campus, random *rand.Rand, add adder) error {
	for i, p := range all.everybody() {
		roles, mail := []string{"student"}, p.number+"@stu.demo.edu.cn"
		if i < len(all.staff) {
			roles, mail = []string{"staff", "faculty"}, fmt.Sprintf("t%s@demo.edu.cn", p.number)
		}
		if err := add(p.number, p.name, string([]rune(p.name)[:1]), mail, dirtyMobile(random, p.mobile), roles, p.unit); err != nil {
			return err
		}
	}
	return nil
}
