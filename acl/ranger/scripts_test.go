package ranger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
)

// filtered gives the row filter that a request gets from a policy with the text.
func filtered(t *testing.T, text string, request ranger.Request) ranger.Result {
	t.Helper()
	engine, err := ranger.NewEngine(&ranger.File{
		ServiceDef: &ranger.ServiceDef{
			Name:        "lake",
			Resources:   []ranger.ResourceDef{{Name: "database"}, {Name: "table", Parent: "database"}},
			AccessTypes: []ranger.AccessTypeDef{{Name: "select"}},
		},
		UserRoles: map[string][]string{"li": {"r2", "r1"}},
		Policies: ranger.Entries[ranger.Policy]{{
			ID: 1, Name: "filtered", Type: 2,
			Resources: map[string]ranger.PolicyResource{"database": {Values: ranger.Texts{"*"}}, "table": {Values: ranger.Texts{"*"}}},
			RowFilters: []ranger.Item{{
				Accesses: []ranger.ItemAccess{{Type: "select"}}, Groups: ranger.Texts{"public"}, RowFilter: &ranger.FilterInfo{Expr: &text},
			}},
		}},
	})
	require.NoError(t, err)
	return engine.RowFilter(request)
}

func fullRequest() ranger.Request {
	cluster := "c1"
	return ranger.Request{
		Resource: ranger.Resource{
			Elements: map[string]ranger.Element{"database": ranger.One("hr"), "table": ranger.One("staff")}, Owner: "wang",
		},
		AccessType: "select", Action: "QUERY", User: "li", Groups: []string{"g2", "g1"}, ClusterName: &cluster,
		ClientIP: "10.0.0.1", ClientType: "jdbc", RequestData: "select 1", SessionID: "s9",
		Time:           ranger.Time{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		Context:        map[string]any{"purpose": "teaching"},
		UserAttributes: ranger.Options{"dept": "maths", "city": "Shanghai"},
		GroupAttributes: map[string]ranger.Options{
			"g1": {"team": "a"}, "g2": {"team": "b", "floor": "3"}, "g3": {"team": "c"},
		},
		Tags: []ranger.Tag{
			{Type: "PII", Attributes: ranger.Options{"level": "2", "until": "2026/03/01"}},
			{Type: "HR", Attributes: ranger.Options{"level": "1"}, Match: ranger.MatchAncestor},
		},
	}
}

func TestWhatScriptsSee(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"USER._name + USER.dept + USER.nothing": "limathsundefined",
		"UGNAMES":                               "g1,g2",
		"URNAMES.join('|')":                     "r1|r2",
		"UG.g2.team + UG['g1']._name":           "bg1",
		"UG.g3 == null":                         "true",
		"UGA.sVal.team":                         "a",
		"UGA.mVal['team'].join('+')":            "a+b",
		"UGA.mVal._name":                        "g1,g2",
		"TAGNAMES":                              "HR,PII",
		"TAGS.PII.level + TAGS.HR._matchType":   "2ANCESTOR",
		"TAG._type == null":                     "true",
		"REQ.accessType + REQ.action + REQ.user + REQ.userRoles.length":            "selectQUERYli2",
		"_ctx.request.clientIPAddress + _ctx.tags.HR._type + _ctx.tagNames.length": "10.0.0.1HR2",
		"RES.table + RES._ownerUser + REQ.resource.database":                       "staffwanghr",
		"REQ.clusterName + REQ.clientType + REQ.requestData":                       "c1jdbcselect 1",
		"REQ.accessTime": "1772366400000",
		"ctx.getUser() + ctx.getAction() + ctx.getSessionId()":  "liQUERYs9",
		"ctx.getClientIPAddress() + ctx.getClientType()":        "10.0.0.1jdbc",
		"ctx.getRequestData()":                                  "select 1",
		"ctx.getResource()":                                     "hr/staff",
		"ctx.getUserGroups().contains('g1')":                    "true",
		"ctx.getUserRoles().size()":                             "2",
		"ctx.getRequestContextAttribute('purpose')":             "teaching",
		"ctx.getRequestContextAttribute('nothing')":             "",
		"ctx.getTagAttributes('PII').get('level')":              "2",
		"ctx.getTagAttributes('nothing')":                       "",
		"ctx.getAttributeValue('HR', 'level')":                  "1",
		"ctx.getAttributeValue('level')":                        "",
		"ctx.getAllTagTypes().contains('HR')":                   "true",
		"ctx.getCurrentTagType()":                               "",
		"ctx.getCurrentTag() == null":                           "true",
		"tag == null && tagAttr.isEmpty()":                      "true",
		"ctx.isAccessTypeAny()":                                 "false",
		"IS_IN_GROUP('g1') && !IS_IN_GROUP('g3')":               "true",
		"IS_IN_ROLE('r1') && IS_IN_ANY_ROLE && IS_IN_ANY_GROUP": "true",
		"IS_NOT_IN_ANY_GROUP || IS_NOT_IN_ANY_ROLE":             "false",
		"HAS_TAG('PII') && !HAS_TAG('X') && HAS_ANY_TAG":        "true",
		"HAS_NO_TAG": "false",
		"HAS_USER_ATTR('dept') && !HAS_USER_ATTR('x')":       "true",
		"HAS_UG_ATTR('floor') && HAS_TAG_ATTR('level')":      "true",
		"GET_USER_ATTR('dept')":                              "maths",
		"GET_USER_ATTR('x', 'none')":                         "none",
		"GET_USER_ATTR_Q('dept')":                            "'maths'",
		"GET_USER_ATTR_Q('x', 'none')":                       "'none'",
		"USER_ATTR_NAMES_CSV":                                "city,dept",
		"USER_ATTR_NAMES_Q_CSV":                              "'city','dept'",
		"UG_NAMES_CSV":                                       "g1,g2",
		"UG_NAMES_Q_CSV":                                     "'g1','g2'",
		"UR_NAMES_Q_CSV":                                     "'r1','r2'",
		"UG_ATTR_NAMES_CSV":                                  "floor,team",
		"TAG_NAMES_CSV":                                      "HR,PII",
		"TAG_ATTR_NAMES_Q_CSV":                               "'level','until'",
		"GET_UG_ATTR_CSV('team')":                            "a,b",
		"GET_UG_ATTR_Q_CSV('team')":                          "'a','b'",
		"GET_TAG_ATTR_CSV('level')":                          "1,2",
		"GET_UG_NAMES('none', '|')":                          "g1|g2",
		"GET_UG_NAMES_Q('none', ';', '[', ']')":              "[g1];[g2]",
		"GET_TAG_ATTR_NAMES()":                               "level,until",
		"ctx.ugNamesCsv() + ctx.tagNamesCsvQ()":              "g1,g2'HR','PII'",
		"ctx.isAccessedAfter('PII', 'until')":                "true",
		"ctx.isAccessedBefore('PII', 'until')":               "false",
		"IS_ACCESS_TIME_AFTER('2026/03/01 11:59')":           "true",
		"IS_ACCESS_TIME_AFTER('2026/03/01 12:00:00')":        "false",
		"IS_ACCESS_TIME_BEFORE('2026/03/01 12:00:01')":       "true",
		"IS_ACCESS_TIME_BETWEEN('2026/03/01', '2026/03/02')": "true",
		"IS_ACCESS_TIME_AFTER('2026/03/01 19:00:00', 'CTT')": "true",
		"[[USER.dept,'t']][1]":                               "hs",
		"[[UG.g1.team]].length":                              "1",
	} {
		result := filtered(t, "x = ${{"+source+"}}", fullRequest())
		require.Empty(t, result.Unevaluated, source)
		require.Equal(t, "x = "+want, *result.Filter, source)
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a = 1":                                    "a = 1",
		"a = ${{USER.dept":                         "a = ${{USER.dept",
		"${{USER.dept}} ${{USER.city}}.":           "maths Shanghai.",
		"a = '${{USER.none.more}}'":                "a = ''",
		"b in (${{GET_UG_ATTR_Q_CSV('nothing')}})": "b in ()",
	} {
		require.Equal(t, want, *filtered(t, text, fullRequest()).Filter, text)
	}
	for _, text := range []string{
		"${{ctx.nothing()}}", "${{[['a b']]}}", "${{ctx.x = 1}}", "${{IS_ACCESS_TIME_AFTER('noon')}}",
		"${{IS_ACCESS_TIME_BETWEEN('2026/01/01', '2026/01/02', 'Nowhere')}}",
	} {
		require.NotEmpty(t, filtered(t, text, fullRequest()).Unevaluated, text)
	}
}
