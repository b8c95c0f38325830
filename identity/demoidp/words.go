package demoidp

// words are those of the page.
type words struct {
	Title, Demo, Hint, People, Stewards, NoRole, Role, CampusID, As, Cancel, OtherLanguage, NotFound string
}

var vocabulary = map[string]words{
	"zh": {
		Title: "选择一个演示身份", Demo: "演示校园 · 统一身份认证", Hint: "这里是演示：人员均为虚构，无需密码。不同身份看到的数据不同。",
		People: "师生与管理人员", Stewards: "各部门数据管理员", NoRole: "无角色", Role: "角色：", CampusID: "学工号：",
		As: "登录为", Cancel: "取消登录", OtherLanguage: "English", NotFound: "演示校园没有这个人，请重新选择。",
	},
	"en": {
		Title: "Choose who you are", Demo: "Demo campus · sign-in", Hint: "This is a demo: its people are made up and there is no password. Each of them sees different data.",
		People: "Students, staff and administrators", Stewards: "Data stewards of departments", NoRole: "no role", Role: "Role: ", CampusID: "Campus id: ",
		As: "Sign in as", Cancel: "Cancel", OtherLanguage: "中文", NotFound: "The demo campus has no such person: choose again.",
	},
}

// roleNames and departmentNames are those of the demo campus, in Chinese and English.
var roleNames = map[string][2]string{
	"administrator": {"平台管理员", "platform administrator"}, "steward": {"数据管理员", "data steward"}, "leader": {"校领导", "university leader"},
	"staff": {"职工", "staff"}, "teacher": {"教师", "teacher"}, "counsellor": {"辅导员", "counsellor"}, "external_hire": {"社会招聘人员", "external hire"},
	"undergraduate": {"本科生", "undergraduate"}, "master": {"硕士研究生", "master's student"}, "doctoral": {"博士研究生", "doctoral student"},
	"alumnus": {"校友", "alumnus"}, "parent": {"家长", "parent"}, "visitor": {"访客", "visitor"},
}

var englishNames = map[string]string{
	"leader": "University leader", "assistant": "Secretary of the leader", "administrator": "Platform administrator", "teacher": "A teacher",
	"staff": "A member of staff", "external_hire": "An external hire", "counsellor": "A counsellor", "undergraduate": "An undergraduate",
	"master": "A master's student", "doctoral": "A doctoral student", "alumnus": "An alumnus", "parent": "A parent", "visitor": "A visitor",
}

var departmentNames = map[string][2]string{
	"hr": {"人事处", "Human Resources"}, "academic": {"教务处", "Academic Affairs"}, "information": {"信息中心", "Information Centre"},
	"president_office": {"党政办公室", "President's Office"}, "graduate": {"研究生院", "Graduate School"}, "assets": {"国资处", "State-owned Assets"},
	"research": {"科研院", "Research"}, "student_affairs": {"学工处", "Student Affairs"}, "international": {"国际合作部", "International Office"},
	"finance": {"财务处", "Finance"}, "procurement": {"采购办", "Procurement"}, "logistics": {"后勤部", "Logistics"},
}
