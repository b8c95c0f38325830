package demo

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Rates of the mistakes that the systems make, as one in so many rows.
const (
	oneInWrongID    = 150
	oneInFullWidth  = 60
	oneInBadDate    = 200
	oneInStaleValue = 40
)

// fullWidth writes digits as an input method in the wrong mode does.
func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, text)
}

// wrongID changes the check digit.
func wrongID(number string) string {
	last := byte('0')
	if number[17] == '0' {
		last = '1'
	}
	return number[:17] + string(last)
}

func oneIn(random *rand.Rand, n int) bool { return random.IntN(n) == 0 }

// writePersonnel is 人事: pinyin abbreviations, sex as 1 and 2, dates as digits.
func writePersonnel(ctx context.Context, tx *sql.Tx, random *rand.Rand, all population) error {
	_, err := tx.ExecContext(ctx, `CREATE TABLE T_JZG_JBXX (
		GH VARCHAR(10) PRIMARY KEY, XM VARCHAR(60), XBM VARCHAR(1), CSRQ VARCHAR(8), SFZJH VARCHAR(18), MZM VARCHAR(2),
		ZZMMM VARCHAR(2), SJH VARCHAR(20), DWMC VARCHAR(60), ZC VARCHAR(30), LXRQ VARCHAR(8), GZ DECIMAL(10,2), GXSJ VARCHAR(19))`)
	if err != nil {
		return err
	}
	return insertAll(ctx, tx, "INSERT INTO T_JZG_JBXX VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", func(insert func(...any) error) error {
		for i, p := range all.staff {
			sex, born, id, mobile := "2", p.birth.Format("20060102"), p.idNumber, p.mobile
			if p.male {
				sex = "1"
			}
			if oneIn(random, oneInBadDate) {
				born = born[:4] + "0230"
			}
			if oneIn(random, oneInWrongID) {
				id = wrongID(id)
			}
			if oneIn(random, oneInFullWidth) {
				mobile = fullWidth(mobile)
			}
			changed := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
			err := insert(p.number, p.name, sex, born, id, p.ethnic, p.politics, mobile, p.unit+" ", p.title,
				p.joined.Format("20060102"), float64(500_000+random.IntN(2_000_000))/100, changed.Format("2006-01-02T15:04:05"))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// writeAcademic is 教务: Chinese column names, sex as 男 and 女, and the marks.
func writeAcademic(ctx context.Context, tx *sql.Tx, random *rand.Rand, all population) error {
	_, err := tx.ExecContext(ctx, `CREATE TABLE 学生 (学号 TEXT PRIMARY KEY, 姓名 TEXT, 性别 TEXT, 出生日期 TEXT, 身份证号 TEXT, 手机 TEXT, 学院 TEXT, 专业 TEXT, 入学日期 TEXT);
		CREATE TABLE 成绩 (学号 TEXT, 课程 TEXT, 学期 TEXT, 分数 DECIMAL(5,2), PRIMARY KEY (学号, 课程, 学期))`)
	if err != nil {
		return err
	}
	err = insertAll(ctx, tx, "INSERT INTO 学生 VALUES (?,?,?,?,?,?,?,?,?)", func(insert func(...any) error) error {
		for _, p := range all.students {
			sex, id := "女", p.idNumber
			if p.male {
				sex = "男"
			}
			if oneIn(random, oneInWrongID) {
				id = wrongID(id)
			}
			err := insert(p.number, p.name, sex, p.birth.Format("2006-01-02"), id, p.mobile, p.unit, p.major, p.joined.Format("2006/1/2"))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return insertAll(ctx, tx, "INSERT INTO 成绩 VALUES (?,?,?,?)", func(insert func(...any) error) error {
		for _, p := range all.students {
			for course := range 12 {
				mark := float64(min(100, max(0, int(78+random.NormFloat64()*12))))
				term := fmt.Sprintf("%d-%d", p.joined.Year()+course/6, 1+course/3%2)
				if err := insert(p.number, fmt.Sprintf("%s %02d", p.major, course+1), term, mark); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// writeCard is 一卡通: English snake case, and phones that are out of date.
func writeCard(ctx context.Context, tx *sql.Tx, random *rand.Rand, all population) error {
	_, err := tx.ExecContext(ctx, `CREATE TABLE card_account (card_no INTEGER PRIMARY KEY, holder_no TEXT, holder_name TEXT, phone TEXT, balance DECIMAL(10,2), status INTEGER, opened_at TEXT)`)
	if err != nil {
		return err
	}
	everybody := append(append([]person(nil), all.staff...), all.students...)
	return insertAll(ctx, tx, "INSERT INTO card_account VALUES (?,?,?,?,?,?,?)", func(insert func(...any) error) error {
		for i, p := range everybody {
			phone, status := p.mobile, 1
			if oneIn(random, oneInStaleValue) {
				phone = pick(random, prefixes) + fmt.Sprintf("%08d", random.IntN(100_000_000))
			}
			if oneIn(random, oneInStaleValue) {
				status = 0
			}
			err := insert(900_000_001+i, p.number, p.name+strings.Repeat(" ", random.IntN(2)), phone,
				float64(random.IntN(50_000))/100, status, p.joined.Format("2006-01-02"))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
