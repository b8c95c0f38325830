package detect

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Found is what most of a field's values look like.
type Found struct {
	// Element is the id of the data element that has such values.
	Element string
	// Share is the part of the non-empty values that matched, 0 to 1.
	Share float64
	// Why says what was recognised, in English, without any value.
	Why string
}

// kind is one sort of content.
type kind struct {
	element string
	why     string
	// share is what must match for a finding, hinted what is enough when the
	// column's name speaks of it.
	share, hinted float64
	// distinct is how many different values must be seen without a hint: a few
	// words can look like names by chance.
	distinct int
	name     *regexp.Regexp
	matches  func(value string) bool
}

// kinds are in order of how much a match proves: a check digit before a form,
// a form before a look.
var kinds = []kind{
	{
		element: "person.id_number", why: "citizen ID numbers with the right check digit (GB 11643-1999)", share: 0.6, hinted: 0.4, distinct: 3,
		name: regexp.MustCompile(`(?i)sfz|id_?card|id_?n(o|um)|身份证|证件号`), matches: IsIDNumber,
	},
	{
		element: "person.bank_card", why: "bank card numbers with the right check digit (ISO/IEC 7812-1, Luhn)", share: 0.8, hinted: 0.6, distinct: 5,
		name: regexp.MustCompile(`(?i)yhk|bank|card_?no|银行卡|卡号|账号`), matches: IsBankCard,
	},
	{
		element: "person.email", why: "e-mail addresses", share: 0.6, hinted: 0.4, distinct: 2,
		name: regexp.MustCompile(`(?i)mail|yx|邮箱`), matches: email.MatchString,
	},
	{
		element: "person.mobile", why: "mobile numbers of the mainland", share: 0.8, hinted: 0.5, distinct: 5,
		name: regexp.MustCompile(`(?i)sj|phone|mobile|lxdh|手机|电话`), matches: isMobile,
	},
	{
		element: "person.passport_number", why: "numbers in the form of Chinese passports", share: 0.8, hinted: 0.5, distinct: 5,
		name: regexp.MustCompile(`(?i)passport|hz|护照`), matches: passport.MatchString,
	},
	{
		element: "person.address", why: "postal addresses", share: 0.6, hinted: 0.4, distinct: 5,
		name: regexp.MustCompile(`(?i)addr|dz|地址|住址`), matches: address.MatchString,
	},
	{
		element: "person.name", why: "personal names: two to four characters behind a surname", share: 0.95, hinted: 0.6, distinct: 30,
		name: regexp.MustCompile(`(?i)^(xm|.*name|.*_xm)$|姓名`), matches: isName,
	},
}

var (
	email    = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	mobile   = regexp.MustCompile(`^(\+?86)?1[3-9][0-9]{9}$`)
	passport = regexp.MustCompile(`^(E[0-9A-HJ-NP-Z][0-9]{7}|[GDSP][0-9]{8}|[DSP]E[0-9]{7})$`)
	address  = regexp.MustCompile(`(省|自治区|市|区|县|州|旗).*(路|街|道|巷|村|镇|乡|号|室|栋|幢|单元|小区)`)
)

// Find tells what the values of a column look like, nil when nothing that it
// knows. Empty values do not count.
func Find(column string, values []string) *Found {
	var filled []string
	distinct := map[string]bool{}
	for _, value := range values {
		if value = normal(value); value != "" {
			filled = append(filled, value)
			distinct[value] = true
		}
	}
	if len(filled) == 0 {
		return nil
	}
	for _, k := range kinds {
		matched := 0
		for _, value := range filled {
			if k.matches(value) {
				matched++
			}
		}
		share := float64(matched) / float64(len(filled))
		hinted := k.name.MatchString(column) && share >= k.hinted
		if hinted || share >= k.share && len(distinct) >= k.distinct {
			return &Found{Element: k.element, Share: share, Why: k.why}
		}
	}
	return nil
}

// normal takes away what people write around a value: blanks and full-width forms.
func normal(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == ' ' || r == '　' || r == '\t':
			return -1
		}
		return r
	}, value)
}

// The weights and check characters of GB 11643-1999 (ISO 7064, MOD 11-2).
var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const idChecks = "10X98765432"

// IsIDNumber reports whether a text is a citizen ID number of 18 places with a
// date of birth that there was and the right check digit.
func IsIDNumber(text string) bool {
	if len(text) != len(idWeights)+1 || !digits(text[:17]) || text[0] == '0' {
		return false
	}
	if _, err := time.Parse("20060102", text[6:14]); err != nil {
		return false
	}
	sum := 0
	for i, weight := range idWeights {
		sum += weight * int(text[i]-'0')
	}
	return strings.ToUpper(text[17:]) == idChecks[sum%11:sum%11+1]
}

// The lengths of bank card numbers (ISO/IEC 7812-1) as Chinese banks give them.
const (
	shortestCard = 16
	longestCard  = 19
)

// IsBankCard reports whether a text has the form of a bank card's number and
// Luhn's check digit.
func IsBankCard(text string) bool {
	text = strings.ReplaceAll(text, "-", "")
	if len(text) < shortestCard || len(text) > longestCard || !digits(text) || text[0] < '3' || text[0] > '6' {
		return false
	}
	sum := 0
	for i := range len(text) {
		digit := int(text[len(text)-1-i] - '0')
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}

func isMobile(text string) bool { return mobile.MatchString(strings.ReplaceAll(text, "-", "")) }

// isName looks for a frequent surname and one to three characters behind it.
func isName(text string) bool {
	length := utf8.RuneCountInString(text)
	if length < 2 || length > 4 {
		return false
	}
	for _, r := range text {
		if r < '一' || r > '鿿' {
			return false
		}
	}
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune(surnames, first) && length <= 3 || strings.Contains(compound, string([]rune(text)[:2]))
}

// surnames are the most frequent ones of one character.
const surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝封官谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"

const compound = "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 端木 南宫 独孤 长孙 宇文 闻人 轩辕 申屠 濮阳 淳于 单于 太史"

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
