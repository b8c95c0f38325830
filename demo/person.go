package demo

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// person is one member of the university; all systems speak of the same people.
type person struct {
	number   string // 工号 or 学号
	name     string
	male     bool
	birth    time.Time
	idNumber string
	mobile   string
	ethnic   string // GB/T 3304 code
	politics string // GB/T 4762 code
	unit     string
	title    string // staff
	major    string // students
	joined   time.Time
}

var (
	surnames  = strings.Fields("王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 高 罗 郑 梁 谢 宋 唐 许 韩 冯 邓 曹 彭 曾 欧阳 司马 诸葛")
	given     = strings.Fields("伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 桂 英 华 建国 秀英 子涵 雨桐 浩然 欣怡 宇轩 梓萱 思远 晓东 文博 䶮")
	units     = strings.Fields("计算机学院 数学学院 物理学院 化学学院 外国语学院 经济学院 法学院 医学院 土木工程学院 机械工程学院")
	majors    = strings.Fields("软件工程 应用数学 应用物理 化学工程 英语 金融学 法学 临床医学 土木工程 机械设计")
	titles    = strings.Fields("教授 副教授 讲师 助教 高级工程师 工程师")
	prefixes  = strings.Fields("130 131 135 136 138 139 150 158 177 186 189 199")
	divisions = strings.Fields("110101 110108 310104 320102 330106 420106 440106 510104 610113 500106")
)

// idWeights are those of GB 11643-1999.
var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// checkDigit is the 18th character of a citizen ID number, after GB 11643-1999.
func checkDigit(first17 string) byte {
	sum := 0
	for i, weight := range idWeights {
		sum += int(first17[i]-'0') * weight
	}
	return "10X98765432"[sum%11]
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }

func newMobile(random *rand.Rand) string {
	return pick(random, prefixes) + fmt.Sprintf("%08d", random.IntN(100_000_000))
}

// newPerson invents a person born between the two years.
func newPerson(random *rand.Rand, number string, fromYear, toYear int) person {
	p := person{number: number, name: pick(random, surnames) + pick(random, given), male: random.IntN(2) == 0}
	p.birth = time.Date(fromYear+random.IntN(toYear-fromYear+1), time.Month(1+random.IntN(12)), 1+random.IntN(28), 0, 0, 0, 0, time.UTC)
	sequence := random.IntN(500) * 2
	if p.male {
		sequence++
	}
	first17 := pick(random, divisions) + p.birth.Format("20060102") + fmt.Sprintf("%03d", sequence)
	p.idNumber = first17 + string(checkDigit(first17))
	p.mobile = newMobile(random)
	p.ethnic, p.politics = "01", "13"
	if random.IntN(12) == 0 {
		p.ethnic = fmt.Sprintf("%02d", 2+random.IntN(55))
	}
	if random.IntN(3) == 0 {
		p.politics = fmt.Sprintf("%02d", 1+random.IntN(3))
	}
	return p
}

// population is everybody at the university.
type population struct {
	staff, students []person
}

// populate invents the university's people; a tenth are staff.
func populate(random *rand.Rand, people int) population {
	var all population
	for i := range people / 11 {
		p := newPerson(random, strconv.Itoa(10_001+i), 1962, 1998)
		p.unit, p.title = pick(random, units), pick(random, titles)
		p.joined = p.birth.AddDate(26+random.IntN(8), random.IntN(12), 0)
		all.staff = append(all.staff, p)
	}
	for i := range people - len(all.staff) {
		year := 2022 + random.IntN(4)
		p := newPerson(random, fmt.Sprintf("%d%06d", year, i+1), year-20, year-17)
		which := random.IntN(len(majors))
		p.unit, p.major, p.joined = units[which], majors[which], time.Date(year, 9, 1, 0, 0, 0, 0, time.UTC)
		all.students = append(all.students, p)
	}
	return all
}
